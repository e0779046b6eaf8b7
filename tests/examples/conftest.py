"""Both examples, small: written by the simulator, computed once, and their raw rows open to queries by hand."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pypdfium2 import PdfDocument

from headway import catalog as catalogs
from headway import simulate
from headway.ledger import Ledger
from headway.model import FilesReader, Source, TableReader, cell_text, read_cell
from headway.periods import Grain
from headway.run import Outcome, observe

HERE = Path(__file__).parent
TODAY = date(2026, 10, 12)
#: A tenth of the size that they ship with: what is compared is the arithmetic, not the amounts.
SCALE = 0.1
_TRACED = re.compile(r'<(?:a|span) class="kpi"[^>]*?((?: data-[a-z]+="[^"]*")+)[^>]*>([^<]*)<')
_FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?[kMB%]?")
_SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}
_TIMES = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_UNITS = {"ms": 0.001, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86_400.0}
_BYTES = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each example is computed once: its tests stay with one worker."""
    for item in items:
        if HERE in item.path.parents:
            for name in ("hubs", "saas"):
                if name in getattr(item, "fixturenames", ()) or f"[{name}" in item.name:
                    item.add_marker(pytest.mark.xdist_group(f"example-{name}"))


class Example:
    """An example that was run, and its raw rows."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.root = name, root
        simulate.write(name, root, today=TODAY, scale=SCALE)
        self.catalog = catalogs.load(root)
        self.ledger = Ledger.open(root / "ledger.db")
        self.now = datetime(TODAY.year, TODAY.month, TODAY.day, 11, tzinfo=UTC)
        self.outcome: Outcome = observe(self.catalog, self.ledger, self.now)
        self.raw = duckdb.connect()
        self.raw.execute("SET TimeZone = 'UTC'")
        self.raw.execute(f"SET file_search_path = '{root}'")  # typed numbers are read as 'entries/NAME.csv'
        for source in self.catalog.sources.values():
            self._open(source)
        if (prelude := HERE / name / "prelude.sql").exists():
            self.raw.execute(prelude.read_text("utf-8"))
        self._read: dict[tuple[str, Grain], dict[str, dict[str, tuple[float | None, str | None]]]] = {}

    def _open(self, source: Source) -> None:
        """A view of a source's raw rows, under its name: nothing of ours has touched them."""
        reader = source.reader
        if isinstance(reader, FilesReader):
            paths = [str(self.root / pattern) for pattern in reader.patterns]
            if paths[0].endswith(".csv"):  # read once: every query would parse them again
                self.raw.execute(f"CREATE TABLE {source.name} AS SELECT * FROM read_csv({paths})")
            else:
                self.raw.execute(f"CREATE VIEW {source.name} AS SELECT * FROM read_parquet({paths})")
        elif isinstance(reader, TableReader):
            database = sqlite3.connect(self.root / reader.database)
            cursor = database.execute(f'SELECT * FROM "{reader.table}"')
            names = [column[0] for column in cursor.description]
            columns = zip(*cursor.fetchall(), strict=True)
            found = pa.table({name: pa.array(values) for name, values in zip(names, columns, strict=True)})
            self.raw.register(source.name, found)
            database.close()

    def stored(self, kpi: str, period: str, **cell: str) -> tuple[float | None, str | None]:
        """The value of one number as the ledger holds it, and the reason if there is none."""
        return self._numbers(kpi, period).get(cell_text(tuple(cell.items())), (None, "not stored"))

    def cells(self, kpi: str, period: str, columns: tuple[str, ...]) -> dict[str, float | None]:
        """The values of all cells of a breakdown, or of the total alone if it has no columns."""
        held = {cell: value for cell, (value, _) in self._numbers(kpi, period).items()}
        return {cell: value for cell, value in held.items() if tuple(name for name, _ in read_cell(cell)) == columns}

    def _numbers(self, kpi: str, period: str) -> dict[str, tuple[float | None, str | None]]:
        """Value and reason of each cell of a period; a KPI, or a part of one, is read once."""
        asked = self.catalog.calendar.parse(period)
        if (kpi, asked.grain) not in self._read:
            read = self._read[kpi, asked.grain] = {}
            name, _, part = kpi.partition(".")
            for row in self.ledger.read(name, part=part, grain=asked.grain).to_pylist():
                read.setdefault(row["period"], {})[row["cell"]] = (row["value"], row["reason"])
        return self._read[kpi, asked.grain].get(asked.key, {})

    def agrees(self, told: dict[str, str], text: str) -> bool:
        """True if a number of a report is the ledger's, within half of its last digit; False if it is withheld."""
        cell = dict(one.partition("=")[::2] for one in told.get("cell", "").split("  ") if one)
        value, reason = self.stored(told["kpi"], told["period"], **cell)
        if text == "Withheld":
            assert (value, reason is None) == (None, False), told
            return False
        if value is None:  # the ledger keeps no zeros of cells
            assert cell, told
            value = 0.0
        shown, half = self.written(text, self.catalog.kpis[told["kpi"]].unit.name)
        assert abs(shown - value) <= half * 1.0001, (told, text, value)
        return True

    @staticmethod
    def traced(page: str) -> list[tuple[dict[str, str], str]]:
        """The numbers of a page: which each is, and what is written."""
        return [
            (dict(re.findall(r'data-([a-z]+)="([^"]*)"', unescape(told))), re.sub(r"\s", " ", unescape(text)))
            for told, text in _TRACED.findall(page)
        ]

    @staticmethod
    def absent(pdf: Path, numbers: list[tuple[dict[str, str], str]]) -> Counter[str]:
        """Which figures of a page a PDF does not say as often."""
        pages = PdfDocument(pdf)
        there = "\n".join(pages[n].get_textpage().get_text_range() for n in range(len(pages)))

        def figures(text: str) -> Counter[str]:
            return Counter(_FIGURE.findall(re.sub(r"(?<=\d)\s(?=%)", "", text)))

        return figures("\n".join(text for _, text in numbers)) - figures(there)

    @staticmethod
    def written(text: str, unit: str = "") -> tuple[float, float]:
        """A number as it is written, in the unit in which it is stored, and half of what its last digit stands for."""
        text = re.sub(r"\s", " ", text)
        times = re.findall(r"([\d.,]+) (d|h|min|s|ms)\b", text)
        if times and unit in _UNITS:
            sizes = [float(size.replace(",", "")) * _TIMES[word] / _UNITS[unit] for size, word in times]
            last, word = times[-1]
            return sum(sizes), 0.5 * 10.0 ** -len(last.partition(".")[2]) * _TIMES[word] / _UNITS[unit]
        found = re.fullmatch(r"(\u2212?)\+?[$€]?([\d,]+)(?:\.(\d+))?([kMB]?)(?: ?(%|[kMGT]?B))?(?: [A-Za-z/ ]+)?", text)
        assert found, text
        scale = _SCALES[found[4]] * (
            0.01 if found[5] == "%" else _BYTES.get(found[5] or "", 1.0) / _BYTES.get(unit, 1.0)
        )
        size = float(f"{found[2].replace(',', '')}.{found[3] or '0'}") * scale
        return (-size if found[1] else size), 0.5 * scale * 10.0 ** -len(found[3] or "")

    def by_hand(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query over the raw rows, by column."""
        answer = self.raw.execute(query)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Example]]:
    """An example by its name, computed when it is first asked for."""
    made: dict[str, Example] = {}

    def get(name: str) -> Example:
        if name not in made:
            made[name] = Example(name, tmp_path_factory.mktemp(name))
        return made[name]

    yield get
    for one in made.values():
        one.ledger.close()
        one.raw.close()
