"""docs/errors.md is a contract: a section for each slug, and examples that are really printed."""

from __future__ import annotations

import re
from pathlib import Path

from headway.errors import SLUGS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "errors.md").read_text()
#: Slug -> what stands in its section.
SECTIONS = dict(re.findall(r"(?ms)^### `([a-z-]+)`\n(.*?)(?=^##|\Z)", TEXT))
CATALOGUE = re.search(r"(?ms)^## The catalogue\n(.*?)^## ", TEXT)


def test_every_slug_has_a_section_and_every_section_a_slug() -> None:
    """The slugs that Headway can print and the sections of docs/errors.md are the same set."""
    assert set(SECTIONS) == SLUGS


def test_every_section_shows_an_error_and_says_what_to_do() -> None:
    """A section has a meaning, an example as printed with its slug, and a way out."""
    for slug, text in SECTIONS.items():
        meaning, example, remedy = re.split(r"```text\n(.*?)```", text, flags=re.DOTALL)
        assert meaning.strip(), slug
        assert remedy.strip(), slug
        assert f"[{slug}]" in example or slug == "interrupted", slug


def test_examples_of_the_catalogue_are_what_is_printed() -> None:
    """Each example of a wrong catalogue is one that the golden files hold, word by word."""
    assert CATALOGUE
    printed = "".join(file.read_text() for file in (ROOT / "tests" / "golden" / "catalog").glob("*/expected.txt"))
    elsewhere = {"not-a-project", "bad-period"}
    for slug, text in re.findall(r"(?ms)^### `([a-z-]+)`\n.*?```text\n(.*?)```", CATALOGUE[1]):
        assert text in printed or slug in elsewhere, slug
