"""The command line: parse, call one function of a room, print. `headway --help` imports nothing but Typer.

A module holds the commands of one purpose, and imports the rooms that a command needs inside that command.
"""

from headway.cli import (
    alerts,
    begin,
    compare,
    compute,
    define,
    history,
    keep,
    pages,
    quality,
    replay,
    report,
    reportcheck,
    review,
    watch,
)
from headway.cli.app import app, main

#: Help lists commands in this order: as one meets them.
_ORDER = (
    begin,
    define,
    compute,
    history,
    alerts,
    replay,
    pages,
    report,
    reportcheck,
    quality,
    watch,
    review,
    compare,
    keep,
)
_MODULES = [module.__name__ for module in _ORDER]

app.registered_commands.sort(key=lambda command: _MODULES.index(getattr(command.callback, "__module__", "")))

__all__ = ["app", "main"]
