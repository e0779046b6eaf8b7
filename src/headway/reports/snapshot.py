"""A snapshot: one JSON file with all that a report may say, at a stated time, for stated readers.

Numbers stand in it as stored and as read, so a host formats nothing. Points of a line stand in columns, which keeps a
file that is filed beside its report small. Standard library only.
"""

from __future__ import annotations

import json
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
        remedy = f"Take it: headway snapshot -o {path.name}"
        if path.parent.name == EDITIONS:
            remedy = f"File it: headway snapshot DOCUMENT --edition {path.stem}"
        try:
            data = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UsageError(Mistake(f"there is no snapshot {path}", "missing-file", None, remedy)) from None
        except (OSError, ValueError) as error:
            raise UsageError(
                Mistake(f"{path} cannot be read as a snapshot: {error}", "not-a-snapshot", None, remedy)
            ) from None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            said = f"has format {data.get('format')}" if isinstance(data, dict) and "format" in data else "is none"
            raise UsageError(
                Mistake(
                    f"{path} {said}; this version reads snapshots of format {FORMAT}", "not-a-snapshot", None, remedy
                )
            )
        return cls(data)


def _plain(thing: object) -> str:
    return json.dumps(thing, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _lined(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"\n{_plain(key)}:{_plain(one)}" for key, one in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"\n{_plain(one)}" for one in value) + "]"
    return _plain(value)


def edition_of(document: Path, name: str) -> Path:
    """Where an edition of a report is filed."""
    return document.parent / EDITIONS / f"{name}.json"
