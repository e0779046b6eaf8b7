"""The program itself: its name, what it says of a wrong command line, its exit codes.

Exit codes: 0 done, 1 unexpected, 2 the catalogue or the command is wrong, 3 finished but a source or a KPI failed,
4 the ledger, 5 publishing, 130 interrupted. They are documented in docs/cli.md.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from headway import __version__, timed
from headway.errors import HeadwayError, Mistake, PublishError, UsageError

app = typer.Typer(
    name="headway",
    help="KPIs as code: declare what you measure once, in YAML beside your data.",
    invoke_without_command=True,
    rich_markup_mode=None,  # Rich would treble the time of --help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


#: Python looks for rings of objects that nobody holds after so many new ones. Its own 700 is for programs that make
#: few things that stay; a catalogue and its pages are all that, and a sixth of a command went into looking.
COLLECT_AFTER = 300_000

#: What Typer makes of Ctrl-C, and every shell understands.
_INTERRUPTED = 130


#: What Typer says of a value that does not fit, and what we say.
_TYPER_SAYS = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "a whole number must stand here"),
    ("Input should be", "it should be"),
    ("(Possible options:", "(there is"),
)


def main() -> None:
    """Run a command; print an error instead of a traceback, and exit with its code."""
    gc.set_threshold(COLLECT_AFTER)
    codes: list[int] = []
    atexit.register(_leave, codes)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None if it is closed
            stream.reconfigure(errors="replace")  # a terminal without umlauts shows question marks, not a traceback
    try:
        _main()
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:
            raise
        # Of output alone: a file has a name. What is still to be written goes nowhere, or Python would try again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        why = (error.strerror or "unknown reason").lower()
        remedy = "Make room there, or send it elsewhere. What is recorded is not touched."
        typer.echo(
            PublishError(Mistake(f"the output cannot be written: {why}", "not-writable", None, remedy)), err=True
        )
        sys.exit(PublishError.exit_code)
    except SystemExit as end:
        codes.append(end.code if isinstance(end.code, int) else 0 if end.code is None else 1)
        if timed.left_behind:  # to take apart what a thread still uses would end in words of a library
            _leave(codes)
        raise


def _leave(codes: list[int]) -> None:
    """End the process with the code of its command, if that came to its end.

    Python would take apart every object of every library first, a tenth of a short run. This was registered before
    all that libraries want done at the end, so it is called after it.
    """
    if not codes:
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):  # Python says what it thinks of that
        return
    os._exit(codes[0])


def _main() -> None:
    try:
        code = app(prog_name="headway", standalone_mode=False)
    except HeadwayError as error:
        typer.echo(errors(error), err=True)
        sys.exit(error.exit_code)
    except TyperException as error:
        typer.echo(errors(_usage(error)), err=True)
        sys.exit(UsageError.exit_code)
    except typer.Abort:
        typer.echo("\nInterrupted. Nothing was written.", err=True)
        sys.exit(_INTERRUPTED)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(0)  # the reader of a pipe, such as `head`, has seen enough
        raise
    if code == _INTERRUPTED:
        typer.echo("\nInterrupted. Nothing was recorded.", err=True)
    sys.exit(code)


def _usage(error: TyperException) -> UsageError:
    """What is wrong with a command line, in our words."""
    message = error.format_message()
    for theirs, ours in _TYPER_SAYS:
        message = message.replace(theirs, ours)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "headway"
    message = f"{message[:1].lower()}{message[1:].rstrip('.')}"
    return UsageError(Mistake(message, "unknown-option", None, f"'{command} --help' says what there is."))


def errors(error: HeadwayError) -> str:
    """All mistakes of an error, and how many there are."""
    count = len(error.mistakes)
    return f"{error}\n\n{count} mistakes found." if count > 1 else str(error)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headway {__version__}")
        raise typer.Exit


@app.callback()
def _headway(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """KPIs as code: declare what you measure once, in YAML beside your data."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
