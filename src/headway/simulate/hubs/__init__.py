"""The data of Open Science Hubs, an invented non-profit that runs JupyterHubs for research and teaching.

Its numbers follow what such organisations publish: `world` says who exists, `usage` who came, `money` what was signed,
earned and spent, and `work` what the teams did. Every file is raw, as a system would export it: with duplicates, late
rows and known bugs. The catalogue that reads it is in `examples/hubs`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from headway.errors import Mistake, UsageError
from headway.simulate.hubs import code, contracts, money, sales, team, traces, usage, work
from headway.simulate.hubs.world import build

#: The first `today` for which every source has rows.
EARLIEST = date(2026, 1, 1)


def write(folder: Path, *, seed: int = 1, scale: float = 1.0, today: date) -> None:
    """Write the raw data of the example organisation below `folder/data`, through the day before `today`.

    `scale` multiplies how many people use the hubs. The same arguments give the same rows; a later `today` adds rows
    and changes what was still open, and leaves the rest as it was. UsageError if `today` is before `EARLIEST`.
    """
    if today < EARLIEST:
        mistake = Mistake(
            f"the example organisation cannot end before {EARLIEST}, and {today} is earlier",
            "bad-date",
            remedy="Set the clock of this machine, or give a later day.",
        )
        raise UsageError(mistake)
    data = folder / "data"
    world = build(seed, today.year + 1)
    known = usage.pools(world, today.year, scale)
    usage.write_sessions(data, known, seed, today)
    traces.write(data, world, known, seed, today)
    signed = contracts.contracts(world, seed, today.year + 1)
    contracts.write(data, signed, today)
    money.write(data, world, signed, seed, today)
    sales.write(data, signed, seed, today)
    team.write(data, seed, today)
    work.write(data, world, known, seed, today)
    code.write(data, seed, today)
