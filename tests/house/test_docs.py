"""The documentation is true where a machine can tell: links lead somewhere, YAML loads, commands are all described."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.main import get_command

from headway import catalog, cli

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "src" / "headway" / "simulate" / "examples"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *EXAMPLES.rglob("*.md")])
#: Pages whose YAML stands for a whole project; the language's reference has tests of its own.
WITH_YAML = [ROOT / "README.md", ROOT / "docs" / "how-it-works.md"]


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can name, as forges derive them from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that is there, and a heading in it."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.exists() or (place and place not in anchors(other)):
            broken.append(target)
    assert broken == []


def blocks(page: Path) -> list[str]:
    """The YAML blocks of a page."""
    return re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", WITH_YAML, ids=lambda page: page.name)
def test_yaml_on_pages_loads(page: Path, tmp_path: Path) -> None:
    """Each YAML block is a project without a mistake."""
    found = blocks(page)
    assert found
    for block in found:
        (tmp_path / "headway.yml").write_text(block, "utf-8")
        assert catalog.load(tmp_path).kpis


@pytest.mark.parametrize("name", ["hubs", "git", "start"])
def test_examples_load(name: str, tmp_path: Path) -> None:
    """The example catalogues have no mistake, and each KPI says what it is and what it is for."""
    shutil.copytree(EXAMPLES / name, tmp_path, dirs_exist_ok=True)
    loaded = catalog.load(tmp_path)
    assert loaded.kpis
    if name == "hubs":
        silent = [kpi.name for kpi in loaded.kpis.values() if not (kpi.about and kpi.why and kpi.owner)]
        assert silent == []


def test_every_command_and_option_is_described() -> None:
    """docs/cli.md has a section for each command, and the section names each of its options."""
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    sections = {part.split("\n", 1)[0].strip(): part for part in text.split("\n## ")[1:]}
    commands = get_command(cli.app).commands  # type: ignore[attr-defined]  # a group, because there are several
    assert set(sections) == {f"headway {name}" for name in commands}
    missing = []
    for name, command in commands.items():
        for sub in getattr(command, "commands", {}):
            assert f"headway {name} {sub}" in sections[f"headway {name}"]
        below = getattr(command, "commands", {}).values()
        for parameter in (*command.params, *(parameter for one in below for parameter in one.params)):
            for option in (*parameter.opts, *parameter.secondary_opts):
                # --project is said once, for all; of a pair of switches the one that is not the default is described.
                said = sections[f"headway {name}"]
                if option.startswith("--") and option not in ("--help", "--project", "--serve") and option not in said:
                    missing.append(f"{name} {option}")
    assert missing == []


def test_every_decision_is_in_the_index() -> None:
    """docs/adr/README.md lists each page, by its title; a page has at most some fifty lines."""
    index = (ROOT / "docs" / "adr" / "README.md").read_text("utf-8")
    for page in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        lines = page.read_text("utf-8").splitlines()
        number, title = re.fullmatch(r"# (\d+)\. (.+)", lines[0]).groups()  # type: ignore[union-attr]  # or it fails
        assert f"| [{int(number):04}]({page.name}) | {title} |" in index
        assert len(lines) <= 50
