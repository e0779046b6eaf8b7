"""A review from the command line, as docs/reviews.md tells it: written, filled in, applied, and how to stop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headway import catalog as catalogue
from headway import cli
from headway.ledger import Ledger, bring, export

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reviews.md"
PROJECT = """project: hubs
title: Hubs for All
owners: {research: research@example.org}
kpis:
  mau:
    title: Monthly active users
    entered: mau.csv
    grain: month
    unit: people
    better: higher
    audience: public
    targets:
      - {at_least: 6000}   # since ever
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computed project, and we are in it."""
    (tmp_path / "headway.yml").write_text(PROJECT)
    rows = [
        f"{year}-{month:02},{5000 + 10 * month + 300 * (year - 2023)}"
        for year in (2023, 2024, 2025)
        for month in range(1, 13)
    ]
    rows += [f"2026-{month:02},{6000 + 10 * month}" for month in range(1, 11)]
    (tmp_path / "mau.csv").write_text("\n".join(["period,value", *rows, ""]))
    monkeypatch.chdir(tmp_path)
    assert headway("run", "--now", "2026-10-20T06:00Z")[0] == 0
    return tmp_path


def headway(*arguments: str, typed: str = "") -> tuple[int, str]:
    """The exit code and what is printed."""
    result = CliRunner().invoke(cli.app, list(arguments), input=typed)
    return result.exit_code, result.output


def told() -> tuple[list[list[str]], str]:
    """The commands and the block of YAML in the documentation."""
    text = DOCS.read_text("utf-8")
    commands = [line.split()[1:] for line in text.splitlines() if line.startswith("    headway ")]
    [block] = re.findall(r"```text\n(kpi: .*?)\n```", text, flags=re.DOTALL)
    return commands, block


@pytest.fixture
def filled(project: Path) -> Path:
    """The sheet, with the decision of the documentation."""
    [write, _], block = told()
    code, said = headway(*write)
    assert (code, said.splitlines()[0]) == (0, "Wrote reviews/2026-Q3.md: 1 KPI in 2026-Q3.")
    file = project / "reviews" / "2026-Q3.md"
    assert "`mau` · owner: nobody" not in file.read_text()
    file.write_text(re.sub(r"```yaml\n.*?\n```", f"```yaml\n{block}\n```", file.read_text(), flags=re.DOTALL))
    return file


def test_the_documentation_does_what_it_says(project: Path, filled: Path) -> None:
    """Its commands, in their order, with its decision: a line in the YAML, a row in the ledger, a letter."""
    [_, apply], _ = told()
    code, said = headway(*apply, "--yes", "--who", "Ana")
    assert code == 0
    line = "      - {at_least: 6900, from: 2026-10-01, owner: research, why: a new grant pays for two more hubs}\n"
    assert (project / "headway.yml").read_text() == PROJECT + line
    assert said.splitlines() == [
        f"headway.yml: mau gets {line.strip().removeprefix('- ')}",
        "Recorded the decision: run 2 of the ledger.",
        "Drafted the letter: reviews/2026-Q3-letter.md. Read it before you send it.",
        "The next 'headway run' judges by the new targets.",
    ]
    letter = (project / "reviews" / "2026-Q3-letter.md").read_text().replace("\xa0", " ")
    assert "our one target was reached." in letter
    assert "at least 6,900 people from 1 Oct 2026 on, until then at least 6,000 people." in letter
    assert "A new grant pays for two more hubs." in letter
    assert headway("check")[0] == 0
    again = headway(*apply, "--yes")[1]
    assert again.startswith("1 target there already.\nAll of it was decided before.\n")
    assert (project / "headway.yml").read_text() == PROJECT + line
    assert catalogue.load(project).kpis["mau"].targets[1].owner == "research"


@pytest.mark.parametrize(
    ("options", "typed", "code"), [(["--dry-run"], "", 0), ([], "n\n", 0), ([], "\n", 0), ([], "", 1)]
)
def test_whoever_stops_changes_nothing(project: Path, filled: Path, options: list[str], typed: str, code: int) -> None:
    """A dry run, a no, and the end of what is typed, as with Ctrl-C."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.suffix in (".yml", ".md")}
    found, said = headway("review", "apply", "reviews/2026-Q3.md", *options, typed=typed)
    assert found == code
    assert "mau gets {at_least: 6900" in said
    assert {path: path.read_bytes() for path in project.rglob("*") if path.suffix in (".yml", ".md")} == before
    with Ledger.open(project / ".headway" / "ledger.db") as ledger:
        assert ledger.reviews() == []


def test_without_a_quarter_it_is_the_last_one(project: Path) -> None:
    """That is over, by the machine's clock; options stand before or after it."""
    code, said = headway("review", "--kpi", "mau")
    assert code == 0
    assert re.search(r"Wrote reviews/\d{4}-Q[1-4]\.md: 1 KPI in", said)


def test_pages_say_who_decided_a_target(project: Path, filled: Path, tmp_path: Path) -> None:
    """On the KPI's page, in its twin and in explain; to the public without the name. As of before, nothing."""
    headway("review", "apply", "reviews/2026-Q3.md", "--yes", "--who", "Ana")
    assert headway("run", "--now", "2026-11-02T06:00Z")[0] == 0
    for audience, who in (("internal", " by Ana"), ("public", "")):
        headway("build", str(tmp_path / audience), "--audience", audience)
        pages = [tmp_path / audience / "kpi" / name for name in ("mau.html", "mau.json")]
        for file in pages:
            text = file.read_text()
            assert re.search(rf"Decided in the review of Q3 2026{who}, \d+ [A-Z][a-z]+ 20\d\d", text), file
            assert ("Ana" in text) is bool(who)
    assert "Decided in the review of Q3 2026 by Ana, " in headway("explain", "mau", "2026-10")[1]
    assert "Decided in" not in headway("explain", "mau", "2026-09")[1]
    assert "Decided in" not in headway("explain", "mau", "--as-of", "1")[1]


def test_an_edited_letter_stays(project: Path, filled: Path) -> None:
    """It says so; with force it is drafted anew."""
    apply = ["review", "apply", "reviews/2026-Q3.md", "--yes"]
    headway(*apply)
    letter = project / "reviews" / "2026-Q3-letter.md"
    letter.write_text(f"Dear all,\n\n{letter.read_text()}")
    assert "was edited and stays as it is" in headway(*apply)[1]
    assert letter.read_text().startswith("Dear all")
    headway(*apply, "--force")
    assert letter.read_text().startswith("# Hubs for All")


def test_what_was_decided_travels_and_follows_a_rename(project: Path, filled: Path, tmp_path: Path) -> None:
    """In an export, and when the KPI is called otherwise later."""
    headway("review", "apply", "reviews/2026-Q3.md", "--yes", "--who", "Ana")
    text = (project / "headway.yml").read_text()
    (project / "headway.yml").write_text(text.replace("  mau:\n", "  active:\n    formerly: mau\n"))
    assert headway("run", "--now", "2026-10-21T06:00Z")[0] == 0
    with Ledger.open(project / ".headway" / "ledger.db") as ledger:
        [kept] = ledger.reviews("active")
        assert (kept.period, kept.who, kept.why) == ("2026-Q3", "Ana", "a new grant pays for two more hubs")
        export(ledger, tmp_path / "moved")
    bring(tmp_path / "moved", tmp_path / "other.db")
    with Ledger.open(tmp_path / "other.db") as other:
        [moved] = other.reviews("active")
    assert (moved.targets, moved.who, moved.when) == (kept.targets, kept.who, kept.when)
