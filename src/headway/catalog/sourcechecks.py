"""Resolves the declared checks of one source, once all sources are known: what each looks at, and what it is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import pyarrow as pa

from headway.catalog import checkspec as specs
from headway.catalog import expression, values
from headway.catalog.checking import check
from headway.catalog.checkspec import CheckSpec
from headway.catalog.columns import Columns
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.spec import Spec
from headway.catalog.sqltext import Wrong
from headway.errors import Place
from headway.model import (
    KEY,
    OF_ROWS,
    REFERS,
    Between,
    Check,
    Covers,
    Deadline,
    Fresh,
    Holds,
    Latency,
    Limit,
    Matches,
    NotNull,
    OneOf,
    Outliers,
    Source,
    SourceRule,
    Unique,
    ways,
)
from headway.periods import Grain, Length

S = TypeVar("S", bound=Spec)
C = TypeVar("C")


def resolve(
    source: Source,
    sources: Mapping[str, Source],
    declared: Collection[str],
    written: Sequence[Any],
    document: Document,
    path: Steps,
    complaints: Complaints,
) -> Source:
    """The source with its checks; those that are amiss are left out, after telling what is wrong with them.

    `declared` are the names of all sources there are, `sources` those that are sound.
    """
    found = []
    for n, value in enumerate(written):
        reading = _Reading(source, sources, declared, document, (*path, "checks", n), complaints)
        if (one := reading.check(value)) is not None:
            found.append((one, n))
    named = list(_named([one for one, _ in found]))
    where = [(*path, "checks", n) for _, n in found]
    _told_apart(source, named, where, document, complaints)
    return replace(source, checks=tuple(named))


def one_of(
    spec: Spec, keys: Sequence[str], document: Document, path: Steps, complaints: Complaints, what: str
) -> str | None:
    """The one of these keys that is given, or None after telling that there are none, or two."""
    given = [key for key in keys if getattr(spec, key) is not None]
    if len(given) == 1:
        return given[0]
    if given:
        message = f"{what} is of one kind: '{given[0]}' and '{given[1]}' are two"
        complaints.say(document.key_place((*path, given[1])), message, "bad-value", "Write two checks.")
    elif not set(document.names(path)) - set(_keys(spec)):  # else a slip, said already
        message = f"{what} is of one kind, {values.among(keys)}: and this has none"
        complaints.say(document.place(path), message, "missing-key")
    return None


def _keys(spec: Spec) -> list[str]:
    return [field.alias or name for name, field in type(spec).model_fields.items()]


@dataclass
class _Reading:
    """Reads one check of a source, and remembers whether all was well."""

    source: Source
    sources: Mapping[str, Source]
    declared: Collection[str]
    document: Document
    path: Steps
    complaints: Complaints
    fine: bool = True

    def check(self, value: Any) -> Check | None:
        """The check, still without a name if none is written."""
        spec = self.map(CheckSpec, value)
        kind = one_of(spec, specs.KINDS, self.document, self.path, self.complaints, "a check") if spec else None
        if spec is None or kind is None:
            return None
        rule = _RULES[kind](self, kind, getattr(spec, kind))
        if self.document.has((*self.path, "tolerate")) and rule is not None and not isinstance(rule, OF_ROWS):
            message = f"'tolerate' is a share of rows, and '{kind}' is not about single rows"
            self.say(message, "bad-value", _INSTEAD.get(kind), "tolerate", key=True)
        if spec.where is not None:
            self.expression(spec.where, "where")
        if spec.by is not None and rule is not None:
            self.parted(spec.by, kind, rule)
        if spec.name is not None and (spec.name == KEY or spec.name.startswith(REFERS)):
            message = f"'{spec.name}' is what a check is called that every source has"
            self.say(message, "bad-name", "Give it another name.", "name")
        if rule is None or not self.fine:
            return None
        return Check(
            name=spec.name or "",
            rule=rule,
            then=spec.then,
            tolerate=spec.tolerate,
            where=self.document.expression((*self.path, "where"), spec.where) if spec.where else None,
            by=spec.by,
            why=spec.why,
            place=self.document.key_place((*self.path, kind)),
        )

    # -- complaining -----------------------------------------------------------------------------------------------

    def say(self, message: str, slug: str, remedy: str | None, *keys: str | int, key: bool = False) -> None:
        """Complain about the value (or the key) at `keys`."""
        self.fine = False
        here = (*self.path, *keys)
        self.complaints.say(self.document.key_place(here) if key else self.document.place(here), message, slug, remedy)

    def told(self, vet: Callable[[], C], *keys: str | int, key: bool = False) -> C | None:
        """What `vet` gives; None after telling what it found wrong with the value (or the key)."""
        try:
            return vet()
        except Wrong as wrong:
            if key:
                self.say(wrong.message, wrong.slug, wrong.remedy, *keys, key=True)
            else:
                self.fine = False
                self.complaints.wrong(self.document, (*self.path, *keys), wrong)
            return None

    def map(self, model: type[S], value: Any, *keys: str) -> S | None:
        """A map of its own."""
        found = check(model, self.document, (*self.path, *keys), value, self.complaints)
        self.fine = self.fine and found is not None
        return found

    def column(self, name: str, *keys: str | int, key: bool = False) -> None:
        """Complain about a column that neither the source nor what it refers to has."""
        columns = Columns(self.sources)
        self.told(lambda: columns.find(self.source.name, tuple(name.split("."))), *keys, key=key)

    def columns(self, names: Sequence[str], kind: str) -> tuple[str, ...]:
        """The columns of a list, each once."""
        if not names:
            self.say(f"'{kind}' names columns: [a, b]", "bad-value", None, kind)
        for n, name in enumerate(names):
            here = (kind, n) if self.document.has((*self.path, kind, n)) else (kind,)
            self.column(name, *here)
            if name in names[:n]:
                self.say(f"'{name}' is given twice", "duplicate-name", "Remove one.", *here)
        return tuple(names)

    def expression(self, text: str, key: str) -> None:
        """Complain about an expression that cannot stand, or names what is not there."""
        if self.told(lambda: expression.parse(text), key) is not None:
            self.told(lambda: Columns(self.sources).vet(self.source.name, text), key)

    def parted(self, name: str, kind: str, rule: SourceRule) -> None:
        """Complain about parts of rows that cannot be looked at one by one."""
        if isinstance(rule, OF_ROWS):
            message = f"'by' looks at days cell by cell, and '{kind}' is about single rows"
            self.say(message, "bad-value", "Rows lie in their cells already: leave 'by' out.", "by", key=True)
        elif isinstance(rule, Covers) and rule.of is not None:
            message = f"'by' looks at days cell by cell, and this coverage is of {rule.of}"
            self.say(message, "bad-value", "Coverage 'of: days' can be looked at cell by cell.", "by", key=True)
        else:
            self.column(name, "by")
            if (who := Columns(self.sources).person(self.source.name, tuple(name.split(".")))) is not None:
                remedy = "Look cell by cell at something coarser than a person."
                self.say(f"a person is never a breakdown: {who}", "person-breakdown", remedy, "by")

    def by_column(self, kind: str, value: Any, example: str) -> Iterator[tuple[str, Any]]:
        """The entries of a map of columns."""
        if not isinstance(value, dict) or not value:
            message = f"{kind} is a map of columns, {example}, not {values.shown(value)}"
            self.say(message, "wrong-type", None, kind)
            return
        for name, item in value.items():
            self.column(name, kind, name, key=True)
            yield name, item

    def timed(self, kind: str) -> None:
        """Complain about a rule over days of a source whose rows have none."""
        if self.source.time is None:
            message = f"'{kind}' looks at the source's 'time', and it has none"
            self.say(message, "missing-key", "Add 'time: column' to the source.", kind, key=True)

    def length(self, length: Length, *keys: str) -> Length:
        """Complain about a length of nothing."""
        if not length.count:
            self.say("a length of nothing is never kept", "bad-length", "Write for example '1 day'.", *keys)
        return length

    def days(self, grain: Grain, kind: str) -> Grain:
        """Complain about periods that are shorter than a day."""
        if grain is Grain.HOUR:
            message = f"'{kind}' looks at days, so its grain is not an hour"
            self.say(message, "grain-not-possible", "Write 'grain: day'.", kind, "grain")
        return grain


# -- kinds ---------------------------------------------------------------------------------------------------------


def _not_null(reading: _Reading, kind: str, value: list[str]) -> SourceRule:
    return NotNull(reading.columns(value, kind))


def _unique(reading: _Reading, kind: str, value: list[str]) -> SourceRule:
    return Unique(reading.columns(value, kind))


def _rule(reading: _Reading, kind: str, value: str) -> SourceRule:
    reading.expression(value, kind)
    return Holds(reading.document.expression((*reading.path, kind), value))


def _fresh(reading: _Reading, kind: str, value: Length) -> SourceRule:
    reading.timed(kind)
    return Fresh(reading.length(value, kind))


def _outliers(reading: _Reading, kind: str, value: Any) -> SourceRule | None:
    reading.timed(kind)
    spec = reading.map(specs.OutliersSpec, value, kind)
    if spec is not None and spec.above <= 0:
        reading.say("'above' is above 0", "bad-value", "6 is a good one to begin with.", kind, "above")
    return Outliers(spec.above) if spec else None


def _latency(reading: _Reading, kind: str, value: Any) -> SourceRule | None:
    spec = reading.map(specs.LatencySpec, value, kind)
    if spec is None:
        return None
    reading.column(spec.from_, kind, "from")
    reading.column(spec.to, kind, "to")
    return Latency(spec.from_, spec.to, spec.at_most)


def _deadline(reading: _Reading, kind: str, value: Any) -> SourceRule | None:
    reading.timed(kind)
    spec = reading.map(specs.DeadlineSpec, value, kind)
    return Deadline(reading.days(spec.grain, kind), spec.within) if spec else None


def _between(reading: _Reading, kind: str, value: Any) -> SourceRule:
    limits = {}
    for column, item in reading.by_column(kind, value, "{column: [low, high]}"):
        if not isinstance(item, list) or len(item) != 2:
            message = f"the limits of '{column}' are two in brackets, [0, 100], not {values.shown(item)}"
            reading.say(message, "wrong-type", "null is open: [0, null].", kind, column)
            continue
        low, high = (_limit(reading, one, kind, column, n) for n, one in enumerate(item))
        if low is None and high is None:
            reading.say(f"both limits of '{column}' are open", "bad-value", None, kind, column)
        elif low is not None and high is not None:
            if isinstance(low, date) != isinstance(high, date):
                message = f"the limits of '{column}' are two numbers or two days"
                reading.say(message, "wrong-type", None, kind, column)
            elif low > high:  # type: ignore[operator]  # both are days, or neither is
                message = "between: the lower limit comes first"
                reading.say(message, "bad-value", f"Write [{item[1]}, {item[0]}].", kind, column)
        limits[column] = (low, high)
    return Between(limits)


def _limit(reading: _Reading, value: Any, *keys: str | int) -> Limit:
    """A number or a day; null is open."""
    if value is None:
        return None
    if isinstance(value, str):
        return reading.told(lambda: values.day(value), *keys)
    return reading.told(lambda: values.number(value), *keys)


def _one_of(reading: _Reading, kind: str, value: Any) -> SourceRule:
    found: dict[str, tuple[str | float | bool, ...]] = {}
    for column, item in reading.by_column(kind, value, "{column: [values]}"):
        if not isinstance(item, list) or not item:
            message = f"the values of '{column}' are a list, [a, b], not {values.shown(item)}"
            reading.say(message, "wrong-type", None, kind, column)
            continue
        for n, one in enumerate(item):
            if not isinstance(one, str | int | float):
                remedy = "Null passes by itself; 'not_null' refuses it." if one is None else None
                message = f"a value is a text, a number, true or false, not {values.shown(one)}"
                reading.say(message, "wrong-type", remedy, kind, column, n)
        found[column] = tuple(item)
    return OneOf(found)


def _matches(reading: _Reading, kind: str, value: Any) -> SourceRule:
    found = {}
    for column, item in reading.by_column(kind, value, "{column: regex}"):
        pattern = reading.told(lambda: values.text(item), kind, column)  # noqa: B023 - called at once
        if pattern is not None and (why := _no_regex(pattern)):
            remedy = "It is written as in RE2: no look-ahead, no references back." if "perl" in why else None
            reading.say(f"'{pattern}' is no regular expression: {why}", "bad-expression", remedy, kind, column)
        elif pattern is not None:
            found[column] = pattern
    return Matches(found)


def _no_regex(pattern: str) -> str | None:
    """Why a pattern is none, by the library that engines match with."""
    import pyarrow.compute as pc  # few catalogues have a pattern, and it takes a while to import

    try:
        pc.match_substring_regex(pa.nulls(1, pa.string()), pattern=pattern)
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ").strip()
    return None


def _coverage(reading: _Reading, kind: str, value: Any) -> SourceRule | None:
    reading.timed(kind)
    spec = reading.map(specs.CoverageSpec, value, kind)
    if spec is None:
        return None
    if not 0 < spec.at_least <= 1:
        reading.say("coverage is above 0 % and at most 100 %", "bad-value", None, kind, "at_least")
    grain = reading.days(spec.grain, kind)
    if spec.of == "days":
        return Covers(grain, spec.at_least)
    known = ["days", *_reachable(reading.source, reading.sources)]
    if spec.of not in reading.declared:
        remedy = values.near(spec.of, known) or f"It is of {values.among(known)}."
        reading.say(f"there is no source '{spec.of}'", "unknown-name", remedy, kind, "of")
        return None
    if spec.of not in reading.sources:
        return None  # it is amiss itself, and that is told already
    found = ways(reading.sources, reading.source.name, spec.of)
    if not found:
        message = f"{reading.source.name} does not refer to {spec.of}"
        reading.say(message, "bad-reference", f"It is of {values.among(known)}.", kind, "of")
        return None
    if len(found) > 1:
        shown = values.among(f"'{'.'.join(way)}'" for way in found)
        message = f"{spec.of} is referred to in two ways, {shown}"
        reading.say(message, "ambiguous-column", "Look at the coverage in a source between the two.", kind, "of")
        return None
    return Covers(grain, spec.at_least, spec.of, found[0])


def _reachable(source: Source, sources: Mapping[str, Source]) -> list[str]:
    """The sources that one refers to, in any number of steps, nearest first."""
    found = [source.name]
    for name in found:
        refers = sources[name].refers.values() if name in sources else ()
        found += dict.fromkeys(r.source for r in refers if r.source not in found)
    return found[1:]


_RULES: Mapping[str, Callable[[_Reading, str, Any], SourceRule | None]] = {
    "not_null": _not_null,
    "coverage": _coverage,
    "between": _between,
    "rule": _rule,
    "outliers": _outliers,
    "fresh": _fresh,
    "latency": _latency,
    "deadline": _deadline,
    "one_of": _one_of,
    "matches": _matches,
    "unique": _unique,
}
#: What says how much is tolerated, where that is no share of rows.
_INSTEAD = {
    "coverage": "'at_least' says how much may be missing.",
    "fresh": "The length says how old is too old.",
    "deadline": "'within' says how late is too late.",
    "outliers": "'above' says how unusual is too unusual.",
}


# -- names ---------------------------------------------------------------------------------------------------------


def _named(checks: Sequence[Check]) -> Iterator[Check]:
    """Each check with a name: as written, else its kind, and its columns where there are several of that kind."""
    kinds = Counter(one.rule.kind for one in checks if not one.name)
    for one in checks:
        if one.name:
            yield one
        else:
            kind = one.rule.kind
            columns = (*_columns(one.rule), *([one.by] if one.by else [])) if kinds[kind] > 1 else ()
            yield replace(one, name="_".join((kind, *columns)))


def _columns(rule: SourceRule) -> tuple[str, ...]:
    """What a rule looks at, to tell it from others of its kind."""
    match rule:
        case NotNull(columns=columns) | Unique(columns=columns):
            return columns
        case Between(limits=by_column) | OneOf(values=by_column) | Matches(patterns=by_column):
            return tuple(by_column)
        case Covers(of=of):
            return (of or "days",)
        case Latency(end=end):
            return (end,)
        case _:
            return ()


def _told_apart(
    source: Source, checks: Sequence[Check], paths: Sequence[Steps], document: Document, complaints: Complaints
) -> None:
    """Complain about two checks of one name: alerts and pages could not tell which one is meant."""
    first: dict[str, Place] = {}
    for one, path in zip(checks, paths, strict=True):
        place = document.place((*path, "name")) if document.has((*path, "name")) else one.place
        if one.name in first:
            message = f"{source.name} has two checks '{one.name}'; the first is in line {first[one.name].line}"
            complaints.say(place, message, "duplicate-name", "Give one of them a 'name' of its own.")
        elif place is not None:
            first[one.name] = place
