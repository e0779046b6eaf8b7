"""Reads the project's holidays: a CSV file with a column `day`, and any other columns for people."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path, PurePosixPath

from headway.catalog import values
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document
from headway.catalog.sqltext import Wrong
from headway.errors import Place


def read(name: str, root: Path, document: Document, complaints: Complaints) -> tuple[date, ...]:
    """The days in order, each once. Tells of a file that is not there, and of every line that names no day."""
    here = document.place(("holidays",))
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        complaints.say(here, f"holidays are a file in the project, not '{name}'", "bad-value", "Copy it there.")
        return ()
    try:
        text = (root / path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        remedy = "Make it, with a column day: one line for each day such as 2026-12-25."
        complaints.say(here, f"there is no file {name}", "missing-file", remedy)
        return ()
    except UnicodeDecodeError:
        complaints.say(here, f"{name}: the text is not UTF-8", "broken-row", "Save the file as UTF-8.")
        return ()
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        complaints.say(here, f"{name} cannot be read: {why}", "unreadable-file", "Name a file that you may read.")
        return ()
    return tuple(sorted(_days(name, text.splitlines(), complaints)))


def _days(name: str, lines: list[str], complaints: Complaints) -> set[date]:
    found: set[date] = set()
    reader = csv.reader(lines)
    header = [column.strip() for column in next(reader, [])]
    if "day" not in header:
        message = f"the file of holidays has no column 'day', only {', '.join(header) or 'nothing'}"
        place = Place(name, 1, 1, max(1, len(lines[0]) if lines else 1), lines[0] if lines else "")
        complaints.say(place, message, "column-missing", "Its first line names the columns, one of them day.")
        return found
    at = header.index("day")
    for record in reader:
        written = record[at].strip() if at < len(record) else ""
        if not any(map(str.strip, record)):
            continue
        try:
            found.add(values.day(written))
        except Wrong as wrong:
            line = lines[reader.line_num - 1]
            column = line.find(written) + 1 if written else 1
            place = Place(name, reader.line_num, column, max(1, len(written)), line)
            complaints.say(place, wrong.message, wrong.slug, wrong.remedy)
    return found
