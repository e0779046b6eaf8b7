"""Reads one YAML file into plain values, and remembers where each of them stands.

`Document.value` holds dicts, lists, texts, numbers and booleans; `Document.place` answers where any of them is
written, so that every later complaint can point at the very words. YAML is 1.2 (`yes` is text), dates stay text, and
anchors, aliases and tags are refused: a catalogue says everything where it is read.
"""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import Node, ScalarNode

from headway.catalog.nodes import MAPPINGS, SCALARS, SEQUENCES, compose
from headway.errors import Mistake, Place
from headway.model import Expression

#: Steps from the top of a file to a value: keys of maps, positions in lists.
Steps = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: Where an anchor or alias could begin; most files have none, and need no second look.
_ALIAS = re.compile(r"(?m)(^|[\s\[{,:-])[&*][^\s&*]")
#: A file is a page of text, not a data set; this bounds what a broken file can cost.
_MAX_BYTES = 5_000_000
_MAX_DEPTH = 40


@dataclass
class Document:
    """One YAML file: its values, their places, and what was wrong with the YAML itself."""

    path: str
    text: str
    value: Any = None
    mistakes: list[Mistake] = field(default_factory=list)
    spots: dict[Steps, tuple[Node | None, Node]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # as YAML counts lines: str.splitlines knows separators that YAML takes for text
        self._lines = self.text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]

    # -- places ----------------------------------------------------------------------------------------------------

    def has(self, path: Steps) -> bool:
        """True if something is written at `path`."""
        return path in self.spots

    def names(self, path: Steps) -> list[str | int]:
        """The keys of the map, or the positions of the list, at `path`; none if nothing is written there."""
        node = self.spots[path][1] if path in self.spots else None
        if isinstance(node, MAPPINGS):
            return [_whole(str(key.value)) for key, _ in node.value if isinstance(key, SCALARS)]
        return list(range(len(node.value))) if isinstance(node, SEQUENCES) else []

    def place(self, path: Steps = ()) -> Place:
        """Where the value at `path` stands; of something that is not written, where its nearest parent does."""
        if not self.spots:
            return Place(self.path, 1)
        key, node = self._spot(path)
        if isinstance(node, SCALARS) and node.end_mark.index > node.start_mark.index:
            return self.mark(node.start_mark.index, node.end_mark.index)
        if key is not None:
            return self.mark(key.start_mark.index, key.end_mark.index)
        return self.mark(node.start_mark.index, node.start_mark.index + 1)

    def key_place(self, path: Steps) -> Place:
        """Where the key (not its value) at `path` stands."""
        key = self._spot(path)[0] if self.spots else None
        return self.mark(key.start_mark.index, key.end_mark.index) if key else self.place(path)

    def within(self, path: Steps, start: int, end: int) -> Place:
        """Where the characters `start` to `end` of a text value stand, also if it is quoted or folded."""
        node = self._spot(path)[1] if self.spots else None
        if not isinstance(node, SCALARS):
            return self.place(path)
        spots = list(self._characters(node))
        if not spots:
            return self.place(path)
        first = spots[min(start, len(spots) - 1)]
        last = spots[min(max(end, start + 1), len(spots)) - 1]
        return self.mark(first, last + 1)

    def expression(self, path: Steps, text: str) -> Expression:
        """A text value as an expression that knows where it begins."""
        return Expression(text, self.within(path, 0, len(text)))

    def written(self, path: Steps) -> str:
        """The YAML of a key and its value as written, without the indentation it stands in."""
        key, node = self.spots[path]
        start = (key or node).start_mark.index
        start -= (key or node).start_mark.column if self._alone(start) else 0
        return textwrap.dedent(self.text[start : node.end_mark.index].rstrip())

    def _alone(self, index: int) -> bool:
        """True if nothing but spaces stands before `index` in its line."""
        return not self.text[self.text.rfind("\n", 0, index) + 1 : index].strip()

    def _spot(self, path: Steps) -> tuple[Node | None, Node]:
        """The key and the value at `path`, or at its nearest parent that is written."""
        while path and path not in self.spots:
            path = path[:-1]
        return self.spots[path]

    def mark(self, start: int, end: int) -> Place:
        """A place from offsets in the file; a mark never runs past the end of its first line."""
        line = bisect_right(self._starts, start) - 1
        column = start - self._starts[line]
        text = self._lines[line] if line < len(self._lines) else ""
        length = max(1, min(end - start, len(text) - column))
        return Place(self.path, line + 1, column + 1, length, text)

    def _characters(self, node: ScalarNode) -> Iterator[int]:
        """For each character of a scalar's value, the offset in the file where it is written."""
        index = node.start_mark.index
        if node.style in ("|", ">"):  # the text begins in the line below its header
            index = self.text.find("\n", index) + 1
        elif node.style in ("'", '"'):
            index += 1
        stop = node.end_mark.index
        for character in node.value:
            if not character.isspace():
                # Folding, indentation and escapes only move characters: the next equal one is it.
                found = self.text.find(character, index, stop)
                index = found if found >= 0 else index
            yield min(index, len(self.text) - 1)
            index = min(index + 1, stop)


def read(file: Path, name: str) -> Document:
    """Read a YAML file that messages call `name`; whatever is wrong with it is in `mistakes`, with a value of None."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        return _refused(name, f"the file cannot be read: {(error.strerror or 'unknown reason').lower()}")
    if len(raw) > _MAX_BYTES:
        return _refused(name, "the file is larger than 5 MB; a catalogue is text that people read")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _refused(name, "the file is not UTF-8 text", line, "Save it as UTF-8.")
    return parse(text.replace("\r\n", "\n"), name)


def parse(text: str, name: str) -> Document:
    """The document of a YAML text that messages call `name`."""
    document = Document(name, text)
    try:
        if (alias := _alias(document)) is not None:
            document.mistakes.append(alias)
            return document
        node = compose(text)
    except MarkedYAMLError as error:
        document.mistakes.append(_syntax(document, error))
        return document
    except (YAMLError, ValueError, RecursionError, IndexError, AttributeError, AssertionError) as error:
        # ruamel lets some broken files end in an error of Python itself
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        document.mistakes.append(Mistake(_unmarked(error), "yaml-syntax", Place(name, line)))
        return document
    if node is None:
        return document
    document.value = _value(document, node, (), None)
    return document


def _refused(name: str, message: str, line: int = 1, remedy: str | None = None) -> Document:
    return Document(name, "", mistakes=[Mistake(message, "yaml-syntax", Place(name, line), remedy)])


# -- values --------------------------------------------------------------------------------------------------------


def _value(document: Document, node: Node, path: Steps, key: Node | None) -> Any:
    """The plain value of a node; its place and those of all below it are noted."""
    document.spots[path] = (key, node)
    if len(path) > _MAX_DEPTH:
        document.mistakes.append(Mistake("this is nested too deeply", "yaml-syntax", document.place(path)))
        return None
    if isinstance(node, MAPPINGS):
        return _mapping(document, node, path)
    if isinstance(node, SEQUENCES):
        return [_value(document, item, (*path, n), None) for n, item in enumerate(node.value)]
    assert isinstance(node, SCALARS)
    return _scalar(document, node, path)


def _mapping(document: Document, node: Node, path: Steps) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in node.value:
        if not isinstance(key, SCALARS):
            place = document.mark(key.start_mark.index, key.start_mark.index + 1)
            document.mistakes.append(Mistake("a key must be one word", "yaml-syntax", place))
            continue
        name = _whole(str(key.value))
        here = (*path, name)
        if name in found:
            mark = document.mark(key.start_mark.index, key.end_mark.index)
            first = document.key_place(here).line
            document.mistakes.append(
                Mistake(
                    f"'{name}' is given twice; the first is in line {first}",
                    "duplicate-name",
                    mark,
                    "Remove one of the two, or rename it.",
                )
            )
            continue
        found[name] = _value(document, item, here, key)
    return found


def _scalar(document: Document, node: ScalarNode, path: Steps) -> Any:
    text = _whole(str(node.value))
    kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
    if kind == "null":
        return None
    if kind == "bool" and not node.style and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in ("int", "float") and not node.style:
        if _INTEGER.fullmatch(text) and len(text) < 300:
            # 007 is a name, not a number
            return int(text) if str(int(text)) == text.lstrip("+") or text.strip("+-") == "0" else text
        if _NUMBER.fullmatch(text):
            return float(text)
        return text
    if kind not in ("str", "timestamp", "int", "float", "bool", "merge", "value"):
        document.mistakes.append(
            Mistake("YAML tags are not used in a catalogue", "yaml-syntax", document.place(path), "Remove the '!...'.")
        )
    return text


def _whole(text: str) -> str:
    r"""The text with each pair of escapes that stands for one character, as JSON writes '\ud83d\ude00', put together.

    Half a pair alone is no character: it becomes U+FFFD, the sign for one that was lost.
    """
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _alias(document: Document) -> Mistake | None:
    """A complaint about the first anchor or alias, if there is one."""
    if not _ALIAS.search(document.text):
        return None
    for event in YAML(typ="safe", pure=True).parse(document.text):
        if getattr(event, "anchor", None):
            start = event.start_mark.index
            word = re.match(r"\S*", document.text[start:])
            place = document.mark(start, start + (word.end() if word else 1))
            what = "an alias (*)" if isinstance(event, AliasEvent) else "an anchor (&)"
            message = f"{what} is not used in a catalogue: write the value where it belongs"
            return Mistake(message, "yaml-syntax", place, "Text that begins with & or * needs quotes.")
    return None


# -- syntax --------------------------------------------------------------------------------------------------------

_NO_SPACE = ("a key is not followed by ': '", "Write 'key: value', with a space after the colon.")
_NOT_ALIGNED = ("the indentation does not match the lines above", "Keys of one map begin in one column.")
#: What ruamel says (a part of it), what we say, and the remedy.
_PROBLEMS: tuple[tuple[str, str, str | None], ...] = (
    ("'\\t' that cannot start", "a tab cannot indent YAML", "Indent with spaces."),
    ("tab characters", "a tab cannot indent YAML", "Indent with spaces."),
    ("cannot start any token", "a text cannot begin with this character", "Put the text in quotes."),
    (
        "mapping values are not allowed",
        "a ':' begins a value, and none is possible here",
        "Put text with ': ' in quotes.",
    ),
    ("could not find expected ':'", *_NO_SPACE),
    ("expected ',' or '}'", "a '{' is opened, and what follows is neither ',' nor '}'", "Close it with '}'."),
    ("expected ',' or ']'", "a '[' is opened, and what follows is neither ',' nor ']'", "Close it with ']'."),
    ("unexpected end of stream", "a quote is opened and not closed", "Close the quote."),
    ("undefined alias", "a text cannot begin with '*'", "Put the text in quotes."),
    ("expected <block end>", *_NOT_ALIGNED),
    ("expected a single document", "a file holds one document; '---' begins another", "Remove the '---'."),
    ("unknown escape", "a '\\' in double quotes begins an escape", "Use single quotes."),
    ("duplicate anchor", "anchors (&) are not used in a catalogue", "Write the value where it belongs."),
)


#: A quote that was meant as a letter, as in 'the customer's', ends the text.
_QUOTE_WITHIN = (
    "the text ends with the quote before this, and more follows",
    "Put a text that holds ' in double quotes, and one that holds \" in single ones.",
)


def _syntax(document: Document, error: MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    said = f"{error.problem or ''} {error.context or ''}"
    message, remedy = next(
        ((ours, help_) for theirs, ours, help_ in _PROBLEMS if theirs in said), ("this is not YAML", None)
    )
    if mark is None:
        return Mistake(message, "yaml-syntax", Place(document.path, 1), remedy)
    opened = error.context_mark
    if opened is not None and any(part in said for part in ("unexpected end", "expected ','", "expected ':'")):
        mark = opened  # where it was opened, or the key began, tells more than where reading ended
    index = min(mark.index, max(len(document.text) - 1, 0))
    before = document.text[document.text.rfind("\n", 0, index) + 1 : index]
    if "expected <block end>" in said and before.endswith(("'", '"')):
        message, remedy = _QUOTE_WITHIN
    elif "mapping values" in said and (glued := _glued(document, index)) is not None:
        index, (message, remedy) = glued, _NO_SPACE
    elif "mapping values" in said and re.fullmatch(r"[\w-]+", before.strip()):  # a key deeper than those beside it
        index, (message, remedy) = index - len(before.lstrip()), _NOT_ALIGNED
    elif "'\\t'" in said and before.strip():
        message, remedy = "a tab stands where YAML has a space", "Write a space."
    return Mistake(message, "yaml-syntax", document.mark(index, index + 1), remedy)


def _glued(document: Document, index: int) -> int | None:
    """Where `key:value` stands without a space on the line before, which YAML takes for the begin of a long text."""
    end = document.text.rfind("\n", 0, index)
    line = document.text[document.text.rfind("\n", 0, max(end, 0)) + 1 : max(end, 0)]
    match = re.match(r"\s*(\w+:)[^\s:]", line)
    return end - len(line) + match.start(1) if match else None


def _unmarked(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "this is nested too deeply"
    character = getattr(error, "character", None)
    if character is not None:
        return "the file holds a character that text does not have"
    return "this is not YAML"
