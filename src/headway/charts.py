"""Draw rows as Vega-Lite, SVG and PNG (pure)."""
