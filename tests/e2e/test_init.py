"""`headway init` as somebody meets it who brings data: tables as people write them, and a terminal that asks."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.e2e.forked import headway as forked
from typer.testing import CliRunner

from headway import catalog, cli
from headway.catalog import document, schema
from headway.ledger import Ledger
from headway.model import Catalog, FilesReader

#: Writes a workbook: its path, and rows by sheet.
Workbook = Callable[..., None]

FIRST = date(2025, 1, 1)


def headway(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a folder, without a terminal."""
    return forked(folder, *arguments, environment={**os.environ, "COLUMNS": "120"})


def rows(*columns: Callable[[int], Any], count: int = 300) -> list[list[Any]]:
    """Rows of the year 2025, column by column."""
    return [[column(n) for column in columns] for n in range(count)]


def day(n: int) -> date:
    """A day for each row, the last one in December 2025."""
    return FIRST + timedelta(days=n * 364 // 299)


def csv(path: Path, names: str, lines: Sequence[Sequence[Any]], separator: str = ",") -> Path:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join([names, *(separator.join(str(cell) for cell in line) for line in lines)])
    path.write_text(text + "\n", "utf-8")
    return path


def begun(folder: Path, *arguments: str) -> Catalog:
    """The catalogue that init wrote; it checks, runs and builds without a complaint, and all KPIs have numbers."""
    with chdir(folder):
        for command in (
            ("init", "kpis", *arguments),
            ("check", "--project", "kpis"),
            ("run", "--project", "kpis"),
            ("build", "site", "--audience", "internal", "--project", "kpis"),
        ):
            done = CliRunner().invoke(cli.app, command, catch_exceptions=False)
            assert (done.exit_code, done.stderr) == (0, ""), command
        made = catalog.load(Path("kpis").resolve())
        written = document.read(Path("kpis/headway.yml"), "headway.yml").value
        assert list(Draft202012Validator(schema.of("project")).iter_errors(written)) == []
    with Ledger.open(folder / "kpis" / made.ledger) as ledger:
        for kpi in made.kpis.values():
            numbers = ledger.read(kpi.name)["value"].to_pylist()
            assert any(value is not None for value in numbers)
    return made


# -- tables as people write them -------------------------------------------------------------------------------------


def test_a_plain_table(tmp_path: Path) -> None:
    """The key, the day, the amount, a breakdown and the people of a file are found by their names and values."""
    lines = rows(
        lambda n: n, day, lambda n: f"p{n % 40}@example.org", lambda n: ("Chile", "Kenya")[n % 2], lambda n: n / 4
    )
    made = begun(
        tmp_path, "--from", str(csv(tmp_path / "in/Sales 2025.csv", "order_id,sold_on,customer,country,usd", lines))
    )
    source = made.sources["sales_2025"]
    assert (source.key, source.time, source.people) == (("order_id",), "sold_on", ("customer",))
    assert {kpi.name: kpi.by for kpi in made.kpis.values()} == dict.fromkeys(
        ("usd", "sales_2025", "people"), (("country",),)
    )
    assert made.kpis["usd"].unit.name == "USD"
    assert (tmp_path / "kpis/data/Sales 2025.csv").is_file()


def test_a_table_of_a_german_bookkeeper(tmp_path: Path) -> None:
    """Semicolons, decimal commas, dotted dates, a sign of currency, umlauts, spaces, and a row of totals."""
    lines = rows(
        lambda n: f"B-{n:04}",
        lambda n: f"{day(n):%d.%m.%Y}",
        lambda n: ("Süd", "Nord", "Österreich")[n % 3],
        lambda n: f"1.{n:03},50 €",
    )
    path = csv(
        tmp_path / "Umsätze.csv",
        "Beleg Nr.;Datum;Land / Region;Betrag (brutto)",
        [*lines, ["Summe", "", "", "1,00 €"]],
        ";",
    )
    made = begun(tmp_path, "--from", str(path))
    source = made.sources["umsatze"]
    assert isinstance(source.reader, FilesReader)
    form = source.reader.format
    assert (form.decimal, form.thousands, form.currency, form.dates, form.totals) == (
        ",",
        ".",
        ("€",),
        "%d.%m.%Y",
        ("Summe",),
    )
    assert source.time == "Datum"
    assert made.kpis["betrag_brutto"].unit.name == "EUR"
    assert made.kpis["betrag_brutto"].by == (("Land / Region",),)


def test_a_column_of_a_word_of_sql(tmp_path: Path) -> None:
    """Tables and columns may be called what SQL reserves, and a column may have a dot in its name."""
    lines = rows(lambda n: n, day, lambda n: ("a", "b")[n % 2], lambda n: n * 1.5)
    made = begun(tmp_path, "--from", str(csv(tmp_path / "order.csv", "select,when,group,net.total", lines)))
    assert set(made.kpis) == {"net_total", "order"}
    assert made.kpis["order"].by == (("group",),)


def test_a_workbook_with_a_title_and_two_sheets(tmp_path: Path, workbook: Workbook) -> None:
    """The sheet with the most rows is read, from the row of names on; the YAML says which others there are."""
    table = [
        ["Sales of 2025"],
        [],
        ["Day", "Shop", "Amount"],
        *rows(day, lambda n: ("north", "south")[n % 2], lambda n: n + 0.5),
    ]
    workbook(tmp_path / "shop.xlsx", Notes=[["who", "what"], ["me", "nothing"]], Orders=table)
    made = begun(tmp_path, "--from", "shop.xlsx")
    reader = made.sources["shop"].reader
    assert isinstance(reader, FilesReader)
    assert (reader.format.sheet, reader.format.header) == ("Orders", 3)
    assert "# The other sheets with rows: Notes." in (tmp_path / "kpis/headway.yml").read_text("utf-8")
    assert made.kpis["amount"].by == (("Shop",),)


def test_a_folder_of_tables_of_one_shape(tmp_path: Path) -> None:
    """They are one source, and a file that comes later is read too."""
    for n in range(3):
        csv(tmp_path / f"exports/{n}.csv", "at,hours", rows(day, lambda n: n % 8, count=50))
    made = begun(tmp_path, "--from", "exports")
    reader = made.sources["exports"].reader
    assert isinstance(reader, FilesReader)
    assert reader.patterns == ("data/exports/*.csv",)
    assert made.kpis["hours"].unit.name == "hours"


def test_a_folder_of_tables_of_different_shapes(tmp_path: Path) -> None:
    """Each is a source of its own, with KPIs of its own."""
    csv(tmp_path / "in/orders.csv", "at,usd", rows(day, lambda n: n))
    csv(tmp_path / "in/visits.csv", "at,user_id", rows(day, lambda n: f"u{n % 9}"))
    made = begun(tmp_path, "--from", "in")
    assert set(made.sources) == {"orders", "visits"}
    assert set(made.kpis) == {"usd", "orders", "visits", "people"}


def test_files_of_one_name_are_copied_apart(tmp_path: Path) -> None:
    """Neither takes the place of the other, and no pattern finds the files of another folder."""
    for path, usd in (("a/sales", 1), ("b/sales", 10), *((f"c/2025/{n}", 100) for n in "xy"), ("d/2025/z", 1000)):
        csv(tmp_path / f"{path}.csv", "at,usd", rows(day, lambda _, usd=usd: usd))
    csv(tmp_path / "d/2025/w.csv", "at,usd", rows(day, lambda _: 1000))
    paths = ("a/sales.csv", "b/sales.csv", "c/2025", "d/2025")
    made = begun(tmp_path, *(word for path in paths for word in ("--from", path)))
    readers = [source.reader for source in made.sources.values()]
    assert [reader.patterns for reader in readers if isinstance(reader, FilesReader)] == [
        ("data/sales.csv",),
        ("data/sales_2/sales.csv",),
        ("data/2025/*.csv",),
        ("data/n_2025_2/*.csv",),
    ]
    held = {path: path.read_text().splitlines()[-1].split(",")[1] for path in (tmp_path / "kpis/data").rglob("*.csv")}
    assert sorted(held.values()) == ["1", "10", "100", "100", "1000", "1000"]


def test_data_inside_of_the_project_stay_where_they_are(tmp_path: Path) -> None:
    """A folder that holds the data, and no project yet, becomes one; nothing is copied."""
    csv(tmp_path / "kpis/exports/a.csv", "at,usd", rows(day, lambda n: n))
    made = begun(tmp_path, "--from", "kpis/exports/a.csv")
    reader = made.sources["a"].reader
    assert isinstance(reader, FilesReader)
    assert reader.patterns == ("exports/a.csv",)
    assert not (tmp_path / "kpis/data").exists()


def test_people_are_never_a_breakdown(tmp_path: Path) -> None:
    """A column of addresses is of people, whatever it is called and whatever is said."""
    lines = rows(day, lambda n: f"p{n % 4}@example.org", lambda n: n)
    path = csv(tmp_path / "a.csv", "at,kind,n", lines)
    made = begun(tmp_path, "--from", str(path), "--people", "none")
    assert made.sources["a"].people == ("kind",)
    assert all(not kpi.by for kpi in made.kpis.values())
    answer = headway(tmp_path, "init", "other", "--from", str(path), "--by", "kind")
    assert (answer.returncode, "column 'kind' names people, and a person is never a breakdown" in answer.stderr) == (
        2,
        True,
    )
    assert not (tmp_path / "other").exists()


def test_every_answer_has_a_flag(tmp_path: Path) -> None:
    """What is said is taken as it is."""
    lines = rows(
        day, day, lambda n: n, lambda n: n, lambda n: "ab"[n % 2], lambda n: "cd"[n % 2], lambda n: f"x{n % 30}"
    )
    path = csv(tmp_path / "a.csv", "sold_on,shipped,usd,pieces,country,colour,badge", lines)
    said = ("--time", "shipped", "--amount", "pieces", "--by", "colour", "--people", "badge")
    made = begun(tmp_path, "--from", str(path), *said)
    assert (made.sources["a"].time, made.sources["a"].people) == ("shipped", ("badge",))
    assert {kpi.name: kpi.by for kpi in made.kpis.values()} == dict.fromkeys(("pieces", "a", "people"), (("colour",),))


def test_git_repositories(tmp_path: Path) -> None:
    """A repository becomes the catalogue of commits."""
    repository = tmp_path / "code"
    repository.mkdir()
    git = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-C", str(repository)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    with chdir(tmp_path):
        assert CliRunner().invoke(cli.app, ["init", "kpis", "--from", "code"]).exit_code == 0
        assert CliRunner().invoke(cli.app, ["check", "--project", "kpis"]).exit_code == 0
    assert set(catalog.load(tmp_path / "kpis").sources) == {"commits"}


# -- what cannot be ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arguments", "says", "remedy"),
    [
        ("", (), "a.csv is empty [empty-file]", "A file without rows still names its columns."),
        ("at,usd\n", (), "a.csv has no rows below its names [nothing-to-measure]", "names of columns in the first row"),
        ("name,usd\na,1\n", (), "no column of a.csv says when: there are no dates in name, usd", "--dates %d.%m.%Y"),
        ("2026-01-01,5\n2026-01-02,6\n", (), "row 1 of a.csv holds values, not names", "Put a row of names above"),
        ("at,usd\n03/04/2026,1\n", (), "'03/04/2026' in a.csv can be read in two ways", "--dates %m/%d/%Y."),
        ("at,usd\n2026-01-01,1\n", ("--time", "ta"), "--time: a.csv has no column 'ta'", "It has at, usd."),
        ("at,usd\n2026-01-01,1\n", ("--time", "usd"), "column 'usd' holds no dates", "such as at"),
        ("at,usd\n2026-01-01,x\n", ("--amount", "usd"), "column 'usd' holds no numbers", "or 'none'"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_told(
    tmp_path: Path, text: str, arguments: tuple[str, ...], says: str, remedy: str
) -> None:
    """Exit code 2 or that of sources, what is wrong, what to do; and nothing is written."""
    (tmp_path / "a.csv").write_text(text)
    answer = headway(tmp_path, "init", "kpis", "--from", "a.csv", *arguments)
    assert answer.returncode in (2, 3)
    assert says in answer.stderr
    assert remedy in answer.stderr
    assert not (tmp_path / "kpis").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--time", "at"), "--time is about your data [unknown-option]"),
        (("--example", "hubs", "--from", "x"), "an example brings its data, so --from means nothing"),
        (("--from", "nosuch.csv"), "there is no file or folder nosuch.csv [missing-file]"),
        (("--from", "empty"), "there are no tables in empty [missing-file]"),
    ],
)
def test_flags_that_make_no_sense_are_told(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """In plain words, and before anything is written."""
    (tmp_path / "empty").mkdir()
    answer = headway(tmp_path, "init", "kpis", *arguments)
    assert (answer.returncode, says in answer.stderr) == (2, True), answer.stderr
    assert not (tmp_path / "kpis").exists()


def test_dates_that_can_be_read_in_two_ways_are_read_as_said(tmp_path: Path) -> None:
    """`--dates` decides."""
    path = csv(tmp_path / "a.csv", "at,usd", rows(lambda n: f"{day(n):%d/%m/%y}"[:6] + "25", lambda n: n))
    made = begun(tmp_path, "--from", str(path), "--dates", "%d/%m/%y")
    reader = made.sources["a"].reader
    assert isinstance(reader, FilesReader)
    assert reader.format.dates == "%d/%m/%y"


def test_a_project_is_not_written_twice(tmp_path: Path) -> None:
    """The second time says what is there."""
    csv(tmp_path / "a.csv", "at,usd", rows(day, lambda n: n))
    answer = headway(tmp_path, "init", "--from", "a.csv")
    assert (answer.returncode, "into this folder. Next:" in answer.stdout) == (0, True)
    answer = headway(tmp_path, "init", "--from", "a.csv")
    assert (answer.returncode, "holds a project already [folder-not-empty]" in answer.stderr) == (2, True)
    answer = headway(tmp_path, "init", "a.csv")
    assert (answer.returncode, "a.csv is a file [folder-not-empty]" in answer.stderr) == (2, True)


def test_without_data_and_without_a_terminal_it_is_a_shop(tmp_path: Path) -> None:
    """Scripts get what they always got."""
    answer = headway(tmp_path, "init", "shop")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "shop/data/orders.csv").is_file()


# -- a terminal ------------------------------------------------------------------------------------------------------


class Terminal:
    """A real one, in which somebody types."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        command = [sys.executable, "-m", "headway", *arguments]
        environment = {**os.environ, "COLUMNS": "120", "TERM": "dumb"}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C is a signal of the terminal's own
        )
        os.close(slave)
        self.seen = ""

    def _hears(self, patience: float = 60) -> bool:
        """Read what is said next; False once the other side is gone, or silent for so many seconds."""
        if not select.select([self.master], [], [], patience)[0]:
            return False
        try:
            chunk = os.read(self.master, 4096)
        except OSError:  # so Linux says it
            return False
        self.seen += chunk.decode()
        return bool(chunk)

    def until(self, text: str) -> None:
        """Read until something is said."""
        while text not in self.seen and self._hears():
            pass
        assert text in self.seen, self.seen
        self.seen = self.seen.split(text, 1)[1]

    def types(self, text: str) -> None:
        """Type something."""
        os.write(self.master, text.encode())

    def leaves(self, key: str) -> int:
        """The exit code after a key that leaves, pressed again while nothing happens, as people do.

        Python notices a signal late that arrives between the prompt and the wait for a line: with the next key.
        """
        for _ in range(12):
            self.types(key)
            while self._hears(5):
                pass
            if self.process.poll() is not None:
                break
        return self.process.wait(5)

    def ends(self) -> int:
        """The exit code; what was said last is kept."""
        while self._hears():
            pass
        return self.process.wait(60)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Opens terminals, and closes them."""
    opened: list[Terminal] = []

    def open_(*arguments: str) -> Terminal:
        opened.append(Terminal(tmp_path, *arguments))
        return opened[-1]

    yield open_
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        os.close(one.master)


def test_a_terminal_is_asked(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    """What the data are, where they are, and of each choice whether it is right; Enter takes what is proposed."""
    csv(
        tmp_path / "a.csv",
        "sold_on,shipped,usd,country,colour",
        rows(day, day, lambda n: n, lambda n: "ab"[n % 2], lambda n: "cd"[n % 2]),
    )
    asked = terminal("init", "kpis")
    asked.until("Your data")
    asked.types("papers\n")
    asked.until("There is no papers among them.")
    asked.types("files\n")
    asked.until("Which file or folder?")
    asked.types("nosuch.csv\n")
    asked.until("There is no nosuch.csv.")
    asked.types("a.csv\n")
    asked.until("a.csv: 300 rows, with sold_on, shipped, usd, country, colour.")
    asked.until("Which column says when?")
    asked.types("SHIPPED\n")
    asked.until("Which column names a person?")
    asked.types("\n")
    asked.until("Which column is added up?")
    asked.types("\n")
    asked.until("By which column is it broken down?")
    asked.types("colour\n")
    asked.until("Wrote a project")
    assert asked.ends() == 0
    made = catalog.load(tmp_path / "kpis")
    assert made.sources["a"].time == "shipped"
    assert made.kpis["usd"].by == (("colour",),)


def test_a_folder_with_a_table_in_it_is_offered(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    """Whoever begins beside their data only presses Enter."""
    csv(tmp_path / "a.csv", "at,usd", rows(day, lambda n: n))
    asked = terminal("init")
    for question in ("Your data", "Which file or folder? [a.csv]", "Which column names a person?", "is added up?"):
        asked.until(question)
        asked.types("\n")
    asked.until("Wrote a project")
    assert asked.ends() == 0
    reader = catalog.load(tmp_path).sources["a"].reader
    assert isinstance(reader, FilesReader)
    assert reader.patterns == ("a.csv",)


@pytest.mark.parametrize("leaves", ["\x03", "\x04"], ids=["Ctrl-C", "end of input"])
@pytest.mark.parametrize("after", [(), ("files\n",), ("files\n", "a.csv\n")], ids=["at once", "later", "at the end"])
def test_who_leaves_leaves_nothing_behind(
    tmp_path: Path, terminal: Callable[..., Terminal], after: tuple[str, ...], leaves: str
) -> None:
    """Exit code 130, a word, and no folder."""
    csv(tmp_path / "a.csv", "at,usd", rows(day, lambda n: n))
    asked = terminal("init", "kpis")
    questions = ("Your data", "Which file or folder?", "Which column names a person?")
    for question, answer in zip(questions, (*after, ""), strict=False):
        asked.until(question)
        asked.until(":")
        asked.types(answer)
    assert asked.leaves(leaves) == 130
    assert "Nothing was written." in asked.seen
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]
