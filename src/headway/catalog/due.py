"""Reads when something is due: a day of a period (`last working day`), and a time of day."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from headway.catalog import values
from headway.model import On
from headway.periods import WEEKDAYS

#: `monday`, `last friday`, `day 3`, `last day`, `working day 2`, `last working day`.
ON = rf"^(last +)?(day|working day|{'|'.join(WEEKDAYS)})( +[1-9]\d{{0,2}})?$"
ON_SAID = "a day is written 'monday', 'day 3', 'last day', 'working day 1' or 'last working day'"
AT = r"^([01]\d|2[0-3]):[0-5]\d$"
AT_SAID = 'a time of day is written between quotes: "08:00"'


def on(value: Any) -> On:
    """The day of a period."""
    match = re.fullmatch(ON, value.strip()) if isinstance(value, str) else None
    if match is None or (match[1] and match[3]):
        remedy = "Write for example monday, day 3, last day, working day 1 or last working day."
        raise values.wrong(value, f"'on' is a day of the period, not {values.shown(value)}", "bad-value", remedy)
    nth = -1 if match[1] else int(match[3] or 1)
    weekday = WEEKDAYS.index(match[2]) if match[2] in WEEKDAYS else None
    return On(nth, match[2] == "working day", weekday)


def at(value: Any) -> time:
    """A time of day. YAML reads 08:00 without quotes as it likes."""
    if isinstance(value, str) and re.fullmatch(AT, value):
        return time.fromisoformat(value)
    message = f"'at' is a time of day, not {values.shown(value)}"
    raise values.wrong(value, message, "bad-value", 'Write it as hours and minutes between quotes: "08:00".')
