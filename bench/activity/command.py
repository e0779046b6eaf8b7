"""`python -m bench activity`: measure the rows that are asked for, print them as Markdown."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from bench.activity.fresh import BenchError, Took
from bench.activity.rows import ROWS, Bar, Bench, Row
from bench.peers import metricflow

_SIZES = {"k": 1_000, "M": 1_000_000}


def size(text: str) -> int:
    """A number of events: 500k, 5M, 200M."""
    factor = _SIZES.get(text[-1:], 0)
    return round(float(text[:-1]) * factor) if factor else int(text)


def main(words: list[str]) -> int:
    """Measure and print; 1 if an answer was wrong or something did not end well. Missed bars are no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench activity", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where data, projects and peers are kept")
    parser.add_argument("--events", type=size, default="5M", metavar="N", help="how many: 5M (default), 50M, 200M")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--times", type=int, default=3, help="how often each is measured; 3 unless told")
    parser.add_argument("--scale", type=float, default=1.0, help="of the saas example; the bar is for 10")
    parser.add_argument("--no-loop", action="store_true", help="leave out the loop over days in pandas")
    parser.add_argument("--no-metricflow", action="store_true", help="leave out MetricFlow, which is installed else")
    parser.add_argument("--busy", action="store_true", help="say that the machine was busy with other work")
    asked = parser.parse_args(words)
    if not asked.folder.resolve().is_relative_to(Path(__file__).resolve().parents[2]):
        asked.folder.mkdir(parents=True, exist_ok=True)
    else:
        parser.error("the folder is not to be in the repository")
    environment = asked.folder.resolve() / "metricflow"
    if "mau" in asked.only and not asked.no_metricflow and not metricflow.is_installed(environment):
        metricflow.install(environment)
    bench = Bench(
        asked.folder.resolve(),
        asked.events,
        asked.times,
        asked.scale,
        loop=not asked.no_loop,
        metricflow=None if asked.no_metricflow else environment,
    )
    print(_machine(bench, busy=asked.busy), flush=True)
    print(_HEAD, flush=True)
    failed = False
    for name in asked.only:
        try:
            for row in ROWS[name](bench):
                print(lines(row), flush=True)
        except BenchError as error:
            failed = True
            print(f"| {name} | failed | | | {str(error)[-300:].replace(chr(10), ' ')} |", flush=True)
            print(error, file=sys.stderr)
    return int(failed)


_HEAD = "| work | measured | asked | | equal to; seconds (of the processors, most memory) |\n|---|---|---|---|---|"


def _machine(bench: Bench, *, busy: bool) -> str:
    """On what it was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "numpy", "pyarrow", "pandas"))
    peer = (
        f", metricflow {metricflow.version(bench.metricflow)}" if bench.metricflow and bench.metricflow.exists() else ""
    )
    state = " **The machine was busy with other work: ratios are rough.**" if busy else ""
    return (
        f"{bench.events:,} events, 730 days, seed 1; medians of {bench.times}. {os.cpu_count()} cores of {_cpu()}, "
        f"{memory:.0f} GiB; {platform.system()}, Python {platform.python_version()}, {libraries}{peer}.{state}\n"
    )


def _cpu() -> str:
    """What the machine calls its processor."""
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    name = next((line.split(":")[1].strip() for line in told if line.startswith("model name")), "")
    return name or platform.machine()


def lines(row: Row) -> str:
    """A row of the table, one line for each bar."""
    found = []
    for number, bar in enumerate(row.bars):
        work = row.work if number == 0 else ""
        more = _more(row) if number == 0 else ""
        found.append(
            f"| {work} | {bar.what}: **{_number(bar.number)}{_unit(bar)}** | {_asked(bar)} | {_word(bar)} | {more} |"
        )
    return "\n".join(found)


def _more(row: Row) -> str:
    times = ", ".join(f"{name} {_seconds(took)}" for name, took in row.times.items())
    return "; ".join(filter(None, (row.equal and f"equal to {row.equal}", times, *row.notes)))


def _seconds(took: Took) -> str:
    return f"{took.seconds:.2f} s ({took.cpu:.2f} s, {took.megabytes:.0f} MB)"


def _asked(bar: Bar) -> str:
    if bar.most is not None:
        return f"at most {bar.most:g}{_unit(bar)}"
    return "" if bar.least is None else f"at least {bar.least:g}{_unit(bar)}"


def _unit(bar: Bar) -> str:
    return f" {bar.unit}" if bar.unit else ""


def _word(bar: Bar) -> str:
    return "" if bar.holds is None else "held" if bar.holds else "missed"


def _number(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"
