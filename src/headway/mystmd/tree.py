"""Nodes of MyST for an answer: those that each of mystmd's exports can write.

Of a node that it does not know, an export drops what is in it: LaTeX and JATS know neither cards nor dropdowns,
Markdown no spans. So a number is text, what hides until somebody asks is an admonition that folds, and cards are rows
of a table unless the environment asks for cards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headway.mystmd import drawing
from headway.mystmd.finding import Asked
from headway.reports.asked import Request
from headway.reports.records import Answer, Card, Definition, Figure, Listing, Number, Table
from headway.reports.snapshot import Snapshot

Node = dict[str, Any]

#: What asks for cards as cards, in the environment: for a site.
VARIABLE = "HEADWAY_CARDS"
_HEADS = ("", "Number", "Period", "Change", "Status")


def nodes(
    told: Answer,
    request: Request,
    snapshot: Snapshot,
    body: Sequence[Node],
    asking: Asked,
    environment: Mapping[str, str],
) -> list[Node]:
    """What stands where a directive stood."""
    match told:
        case Number():
            return sentence(told, snapshot)
        case Card() | tuple():
            cards = told if isinstance(told, tuple) else (told,)
            if environment.get(VARIABLE) == "grid":
                return [_grid(cards, request, snapshot)]
            return [_rows(cards, snapshot)]
        case Figure():
            return _figure(told, body, drawing.picture(told, asking))
        case Table():
            return _table(told, body, snapshot)
        case Listing():
            return [_list(told, snapshot)]
        case Definition() if request.name == "kpi-why":
            return [_why(told, request, body)]
        case Definition():
            return [_definition(told)]


def sentence(told: Number, snapshot: Snapshot) -> list[Node]:
    """A number, or the words and numbers of a sentence about one."""
    parts = told.parts or (told,)
    return [_text(one) if isinstance(one, str) else number(one, snapshot) for one in parts]


def number(told: Number, snapshot: Snapshot) -> Node:
    """A number in a sentence: text that says which number it is, linked to its page where there is one."""
    node = _text(told.text)
    if not told.revision:
        return node
    node["data"] = told.attributes
    site = snapshot.about["site"]
    return {"type": "link", "url": f"{site}/kpi/{told.kpi}.html", "children": [node]} if site else node


def _text(value: str) -> Node:
    return {"type": "text", "value": value}


def _of(kind: str, /, *children: Node, **more: Any) -> Node:
    return {"type": kind, **more, "children": list(children)}


# -- cards ---------------------------------------------------------------------------------------------------------


def _rows(cards: Sequence[Card], snapshot: Snapshot) -> Node:
    """A row for each card; columns that none of them needs are left out."""
    rows = [[[_text(card.title)], _value(card, snapshot), *map(_maybe, _beside(card))] for card in cards]
    used = [n for n in range(len(_HEADS)) if any(row[n] for row in rows)]
    head = _row([_maybe(_HEADS[n]) for n in used], right=(1,), header=True)
    return _of("table", head, *(_row([row[n] for n in used], right=(1,)) for row in rows))


def _grid(cards: Sequence[Card], request: Request, snapshot: Snapshot) -> Node:
    """A grid of cards, whose rows are even."""
    wide = int(request.options.get("columns") or {1: 1, 2: 2, 4: 2}.get(len(cards), 3))
    made = []
    for card in cards:
        lines = [_value(card, snapshot), *([_text(line)] for line in _beside(card) if line)]
        title = _of("cardTitle", _text(card.title))
        made.append(_of("card", title, *(_of("paragraph", *line) for line in lines)))
    return _of("grid", *made, columns=[1, min(2, wide), wide, wide])


def _value(card: Card, snapshot: Snapshot) -> list[Node]:
    unit = [_text(card.unit)] if card.unit else []
    return [_of("strong", number(card.number, snapshot)), *unit]


def _beside(card: Card) -> tuple[str, str, str]:
    """Period, change and status, each of them '' where there is none."""
    change = card.change
    moved = (
        "" if change is None else "no change" if change.direction == "same" else f"{change.direction} {change.amount}"
    )
    judged = "" if card.status in ("no target", "") else f"{card.word} ({card.target})" if card.target else card.word
    return card.period, f"{moved} {change.versus}" if change else "", judged


def _maybe(text: str) -> list[Node]:
    return [_text(text)] if text else []


# -- figures and tables --------------------------------------------------------------------------------------------


def _figure(told: Figure, body: Sequence[Node], url: str) -> list[Node]:
    """A numbered figure; what follows its caption stands below it, as a caption of LaTeX holds no list."""
    image = {"type": "image", "url": url, "alt": told.says}
    caption, rest = _caption(body)
    caption = caption or [_text(f"{told.title}. {told.says}")]
    if told.notes:
        said = (_of("listItem", _of("paragraph", _text(f"{when}. {text}"))) for when, text in told.notes)
        rest = [*rest, _of("list", *said, ordered=True, start=1, spread=False)]
    below = _of("caption", _of("paragraph", *caption))
    return [_of("container", image, below, kind="figure", **_label(told.name)), *rest]


def _table(told: Table, body: Sequence[Node], snapshot: Snapshot) -> list[Node]:
    """A table, which has a number if it has a caption or a name."""
    right = range(1, len(told.columns) + 1)
    heads = _row([[_text(head)] for head in (told.first, *told.columns)], right=right, header=True)
    rows = [[[_text(row.name)], *([number(one, snapshot)] for one in row.numbers)] for row in told.rows]
    table = _of("table", heads, *(_row(row, right=right) for row in rows))
    caption, rest = _caption(body)
    if not caption and not told.name:
        return [table, *rest]
    head = [_of("caption", _of("paragraph", *caption))] if caption else []
    return [_of("container", *head, table, kind="table", **_label(told.name)), *rest]


def _row(cells: Sequence[Sequence[Node]], *, right: Collection[int], header: bool = False) -> Node:
    """Some of the cells stand at the right: those of numbers."""
    head = {"header": True} if header else {}
    made = (
        _of("tableCell", *cell, **head, **({"align": "right"} if n in right else {})) for n, cell in enumerate(cells)
    )
    return _of("tableRow", *made)


def _caption(body: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """The first paragraph of a body, and what follows it."""
    if body and body[0]["type"] == "paragraph":
        return body[0]["children"], list(body[1:])
    return [], list(body)


def _label(name: str) -> Node:
    """What a cross-reference calls it, in mystmd's two spellings."""
    return {"label": name, "identifier": " ".join(name.split()).lower()} if name else {}


# -- words ---------------------------------------------------------------------------------------------------------


def _why(told: Definition, request: Request, body: Sequence[Node]) -> Node:
    """Why, then how it is counted; and the body, if there is one."""
    title = _of("admonitionTitle", _text(request.options.get("title", "How we chose this measure")))
    why = _of("paragraph", _of("strong", _text(told.title)), _text(f": {told.why}"))
    how = _of("paragraph", _text(" ".join(told.sentences)))
    return _of("admonition", title, why, how, *body, kind="admonition", **{"class": "dropdown"})


def _definition(told: Definition) -> Node:
    said = _of("definitionDescription", _of("paragraph", _text(" ".join(told.sentences))))
    return _of("definitionList", _of("definitionTerm", _text(told.title)), said)


def _list(told: Listing, snapshot: Snapshot) -> Node:
    """A line for each: its name, its newest number with its period, and what it is."""
    items = []
    for card in told.cards:
        about = f", {card.period}. {card.about}" if card.period else f". {card.about}"
        line = (_of("strong", _text(card.title)), _text(": "), number(card.number, snapshot), _text(card.unit + about))
        items.append(_of("listItem", _of("paragraph", *line)))
    return _of("list", *items, ordered=False, spread=False)
