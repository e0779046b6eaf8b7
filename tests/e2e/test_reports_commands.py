"""Reports by command: a snapshot, an edition that stays, and a report of it that needs no ledger."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

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
    assert (again.code, "edition-filed" in again.err) == (2, True)
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
