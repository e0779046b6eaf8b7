"""PDF from documents by typst, without a browser: a builder for Sphinx, and what a report on paper looks like."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from headway.sphinx.typst.builder import TypstBuilder

__all__ = ["TypstBuilder", "setup"]

#: What the configuration may say, and what holds where it says nothing.
_SETTINGS: dict[str, tuple[object, type]] = {
    "typst_subtitle": ("", str),
    "typst_organisation": ("", str),
    "typst_date": ("", str),
    "typst_edition": ("", str),  # "As published on 14 October 2026"
    "typst_logo": ("", str),  # an SVG or PNG beside conf.py
    "typst_accent": ("", str),  # "#rrggbb"
    "typst_cover": (True, bool),
    "typst_contents": (True, bool),
    "typst_numbered": (False, bool),
    "typst_paper": ("a4", str),
    "typst_created": ("", str),  # the time of the report, ISO 8601; else SOURCE_DATE_EPOCH
    "typst_fonts": ([], list),  # folders of further fonts, beside conf.py
}


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls for `extensions = ["headway.sphinx.typst"]`."""
    app.add_builder(TypstBuilder)
    for name, (default, kind) in _SETTINGS.items():
        app.add_config_value(name, default, "env", types=frozenset({kind}))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
