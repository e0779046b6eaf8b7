"""What `review apply` does to a file of YAML: a target more, and every other byte as it was."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.review import edit

NEW = {"at_least": 6600, "from": date(2026, 10, 1), "why": "grant, renewed"}
LINE = "{at_least: 6600, from: 2026-10-01, why: 'grant, renewed'}"
FORMS = {
    "lines": (
        "kpis:\n  mau:\n    count: x\n    targets:\n      - {at_least: 6000}   # the first\n\n  # next\n"
        "  b: {count: x}\n",
        f"# the first\n      - {LINE}\n",
    ),
    "lines under the key": (
        "kpis:\n  mau:\n    targets:\n    - {at_least: 1}\n    unit: x\n",
        f"1}}\n    - {LINE}\n    u",
    ),
    "the long form": (
        "kpis:\n  mau:\n    targets:\n      - at_least: 6000\n        why: |\n          some\n\n          text\n"
        "        # about it\n    # the end\n  b: {count: x}\n",
        f"          text\n      - {LINE}\n        # about it",
    ),
    "folded text": (
        "kpis:\n  mau:\n    targets:\n      - why: some\n          text\n    # end",
        f"text\n      - {LINE}\n    # e",
    ),
    "brackets": ("kpis:\n  mau:\n    targets: [{at_least: 1}]  # c\n", f"[{{at_least: 1}}, {LINE}]  # c\n"),
    "brackets with a last comma": ("kpis: {mau: {targets: [{at_least: 1},]}}", f"1}}, {LINE},]}}}}"),
    "brackets over lines": (
        "kpis:\n  mau:\n    targets: [\n      {at_least: 1},\n      {at_least: 2}  # c\n    ]\n",
        f"2}},\n      {LINE}  # c\n    ]",
    ),
    "empty brackets": ("kpis: {mau: {targets: []}}", f"targets: [{LINE}]}}}}"),
    "a KPI in one line": ("kpis:\n  mau: {count: x, unit: y}  # c\n", f"unit: y, targets: [{LINE}]}}  # c\n"),
    "a KPI in brackets over lines": (
        "kpis:\n  mau: {count: x,  # c\n    unit: y  # d\n  }\n",
        f"unit: y, targets: [{LINE}]  # d",
    ),
    "a KPI that is empty": ("kpis:\n  mau: {}\n", f"mau: {{targets: [{LINE}]}}\n"),
    "a KPI of which nothing is said": ("kpis:\n  mau:\n  b: {count: x}", f"mau:\n    targets:\n      - {LINE}\n  b"),
    "a key without a value": ("kpis:\n  mau: {count, unit: }\n", f"unit: , targets: [{LINE}] }}\n"),
    "a KPI without targets": (
        "kpis:\n  mau:\n    count: x\n    by: [a, b]   # c\n\n  # other\n  b: {count: x}\n",
        f"# c\n    targets:\n      - {LINE}\n\n  # other",
    ),
    "targets without any": (
        "kpis:\n  mau:\n    targets:   # none yet\n    count: x\n",
        f"# none yet\n      - {LINE}\n    c",
    ),
    "targets without any, in brackets": ("kpis: {mau: {targets: , count: x}}", f"targets: [{LINE}] , count"),
    "no end of line": ("kpis:\n  mau:\n    targets:\n      - {at_least: 1}", f"1}}\n      - {LINE}"),
    "a name in quotes": ('kpis:\n  "mau": {count: "x, y"}\n', f'"x, y", targets: [{LINE}]}}'),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_target_goes_where_a_person_would_write_it(form: str, end: str, bom: bytes) -> None:
    """In the layout that stands there, with its line ends, and nothing else changes."""
    text, wanted = (t.replace("\n", end) for t in FORMS[form])
    before = bom + text.encode()
    after = edit.with_target(before, "mau", NEW)
    assert wanted.encode() in after
    assert _without_one_piece(before, after)


def test_targets_are_read_as_written() -> None:
    """What a KPI is held against now; none is none."""
    document = edit.read(b"kpis:\n  a: {targets: [{at_least: 60 %}]}\n  b: {count: x}\n  c:\n", "k.yml")
    assert [edit.targets_of(document, name) for name in "abc"] == [[{"at_least": "60 %"}], [], []]


@pytest.mark.parametrize("form", ["kpis: {mau: {targets: null}}", "kpis:\n  mau:\n    targets:\n      -\n"])
def test_what_cannot_be_done_safely_is_refused(form: str) -> None:
    """Nothing is written that would have to be guessed."""
    with pytest.raises(edit.LayoutError):
        edit.with_target(form.encode(), "mau", NEW)


def _without_one_piece(before: bytes, after: bytes) -> bool:
    """True if one is the other with one piece put in."""
    start = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    more = len(after) - len(before)
    # the piece may begin with what stands behind it
    return any(before == after[:at] + after[at + more :] for at in range(max(0, start - more), start + 1))


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ["a: b", "#c", "a #c", "- x", "2026", "true", "null", "~", "it's", 'say "x"', "a\nb", " x ", "{", "60 %", "ä", ""]
)
VALUE = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | TEXT
TARGET = st.fixed_dictionaries(
    {"at_least": VALUE, "from": st.dates()},
    optional={
        "why": TEXT,
        "for": st.dictionaries(st.sampled_from("ab"), TEXT, min_size=1),
        "between": st.lists(VALUE, max_size=2),
    },
)
COMMENT = st.sampled_from(["", "  # c", "\n# at the margin", "\n      # within", "\n\n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file with a KPI `mau` between others, written in some way."""
    comment = [draw(COMMENT) for _ in range(6)]
    items = [edit.flow(item) for item in draw(st.lists(TARGET, max_size=2))]
    long = [
        f"at_least: {draw(st.integers())}\n        why: {draw(st.sampled_from(['x', '|', '>-', '|-']))}"
        for _ in range(draw(st.integers(0, 2)))
    ]
    long = [f"{item}\n          words\n\n          more" if item[-1] in "|-" else item for item in long]
    written = draw(st.sampled_from(["lines", "brackets", "none", "one line"]))
    lines = "".join(f"\n      - {item}{comment[1]}" for item in [*items, *long])
    body = {
        "lines": f"\n    count: x{comment[0]}\n    targets:{lines}\n    unit: y",
        "brackets": f"\n    targets: [{', '.join(items)}]{comment[0]}\n    count: x",
        "none": f"\n    count: x\n    about: >\n      words\n{comment[0]}",
        "one line": f" {{count: x, targets: [{', '.join(items)}]}}",
    }[written]
    head = f"defaults: {{grain: month}}\n\nkpis:\n  a: {{count: x}}{comment[2]}\n"
    text = f"{head}  mau:{body}{comment[3]}\n  b:\n    count: x{comment[4]}"
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(max_examples=100, deadline=None)
@given(files(), TARGET)
def test_every_other_byte_stays(text: str, target: dict[str, Any]) -> None:
    """Whatever a file looks like and whatever the target says: it reads as before, with the target, and only grew."""
    before = text.encode()
    was = edit.read(before, "")
    assert not was.mistakes
    after = edit.with_target(before, "mau", target)
    assert _without_one_piece(before, after)
    assert edit.targets_of(edit.read(after, ""), "mau")[:-1] == edit.targets_of(was, "mau")
