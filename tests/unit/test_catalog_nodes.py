"""libyaml reads a catalogue only where it says exactly what ruamel.yaml says: values, kinds, and places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from headway import catalog
from headway.catalog.nodes import MAPPINGS, SCALARS, compose

ROOT = Path(__file__).parents[2]
EXAMPLES = Path(catalog.__file__).parents[1] / "simulate" / "examples"
FILES = sorted([*EXAMPLES.rglob("*.yml"), *(ROOT / "tests" / "golden").rglob("*.yml")])
PIECES = [
    "\n", "\n  ", ": ", ", ", "{", "}", "[", "]", "- ", "'", '"', "#", " #", "!!str ", "!x ", "---\n", "...\n", "\t",
    "%YAML 1.1\n---\n", "| ", ">-\n", "|+9\n", "|#", "? ", "\u2028", "\x85", "\x07", "\ufeff", "é", "\U0001f4a5",
    "\\", '"\\x"', '"\\ud800"', "- " * 70, "a: |\n   x\n\n  y\n", "k: >\n  long\n  text\n\n   more\n", "{a:1}",
    '{"a":1}', "a:b", "a#b", "\n\n", "|2\n", "1_000", "0o17", "0x1f", "1e5", "null", "~", "yes", "True", "\n#c\n",
]  # fmt: skip


def _flat(node: Any) -> list[tuple[Any, ...]]:
    """Everything that a document takes from a node and those below it."""
    if node is None:
        return []
    marks = (node.start_mark.index, node.end_mark.index, node.start_mark.column)
    if isinstance(node, SCALARS):
        return [("scalar", node.value, str(node.tag), node.style or "", *marks)]
    if isinstance(node, MAPPINGS):
        return [("mapping", *marks), *(one for pair in node.value for part in pair for one in _flat(part))]
    return [("sequence", *marks), *(one for item in node.value for one in _flat(item))]


def _by_ruamel(text: str) -> Any:
    return YAML(typ="safe", pure=True).compose(text)


def _same(text: str) -> None:
    try:
        expected = _flat(_by_ruamel(text))
    except (YAMLError, ValueError, RecursionError, IndexError, AttributeError, AssertionError) as error:
        with pytest.raises(type(error)):
            compose(text)
    else:
        assert _flat(compose(text)) == expected


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(file.parents[2])))
def test_both_readers_say_the_same_of_every_catalogue(file: Path) -> None:
    """Values, kinds, styles and places are equal, of good and of broken files."""
    _same(file.read_text("utf-8-sig"))


@pytest.mark.parametrize(
    "text",
    [
        "", "a:\nb: 1\n", "a: !x 1\n", "a: !!str 1\n", "a: |-\n# b\n", "a: |\n\n  b\n", "|#2\n", "a:\t1\n",
        "a: 1\x85b: 2\n", "a: 'é\U0001f4a5'\nb: c\n", "%YAML 1.1\n---\na: 1\n", "a: 1\n---\nb: 2\n", "? a\n: b\n",
        "{a:1}", "a: [b, c\n", "- " * 70 + "a", "[" * 70 + "]" * 70, 'a: "\\ud83d\\ude00"\n',
        "a: yes\nb: 0o17\nc: 1_000\nd: 1e5\ne: ~\n",
    ],
)  # fmt: skip
def test_what_the_versions_of_yaml_read_differently_is_read_by_one(text: str) -> None:
    """Tags, tabs, odd line breaks, several documents, nothing where a value belongs: as ruamel says."""
    _same(text)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_both_readers_say_the_same_of_torn_texts(data: st.DataObject) -> None:
    """Cut and patched anywhere, a text means the same to both, or libyaml is not asked."""
    text = data.draw(st.sampled_from(FILES)).read_text("utf-8-sig")
    start = data.draw(st.integers(0, len(text)))
    text = text[start : start + data.draw(st.integers(5, 400))]
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(PIECES)) + text[at + data.draw(st.integers(0, 2)) :]
    if "&" not in text and "*" not in text:  # refused before they are read
        _same(text)


def test_libyaml_reads_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of an example needs the slow reader, and libyaml is there."""
    assert yaml.__with_libyaml__

    def never(*_: object, **__: object) -> None:
        raise AssertionError("read by ruamel")

    for file in EXAMPLES.glob("*/**/*.yml"):
        text = file.read_text("utf-8")
        if file.parent.name != ".github" and "workflows" not in str(file):
            with monkeypatch.context() as patched:
                patched.setattr(YAML, "compose", never)
                assert compose(text) is not None
