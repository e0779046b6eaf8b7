"""What a project writes over its own kinds: `@flow` or `@state`, on the function that `python: file.py:function` names.

    from headway.kinds import flow

    @flow
    def returning(tables, kpi, periods, at_least=2):
        return f"SELECT period, COUNT(*) AS value FROM {tables['sessions']} JOIN {periods} ON ... GROUP BY period"

A *flow* is a function of a span of time: every period, also a longer one, is asked for. A *state* is a function of a
moment: only own periods are asked for, each at its end, and a longer period takes one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

#: The words, as they stand over a function.
MARKS = ("flow", "state")

Function = TypeVar("Function", bound=Callable[..., Any])


def flow(function: Function) -> Function:
    """Its numbers are functions of a span of time."""
    return function


def state(function: Function) -> Function:
    """Its numbers are functions of a moment."""
    return function
