"""`count`, `sum`, `mean`, `min`, `max`: how many rows there are, and what their values come to.

Formula. With the n values x of the span's rows that are not null: `sum` is x[1] + ... + x[n], `mean` is their sum
over n, `min` and `max` are the smallest and the largest; `count` is the number of rows, whatever they hold.

Unit: the column's own; `count` is a number of rows.

Edge cases. Of no rows, `count` and `sum` are 0, and the others have no data; `empty` overrides that. Null values are
left out, and `n` does not count them. A mean of a longer period, or of the total, is that of all its rows: never a
mean of means. Amounts that cancel sum to 0, and not to the hair of a float that their cents leave.

Source: the aggregate functions of SQL (ISO/IEC 9075-2, 10.9), which leave nulls out.
"""

from __future__ import annotations

from headway.model import Aggregate
from headway.plan.measured import Measured, Reads, divided


def measured(reads: Reads) -> Measured:
    """What a count, sum, mean, minimum or maximum adds up."""
    measure = reads.kpi.measure
    assert isinstance(measure, Aggregate)
    n = reads.count()
    if measure.function == "count":
        return Measured(reads.kpi, (n,), n.name, n.name)
    if measure.function in ("min", "max"):
        function = measure.function.upper()
        extreme = reads.column_of("", f"{function}({reads.column})", function)
        return Measured(reads.kpi, (extreme, n), extreme.name, n.name)
    columns, total = reads.total()
    if measure.function == "mean":
        return Measured(reads.kpi, (*columns, n), divided(total, n.name), n.name, total, n.name)
    return Measured(reads.kpi, (*columns, n), f"COALESCE({total}, 0)", n.name)
