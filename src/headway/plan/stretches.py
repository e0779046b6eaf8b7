"""Where along the positions of spans a person-day counts: the numbers that the gap rollup of `distinct` answers.

A row of the rollup stands for people seen on day d, whose day before that one was p. Let [s, e] be a span, [s', s - 1]
the span before it. Both ends, and s', only grow with the position, so each condition holds for neighbours:

    condition       s <= d <= e           s' <= d < s              p < s                 p < s'
    positions       from lo(d)            from after(d)            from after(p) on      from beyond(p) on
                    to before after(d)    to before beyond(d)

`spans.py` tabulates lo, after and beyond. With d a person's first day in the span, p says what they are:

    value           s <= d <= e, p < s or none         each person once
    new             s <= d <= e, no p                  never seen before
    returning       s <= d <= e, s' <= p < s           seen in the span before, too
    resurrected     s <= d <= e, p < s'                seen before, and not in the span before
    before          s' <= d < s, p < s' or none        the people of the span before
    dormant         before less returning              seen in the span before, and not in this one
    days            s <= d <= e                        every person-day

    kept            before, and returning as amount    what `retention` divides

The step `reached` puts lo, after and beyond to the days of each row. For several numbers, it counts rows that lie alike
together: of a calendar's periods these are few, whatever the days.

With `min_days` k a person counts from their k-th day in the span on: d is any of their days, b (`begun`) the one k - 1
of their days earlier, p the one before b, and the value's condition becomes s <= b, d <= e, p < s. That person has k
`days`, and one more for each further d, which is one with p >= s.
"""

from __future__ import annotations

from collections.abc import Collection

from headway.model import Stretch
from headway.plan import sql
from headway.plan.draft import Draft

_FIRST = "lo", "before_after"
_BEFORE = Stretch(("after", "before_beyond"), ("beyond",))
_BACK = _FIRST, ("after", "before_beyond")

_NUMBERS: dict[str, tuple[Stretch, ...]] = {
    "value": (Stretch(_FIRST, ("after",)),),
    "new": (Stretch(("lo",), ("after",), seen=False),),
    "returning": (Stretch(*_BACK, seen=True),),
    "resurrected": (Stretch(("lo", "before_beyond"), ("after",), seen=True),),
    "dormant": (_BEFORE, Stretch(*_BACK, change=-1, seen=True)),
    "kept": (_BEFORE, Stretch(*_BACK, change=0, amount=1, seen=True)),
    "days": (Stretch(("lo",), ("after",)),),
}

#: Where the days of a row lie: its own, the one before, and the one on which the days began.
_COLUMNS = {
    **{name: f"held.{name}" for name in ("lo", "after", "beyond")},
    **{f"before_{name}": f"before.{name}" for name in ("after", "beyond")},
    "begun_after": "begun.after",
}


def of(number: str, k: int) -> tuple[Stretch, ...]:
    """The stretches of a number for values seen on at least k days."""
    if k == 1:
        return _NUMBERS[number]
    counted = Stretch(_FIRST, ("begun_after",), change=k if number == "days" else 1)
    return (counted, Stretch(("lo",), ("before_after",), seen=True)) if number == "days" else (counted,)


def _begins(stretch: Stretch) -> str:
    """SQL of the first position; where no day was before, all positions come after it."""
    none = "{}" if stretch.seen else "COALESCE({}, 0)"
    texts = [none.format(name) if name.startswith("before") else name for name in stretch.begins]
    return texts[0] if len(texts) == 1 else f"GREATEST({', '.join(texts)})"


def _ends(stretch: Stretch) -> str:
    """SQL of the position behind the last."""
    return stretch.ends[0] if len(stretch.ends) == 1 else f"LEAST({', '.join(stretch.ends)})"


def reached(draft: Draft, numbers: Collection[str], k: int, rollup: str, reach: str, cell: str) -> str:
    """Add the step that says where the days of each row of a rollup lie; for several numbers, alike rows together."""
    wanted = {name for number in numbers for one in of(number, k) for name in one.begins + one.ends}
    columns = {name: text for name, text in _COLUMNS.items() if name in wanted}
    at, rows = sql.name(reach), sql.name(rollup)
    joined = f"FROM {rows} JOIN {at} AS held ON held.day = {rows}.day"
    if k > 1:
        joined += f" JOIN {at} AS begun ON begun.day = {rows}.begun AND begun.series = held.series"
    if any(name.startswith("before") for name in wanted):
        joined += f" LEFT JOIN {at} AS before ON before.day = {rows}.previous AND before.series = held.series"
    # What no span holds, nor one before, counts nowhere.
    joined += f" WHERE held.lo < {columns.get('beyond', 'held.after')}"
    listed = ", ".join(f"{text} AS {name}" for name, text in columns.items())
    listed = f"{cell}{listed}, previous IS NOT NULL AS seen"
    if len(numbers) == 1:
        return draft.steps.add("reached", f"SELECT {listed}, people {joined}")
    keys = f"{cell}{', '.join(columns.values())}, previous IS NOT NULL"
    return draft.steps.add(
        "reached", f"SELECT {listed}, CAST(SUM(people) AS BIGINT) AS people {joined} GROUP BY {keys}"
    )


def steps(draft: Draft, number: str, k: int, reached: str, cell: str, picked: str) -> str:
    """Add the step that says where a number's people begin and cease to count; `picked` leaves out cells.

    For `kept` it has `amount` beside `change`.
    """
    rows = sql.name(reached)
    amount = number == "kept"
    texts = []
    for stretch in of(number, k):
        begins, ends = _begins(stretch), _ends(stretch)
        conditions = [f"{begins} < {ends}"]
        if stretch.seen is not None:
            conditions.append("seen" if stretch.seen else "NOT seen")
        where = " AND ".join([*conditions, picked] if picked else conditions)
        for place, sign in ((begins, 1), (ends, -1)):
            counted = f"{_times(sign * stretch.change)} AS change"
            counted += f", {_times(sign * stretch.amount)} AS amount" if amount else ""
            texts.append(f"SELECT {cell}{place} AS position, {counted} FROM {rows} WHERE {where}")
    return draft.steps.add("steps", " UNION ALL ".join(texts))


def _times(factor: int) -> str:
    return {1: "people", -1: "-people", 0: "0"}.get(factor, f"{factor} * people")
