"""Asks a person what the data are, and of each choice whether it is right; nothing is written here.

`ask` is how to ask: a question, what is taken for an empty answer, and the answers that there are (none: any text).
`say` is how to tell. Whoever leaves, by Ctrl-C or the end of input, leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from headway.errors import UsageError
from headway.model import Format
from headway.propose import Table, repositories, tables, tables_in
from headway.propose.choose import NONE, Choices, Wanted, amounts, breakdowns, choose, times
from headway.propose.look import Column, Seen

#: What the data may be, as it is offered.
KINDS = ("files", "spreadsheet", "git", "none")
_KINDS_TOLD = (
    "  files        CSV files, or a folder of them",
    "  spreadsheet  a workbook (.xlsx)",
    "  git          repositories on this machine",
    "  none         nothing yet: begin with the orders of an invented shop",
)
_WHERE = {
    "files": "Which file or folder?",
    "spreadsheet": "Which workbook?",
    "git": "Which repository, or folder of them?",
}


class Ask(Protocol):
    """Puts a question and gives the answer."""

    def __call__(self, question: str, usual: str = "", answers: Sequence[str] = ()) -> str: ...


def paths(folder: Path, ask: Ask, say: Callable[[str], None]) -> list[Path]:
    """Where the data are, as somebody answers; empty if there are none yet. Tables in `folder` are offered."""
    here = tables_in(folder) if folder.is_dir() else []
    say("What are your data?")
    for line in _KINDS_TOLD:
        say(line)
    kind = ask("Your data", KINDS[bool(here) and here[0].suffix == ".xlsx"], KINDS)
    if kind == "none":
        return []
    while True:
        usual = [path for path in here if (path.suffix == ".xlsx") is (kind == "spreadsheet") and kind != "git"]
        path = Path(ask(_WHERE[kind], str(usual[0]) if usual else "")).expanduser()
        if not path.exists():
            say(f"There is no {path}. Ctrl-C ends this, and leaves nothing behind.")
        elif kind == "git" and not repositories([path]):
            say(f"{path} is no git repository, and holds none.")
        else:
            return [path]


def choices(folder: Path, where: Sequence[Path], ask: Ask, say: Callable[[str], None]) -> list[tuple[Table, Choices]]:
    """The tables found there and what is chosen of each, as somebody answers."""
    given = Format()
    found = tables(folder, where, given)
    if len(found) == 1 and len(found[0].seen.sheets) > 1:
        seen = found[0].seen
        sheet = ask(f"Which sheet of {seen.files[0].name}?", seen.form.sheet or seen.sheets[0], seen.sheets)
        if sheet != seen.form.sheet:
            given = replace(given, sheet=sheet)
            found = tables(folder, where, given)
    chosen = []
    for table in found:
        if len(table.seen.dates) > 1:
            say(f"'{table.seen.doubtful}' in {table.seen.files[0].name} can be read in two ways.")
            given = replace(given, dates=ask("How are dates written?", table.seen.dates[0], table.seen.dates))
            same = table.patterns
            table = next(t for t in tables(folder, where, given) if t.patterns == same)  # now read
        chosen.append((table, _choices(table.seen, ask, say)))
    return chosen


def _choices(seen: Seen, ask: Ask, say: Callable[[str], None]) -> Choices:
    usual = choose(seen, Wanted())
    of_files = seen.files[0].name if len(seen.files) == 1 else f"{len(seen.files)} files"
    say(f"{of_files}: {seen.rows:,} rows, with {', '.join(column.name for column in seen.columns)}.")
    names = [column.name for column in seen.columns]
    wanted = Wanted()
    if len(found := times(seen)) > 1:
        wanted = replace(wanted, time=ask("Which column says when?", usual.time.name, _names(found)))
    # Of people any column may be.
    first = usual.people[0].name if usual.people else NONE
    wanted = replace(wanted, people=ask("Which column names a person? They are never shown.", first, [*names, NONE]))
    usual = _asked(seen, wanted, say) or usual
    taken = {*usual.people, *([usual.key] if usual.key else ())}
    if found := amounts(seen, taken):
        first = usual.amount.name if usual.amount else NONE
        wanted = replace(wanted, amount=ask("Which column is added up?", first, [*_names(found), NONE]))
        usual = choose(seen, wanted)
    taken |= {usual.amount} if usual.amount else set()
    if found := breakdowns(seen, taken):
        first = usual.by.name if usual.by else NONE
        wanted = replace(wanted, by=ask("By which column is it broken down?", first, [*_names(found), NONE]))
    return choose(seen, wanted)


def _asked(seen: Seen, wanted: Wanted, say: Callable[[str], None]) -> Choices | None:
    try:
        return choose(seen, wanted)
    except UsageError as error:
        say(str(error))
        return None


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
