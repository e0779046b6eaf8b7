"""Draw rows as charts (pure): a figure becomes a Vega-Lite specification, then SVG or PNG; sparklines are our own SVG.

Values arrive judged and labelled; this room only places them.
"""

from headway.charts.edges import edges
from headway.charts.figure import Figure, Form, Mark, Remark, Slope, Step, dates, extent
from headway.charts.live import block, live
from headway.charts.paper import paper, picture, printed
from headway.charts.plot import Grid, Patch, Plot, Role, Series, Shape, Slot
from headway.charts.spark import small, spark, way
from headway.charts.svg import drawn, keeping, png, svg
from headway.charts.vega import spec

__all__ = [
    "Figure",
    "Form",
    "Grid",
    "Mark",
    "Patch",
    "Plot",
    "Remark",
    "Role",
    "Series",
    "Shape",
    "Slope",
    "Slot",
    "Step",
    "block",
    "dates",
    "drawn",
    "edges",
    "extent",
    "keeping",
    "live",
    "paper",
    "picture",
    "png",
    "printed",
    "small",
    "spark",
    "spec",
    "svg",
    "way",
]
