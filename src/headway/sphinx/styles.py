"""The styles of a report: the tokens and drawings of the pages, in the organisation's colour, and its own few rules."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from headway.errors import UsageError
from headway.publish import html, rendering
from headway.reports.snapshot import Snapshot

#: Its name among the static files.
FILE = "headway.css"
#: How styles for readers whose system is dark begin.
_SYSTEM = " screen and (prefers-color-scheme: dark)"


def write(app: Sphinx) -> None:
    """Put the styles among the static files of a site."""
    if app.builder.format != "html":
        return
    try:
        about = Snapshot.read(Path(app.srcdir) / app.config.headway_snapshot).about
        accents = about["accent"], about["accent_dark"]
    except UsageError:  # a document that is pinned has its own; one that lacks it says so
        accents = "", ""
    styles = html.accented("".join([rendering.asset("tokens.css"), rendering.asset("drawn.css"), _own()]), *accents)
    if app.config.html_theme != "headway":  # the page may stay light in the dark; who has a choice says data-theme
        styles = "@media".join(part for part in styles.split("@media") if not part.startswith(_SYSTEM))
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(styles, "utf-8")


def contents(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give our theme the headings of a page that stands for itself, without its title."""
    toc = app.env.tocs.get(page)
    if app.config.html_theme != "headway" or toc is None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    below = next((one for item in toc.children for one in item.children if isinstance(one, nodes.bullet_list)), None)
    context["contents"] = app.builder.render_partial(below)["fragment"] if below is not None else ""


def _own() -> str:
    return resources.files("headway.sphinx").joinpath("report.css").read_text("utf-8")
