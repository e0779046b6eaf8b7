"""The documents of a report: their text, what they ask for, and what their front matter says to us.

A template is told apart by its name, `weekly.md.jinja`: only `rendering` makes a document of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from headway.errors import Mistake, UsageError
from headway.model import TOTAL, Audience, Cell
from headway.periods import Grain
from headway.reports import asked
from headway.reports.asked import Request

#: What a PDF has or has not: a cover, contents, numbers of its sections.
SWITCHES = ("cover", "contents", "numbered")
#: What the front matter may say below `headway`.
_KEYS = ("edition", "audience", "every", *SWITCHES)
AUDIENCES = tuple(one.value for one in Audience)
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
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(Mistake(f"{path} cannot be read: {error}", "unreadable-file", None, remedy)) from None


def document(path: Path, text: str, name: str = "", cell: Cell = TOTAL) -> Document:
    """A text that stands in a file, or was made of the template there: then its lines are not those of the file."""
    name = name or stem(path)
    requests, wrong = asked.scan(text, f"{name}.md, made of {path}" if is_template(path) else str(path))
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
    audience, every = own.get("audience", ""), own.get("every", "")
    for key, said, known in (("audience", audience, AUDIENCES), ("every", every, tuple(Grain))):
        if said not in ("", *known):
            message = f"{key} in the front matter of {path} is {', '.join(known[:-1])} or {known[-1]}, not '{said}'"
            raise UsageError(Mistake(message, "bad-value", None, f"As in headway: {{{key}: {known[0]}}}"))
    return Header(own.get("edition", ""), audience, every)


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
    return "\n".join(["---", lines[at], *more, "---"])


def _own(text: str, path: Path) -> dict[str, str]:
    """What the front matter says to us: `headway: {edition: 2026-q3, audience: internal}`."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "---":
        return {}
    end = next((n for n, line in enumerate(lines[1:], 1) if line.strip() == "---"), len(lines))
    try:
        matter = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError:
        message = f"the front matter of {path} is no YAML"
        raise UsageError(
            Mistake(message, "yaml-syntax", None, "It stands between two lines of three dashes.")
        ) from None
    own = matter.get("headway") if isinstance(matter, dict) else None
    if own is not None and not isinstance(own, dict):
        message = f"'headway' in the front matter of {path} is a mapping"
        raise UsageError(Mistake(message, "wrong-type", None, "As in headway: {edition: 2026-q3}"))
    if unknown := [key for key in own or {} if key not in _KEYS]:
        message = f"{path} says '{unknown[0]}' to headway, which knows {', '.join(_KEYS)}"
        raise UsageError(Mistake(message, "unknown-key", None, None))
    own = {key: value for key, value in (own or {}).items() if value is not None}
    if wrong := [key for key in SWITCHES if not isinstance(own.get(key, True), bool)]:
        message = f"{wrong[0]} in the front matter of {path} is true or false, not '{own[wrong[0]]}'"
        raise UsageError(Mistake(message, "wrong-type", None, f"As in headway: {{{wrong[0]}: false}}"))
    return {key: str(value).lower() if key in SWITCHES else str(value) for key, value in own.items()}


def front_matter(path: Path, text: str | None = None) -> dict[str, str]:
    """What a file says to us, if it is Markdown; of a template, what stands in the `text` that it made."""
    if text is None and path.suffix == ".md":
        text = path.read_text("utf-8")
    return _own(text, path) if text is not None else {}
