"""`headway review`: what a sheet says, what becomes of what people fill in, and that nothing is half done."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from headway import catalog as catalogue
from headway import review
from headway.errors import HeadwayError
from headway.ledger import Ledger
from headway.model import Audience
from headway.run import observe

NOW = datetime(2026, 10, 20, 6, tzinfo=UTC)
HEAD = """
project: hubs
title: Hubs for All
owners: {research: research@example.org}
areas: {use: {title: Use, owner: research}}
"""
USE = """# Use of the hubs.
defaults: {area: use, grain: month}

kpis:
  people:
    title: People           # everybody
    entered: people.csv
    unit: people
    better: higher
    targets:
      - {at_least: 6000, from: 2025-01-01}   # the grant

  # quoted on purpose
  done: {entered: done.csv, unit: percent, better: higher, targets: [{at_least: 90 %, near: 85 %}]}
"""
MORE = """kpis:
  waits: {entered: waits.csv, grain: month, unit: days, better: lower, targets: [{at_most: 5}], audience: restricted}
  young: {entered: young.csv, grain: month, unit: things, benchmarks: [{at_least: 10, who: all others}]}
  soon: {title: Soon, tracked_from: 2027-01-01, unit: things, targets: [{at_least: 1}]}
  silent: {entered: none.csv, grain: month, unit: things}
"""


def months(first: date, values: list[Any]) -> str:
    """A file of numbers by month."""
    at = [(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1) for n in range(len(values))]
    return "period,value\n" + "".join(f"{y}-{m:02},{value}\n" for (y, m), value in zip(at, values, strict=True))


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with 33 months of numbers, computed once."""
    root = tmp_path_factory.mktemp("hubs")
    (root / "kpis").mkdir()
    (root / "headway.yml").write_text(HEAD)
    (root / "kpis" / "use.yml").write_text(USE)
    (root / "kpis" / "more.yml").write_text(MORE)
    people = [5000 + 40 * n + 300 * (n % 12 in (2, 9)) for n in range(33)]
    (root / "people.csv").write_text(months(date(2024, 1, 1), people))
    (root / "done.csv").write_text(months(date(2024, 1, 1), [f"{80 + n % 5} %" for n in range(33)]))
    (root / "waits.csv").write_text(months(date(2024, 1, 1), [4] * 32 + [7]))
    (root / "young.csv").write_text(months(date(2026, 8, 1), [8, 9]))
    (root / "none.csv").write_text("period,value\n")
    catalog = catalogue.load(root)
    with Ledger.open(root / catalog.ledger) as ledger:
        observe(catalog, ledger, NOW)
    return root


@pytest.fixture
def root(computed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(computed, tmp_path / "hubs"))


def write(root: Path, quarter: str = "2026-Q3", *, force: bool = False, **chosen: Any) -> str:
    """Write the sheet; its text."""
    catalog = catalogue.load(root)
    file = root / "reviews" / "sheet.md"
    with Ledger.open(root / catalog.ledger) as ledger:
        review.write(
            catalog, ledger, catalog.calendar.parse(quarter), review.Selection(**chosen), file, NOW, force=force
        )
    return file.read_text()


def fill(root: Path, of: str, *, context: str = "", **keys: str) -> None:
    """Fill in the boxes of a KPI."""
    file = root / "reviews" / "sheet.md"
    before, marked, after = file.read_text().partition(f"<!-- kpi {of}, ")
    lines = after.split("\n")
    for key, text in keys.items():
        at = next(n for n, line in enumerate(lines) if line.startswith(f"{key.rstrip('_')}:"))
        lines[at] = f"{key.rstrip('_')}: {text}"
    if context:
        head, asked, tail = before.rpartition("*What happened, what is to come, what should be known?*")
        assert asked
        before = f"{head}{context}{tail}"
    file.write_text(before + marked + "\n".join(lines))


def apply(root: Path, *, past: bool = False, who: str = "Ana") -> int:
    """Apply the sheet; the run that it is."""
    catalog = catalogue.load(root)
    sheet = review.read((root / "reviews" / "sheet.md").read_text(), "sheet.md")
    with Ledger.open(root / catalog.ledger) as ledger:
        return review.carry_out(review.prepare(catalog, sheet, NOW, past=past), catalog, ledger, who, NOW)


def refused(root: Path, **options: Any) -> str:
    """Why a sheet cannot be applied; every file and the ledger are as before then."""
    before = state(root)
    with pytest.raises(HeadwayError) as caught:
        apply(root, **options)
    assert state(root) == before
    return str(caught.value)


def state(root: Path) -> tuple[dict[str, bytes], int]:
    """All YAML, and how many runs and decisions there are."""
    with Ledger.open(root / ".headway" / "ledger.db") as ledger:
        return {path.name: path.read_bytes() for path in root.rglob("*.yml")}, len(ledger.runs())


def plain(text: str) -> str:
    """Without the spaces that do not break."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


# -- the sheet -----------------------------------------------------------------------------------------------------


def test_a_sheet_says_what_was_reached_and_what_is_to_come(root: Path) -> None:
    """Of each KPI with a target or a benchmark, in plain words; what cannot be said is said too."""
    said = plain(write(root))
    assert "# Review of targets: Q3 2026" in said
    assert "## Use" in said
    assert "`people` · owner: research · target: ≥ 6,000" in said
    assert "| Value | 6,200 people | 6,240 people | 6,280 people |" in said
    assert "- **On target** in 3 of 3 months; of the year so far in 8 of 9 months (1 near)." in said
    assert "- **Trend**: rising, for the better, over 12 months (Mann\u2013Kendall, p = 0.003)." in said
    assert (
        "(as a year before, and 480 people more). Made so in 6 past quarters, it was 0 people off on average." in said
    )
    assert "The target then: ≥ 6,000, which this meets." in said
    assert "- **Proposed**: ≥ 7,000: 12 % above the quarter's median, 6,240 people. **Beyond anything seen**" in said
    assert "- **Proposed**: nothing, because whether more or less of it is better is not declared (`better`)." in said
    assert "- **Forecast**: none, because there is less than a year of history." in said
    assert "- **Trend**: not looked for, because fewer than 6 months have a number." in said
    assert "- **Others**: all others: ≥ 10. The quarter's median, 8.5 things, misses that by 1.5 things." in said
    assert "It is planned, not measured." in said
    assert "`silent`" not in said


def test_nothing_after_the_quarter_is_looked_at(root: Path) -> None:
    """A sheet written late is as far from the year's end as one written in time, and knows as little."""
    assert "Made so in 4 past quarters" in plain(write(root, "2026-Q2", kpis=("people",)))
    assert "Made so in 6 past quarters" in plain(write(root, "2026-Q3", kpis=("people",), force=True))


def test_a_target_of_a_running_quarter_begins_today_or_later(root: Path) -> None:
    """What is to come may be asked for before the quarter is over; yesterday may not."""
    write(root, "2026-Q4", kpis=("people",))
    fill(root, "people", target="{at_least: 6900}", from_="2026-10-19", why="more hubs")
    assert "bad-date" in refused(root)
    fill(root, "people", from_="2026-10-20")
    assert apply(root)


def test_what_missed_its_target_comes_first_in_the_overview(root: Path) -> None:
    """Worst first, what has no numbers last; each name leads to its heading, also where two are called alike."""
    use = root / "kpis" / "use.yml"
    use.write_text(use.read_text().replace("title: People  ", "title: Use, at all (now)  "))
    more = root / "kpis" / "more.yml"
    more.write_text(more.read_text().replace("waits: {", "waits: {title: 'Use, at all (now)', area: use, "))
    said = plain(write(root))
    lines = [line for line in said.split("\n") if line.startswith("| [")]
    assert [line.partition(" | ")[0] for line in lines] == [
        "| [Done](#done)",
        "| [Use, at all (now)](#use-at-all-now)",
        "| [Use, at all (now)](#use-at-all-now-1)",
        "| [Young](#young)",
        "| [Soon](#soon)",
    ]
    assert [line.split(" | ")[2] for line in lines] == [
        "0 of 3 months",
        "2 of 3 months",
        "3 of 3 months",
        "",
        "It is planned, not measured.",
    ]


@pytest.mark.parametrize(
    ("chosen", "remedy"), [({"owner": "reserch"}, "Did you mean 'research'?"), ({"area": "money"}, "There is use.")]
)
def test_an_owner_or_area_that_is_not_there_is_refused(root: Path, chosen: dict[str, Any], remedy: str) -> None:
    """A typing error is told as one, not as a catalogue without targets."""
    with pytest.raises(HeadwayError, match=r"there is no (owner|area)") as caught:
        write(root, **chosen)
    assert remedy in str(caught.value)


def test_a_withheld_or_missing_number_is_not_made_up(root: Path) -> None:
    """A month without a number counts for nothing and is told; a forecast that needs it is not made."""
    file = root / "people.csv"
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if "2025-12" not in line))
    shutil.rmtree(root / ".headway")
    catalog = catalogue.load(root)
    with Ledger.open(root / catalog.ledger) as ledger:
        observe(catalog, ledger, NOW)
    said = plain(write(root, kpis=("people",)))
    assert "none, because a number that it would be made from is missing" in said


def test_who_asks_for_less_gets_less(root: Path) -> None:
    """By name, owner and area, or all that is measured."""
    assert write(root, kpis=("people",)).count("#### Decision") == 1
    assert write(root, force=True, owner="research").count("#### Decision") == 2
    assert write(root, force=True, everything=True).count("#### Decision") == 6


@pytest.mark.parametrize("quarter", ["2027-Q1", "2026-07", "2026"])
def test_a_review_is_of_a_quarter_that_has_begun(root: Path, quarter: str) -> None:
    """Neither months nor what is to come."""
    with pytest.raises(HeadwayError, match=r"The last one that is over is 2026-Q3.|bad-period"):
        write(root, quarter)


def test_a_first_quarter_of_a_fiscal_year_looks_at_that_year(root: Path) -> None:
    """Fiscal years that begin in July: the quarter from July on is the first of FY2027, and the year is as old."""
    (root / "headway.yml").write_text(f"{HEAD}fiscal_year_start: july\n")
    catalog = catalogue.load(root)
    with Ledger.open(root / catalog.ledger) as ledger:
        observe(catalog, ledger, NOW)
    said = plain(write(root, "FY2027-Q1", kpis=("people",)))
    assert "# Review of targets: Q1 FY2027" in said
    assert "of the year so far in 3 of 3 months" in said
    assert "in June 2027" in said


def test_a_quarter_that_runs_is_judged_by_what_is_over(root: Path) -> None:
    """It says so, and counts no period that runs."""
    said = plain(write(root, "2026-Q4", kpis=("people",)))
    assert "The quarter still runs: only periods that are over are judged." in said
    assert "in no period of the quarter; of the year so far in 8 of 9 months (1 near)." in said
    assert "people in December 2026 (as a year before" in said


ROWS = """
sources:
  orders: {read: {files: orders.csv}, columns: {day: date, usd: number, ok: boolean, land: text}, time: day}
kpis:
  paid: {sum: orders.usd, by: [land], grain: month, unit: USD, better: higher, targets: [{at_least: 1500, grain: year}]}
  fine: {share: orders.ok, grain: month, unit: percent, better: higher, targets: [{at_least: 1 %}]}
  german: {sum: orders.usd, by: [land], grain: month, unit: USD, better: higher,
           targets: [{for: {land: de}, at_least: 9}]}
  grown: {formula: paid, grain: month, unit: USD, better: higher, targets: [{growth: 1 year, between: [1 %, 20 %]}]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project over rows: an order of 100 and one of 10 on the first of each month, and none of them fine."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "headway.yml").write_text(f"project: shop{ROWS}")
    days = [date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13)][:33]
    rows = [f"{day},100,false,fr\n{day},{10 + day.year - 2024},false,de\n" for day in days]
    (root / "orders.csv").write_text("day,usd,ok,land\n" + "".join(rows) + "2026-10-19,1,false,fr\n")
    catalog = catalogue.load(root)
    with Ledger.open(root / catalog.ledger) as ledger:
        observe(catalog, ledger, NOW)
    return root


def part_of(said: str, kpi: str) -> str:
    """What a sheet says of one KPI."""
    return said.partition(f"\n`{kpi}` ")[2].partition("#### Context")[0]


def test_the_year_of_a_sum_is_forecast_whole(shop: Path) -> None:
    """What is over and what is to come, against the target of the year: nine months of 112, three of 111 and 1 more."""
    said = part_of(plain(write(shop)), "paid")
    assert "| $112 | $112 | $112 | $336 | $333 | $1,008 |" in said
    assert "**Forecast**: $1,344 in 2026 (what is to come as a year before, and $1 more a month)." in said
    assert "it was $0 off on average. The target then: ≥ $1,500, which this misses." in said
    assert "**On target" not in said
    assert "**Proposed**: nothing, because its target is for years, and none ends in the quarter." in said


def test_zeros_of_a_share_are_not_added_up(shop: Path) -> None:
    """They make 0 in a year, as sums would; what is forecast is December all the same."""
    said = part_of(plain(write(shop)), "fine")
    assert "**Forecast**: 0 % in December 2026 (as a year before)" in said
    assert "it was 0 percentage points off" in said
    assert "**Trend**: none that is certain over 12 months (Mann\u2013Kendall, p = 1.000)." in said
    assert "nothing, because 10 % more than a number that is not above 0 means nothing." in said


def test_a_kpi_with_targets_for_cells_alone_is_looked_at_there(shop: Path) -> None:
    """In the first of them; what is proposed is for that cell too."""
    sheet = plain(write(shop))
    said = part_of(sheet, "german")
    assert "| Value, de | $12 | $12 | $12 | $36 | $33 | $108 |" in said
    assert "**On target (de)** in 3 of 3 months; of the year so far in 9 of 9 months." in said
    assert "target:   # proposed: {for: {land: de}, at_least: 14}; or keep" in sheet


def test_growth_that_is_asked_for_has_its_numbers(shop: Path) -> None:
    """Under those of the KPI itself; the block says what is asked for now."""
    sheet = plain(write(shop))
    said = part_of(sheet, "grown")
    assert "| Growth over 1 year | 0.90 % | 0.90 % | 0.90 % |" in said
    assert "target:   # now: {growth: 1 year, between: [1 %, 20 %]}; or keep" in sheet


def test_what_is_filled_in_stays_when_it_is_written_again(root: Path) -> None:
    """Context and decision stay word for word; a block that nobody touched is new; the facts are new."""
    first = write(root)
    assert write(root) == first
    context = "The move was late.\n\n```text\n#### Decision\n```\n\n- one\n- two"
    fill(root, "people", context=context, target="{at_least: 6900}   # asked Ben", why='"a, b"')
    again = write(root)
    assert context in again
    assert "target: {at_least: 6900}   # asked Ben\n" in again
    assert again.count("*What happened, what is to come") == 4
    assert write(root) == again
    less = write(root, kpis=("done",))
    assert "## Filled in before" in less
    assert context in less
    assert "target: {at_least: 6900}   # asked Ben\n" in less
    assert write(root) == again


def test_an_edited_sheet_is_not_overwritten(root: Path) -> None:
    """What was changed outside of the boxes would be lost; with force it is, and the boxes stay."""
    text = write(root)
    fill(root, "people", why="because")
    file = root / "reviews" / "sheet.md"
    file.write_text(file.read_text().replace("# Review of targets", "# Our review"))
    with pytest.raises(HeadwayError, match="review-edited"):
        write(root)
    assert "why: because" in write(root, force=True)
    assert "# Our review" not in file.read_text()
    file.write_text("notes of mine")
    with pytest.raises(HeadwayError, match="is no sheet of a review"):
        write(root)
    assert write(root, force=True) == text


# -- applying ------------------------------------------------------------------------------------------------------


def test_targets_go_into_the_yaml_and_nothing_else_changes(root: Path) -> None:
    """With the day and the reason, in the layout of each file; who decided what stands in the ledger."""
    write(root)
    fill(root, "people", context="All went well.", target="{at_least: 6900}", why="a new grant")
    fill(root, "done", target="{at_least: 92 %, near: 88 %}", why="it's possible", owner="research")
    fill(root, "waits", target="keep", why="not now")
    assert apply(root) == 2
    after = (root / "kpis" / "use.yml").read_text()
    one = "      - {at_least: 6900, from: 2026-10-01, why: a new grant}\n"
    two = ", {at_least: 92 %, near: 88 %, from: 2026-10-01, why: it's possible}"
    assert after.replace(one, "").replace(two, "") == USE
    assert after.index(one) == after.index("# the grant\n") + len("# the grant\n")
    assert (root / "kpis" / "more.yml").read_text() == MORE
    with Ledger.open(root / ".headway" / "ledger.db") as ledger:
        found = {row.kpi: row for row in ledger.reviews(period="2026-Q3")}
        assert ledger.reviews("people") == [found["people"]]
        assert ledger.reviews(as_of=1) == []
    assert found.keys() == {"people", "done", "waits"}
    assert found["people"].targets == ({"at_least": 6900, "from": "2026-10-01", "why": "a new grant"},)
    assert (found["people"].context, found["people"].who) == ("All went well.", "Ana")
    assert (found["waits"].targets, found["waits"].why) == (None, "not now")


def test_what_is_applied_again_changes_nothing(root: Path) -> None:
    """Neither a file nor the ledger; what is decided later is added."""
    write(root)
    fill(root, "people", target="{at_least: 6900}", why="a new grant")
    assert apply(root) == 2
    before = state(root)
    assert apply(root) == 0
    assert apply(root, who="Ben") == 0
    assert state(root) == before
    fill(root, "waits", target="[{at_most: 4}, {at_most: 50, grain: year, from: 2027-01-01}]", why="two more people")
    assert apply(root) == 3
    assert "{at_most: 50, grain: year, from: 2027-01-01, why: two more people}]" in (root / "kpis/more.yml").read_text()
    with Ledger.open(root / ".headway" / "ledger.db") as ledger:
        assert [row.kpi for row in ledger.reviews()] == ["people", "waits"]


@pytest.mark.parametrize(
    ("keys", "slug", "line"),
    [
        ({"target": "{at_least: 6900}"}, "no-reason", "why:"),
        ({"target": "{at_least: 6900}", "why": "x", "from_": "soon"}, "bad-date", "from: soon"),
        ({"target": "{at_least: 6900}", "why": "x", "from_": "2026-09-30"}, "bad-date", "from: 2026-09-30"),
        ({"target": "{at_least: 6900, from: 2026-01-01}", "why": "x"}, "bad-date", "target: {at_least: 6900, from"),
        ({"target": "{at_least: 6900}", "why": "x", "from_": ""}, "missing-key", "from: "),
        ({"target": "6900", "why": "x"}, "wrong-type", "target: 6900"),
        ({"target": "{at_leats: 6900}", "why": "x"}, "unknown-key", "target: {at_leats"),
        ({"target": "{at_least: 69 %}", "why": "x"}, "target-unit", "target: {at_least: 69 %"),
        (
            {"target": "{at_least: 6900, grain: day}", "why": "x"},
            "grain-not-possible",
            "target: {at_least: 6900, grain",
        ),
        ({"target": "{at_least: 6900}", "why": "x", "owner": "nobody"}, "unknown-name", "target: {at_least"),
        ({"target": "{at_least: 6900", "why": "x"}, "yaml-syntax", "target: {at_least"),
        ({"kpi": "peeple", "target": "{at_least: 6900}", "why": "x"}, "unknown-kpi", "kpi: peeple"),
    ],
)
def test_every_mistake_names_its_line_of_the_sheet(root: Path, keys: dict[str, str], slug: str, line: str) -> None:
    """Also where the catalogue refuses the target: nothing is written before it would load."""
    write(root)
    fill(root, "people", **keys)
    fill(root, "waits", target="{at_most: 4}", why="fine")
    said = refused(root)
    assert f"[{slug}]" in said
    lines = (root / "reviews" / "sheet.md").read_text().split("\n")
    block = next(n for n, text in enumerate(lines) if text.startswith("<!-- kpi people"))
    number = 1 + next(n for n, text in enumerate(lines) if n > block and text.startswith(line.strip()))
    assert f"sheet.md:{number}:" in said


def test_all_mistakes_are_told_at_once(root: Path) -> None:
    """As everywhere."""
    write(root)
    fill(root, "people", target="{at_least: 6900}")
    fill(root, "waits", target="4", why="x")
    assert refused(root).count("sheet.md:") == 2


def test_a_target_of_that_day_that_is_there_already_is_a_conflict(root: Path) -> None:
    """Who decided otherwise before, or by hand, is not overruled; the line of both is said."""
    write(root)
    fill(root, "people", target="{at_least: 6900}", why="x")
    apply(root)
    write(root)
    fill(root, "people", target="{at_least: 7000}", why="x")
    said = refused(root)
    assert "target-overlap" in said
    assert "the other is in line 12 of kpis/use.yml" in said


def test_targets_that_changed_by_hand_meanwhile_are_not_buried(root: Path) -> None:
    """Who filled in the sheet did not see them. Written again, with what was filled in, it can be applied."""
    write(root)
    fill(root, "people", target="{at_least: 6900}", why="x")
    file = root / "kpis" / "use.yml"
    file.write_text(USE.replace("at_least: 6000", "at_least: 5900"))
    assert "[targets-changed]" in refused(root)
    write(root)
    assert apply(root) == 2


def test_a_kpi_that_is_gone_is_refused_with_its_line(root: Path) -> None:
    """The others wait until that is settled: all or nothing."""
    write(root)
    fill(root, "people", target="{at_least: 6900}", why="x")
    fill(root, "waits", target="{at_most: 4}", why="x")
    file = root / "kpis" / "more.yml"
    file.write_text("".join(line for line in MORE.splitlines(keepends=True) if "waits" not in line))
    assert "there is no KPI 'waits', or no longer [unknown-kpi]" in refused(root)


def test_the_past_is_judged_anew_only_if_that_is_said(root: Path) -> None:
    """A day of the quarter, or before it."""
    write(root)
    fill(root, "people", target="{at_least: 6900}", why="x", from_="2026-07-01")
    assert "judged by the targets of then" in refused(root)
    assert apply(root, past=True) == 2


@pytest.mark.parametrize("at", [1, 2])
def test_an_interruption_leaves_everything_as_it_was(root: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Ctrl-C while the first file is put in place, or the second: no file and no row of the ledger is new."""
    write(root)
    fill(root, "people", target="{at_least: 6900}", why="x")
    fill(root, "waits", target="{at_most: 4}", why="x")
    before, count, real = state(root), 0, Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == at:
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            apply(root)
    assert state(root) == before
    assert [path for path in root.rglob(".*-*") if path.is_file()] == []
    assert apply(root) == 2


def test_a_file_that_changes_while_it_is_looked_at_is_not_overwritten(root: Path) -> None:
    """Somebody saved it in an editor between."""
    write(root)
    fill(root, "people", target="{at_least: 6900}", why="x")
    catalog = catalogue.load(root)
    prepared = review.prepare(catalog, review.read((root / "reviews/sheet.md").read_text(), "sheet.md"), NOW)
    (root / "kpis" / "use.yml").write_text(USE + "\n")
    with (
        Ledger.open(root / catalog.ledger) as ledger,
        pytest.raises(HeadwayError, match="file-changed"),
    ):
        review.carry_out(prepared, catalog, ledger, "Ana", NOW)
    assert (root / "kpis" / "use.yml").read_text() == USE + "\n"


@pytest.mark.parametrize("text", ["", "# notes", "<!-- headway review 2026, sum abc -->"])
def test_what_is_no_sheet_is_refused(root: Path, text: str) -> None:
    """By its last line it is known."""
    (root / "reviews").mkdir()
    (root / "reviews" / "sheet.md").write_text(text)
    assert "[not-a-review]" in refused(root) if "2026" not in text else "[bad-period]" in refused(root)


# -- the letter ----------------------------------------------------------------------------------------------------


def letter(root: Path, audience: Audience) -> str:
    """The letter about the sheet."""
    catalog = catalogue.load(root)
    sheet = review.read((root / "reviews" / "sheet.md").read_text(), "sheet.md")
    with Ledger.open(root / catalog.ledger) as ledger:
        prepared = review.prepare(catalog, sheet, NOW)
        names = [answer.kpi for answer in sheet.answers]
        return plain(review.letter(catalog, ledger, prepared, names, audience))


def test_what_people_wrote_among_themselves_is_not_in_a_public_letter(root: Path) -> None:
    """The context of a KPI that everybody may see is for those who decide."""
    head, use = root / "headway.yml", root / "kpis" / "use.yml"
    head.write_text(head.read_text() + "audience: public\n")
    use.write_text(use.read_text().replace("unit: people", "unit: people\n    audience: public"))
    write(root, kpis=("people",))
    fill(root, "people", context="Ana may leave us.", target="keep")
    assert "Ana may leave us." in letter(root, Audience.INTERNAL)
    public = letter(root, Audience.PUBLIC)
    assert "**People**" in public
    assert "Ana may leave us." not in public


def test_the_letter_says_what_was_reached_and_what_changes(root: Path) -> None:
    """Numbers as on pages, in words; of KPIs that its readers may see."""
    write(root)
    fill(root, "people", context="All went\nwell.", target="{at_least: 6900}", why="a new grant")
    fill(root, "done", target="keep", why="first let us reach it")
    first = letter(root, Audience.INTERNAL)
    assert (
        first
        == """# Hubs for All: our targets in Q3 2026

From 1 Jul 2026 to 30 Sep 2026, 1 of our 2 targets was reached and 1 was missed.

## What we reached

- **People**: 6,200 people in July, 6,240 people in August and 6,280 people in September. We asked for at least 6,000 \
people, and had it in 3 of 3 months.

  All went
  well.

## What we missed

- **Done**: 80.0 % in July, 81.0 % in August and 82.0 % in September. We asked for at least 90 %, and had it in 0 of 3 \
months.

## What we cannot say

- **Soon**: It is planned, not measured.

## What changes

- **People**: at least 6,900 people from 1 Oct 2026 on, until then at least 6,000 people. A new grant.

## What stays

- **Done**: at least 90 %. First let us reach it.
"""
    )
    assert "Waits" in letter(root, Audience.RESTRICTED)
    apply(root)
    assert letter(root, Audience.INTERNAL) == first


def test_an_edited_letter_is_kept(root: Path) -> None:
    """A draft is there to be edited."""
    file = root / "letter.md"
    assert review.keep(file, "one")
    assert review.keep(file, "two")
    file.write_text(file.read_text().replace("two", "dear all"))
    assert not review.keep(file, "three")
    assert "dear all" in file.read_text()
    assert review.keep(file, "three", force=True)
