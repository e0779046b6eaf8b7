"""Bad catalogues, each in a folder with the exact words that a reader is told: `tests/golden/catalog/*/expected.txt`.

`HEADWAY_WRITE_GOLDEN=1 pytest tests/unit/test_catalog_golden.py` writes them anew, to be read in review.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headway import catalog
from headway.errors import SLUGS, CatalogError

GOLDEN = Path(__file__).parents[1] / "golden" / "catalog"
CASES = sorted(folder.parent.name for folder in GOLDEN.glob("*/headway.yml"))


@pytest.mark.parametrize("case", CASES)
def test_every_mistake_is_told_in_the_users_words(case: str) -> None:
    """All mistakes of a catalogue come at once, in order, each with its place, slug and remedy."""
    with pytest.raises(CatalogError) as caught:
        catalog.load(GOLDEN / case)
    told = str(caught.value) + "\n"
    expected = GOLDEN / case / "expected.txt"
    if os.environ.get("HEADWAY_WRITE_GOLDEN"):
        expected.write_text(told)
    assert told == expected.read_text()


def test_golden_mistakes_cover_every_slug_of_the_catalogue() -> None:
    """Each slug that the catalogue can end in is shown by at least one case."""
    told = "".join((GOLDEN / case / "expected.txt").read_text() for case in CASES)
    shown = {slug for slug in SLUGS if f"[{slug}]" in told}
    order = {
        "yaml-syntax", "unknown-key", "missing-key", "wrong-type", "duplicate-name", "bad-name", "unknown-name",
        "unknown-grain", "unknown-unit", "bad-value", "bad-quantity", "bad-length", "bad-window", "bad-date",
        "bad-expression", "bad-formula", "no-kind", "two-kinds", "wrong-kind", "not-supported-yet",
        "grain-not-possible", "unknown-column", "ambiguous-column", "bad-reference", "person-breakdown",
        "formula-circle", "formula-breakdown", "two-currencies", "target-overlap", "target-unit",
    }  # fmt: skip
    assert order <= shown
