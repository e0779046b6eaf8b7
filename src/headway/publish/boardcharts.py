"""Charts of boards: which series, in which order, on which scale and with which words; `charts` then places ink.

The seven largest cells have a series each, and the others one together where their sum says something: in a stack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from headway import charts
from headway.charts import Plot, Role, Series, Step
from headway.formats import dates, numbers, plurals
from headway.model import Cell, Distinct, Kpi, Look, Scale, Shown
from headway.model import Tile as Declared
from headway.periods import Grain, Period
from headway.publish import boardlines, boardshapes, cells, figures, objectives, words
from headway.publish.boardpages import ChartTile, Heading, ValueRow, Values
from headway.publish.boardwords import by_words, counted, depth, factors, inner, said, slots_of, span, titled, unit_word
from headway.publish.shelf import Shelf, alone, part_name, title, value_at
from headway.publish.stored import Stored, by_key, year_before
from headway.publish.tiles import accumulates

#: So many groups have a series of their own; of more, the largest but for one, and the others together.
MOST = 8
#: Bars side by side are wide.
_BESIDE = 5
_STACKED = (Look.STACKED_AREA, Look.STACKED_BAR)
_BARS = (Look.BAR, Look.STACKED_BAR)


@dataclass(frozen=True, slots=True)
class Strand:
    """One series before it is cut to periods: a KPI, a part or a cell of one; `kpi` as if it were this alone."""

    name: str
    shown: Shown
    kpi: Kpi
    line: Sequence[Stored]
    path: str = ""


#: Strands with their values along the axis.
Ranked = Sequence[tuple[Strand, list[float | None]]]


def draw(tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> ChartTile:
    """The tile of a board's page for the cell `of`."""
    shape = boardshapes.SHAPES.get(tile.look)
    if shape is not None:
        return shape(tile, of, shelf, anchor)
    return _Chart(tile, of, shelf, anchor).tile()


class _Chart:
    """A chart of series over time."""

    def __init__(self, tile: Declared, of: Cell, shelf: Shelf, anchor: str) -> None:
        self.declared = tile
        self.shelf = shelf
        self.anchor = anchor
        self.cell: Cell = (*of, *tile.cell)
        self.grain = tile.of[0].grain
        self.stacked = tile.look in _STACKED
        self.kpi = alone(shelf.kpi(tile.of[0]), tile.of[0], self.cell)
        self.total = shelf.line(tile.of[0], self.cell) if len(tile.of) == 1 else ()
        self.strands = self._strands()
        self.axis = self._axis()
        self.ranked = self._ranked()

    def _strands(self) -> list[Strand]:
        found = []
        for shown in self.declared.of:
            kpi = self.shelf.kpi(shown)
            own = alone(kpi, shown, self.cell)
            if not self.declared.by:
                name = part_name(shown.part).capitalize() if self._one_kpi() else title(kpi, shown.part)
                found.append(Strand(name, shown, own, self.shelf.line(shown, self.cell), f"kpi/{kpi.name}"))
                continue
            for cell, line in self.shelf.cells(shown, self.declared.by, self.cell).items():
                name = cells.label(cell, own)
                found.append(Strand(f"{name}, {kpi.title}" if len(self.declared.of) > 1 else name, shown, own, line))
        return found

    def _one_kpi(self) -> bool:
        """True for several numbers of one KPI: its name is that of the chart, and theirs are short."""
        of = self.declared.of
        return len(of) > 1 and len({shown.kpi for shown in of}) == 1

    def _axis(self) -> list[Period]:
        """The periods that are shown; one that has just begun is no point of a line, nor is a sum that still grows."""
        lines = [strand.line for strand in self.strands] + [self.total]
        axis = self.shelf.axis(lines, self.declared.periods)
        running = {row.period.key for line in lines for row in line[-2:] if row.partial}
        grows = self.declared.look not in _BARS and any(accumulates(strand.kpi) for strand in self.strands)
        while len(axis) > 1 and axis[-1].key in running and (grows or self.grain.rank <= Grain.DAY.rank):
            axis.pop()
        self.running = running
        return axis

    # -- the tile ----------------------------------------------------------------------------------------------------

    def tile(self) -> ChartTile:
        """All of it; without a single number, why."""
        ranked = self.ranked
        name = self.declared.title or self._title()
        kpis = tuple(dict.fromkeys(shown.kpi for shown in self.declared.of))
        if not ranked:
            why = boardlines.nothing(self.shelf.kpi(self.declared.of[0]), self.shelf)
            return ChartTile(self.anchor, name, "", None, why, Values("", (), ()), kpis)
        series = self._series(ranked)
        finding = self._finding(ranked)
        plot = self._plot(ranked, series, finding)
        values = self._values(series, [strand.path for strand, _ in ranked])
        return ChartTile(self.anchor, name, self._subtitle(ranked, series), plot, finding, values, kpis)

    def _ranked(self) -> Ranked:
        """Strands with their values along the axis: KPIs as they are listed, cells by size, none without a number."""
        held = {row.period.key for row in self.total if row.withheld}
        found = []
        for strand in self.strands:
            known = by_key(strand.line)
            values = [self._value(strand, known.get(which.key), which, held=which.key in held) for which in self.axis]
            if any(value for value in values) or (not self.declared.by and any(v is not None for v in values)):
                found.append((strand, values))
        if self.declared.by:
            newest = self._newest()
            grows = all(accumulates(strand.kpi) for strand, _ in found)

            def size(one: tuple[Strand, list[float | None]]) -> float:
                return sum(v or 0.0 for v in one[1]) if grows else one[1][newest] or 0.0

            found.sort(key=lambda one: (-size(one), one[0].name))
        return found

    def _value(self, strand: Strand, row: Stored | None, which: Period, *, held: bool) -> float | None:
        if not self.declared.by:
            return row.value if row is not None else None
        return value_at(row, which, strand.line, strand.kpi, strand.shown.part, held=held)

    def _newest(self) -> int:
        """The place of the newest period that is over, on the axis."""
        return max(
            (n for n, which in enumerate(self.axis) if which.key not in self.running), default=len(self.axis) - 1
        )

    def _series(self, ranked: Ranked) -> list[Series]:
        most = _BESIDE if self.declared.look is Look.BAR and len(ranked) > 1 else MOST
        many = len(ranked) > most
        kept = ranked[: most - 1] if many else ranked
        found = [self._one(strand.name, strand.kpi, values, "category") for strand, values in kept]
        if many and self.stacked:  # beside lines or bars the others, who are no group, would dwarf each of them
            rest = [values for _, values in ranked[most - 1 :]]
            summed = [_sum([values[n] for values in rest]) for n in range(len(self.axis))]
            found.append(self._one(f"{len(rest)} others", self.kpi, summed, "others"))
        if self.declared.by and self.stacked and self.total and (not cells.sums(self.kpi) or self._lacks()):
            known = by_key(self.total)
            whole = [known[which.key].value if which.key in known else None for which in self.axis]
            if any(value is not None for value in whole):
                found.append(self._one("Total", self.kpi, whole, "total"))
        return found

    def _lacks(self) -> bool:
        """True if a part is withheld in a period that is shown, so that the stack is too low there."""
        shown = {which.key for which in self.axis}
        return any(row.withheld and row.period.key in shown for strand in self.strands for row in strand.line)

    def _one(self, name: str, kpi: Kpi, values: Sequence[float | None], role: Role) -> Series:
        digits = depth(self._alike(kpi, values), kpi.unit, kpi.decimals)
        last = next((v for v in reversed(values) if v is not None), None)
        return Series(
            name=name,
            values=tuple(values),
            texts=tuple(numbers.full(value, kpi.unit, digits) for value in values),
            label=str(numbers.tile(last, figures.bare(kpi.unit), decimals=kpi.decimals)) if last is not None else "",
            role=role,
            partial=tuple(which.key in self.running for which in self.axis),
        )

    def _alike(self, kpi: Kpi, values: Sequence[float | None]) -> list[float | None]:
        """The numbers that stand beside these: those of the same unit."""
        beside = (
            one for strand, one in self.ranked if (strand.kpi.unit, strand.kpi.decimals) == (kpi.unit, kpi.decimals)
        )
        return [*values, *chain.from_iterable(beside)]

    # -- the plot ----------------------------------------------------------------------------------------------------

    def _plot(self, ranked: Ranked, series: Sequence[Series], says: str) -> Plot:
        bars, unit = self.declared.look in _BARS, self.kpi.unit
        steps = self._steps(bars=bars) if len(series) == 1 else ()
        parts = [one for one in series if one.role != "total"]
        values = [value for one in series for value in one.values if value is not None]
        if self.stacked:
            columns = [[one.values[n] or 0.0 for one in parts] for n in range(len(self.axis))]
            values += [sum(v for v in column if v > 0) for column in columns]
            values += [sum(v for v in column if v < 0) for column in columns]
        from_zero = bars or self.stacked or self.declared.look is Look.AREA
        low, high = charts.extent(values, [step.value for step in steps], "bar" if from_zero else "line")
        present = [value for one in series for value in one.values if value is not None and value != 0]
        log = factors(present, unit) if not bars else ()
        slots = slots_of(self.axis, bars=bars)
        return Plot(
            shape=_SHAPES[self.declared.look],
            slots=slots,
            series=tuple(series),
            low=low,
            high=high,
            ticks=tuple((value, numbers.axis(value, unit)) for value in numbers.ticks(low, high, unit)),
            says=says,
            unit=unit_word(unit),
            log_ticks=log,
            log=self.declared.scale is Scale.LOG and bool(log),
            steps=steps,
            remarks=self._remarks(ranked),
            totals=self._totals(series),
        )

    def _totals(self, series: Sequence[Series]) -> tuple[str, ...]:
        """What a stack comes to in each period, as it was stored; none where a series says it."""
        if not (self.stacked and self.declared.by and self.total) or any(one.role == "total" for one in series):
            return ()
        known = by_key(self.total)
        values = [known[which.key].value if which.key in known else None for which in self.axis]
        digits = depth(self._alike(self.kpi, values), self.kpi.unit, self.kpi.decimals)
        return tuple("" if value is None else numbers.full(value, self.kpi.unit, digits) for value in values)

    def _steps(self, *, bars: bool) -> tuple[Step, ...]:
        """The targets of a lone series, as they were."""
        known = by_key(self.strands[0].line)
        rows = [known.get(which.key) for which in self.axis]
        places = [slot.at for slot in slots_of(self.axis, bars=bars)]
        form: charts.Form = "bar" if bars else "line"
        lows, highs = [row.low if row else None for row in rows], [row.high if row else None for row in rows]
        kpi = self.strands[0].kpi
        return (
            *figures.stretches(places, lows, "≥", kpi, form),
            *figures.stretches(places, highs, "≤", kpi, form),
        )

    def _remarks(self, ranked: Ranked) -> tuple[charts.Remark, ...]:
        names = dict.fromkeys(strand.shown.kpi for strand, _ in ranked)
        notes = [note for name in names for note in objectives.notes(self.shelf.at.catalog, name)]
        return figures.remarks_on(list(dict.fromkeys(notes)), self.axis[0].first, self.axis[-1].last)

    # -- words -------------------------------------------------------------------------------------------------------

    def _title(self) -> str:
        if len(self.declared.of) > 1 and not self.declared.by and not self._one_kpi():
            names = [strand.name if n == 0 else inner(strand.name) for n, strand in enumerate(self.strands)]
            return plurals.listed(names if len(names) < 4 else [*names[:2], f"{len(names) - 2} more"])
        shown = self.declared.of[0]
        part = "" if self._one_kpi() else shown.part
        return titled(title(self.shelf.kpi(shown), part, self.declared.cell), self.declared.by)

    def _subtitle(self, ranked: Ranked, series: Sequence[Series]) -> str:
        said = [f"{counted(self.kpi, self.grain)}, {span(self.axis)}."]
        shown = [one for one in series if one.role == "category"]
        if len(shown) < len(ranked) and not any(one.role == "others" for one in series):
            said.append(f"The {len(shown)} largest of {len(ranked)}.")
        if any(one.role == "total" for one in series) and self._taller(series):
            if isinstance(self.kpi.measure, Distinct):
                said.append(
                    f"What is in several counts once in each {by_words(self.declared.by)}, so the stack is taller than "
                    "the heavy line, where each counts once."
                )
            elif not self._lacks():
                said.append("The parts do not add up: the heavy line is the total.")
        if any(one.role == "total" for one in series) and self._lacks():
            said.append("Parts that are withheld are missing below the line of the total.")
        return " ".join(said)

    def _taller(self, series: Sequence[Series]) -> bool:
        newest = self._newest()
        parts = sum(one.values[newest] or 0.0 for one in series if one.role != "total")
        whole = next((one.values[newest] for one in series if one.role == "total"), None)
        return whole is not None and not math.isclose(parts, whole, rel_tol=1e-9)

    def _finding(self, ranked: Ranked) -> str:
        """One sentence of what the chart shows, at the newest period that is over."""
        newest = self._newest()
        which = self.axis[newest]
        found = [(strand, values[newest]) for strand, values in ranked if values[newest] is not None]
        if not found:
            return f"There is no number {words.covered(self.kpi, which)}."
        if len(self.declared.of) > 1:
            shown = [f"{strand.name} {said(value, strand.kpi)}" for strand, value in found[:4]]
            more = f", and {len(found) - 4} more" if len(found) > 4 else ""
            return f"{dates.period(which)}: {', '.join(shown)}{more}."
        if not self.declared.by:
            strand, value = found[0]
            return f"{said(value, strand.kpi)} {words.covered(strand.kpi, which)}{self._before(strand.line, which)}."
        found.sort(key=lambda one: -(one[1] or 0))
        first = f"{found[0][0].name} has {said(found[0][1], self.kpi)}"
        if len(found) > 1:
            first = (
                f"The largest of {len(found)} is {found[0][0].name} with {said(found[0][1], self.kpi)}, "
                f"then {found[1][0].name} with {said(found[1][1], self.kpi)}"
            )
        whole = by_key(self.total).get(which.key)
        in_all = ""
        if whole is not None and whole.value is not None:
            in_all = f"; {said(whole.value, self.kpi)} in all{self._before(self.total, which)}"
        return f"{first}, {words.covered(self.kpi, which)}{in_all}."

    def _before(self, line: Sequence[Stored], which: Period) -> str:
        past = year_before(which, by_key(line))
        return f", {said(past.value, self.kpi)} a year before" if past is not None and past.value is not None else ""

    def _values(self, series: Sequence[Series], paths: Sequence[str]) -> Values:
        """The table behind the chart, the newest period first."""
        ordered = sorted(enumerate(series), key=lambda one: one[1].role != "total")
        return Values(
            first=self.grain.value.capitalize(),
            columns=tuple(
                Heading(one.name, paths[n] if n < len(paths) and one.role == "category" else "") for n, one in ordered
            ),
            rows=tuple(
                ValueRow(
                    Heading(f"{dates.period(which)} so far" if which.key in self.running else dates.period(which)),
                    tuple(one.values[n] for _, one in ordered),
                    tuple(one.texts[n] for _, one in ordered),
                    which.key in self.running,
                )
                for n, which in reversed(list(enumerate(self.axis)))
            ),
        )


_SHAPES: dict[Look, charts.Shape] = {
    Look.LINE: "line",
    Look.AREA: "area",
    Look.STACKED_AREA: "stacked area",
    Look.BAR: "bar",
    Look.STACKED_BAR: "stacked bar",
}


def _sum(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) if present else None
