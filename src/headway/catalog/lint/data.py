"""What the data show of a catalogue: breakdowns that single people out or mean two things, and times without a zone.

The linter reads no data: what was read is handed to it (`Scene.told`), and without it these rules find nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from headway.catalog.lint.finding import Finding, Relation, allowing
from headway.catalog.lint.scene import Scene
from headway.errors import Place
from headway.model import Cells, Duration, Kpi, Recurring, RowMeasure, Source

#: A breakdown of fewer people a cell than this shows persons; of so few cells it may be chance.
_PEOPLE, _FEWEST = 2.0, 5
#: Breakdowns of more values than this are names of things, and differ anyway.
_WORDS = 30


def individuals(scene: Scene) -> Iterator[Finding]:
    """Each breakdown of rows about people with nearly one person in each cell, and the KPIs that have it."""
    broken: dict[tuple[tuple[str, ...], Cells], list[Kpi]] = {}
    for kpi, breakdown, cells in _broken_down(scene):
        broken.setdefault((breakdown, cells), []).append(kpi)
    for (breakdown, cells), kpis in broken.items():
        if not few_people(cells):
            continue
        assert cells.people is not None, "few people are counted"
        column, names = " x ".join(breakdown), tuple(kpi.name for kpi in kpis)
        yield Finding(
            "individuals",
            Relation.NOTE,
            f"'{column}' of {', '.join(names)} singles people out: there are about "
            f"{cells.people / cells.count:.1f} of them in a cell",
            names,
            tuple(_place_of(kpi, breakdown) for kpi in kpis),
            f"{cells.count:,} cells of {column} hold about {cells.people:,} people, each counted in every cell.",
            f"Break down by something coarser. {allowing('individuals', *names)}",
        )


def few_people(cells: Cells) -> bool:
    """True if there is nearly one person in each cell."""
    return cells.people is not None and cells.count >= _FEWEST and cells.people < _PEOPLE * cells.count


def naive_time(scene: Scene) -> Iterator[Finding]:
    """Timestamps that name no zone, in a project that cuts its days elsewhere than in UTC: all sources at once."""
    zone = scene.catalog.calendar.zone
    naive: dict[str, list[str]] = {}
    for source in scene.catalog.sources.values():
        types = scene.told.schemas.get(source.name, {})
        columns = [column for column in _times(scene, source) if types.get(column) == "timestamp"]
        if columns and zone != "UTC" and "times_in" not in source.places:
            naive[source.name] = columns
    if naive:
        first = scene.catalog.sources[next(iter(naive))]
        several = f"{len(naive)} sources, of which {first.name} is the first," if len(naive) > 1 else f"{first.name}"
        listed = "; ".join(f"{name}: {', '.join(columns)}" for name, columns in naive.items())
        yield Finding(
            "naive-time",
            Relation.NOTE,
            f"{several} {'have' if len(naive) > 1 else 'has'} times that name no zone, and days are cut in {zone}",
            (),
            (first.places.get("time", first.place),),
            f"They are read as UTC. If it was local time that was written, every day is cut some hours off. {listed}.",
            f"Write 'times_in: UTC' at a source if that is so, else 'times_in: {zone}'.",
        )


def _times(scene: Scene, source: Source) -> list[str]:
    """The columns of a source by which its rows are dated, as far as KPIs read them."""
    found = [source.time, source.until, source.through, source.known_on]
    for kpi in scene.catalog.kpis.values():
        if isinstance(kpi.measure, Duration):
            found += [mark.column for mark in (kpi.measure.begin, kpi.measure.end) if mark.source == source.name]
        elif kpi.source == source.name:
            found.append(kpi.time)
    return [column for column in dict.fromkeys(found) if column]


# -- one name, two meanings ----------------------------------------------------------------------------------------


def same_name(scene: Scene) -> Iterator[Finding]:
    """Breakdowns of one name that come from two columns, of which each has values that the other lacks."""
    seen: dict[str, list[tuple[Kpi, frozenset[tuple[str, str]], frozenset[str]]]] = {}
    for kpi, breakdown, (origins, values) in _vocabularies(scene):
        known = seen.setdefault(breakdown, [])
        if any(origins == theirs for _, theirs, _ in known):
            continue
        known.append((kpi, origins, values))
        for other, theirs, words in known[:-1]:
            if why := _differ(breakdown, origins, values, theirs, words):
                places = (_place_of(kpi, (breakdown,)), _place_of(other, (breakdown,)))
                yield Finding(
                    "same-name",
                    Relation.NOTE,
                    f"'{breakdown}' of {kpi.name} and of {other.name} is one breakdown by name, with different values",
                    (kpi.name, other.name),
                    places,
                    why,
                    "Derive the same values in both sources, or a column of another name. "
                    f"{allowing('same-name', kpi.name, other.name)}",
                )


def _vocabularies(scene: Scene) -> Iterator[tuple[Kpi, str, tuple[frozenset[tuple[str, str]], frozenset[str]]]]:
    """The values of each KPI's breakdowns by one column, of all the sources that it reads them from."""
    found: dict[tuple[str, str], tuple[frozenset[tuple[str, str]], frozenset[str]]] = {}
    for kpi, breakdown, cells in _broken_down(scene):
        if len(breakdown) == 1 and cells.whole and cells.count <= _WORDS:
            values = frozenset(value for (value,) in cells.some if value != "(none)")
            origins, known = found.get((kpi.name, breakdown[0]), (frozenset(), frozenset()))
            found[kpi.name, breakdown[0]] = (origins | frozenset(cells.origins), known | values)
    for (name, column), vocabulary in found.items():
        if vocabulary[1]:
            yield scene.catalog.kpis[name], column, vocabulary


def _differ(
    name: str,
    origins: frozenset[tuple[str, str]],
    values: frozenset[str],
    theirs: frozenset[tuple[str, str]],
    words: frozenset[str],
) -> str:
    """What is amiss with two sets of values of one breakdown; '' if nothing is.

    Two sources need not have all values in common, so only two things are told: values that differ in nothing but how
    they are written, and sets that have none in common.
    """
    one, other = (" and ".join(f"{s}.{c}" for s, c in sorted(some)) for some in (origins, theirs))
    spelled = {_plain(word): word for word in words}
    variants = [(value, spelled[_plain(value)]) for value in sorted(values - words) if _plain(value) in spelled]
    if variants:
        shown = ", ".join(f"'{a}' and '{b}'" for a, b in variants[:3])
        return f"{one} and {other} write {shown} for what seems to be one {name}."
    if values & words or len(values) < 2 or len(words) < 2:
        return ""
    return f"{one}: {_some(values)}. {other}: {_some(words)}. None is in both."


def _plain(value: str) -> str:
    return "".join(character for character in value.lower() if character.isalnum())


def _some(values: frozenset[str]) -> str:
    first = sorted(values)[:4]
    return ", ".join(f"'{value}'" for value in first) + (f" and {len(values) - 4} more" if len(values) > 4 else "")


# -- where cells are -----------------------------------------------------------------------------------------------


def _broken_down(scene: Scene) -> Iterator[tuple[Kpi, tuple[str, ...], Cells]]:
    """Each breakdown of each KPI over rows, with its cells in each source that it reads them from."""
    for kpi in scene.catalog.kpis.values():
        if not isinstance(kpi.measure, RowMeasure):
            continue
        sources = [kpi.measure.picks]
        if isinstance(kpi.measure, Recurring) and kpi.measure.plus:
            sources.append(kpi.measure.plus[0])
        for breakdown in kpi.breakdowns:
            for source in sources:
                columns = tuple(name for name in breakdown if name not in kpi.measure.built_in)
                if cells := scene.told.cells.get((source, columns)):
                    yield kpi, columns, cells


def _place_of(kpi: Kpi, breakdown: tuple[str, ...]) -> Place:
    at = next((n for n, own in enumerate(kpi.by) if {*breakdown} <= {*own}), None)
    return kpi.at("by" if at is None else f"by.{at}")
