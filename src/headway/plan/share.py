"""`share`: which part of the rows is true, such as satisfied answers, errors, tickets within their time.

Formula. With n rows whose column is true or false, of which k are true: k / n.

Unit: percent, stored as a fraction. `n` and the denominator are n, the numerator is k.

Parts. `low` and `high`: between which values the share may lie, at 95 %, given how few rows there are (Wilson's score
interval, `interval.py`).

Edge cases. Null is neither true nor false, and left out. Without a row there is no data. A longer period, or the
total, keeps its own two counts: a share is never a mean of shares.

Source: a binomial proportion; Wilson, Journal of the American Statistical Association 22 (1927).
"""

from __future__ import annotations

from headway.plan import interval
from headway.plan.measured import Measured, Reads, divided


def measured(reads: Reads) -> Measured:
    """What a share adds up: its two counts."""
    n = reads.count()
    true = reads.sum_of("_true", f"COUNT_IF({reads.column})")
    low, high = interval.of_share(true.name, n.name)
    value = divided(true.name, n.name)
    return Measured(reads.kpi, (true, n), value, n.name, true.name, n.name, {"low": low, "high": high})
