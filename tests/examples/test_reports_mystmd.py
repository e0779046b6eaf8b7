"""The report of the hubs in npm's mystmd: every number of the Markdown, the LaTeX and the JATS is the ledger's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from headway.model import Audience
from headway.publish import view
from headway.reports import answers, documents, taking
from headway.reports.records import Answer, Card, Number, Table

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
MYST = Path(sys.prefix) / "node/node_modules/.bin/myst"
PAGE = "https://kpis.hubs.example/kpi/"
PROJECT = """version: 1
project:
  plugins:
    - {type: executable, path: ./headway-mystmd}
  error_rules:
    - {rule: valid-page-frontmatter, severity: ignore}
  exports:
    - {format: md, article: reports/grant.md, output: ../made/grant.md}
    - {format: tex, article: reports/grant.md, output: ../made/grant.tex, template: null}
    - {format: jats, article: reports/grant.md, output: ../made/grant.xml}
site: {}
"""
#: What stands beside numbers: sentences about definitions, dates of marks, labels of figures, the row of a card.
_APART = ("boxed-text", "def-list", "list", "label", "xref", "alt-text", "ext-link")

pytestmark = [
    pytest.mark.skipif(not MYST.exists(), reason="mystmd is not installed: make test installs it where there is npm"),
    pytest.mark.slow,
]


def myst(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a build says."""
    return subprocess.run([MYST, "build", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def hubs(example: Callable[[str], Any]) -> Any:
    """The hubs, computed."""
    return example("hubs")


@pytest.fixture(scope="module")
def project(hubs: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of mystmd with the report, its snapshot, and the plugin as it is installed."""
    folder = tmp_path_factory.mktemp("mystmd") / "project"
    (folder / "reports").mkdir(parents=True)
    (folder / "myst.yml").write_text(PROJECT, "utf-8")
    scripts = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["scripts"]
    module, _, function = scripts["headway-mystmd"].partition(":")
    command = folder / "headway-mystmd"
    command.write_text(f"#!{sys.executable}\nfrom {module} import {function}\n\n{function}()\n", "utf-8")
    command.chmod(0o755)
    document = folder / "reports" / "grant.md"
    shutil.copy(hubs.root / "reports" / "grant.md", document)
    seen = view.open(hubs.ledger, hubs.catalog, Audience.INTERNAL, hubs.now)
    snapshot = taking.take(seen, documents.read(document).requests)
    (folder / "reports" / "snapshot.json").write_text(snapshot.text(), "utf-8")
    return folder


@pytest.fixture(scope="module")
def built(project: Path) -> Path:
    """The folder of the three exports, of which mystmd says neither error nor warning."""
    said = myst(project, "--md", "--tex", "--jats")
    assert said.returncode == 0
    assert not re.search("[\u26d4\u26a0]|Error", said.stdout + said.stderr), said.stdout + said.stderr
    return project.parent / "made"


@pytest.fixture(scope="module")
def asked(hubs: Any, project: Path) -> list[Number]:
    """Every number that the document asks for, in its order."""
    document = documents.read(project / "reports" / "grant.md")
    snapshot = taking.take(view.open(hubs.ledger, hubs.catalog, Audience.INTERNAL, hubs.now), document.requests)
    return [one for request in document.requests for one in numbers(answers.answer(request, snapshot))]


def numbers(answer: Answer) -> Iterator[Number]:
    """The numbers of an answer, in the order in which they are read."""
    match answer:
        case Number():
            yield answer
        case Table():
            yield from (one for row in answer.rows for one in row.numbers if one.revision)
        case tuple():
            yield from (card.number for card in answer)
        case Card():
            yield answer.number


def spaced(text: str) -> str:
    """With spaces that break."""
    return re.sub(r"\s+", " ", text)


def test_every_number_of_every_export_is_the_ledgers(built: Path, asked: list[Number], hubs: Any) -> None:
    """In the order of the document; LaTeX has its footnotes where they are referred to."""
    xml = ET.parse(built / "grant.xml")
    links = [
        (one.get("{http://www.w3.org/1999/xlink}href", ""), "".join(one.itertext())) for one in xml.iter("ext-link")
    ]
    jats = [(link.removeprefix(PAGE).removesuffix(".html"), spaced(text)) for link, text in links]
    assert len(jats) > 100
    compared = 0
    for (kpi, text), told in zip(jats, asked, strict=True):
        assert kpi == told.kpi
        if told.says:
            assert text == spaced(told.text)
        else:
            compared += hubs.agrees(told.attributes, text)
    assert compared > 100

    md = re.findall(rf"\[([^\]]*)\]\({PAGE}(\w+)\.html\)", (built / "grant.md").read_text("utf-8"))
    assert [(kpi, spaced(text)) for text, kpi in md] == jats
    tex = re.findall(rf"\\href\{{{PAGE}(.*?)\.html\}}\{{(.*?)\}}", (built / "grant.tex").read_text("utf-8"))
    plain = {"~": " ", r"\%": "%", r"\$": "$", r"$\geq$": "\u2265", r"\_": "_"}
    found = []
    for pair in tex:
        kpi, text = (re.sub("|".join(map(re.escape, plain)), lambda m: plain[m[0]], one) for one in pair)
        found.append((kpi, spaced(text)))
    assert Counter(found) == Counter(jats)


def test_no_number_is_beside_them(built: Path) -> None:
    """What is left of digits are years and quarters."""
    body = ET.parse(built / "grant.xml").getroot().find("body")
    assert body is not None
    body.remove(next(one for one in body if one.tag == "table"))  # of cards, which say more than numbers

    def prose(element: ET.Element) -> Iterator[str]:
        yield (element.text or "") if element.tag not in _APART else ""
        for child in element if element.tag not in _APART else ():
            yield from prose(child)
            yield child.tail or ""

    text = re.sub(r"\bQ[1-4]\s(?=20[12]\d)", "", " ".join(prose(body)))
    assert len(text) > 2000
    assert "kpi" not in text
    assert [found for found in re.findall(r"[\d.,]*\d", text) if not re.fullmatch(r"20[12]\d", found)] == []


def test_figures_tables_and_footnotes_are_there(built: Path) -> None:
    """Numbered, with captions and words for those who do not see a drawing, and every reference leads to one."""
    xml = ET.parse(built / "grant.xml")
    ids = {one.get("id") for one in xml.iter() if one.get("id")}
    assert {one.get("rid") for one in xml.iter("xref")} <= ids
    assert len(list(xml.iter("fn"))) == 3
    for kind, count in (("fig", 4), ("table-wrap", 7)):
        every = list(xml.iter(kind))
        assert len(every) == count
        assert all("".join(one.find("caption").itertext()).strip() for one in every)  # type: ignore[union-attr]
    for figure in xml.iter("fig"):
        assert figure.findtext("alt-text")
        (drawing,) = figure.iter("graphic")
        assert (built / drawing.get("{http://www.w3.org/1999/xlink}href", "")).read_text("utf-8").startswith("<svg")

    tex = (built / "grant.tex").read_text("utf-8")
    assert set(re.findall(r"\\ref\{(.*?)\}", tex)) < set(re.findall(r"\\label\{(.*?)\}", tex))
    drawings = re.findall(r"\\includegraphics.*?\{(.*?)\}", tex)
    assert [(built / one).read_bytes()[:4] for one in drawings] == [b"%PDF"] * 4
    assert tex.count(r"\footnote{") == 3

    md = re.sub("[^\\S\n]", " ", (built / "grant.md").read_text("utf-8"))
    assert "[Table 1](#communities-by-year)" in md
    assert "[Figure 3](#fig-funding)" in md
    assert len(re.findall(r"^\[\^\w+\]: ", md, re.MULTILINE)) == 3
    beside = built.parent / "project" / "reports"  # the document, from which mystmd's Markdown sees its pictures
    assert all((beside / one).exists() for one in re.findall(r"\{figure\} (\S+)", md))


def test_a_number_that_is_not_there_fails_the_build(project: Path, tmp_path: Path) -> None:
    """With document, line and remedy, for each of them; an export writes nothing, and a strict build ends with 1."""
    shutil.copytree(project, tmp_path / "project", ignore=shutil.ignore_patterns("_build", "grant.md"))
    folder = tmp_path / "project"
    data = json.loads((folder / "reports" / "snapshot.json").read_text("utf-8"))
    data["about"]["site"] = ""  # strict builds look whether links lead anywhere
    (folder / "reports" / "snapshot.json").write_text(json.dumps(data), "utf-8")
    (folder / "myst.yml").write_text(PROJECT.partition("  exports:")[0] + "site: {}\n", "utf-8")
    document = folder / "reports" / "short.md"
    good = "# Short\n\nThere are {kpi}`communities 2025` of them.\n"
    document.write_text(f"{good}\nNot {{kpi}}`communities 2031`,\nnor {{kpi}}`staff 2031`.\n", "utf-8")
    said = myst(folder, "reports/short.md", "--md", "-o", "out.md")
    assert (
        "reports/short.md:5:5: the snapshot does not hold communities 2031 [not-in-snapshot]"
        in said.stderr + said.stdout
    )
    assert "reports/short.md:6:5: the snapshot does not hold staff 2031" in said.stderr + said.stdout
    assert not (folder / "out.md").exists()
    strict = myst(folder, "--site", "--strict")
    assert (strict.returncode, "stopping build" in strict.stdout + strict.stderr) == (1, True)
    document.write_text(good, "utf-8")
    strict = myst(folder, "--site", "--strict")  # comes as far as its theme, which is a download
    assert "stopping build" not in strict.stdout + strict.stderr
