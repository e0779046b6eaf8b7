"""Reports by command: a snapshot, an edition that stays, and a report of it that needs no ledger."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Shop

DRAFT = """---
headway: {audience: internal}
---
# The shop

{kpi}`visits 2026-03-08` people came, and {kpi}`visits 2026-03-10 or="we do not know yet"`.
"""


def test_an_edition_stays_while_the_draft_follows_the_data(shop: Shop) -> None:
    """It is never written over, and a report that is pinned to it is made without the ledger."""
    shop.write("report.md", DRAFT)
    assert shop.run().code == 0
    document, out = str(shop.root / "report.md"), str(shop.root / "out")
    answer = shop.headway("snapshot", document, "--edition", "march", "--as-of", "run 1")
    assert answer.code == 0, answer.err
    filed = (shop.root / "editions" / "march.json").read_text("utf-8")
    again = shop.headway("snapshot", document, "--edition", "march")
    assert (again.code, "is filed already, with the same numbers" in again.out) == (0, True)
    shop.write("report.md", f"{DRAFT}\n{{kpi}}`visitors 2026-03-01`\n")
    other = shop.headway("snapshot", document, "--edition", "march")
    assert (other.code, "edition-filed" in other.err) == (2, True)
    assert (shop.root / "editions" / "march.json").read_text("utf-8") == filed

    shop.write("report.md", DRAFT.replace("internal}", "internal, edition: march}"))
    shutil.rmtree(shop.root / ".headway")
    answer = shop.headway("report", "build", document, "--html", "-o", out)
    assert answer.code == 0, answer.err
    page = (shop.root / "out" / "report.html").read_text("utf-8")
    assert "Edition march." in page
    assert "we do not know yet" in page


def test_all_that_a_report_may_not_say_is_told_before_it_is_made(shop: Shop) -> None:
    """With lines and remedies, and nothing is written."""
    shop.write("report.md", "# A\n\n{kpi}`visitor`\n\n{kpi}`visits 2026-03-10`\n\n{kpi}`spent colour=red`\n")
    assert shop.run().code == 0
    document, out = shop.root / "report.md", shop.root / "out"
    answer = shop.headway("report", "build", str(document), "-o", str(out), "--audience", "internal")
    assert answer.code == 2
    told = [line.removeprefix(f"{document}:") for line in answer.err.splitlines() if line.startswith(f"{document}:")]
    assert [line[:1] + line[line.rindex(" [") :] for line in told] == [
        "3 [unknown-kpi]",
        "5 [unknown-period]",
        "7 [unknown-cell]",
    ]
    assert "Did you mean 'visitors'?" in answer.err
    assert not out.exists()


TYPED = """---
headway: {audience: internal}
---
# The shop

We had 12 visits on 2026-03-08, and more than 10 visitors on 8 March 2026.

Spent in February 2026: EUR 2,200. On 2026-03-08 there were {kpi}`visits 2026-03-08` visits.
"""


def test_what_was_typed_is_checked(shop: Shop) -> None:
    """What the ledger contradicts is shown where it stands, with what to write; all numbers are listed."""
    shop.write("report.md", TYPED)
    assert shop.run().code == 0
    document = shop.root / "report.md"
    for width in (80, 120):
        answer = shop.headway("report", "check", str(document), COLUMNS=str(width))
        assert (answer.code, answer.err) == (3, ""), answer.err
        assert f"{document}:8:25: EUR 2,200 contradicts Spent, February 2026: €2,016" in answer.out
        shown = answer.out.splitlines()
        at = next(n for n, line in enumerate(shown) if "^" in line)
        assert shown[at - 1][shown[at].index("^") :].startswith("EUR 2,200")
        assert "Write {kpi}`spent 2026-02`." in answer.out
        assert "3 typed figures are about a KPI; the ledger contradicts 1 of them." in answer.out
        assert max(len(line) for line in shown if not line.startswith(str(document))) <= width
    answer = shop.headway("report", "check", str(document), "--json")
    told = json.loads(answer.out)
    assert answer.code == 3
    assert [(one["words"], one["verdict"], one["kpi"], one["period"]) for one in told["typed"]] == [
        ("12", "matches", "visits", "2026-03-08"),
        ("more than 10", "holds", "visitors", "2026-03-08"),
        ("EUR 2,200", "contradicts", "spent", "2026-02"),
    ]
    assert [(one["line"], one["kpi"], one["period"], one["revisions"]) for one in told["numbers"]] == [
        (8, "visits", "2026-03-08", [1])
    ]


def test_a_report_that_is_true_passes_and_one_that_asks_wrongly_does_not(shop: Shop) -> None:
    """What the document asks for is looked up as well; one pinned to an edition is held against that."""
    assert shop.run().code == 0
    document = shop.root / "report.md"
    shop.write("report.md", TYPED.replace("2,200", "2,016"))
    assert shop.headway("report", "check", str(document)).code == 0
    shop.write("report.md", TYPED + "\n{kpi}`visitor`\n")
    answer = shop.headway("report", "check", str(document))
    assert (answer.code, "[unknown-kpi]" in answer.err, "contradicts Spent" in answer.out) == (2, True, True)

    shop.write("report.md", TYPED)
    assert shop.headway("snapshot", str(document), "--edition", "march").code == 0
    shop.write("report.md", TYPED.replace("internal}", "internal, edition: march}").replace("12 visits", "13 visits"))
    shutil.rmtree(shop.root / ".headway")
    answer = shop.headway("report", "check", str(document))
    assert (answer.code, "13 contradicts Visits, 8 Mar 2026: 12" in answer.out) == (3, True), answer.out + answer.err
    answer = shop.headway("report", "check", str(document), "--as-of", "run 1")
    assert (answer.code, "is pinned to edition march" in answer.err) == (2, True)


WIDE = """---
headway: {every: month, audience: internal, cover: false, contents: false}
---
# {{ cell.label }}

{kpi}`visits {{ period }} {{ cell }}`

| | |
|---|---|
| a | {% if cell.label == "maps" %}{{ "W" * 300 }}{% else %}fine{% endif %} |
"""


def test_all_files_are_written_or_none(shop: Shop) -> None:
    """What cannot be printed for one cell leaves nothing of the others."""
    shop.write("own.md.jinja", WIDE)
    assert shop.run().code == 0
    out = shop.root / "out"
    words = (
        "report",
        "build",
        str(shop.root / "own.md.jinja"),
        "--for-each",
        "shelf",
        "--period",
        "2026-02",
        "-o",
        str(out),
    )
    answer = shop.headway(*words)
    assert (answer.code, ":transpose:" in answer.err) == (5, True), answer.err
    assert not out.exists()
    answer = shop.headway(*words, "--html")
    assert answer.code == 0, answer.err
    assert answer.out == f"Wrote {out / 'own-books.html'} and {out / 'own-maps.html'}.\n"


def test_many_files_are_counted(shop: Shop) -> None:
    """Of a hundred nobody reads the names."""
    shop.write("own.md.jinja", WIDE.replace('"W" * 300', '"fine"'))
    shop.write(
        "data/visits.csv",
        "visit,person,at,spent,shelf\n"
        + "".join(f"{n},p{n % 12},2026-02-0{n % 9 + 1}T10:00:00,1,{'abcdefg'[n // 108]}\n" for n in range(756)),
    )
    assert shop.run().code == 0
    out = shop.root / "out"
    words = (
        "report",
        "build",
        str(shop.root / "own.md.jinja"),
        "--for-each",
        "shelf",
        "--period",
        "2026-02",
        "-o",
        str(out),
        "--markdown",
    )
    answer = shop.headway(*words)
    assert (answer.code, answer.out) == (0, f"Wrote 7 files into {out}{os.sep}.\n"), answer.err


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        ("", (), "it has no title; begin it with a line as '# The week' [report-failed]"),
        ("Only words.\n", (), "it has no title; begin it with a line as '# The week' [report-failed]"),
        ("# Fine\n", ("--markdown",), "report.md is no template [unknown-option]"),
    ],
)
def test_what_would_be_no_report_is_told(shop: Shop, text: str, more: tuple[str, ...], told: str) -> None:
    """A page without a title, or a copy of the document."""
    shop.write("report.md", text)
    assert shop.run().code == 0
    answer = shop.headway("report", "build", str(shop.root / "report.md"), "-o", str(shop.root / "out"), *more)
    assert answer.code
    assert told in answer.err
