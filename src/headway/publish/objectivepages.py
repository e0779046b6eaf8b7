"""What pages say of objectives, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from headway.publish.pages import Count, NoteRow, Point, Shown, Stamp, Verdict


@dataclass(frozen=True, slots=True)
class KeyResultRow:
    """What an objective expects of one number, and how it stands.

    Keys of its verdict: on, near, off; else why it is not judged (not started, too early, no start, no data, withheld,
    not tracked yet), which `reason` says whole. `start`, `now` and `expected` are None where nobody knows them. Shares
    of the way from `start` to `reach`: `made` so far, and `planned` by the last day of `now`. `over` is true once it is
    decided. `points` are complete periods, up to the due day.
    """

    kpi: str
    part: str
    cell: Mapping[str, str]
    title: str
    label: str
    grain: str
    verdict: Verdict
    now: Shown
    now_when: str
    expected: float | None
    expected_text: str
    start: float | None
    start_text: str
    start_when: str
    reach: float | None
    goal: str
    to_go: float | None
    to_go_text: str
    made: float | None
    planned: float | None
    way: str
    due: date
    due_when: str
    over: bool
    says: str
    reason: str
    note: str
    points: tuple[Point, ...]
    notes: tuple[NoteRow, ...]

    @property
    def anchor(self) -> str:
        """Where it stands on the page of its objective."""
        return "-".join([self.kpi, *([self.part.replace(" ", "-")] if self.part else []), *self.cell.values()])


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """An objective with what it expects. `counts` says how many of that stand how."""

    name: str
    title: str
    about: str
    owner: str
    contact: str
    first: date
    first_when: str
    due: date
    due_when: str
    counts: tuple[Count, ...]
    expects: tuple[KeyResultRow, ...]


@dataclass(frozen=True, slots=True)
class ObjectivesPage:
    """Every objective whose KPIs these readers may all see."""

    stamp: Stamp
    counts: tuple[Count, ...]
    objectives: tuple[ObjectiveRow, ...]


@dataclass(frozen=True, slots=True)
class ObjectivePage:
    """One objective whole."""

    stamp: Stamp
    objective: ObjectiveRow
