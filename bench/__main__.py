"""Run every measurement, or those named, and print a table: what it took and may take, how much memory.

`python -m bench activity --folder FOLDER` is the long one: active people, beside other ways to the same numbers.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

#: Each is a module of this package with a function `measure` that yields `Measured`.
BENCHES = ("alerts", "ledger", "pages", "simulate")


def main() -> int:
    """Print the table; 1 if something took longer than it may."""
    if sys.argv[1:2] == ["activity"]:
        # Nothing else is imported: the size of this process would be counted as its children's.
        return int(import_module("bench.activity.command").main(sys.argv[2:]))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHES)}")
    names = parser.parse_args().names or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")

    from rich.console import Console
    from rich.table import Table

    table = Table("bench", "what", "seconds", "of CPU", "at most", "peak MB", "")
    within = True
    for name in names:
        for one in import_module(f"bench.{name}").measure():
            within &= one.within
            took = (f"{one.seconds:.2f}", f"{one.cpu_seconds:.2f}")
            table.add_row(name, one.what, *took, one.limit_text, f"{one.megabytes:.0f}", one.verdict)
    Console().print(table)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
