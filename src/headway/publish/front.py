"""The front page in words: how many KPIs stand how, what needs someone, and what is true of the whole board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from headway.formats import dates, numbers, plurals
from headway.model import Catalog, Kpi
from headway.publish import goals, tiles, words
from headway.publish.pages import Count, Group, Sentence, Tile
from headway.publish.stored import MANY, Stored, complete, streak

#: At most so many sentences open the page.
BRIEF = 5
#: A board without headlines shows all its KPIs as cards, up to this many.
_CARDS = 12
_NEEDS = ("off", "failed", "withheld", "stale")
_RANKS = {"headline": 0, "primary": 1, None: 2, "secondary": 3}
#: The KPI of a card, and the rows whose verdicts are on it.
Behind = Callable[[Tile], tuple[Kpi, Sequence[Stored]]]


def headlines(every: Sequence[Tile]) -> tuple[Tile, ...]:
    """The cards that stand first: those of headline KPIs; without any, all that are tracked, if they are few."""
    found = [t for t in every if t.rank == "headline" and t.maturity != "retired"]
    tracked = [t for t in every if t.maturity == "tracked"]
    return tuple(found or (tracked if len(tracked) <= _CARDS else []))


def counts(every: Sequence[Tile]) -> tuple[Count, ...]:
    """How many KPIs have each status, in the order in which a board counts them."""
    found = Counter(t.verdict.key for t in every)
    return tuple(
        Count(replace(next(t.verdict for t in every if t.verdict.key == key), word=word), found[key])
        for key, word in words.COUNTED.items()
        if found[key]
    )


def groups(every: Sequence[Tile], catalog: Catalog) -> tuple[Group, ...]:
    """Cards by area, in the order in which the project lists its areas; those without one come last."""
    areas = {name: area.title for name, area in catalog.areas.items()}
    areas |= {tile.area: tile.area_title for tile in every if tile.area}
    found = [Group(name, title, tuple(t for t in every if t.area == name)) for name, title in areas.items()]
    rest = tuple(t for t in every if not t.area)
    shown = [group for group in found if group.tiles]
    if rest:
        shown.append(Group("other", "Other" if shown else "KPIs", rest))
    return tuple(shown)


def brief(every: Sequence[Tile], behind: Behind) -> tuple[Sentence, ...]:
    """What needs someone, the worst and most prominent first."""
    needy = [t for t in every if t.verdict.key in _NEEDS]
    needy.sort(key=lambda t: (_NEEDS.index(t.verdict.key), _RANKS[t.rank]))
    return tuple(_sentence(t, *behind(t)) for t in needy)


def notices(at: tiles.Situation, computed: str, names: Iterable[str]) -> tuple[str, ...]:
    """What is true of a whole page of these KPIs: nothing computed, an old run, sources that failed."""
    if at.run_now is None:
        return ("Nothing has been computed yet. The first run fills this page.",)
    found = []
    if at.now - at.run_now > timedelta(days=2):
        found.append(f"Nothing has been computed since {computed}.")
    touched = {source for name in names for source in at.upstream(at.catalog.kpis[name])}
    failed = [name for name, tried in at.tried.items() if tried.load.failed and name in touched]
    if failed:
        which = f"Source {failed[0]}" if len(failed) == 1 else f"Sources {', '.join(failed)}"
        found.append(f"{which} could not be read when last tried. KPIs of other sources stand.")
    return tuple(found)


def held(at: tiles.Situation) -> str:
    """What checks hold back, in a sentence; '' if nothing is."""
    count = len(list(at.findings.brief()))
    return f"Checks of the data hold back numbers of {plurals.count(count, 'KPI')}." if count else ""


def _sentence(tile: Tile, kpi: Kpi, line: Sequence[Stored]) -> Sentence:
    match tile.verdict.key:
        case "off":
            part = goals.lead(kpi)
            newest = next(row for row in reversed(line) if not row.partial)
            side = "above" if tile.verdict.word.startswith("Above") else "below"
            limit = newest.high if side == "above" else newest.low
            goal = f" of {numbers.exact(limit, goals.unit_of(kpi, part))}" if limit is not None else ""
            again = streak(line, "off")
            repeat = f", for the {words.ordinal(again)} {kpi.front} in a row" if again > 1 else ""
            if again > MANY:
                repeat = f", every {kpi.front} since {dates.period(complete(line)[-again].period)}"
            # A title may be plural: "stood" fits both.
            text = f"stood at {tile.shown.text} {tile.when}, {side} the target{goal}{repeat}."
            if part:
                grew = numbers.tile(newest.value, goals.PERCENT)
                over = part.removeprefix("growth ")
                text = (
                    f"stood at {tile.shown.text} {tile.when}; its growth over {over}, {grew}, "
                    f"is {side} the target{goal}{repeat}."
                )
            return Sentence(tile.verdict, tile.name, tile.title, text, tile.shown.text)
        case "stale":
            was = tile.verdict.word.removeprefix("Stale, was ")
            end = f" It was {was}." if was != tile.verdict.word else ""
            late = (
                f"has {_lower(tile.note)}." if tile.reason is None else f"is {_lower(tile.note)}: {_lower(tile.reason)}"
            )
            text = f"{late}{end}"
        case "withheld":
            text = f"is withheld: {_lower(tile.reason or '')}"
        case _:
            text = f"was not computed: {_lower(tile.reason or '')}"
    return Sentence(tile.verdict, tile.name, tile.title, text)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
