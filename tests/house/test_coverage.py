"""docs/coverage.md is written by the code: what two organisations measure, and which KPI of the examples answers it.

`tests/coverage/*.yml` hold the rows; the catalogues say which kinds they are; `tests/examples` holds, for each KPI, a
query by hand that its value is compared with. HEADWAY_WRITE_GOLDEN=1 writes the page again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from headway import catalog as catalogs
from headway.catalog import lint
from headway.catalog.kpispec import KINDS
from headway.model import Catalog, Kpi, Narrative

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "tests" / "coverage"
BY_HAND = ROOT / "tests" / "examples"
PAGE = ROOT / "docs" / "coverage.md"
TITLES = {
    "hubs": "A non-profit that runs JupyterHubs",
    "saas": "A company with a workflow platform",
}
HEAD = """\
# Coverage

What two organisations measure, row by row and component by component, and which KPI of the two examples answers it.
The page is made from `tests/coverage/` and the catalogues of the examples; a test fails when a component has no answer,
when an answer is not in the catalogue, and when a KPI has no query by hand that its value is compared with.

`mrr.new` is a part of a KPI, `mau by hub` a breakdown, `target mrr` a target on it.
"""

Rows = Mapping[str, Mapping[str, Mapping[str, list[str]]]]


@cache
def example(name: str) -> Catalog:
    """The catalogue of an example as it ships, without data."""
    return catalogs.load(Path(str(files("headway.simulate") / "examples" / name)))


@cache
def rows(name: str) -> Rows:
    """The rows that an example answers: section -> row -> component -> answers."""
    found: Rows = YAML(typ="safe").load(ROWS / f"{name}.yml")
    return found


@cache
def by_hand(name: str) -> Mapping[str, str]:
    """KPI -> the file that holds its query by hand; each block of it begins with `-- KPI PERIOD`."""
    found = {}
    for file in sorted((BY_HAND / name).glob("*.sql")):
        for kpi in re.findall(r"^-- (\w+)(?:\.\w+)? \d{4}[-\dQWT]*$", file.read_text("utf-8"), re.MULTILINE):
            found[kpi] = file.relative_to(ROOT).as_posix()
    return found


def answers(name: str) -> Iterator[tuple[str, str]]:
    """Each component of an example, and one of its answers."""
    for section, held in rows(name).items():
        for row, components in held.items():
            for component, given in components.items():
                yield from ((f"{section} / {row} / {component}", answer) for answer in given)


def _kpi(catalog: Catalog, text: str) -> Kpi | None:
    """The KPI that an answer names, if what it says of it is true."""
    text, _, column = text.partition(" by ")
    name, _, part = text.partition(".")
    kpi = catalog.kpis.get(name)
    if kpi is None or (part and part not in kpi.offered):
        return None
    if column and not any(column in breakdown for breakdown in kpi.breakdowns):
        return None
    return kpi


def _target(catalog: Catalog, text: str) -> bool:
    """True if the KPI has a target on the cell, or on its total."""
    name, _, cell = text.partition(" for ")
    column, _, value = cell.partition(": ")
    kpi = catalog.kpis.get(name)
    if kpi is None:
        return False
    if value == "each":
        return any(target.each == (column,) for target in kpi.targets)
    wanted = ((column, value),) if column else ()
    return any(target.cell == wanted and not target.each for target in kpi.targets)


def _check(catalog: Catalog, text: str) -> bool:
    """True if the source, or else the KPI, has a check of that name."""
    name, _, check = text.partition(".")
    holders = [held[name] for held in (catalog.sources, catalog.kpis) if name in held]
    return any(check in [one.name for one in holder.checks] for holder in holders)


@cache
def _slugs(project: str) -> frozenset[str]:
    """The slugs of what the linter finds in an example."""
    (catalog,) = (example(name) for name in TITLES if example(name).name == project)
    return frozenset(finding.slug for finding in lint.check(catalog, date(2026, 11, 22)))


#: What an answer may be beside a KPI: its first word -> whether the catalogue has it, and what holds it to its word.
OTHERS: Mapping[str, tuple[Callable[[Catalog, str], bool], str]] = {
    "target": (_target, "tests/oracle/test_targets.py"),
    "benchmark": (lambda c, name: bool(c.kpis[name].benchmarks), "tests/correct/test_targets.py"),
    "check": (_check, "tests/oracle/test_checks.py"),
    "board": (lambda c, name: name in c.boards, "tests/unit/test_catalog_around.py"),
    "alert": (lambda c, name: name in c.alerts, "tests/unit/test_catalog_around.py"),
    "objective": (lambda c, name: name in c.objectives, "tests/unit/test_catalog_around.py"),
    "exclusion": (lambda c, name: bool(c.sources[name].exclude), "tests/traps/test_traps_of_plans.py"),
    "columns": (lambda c, name: bool(c.sources[name].columns), "tests/unit/test_engine_text.py"),
    "key": (lambda c, name: bool(c.sources[name].key), "tests/unit/test_checks.py"),
    "restatement": (lambda c, _: c.restatement is not None, "tests/unit/test_catalog_around.py"),
    "finding": (lambda c, slug: slug in _slugs(c.name), "tests/unit/test_lint.py"),
}


def _answered(catalog: Catalog, answer: str) -> bool:
    """True if an answer is in the catalogue."""
    word, _, rest = answer.partition(" ")
    if word in OTHERS:
        return OTHERS[word][0](catalog, rest)
    return _kpi(catalog, answer) is not None


@pytest.mark.parametrize("name", TITLES)
def test_every_component_has_an_answer(name: str) -> None:
    """Each row, and each component of it, names something that the example has."""
    empty = [f"{row} / {c}" for held in rows(name).values() for row, cs in held.items() for c, a in cs.items() if not a]
    missing = [f"{component}: {answer}" for component, answer in answers(name) if not _answered(example(name), answer)]
    assert (empty, missing) == ([], [])


@pytest.mark.parametrize("name", TITLES)
def test_every_answer_has_a_test(name: str) -> None:
    """What an answer is held to its word by is there: a query by hand for a KPI, else a file of tests."""
    kpis = example(name).kpis.values()
    measured = {kpi.name for kpi in kpis if kpi.measure and not isinstance(kpi.measure, Narrative)}
    assert sorted(measured - set(by_hand(name))) == []
    assert [path for _, path in OTHERS.values() if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("name", TITLES)
def test_every_kpi_says_what_it_counts_and_what_it_is_for(name: str) -> None:
    """`about` and `why` are words of their own: two KPIs do not share them, and neither says the other."""
    kpis = example(name).kpis.values()
    assert [kpi.name for kpi in kpis if not (kpi.about and kpi.why) or kpi.about == kpi.why] == []
    for words in ([kpi.about for kpi in kpis], [kpi.why for kpi in kpis]):
        assert sorted({text for text in words if words.count(text) > 1}) == []


# -- the page ---------------------------------------------------------------------------------------------------------


def page() -> str:
    """The whole page."""
    written = [HEAD]
    for name, title in TITLES.items():
        catalog = example(name)
        written.append(f"## {title}: `{name}`\n")
        for section, held in rows(name).items():
            written += [f"### {section}\n", "| row | component | answer | kind | test |", "|---|---|---|---|---|"]
            for row, components in held.items():
                shown = row
                for component, given in components.items():
                    told = "<br>".join(f"`{answer}`" for answer in given)
                    kinds = "<br>".join(dict.fromkeys(_kind(catalog, answer) for answer in given))
                    tests = "<br>".join(dict.fromkeys(_test(name, catalog, answer) for answer in given))
                    written.append(f"| {shown} | {component} | {told} | {kinds} | {tests} |")
                    shown = ""
            written.append("")
    return "\n".join(written)


def _kind(catalog: Catalog, answer: str) -> str:
    word, _, rest = answer.partition(" ")
    if word == "target":
        return kind_of(catalog.kpis[rest.split(" for ")[0]])
    if word in OTHERS:
        return word
    kpi = _kpi(catalog, answer)
    assert kpi
    return kind_of(kpi)


def kind_of(kpi: Kpi) -> str:
    """The kind, as the catalogue says it."""
    return next((key for key in kpi.places if key in KINDS or re.fullmatch(r"p\d+(\.\d+)?", key)), "planned")


def _test(name: str, catalog: Catalog, answer: str) -> str:
    word, _, rest = answer.partition(" ")
    if word in OTHERS and word != "target":
        path = OTHERS[word][1]
    else:
        kpi = _kpi(catalog, rest.split(" for ")[0] if word == "target" else answer)
        assert kpi
        path = by_hand(name).get(kpi.name, "tests/examples/test_lifecycle.py")
    return f"[{Path(path).name}](../{path})"


def test_the_page_is_as_the_code_says() -> None:
    """docs/coverage.md says what the rows and the catalogues say."""
    if os.environ.get("HEADWAY_WRITE_GOLDEN"):
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page()
