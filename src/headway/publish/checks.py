"""The quality of the data as readers see it: every check, what it came to run by run, and what it holds back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from headway.formats import dates, plurals
from headway.ledger import Standing
from headway.model import KEY, REFERS, Audience, Catalog, Family, Kpi, Then, asks
from headway.publish.checkpages import CheckGroup, CheckRow, FamilyRow, Looked, QualityPage
from headway.publish.pages import Link, Sentence, Stamp, Verdict

#: How many of the last runs stand in a row.
LOOKS = 30
#: How many checks a sentence names.
_NAMED = 3
#: How a check may stand, in the order in which families count them.
WITHHOLDS, WARNS, FAILED, UNSEEN, TOLERATES, PASSED = (
    Verdict("withheld", "Withholds"),
    Verdict("warn", "Warns"),
    Verdict("failed", "Source not read"),
    Verdict("no data", "Not looked at yet"),
    Verdict("near", "Passed, some tolerated"),
    Verdict("pass", "Passed"),
)
_COUNTED = {
    WITHHOLDS: "withhold",
    WARNS: "warn",
    FAILED: "not read",
    UNSEEN: "not looked at yet",
    TOLERATES: "tolerated",
    PASSED: "passed",
}
_COUNTED_ONE = {WITHHOLDS: "withholds", WARNS: "warns"}


@dataclass(frozen=True)
class Findings:
    """What checks found by the newest run, as one reader may know it.

    `names` are the KPIs that the reader may see, `sources` those behind them; `broken` could not be read.
    """

    catalog: Catalog
    audience: Audience
    today: date
    standings: dict[tuple[str, str, str], Standing]
    names: Sequence[str]
    sources: frozenset[str]
    broken: frozenset[str]
    _rows: dict[tuple[str, str, str], CheckRow] = field(default_factory=dict)

    def row(self, of: str, subject: str, name: str) -> CheckRow:
        """One check of a source, or of a KPI; those of a source stand on the pages of all KPIs that read it."""
        if (of, subject, name) not in self._rows:
            self._rows[of, subject, name] = self._row(of, subject, name)
        return self._rows[of, subject, name]

    def _row(self, of: str, subject: str, name: str) -> CheckRow:
        kept = self.standings.get((of, subject, name))
        family, then, rule, why = self._declared(of, subject, name)
        verdict = FAILED if of == "source" and subject in self.broken else _verdict(kept)
        found = kept.found if kept else None
        holds = tuple(
            Link(kpi, self.catalog.kpis[kpi].title, plurals.count(number, "number"))
            for kpi, number in sorted((found.holds if found else {}).items(), key=lambda pair: -pair[1])
            if kpi in self.names
        )
        # Whose rows they are is for those who mend them.
        shown = found is not None and self.audience is Audience.RESTRICTED
        return CheckRow(
            subject=subject,
            name=name,
            family=family.value,
            then=then.value,
            verdict=verdict,
            asks=rule,
            why=why,
            found=found.text if found is not None and found.failed and found.text else "",
            failed=found.failed if found else None,
            seen=found.seen if found else None,
            looks=tuple(
                Looked(look.run, self._day(look.at), look.passed, look.failed, look.seen)
                for look in (kept.looks if kept else ())
            ),
            said=_over_time(kept),
            failing_since=self._day(kept.failing_since) if kept and kept.failing_since else "",
            last_passed=self._day(kept.last_passed) if kept and kept.last_passed else "Never" if kept else "",
            holds=holds,
            sample=tuple(dict(one) for one in found.sample) if found is not None and shown else (),
        )

    def behind(self, kpi: Kpi, sources: Iterable[str]) -> Iterator[CheckRow]:
        """The checks on which a KPI's numbers stand: of the sources behind it, and its own; those that fail first."""
        rows = [self.row("source", name, check) for name in sources for check in self.catalog.sources[name].check_names]
        rows += [self.row("kpi", kpi.name, one.name) for one in kpi.checks if self._may_see(one.inputs)]
        yield from _worst_first(rows)

    def said(self, source: str) -> set[str]:
        """What the checks of a source found, as sentences without their end."""
        return {
            one.found.text.rstrip(".") for one in self.standings.values() if (one.of, one.subject) == ("source", source)
        }

    def holding(self, kpi: str) -> list[Standing]:
        """The failed checks that hold numbers of a KPI back, those of sources that the reader may know of."""
        found = [
            one
            for one in self.standings.values()
            if not one.found.passed and kpi in one.found.holds and self._is_known(one)
        ]
        return sorted(found, key=lambda one: -one.found.holds[kpi])

    def warning(self, kpi: Kpi, sources: Iterable[str]) -> list[Standing]:
        """The failed checks that only warn of what a KPI reads."""
        behind = {("source", name) for name in sources} | {("kpi", kpi.name)}
        return [
            one
            for one in self.standings.values()
            if (one.of, one.subject) in behind and not one.found.passed and one.found.then is Then.WARN
        ]

    def page(self, stamp: Stamp, undecided: Iterable[Sentence]) -> QualityPage:
        """Every check of the sources behind what the reader may see, and of these KPIs; what fails comes first."""
        groups = []
        for name, source in self.catalog.sources.items():
            if name in self.sources and source.check_names:
                rows = tuple(self.row("source", name, check) for check in source.check_names)
                groups.append(CheckGroup("source", name, f"Source {name}", source.about, _worst_first(rows)))
        for name in self.names:
            kpi = self.catalog.kpis[name]
            own = tuple(self.row("kpi", name, one.name) for one in kpi.checks if self._may_see(one.inputs))
            if own:
                groups.append(CheckGroup("kpi", name, kpi.title, "Checks of its numbers", _worst_first(own)))
        groups.sort(key=lambda group: _urgency(group.rows[0]))
        every = [row for group in groups for row in group.rows]
        families = tuple(_family(family, [row for row in every if row.family == family.value]) for family in Family)
        return QualityPage(stamp, families, tuple(self.brief()), tuple(undecided), tuple(groups))

    def brief(self) -> Iterator[Sentence]:
        """The KPIs of which numbers are held back, those with most of them first: by which checks, and how many."""
        held = {name: self.holding(name) for name in self.names}
        for name, some in sorted(held.items(), key=lambda pair: -sum(one.found.holds[pair[0]] for one in pair[1])):
            if some:
                checks = [f"{address(one)} ({plurals.whole(one.found.holds[name])})" for one in some[:_NAMED]]
                more = [f"{len(some) - _NAMED} more"] if len(some) > _NAMED else []
                text = f"has numbers held back by {plurals.listed([*checks, *more])}."
                yield Sentence(Verdict("withheld", "Withheld"), name, self.catalog.kpis[name].title, text)

    def _declared(self, of: str, subject: str, name: str) -> tuple[Family, Then, str, str]:
        """The family of a check, what follows if it fails, what it asks for in words, and why."""
        if of == "kpi":
            kpi = self.catalog.kpis[subject]
            own = next(one for one in kpi.checks if one.name == name)
            return own.family, own.then, asks(own, kpi.unit), own.why
        source = self.catalog.sources[subject]
        if name == KEY:
            return Family.CONSISTENCY, Then.WITHHOLD, f"no two rows have the same {plurals.listed([*source.key])}", ""
        if name.startswith(REFERS):
            column = name.removeprefix(REFERS)
            other = source.refers[column].source if source.refers[column].source in self.sources else "another source"
            return Family.CONSISTENCY, Then.WITHHOLD, f"each {column} is one of {other}", ""
        declared = next(one for one in source.checks if one.name == name)
        return declared.family, declared.then, asks(declared), declared.why

    def _is_known(self, one: Standing) -> bool:
        if one.of == "source":
            return one.subject in self.sources
        return one.subject in self.names

    def _may_see(self, inputs: Iterable[str]) -> bool:
        return all(name in self.names for name in inputs)

    def _day(self, at: datetime) -> str:
        return dates.near_day(self.catalog.calendar.day(at), self.today)


def address(one: Standing) -> str:
    """`sessions.between`: what alerts call a check, too."""
    return f"{one.subject}.{one.found.check}"


def _verdict(kept: Standing | None) -> Verdict:
    if kept is None:
        return UNSEEN
    if kept.found.passed:
        return TOLERATES if kept.found.failed else PASSED
    return WARNS if kept.found.then is Then.WARN else WITHHOLDS


def _over_time(kept: Standing | None) -> str:
    """What the strip of runs says to those who do not see it."""
    if kept is None or not kept.looks:
        return ""
    failed, count = sum(not look.passed for look in kept.looks), len(kept.looks)
    runs = "the last run" if count == 1 else f"the last {count} runs"
    if failed in (0, count):
        return f"{'Failed' if failed else 'Passed'} in {runs}"
    return f"Failed in {failed} of {runs}"


def _worst_first(rows: Sequence[CheckRow]) -> tuple[CheckRow, ...]:
    return tuple(sorted(rows, key=_urgency))


def _urgency(row: CheckRow) -> int:
    return list(_COUNTED).index(row.verdict)


def _family(family: Family, rows: Sequence[CheckRow]) -> FamilyRow:
    counts = Counter(row.verdict for row in rows)
    said = [
        Verdict(verdict.key, f"{counts[verdict]} {_COUNTED_ONE.get(verdict, word) if counts[verdict] == 1 else word}")
        for verdict, word in _COUNTED.items()
        if counts[verdict]
    ]
    return FamilyRow(family.value, len(rows), tuple(said))
