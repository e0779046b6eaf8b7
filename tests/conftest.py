"""A workbench for tests of numbers: a catalogue in YAML and rows in memory go in, numbers come out.

Everything is real: the loader, the compiler, DuckDB. Only files of data are left out: rows are attached as Arrow.
`workbook` writes real spreadsheets, `browser` is a real one.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot
from hypothesis import settings
from playwright.sync_api import Browser, Locator, sync_playwright

from headway import catalog as catalogue
from headway import plan
from headway.engines import DuckDB
from headway.model import Catalog, Entered, Located, Source
from headway.periods import Grain
from headway.plan import Coverage, Request

# A machine that does other things too makes no test wrong.
settings.register_profile("headway", deadline=None)
settings.load_profile("headway")

#: Rows of one source, as a table reads: column names, then values.
Rows = Sequence[Mapping[str, Any]]
#: (grain, cell, name of the period) -> what is stored: value, reason, n, numerator, so_far ...
Numbers = dict[tuple[str, str, str], dict[str, Any]]

ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "list": pa.list_(pa.string()),
}


class Workbench:
    """Loads catalogues and computes numbers."""

    def __init__(self, engine: DuckDB, root: Path) -> None:
        self.engine = engine
        self.root = root
        #: Hold what the engine counts its own way against the SQL of the same steps.
        self.both = False

    def project(self, text: str) -> Catalog:
        """The catalogue that a headway.yml declares."""
        (self.root / "headway.yml").write_text(dedent(text), encoding="utf-8")
        return catalogue.load(self.root)

    def attach(self, catalog: Catalog, rows: Mapping[str, Rows]) -> dict[str, Mapping[str, Any]]:
        """Attach rows (an absent source is empty); returns the schemas."""
        return {name: self._attach(source, rows.get(name, ())) for name, source in catalog.sources.items()}

    def _attach(self, source: Source, rows: Rows) -> Mapping[str, Any]:
        assert source.columns, "sources of the workbench declare their columns"
        schema = pa.schema([(name, self._type(name, kind, rows)) for name, kind in source.columns.items()])
        table = pa.Table.from_pylist([{name: row.get(name) for name in source.columns} for row in rows], schema)
        self.engine.detach(source.name)
        return self.engine.attach(source, Located(source.name, "arrow", table=table))

    @staticmethod
    def _type(name: str, kind: str, rows: Rows) -> pa.DataType:
        aware = kind == "timestamp" and any(row.get(name) and row[name].tzinfo for row in rows)
        return pa.timestamp("us", tz="UTC") if aware else ARROW[kind]

    def coverage(self, catalog: Catalog, schemas: Mapping[str, Any], now: datetime) -> dict[str, Coverage]:
        """What each source can speak of."""
        return {
            name: plan.coverage(catalog, name, self.engine.execute(plan.probe(catalog, schemas, name, now)), now)
            for name in catalog.sources
        }

    def tables(
        self, catalog: Catalog, rows: Mapping[str, Rows], now: datetime, *, alone: bool = False
    ) -> dict[str, pa.Table]:
        """The numbers of every KPI; `alone` compiles each request by itself."""
        schemas = self.attach(catalog, rows)
        coverage = self.coverage(catalog, schemas, now)
        requests = plan.requests(catalog, catalog.kpis)
        groups = [[request] for request in requests] if alone else [requests]
        found: dict[Request, pa.Table] = {}
        for group in groups:
            for one in plan.compile(catalog, schemas, coverage, group, now):
                # What is shown is what ran: the plan survives being written down.
                written = sqlglot.parse_one(self.engine.sql(one.query), read="duckdb")
                assert isinstance(written, sqlglot.exp.Query)
                answer = self.engine.execute(written, one.tables, one.gaps)
                if one.gaps and self.both:
                    assert lines(answer) == lines(self.engine.execute(written, one.tables)), "both forms say the same"
                found.update(one.read(answer))
        shelf = plan.Shelf()
        for request, table in found.items():
            kpi = request.resolve(catalog)
            shelf.put(request, plan.rollup(catalog, kpi, table, now) if kpi.is_state else table)
        for kpi in catalog.in_order():
            plan.derive(catalog, kpi, shelf, now)
            assert not isinstance(kpi.measure, Entered)
        return {name: shelf.shown[Request.of(kpi)] for name, kpi in catalog.kpis.items()}

    def numbers(
        self, catalog: Catalog, rows: Mapping[str, Rows], now: datetime, *, alone: bool = False
    ) -> dict[str, Numbers]:
        """The numbers of every KPI, and of every part (`kpi.part`), by grain, cell and name of the period."""
        found = {}
        for name, table in self.tables(catalog, rows, now, alone=alone).items():
            for part in ("", *catalog.kpis[name].parts):
                of_part = table.filter(pc.equal(table["part"], part))
                found[f"{name}.{part}" if part else name] = named(catalog, of_part)
        return found


def lines(table: pa.Table) -> list[str]:
    """Rows in an order that does not depend on how they were found."""
    return sorted(map(repr, table.to_pylist()))


def named(catalog: Catalog, table: pa.Table) -> Numbers:
    """Rows of a table of numbers by grain, cell and name of the period; each stands there once."""
    found: Numbers = {}
    for row in table.to_pylist():
        period = catalog.calendar.from_key(Grain(row["grain"]), row["period"])
        key = (row["grain"], row["cell"], period.name)
        assert key not in found, f"twice: {key}"
        found[key] = row
    return found


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDB]:
    """One DuckDB for all tests of a process: opening one takes longer than most tests."""
    with DuckDB() as opened:
        yield opened


@pytest.fixture
def workbench(engine: DuckDB, tmp_path: Path) -> Workbench:
    """Computes numbers from YAML and rows."""
    return Workbench(engine, tmp_path)


@pytest.fixture
def both_forms(workbench: Workbench) -> None:
    """Every query is answered by SQL alone, too, and the answers are the same."""
    workbench.both = True


@pytest.fixture
def asked(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that sorted keys ask, as they come."""
    texts: list[str] = []
    take = workbench.engine._take

    def told(query: sqlglot.exp.Query, *more: Any) -> Any:
        texts.append(query.sql())
        return take(query, *more)

    monkeypatch.setattr(workbench.engine, "_take", told)
    return texts


_EPOCH = datetime.fromisoformat("1899-12-30")


def _workbook(path: Path, **sheets: list[list[object]]) -> None:
    """Write a spreadsheet of texts, numbers, truths, days (style 1) and times (style 2), as office programs do."""

    def cell(value: object) -> str:
        match value:
            case None:
                return "<c/>"
            case bool():
                return f'<c t="b"><v>{int(value)}</v></c>'
            case int() | float():
                return f"<c><v>{value}</v></c>"
            case datetime():
                return f'<c s="2"><v>{(value - _EPOCH) / timedelta(days=1)}</v></c>'
            case date():
                return f'<c s="1"><v>{(value - _EPOCH.date()).days}</v></c>'
            case _:
                return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(sheets) + 1)
    with zipfile.ZipFile(path, "w") as book:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>' for i in numbers
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/'
            f'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}'
            f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        names = "".join(
            f'<sheet name="{escape(name)}" sheetId="{i}" r:id="s{i}"/>' for i, name in zip(numbers, sheets, strict=True)
        )
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>'
        )
        links = "".join(
            f'<Relationship Id="s{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in numbers
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{links}'
            f'<Relationship Id="st" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        )
        book.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>'
            "</styleSheet>",
        )
        for i, rows in zip(numbers, sheets.values(), strict=True):
            body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            book.writestr(
                f"xl/worksheets/sheet{i}.xml", f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
            )


@pytest.fixture
def workbook() -> Callable[..., None]:
    """Writes a spreadsheet: `workbook(path, Costs=[["day", "usd"], [date(2026, 1, 31), 12.5]])`."""
    return _workbook


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed: make test installs it where it may")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def follow() -> Callable[[Locator], None]:
    """Click a link and wait until where it leads has loaded: a click alone ends when the address has changed."""

    def click(link: Locator) -> None:
        with link.page.expect_navigation():
            link.click()

    return click
