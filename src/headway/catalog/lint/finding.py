"""What the linter finds: a slug, how two statements relate, the arithmetic that shows it, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from headway.errors import Place

#: Every slug there is, and what it finds. tests/unit compares this with the sections of docs/linter.md.
RULES: Mapping[str, str] = {
    "compounding": "a rate of a short span and one of a long span that cannot both be kept",
    "retention-rises": "a later age that asks for more people than an earlier one",
    "same-measure": "one measure with two bounds",
    "scope": "bounds of measures that differ in which rows they count, or in what: said, not blamed",
    "nested": "bounds of two measures of which one is never more than the other",
    "parts": "bounds of parts that do not fit that of the whole",
    "direction": "a target against what is said to be better",
    "near-too-wide": "a near band beyond sense",
    "length-dependent": "a number whose size depends on how long the period is",
    "looser-alert": "an alert that fires on target, or only long after off",
    "response-time": "a time to respond that the clock, or a digest, cannot keep",
    "rarely-computed": "an alert on what is computed too rarely for it, or never",
    "wide": "a board that shows what its readers may not see, or an alert that cannot tell them",
    "individuals": "a breakdown that singles people out",
    "naive-time": "times without a zone, in a project outside UTC",
    "same-name": "breakdowns of one name with other values",
    "no-such-cell": "a target, alert or objective of a cell that no row has",
    "headlines": "more headlines than a page has room for",
    "idle-allow": "an 'allow' that allows nothing",
}
SLUGS = frozenset(RULES)
#: What can be found only once the data have been read.
OF_DATA = frozenset({"individuals", "naive-time", "same-name", "no-such-cell"})


class Relation(StrEnum):
    """How two statements of a catalogue relate; the weight of a finding, heaviest first."""

    CONTRADICTS = "contradicts"  # both cannot be kept
    LOOSER = "looser than"  # one can be kept while the other, which should follow, is missed
    IMPLIES = "implies"  # one makes the other redundant
    NOTE = "note"  # nobody is to blame; a reader should know


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a catalogue says and may not mean.

    `kpis` are those whose `allow` may say that it is meant; `reason` is what it says. `places` begin with the one to
    change.
    """

    slug: str
    relation: Relation
    sentence: str
    kpis: tuple[str, ...]
    places: tuple[Place, ...]
    arithmetic: str = ""
    remedy: str = ""
    reason: str | None = None

    def __post_init__(self) -> None:
        assert self.slug in SLUGS, f"slug without a rule: {self.slug}"

    @property
    def blamed(self) -> bool:
        """True if somebody should change something: it is neither a note nor allowed."""
        return self.relation is not Relation.NOTE and self.reason is None

    def __str__(self) -> str:
        """Drawn like a mistake: the first place with the sentence, the others below it, the arithmetic, what to do."""
        first, *others = self.places or (None,)
        lines = [f"{first}: {self.sentence} [{self.slug}]" if first else f"{self.sentence} [{self.slug}]"]
        lines += first.drawn() if first else []
        for place in others:
            lines += [f"  and {place}", *(place.drawn() if place else [])]
        lines += [f"  {self.arithmetic}"] if self.arithmetic else []
        if self.reason is not None:
            lines.append(f"  Allowed: {self.reason}")
        elif self.remedy:
            lines.append(f"  {self.remedy}")
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        """The finding as JSON's values."""
        places = [{"path": p.path, "line": p.line, "column": p.column, "text": p.text.strip()} for p in self.places]
        return {
            "slug": self.slug,
            "relation": self.relation.value,
            "sentence": self.sentence,
            "arithmetic": self.arithmetic,
            "kpis": list(self.kpis),
            "places": places,
            "remedy": self.remedy,
            "allowed": self.reason,
        }


def allowing(slug: str, *kpis: str) -> str:
    """The remedy that always is there: to say that it is meant, and why."""
    where = " or ".join(dict.fromkeys(kpis))
    return f"If that is meant, say why at {where}: allow: {{{slug}: the reason}}."
