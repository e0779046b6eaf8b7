"""Run every measurement, or those named, and print a table: what it took and may take, how much memory."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table

from bench import alerts, ledger, simulate

#: Name -> what measures it. A new bench is a module with a function that yields `Measured`, and a line here.
BENCHES = {"alerts": alerts.measure, "ledger": ledger.measure, "simulate": simulate.measure}


def main() -> int:
    """Print the table; 1 if something took longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHES)}")
    names = parser.parse_args().names or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")

    table = Table("bench", "what", "seconds", "of CPU", "at most", "peak MB", "")
    within = True
    for name in names:
        for one in BENCHES[name]():
            within &= one.within
            took = (f"{one.seconds:.2f}", f"{one.cpu_seconds:.2f}")
            table.add_row(name, one.what, *took, one.limit_text, f"{one.megabytes:.0f}", one.verdict)
    Console().print(table)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
