"""The team of the example organisation: who is on it, when they were away, what they answered, and who was sought.

How many are published: 2, 4, 5 and 10 people at the ends of 2020 to 2023.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from headway.simulate import tables
from headway.simulate.hubs.sales import rows_of

#: People on the team: first day, last day, full time.
STAFF = (
    (date(2020, 6, 1), None, True),
    (date(2020, 8, 17), None, True),
    (date(2021, 3, 1), None, True),
    (date(2021, 6, 14), date(2024, 3, 29), True),
    (date(2022, 5, 2), None, True),
    (date(2023, 1, 9), None, True),
    (date(2023, 1, 16), None, True),
    (date(2023, 4, 3), None, False),
    (date(2023, 6, 1), date(2025, 8, 29), True),
    (date(2023, 9, 4), None, True),
    (date(2024, 2, 5), None, False),
    (date(2024, 4, 22), None, True),
    (date(2024, 9, 2), None, True),
    (date(2025, 3, 3), None, False),
    (date(2025, 10, 6), None, True),
    (date(2026, 4, 13), None, True),
)
#: Themes of the yearly survey, and how favourable the team is to each.
THEMES = (
    ("belonging", 0.86),
    ("development", 0.66),
    ("leadership", 0.74),
    ("pay and benefits", 0.72),
    ("purpose", 0.91),
    ("workload", 0.58),
)
STATEMENTS = 4


def write(folder: Path, seed: int, today: date) -> None:
    """All tables about the team."""
    _write_staff(folder, today)
    _write_leave(folder, seed, today)
    _write_openings(folder, seed, today)
    _write_answers(folder, seed, today)


def _write_staff(folder: Path, today: date) -> None:
    staff = [(number, *who) for number, who in enumerate(STAFF) if who[0] < today]
    tables.csv(
        folder / "staff.csv",
        tables.table(
            {
                "person_id": [f"p{number + 1:02}" for number, *_ in staff],
                "full_time": [full for *_, full in staff],
                "started_on": [first for _, first, _, _ in staff],
                "last_day": pa.array([last if last and last < today else None for _, _, last, _ in staff], pa.date32()),
            }
        ),
    )


def _write_leave(folder: Path, seed: int, today: date) -> None:
    """When each took leave: a working day, or half of one."""
    rows: list[tuple[object, ...]] = []
    for number, (first, last, _) in enumerate(STAFF):
        for year in range(2022, today.year + 1):
            rng = np.random.default_rng([seed, 11, year, number])
            days = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
            busy = np.is_busday(days)
            # Summers and the last two weeks of the year are when most people are away.
            month = (days.astype("datetime64[M]").astype(int)) % 12
            chance = np.select([month == 11, (month == 6) | (month == 7)], [0.38, 0.3], 0.123) * busy
            draw, half = rng.random(len(days)), rng.random(len(days)) < 0.15
            for index in np.flatnonzero(draw < chance):
                day = date(year, 1, 1) + timedelta(days=int(index))
                if max(first, date(2022, 1, 1)) <= day < min(last or today, today):
                    rows.append((f"p{number + 1:02}", day, 0.5 if half[index] else 1.0))
    rows.sort(key=lambda row: (str(row[1]), str(row[0])))
    tables.csv(folder / "leave.csv", rows_of(("person_id", "day", "share_of_day"), rows))


def _write_openings(folder: Path, seed: int, today: date) -> None:
    """Posts that were advertised; some were never filled, and one is advertised each autumn."""
    rng = np.random.default_rng([seed, 25])
    rows: list[tuple[date, date | None]] = []
    for first, _, _ in STAFF[2:]:
        accepted = first - timedelta(days=int(rng.integers(20, 60)))
        opened = accepted - timedelta(days=round(float(rng.lognormal(4.45, 0.3))))
        rows.append((opened, accepted if accepted < today else None))
    rows += [(date(2022, 9, 12), None), (date(2024, 11, 4), None)]
    rows += [(date(year, 10, 5), None) for year in range(2026, today.year + 1)]
    known = sorted((row for row in rows if row[0] < today), key=lambda row: row[0])
    tables.csv(
        folder / "openings.csv",
        tables.table(
            {
                "opening_id": tables.named("opening", np.arange(len(known)) + 1),
                "opened_on": [opened for opened, _ in known],
                "filled_on": pa.array([accepted for _, accepted in known], pa.date32()),
            }
        ),
    )


def _write_answers(folder: Path, seed: int, today: date) -> None:
    """Each November everybody says of each statement whether it is true. Nobody's name is kept, on purpose."""
    rows: list[tuple[object, ...]] = []
    for year in range(2022, today.year + 1):
        asked = date(year, 11, 15)
        rng = np.random.default_rng([seed, 26, year])
        there = sum(first <= asked and (last is None or last >= asked) for first, last, _ in STAFF)
        mood = {2024: -0.09, 2025: -0.02}.get(year, 0.02)  # 2024 was the year of two reorganisations
        for theme, usual in THEMES:
            favourable = rng.random(there * STATEMENTS) < np.clip(usual + mood, 0, 0.97)
            if asked < today:
                rows += [(f"a{year}-{theme[:4]}-{n + 1}", asked, theme, bool(yes)) for n, yes in enumerate(favourable)]
    tables.csv(folder / "team_answers.csv", rows_of(("answer_id", "asked_on", "theme", "favourable"), rows))
