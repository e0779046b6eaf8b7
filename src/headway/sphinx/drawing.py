"""The two nodes of a report that no other document has: a number, and a chart. Others are those of any document."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from headway.publish import rendering
from headway.sphinx import mail


class kpi_number(nodes.inline):  # noqa: N801  # docutils calls a node's class by the name of its element
    """A number in a sentence or a table: an inline that says which number it is, and where its page stands.

    `told` are its attributes (kpi, part, period, cell, revision), `status` is '' but where its word tells it.
    """


class kpi_chart(nodes.General, nodes.Element):  # noqa: N801  # docutils looks for visit_kpi_chart
    """A drawing: `drawn` for HTML with our styles, `svg` as a file of its own, `says` for those who do not see it."""


def visit_number(self: HTML5Translator, node: kpi_number) -> None:
    """A span, or a link to the page of the KPI, with what it is as data attributes."""
    told = {f"data-{key}": value for key, value in node["told"].items()}
    trend = node["told"].get("says") == "trend"
    if trend:  # read aloud, its characters would be blocks of so many eighths
        told |= {"role": "img", "aria-label": f"Trend from {told['data-than']} to {told['data-period']}"}
    classes = "kpi kpi-trend" if trend else "kpi"
    if node["status"]:
        classes = f"kpi st {node['status'].replace(' ', '-')}"
    if node["link"]:
        self.body.append(self.starttag(node, "a", "", CLASS=classes, href=node["link"], **told))
    else:
        self.body.append(self.starttag(node, "span", "", CLASS=classes, **told))
    if node["status"] and not isinstance(self.builder, mail.MailBuilder):
        name = node["status"].replace(" ", "-")
        self.body.append(f'<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">{_icon(name)}</svg>')


def depart_number(self: HTML5Translator, node: kpi_number) -> None:
    """The same element ends."""
    self.body.append("</a>" if node["link"] else "</span>")


def _icon(name: str) -> str:
    try:
        return rendering.icon(name)
    except KeyError:
        return rendering.icon("no-target")


def visit_chart(self: HTML5Translator, node: kpi_chart) -> None:
    """The drawing itself: it follows the page into the dark."""
    if isinstance(self.builder, mail.MailBuilder):
        self.body.append(mail.image(self.builder, node))
        raise nodes.SkipNode
    self.body.append(f'<div class="plot">{node["drawn"]}</div>\n')
    raise nodes.SkipNode


def depart_chart(self: HTML5Translator, node: kpi_chart) -> None:
    """Nothing is left to close."""


class Pictured(SphinxPostTransform):
    """Where a page cannot hold a drawing, it is a picture in a file: on paper, above all."""

    formats = ("typst", "latex", "text", "man", "texinfo")
    default_priority = 5  # before Sphinx looks which pictures a builder can take

    def run(self, **kwargs: Any) -> None:
        """Put an image in the place of each drawing."""
        folder = Path(self.env.doctreedir) / "kpi"
        for node in list(self.document.findall(kpi_chart)):
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{sha256(node['svg'].encode()).hexdigest()[:16]}.svg"
            file.write_text(node["svg"], "utf-8")
            uri = str(file)
            self.env.images.add_file(self.env.docname, uri)
            node.replace_self(nodes.image(uri=uri, alt=node["says"], candidates={"image/svg+xml": uri}))
