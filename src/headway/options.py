"""The options that commands share, and the words that they take. Imports Typer alone, as `headway --help` must."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ProjectOption = Annotated[
    Path,
    typer.Option(
        "--project", "-p", metavar="DIRECTORY", help="Folder of the project, or one inside it.", show_default="here"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print Markdown, as for a pull request.")]
NowOption = Annotated[
    str | None,
    typer.Option("--now", metavar="MOMENT", help="Compute as if it were this moment, e.g. 2026-01-31T06:00Z."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="As it was published then: a day (its end), a moment, a run's number."
    ),
]
CellOption = Annotated[
    list[str] | None,
    typer.Option("--for", metavar="COLUMN=VALUE", help="The cell; once for each column of a cross."),
]
PortOption = Annotated[
    int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
]
ScaleOption = Annotated[
    float | None,
    typer.Option(
        "--scale",
        metavar="N",
        min=0.1,
        max=200,
        help="How much data an example gets; 1 is about a million events.",
        show_default="1",
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, help="Another one gives other data of that kind.", show_default="1"),
]

# What somebody says of their own data.
FromOption = Annotated[
    list[Path] | None,
    typer.Option("--from", metavar="PATH", help="Your data: a file, a folder of files, a git repository."),
]
TimeOption = Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="The column that says when.")]
AmountOption = Annotated[str | None, typer.Option("--amount", metavar="COLUMN", help="The column to add up, or none.")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="COLUMN", help="The breakdown, or none.")]
PeopleOption = Annotated[
    str | None, typer.Option("--people", metavar="COLUMN", help="The column that names a person, or none.")
]
SheetOption = Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="The sheet of a workbook.")]
DatesOption = Annotated[str | None, typer.Option("--dates", metavar="PATTERN", help="How dates are written: %d.%m.%Y.")]


class Readers(StrEnum):
    """Whom pages are for; the words of `audience` in the catalogue."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


class Service(StrEnum):
    """Services of continuous integration for which a workflow can be written."""

    GITHUB = "github"


class Example(StrEnum):
    """The projects that ship with Headway."""

    HUBS = "hubs"
    SAAS = "saas"
    GIT = "git"


class FileKind(StrEnum):
    """The kinds of files of a catalogue, each with a schema."""

    PROJECT = "project"
    SOURCES = "sources"
    KPIS = "kpis"
    BOARDS = "boards"
    ALERTS = "alerts"
    REPORTS = "reports"
    OBJECTIVES = "objectives"
    NOTES = "notes"
    TESTS = "tests"
