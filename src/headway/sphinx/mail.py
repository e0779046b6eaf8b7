"""A builder that makes the body of a mail: one page without scripts, whose drawings are pictures beside it.

Mail programs show neither SVG nor our stylesheet's modern parts. What they show is HTML with a short `<style>`, and
pictures that the mail brings along, named `cid:`.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.writers.html5 import HTML5Translator

from headway import charts

#: The first lines of a report, for where no mail goes.
LINES = "lines.txt"
_LINES = 8


class _Translator(HTML5Translator):
    """Items of lists and cells of tables have no paragraph of their own: the text part of a mail is made of this."""

    def visit_paragraph(self, node: nodes.paragraph) -> None:
        """As ever, but for those."""
        if not _alone(node):
            super().visit_paragraph(node)

    def depart_paragraph(self, node: nodes.paragraph) -> None:
        """The same."""
        if not _alone(node):
            super().depart_paragraph(node)


def _alone(node: nodes.Element) -> bool:
    return isinstance(node.parent, (nodes.list_item, nodes.entry)) and len(node.parent) == 1


def _said(tree: nodes.document) -> Iterator[str]:
    """What a report says in lines: its sentences, the entries of its lists, and its cards, each in one."""
    for node in tree.findall(nodes.Element):
        if "kpi-card" in node.get("classes", ()):
            head, *more = (line.astext() for line in node.findall(nodes.paragraph))
            yield f"{head}: {', '.join(more)}"
        elif isinstance(node, nodes.paragraph) and isinstance(node.parent, nodes.section | nodes.document):
            yield node.astext()
        elif isinstance(node, nodes.list_item):
            yield f"- {node.astext()}"


class MailBuilder(SingleFileHTMLBuilder):
    """Writes `NAME.html`, a PNG for each drawing, and the first lines as plain text."""

    name = "mail"
    default_translator_class = _Translator

    def init(self) -> None:
        """Nobody links to a place in a mail."""
        self.config.html_permalinks = False
        super().init()

    def get_theme_config(self) -> tuple[str, dict[str, str | int | bool]]:
        """A page for mail programs."""
        return "headway-mail", dict(self.config.html_theme_options)

    def assemble_doctree(self) -> nodes.document:
        """The whole text, whose first lines are kept."""
        tree = super().assemble_doctree()
        lines = [" ".join(text.split()) for text in islice(_said(tree), _LINES)]
        (Path(self.outdir) / LINES).write_text("\n".join(lines), "utf-8")
        return tree

    def picture(self, svg: str) -> str:
        """Keep a drawing as a picture, and say what it is called."""
        name = f"{sha256(svg.encode()).hexdigest()[:16]}.png"
        (Path(self.outdir) / name).write_bytes(charts.picture(svg))
        return name


def image(builder: MailBuilder, node: Any) -> str:
    """A drawing as the mail shows it."""
    says = str(node["says"]).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'<p><img class="plot" src="cid:{builder.picture(node["svg"])}" alt="{says}" width="600"></p>\n'
