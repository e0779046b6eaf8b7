"""Makes a document of a template: Jinja in Markdown, given what the catalogue and the ledger say of one period.

A template chooses what a report speaks of and in which order. Its numbers it asks for as every document does, with
roles and directives, so a template neither formats nor adds up. It runs in a sandbox, what it is given are `facts`,
frozen and few, and it includes other templates alone: it sees nothing that its readers may not. (What it makes is a
document, and documents can include files that lie beside them.)
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from headway.errors import Mistake, Place, UsageError
from headway.model import TOTAL, Cell
from headway.periods import Grain, Period
from headway.publish.view import View
from headway.reports import boarded, documents, facts
from headway.reports.documents import TEMPLATE, Document
from headway.reports.names import file_name

_SHIPPED = Path(__file__).parent / "templates"
#: Of what a board says. It is not among those that people name: it is about a board.
_BOARD = _SHIPPED / f"_board{TEMPLATE}"
#: What an expression of a template may raise, beside Jinja's own errors.
_FOREIGN = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def shipped() -> tuple[str, ...]:
    """The names of the templates that come with Headway."""
    return tuple(sorted(documents.stem(path) for path in _SHIPPED.glob(f"*{TEMPLATE}") if path.name[0] != "_"))


def find(named: str | Path) -> Path:
    """The file of a document or template: a path, or the name of a template that comes with Headway."""
    path = Path(named)
    if path.suffix or path.exists():
        return path
    if path.name in shipped() and path == Path(path.name):
        return _SHIPPED / f"{path.name}{TEMPLATE}"
    close = _close(path.name, shipped()).removeprefix("; ").capitalize()
    known = close or f"Name a Markdown file, or a template that comes with Headway: {', '.join(shipped())}."
    raise UsageError(Mistake(f"there is no document {named}", "missing-file", None, known))


def render(named: str | Path, view: View, period: Period | None = None, cell: Cell = TOTAL) -> Document:
    """The document that a template makes for a period, and for one cell; a plain document is taken as it is.

    Without a period it is about the newest one that is over, of the length that its front matter names.
    """
    path = find(named)
    text = documents.written(path)
    name = file_name(documents.stem(path), cell)
    if not documents.is_template(path):
        return documents.document(path, text, name, cell)
    which = period or newest(path, view)
    if which is None:
        message = f"{path} does not say how long a period it is about"
        remedy = "Write it in its front matter, as in headway: {every: week}, or name one: --period 2026-10"
        raise UsageError(Mistake(message, "unknown-period", None, remedy))
    _meant(path, which, view)
    made = _rendered(path, facts.of(view, which, cell))
    one = documents.document(path, made, name, cell)
    if one.edition:
        message = f"{path} is pinned to edition {one.edition}, and a template follows the data"
        remedy = "Make a document of it, and pin that: headway report build TEMPLATE --markdown"
        raise UsageError(Mistake(message, "pinned-template", None, remedy))
    return one


def _meant(path: Path, which: Period, view: View) -> None:
    """UsageError `unknown-period` for a period that is not over, or not as long as the template is about."""
    every = documents.header(path, documents.written(path)).every
    calendar = view.catalog.calendar
    over = calendar.previous(calendar.at(which.grain, view.now))
    if every and which.grain != every:
        message = f"{documents.stem(path)} is about a {every}, and {which} is a {which.grain}"
        newest = calendar.previous(calendar.at(Grain(every), view.now))
        raise UsageError(Mistake(message, "unknown-period", None, f"As in --period {newest}"))
    if which.key > over.key:
        remedy = f"The newest that is over is {over}."
        raise UsageError(Mistake(f"{which} is not over", "unknown-period", None, remedy))


def render_board(view: View, board: str, period: Period, cell: Cell = TOTAL) -> Document:
    """The document that says what a board shows; UsageError `unknown-name` if it is not for these readers."""
    given = facts.of(view, period, cell)
    given["board"] = boarded.of(view, board, cell, given["kpis"])
    made = _rendered(_BOARD, given)
    return documents.document(_BOARD, made, file_name(f"board-{board}", cell), cell)


def named_apart(some: Iterable[Document], taken: Iterable[str] = ()) -> Iterator[Document]:
    """The documents, no two of one name, and none of a name that is `taken`."""
    names = set(taken)
    for one in some:
        # Two values may differ only in letters which file names do not have.
        free = (f"{one.name}-{n}" for n in count(2))
        name = one.name if one.name not in names else next(name for name in free if name not in names)
        names.add(name)
        yield replace(one, name=name)


def newest(path: Path, view: View) -> Period | None:
    """The newest period that is over, of the length that a template says it is about; None if it says nothing."""
    every = documents.header(path, documents.written(path)).every
    calendar = view.catalog.calendar
    return calendar.previous(calendar.at(Grain(every), view.now)) if every else None


class _Unknown(StrictUndefined):
    """What a template names and was not given, told in the words of facts."""

    known: tuple[str, ...] = ()

    @property
    def _undefined_message(self) -> str:
        name, thing = str(self._undefined_name), self._undefined_obj
        if self._undefined_hint:
            return self._undefined_hint
        if thing is missing:
            return f"there is no '{name}'{_close(name, self.known)}"
        if is_dataclass(thing):
            kind = type(thing).__name__.removesuffix("Fact").lower()
            return f"a {kind} has no '{name}'{_close(name, [one.name for one in fields(thing)])}"
        kind = "list" if isinstance(thing, list | tuple) else "text" if isinstance(thing, str) else "thing"
        return f"a {kind} has no '{name}'"


def _close(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""


class _Templates(FileSystemLoader):
    """Templates of a folder, and no other file."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As ever."""
        if not template.endswith(TEMPLATE):
            raise TemplateNotFound(template)
        return super().get_source(environment, template)


def _rendered(path: Path, given: dict[str, Any]) -> str:
    folders = [_Templates(path.absolute().parent), _Templates(_SHIPPED)]
    unknown = type("Unknown", (_Unknown,), {"known": tuple(given)})
    if not given["cell"]:  # it may be asked for, as in {% if cell %}, and has nothing to tell
        given["cell"] = Undefined("it is made for one cell: --for-each COLUMN, or --for COLUMN=VALUE", name="cell")
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(folders),
        undefined=unknown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # it writes Markdown, and `facts` hold their texts as Markdown reads them
    )
    try:
        return environment.get_template(path.name).render(given)
    except TemplateSyntaxError as error:
        raise _told(path, Path(error.filename or path), error.lineno, error.message or "it cannot be read") from None
    except TemplateNotFound as error:
        raise _told(path, *_where(error, path), f"there is no template {error.message}") from None
    except _FOREIGN as error:
        raise _told(path, *_where(error, path), str(error)) from None


def _where(error: Exception, path: Path) -> tuple[Path, int]:
    """The file and line of the template in which an error came up: Jinja puts them on the stack."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(TEMPLATE)]
    return (Path(frames[-1].filename), frames[-1].lineno or 1) if frames else (path, 1)


def _told(path: Path, file: Path, line: int, message: str) -> UsageError:
    shown = path if file == path.absolute() else file
    remedy = "What a template is given stands in docs/reports.md, under Templates."
    return UsageError(Mistake(message.rstrip("."), "template", Place(str(shown), line), remedy))
