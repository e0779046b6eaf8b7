"""Compile data checks to SELECTs, one or two per source (pure)."""
