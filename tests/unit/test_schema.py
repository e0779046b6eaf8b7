"""The schemas that editors use: sound, complete, and never stricter than the loader."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError

from headway import catalog, options, simulate
from headway.catalog import document as documents
from headway.catalog import meanings, schema
from headway.catalog.document import Document
from headway.catalog.spec import Spec, keys
from headway.errors import CatalogError

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "src" / "headway" / "simulate" / "examples"
CORRECT = ROOT / "tests" / "correct"
GOLDEN = ROOT / "tests" / "golden" / "catalog"


@cache
def validator(kind: str) -> Draft202012Validator:
    """Holds a file of a kind against its schema."""
    return Draft202012Validator(schema.of(kind))


def faults(document: Document, kind: str) -> list[ValidationError]:
    """What the schema finds wrong with a file, each at its innermost place."""
    found = []
    waiting = list(validator(kind).iter_errors(document.value))
    while waiting:
        error = waiting.pop()
        waiting += error.context or ()
        if not error.context:
            found.append(error)
    return found


def said(document: Document, kind: str) -> list[str]:
    """The same in words, with lines."""
    return [
        f"{document.path}:{line}: {error.message}"
        for error in faults(document, kind)
        for line in lines(document, error)
    ]


def lines(document: Document, error: ValidationError) -> Iterator[int]:
    """The lines on which a fault stands: those of the keys that are not known, else that of the value."""
    path = tuple(error.absolute_path)
    if isinstance(error.instance, str) and "propertyNames" in error.absolute_schema_path:
        yield document.key_place((*path, error.instance)).line
    if error.validator == "additionalProperties":
        for key in error.instance if isinstance(error.instance, dict) else ():
            if key not in (error.schema.get("properties") or {}):
                yield document.key_place((*path, key)).line
    yield document.place(path).line
    yield document.key_place(path).line


def files(folder: Path) -> Iterator[tuple[Document, str]]:
    """Every file of a catalogue with its kind."""
    for path in sorted(folder.rglob("*.yml")):
        name = path.relative_to(folder).as_posix()
        if kind := schema.kind_of(name):
            yield documents.read(path, name), kind


@pytest.fixture(scope="module")
def maps() -> dict[str, Any]:
    """Every map of the language, drawn once."""
    return schema.drawn()


@pytest.mark.parametrize("kind", schema.FILES)
def test_a_schema_is_sound(kind: str) -> None:
    """Each schema is a valid one of draft 2020-12, and of draft 7, which editors know; it refers to itself alone."""
    made = schema.of(kind)
    Draft202012Validator.check_schema(made)
    Draft7Validator.check_schema(made)
    assert made["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert '"$ref": "http' not in schema.text(made)


@pytest.mark.parametrize("spec", list(schema.models()), ids=lambda spec: spec.__name__)
def test_every_key_says_what_it_means_and_what_it_takes(spec: type[Spec], maps: dict[str, Any]) -> None:
    """No key of the language is without its line and its shape, and no line is of a key that is gone."""
    drawn = maps[spec.__name__]
    for key in keys(spec):
        assert meanings.of(spec, key), f"{spec.__name__}.{key} says nothing in catalog/meanings.py"
    for key, shape in drawn["properties"].items():
        assert set(shape) - {"description"}, (
            f"{spec.__name__}.{key} takes anything: add it to HELD in catalog/schema.py"
        )
    own = set(meanings.MEANINGS.get(spec, {}))
    assert own <= {*keys(spec), "column"}
    assert set(schema.HELD.get(spec, {})) <= set(keys(spec))


@pytest.mark.parametrize("example", simulate.EXAMPLES)
def test_the_examples_fit(example: str) -> None:
    """Every file of the examples is what its schema describes."""
    found = list(files(EXAMPLES / example))
    assert found
    assert [fault for document, kind in found for fault in said(document, kind)] == []


@pytest.mark.parametrize("path", sorted(CORRECT.rglob("*.yml")), ids=lambda path: path.stem)
def test_what_the_loader_takes_fits(path: Path) -> None:
    """Every catalogue whose numbers are tested is what the schema of headway.yml describes."""
    assert said(documents.read(path, path.name), "project") == []


#: Slugs of mistakes in the shape of a file, which a schema may be expected to see.
SHAPE = {
    "unknown-key", "missing-key", "wrong-type", "bad-name", "unknown-grain", "unknown-unit", "bad-value",
    "bad-quantity", "bad-length", "bad-window", "bad-date", "no-kind", "two-kinds", "wrong-kind",
}  # fmt: skip
#: Why a schema cannot see a mistake -> what `headway check` says of such.
UNSEEN = {
    "it does not know what a name stands for": (
        "needs numbers, and .* is declared",
        "needs true or false, and .* is declared",
        "has no 'time'",
        "have no end",
        "neither 'until' nor 'through'",
        "since when its rows are known",
        "is a flow of a span",
        "is kept by year",
        "is planned",
        "is told in words",
        "the function is a",
        "'why' says why a row ended",
        "does not say which side is better",
        "have different (units|breakdowns)",
        "no KPI (of which|that this tile)",
        "shows (the|a)",
        "has a page for each",
        "something to stack",
        "shows one (KPI|cell)",
        "within the time of its objective",
        "for (internal|restricted) readers",
    ),
    "it does not know what another key of the map says": (
        "is a percentage, not in days",
        "'dated: from' needs",
        "who is followed for",
        "nobody gets anywhere in no time",
        "near is where a miss",
        "bands say themselves",
        "pace (is|needs|compares)|last year's course is",
        "takes a number here, not a formula",
        "does not look forward",
        "a window of lasts says",
        "'take' needs a state",
        "nothing was down is 100 %",
        "has no total",
        "this KPI has no breakdown",
        "it has none",
        "'ages' follows those",
        "near of 'between'",
        "more than max_cells",
        "has no 12 days",
        "is no whole number of months",
        "is not about single rows",
    ),
    "it does not compare values": (
        "(is|comes) not? ?(after|before|above)",
        "is before '",
        "are the same",
        "cuts rise",
        "both sides of the cut",
        "bands have 'on' once",
        "bands are statuses and cuts in turn",
        "the numbers must rise",
        "tiers rise",
        "and others follow",
        "'up_to'$",
        "overlap$",
        "the lower bound comes first",
        "an alert ends at its bound",
        "is above 0",
        "the lower limit comes first",
        "both limits",
        "are two numbers or two days",
        "a length of nothing",
        "what a check is called that",
        "looks at days cell by cell",
        "which has another name itself",
        "cannot both have become",
        "is another route than 'to'",
        "both have a check",
        "once a month, so 'stale' is longer",
        "^'a' is called so now",
    ),
    "a text may be a formula": ("not '(nine|quick)'", "a share of the target is written"),
    "a word that is no unit may be a noun": ("is not how this unit is written", "is no currency"),
    "zones are those of the machine": ("there is no time zone",),
    "not every day of a pattern is one of the calendar": ("there is no (day|moment) 2026-02-30",),
    "lengths of all sorts are written alike": (
        "an age is counted in",
        "a month is not equally long",
        "on which they join",
        "'ages' begins at 1",
    ),
    "rows of a test are as their source declares": (
        "must stand here, not ('2026-1-3'|'3'|'yes'|2.5|a list)",
        "some times of this column",
        "a line of desks",
        "a test expects one cell",
    ),
    "a period has so many days": ("has at most", "no certain weekday"),
    "a path leads somewhere": ("a document is a Markdown file in the project",),
    "it is another file": ("must stand|is written|there is no day",),
}


def test_faults_of_shape_are_seen() -> None:
    """What the bad catalogues have wrong in their shape, an editor marks in the same line, but for what is listed."""
    unseen: list[str] = []
    reasons = {pattern: 0 for patterns in UNSEEN.values() for pattern in patterns}
    for folder in sorted(path.parent for path in GOLDEN.glob("*/headway.yml")):
        seen = {
            f"{document.path}:{line}"
            for document, kind in files(folder)
            for fault in faults(document, kind)
            for line in lines(document, fault)
        }
        with pytest.raises(CatalogError) as caught:
            catalog.load(folder)
        for mistake in caught.value.mistakes:
            place = mistake.place
            if mistake.slug not in SHAPE or place is None or f"{place.path}:{place.line}" in seen:
                continue
            other = place.path.endswith(".csv")
            known = [
                pattern
                for why, patterns in UNSEEN.items()
                for pattern in patterns
                if (why == "it is another file") is other and re.search(pattern, mistake.message)
            ]
            for pattern in known:
                reasons[pattern] += 1
            if not known:
                unseen.append(f"{folder.name}/{place}: {mistake.message} [{mistake.slug}]")
    assert not unseen, "\n".join(unseen)
    assert [pattern for pattern, count in reasons.items() if not count] == [], "no catalogue shows these any more"


def test_the_commands_know_the_kinds_of_files() -> None:
    """`headway schema` takes the kinds that there are."""
    assert list(options.FileKind) == list(schema.FILES)


@pytest.mark.parametrize("example", ["hubs", "git", "start"])
def test_an_example_tells_editors_where_its_schemas_are(example: str, tmp_path: Path) -> None:
    """The first line of each file of a catalogue leads, from the file's own folder, to the schema of its kind."""
    root = tmp_path / "project"
    if example == "hubs":  # its data take a while, and nothing of them is looked at here
        for name, text in simulate._catalogue(example, ()):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, "utf-8")
        schema.write(root)
    else:
        simulate.write(example, root, [ROOT], today=date(2026, 3, 1))
    found = [(path, schema.kind_of(path.relative_to(root).as_posix())) for path in sorted(root.rglob("*.yml"))]
    assert [kind for _, kind in found if kind]
    for path, kind in found:
        first = path.read_text("utf-8").splitlines()[0]
        if kind:
            assert first.startswith(schema.MODELINE)
            made = json.loads((path.parent / first.removeprefix(schema.MODELINE)).read_text("utf-8"))
            assert made == schema.of(kind)
    assert catalog.load(root).kpis


def test_the_schema_of_a_kind_is_printed(tmp_path: Path) -> None:
    """Without a kind all of them are, by kind; with one, it alone; both outside of any project."""
    assert json.loads(headway(tmp_path, "schema").stdout) == schema.every()
    assert json.loads(headway(tmp_path, "schema", "kpis").stdout) == schema.of("kpis")
    assert not list(tmp_path.iterdir())


def test_schemas_are_written_into_a_project(tmp_path: Path) -> None:
    """`--write` renews them in the project around, and needs one."""
    answer = headway(tmp_path, "schema", "--write")
    assert (answer.returncode, "[not-a-project]" in answer.stderr) == (2, True)
    (tmp_path / "headway.yml").write_text("project: shop\n")
    (tmp_path / "kpis").mkdir()
    answer = headway(tmp_path / "kpis", "schema", "--write")
    assert answer.returncode == 0, answer.stderr
    assert json.loads((tmp_path / ".headway/schema/tests.json").read_text("utf-8")) == schema.of("tests")
    answer = headway(tmp_path, "schema", "kpis", "--write")
    assert (answer.returncode, "--write writes every schema, not one [unknown-option]" in answer.stderr) == (2, True)


def headway(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a folder."""
    command = [sys.executable, "-m", "headway", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
