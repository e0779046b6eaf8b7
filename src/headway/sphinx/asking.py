"""Roles and directives: each is read by `reports.asked`, answered by `reports.answers` and made of docutils nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx_design.shared import create_component

from headway.errors import HeadwayError, UsageError
from headway.formats import plurals
from headway.reports import answers, asked, documents
from headway.reports.records import Card, Definition, Figure, Listing, Table
from headway.reports.records import Number as Told
from headway.reports.snapshot import Snapshot, edition_of
from headway.sphinx.drawing import kpi_chart, kpi_number

#: What is wrong where a number is not there, or not yet.
LACKING = ("no-number", "unknown-period")
_LOG = logging.getLogger(__name__)
#: How many cards stand side by side, without a word on it.
_BESIDE = {1: 1, 2: 2, 4: 2}


# -- the snapshot --------------------------------------------------------------------------------------------------


def snapshot_of(env: BuildEnvironment) -> Snapshot:
    """What the document that is being read may say: its edition, or the snapshot of the project."""
    path = Path(env.doc2path(env.docname))
    known: Snapshot | None = env.temp_data.get("headway_snapshot")  # Sphinx empties it after each document
    if known is None:
        own = documents.front_matter(path)
        edition = own.get("edition", "")
        file = edition_of(path, edition) if edition else Path(env.srcdir) / env.config.headway_snapshot
        known = Snapshot.read(file)
        if readers := own.get("audience", "public" if edition else ""):
            known.meant_for(readers, path)
        env.temp_data["headway_snapshot"] = known
        env.note_dependency(str(file))
    return known


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """A document that is read again may have been mended."""
    _wrong(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment) -> None:
    """What processes that read some of the documents found."""
    _wrong(env).update({name: count for name, count in _wrong(other).items() if name in docnames})


def fail(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """End the build once every document is read, and every mistake told."""
    if count := sum(_wrong(env).values()):
        raise SphinxError(f"{plurals.count(count, 'number')} of the report cannot be told")
    return []


def _wrong(env: BuildEnvironment) -> dict[str, int]:
    """How many mistakes each document has."""
    found: dict[str, int] = env.__dict__.setdefault("headway_wrong", {})  # as extensions keep what they find
    return found


def _lacks(error: HeadwayError, snapshot: Snapshot) -> bool:
    """True if words are to stand in the place of what is not there: the report waited long enough for it."""
    return bool(snapshot.data.get("lacks")) and all(one.slug in LACKING for one in error.mistakes)


def _tell(env: BuildEnvironment, error: HeadwayError, location: str) -> None:
    for one in error.mistakes:
        remedy = f" {one.remedy}" if one.remedy else ""
        _LOG.warning("%s [%s]%s", one.message, one.slug, remedy, location=location)
        _wrong(env)[env.docname] = _wrong(env).get(env.docname, 0) + 1


# -- a number in a sentence ----------------------------------------------------------------------------------------


class Number(SphinxRole):
    """Every role."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The number, or nothing after telling why."""
        try:
            request = asked.role(self.name.lower(), self.text)
            snapshot = snapshot_of(self.env)
        except UsageError as error:
            _tell(self.env, error, self.get_location())
            return [nodes.problematic(self.rawtext, self.rawtext)], []
        try:
            told = answers.number(request, snapshot)
        except UsageError as error:
            if _lacks(error, snapshot):
                return [nodes.emphasis("", "not available")], []
            _tell(self.env, error, self.get_location())
            return [nodes.problematic(self.rawtext, self.rawtext)], []
        parts = told.parts or (told,)
        return [nodes.Text(one) if isinstance(one, str) else _number(one, snapshot) for one in parts], []


def _number(told: Told, snapshot: Snapshot) -> kpi_number:
    site = snapshot.about["site"]
    link = f"{site}/kpi/{told.kpi}.html" if site and told.revision else ""
    return kpi_number(
        told.text, told.text, told=told.attributes if told.revision else {}, status=told.status, link=link
    )


# -- directives ----------------------------------------------------------------------------------------------------


class _Asking(SphinxDirective):
    """What all directives share: what is asked for is read and answered in one place."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The nodes, or nothing after telling why."""
        argument = self.arguments[0] if self.arguments else ""
        try:
            request = asked.directive(self.name, argument, self.options, list(self.content))
            snapshot = snapshot_of(self.env)
        except UsageError as error:
            _tell(self.env, error, self.get_location())
            return []
        try:
            return self.made(answers.answer(request, snapshot), request, snapshot)
        except UsageError as error:
            if _lacks(error, snapshot):
                words = nodes.emphasis("", f"Not available: {error.mistakes[0].message}.")
                return [nodes.paragraph("", "", words)]
            _tell(self.env, error, self.get_location())
            return []

    def made(self, told: Any, request: asked.Request, snapshot: Snapshot) -> list[nodes.Node]:
        """The nodes of an answer."""
        raise NotImplementedError

    def _named(self, node: nodes.Element) -> None:
        """Give a node the name by which it is referred to."""
        self.set_source_info(node)
        self.add_name(node)

    def _caption(self, otherwise: str) -> tuple[list[nodes.Node], list[nodes.Node]]:
        """The body's first paragraph, and what follows it; without a body, other words."""
        body = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, body)
        if not body.children:
            return [nodes.Text(otherwise)], []
        first = body.children[0]
        if isinstance(first, nodes.paragraph):
            return list(first.children), list(body.children[1:])
        return [nodes.Text(otherwise)], list(body.children)


class _Cards(_Asking):
    """One card, or a grid of them."""

    def made(self, told: Card | tuple[Card, ...], request: asked.Request, snapshot: Snapshot) -> list[nodes.Node]:
        """A grid of sphinx-design, whose rows are even."""
        cards = told if isinstance(told, tuple) else (told,)
        wide = int(request.options.get("columns") or _BESIDE.get(len(cards), 3))
        kind = [f"sd-row-cols-{size}{count}" for size, count in _columns(wide).items()]
        columns = [
            create_component("grid-item", ["sd-col", "sd-d-flex-row"], children=[_card(c, snapshot)]) for c in cards
        ]
        row = create_component("grid-row", ["sd-row", *kind, "sd-g-3"], children=columns)
        classes = ["sd-container-fluid", "sd-sphinx-override", "sd-mb-4", "kpi-cards"]
        return [create_component("grid-container", classes, children=[row])]


def _columns(wide: int) -> dict[str, int]:
    """How many cards stand side by side on screens of each size."""
    return {"": 1, "xs-": 1, "sm-": min(2, wide), "md-": wide, "lg-": wide}


def _card(card: Card, snapshot: Snapshot) -> nodes.container:
    """A card: what, how much, since when it moved, and how that is judged."""
    lines: list[nodes.Node] = [_line("kpi-title sd-card-title", nodes.Text(card.title))]
    unit = [nodes.Text(" "), nodes.inline("", card.unit.strip(), classes=["kpi-unit"])] if card.unit else []
    lines.append(_line("kpi-value", _number(card.number, snapshot), *unit))
    lines.append(_line("kpi-when", nodes.Text(card.period)))
    if card.change is not None:
        same = card.change.direction == "same"
        arrow = {"up": "▲\u00a0", "down": "▼\u00a0", "same": ""}[card.change.direction]
        moved = "No change" if same else f"{arrow}{card.change.amount}"
        told = replace(card.number, text=moved, says="change", than=card.change.period)
        lines.append(_line("kpi-when", _number(told, snapshot), nodes.Text(f" {card.change.versus}")))
    if card.status not in ("no target", ""):
        status = kpi_number(card.word, card.word, told={}, status=card.status, link="")
        rest = [nodes.Text(f"  {card.target}")] if card.target else []
        lines.append(_line("kpi-judged", status, *rest))
    body = create_component("card-body", ["sd-card-body"], children=lines)
    return create_component("card", ["sd-card", "sd-sphinx-override", "sd-w-100", "kpi-card"], children=[body])


def _line(classes: str, *children: nodes.Node) -> nodes.paragraph:
    return nodes.paragraph("", "", *children, classes=["sd-card-text", *classes.split()])


class _Chart(_Asking):
    """A numbered figure."""

    def made(self, told: Figure, request: asked.Request, snapshot: Snapshot) -> list[nodes.Node]:
        """A figure with its drawing and its caption, and a legend of whatever follows that."""
        figure = nodes.figure(classes=["kpi-figure"])
        figure += kpi_chart("", drawn=told.drawn, svg=told.svg, says=told.says, alt=told.says)
        caption, rest = self._caption(f"{told.title}. {told.says}")
        figure += nodes.caption("", "", *caption)
        if told.notes:
            rest.append(_notes(told.notes))
        if rest:
            figure += nodes.legend("", *rest)
        self._named(figure)
        return [figure]


def _notes(notes: Iterable[tuple[str, str]]) -> nodes.enumerated_list:
    """What the numbered marks of a chart stand for."""
    said = (nodes.paragraph("", f"{when}. {text}") for when, text in notes)
    items = (nodes.list_item("", one) for one in said)
    return nodes.enumerated_list("", *items, enumtype="arabic", prefix="", suffix=".", classes=["kpi-notes"])


class _Table(_Asking):
    """A table of docutils, which has a number if it has a caption."""

    def made(self, told: Table, request: asked.Request, snapshot: Snapshot) -> list[nodes.Node]:
        """Head and body; numbers stand at the right."""
        width = len(told.columns) + 1
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in range(width)), cols=width)
        heads = [_entry(nodes.Text(told.first))] + [_entry(nodes.Text(head), number=True) for head in told.columns]
        group += nodes.thead("", nodes.row("", *heads))
        body = nodes.tbody("")
        for row in told.rows:
            cells = [_entry(_number(number, snapshot), number=True) for number in row.numbers]
            body += nodes.row("", _entry(nodes.Text(row.name)), *cells)
        group += body
        table = nodes.table("", classes=["kpi-table", *([request.name] if request.name == "kpi-appendix" else [])])
        rest: list[nodes.Node] = []
        if self.content:
            caption, rest = self._caption("")
            table += nodes.title("", "", *caption)
        table += group
        self._named(table)
        return [nodes.container("", table, classes=["kpi-scroll"]), *rest]


def _entry(child: nodes.Node, *, number: bool = False) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", child), classes=["kpi-n"] if number else [])


class _Definition(_Asking):
    """How a number comes about."""

    def made(self, told: Definition, request: asked.Request, snapshot: Snapshot) -> list[nodes.Node]:
        """A term and its definition."""
        said = nodes.paragraph("", " ".join(told.sentences))
        item = nodes.definition_list_item("", nodes.term("", told.title), nodes.definition("", said))
        return [nodes.definition_list("", item, classes=["kpi-definition"])]


class _Why(_Asking):
    """How a measure was chosen, for those who ask."""

    def made(self, told: Definition, request: asked.Request, snapshot: Snapshot) -> list[nodes.Node]:
        """A dropdown of sphinx-design: why, then how it is counted; and the body, if there is one."""
        title = request.options.get("title", "How we chose this measure")
        box = create_component(
            "dropdown",
            opened=False,
            type="dropdown",
            has_title=True,
            icon=None,
            chevron=None,
            container_classes=["sd-mb-3", "kpi-why"],
            title_classes=[],
            body_classes=[],
        )
        box += nodes.rubric(title, title)
        box += nodes.paragraph("", "", nodes.strong("", told.title), nodes.Text(f": {told.why}"))
        box += nodes.paragraph("", " ".join(told.sentences))
        self.state.nested_parse(self.content, self.content_offset, box)
        self.set_source_info(box)
        return [box]


class _List(_Asking):
    """The KPIs of an area."""

    def made(self, told: Listing, request: asked.Request, snapshot: Snapshot) -> list[nodes.Node]:
        """A line for each: its name, its newest number with its period, and what it is."""
        found = nodes.bullet_list("", classes=["kpi-list"])
        for card in told.cards:
            line = nodes.paragraph("", "", nodes.strong("", card.title), nodes.Text(": "))
            line += _number(card.number, snapshot)
            line += nodes.Text(card.unit)
            line += nodes.Text(f", {card.period}. {card.about}" if card.period else f". {card.about}")
            found += nodes.list_item("", line)
        return [found]


_MADE: Mapping[str, type[_Asking]] = {
    "kpi-card": _Cards,
    "kpi-cards": _Cards,
    "kpi-chart": _Chart,
    "kpi-table": _Table,
    "kpi-definition": _Definition,
    "kpi-why": _Why,
    "kpi-list": _List,
    "kpi-appendix": _Table,
}


def _with_options(name: str, kind: type[_Asking], options: Sequence[str]) -> type[_Asking]:
    """A directive that takes these options as they are written: the grammar reads them, for all hosts alike."""
    spec = dict.fromkeys(options, directives.unchanged)
    return type(name, (kind,), {"option_spec": spec})


#: Every directive by its name.
DIRECTIVES: Mapping[str, type[_Asking]] = {
    name: _with_options(name, _MADE[name], options) for name, options in asked.DIRECTIVES.items()
}
