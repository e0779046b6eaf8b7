"""The documents of a report: their text, what they ask for, and what their front matter says to us.

A template is told apart by its name, `weekly.md.jinja`: only `rendering` makes a document of it.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from headway.errors import Mistake, Place, UsageError
from headway.model import TOTAL, Audience, Cell
from headway.periods import Grain
from headway.reports import asked
from headway.reports.asked import Request

#: What a PDF has or has not: a cover, contents, numbers of its sections.
SWITCHES = ("cover", "contents", "numbered")
#: What the front matter may say below `headway`.
_KEYS = ("edition", "audience", "every", *SWITCHES)
AUDIENCES = tuple(one.value for one in Audience)
_NULL, _BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
#: How the name of a template ends.
TEMPLATE = ".md.jinja"


@dataclass(frozen=True, slots=True)
class Header:
    """What the front matter of a file says to us, '' where it says nothing.

    `edition` pins what is filed, `every` is the length of the period that a template is about.
    """

    edition: str = ""
    audience: str = ""
    every: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown text. `edition` is '' while the draft follows the data; `audience` where the file names none."""

    path: Path
    text: str
    edition: str
    audience: str
    requests: tuple[Request, ...]
    wrong: tuple[Mistake, ...]
    #: What the files that are made of it are called, without what tells their kind.
    name: str
    #: The only cell that it may speak of.
    cell: Cell = TOTAL


def read(path: Path) -> Document:
    """A document; what it asks for wrongly is told, not raised. UsageError if it cannot be read, or is a template."""
    if is_template(path):
        remedy = "Make the document first: headway report build TEMPLATE --markdown"
        raise UsageError(Mistake(f"{path} is a template", "unreadable-file", None, remedy))
    return document(path, written(path))


def written(path: Path) -> str:
    """The text of a file; UsageError if it cannot be read."""
    remedy = "Name a Markdown file, such as reports/grant.md."
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise UsageError(Mistake(f"there is no document {path}", "missing-file", None, remedy)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        told = Mistake("this is no text in UTF-8", "unreadable-file", Place(str(path), line), "Save it as UTF-8.")
        raise UsageError(told) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(Mistake(f"{path} cannot be read: {why}", "unreadable-file", None, remedy)) from None


def document(path: Path, text: str, name: str = "", cell: Cell = TOTAL) -> Document:
    """A text that stands in a file, or was made of the template there: then its lines are not those of the file."""
    name = name or stem(path)
    requests, wrong = asked.scan(text, f"{name}.md (made of {path.name})" if is_template(path) else str(path))
    own = header(path, text)
    return Document(path, text, own.edition, own.audience, tuple(requests), tuple(wrong), name, cell)


def is_template(path: Path) -> bool:
    """True for a file of which a document is made."""
    return path.name.endswith(TEMPLATE)


def stem(path: Path) -> str:
    """The name of a document without what tells its kind."""
    return path.name.removesuffix(TEMPLATE) if is_template(path) else path.stem


def header(path: Path, text: str) -> Header:
    """What a text says to us; UsageError for what it cannot mean. Of a template only that has to be YAML."""
    own = _own(_ours(text) if is_template(path) else text, path)
    for key, known in (("audience", AUDIENCES), ("every", tuple(Grain))):
        said, place = own.get(key, ("", None))
        if said not in ("", *known):
            close = difflib.get_close_matches(said, known, 1)
            remedy = f"Did you mean '{close[0]}'?" if close else f"As in headway: {{{key}: {known[0]}}}"
            message = f"{key} is {', '.join(known[:-1])} or {known[-1]}, not '{said}'"
            raise UsageError(Mistake(message, "bad-value", place, remedy))
    return Header(*(own[key][0] if key in own else "" for key in ("edition", "audience", "every")))


def requests(documents: Iterable[Document]) -> list[Request]:
    """Everything that some documents ask for; UsageError with all that is written wrongly."""
    some = list(documents)
    if wrong := [mistake for one in some for mistake in one.wrong]:
        raise UsageError(wrong)
    return [request for one in some for request in one.requests]


def _ours(text: str) -> str:
    """The front matter of a template as far as it speaks to us: elsewhere in it, braces need not be YAML."""
    lines = text.splitlines()
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), len(lines))
    at = next((n for n, line in enumerate(lines[:end]) if line.startswith("headway:")), None)
    if at is None or lines[0].strip() != "---":
        return ""
    more = itertools.takewhile(lambda line: line[:1] in " \t" and line.strip(), lines[at + 1 : end])
    return "\n".join(["---", *[""] * (at - 1), lines[at], *more, "---"])


def _own(text: str, path: Path) -> dict[str, tuple[str, Place]]:
    """What the front matter says to us, and where: `headway: {edition: 2026-q3, audience: internal}`."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---":
        return {}
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), len(lines))
    try:
        matter = yaml.compose("\n".join(["", *lines[1:end]]), yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        remedy = "It stands between two lines of three dashes."
        said = Mistake("the front matter is no YAML", "yaml-syntax", _place(path, error.problem_mark), remedy)
        raise UsageError(said) from None
    found = next((value for key, value in _pairs(matter) if key.value == "headway"), None)
    if found is None or found.tag == _NULL:
        return {}
    if not isinstance(found, yaml.MappingNode):
        place = _place(path, found.start_mark)
        remedy = "As in headway: {edition: 2026-q3}"
        raise UsageError(Mistake("'headway' in the front matter is a mapping", "wrong-type", place, remedy))
    own = {}
    for key, value in _pairs(found):
        place = _place(path, key.start_mark)
        if key.value not in _KEYS:
            close = difflib.get_close_matches(str(key.value), _KEYS, 1)
            remedy = f"Did you mean '{close[0]}'?" if close else f"There is {', '.join(_KEYS)}."
            raise UsageError(Mistake(f"'{key.value}' is no key of headway", "unknown-key", place, remedy))
        if key.value in SWITCHES and value.tag not in (_NULL, _BOOL):
            remedy = f"As in headway: {{{key.value}: false}}"
            message = f"{key.value} is true or false, not '{value.value}'"
            raise UsageError(Mistake(message, "wrong-type", place, remedy))
        if value.tag != _NULL:
            is_on = yaml.safe_load(yaml.serialize(value)) if key.value in SWITCHES else None
            own[str(key.value)] = (str(is_on).lower() if key.value in SWITCHES else str(value.value), place)
    return own


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _place(path: Path, mark: yaml.Mark | None) -> Place:
    return Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path), 1)


def front_matter(path: Path, text: str | None = None) -> dict[str, str]:
    """What a file says to us, if it is Markdown; of a template, what stands in the `text` that it made."""
    if text is None and path.suffix == ".md":
        text = path.read_text("utf-8")
    return {key: said for key, (said, _) in _own(text, path).items()} if text is not None else {}
