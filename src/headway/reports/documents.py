"""The documents of a report: their text, what they ask for, and the edition that they are pinned to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from headway.errors import Mistake, UsageError
from headway.model import Audience
from headway.reports import asked
from headway.reports.asked import Request

#: What a PDF has or has not: a cover, contents, numbers of its sections.
SWITCHES = ("cover", "contents", "numbered")
#: What the front matter may say below `headway`.
_KEYS = ("edition", "audience", *SWITCHES)
AUDIENCES = tuple(one.value for one in Audience)


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file. `edition` is '' while the draft follows the data; `audience` where the file names none."""

    path: Path
    text: str
    edition: str
    audience: str
    requests: tuple[Request, ...]
    wrong: tuple[Mistake, ...]


def read(path: Path) -> Document:
    """A document; what it asks for wrongly is told, not raised. UsageError if it cannot be read."""
    remedy = "Name a Markdown file, such as reports/grant.md."
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise UsageError(Mistake(f"there is no document {path}", "missing-file", None, remedy)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(Mistake(f"{path} cannot be read: {error}", "unreadable-file", None, remedy)) from None
    requests, wrong = asked.scan(text, str(path))
    own = _own(text, path)
    audience = own.get("audience", "")
    if audience not in ("", *AUDIENCES):
        message = f"{path} is for {' or '.join(AUDIENCES)} readers, not '{audience}'"
        raise UsageError(
            Mistake(message, "bad-value", None, "Write it in the front matter: headway: {audience: public}")
        )
    return Document(path, text, own.get("edition", ""), audience, tuple(requests), tuple(wrong))


def requests(documents: Iterable[Document]) -> list[Request]:
    """Everything that some documents ask for; UsageError with all that is written wrongly."""
    some = list(documents)
    if wrong := [mistake for one in some for mistake in one.wrong]:
        raise UsageError(wrong)
    return [request for one in some for request in one.requests]


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


def front_matter(path: Path) -> dict[str, str]:
    """What a file says to us, if it is Markdown."""
    return _own(path.read_text("utf-8"), path) if path.suffix == ".md" else {}
