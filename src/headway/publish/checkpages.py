"""What pages say of the checks of data, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headway.publish.pages import Link, Sentence, Stamp, Verdict


@dataclass(frozen=True, slots=True)
class Looked:
    """What one run came to of one check."""

    run: int
    day: str
    passed: bool
    failed: int
    seen: int


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of a source or KPI (`subject`): what it asks for, how it stands, and what it holds back.

    Keys of its verdict: withheld, warn, failed (its source was not read), no data (no run has looked), near (some
    failures are tolerated), pass. `found` says what was found where anything fails; `looks` are the last runs, oldest
    first, and `said` the same in words. `sample` are some of the rows that fail, people masked, for readers who may see
    rows.
    """

    subject: str
    name: str
    family: str
    then: str
    verdict: Verdict
    asks: str
    why: str
    found: str
    failed: int | None
    seen: int | None
    looks: tuple[Looked, ...]
    said: str
    failing_since: str
    last_passed: str
    holds: tuple[Link, ...]
    sample: tuple[Mapping[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """The checks of one source or KPI, those that fail first."""

    of: str
    name: str
    title: str
    about: str
    rows: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """One of the four qualities of data: how many checks look after it, and how they stand."""

    name: str
    checks: int
    counts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class QualityPage:
    """Every check: by family how many stand how, which KPIs have numbers held back, then all by source and KPI.

    `undecided` are the KPIs of which closed numbers came out different, and nobody has decided yet.
    """

    stamp: Stamp
    families: tuple[FamilyRow, ...]
    held: tuple[Sentence, ...]
    undecided: tuple[Sentence, ...]
    groups: tuple[CheckGroup, ...]
