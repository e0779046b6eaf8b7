"""`nps`: the net promoter score of the answers to "how likely are you to recommend us?".

Formula. With n answers, of which p are `promoters` (9) or more and d are `detractors` (6) or less: 100 x (p - d) / n.

Unit: points, from -100 to 100. `n` and the denominator are the answers, the numerator is p - d.

Parts. `promoters`, `passives`, `detractors`: the three counts, which sum to n. `low` and `high`: the 95 % interval of
the difference (Bonett and Price, `interval.py`).

Edge cases. A blank is no answer. Without an answer there is no data. A scale that begins at 1 changes nothing.

Source: Reichheld, "The One Number You Need to Grow", Harvard Business Review 81 (2003).
"""

from __future__ import annotations

from headway.model import Nps
from headway.plan import interval
from headway.plan.measured import Measured, Reads, divided


def measured(reads: Reads) -> Measured:
    """What a net promoter score adds up: two counts beside that of the answers."""
    measure = reads.kpi.measure
    assert isinstance(measure, Nps)
    n = reads.count()
    promoters = reads.sum_of("_promoters", f"COUNT_IF({reads.column} >= {measure.promoters:.15g})")
    detractors = reads.sum_of("_detractors", f"COUNT_IF({reads.column} <= {measure.detractors:.15g})")
    net = f"({promoters.name} - {detractors.name})"
    low, high = interval.of_difference(promoters.name, detractors.name, n.name)
    parts = {
        "promoters": promoters.name,
        "passives": f"{n.name} - {promoters.name} - {detractors.name}",
        "detractors": detractors.name,
        "low": f"100 * {low}",
        "high": f"100 * {high}",
    }
    value = f"100 * {divided(net, n.name)}"
    return Measured(reads.kpi, (promoters, detractors, n), value, n.name, net, n.name, parts)
