"""Whatever stands in the files of a catalogue, reading it ends in a catalogue or in a list of mistakes, and soon.

The seeds are the two example organisations: a handful of their KPIs with all that these read, then changed: parts
deleted, given twice, put elsewhere, replaced by odd values, or the text itself cut and patched.
"""

from __future__ import annotations

import copy
import json
import random
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import catalog
from headway.catalog import document, identity, lint
from headway.errors import CatalogError

EXAMPLES = Path(catalog.__file__).parents[1] / "simulate" / "examples"
#: No catalogue of a few pages may keep anybody waiting, whatever is wrong with it: seconds of this processor.
PATIENCE = 5.0


def _seed(name: str) -> dict[str, Any]:
    """A whole catalogue as one map, as it may stand in headway.yml."""
    found: dict[str, Any] = {}
    for file in sorted((EXAMPLES / name).rglob("*.yml")):
        for key, value in document.read(file, file.name).value.items():
            if key == "defaults":
                continue
            if isinstance(value, dict):
                found.setdefault(key, {}).update(value)
            else:
                found[key] = value
    return found


SEEDS = [_seed("hubs"), _seed("saas")]
#: What of an example is taken in part only.
_BIG = ("kpis", "sources", "alerts", "boards", "objectives", "notes", "tests")

ODD_TEXTS = [
    "", " ", "~", "null", "yes", "0x1f", "0o17", "1_000", "1e999", "-1e999", ".inf", ".nan", "1" * 400, "1e-999",
    "0.1e", "٣ days", "\uff13\uff10 days", "99999999999 days", "1 day day", "0 days", "-1 days", "1e3 days", "calendar",
    "calendar decade", "next 999999 months", "all time to date", "2026-02-30", "0000-01-01", "9999-12-31",
    "10000-01-01", "2026-W53", "2025-W54", "2026-Q5", "FY0000", "2026-13", "week of 2026-02-30", "85 %", "% 85",
    "-0 %", "1e400 %", "NaN %", "a.b.c", "a..b", ".", "..", "../../etc/passwd", "env:", "env:A B", "\u0000",
    "\u2028", "\ufeff", "\ud7ff", "é", "💥", "'", '"', "`", ";", "--", "/*", "*/", "$1", "{a}", "((((((((((", "))))",
    "a" * 5000, "a." * 2000, "(" * 400 + "a" + ")" * 400, "-" * 3000 + "a", "not " * 3000 + "a", "a + " * 3000 + "a",
    "case when a then " * 300, "a[" * 500, "total(" * 500 + "a" + ")" * 500, "a in (" + "1," * 2000 + "1)", "(a+)+$",
    "(a|a)*b", "[", "(?<", "\\", "x" * 200 + "=" + "x" * 200, "1/0", "0/0", "1 % 0", "a ** b ** c",
    "date '2026-02-30'", "interval 1e9 year", "cast(a as nothing)", "select 1", "a; drop table b", "a over ()",
    "sum(a)", "*", "a.*", "?", "@a", "#a", "file.py:", "../a.py:b", "os:system", "a.csv", "/dev/zero", "/dev/stdin",
    "data/**/**/**/*.csv", "*" * 300, "[!", "~root/x.csv", "{segment: each}", "off", "near", "on", "target",
    "80 % of target", "- % of target", "Europe/../UTC", "../UTC", "localtime",
]  # fmt: skip
ODD = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.integers(),
    st.integers(-10, 10),
    st.sampled_from([10**30, -(10**30), 10**299, 2**63, 2**64]),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=12),
    st.dictionaries(st.text(max_size=4), st.integers(0, 3), max_size=3),
    st.lists(st.one_of(st.integers(0, 3), st.sampled_from(ODD_TEXTS[:40])), max_size=4),
)


def _small(draw: Any) -> dict[str, Any]:
    """A few KPIs of an example, the sources and the KPIs that they name, and some of what stands around them."""
    seed = SEEDS[draw(st.integers(0, len(SEEDS) - 1))]
    dice = random.Random(draw(st.integers(0, 10**6)))
    picked = dice.sample(sorted(seed["kpis"]), dice.randint(1, 4))
    kpis: dict[str, Any] = {}
    sources: dict[str, Any] = {}
    while picked:
        name = picked.pop()
        if name in seed["kpis"] and name not in kpis:
            kpis[name] = seed["kpis"][name]
            picked += re.findall(r"[a-z_0-9]+", json.dumps(kpis[name]))
        elif name in seed["sources"] and name not in sources:
            sources[name] = seed["sources"][name]
            picked += [str(r) for r in re.findall(r"[a-z_0-9]+", json.dumps(seed["sources"][name].get("refers", {})))]
    small = {key: value for key, value in seed.items() if key not in _BIG}
    small |= {"sources": sources, "kpis": kpis}
    for group in ("alerts", "boards", "objectives", "tests"):
        if dice.random() < 0.5:
            chosen = dice.sample(sorted(seed[group]), min(2, len(seed[group])))
            small[group] = {name: seed[group][name] for name in chosen}
    if dice.random() < 0.3:
        small["notes"] = seed["notes"]
    return copy.deepcopy(small)


def _spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in _spots(item, (*path, key)))]


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _change(draw: Any, tree: Any) -> None:
    """One change of the tree: a part goes, comes twice, moves, is wrapped, is renamed or becomes something odd."""
    spots = _spots(tree)[1:]
    if not spots:
        return
    path = spots[draw(st.integers(0, len(spots) - 1))]
    within, key = _at(tree, path[:-1]), path[-1]
    match draw(st.sampled_from(["odd", "odd", "odd", "delete", "copy", "wrap", "rename", "garnish"])):
        case "odd":
            within[key] = draw(ODD)
        case "delete":
            del within[key]
        case "copy":
            within[key] = copy.deepcopy(_at(tree, draw(st.sampled_from(spots))))
        case "wrap":
            within[key] = draw(st.sampled_from([[within[key]], {"a": within[key]}, {key: within[key]}]))
        case "rename" if isinstance(within, dict):
            other = draw(st.one_of(st.sampled_from(ODD_TEXTS), st.sampled_from([str(s[-1]) for s in spots])))
            within[other] = within.pop(key)
        case _ if isinstance(within[key], str):
            text = within[key]
            at = draw(st.integers(0, len(text)))
            within[key] = text[:at] + draw(st.sampled_from(ODD_TEXTS)) + text[at + draw(st.integers(0, 5)) :]


PIECES = st.sampled_from([
    "\n", "\n  ", "\n      ", ": ", ", ", "{", "}", "[", "]", "- ", "'", '"', "#", "&x ", "*x ", "<<: *x",
    "!!python/name:os", "!!binary ", "!!float ", "%YAML 1.1\n---\n", "%TAG ! x\n", "---\n", "...\n", "\t", "| ",
    ">-\n", "|+9\n", "? ", "\u2028", "\u0085", "\x07", "\x00", "\ufeff", "é", "\U0001f4a5", "\\", '"\\x"',
    '"\\ud800"', "@", "`", "=", "<<", "[" * 60, "{" * 60, "{a: " * 60, "- " * 200, "a: " * 30, "[" * 5000,
    "? " * 500, "0x", "1e", "0o9", "2026-01-31T00:00:00Z", "!",
])  # fmt: skip


def _tell(root: Path, text: str) -> None:
    """Read the catalogue as `headway check` does; AssertionError if that ends in anything but an answer."""
    (root / "headway.yml").write_text(text, "utf-8", errors="surrogatepass")
    began = time.process_time()
    told = None
    try:
        found = catalog.load(root)
        identity.text(found)
        for kpi in found.kpis.values():
            catalog.fingerprint(kpi, found)
        lint.check(found, date(2026, 7, 1))
        lint.margins(found, date(2026, 7, 1))
    except CatalogError as error:
        told = error.mistakes
    assert told is None or told
    assert all(mistake.message and mistake.place and str(mistake) for mistake in told or ())
    assert time.process_time() - began < PATIENCE


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the examples name."""
    folder = tmp_path_factory.mktemp("fuzz")
    for example in ("hubs", "saas"):
        for part in ("functions", "entries", "calendars", "history"):
            for file in (EXAMPLES / example / part).glob("*"):
                if file.is_file():
                    (folder / part).mkdir(exist_ok=True)
                    (folder / part / file.name).write_bytes(file.read_bytes())
    return folder


@settings(settings.get_profile("fuzz"))
@given(data=st.data())
def test_a_changed_catalogue_is_read_or_refused(root: Path, data: st.DataObject) -> None:
    """Changed in one to four places, a good catalogue is one still, or its mistakes are told with their place."""

    tree = _small(data.draw)
    for _ in range(data.draw(st.integers(1, 4))):
        _change(data.draw, tree)
    _tell(root, json.dumps(tree, indent=1, ensure_ascii=data.draw(st.booleans())))


@settings(settings.get_profile("fuzz"))
@given(data=st.data())
def test_a_torn_text_is_read_or_refused(root: Path, data: st.DataObject) -> None:
    """Cut and patched anywhere, the text of a catalogue ends in no library's error."""
    files = sorted(EXAMPLES.glob("*/**/*.yml"))
    text = data.draw(st.sampled_from(files)).read_text("utf-8")
    start = data.draw(st.integers(0, len(text)))
    text = "project: x\n" + text[start : start + data.draw(st.integers(10, 3000))]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        new = "".join(data.draw(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=3)))
        text = text[:at] + new + text[at + data.draw(st.integers(0, 30)) :]
    _tell(root, text)


@settings(settings.get_profile("fuzz"))
@given(st.binary(max_size=300))
def test_bytes_are_read_or_refused(root: Path, raw: bytes) -> None:
    """A file of any bytes is a document or has mistakes."""
    (root / "raw.yml").write_bytes(raw)
    found = document.read(root / "raw.yml", "raw.yml")
    assert all(mistake.message and mistake.place and str(mistake) for mistake in found.mistakes)
