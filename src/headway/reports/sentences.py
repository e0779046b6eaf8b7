"""Sentences that describe a change, made of stored numbers: what a person would say who looked at the line.

"MAU rose 4.2 % to 7,512 people, the highest so far, and stayed above the target of 7,200; oslo and lima accounted for
two thirds of it." Which words are said follows from the numbers, so the same numbers give the same sentence. Each
figure in it keeps which number it is of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from headway.formats import dates, numbers, plurals
from headway.formats.numbers import Change
from headway.model import Cell, Kpi, UnitKind
from headway.periods import Grain, Period, WindowKind
from headway.publish import cells, drivers, figures, goals, history, tiles, words
from headway.publish.history import Past
from headway.publish.stored import MANY, Stored, by_key
from headway.reports import shares
from headway.reports.snapshot import Said

#: Of so many earlier numbers one is the highest; of fewer that says little.
_EARLIER = {Grain.YEAR: 3, Grain.QUARTER: 4}
#: "The highest since": if the last one as high lies so many periods back.
_SINCE = {Grain.YEAR: 3, Grain.QUARTER: 4, Grain.DAY: 60, Grain.HOUR: 72}
#: So many in a row are told.
_ROW = 4
#: Whole numbers below this read better as they are than as a percentage of each other.
_FEW = 20
#: A step that is larger than those before it is called a jump from this share on.
_JUMP = 0.1

Piece = str | Said


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence is about: a line of numbers, the oldest first, one number of it, and what lies around.

    `own` is the KPI as if this line were all of it, and `subject` what it is called; `by_cell` gives the rows of a
    period by cell. `earlier` is the period to compare with, by the `length` that was asked for or, if that is '', as
    cards do.
    """

    subject: str
    kpi: Kpi
    own: Kpi
    part: str
    cell: Cell
    line: Sequence[Stored]
    row: Stored
    past: Past
    length: str
    earlier: Period | None
    by_cell: Mapping[int, Mapping[Cell, Stored]]


def sentence(told: Told) -> list[Piece]:
    """The sentence, in pieces: words, and figures that say which number they are of."""
    return _Sentence(told).pieces()


class _Sentence:
    def __init__(self, told: Told) -> None:
        self.told, self.row, self.own = told, told.row, told.own
        breaks = history.breaks(told.line, told.past, told.part, told.cell)
        since = max((key for key in breaks if key <= self.row.period.key), default=0)
        #: The numbers up to this one that were made by the same method.
        self.line = [row for row in told.line if since <= row.period.key <= self.row.period.key and not row.partial]
        self.then = self._then()
        self.change = self._change()

    def _then(self) -> Stored | None:
        """The earlier number, if there is one to compare with."""
        then = self.told.earlier
        found = by_key(self.line).get(then.key) if then is not None else None
        usable = found is not None and found.value is not None and not (found.at_least or self.row.at_least)
        return found if usable else None

    def _change(self) -> Change | None:
        return numbers.change(self.row.value, self.then.value, self.own.unit) if self.then else None

    def pieces(self) -> list[Piece]:
        """All of it, neighbouring words as one piece."""
        found: list[Piece] = []
        record, target = list(self._record()), list(self._target())
        # What stands between commas is closed by one.
        comma = "," if record and target and not str(target[0]).startswith(",") else ""
        for piece in (*self._main(), *record, comma, *target, *self._explained(), "."):
            if isinstance(piece, str) and found and isinstance(found[-1], str):
                found[-1] += piece
            elif piece:
                found.append(piece)
        return found

    # -- what moved ----------------------------------------------------------------------------------------------------

    def _main(self) -> Iterator[Piece]:
        subject = f"{self.told.subject}," if ", " in self.told.subject else self.told.subject
        if self.change is None or self.then is None:
            yield f"{subject} stood at "  # of one and of many: a title does not say which it is
            yield self._value()
        elif self.change.direction == "same":
            yield f"{subject} {'held' if self.row.value else 'stayed'} at "
            yield self._value()
        elif self._reads_alike:
            yield f"{subject} remained almost unchanged at "
            yield self._value()
        elif self._is_plain:
            yield f"{subject} {self._verb} from "
            yield self._figure(self._bare(self.then), period=self.then.period.name, of=self.then)
            yield " to "
            yield self._value()
            yield from self._over()
        else:
            yield f"{subject} {self._verb} "
            yield self._said(_words_for(self.change.amount), "change", self.then.period)
            yield from self._over()
            yield " to "
            yield self._value()

    def _value(self) -> Said:
        return self._figure(tiles.shown(self.own, self.row).text, period=self.row.period.name, of=self.row)

    def _figure(self, text: str, *, period: str, of: Stored) -> Said:
        return Said(text, "", period, "", of.value, of.revision, ())

    def _said(self, text: str, says: str, than: Period | None = None, of: Sequence[Cell] = ()) -> Said:
        period = than.name if than else ""
        return Said(text, says, self.row.period.name, period, self.row.value, self.row.revision, tuple(of))

    def _bare(self, row: Stored) -> str:
        return tiles.shown(replace(self.own, unit=figures.bare(self.own.unit)), row).text

    @property
    def _reads_alike(self) -> bool:
        """True for a change that the numbers as they are shown do not show, or only in digits that nobody reads."""
        tiny = self.change is not None and self.change.amount.startswith("<")
        return self.then is not None and (tiny or self._bare(self.then) == self._bare(self.row))

    @property
    def _is_plain(self) -> bool:
        """True where a percentage misleads: from or to nothing, below zero, of a few, or of more than there was."""
        if self.own.unit.kind in (UnitKind.PERCENT, UnitKind.POINTS) or self.then is None:
            return False
        old, new = float(self.then.value or 0), float(self.row.value or 0)
        few = max(abs(old), abs(new)) < _FEW and old.is_integer() and new.is_integer()
        return few or min(old, new) <= 0 or new / old > 2

    @property
    def _verb(self) -> str:
        rose = self.change is not None and self.change.direction == "up"
        steps = [abs(b - a) for a, b in self._steps()]
        if len(steps) > MANY and not self.told.length and self.row.period.grain.rank > Grain.DAY.rank:
            before, size = max(steps[-MANY - 1 : -1]), self._steps()[-1][0]
            if steps[-1] > before and size and steps[-1] / abs(size) >= _JUMP:
                return "jumped" if rose else "dropped"
        return "rose" if rose else "fell"

    def _steps(self) -> list[tuple[float, float]]:
        """From one number to the next, up to a period without any."""
        found: list[tuple[float, float]] = []
        for after, before in zip(self.line[::-1], self.line[-2::-1], strict=False):
            if before.value is None or after.value is None or before.period.end != after.period.start:
                break
            found.append((before.value, after.value))
        return found[::-1]

    def _over(self) -> Iterator[Piece]:
        """Over which time, where it is not from one period to the next: in a week, in 30 days."""
        if self.then is None:
            return
        which, then = self.row.period, self.then.period
        if not self.told.length and which.grain.rank > Grain.DAY.rank:
            return
        length = self.told.length or _length(which, then)
        yield " in "
        one, _, unit = length.partition(" ")
        yield f"a{'n' if unit[0] == 'h' else ''} {unit.rstrip('s')}" if one == "1" else self._said(length, "over", then)

    # -- where it stands among earlier ones ----------------------------------------------------------------------------

    def _record(self) -> Iterator[Piece]:
        """The highest so far, or since when; and how many in a row went that way."""
        if self.change is None or self.change.direction == "same" or self._reads_alike or self._accrues:
            return
        rose = self.change.direction == "up"
        extreme = list(self._extreme(rose=rose))
        yield from extreme
        lead = " and " if extreme else ", "
        steps = self._steps() if not self.told.length and self.row.period.grain.rank > Grain.DAY.rank else []
        count = next((n for n, (a, b) in enumerate(reversed(steps)) if (b - a > 0) != rose or a == b), len(steps))
        if count > MANY:
            yield f"{lead}a {'rise' if rose else 'fall'} every {self.row.period.grain} since "
            first = self.line[-count].period
            yield self._said(dates.period(first), "since", first)
        elif count >= _ROW:
            yield f"{lead}the "
            yield self._said(words.ordinal(count), "streak")
            yield f" {'rise' if rose else 'fall'} in a row"

    def _extreme(self, *, rose: bool) -> Iterator[Piece]:
        grain, value = self.row.period.grain, self.row.value or 0.0
        earlier = [row for row in self.line[:-1] if row.value is not None]
        if len(earlier) < _EARLIER.get(grain, 6):
            return
        word = "highest" if rose else "lowest"
        beaten = [row for row in earlier if (row.value or 0.0) >= value] if rose else [
            row for row in earlier if (row.value or 0.0) <= value
        ]  # fmt: skip
        if not beaten:
            yield f", the {word} so far"
            return
        last = beaten[-1].period
        if len([row for row in earlier if row.period.key > last.key]) >= _SINCE.get(grain, MANY):
            yield f", the {word} since "
            yield self._said(dates.period(last), "since", last)

    @property
    def _accrues(self) -> bool:
        """True for what counts all there ever was: each number is the highest."""
        window = self.own.window
        return window is not None and window.kind is WindowKind.ALL_TIME

    # -- what was expected ---------------------------------------------------------------------------------------------

    def _target(self) -> Iterator[Piece]:
        """Reached, missed and by how much, kept or still out of reach."""
        row = self.row
        asked = goals.judged(self.told.kpi, row, self.told.part, self.told.cell)
        if row.value is None or row.veiled or asked == "No target" or row.status not in ("on", "near", "off"):
            return
        what = "range" if row.low is not None and row.high is not None else "target" if row.high is None else "limit"
        bound = self._said(asked.removeprefix("≥\u00a0").removeprefix("≤\u00a0"), "target")
        judged = [one.status == "on" for one in self.line if one.status in ("on", "near", "off")]
        met = judged[-1]
        # Over a year, what was so a period ago is another story.
        before = judged[-2] if len(judged) > 1 and not self.told.length else None
        if met:
            yield from self._met(what, bound, judged, before=before)
        elif (gap := self._gap()) is not None:
            yield from self._missed(what, bound, gap, judged, before=before)

    def _met(self, what: str, bound: Said, judged: Sequence[bool], *, before: bool | None) -> Iterator[Piece]:
        inside = "above" if what == "target" else "within"
        exactly = what == "target" and self.row.value == self.row.low
        if self.change is None:
            yield f", {'exactly at' if exactly else inside} the {what} of "
            yield bound
            return
        towards = {"target": "down", "limit": "up"}.get(what)
        away = self.change.direction == towards and not exactly and not self._reads_alike
        if before is False:
            yield f" and {'reached' if what == 'target' else 'came back within'} the {what} of "
        elif before:
            yield f" {'but' if away else 'and'} stayed {'at' if exactly else inside} the {what} of "
        else:
            yield f", {'still ' if away else ''}{'at' if exactly else inside} the {what} of "
        yield bound
        if before is False and len(judged) >= _ROW and not any(judged[:-1]) and what == "target":
            yield " for the first time"

    def _missed(
        self, what: str, bound: Said, gap: tuple[str, bool], judged: Sequence[bool], *, before: bool | None
    ) -> Iterator[Piece]:
        amount, below = gap
        short = "short of" if what == "target" else "below" if below else "over" if what == "limit" else "above"
        if self.change is None:
            yield ", "
            yield self._said(amount, "gap")
            yield f" {short} the {what} of "
            yield bound
            return
        closer = self.change.direction == ("up" if below else "down") and not self._reads_alike
        if before is False:
            yield " but stayed " if closer else " and stayed "
            yield self._said(amount, "gap")
            yield f" {short} the {what} of "
            yield bound
            count = next((n for n, met in enumerate(reversed(judged)) if met), len(judged))
            if _ROW <= count <= MANY:
                yield " for the "
                yield self._said(words.ordinal(count), "streak")
                yield f" {self.row.period.grain} in a row"
        else:
            yield " but missed the " if closer else " and missed the "
            yield f"{what} of "
            yield bound
            yield " by "
            yield self._said(amount, "gap")

    def _gap(self) -> tuple[str, bool] | None:
        """How far a number lies from the bound that it misses, and whether it is below it."""
        value, low, high = self.row.value or 0.0, self.row.low, self.row.high
        below = low is not None and value < low
        bound = low if below else high if high is not None and value > high else None
        found = numbers.change(value, bound, self.own.unit)
        return (_words_for(found.amount), below) if found is not None and found.direction != "same" else None

    # -- what explains it ----------------------------------------------------------------------------------------------

    def _explained(self) -> Iterator[Piece]:
        """The few cells with which most of the change came, where cells can be said to explain any of it."""
        told = self.told
        if self.then is None or self.change is None or self.change.direction == "same" or self._reads_alike:
            return
        before, after = (told.by_cell.get(row.period.key, {}) for row in (self.then, self.row))
        found = drivers.contributions(told.kpi, told.part, told.cell, before, after)
        if not found:
            return
        adds_up = not told.part and cells.sums(told.kpi)
        chosen = shares.chosen(found, told.cell, adds_up=adds_up)
        if chosen is None:
            return
        names = [cells.label(_more(one.cell, told.cell)) for one in chosen]
        share = sum(one.share for one in chosen)
        yield f"; {plurals.listed(names)} "
        if share > shares.ALL + shares.EXACT:
            yield "more than accounted for it"
            return
        yield "accounted for "
        text = shares.words_for(share) if adds_up else "most"
        yield self._said(text, "share", self.then.period, [one.cell for one in chosen])
        yield " of it"


def _more(cell: Cell, of: Cell) -> Cell:
    """What a cell has besides those of the whole."""
    return tuple(pair for pair in cell if pair not in of)


def _words_for(amount: str) -> str:
    """An amount within a sentence: points are written out, and what is small is less than something."""
    return amount.replace("\u00a0pts", "\u00a0points").replace("<\u00a0", "less than ")


def _length(which: Period, then: Period) -> str:
    """How far apart two days, or hours of two days, are."""
    days = (which.first - then.first).days
    if days % 7 == 0 and days // 7 == 1:
        return "1 week"
    if which.first.day == then.first.day and days > 7:
        return "1 month"
    return "1 day" if days == 1 else f"{days} days"
