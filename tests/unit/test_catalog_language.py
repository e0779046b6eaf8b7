"""The examples of docs/language.md are one catalogue that loads, and what it calls unsupported is refused as that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headway import catalog, trial
from headway.catalog import alertspec, boardspec, checkspec, kinds, kpispec, spec
from headway.periods import Grain

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
BLOCKS = re.findall(r"(?ms)^```yaml\n(.*?)^```", PAGE)


def test_a_project_in_one_file_is_a_project(tmp_path: Path) -> None:
    """The first example is whole by itself."""
    (tmp_path / "headway.yml").write_text(BLOCKS[0])
    assert list(catalog.load(tmp_path).kpis) == ["revenue"]


def test_all_other_examples_are_one_catalogue(tmp_path: Path) -> None:
    """Project, sources and KPIs of the page fit together without a mistake."""
    project, *rest = BLOCKS[1:]
    (tmp_path / "headway.yml").write_text(project)
    for folder in ("sources", "kpis", "tests", "boards"):
        (tmp_path / folder).mkdir()
    for n, block in enumerate(rest):
        first = block.split(":")[0]
        alone = {"routes": "alerts.yml", "objectives": "objectives.yml", "notes": "notes.yml"}
        folder = first if first in ("sources", "tests", "boards") else "kpis"
        (tmp_path / alone.get(first, f"{folder}/{n}.yml")).write_text(block)
    found = catalog.load(tmp_path)
    assert (len(found.alerts), len(found.boards), len(found.objectives), len(found.notes)) == (10, 2, 1, 2)
    assert len(found.sources) == 12
    assert {type(kpi.measure).__name__ for kpi in found.kpis.values()} == {
        "Aggregate", "Quantile", "Share", "Nps", "Distinct", "Retention", "Open", "Concurrency", "Balance", "Duration",
        "Availability", "Accrue", "Recurring", "Formula", "Spread", "Tiered", "Lasts", "Entered", "Narrative",
        "NoneType",
    }  # fmt: skip
    assert found.kpis["stickiness"].grain is Grain.MONTH
    assert found.kpis["revenue"].owner == "finance"
    assert [trial.try_(found, case) for case in found.tests.values()] == [[], []]


@pytest.mark.parametrize(
    ("model", "heading"),
    [
        (spec.ProjectSpec, "The project"),
        (spec.ClockSpec, "The clock"),
        (spec.RhythmSpec, "The clock"),
        (spec.SourceSpec, "Sources"),
        (spec.ReadSpec, "Readers"),
        (spec.FormatSpec, "Readers"),
        (kpispec.RowsSpec, "Keys"),
        (kpispec.EndsSpec, "Durations"),
        (kpispec.MarkSpec, "Durations"),
        (spec.TargetSpec, "Targets"),
        (alertspec.RouteSpec, "Alerts"),
        (alertspec.LevelSpec, "Alerts"),
        (alertspec.AlertSpec, "Alerts"),
        (boardspec.BoardSpec, "Boards"),
        (boardspec.SendSpec, "Boards"),
        (boardspec.SectionSpec, "Boards"),
        (boardspec.TileSpec, "Boards"),
        (boardspec.ObjectiveSpec, "Objectives"),
        (boardspec.KeyResultSpec, "Objectives"),
        (boardspec.NoteSpec, "Notes"),
        (spec.RestatementSpec, "The project"),
        (checkspec.CheckSpec, "Checks"),
        (checkspec.KpiCheckSpec, "Checks of a KPI"),
        (spec.CaseSpec, "Tests"),
        (spec.ExpectationSpec, "Tests"),
    ],
)
def test_every_key_has_a_line_on_the_page(model: type[spec.Spec], heading: str) -> None:
    """A key that the catalogue takes is described in its section, and one for later at the end."""
    section = re.search(rf"(?ms)^##+ {heading}\n(.*?)(?=^##|\Z)", PAGE)
    last = PAGE[PAGE.index("## Not supported yet") :]
    assert section
    described = set(re.findall(r"\w+", section[1] + last))
    assert set(spec.keys(model)) <= described
    refused = set(model.later) - {"queries", "step"}  # parts of what is listed
    assert refused <= set(re.findall(r"\w+", last))


def test_options_of_durations_are_on_the_page() -> None:
    """The section of durations describes what they alone have."""
    section = PAGE[PAGE.index("### Durations") : PAGE.index("### Longer periods")]
    own = set(spec.keys(kpispec.DurationSpec)) - set(spec.keys(kpispec.RowsSpec))
    assert own <= set(re.findall(r"\w+", section))


def test_kinds_on_the_page_are_those_there_are() -> None:
    """The table of kinds and the words that are none match the code."""
    table = PAGE[PAGE.index("### Kinds") : PAGE.index("### Longer periods")]
    assert set(kpispec.KINDS) <= set(re.findall(r"\w+", table))
    assert {"ratio", "change", "active", "concurrent", "score", "count_distinct"} <= set(kinds.INSTEAD)
