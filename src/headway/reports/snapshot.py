"""A snapshot: one JSON file with all that a report may say, at a stated time, for stated readers.

Numbers stand in it as stored and as read, so a host formats nothing. Points of a line stand in columns, which keeps a
file that is filed beside its report small. Standard library only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from headway.errors import Mistake, UsageError

#: Raised when a field changes its meaning or goes.
FORMAT = 1
#: Where a report's filed snapshots stand, beside it.
EDITIONS = "editions"
#: Readers, those first who may see the least.
AUDIENCES = ("public", "internal", "restricted")
#: What of `about` says when a snapshot was taken, and nothing of what it says.
_TAKEN = ("as_of", "when", "day", "computed", "run")
_EDITION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Cell = tuple[tuple[str, str], ...]


class Change(NamedTuple):
    """The way from an earlier number: up, down or same, by how much, and than when: in words, and which period."""

    direction: str
    amount: str
    versus: str
    period: str


class Point(NamedTuple):
    """One number. `text` is its short form without a noun, `whole` with it, `exact` has all its digits.

    Without a value they are the word in its place, and `reason` says why. `changes` are by the length of time that lies
    between; '' is the period with which a card compares.
    """

    period: str
    label: str
    value: float | None
    text: str
    whole: str
    exact: str
    status: str
    word: str
    target: str
    reason: str
    revision: int
    running: bool
    changes: Mapping[str, Change]


class Said(NamedTuple):
    """A figure of a sentence, and which number it is of.

    `says` is '' for the number of `period` itself; else what of it is told: change, gap, target, over, since, streak,
    share. `than` is the period that it is compared with, and `of` are the cells of a share.
    """

    text: str
    says: str
    period: str
    than: str
    value: float | None
    revision: int
    of: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of a KPI's total, or of a part or cell of it, by one length of period, the oldest first."""

    kpi: str
    part: str
    grain: str
    cell: Cell
    #: The cell in words, or ''.
    label: str
    title: str
    points: tuple[Point, ...]

    @property
    def newest(self) -> Point | None:
        """The newest point whose period is over."""
        return next((point for point in reversed(self.points) if not point.running), None)

    def as_json(self) -> dict[str, Any]:
        """Names, and a column for each field of the points."""
        named = {"kpi": self.kpi, "part": self.part, "grain": self.grain, "cell": dict(self.cell)}
        columns = {name: [getattr(point, name) for point in self.points] for name in Point._fields}
        return named | {"label": self.label, "title": self.title, "points": columns}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Series:
        """The same again."""
        columns = dict(data["points"])
        columns["changes"] = [{key: Change(*one) for key, one in changes.items()} for changes in columns["changes"]]
        points = tuple(Point(*row) for row in zip(*(columns[name] for name in Point._fields), strict=True))
        cell = tuple(sorted(data["cell"].items()))
        return cls(data["kpi"], data["part"], data["grain"], cell, data["label"], data["title"], points)


class Snapshot:
    """What one file holds. `about` has title, brand, zone, audience, as_of, run and fingerprint."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.about: Mapping[str, Any] = data["about"]
        self.kpis: Mapping[str, Mapping[str, Any]] = data["kpis"]
        self.areas: Mapping[str, Mapping[str, Any]] = data["areas"]
        self.charts: Mapping[str, Mapping[str, Any]] = data["charts"]
        #: By what asks for them: the periods of a table, and its lines.
        self.tables: Mapping[str, Mapping[str, Any]] = data["tables"]
        #: By what asks for them: sentences in pieces, of which those are figures that are no text.
        self.sentences: Mapping[str, Sequence[str | Sequence[Any]]] = data.get("sentences", {})
        #: The numbers that the documents show, where one of them lists them.
        self.appendix: Sequence[Mapping[str, Any]] | None = data.get("appendix")
        #: What was asked for and cannot be told: address or chart -> message, slug and remedy.
        self.refused: Mapping[str, Mapping[str, str]] = data["refused"]

    @cached_property
    def _series(self) -> Mapping[tuple[str, str, str, Cell], Mapping[str, Any]]:
        cells = ((one, tuple(sorted(one["cell"].items()))) for one in self.data["series"])
        return {(one["kpi"], one["part"], one["grain"], cell): one for one, cell in cells}

    def series(self, kpi: str, part: str, grain: str, cell: Cell = ()) -> Series | None:
        """One line, or None."""
        found = self._series.get((kpi, part, grain, cell))
        return Series.of(found) if found is not None else None

    def lines(self, kpi: str, part: str, cell: Cell = ()) -> Iterator[Series]:
        """The lines of a number by every length of period, the shortest first."""
        for known in self._series:
            if (known[0], known[1], known[3]) == (kpi, part, cell):
                yield Series.of(self._series[known])

    def cells(self, kpi: str) -> list[Cell]:
        """The cells of which there are lines, the total first."""
        return sorted({known[3] for known in self._series if known[0] == kpi})

    def text(self) -> str:
        """The file: the same bytes for the same data, and a line for each thing, so that versions can be compared."""
        return "{" + ",\n".join(f"{_plain(key)}:{_lined(value)}" for key, value in sorted(self.data.items())) + "}\n"

    @classmethod
    def read(cls, path: Path) -> Snapshot:
        """The snapshot in a file; UsageError `missing-file` or `not-a-snapshot`."""
        filed = path.parent.name == EDITIONS
        take = f"headway snapshot DOCUMENT --edition {path.stem}" if filed else f"headway snapshot -o {path.name}"
        again = f"Restore it from your version control, or delete it and file it again: {take}"
        try:
            data = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            remedy = f"{'File' if filed else 'Take'} it: {take}"
            raise UsageError(Mistake(f"there is no snapshot {path}", "missing-file", None, remedy)) from None
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UsageError(Mistake(f"{path} cannot be read: {why}", "not-a-snapshot", None, None)) from None
        except ValueError:
            data = None
        remedy = again if filed else f"Take it again: {take}"
        if not isinstance(data, dict) or "format" not in data:
            raise UsageError(Mistake(f"{path} is no snapshot of Headway", "not-a-snapshot", None, remedy))
        if data["format"] != FORMAT:
            said = f"{path} has format {data['format']}; this version reads snapshots of format {FORMAT}"
            raise UsageError(Mistake(said, "not-a-snapshot", None, remedy))
        try:
            made = cls(data)
            _ = made.about["audience"], made._series  # what is missing is told now, not where it is looked up
        except (KeyError, TypeError, AttributeError):
            raise UsageError(Mistake(f"{path} is damaged: parts are missing", "not-a-snapshot", None, remedy)) from None
        return made

    def meant_for(self, audience: str, document: Path) -> Snapshot:
        """The same, if these readers may see all of it; UsageError `not-for-readers` if it is for fewer."""
        own = str(self.about["audience"])
        if AUDIENCES.index(own) > AUDIENCES.index(audience):
            remedy = f"Say in its front matter whom it is for: headway: {{audience: {own}}}. Or take other numbers."
            message = f"{document} is for {audience} readers, and its numbers were taken for {own} ones"
            raise UsageError(Mistake(message, "not-for-readers", None, remedy))
        return self


def _plain(thing: object) -> str:
    return json.dumps(thing, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _lined(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"\n{_plain(key)}:{_plain(one)}" for key, one in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"\n{_plain(one)}" for one in value) + "]"
    return _plain(value)


def edition_of(document: Path, name: str) -> Path:
    """Where an edition of a report is filed; UsageError `bad-value` for a name that no file should have."""
    if not _EDITION.fullmatch(name):
        remedy = "Letters, digits, dots and dashes, as in 2026-q3."
        raise UsageError(Mistake(f"'{name}' is no name for an edition", "bad-value", None, remedy))
    return document.parent / EDITIONS / f"{name}.json"


def edition(document: Path, name: str, audience: str) -> Snapshot:
    """The edition that a document is pinned to, whose readers are public unless it says otherwise."""
    return Snapshot.read(edition_of(document, name)).meant_for(audience or AUDIENCES[0], document)


def same_numbers(one: Snapshot, other: Snapshot) -> bool:
    """True if two snapshots say the same, whenever they were taken."""
    first, second = (
        {**each.data, "about": {k: v for k, v in each.about.items() if k not in _TAKEN}} for each in (one, other)
    )
    return first == second
