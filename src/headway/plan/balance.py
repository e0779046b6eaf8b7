"""`balance`: the last known amount, such as cash in the bank, or what each account was last known to hold.

Formula. Without `per`, the source holds whole copies: with d the last day within the period that has any row, the sum
of the column over the rows of d (or their number). With `per`, it holds changes: the sum, over everybody that `per`
names, of the column in their last row at or before the period's end, however old.

Unit: the column's own. `n` counts the rows that are summed. A state: a longer period takes its last own value.

Edge cases. A period without a copy has no data, never the copy of before. A cell without rows in a copy that is there
is 0. Whether a day has a copy is a question to the whole source, not to what `where` lets through. With `per`, a cell
is what the total would be of that cell's rows alone: the next row is the next one of that cell.

Source: semi-additive measures (Kimball and Ross, The Data Warehouse Toolkit, 2013): added across, never over time.
"""

from __future__ import annotations

from headway.plan.measured import Measured, Reads


def measured(reads: Reads) -> Measured:
    """What a balance over whole copies adds up by day; `lasting.py` does those with `per`."""
    n = reads.count()
    if not reads.column:
        return Measured(reads.kpi, (n,), n.name, n.name)
    columns, total = reads.total()
    return Measured(reads.kpi, (*columns, n), f"COALESCE({total}, 0)", n.name)
