"""What the linter finds, and what it leaves in peace: `tests/golden/lint/SLUG/*.yml`, told in `.txt` beside it.

A catalogue without a `.txt` is the twin of one that is told of: nothing is found. `HEADWAY_WRITE_GOLDEN=1 pytest
tests/unit/test_lint.py` writes the texts anew, to be read in review.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from headway import catalog
from headway.catalog import lint

GOLDEN = Path(__file__).parents[1] / "golden" / "lint"
CASES = sorted(str(file.relative_to(GOLDEN).with_suffix("")) for file in GOLDEN.glob("*/*.yml"))
TODAY = date(2026, 3, 15)


def told(file: Path, folder: Path) -> str:
    """What the linter says of a catalogue in one file."""
    shutil.copy(file, folder / "headway.yml")
    return "\n".join(f"{finding}\n" for finding in lint.check(catalog.load(folder), TODAY))


@pytest.mark.parametrize("case", CASES)
def test_what_is_found_and_what_is_left_in_peace(case: str, tmp_path: Path) -> None:
    """A finding has its place, arithmetic and remedy; the twin without one is silent."""
    said = told(GOLDEN / f"{case}.yml", tmp_path)
    expected = GOLDEN / f"{case}.txt"
    if os.environ.get("HEADWAY_WRITE_GOLDEN") and expected.exists():
        expected.write_text(said)
    assert said == (expected.read_text() if expected.exists() else "")


def test_every_rule_has_a_catalogue_that_it_finds() -> None:
    """Each slug is told of in a catalogue of its folder, and of nothing else there."""
    for slug in lint.SLUGS:
        texts = [file.read_text() for file in GOLDEN.glob(f"{slug}/*.txt")]
        assert texts, slug
        assert all(f"[{slug}]" in text for text in texts), slug


PAGE = (Path(__file__).parents[2] / "docs" / "linter.md").read_text()
SECTIONS = dict(re.findall(r"(?ms)^### `([a-z-]+)`\n(.*?)(?=^##|\Z)", PAGE))


def test_every_rule_has_a_section_and_every_section_a_rule() -> None:
    """The slugs that the linter can tell and the sections of docs/linter.md are the same set, in the same order."""
    assert list(SECTIONS) == list(lint.RULES)


def test_every_section_shows_a_finding_that_is_told() -> None:
    """The examples of docs/linter.md are in the golden files, word by word."""
    told = "".join(file.read_text() for file in GOLDEN.glob("*/*.txt"))
    for slug, text in SECTIONS.items():
        examples = re.findall(r"(?ms)^```text\n(.*?)```", text)
        assert examples, slug
        for example in examples:
            assert f"[{slug}]" in example
            assert example in told
