"""docs/kinds.md is written by the code: the docstrings of the kinds, and examples that are tests.

HEADWAY_WRITE_GOLDEN=1 writes the page again.
"""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from textwrap import dedent

from headway.catalog.kpispec import KINDS
from headway.model import measures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "kinds.md"
EXAMPLES = ROOT / "tests" / "correct" / "kinds"

#: In the order of the page: the kinds, the module of `plan` that makes them, and the class of what they measure.
SECTIONS = (
    ("count sum mean min max", "aggregate", "Aggregate"),
    ("median p95 p99.9", "quantile", "Quantile"),
    ("share", "share", "Share"),
    ("distinct", "distinct", "Distinct"),
    ("open", "lasting", "Open"),
    ("open with take", "concurrency", "Concurrency"),
    ("balance", "balance", "Balance"),
    ("recurring", "recurring", "Recurring"),
    ("retention", "retention", "Retention"),
    ("duration", "duration", "Duration"),
    ("availability", "availability", "Availability"),
    ("accrue", "accrue", "Accrue"),
    ("sum and count of what is to come", "ahead", "Aggregate"),
    ("nps", "nps", "Nps"),
    ("formula", "formula", "Formula"),
    ("spread", "spread", "Spread"),
    ("tiered", "tiered", "Tiered"),
    ("lasts", "lasts", "Lasts"),
    ("entered", "typed", "Entered"),
    ("python", "python", "Python"),
)
#: Examples that are not called like their module.
_EXAMPLES = {"lasting": "open", "typed": "entered"}
LABELS = ("Formula", "Unit", "Parts", "Edge cases", "Source", "Sources")

HEAD = """\
# Kinds

What each kind computes, exactly. The [language](language.md#kinds) says how to write them; this page says what comes
out. It is made from the code's own descriptions, and each example is a catalogue with a test that runs: `headway test`
reads the same format.

"""


def section(kinds: str, module: str, measure: str) -> str:
    """One kind: its definition, formula, parts, edge cases, source, and an example."""
    doc = importlib.import_module(f"headway.plan.{module}").__doc__
    assert doc, module
    paragraphs = re.split(r"\n\n+", doc.strip("\n"))
    words = [re.sub(r"^(open|sum|count)$", r"`\1`", word) for word in kinds.split(" ")]
    heading = (
        " ".join(words) if " " in kinds and {"with", "and"} & set(words) else ", ".join(f"`{k}`" for k in kinds.split())
    )
    definition = re.sub(r"^(`[^`]+`(, )?)+: ", "", paragraphs[0].strip())
    state = "state" if getattr(getattr(measures, measure), "is_state", False) is True else "flow"
    written = [f"## {heading}", f"{definition[:1].upper()}{definition[1:]}"]
    if measure not in ("Formula", "Spread", "Python"):
        written.append(f"A *{state}*: a function of a {'moment' if state == 'state' else 'span of time'}.")
    for paragraph in paragraphs[1:]:
        if paragraph.startswith("    "):
            written.append(f"```text\n{dedent(paragraph)}\n```")
            continue
        label = next((label for label in LABELS if re.match(rf"{label}[.:] ", paragraph)), None)
        text = paragraph[len(label) + 2 :] if label else paragraph
        written.append(f"**{label}.** {text[:1].upper()}{text[1:]}" if label else text)
    if module == "ahead":
        return "\n\n".join(written)  # the example of accrue looks ahead, too
    example = EXAMPLES / f"{_EXAMPLES.get(module, module)}.yml"
    written.append(f"```yaml\n{example.read_text('utf-8').rstrip()}\n```")
    if (code := example.with_suffix(".py")).is_file():
        written.append(f"`{code.name}` beside it:\n\n```python\n{code.read_text('utf-8').rstrip()}\n```")
    return "\n\n".join(written)


def page() -> str:
    """The whole page."""
    return HEAD + "\n\n".join(section(*one) for one in SECTIONS) + "\n"


def test_the_page_says_what_the_code_says() -> None:
    """The page is what the docstrings and the examples make of it."""
    if os.environ.get("HEADWAY_WRITE_GOLDEN"):
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page(), "write it again with HEADWAY_WRITE_GOLDEN=1"


def test_every_kind_has_a_section() -> None:
    """No kind is left out, and each has its formula, its unit, its edge cases and its source."""
    told = {kind for kinds, _, _ in SECTIONS for kind in kinds.split()}
    # A narrative is told in words: there is nothing to compute.
    assert set(KINDS) - {"narrative"} <= told
    for kinds, module, measure in SECTIONS:
        text = section(kinds, module, measure)
        assert {label for label in ("Formula", "Unit", "Edge cases") if f"**{label}.**" not in text} == set(), module
        assert "**Source" in text, module
