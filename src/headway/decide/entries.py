"""Write down a number or a text that people know.

It stands in a file of the project, which stays the one truth, in git with everything else: `enter` does what a careful
person would do in an editor, and refuses what a run would refuse.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path

import pyarrow as pa

from headway import catalog as catalogue
from headway import sources
from headway.decide.people import refused
from headway.errors import SourceError, UsageError
from headway.model import TOTAL, Catalog, Cell, Entered, Kpi, Narrative, Total, cell_text
from headway.periods import Period

#: The columns that `enter` fills besides the number, in the order in which a new file has them.
_WORDS = ("evidence", "entered_by", "entered_on", "note")


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody wants to write down. `value` is a number with its unit, as on the command line, or a text."""

    kpi: str
    period: str
    value: str
    who: str
    why: str = ""
    evidence: str = ""
    cell: Mapping[str, str] | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Where an entry stands now, and what stood there before."""

    file: str
    period: str
    was: str = ""


def enter(catalog: Catalog, entry: Entry, now: datetime) -> Written:
    """Append an entry to its KPI's file, or with `replace` put it in the place of an earlier one.

    UsageError for everything that a run would refuse, and for a value that is there already. What was there before
    `replace` stays in the note.
    """
    kpi = _kpi(catalog, entry.kpi)
    path = _path(kpi)
    period = _period(catalog, entry.period, now)
    cell = _cell(kpi, entry.cell or {})
    _evidence(catalog, entry.evidence)
    if not entry.why.strip() and (entry.replace or isinstance(kpi.measure, Entered)):
        raise refused("why is it so?", "unknown-option", "Say it: --why 'counted at the door'.")
    word = "text" if isinstance(kpi.measure, Narrative) else "value"
    fields = {
        **dict(cell),
        "period": period.name,
        word: entry.value.strip() if word == "text" else _number(kpi, entry.value),
        "evidence": entry.evidence,
        "entered_by": entry.who,
        "entered_on": catalog.calendar.day(now).isoformat(),
        "note": entry.why.strip(),
    }
    if not fields[word]:
        raise refused(f"there is no {word}", "bad-value", None)
    file = catalog.root / path
    sheet = _Sheet.read(file, word)
    known = _known(catalog, kpi, file, path)
    at = _find(known, period, cell)
    was = ""
    if at is not None:
        old = sheet.rows[at]
        was = old.get(word, "")
        if not entry.replace:
            by = f", entered by {old['entered_by']}" if old.get("entered_by") else ""
            raise refused(
                f"{path} has {was} for {period.name}{_of(cell)} already{by}",
                "key-not-unique",
                "To put the new one in its place: --replace. The old one stays in the note.",
            )
        fields["note"] = _with_earlier(fields["note"], old, word)
    elif entry.replace:
        raise refused(f"{path} has nothing for {period.name}{_of(cell)}", "unknown-period", "Leave --replace out.")
    _write(file, sheet.with_row(fields, at, _order(kpi, word)))
    return Written(path, period.name, was)


# -- what is wanted ----------------------------------------------------------------------------------------------------


def _kpi(catalog: Catalog, name: str) -> Kpi:
    if name not in catalog.kpis:
        raise UsageError(catalogue.unknown_kpi(name, catalog))
    return catalog.kpis[name]


def _path(kpi: Kpi) -> str:
    if isinstance(kpi.measure, Entered | Narrative):
        return kpi.measure.path
    if kpi.history:
        remedy = f"Edit {kpi.history} by hand, and say in git why."
        raise refused(f"{kpi.name} is computed; its history is from before Headway", "wrong-kind", remedy)
    planned = kpi.measure is None
    remedy = "Give it 'entered: file.csv' first." if planned else "What is wrong in its rows is mended at their source."
    what = "planned, and has no file yet" if planned else "computed, and not entered by people"
    raise refused(f"{kpi.name} is {what}", "wrong-kind", remedy)


def _period(catalog: Catalog, text: str, now: datetime) -> Period:
    try:
        period = catalog.calendar.parse(text)
    except ValueError:
        raise refused(f"'{text}' is no period", "bad-period", sources.period_forms(catalog.calendar)) from None
    if period.start > now:
        raise refused(f"{period.name} has not begun", "bad-period", "Only what was is entered.")
    return period


def _cell(kpi: Kpi, given: Mapping[str, str]) -> Cell:
    if not given:
        if kpi.total is Total.NONE:
            remedy = f"Name a cell: --for {kpi.by[0][0]}=..."
            raise refused(f"{kpi.name} has no total", "unknown-option", remedy)
        return TOTAL
    breakdown = next((cross for cross in kpi.by if set(cross) == set(given)), None)
    if breakdown is None:
        known = " or ".join(" ".join(f"--for {column}=..." for column in cross) for cross in kpi.by)
        remedy = f"It has {known}." if known else "It has no breakdowns."
        raise refused(f"{kpi.name} has no breakdown '{' x '.join(given)}'", "unknown-name", remedy)
    return tuple((column, given[column]) for column in breakdown)


def _evidence(catalog: Catalog, text: str) -> None:
    """A link, or a file of the project."""
    if text and not sources.is_link(text) and not (catalog.root / text).is_file():
        remedy = "Evidence is an address that begins with https://, or a file of the project."
        raise refused(f"there is no file {text}", "missing-file", remedy)


def _number(kpi: Kpi, text: str) -> str:
    """The number as it stands in a file: of a percentage with its sign, else without its unit."""
    value = catalogue.quantity(text, kpi)
    return text.strip() if "%" in text else f"{value:.15g}"


def _of(cell: Cell) -> str:
    return f" and {', '.join(value for _, value in cell)}" if cell else ""


# -- the file ----------------------------------------------------------------------------------------------------------


def _known(catalog: Catalog, kpi: Kpi, file: Path, path: str) -> pa.Table:
    """What the file holds; a file that a run could not read is mended first."""
    if not file.exists():
        return sources.TYPED.empty_table()
    texts, total = isinstance(kpi.measure, Narrative), kpi.total is not Total.NONE
    try:
        return sources.typed(file, catalog.calendar, kpi.by, shown=path, total=total, texts=texts)
    except SourceError as error:
        if error.slug == "empty-file":
            return sources.TYPED.empty_table()
        raise UsageError(error.mistakes) from error


def _find(known: pa.Table, period: Period, cell: Cell) -> int | None:
    """The row that has the period and cell."""
    wanted = (str(period.grain), period.key, cell_text(cell))
    rows = zip(*(known[name].to_pylist() for name in ("grain", "period", "cell")), strict=True)
    return next((at for at, row in enumerate(rows) if row == wanted), None)


def _order(kpi: Kpi, word: str) -> list[str]:
    """The columns of a new file."""
    return ["period", *dict.fromkeys(column for cross in kpi.by for column in cross), word, *_WORDS]


def _with_earlier(note: str, old: Mapping[str, str], word: str) -> str:
    """The note, with what stood there before."""
    by = f" by {old['entered_by']}" if old.get("entered_by") else ""
    on = f" on {old['entered_on']}" if old.get("entered_on") else ""
    entered = f", entered{by}{on}" if by or on else ""
    earlier = f": {old['note']}" if old.get("note") else ""
    return f"{note} (was {old.get(word, '')}{entered}{earlier})"


@dataclass
class _Sheet:
    """A file as it stands: its text, its columns, and its rows by column."""

    text: str
    header: list[str]
    rows: list[dict[str, str]]
    end: str = "\n"

    @classmethod
    def read(cls, file: Path, word: str) -> _Sheet:
        """The file, or an empty one where there is none."""
        try:
            with file.open(encoding="utf-8", newline="") as opened:
                text = opened.read()
        except FileNotFoundError:
            return cls("", [], [])
        except (OSError, UnicodeDecodeError) as error:
            raise refused(f"{file.name} cannot be read", "unreadable-file", "Save it as UTF-8 text.") from error
        end = "\r\n" if "\r\n" in text else "\n"
        records = [
            record
            for record in csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""))
            if "".join(record).strip()
        ]
        header = [name.strip() for name in records[0]] if records else []
        rows = [dict(zip(header, (field.strip() for field in record), strict=False)) for record in records[1:]]
        return cls(text, header, rows, end)

    def with_row(self, fields: Mapping[str, str], at: int | None, order: list[str]) -> str:
        """The text of the file with one row more, or another one; columns keep their order, new ones come last."""
        wanted = [name for name in order if fields.get(name)] if self.header else order
        header = [*self.header, *(name for name in wanted if name not in self.header)]
        out = StringIO(newline="")
        writer = csv.writer(out, lineterminator=self.end)
        if at is None and header == self.header:  # the other lines stay as they were written
            writer.writerow([fields.get(name, "") for name in header])
            gap = "" if self.text.endswith(("\n", "\r")) else self.end
            return f"{self.text}{gap}{out.getvalue()}"
        rows: list[Mapping[str, str]] = list(self.rows)
        if at is None:
            rows.append(fields)
        else:
            rows[at] = {**self.rows[at], **fields}
        writer.writerow(header)
        writer.writerows([row.get(name, "") for name in header] for row in rows)
        return ("\ufeff" if self.text.startswith("\ufeff") else "") + out.getvalue()


def _write(file: Path, text: str) -> None:
    """All or nothing: a reader sees the old file or the new one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
        handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
                opened.write(text)
            Path(name).chmod(mode)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"{file.name} cannot be written: {why}"
        raise refused(message, "not-writable", "Choose a place that you may write to.") from error
