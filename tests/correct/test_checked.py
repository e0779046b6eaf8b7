"""What a run keeps of its checks: which rows fail, with people masked, and what each check holds back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from headway import catalog as catalogue
from headway import run
from headway.checks.samples import MASKED
from headway.ledger import Ledger, Standing
from headway.model import Excluded

NOW = datetime(2026, 4, 10, 6, tzinfo=UTC)
#: Each value that tells of a person; none is found anywhere but in the data.
PEOPLE = ("p-ann", "p-bob", "p-cyd", "p-dee", "p-eve", "Zebedee", "zeb@example.org", "4915550")

PROJECT = """
project: kept
min_group_size: 1
sources:
  team:
    read: {files: team.csv}
    columns: {person: text, name: text, phone: integer, joined: date}
    key: person
    people: person
    checks:
      - {matches: {name: "^[A-Z]+$"}}
      - {between: {phone: [0, 100]}, then: warn}
  accounts:
    read: {files: accounts.csv}
    columns: {account: text, owner: text, plan: text}
    key: account
    refers: {owner: team}
    checks: [{one_of: {plan: [free, paid]}, then: warn}]
  reviews:
    read: {files: reviews.csv}
    columns: {id: integer, on: date, account: text, reviewer: text, score: integer, note: text}
    key: id
    time: on
    people: reviewer
    refers: {account: {source: accounts, optional: true}}
    derive: {shout: "upper(reviewer) || '!'", who: account.owner}
    exclude:
      - {where: score = 9, why: A robot., link: "https://example.org/robot"}
      - {where: score = 8, why: A robot., from: 2026-01-01, through: 2026-01-31}
    checks:
      - {between: {score: [0, 5]}}
      - {not_null: [note], then: warn}
      - {rule: "shout = 'X!' or length(who) > 9", name: loud, then: warn}
      - {matches: {note: "^[a-z ]+$"}, then: warn}
      - {rule: "account.plan = 'paid'", name: paid, then: warn}
      - {unique: [reviewer], then: warn}
      - {fresh: 400 days}
kpis:
  reviews: {count: reviews, grain: month, by: [score]}
  scores:  {mean: reviews.score, grain: month}
  ratio:   {formula: scores / reviews, checks: [{between: [0, 1]}]}
  double:  {formula: 2 * ratio, grain: month}
  team:    {count: team, time: joined, grain: month}
"""
FILES = {
    "team.csv": "person,name,phone,joined\np-ann,Zebedee,4915550,2026-01-05\np-bob,BOB,5,2026-02-05\n",
    "accounts.csv": "account,owner,plan\na1,p-ann,paid\na2,p-bob,odd\na3,p-cyd,free\n",
    "reviews.csv": (
        "id,on,account,reviewer,score,note\n"
        "1,2026-01-10,a1,p-dee,3,good\n"
        "2,2026-01-11,a1,p-eve,8,robot\n"
        "3,2026-02-10,a2,p-dee,7,bad\n"
        "4,2026-03-10,a2,p-eve,2,\n"
        "5,2026-03-11,a3,p-eve,1,zeb@example.org\n"
        "6,2026-03-12,a3,p-eve,9,robot\n"
    ),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, run.Outcome, dict[str, Standing]]:
    """The folder, the outcome, and every check by its address."""
    root = tmp_path_factory.mktemp("kept")
    for name, text in {"headway.yml": PROJECT, **FILES}.items():
        (root / name).write_text(text)
    with Ledger.open(root / "ledger.db") as ledger:
        outcome = run.observe(catalogue.load(root), ledger, NOW)
        return root, outcome, {f"{one.subject}.{one.found.check}": one for one in ledger.checks()}


Kept = tuple[Path, run.Outcome, dict[str, Standing]]


def sample(kept: Kept, name: str) -> list[dict[str, Any]]:
    """The failing rows of a check that are kept."""
    return [dict(row) for row in kept[2][name].found.sample]


def test_every_check_is_kept_those_that_nobody_declares_too(kept: Kept) -> None:
    """With its family, and whether it passed."""
    assert {name: (one.found.family.value, one.found.passed) for name, one in kept[2].items()} == {
        "team.key": ("consistency", True),
        "team.matches": ("consistency", False),
        "team.between": ("accuracy", False),
        "accounts.key": ("consistency", True),
        "accounts.refers.owner": ("consistency", False),
        "accounts.one_of": ("consistency", False),
        "reviews.key": ("consistency", True),
        "reviews.between": ("accuracy", False),
        "reviews.not_null": ("completeness", False),
        "reviews.loud": ("accuracy", False),
        "reviews.matches": ("consistency", False),
        "reviews.paid": ("accuracy", False),
        "reviews.unique": ("consistency", False),
        "reviews.fresh": ("timeliness", True),
        "ratio.between": ("accuracy", False),
    }


def test_a_sample_has_the_key_the_time_and_what_the_rule_is_about(kept: Kept) -> None:
    """The newest rows first; a rule over days has none."""
    assert sample(kept, "reviews.between") == [{"id": "3", "on": "2026-02-10", "score": "7"}]
    assert sample(kept, "reviews.not_null") == [{"id": "4", "on": "2026-03-10", "note": None}]
    assert sample(kept, "reviews.paid") == [
        {"id": "5", "on": "2026-03-11", "account.plan": "free"},
        {"id": "4", "on": "2026-03-10", "account.plan": "odd"},
        {"id": "3", "on": "2026-02-10", "account.plan": "odd"},
    ]
    assert sample(kept, "reviews.fresh") == []


def test_people_are_masked_however_a_column_comes_to_tell_them(kept: Kept) -> None:
    """A key of people, what refers to it, what is derived from either, all of a row that is a person, an address."""
    assert sample(kept, "accounts.refers.owner") == [{"account": "a3", "owner": MASKED}]
    assert sample(kept, "reviews.unique")[0] == {"id": "5", "on": "2026-03-11", "reviewer": MASKED}
    assert sample(kept, "reviews.loud")[0] == {"id": "5", "on": "2026-03-11", "shout": MASKED, "who": MASKED}
    assert sample(kept, "team.matches") == [{"person": MASKED, "name": MASKED}]
    assert sample(kept, "team.between") == [{"person": MASKED, "phone": MASKED}]
    assert sample(kept, "reviews.matches") == [{"id": "5", "on": "2026-03-11", "note": MASKED}]


def test_no_person_stands_in_the_bytes_of_the_ledger_or_in_what_a_run_says(kept: Kept) -> None:
    """Neither in a text nor in a sample, an example or a note."""
    root, outcome, _ = kept
    stored = b"".join(file.read_bytes() for file in root.glob("ledger.db*"))
    assert b"reviews" in stored
    said = repr(outcome)
    for person in PEOPLE:
        assert person.encode() not in stored, person
        assert person not in said, person


def test_a_check_says_what_it_holds_back_through_formulas_too(kept: Kept) -> None:
    """February, its quarter and year, and all their cells: a breakdown by what the check is about is no help."""
    holds = {name: dict(one.found.holds) for name, one in kept[2].items() if one.found.holds}
    assert holds["reviews.between"] == {"reviews": 12, "scores": 3, "ratio": 3, "double": 3}
    assert set(holds) == {"reviews.between", "team.matches", "ratio.between"}
    assert holds["ratio.between"] == {"ratio": 3, "double": 3}  # January, and what holds it


def test_exclusions_are_on_the_record_each_with_its_own_rows(kept: Kept) -> None:
    """Two of one reason are told apart, and their rows are added up where steps are listed."""
    _, outcome, _ = kept
    load = next(load for load in outcome.loads if load.source == "reviews")
    assert load.exclusions == (
        Excluded("score = 9", None, None, "A robot.", "https://example.org/robot", 1),
        Excluded("score = 8", date(2026, 1, 1), date(2026, 1, 31), "A robot.", None, 1),
    )
    assert load.removed == {"excluded: A robot.": 2}
    with Ledger.open(kept[0] / "ledger.db") as ledger:
        assert {one.source: one.exclusions for one in ledger.loads(1)}["reviews"] == load.exclusions
