"""Every `tests/correct/*.yml` is a small catalogue with tests of its own, as users write them; each is an item here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import copyfile

import pytest
from ruamel.yaml import YAML

from headway import catalog as catalogue
from headway import trial
from headway.model import Catalog

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.rglob("*.yml"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Catalog]:
    """Loads a file as the only file of a project; with a file of Python that is called like it, if there is one."""

    @cache
    def load(file: Path) -> Catalog:
        folder = tmp_path_factory.mktemp(file.stem)
        (folder / "headway.yml").write_text(file.read_text("utf-8"), "utf-8")
        if (code := file.with_suffix(".py")).is_file():
            copyfile(code, folder / code.name)
        return catalogue.load(folder)

    return load


def items() -> list[tuple[Path, str]]:
    """Every test of every file, by its name."""
    return [(file, name) for file in FILES for name in YAML(typ="safe", pure=True).load(file)["tests"]]


@pytest.mark.parametrize(("file", "name"), items(), ids=lambda it: it.stem if isinstance(it, Path) else it)
def test_numbers_are_as_expected(loaded: Callable[[Path], Catalog], file: Path, name: str) -> None:
    """The numbers that a file expects of its rows come out."""
    catalog = loaded(file)
    failures = trial.try_(catalog, catalog.tests[name])
    assert not failures, "\n\n" + "\n\n".join(map(str, failures))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_kpi_of_a_file_is_expected_somewhere(loaded: Callable[[Path], Catalog], file: Path) -> None:
    """A KPI that nothing expects would only look as if it were tested."""
    catalog = loaded(file)
    expected = {one.kpi for case in catalog.tests.values() for one in case.expect}
    read = {name for kpi in catalog.kpis.values() for name in kpi.inputs}
    assert set(catalog.kpis) <= expected | read
