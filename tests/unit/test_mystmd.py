"""The plugin for mystmd: its protocol, its nodes, and which snapshot a document reads, which mystmd does not say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headway.errors import PublishError, UsageError
from headway.ledger import Ledger
from headway.model import Audience, Catalog
from headway.mystmd import finding, plugin
from headway.publish import view
from headway.reports import asked, documents, taking

Node = dict[str, Any]
Ask = Callable[..., list[Node]]

WHOLE = """# Report

People: {kpi}`mau`, {kpi-change}`mau`, {kpi-status}`retention`, {kpi-period}`mau`, {kpi-target}`mau`;
{kpi}`satisfaction or="not published"`. {kpi-sentence}`mau`.

:::{kpi-cards}
mau
revenue
:::

:::{kpi-card} retention
:::

:::{kpi-chart} mau
:name: Fig people
:grain: day
:::

:::{kpi-table} revenue margin
:name: tab-money
:periods: 2

Money.
:::

:::{kpi-table} revenue
:periods: 1
:::

:::{kpi-why} mau
:::

:::{kpi-definition} revenue
:::

:::{kpi-list} money
:::

:::{kpi-appendix}
Every number.
:::
"""


@pytest.fixture
def project(published: tuple[Ledger, Catalog], northlane: SimpleNamespace, tmp_path: Path) -> Path:
    """A folder of mystmd with a document and its snapshot."""
    (tmp_path / "myst.yml").write_text("version: 1\n", "utf-8")
    path = tmp_path / "report.md"
    path.write_text(WHOLE, "utf-8")
    seen = view.open(*published, Audience.INTERNAL, northlane.NOW)
    (tmp_path / "snapshot.json").write_text(taking.take(seen, documents.read(path).requests).text(), "utf-8")
    return tmp_path


@pytest.fixture
def ask(project: Path) -> Ask:
    """The nodes of a role or directive, as mystmd asks for them."""

    def answered(name: str, text: str, body: Any = None, /, *, line: int = 3, **more: str) -> list[Node]:
        environment = {key: value for key, value in more.items() if key.isupper()}
        options = {key: value for key, value in more.items() if not key.isupper()}
        return plugin.told(said(name, text, body, options, line), project, environment)

    return answered


def said(name: str, text: str, body: Any = None, options: dict[str, str] | None = None, line: int = 3) -> Node:
    """What mystmd passes."""
    position = {"start": {"line": line, "column": 1}, "end": {"line": line + 1, "column": 9}}
    role = name in asked.ROLES
    node = {"type": "mystRole" if role else "mystDirective", "name": name, "position": position}
    passed = {"name": name, "node": node, "options": options or {}}
    return passed | ({"body": text} if role else {"arg": text, "body": body})


def every(nodes: list[Node], kind: str) -> Iterator[Node]:
    """Nodes of a kind, however deep."""
    for node in nodes:
        if node["type"] == kind:
            yield node
        yield from every(node.get("children", []), kind)


def words(nodes: list[Node]) -> str:
    """All text below some nodes."""
    return _plain("".join(node["value"] for node in every(nodes, "text")))


def _plain(text: str) -> str:
    return re.sub(r"\s", " ", text)  # some spaces do not break


def test_it_tells_what_there_is_and_answers_one_by_one(project: Path) -> None:
    """As mystmd starts it: JSON in, JSON out, and every role and directive of the grammar with all its options."""
    command = [sys.executable, "-m", "headway.mystmd.plugin"]
    spec = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=project).stdout)
    assert [role["name"] for role in spec["roles"]] == list(asked.ROLES)
    assert set(asked.DIRECTIVES) == set(re.findall(r"^:::\{([\w-]+)\}", WHOLE, re.MULTILINE))  # each has a test here
    assert {one["name"]: tuple(one["options"]) for one in spec["directives"]} == dict(asked.DIRECTIVES)
    told = subprocess.run(
        [*command, "--role", "kpi"], input=json.dumps(said("kpi", "mau")).encode(), capture_output=True, cwd=project
    )
    (node,) = json.loads(told.stdout)
    assert (node["type"], node["value"], node["data"]["kpi"]) == ("text", "7,077", "mau")
    failed = subprocess.run(
        [*command, "--role", "kpi"], input=json.dumps(said("kpi", "nope")), capture_output=True, cwd=project, text=True
    )
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "the snapshot does not hold nope [not-in-snapshot]" in failed.stderr


def test_it_imports_the_standard_library_alone() -> None:
    """mystmd starts it for each role and directive, and other libraries take longer to load than that takes."""
    code = "import sys, headway.mystmd.plugin; print(*{name.partition('.')[0] for name in sys.modules})"
    before = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True)
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    started = {name.partition(".")[0] for name in before.stdout.split()}  # by Python itself, in this environment
    assert set(names) - started - set(sys.stdlib_module_names) == {"headway"}
    assert not {"asyncio", "hashlib", "subprocess"} & set(names)  # dear, and not needed


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("kpi", "mau", "7,077"),
        ("kpi-change", "mau", "up 2.3 %"),
        ("kpi-status", "retention", "Below target"),
        ("kpi-period", "mau", "20 Nov 2026"),
        ("kpi-target", "mau", "≥ 7,000"),
        ("kpi", 'satisfaction or="not published"', "not published"),
    ],
)
def test_a_role_is_text(name: str, text: str, says: str, ask: Ask) -> None:
    """In a span, Markdown would lose it."""
    (node,) = ask(name, text)
    assert (node["type"], words([node])) == ("text", says)
    assert ("data" in node) == ("or=" not in text)


def test_a_sentence_is_words_and_numbers(ask: Ask) -> None:
    """Each number says which it is."""
    nodes = ask("kpi-sentence", "mau", line=4)
    assert words(nodes).startswith("Monthly active users rose")
    traced = [words([node]) for node in nodes if "data" in node]
    assert "7,077 people" in traced
    assert len(traced) < len(nodes)


def test_cards_are_rows_of_a_table_or_cards(ask: Ask) -> None:
    """Paper and JATS drop a card; a site may ask for a grid of them."""
    (table,) = ask("kpi-cards", "", "mau\nrevenue")
    rows = [[words([cell]) for cell in row["children"]] for row in table["children"]]
    assert rows[0] == ["", "Number", "Period", "Change", "Status"]
    assert rows[1][:3] == ["Monthly active users", "7,077 people", "20 Nov 2026"]
    assert len(rows) == 3
    (grid,) = ask("kpi-cards", "", "mau\nrevenue", HEADWAY_CARDS="grid", columns="2")
    assert (grid["type"], grid["columns"], len(list(every([grid], "card")))) == ("grid", [1, 2, 2, 2], 2)
    assert words([grid["children"][0]]).startswith("Monthly active users7,077 people20 Nov 2026")


def test_a_chart_is_a_numbered_figure_with_both_its_files(project: Path, ask: Ask) -> None:
    """An SVG for pages and a PDF for LaTeX, drawn once; without a caption its sentence is it. Marks stand below."""
    figure, notes = ask("kpi-chart", "mau", name="Fig people", grain="day", line=14)
    assert (figure["kind"], figure["label"], figure["identifier"]) == ("figure", "Fig people", "fig people")
    image, caption = figure["children"]
    assert words([caption]) == f"Monthly active users. {_plain(image['alt'])}"
    assert (notes["type"], notes["ordered"]) == ("list", True)
    svg, pdf = (project / image["url"].replace(".*", kind) for kind in (".svg", ".pdf"))
    assert svg.read_text("utf-8").startswith("<svg")
    assert pdf.read_bytes().startswith(b"%PDF")
    made = pdf.stat().st_mtime_ns
    ask("kpi-chart", "mau", name="Fig people", grain="day", line=14)
    assert pdf.stat().st_mtime_ns == made


def test_a_table_has_a_number_if_it_has_a_caption(ask: Ask) -> None:
    """Numbers at the right, the caption above."""
    prose = [{"type": "paragraph", "children": [{"type": "text", "value": "Money."}]}, {"type": "thematicBreak"}]
    made, rest = ask("kpi-table", "revenue margin", prose, name="tab-money", periods="2")
    caption, table = made["children"]
    assert (made["kind"], made["label"], words([caption]), rest["type"]) == (
        "table",
        "tab-money",
        "Money.",
        "thematicBreak",
    )
    assert [cell.get("align") for cell in table["children"][1]["children"]] == [None, "right", "right"]
    assert len(table["children"]) == 3
    assert ask("kpi-table", "revenue", periods="1")[0]["type"] == "table"


def test_the_appendix_is_a_table_of_all_numbers(ask: Ask) -> None:
    """Of the whole document, each once, with a caption if it has a body."""
    prose = [{"type": "paragraph", "children": [{"type": "text", "value": "Every number."}]}]
    (made,) = ask("kpi-appendix", "", prose)
    caption, table = made["children"]
    assert words([caption]) == "Every number."
    assert "Monthly active users" in words([table])
    assert len(table["children"]) > 5


def test_words_about_a_number(ask: Ask) -> None:
    """A reason that folds, a definition, a list."""
    (why,) = ask("kpi-why", "mau", [{"type": "paragraph", "children": [{"type": "text", "value": "And ours."}]}])
    assert (why["type"], why["class"]) == ("admonition", "dropdown")
    assert words([why]).startswith("How we chose this measure")
    assert words([why]).endswith("And ours.")
    (definition,) = ask("kpi-definition", "revenue")
    assert [node["type"] for node in definition["children"]] == ["definitionTerm", "definitionDescription"]
    (listed,) = ask("kpi-list", "money")
    assert len(listed["children"]) > 1


def test_a_document_tells_all_its_mistakes_at_once(project: Path, ask: Ask) -> None:
    """mystmd stops at the first."""
    (project / "report.md").write_text(
        "A {kpi}`mau`, {kpi}`nope`.\n\n{kpi}`mau 2031`, {kpi}`mau format=odd`\n", "utf-8"
    )
    with pytest.raises(UsageError) as told:
        ask("kpi", "nope", line=1)
    places = [(str(one.place), one.slug) for one in told.value.mistakes]
    assert sorted(places) == [
        ("report.md:1:15", "not-in-snapshot"),
        ("report.md:3:1", "not-in-snapshot"),
        ("report.md:3:18", "report-syntax"),
    ]


@pytest.mark.parametrize(
    "matter",
    [
        "headway: {edition: old}",
        "headway: {edition: 'old', audience: internal}  # filed",
        "title: A\nheadway:\n  audience: internal  # for edition: new\n\n  edition: old # filed",
        "\"headway\" : {\n  audience: internal,\n  'edition': old\n  }\ntitle: A",
        "headway: {audience: internal}\nedition: 2",
        "title: Of headway\nabout:\n  headway: {edition: odd}",
    ],
)
def test_a_front_matter_is_read_as_yaml_is(matter: str, project: Path) -> None:
    """Without its library."""
    path = project / "filed" / "report.md"
    path.parent.mkdir()
    path.write_text(f"---\n{matter}\n---\n\n\n\n\n\n{{kpi-status}}`retention`\n", "utf-8")
    line = path.read_text("utf-8").count("\n")
    try:
        edition = documents.front_matter(path).get("edition", "")
    except UsageError as error:
        raise AssertionError(matter) from error
    snapshot = finding.find(said("kpi-status", "retention", line=line), project, {}).snapshot
    assert snapshot == (path.parent / "editions" / "old.json" if edition else project / "snapshot.json")


def test_a_pinned_document_reads_its_edition(project: Path, ask: Ask) -> None:
    """Whatever form the request has, and wherever the document stands; what cannot be read is said."""
    folder = project / "filed"
    (folder / "editions").mkdir(parents=True)
    text = (project / "snapshot.json").read_text("utf-8").replace("7,077", "7,111")
    (folder / "editions" / "old.json").write_text(text, "utf-8")
    pinned = "---\nheadway: {edition: old, audience: internal}\n---\n"
    (folder / "report.md").write_text(
        f"{pinned}\n\n\nSome {{kpi}}`mau\n  day` or so, {{kpi-period}}``mau day``\n", "utf-8"
    )
    assert words(ask("kpi", "mau day", line=7)) == "7,111"
    assert words(ask("kpi", "mau", line=3)) == "7,077"
    with pytest.raises(UsageError, match="two-snapshots"):  # it could be an odd way to write what the other asks
        ask("kpi-period", "mau day", line=7)
    assert words(ask("kpi", "mau day", line=7, HEADWAY_SNAPSHOT="snapshot.json")) == "7,077"
    (folder / "report.md").write_text(f"{pinned}\n\n\nSome {{kpi}}`mau week`\n", "utf-8")
    with pytest.raises(UsageError, match=r"filed/report\.md:7:6: the snapshot does not hold mau week"):
        ask("kpi", "mau week", line=7)
    (folder / "report.md").write_text(pinned.replace("internal", "public") + "\nSome {kpi}`mau day`\n", "utf-8")
    with pytest.raises(UsageError, match="not-for-readers"):
        ask("kpi", "mau day", line=5)
    (folder / "report.md").write_text("---\nheadway: {edition: }\n---\n\nSome {kpi}`mau day`\n", "utf-8")
    with pytest.raises(UsageError, match="cannot be read"):
        ask("kpi", "mau day", line=5)


def test_the_nearest_snapshot_is_read(project: Path, ask: Ask) -> None:
    """From the folder of the document up to that of the project."""
    folder = project / "more" / "deep"
    folder.mkdir(parents=True)
    (folder / "report.md").write_text("Some {kpi}`mau day`\n", "utf-8")
    assert words(ask("kpi", "mau day", line=1)) == "7,077"
    text = (project / "snapshot.json").read_text("utf-8").replace("7,077", "7,111")
    (project / "more" / "snapshot.json").write_text(text, "utf-8")
    assert words(ask("kpi", "mau day", line=1)) == "7,111"


def test_what_could_be_two_documents_is_not_guessed(project: Path, ask: Ask) -> None:
    """A draft and what was filed of it say the same on the same lines."""
    (project / "filed.md").write_text(WHOLE + "\n---\n", "utf-8")
    assert words(ask("kpi", "mau")) == "7,077"
    for name in ("filed.md", "report.md"):
        edition = ", edition: old" if name == "filed.md" else ""
        (project / name).write_text(f"---\nheadway: {{audience: internal{edition}}}\n---\n{WHOLE}", "utf-8")
    with pytest.raises(UsageError) as told:
        ask("kpi", "mau", line=6)
    assert told.value.slug == "two-snapshots"
    assert "filed.md and report.md say the same on line 6" in str(told.value)


def test_what_is_included_is_asked_for_by_who_includes_it(project: Path, ask: Ask) -> None:
    """A part of a pinned document does not read the newest numbers unnoticed."""
    (project / "parts").mkdir()
    (project / "parts" / "people.md").write_text("\n" * 30 + "Now {kpi}`mau` people.\n", "utf-8")
    assert words(ask("kpi", "mau", line=31)) == "7,077"
    pinned = "---\nheadway: {edition: old}\n---\n\n```{include} parts/people.md\n```\n"
    (project / "filed.md").write_text(pinned, "utf-8")
    with pytest.raises(UsageError) as told:
        ask("kpi", "mau", line=31)
    assert told.value.slug == "two-snapshots"


def test_where_drawings_cannot_be_kept_is_said(project: Path, ask: Ask) -> None:
    """With the folder."""
    (project / "_build").write_text("a file", "utf-8")
    with pytest.raises(PublishError, match=r"_build.headway cannot be written"):
        ask("kpi-chart", "mau", name="Fig people", grain="day", line=14)


def test_without_a_snapshot_the_command_is_named(project: Path, ask: Ask) -> None:
    """That takes it."""
    (project / "snapshot.json").unlink()
    with pytest.raises(UsageError, match=r"there is no snapshot .*\n  Take it: headway snapshot") as told:
        ask("kpi", "mau")
    assert told.value.slug == "missing-file"
