"""Compile data checks to one or two SELECTs per source, judge the answers, and say which numbers a failed one touches.

1. `compile` and `read` are the checks that every source has: its key, its references.
2. `ask` compiles those that it declares, in one query, and `judge` reads the answer.
3. `touching` says on which days of a KPI's rows a failed check lies, `cells` in which cells of them; `quality` then
   withholds.
4. `look` judges the declared checks of a KPI, on its numbers, and `withhold` takes out what fails.
5. `samples` shows some of the rows that fail, people masked; `Holding` counts what each check holds back.

Everything here is pure: queries are expressions, answers are Arrow tables, `now` is an argument.
"""

from headway.checks import afar, cells, samples
from headway.checks.findings import ask, judge
from headway.checks.holding import Holding
from headway.checks.implied import compile, read  # noqa: A004 - the room's verb, always written checks.compile
from headway.checks.numbers import Verdicts, held, look, withhold
from headway.checks.touching import Failing, Found, is_multiplied, touching

__all__ = [
    "Failing",
    "Found",
    "Holding",
    "Verdicts",
    "afar",
    "ask",
    "cells",
    "compile",
    "held",
    "is_multiplied",
    "judge",
    "look",
    "read",
    "samples",
    "touching",
    "withhold",
]
