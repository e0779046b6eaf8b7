"""`report check`: figures of a report that were typed by hand, held against the ledger, and all its numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headway.cli.console import screen
from headway.cli.making import pinned
from headway.cli.project import view_of
from headway.cli.report import AudienceOption, report
from headway.errors import Mistake, UsageError
from headway.formats import plurals
from headway.options import AsOfOption, JsonOption, ProjectOption, Readers

if TYPE_CHECKING:
    from rich.console import Console

    from headway.reports.appendix import Entry
    from headway.reports.documents import Document
    from headway.reports.judged import Judged
    from headway.reports.snapshot import Snapshot

#: A figure contradicts the ledger.
_CONTRADICTED = 3


@report.command()
def check(
    document: Annotated[Path, typer.Argument(metavar="DOCUMENT", help="The report, as Markdown.")],
    project: ProjectOption = Path(),
    as_of: AsOfOption = None,
    audience: AudienceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which figures were typed by hand, and whether the ledger bears them out; then list all numbers.

    Numbers that the document names and that are not there are told as well, as when it is built.
    """
    from headway.cli import making
    from headway.reports import answers, appendix
    from headway.reports import documents as reading
    from headway.reports.asked import Request

    making.needs_extra()
    from headway.reports import judged

    one = reading.read(document)
    snapshot = _snapshot(one, project, audience, as_of)
    wrong = list(one.wrong)

    def told(request: Request) -> bool:
        try:
            answers.answer(request, snapshot)
        except UsageError as error:
            wrong.extend(error.mistakes)
            return False
        return True

    numbers = appendix.entries([request for request in one.requests if told(request)], snapshot)
    figures = judged.judge(one.text, snapshot)
    if as_json:
        typer.echo(json.dumps(_json(document, figures, numbers, wrong, snapshot), ensure_ascii=False, indent=2))
    else:
        _print(screen(), document, figures, numbers, snapshot)
    if wrong:
        raise UsageError(wrong)
    if any(figure.verdict == "contradicts" for figure in figures):
        raise typer.Exit(_CONTRADICTED)


def _snapshot(one: Document, project: Path, audience: Readers | None, as_of: str | None) -> Snapshot:
    """What was filed, of a document that is pinned; else what it asks for, and what its prose may speak of."""
    from headway.model import Audience
    from headway.reports import sought, taking
    from headway.reports.snapshot import edition

    if one.edition:
        pinned(one.path, one.edition, as_of, audience)
        return edition(one.path, one.edition, one.audience)
    with view_of(project, Audience(audience.value if audience else one.audience or "public"), as_of) as view:
        return taking.take(view, [*one.requests, *sought.requests(view, one.text)])


def _json(
    document: Path, figures: list[Judged], numbers: list[Entry], wrong: list[Mistake], snapshot: Snapshot
) -> dict[str, Any]:
    return {
        "document": str(document),
        "as_of": snapshot.about["as_of"],
        "audience": snapshot.about["audience"],
        "typed": [figure.as_json() for figure in figures],
        "numbers": [number.as_json() for number in numbers],
        "mistakes": [
            {
                "file": one.place.path if one.place else str(document),
                "line": one.place and one.place.line,
                "column": one.place and one.place.column,
                "message": one.message,
                "remedy": one.remedy or "",
                "slug": one.slug,
            }
            for one in wrong
        ],
    }


def _print(console: Console, document: Path, figures: list[Judged], numbers: list[Entry], snapshot: Snapshot) -> None:
    """What is wrong first, with its line; then figures that may stay; then all numbers."""
    from rich.markup import escape
    from rich.table import Table

    false = [figure for figure in figures if figure.verdict == "contradicts"]
    for figure in false:
        where = f"{document}:{figure.line}:{figure.column}"
        console.print(
            f"{escape(where)}: [bold]{escape(figure.words)}[/] contradicts {escape(figure.number)}",
            highlight=False,
            soft_wrap=True,
        )
        _excerpt(console, figure)
        also = f" {_lines(figure.against)} something else again." if figure.against else ""
        console.print(f"  Write {escape(figure.role)}.{also}\n", highlight=False, soft_wrap=True)
    if true := [figure for figure in figures if figure.verdict != "contradicts"]:
        table = Table(box=None, pad_edge=False, title="Typed, and true", title_justify="left", title_style="bold")
        for head in ("Line", "Typed", "", "Number", "Could be"):
            table.add_column(head, header_style="", overflow="fold")
        for figure in true:
            table.add_row(*map(escape, (str(figure.line), figure.words, figure.verdict, figure.number, figure.role)))
        console.print(table)
        console.print()
    if numbers:
        table = Table(box=None, pad_edge=False, title="Numbers", title_justify="left", title_style="bold")
        for head in ("Line", "KPI", "Period", "Value", "Revision"):
            table.add_column(head, header_style="", overflow="fold", justify="right" if head == "Revision" else "left")
        for number in numbers:
            value = number.value if number.shown in ("text", "chart") else f"{number.value} ({number.shown})"
            table.add_row(*map(escape, (str(number.line), number.name, number.label, value, number.revision)))
        console.print(table)
        console.print()
    typed = plurals.count(len(figures), "typed figure") if figures else "No typed figure"
    are = "is" if len(figures) < 2 else "are"
    wrong = f"; the ledger contradicts {len(false) or 'none'} of them" if figures else ""
    moment = snapshot.about["computed"]
    console.print(f"{typed} {are} about a KPI{wrong}. Published on {moment}.", highlight=False)


def _lines(numbers: tuple[int, ...]) -> str:
    says = "says" if len(numbers) == 1 else "say"
    return f"Line {numbers[0]} {says}" if len(numbers) == 1 else f"Lines {plurals.listed([*map(str, numbers)])} {says}"


def _excerpt(console: Console, figure: Judged) -> None:
    """The line, or what of it the terminal is wide enough for, with the figure underlined."""
    from rich.text import Text

    room = max(min(console.width, 120) - 6, 30)
    begin = figure.column - 1
    first = max(0, min(begin - (room - figure.length) // 2, len(figure.written) - room))
    console.print(Text("    " + figure.written[first : first + room].expandtabs(1)), soft_wrap=True)
    console.print(Text("    " + " " * (begin - first) + "^" * figure.length, style="red"), soft_wrap=True)
