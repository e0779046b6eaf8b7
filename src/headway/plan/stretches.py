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

With `min_days` k a person counts from their k-th day in the span on: d is any of their days, b (`begun`) the one k - 1
of their days earlier, p the one before b, and the value's condition becomes s <= b, d <= e, p < s. That person has k
`days`, and one more for each further d, which is one with p >= s.
"""

from __future__ import annotations

from dataclasses import dataclass

from headway.plan import sql
from headway.plan.draft import Draft


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A row's people count from one position to before another: `change` times, and `amount` times as an amount.

    `seen`: only rows with a p, or only those without.
    """

    begins: str
    ends: str
    change: int = 1
    amount: int = 0
    seen: bool | None = None


_FIRST = "GREATEST(held.lo, COALESCE(before.after, 0))"
_BEFORE = _Stretch("GREATEST(held.after, COALESCE(before.beyond, 0))", "held.beyond")
_BACK = _FIRST, "LEAST(held.after, before.beyond)"

_NUMBERS: dict[str, tuple[_Stretch, ...]] = {
    "value": (_Stretch(_FIRST, "held.after"),),
    "new": (_Stretch("held.lo", "held.after", seen=False),),
    "returning": (_Stretch(*_BACK, seen=True),),
    "resurrected": (_Stretch("GREATEST(held.lo, before.beyond)", "held.after", seen=True),),
    "dormant": (_BEFORE, _Stretch(*_BACK, change=-1, seen=True)),
    "kept": (_BEFORE, _Stretch(*_BACK, change=0, amount=1, seen=True)),
    "days": (_Stretch("held.lo", "held.after"),),
}


def _of(number: str, k: int) -> tuple[_Stretch, ...]:
    """The stretches of a number for values seen on at least k days."""
    if k == 1:
        return _NUMBERS[number]
    counted = _Stretch(_FIRST, "begun.after", change=k if number == "days" else 1)
    return (counted, _Stretch("held.lo", "before.after", seen=True)) if number == "days" else (counted,)


def steps(draft: Draft, number: str, k: int, rollup: str, reach: str, cell: str, picked: str) -> str:
    """Add the step that says where a number's people begin and cease to count; `picked` leaves out cells.

    For `kept` it has `amount` beside `change`.
    """
    if (number, k) == ("value", 1):
        # Every row counts somewhere, and its end asks for nothing of the day before.
        where = f" WHERE {picked}" if picked else ""
        return draft.steps.add(
            "steps",
            f"SELECT {cell}{_FIRST} AS position, people AS change {_joined(rollup, reach, before=True)}{where} "
            f"UNION ALL SELECT {cell}held.after AS position, -people AS change {_joined(rollup, reach)}{where}",
        )
    amount = number == "kept"
    texts = []
    for stretch in _of(number, k):
        counted = f"{_times(stretch.change)} AS change" + (f", {_times(stretch.amount)} AS amount" if amount else "")
        conditions = [f"{stretch.begins} < {stretch.ends}"]
        if stretch.seen is not None:
            conditions.append(f"previous IS {'NOT ' if stretch.seen else ''}NULL")
        conditions += [picked] if picked else []
        before = "before." in stretch.begins + stretch.ends
        texts.append(
            f"SELECT {cell}{stretch.begins} AS begins, {stretch.ends} AS ends, {counted} "
            f"{_joined(rollup, reach, before=before, begun=k > 1)} WHERE {' AND '.join(conditions)}"
        )
    stretches = draft.steps.add("kept" if amount else number, " UNION ALL ".join(texts))
    up, down = (
        ("change", "-change AS change") if not amount else ("change, amount", "-change AS change, -amount AS amount")
    )
    return draft.steps.add(
        "steps",
        f"SELECT {cell}begins AS position, {up} FROM {sql.name(stretches)} "
        f"UNION ALL SELECT {cell}ends AS position, {down} FROM {sql.name(stretches)}",
    )


def _times(factor: int) -> str:
    return {1: "people", -1: "-people", 0: "0"}.get(factor, f"{factor} * people")


def _joined(rollup: str, reach: str, *, before: bool = False, begun: bool = False) -> str:
    """The rollup with the reach of d (`held`), and of p (`before`) and b (`begun`) where they are asked for."""
    at, seen = sql.name(reach), sql.name(rollup)
    text = f"FROM {seen} JOIN {at} AS held ON held.day = {seen}.day"
    if begun:
        text += f" JOIN {at} AS begun ON begun.day = {seen}.begun AND begun.series = held.series"
    if before:
        text += f" LEFT JOIN {at} AS before ON before.day = {seen}.previous AND before.series = held.series"
    return text
