"""The data of an invented company that sells a platform for workflow automation, as its systems would export them.

`accounts` says who the customers are and what they pay, `people` who works there, `usage` what these people do,
`money` what is charged, spent and earned, `operations` how the platform runs, and `voice` what customers say. Every
file is raw, with duplicates, late rows, open ends, outages and a known bug. The catalogue is in `examples/saas`.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from headway.errors import Mistake, UsageError
from headway.simulate import tables
from headway.simulate.saas import accounts, money, operations, people, voice
from headway.simulate.saas.clock import months
from headway.simulate.saas.operations import MEASURED_FROM, Outages
from headway.simulate.saas.usage import Usage

#: The first `today` for which every source has rows.
EARLIEST = date(2026, 1, 1)


def write(folder: Path, *, seed: int = 1, scale: float = 1.0, today: date) -> None:
    """Write the raw data of the example company below `folder/data`, through the day before `today` in New York.

    `scale` multiplies people and what they do, 1 is about a million events; customers and money are the same at any
    scale. The same arguments give the same rows; a later `today` adds rows and changes what was still open, and leaves
    the rest as it was. Memory does not grow with the events. UsageError if `today` is before `EARLIEST`.
    """
    if today < EARLIEST:
        mistake = Mistake(
            f"the example company cannot end before {EARLIEST}, and {today} is earlier",
            "bad-date",
            remedy="Set the clock of this machine, or give a later day.",
        )
        raise UsageError(mistake)
    data = folder / "data"
    calendar = list(months(today + timedelta(days=100)))
    past = [month for month in calendar if month.first < today]
    book = accounts.Book(seed)
    for month in past:
        book.advance(month)
    outages = Outages(past, seed)

    with tables.Database(data / "operations.db") as database:
        outages.write(database, today)
    with tables.Database(data / "billing.db") as database:
        accounts.write_lines(database, book.lines, today)
        money.write(data, database, book, past, seed, today)
    with tables.Database(data / "application.db") as database, tables.Files() as files:
        accounts.write_accounts(database, book, today)
        usage = Usage(data, database, outages, seed, today)
        everybody = people.nobody()
        for month in past:
            everybody = everybody.plus(people.invited(book, month, calendar, len(everybody), seed, scale))
            usage.write(files, everybody, month)
            voice.write(files, data, everybody, month, calendar, seed, today)
            operations.write_loads(files, data, month, seed, scale, today)
            operations.write_scaling(files, data, month, seed, today)
            if month.first >= MEASURED_FROM:
                operations.write_requests(files, data, month, outages, seed, scale, today)
                operations.write_resources(files, data, month, seed, today)
                operations.write_probes(files, data, month, seed, today)
            files.close_month(f"{month.first:%Y-%m}")
        people.write(database, everybody, today)
    people.write_features(data)
    operations.write_lists(data)
