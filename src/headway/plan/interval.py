"""95 % intervals: between which values a share, or a difference of two shares, may lie, given how few were asked.

Share of k among n, Wilson's score interval, with z = 1.96:

    (k + z^2 / 2  -+  z * sqrt(k * (n - k) / n + z^2 / 4)) / (n + z^2)

Difference of two shares of the same n, a - b of which nobody is in both (promoters less detractors), Bonett and Price's
adjusted Wald interval, which adds one answer to each side. With a' = (a + 1) / (n + 2) and b' = (b + 1) / (n + 2):

    a' - b'  -+  z * sqrt((a' + b' - (a' - b')^2) / (n + 2)),  cut to -1 and 1

Unit: fractions. Edge cases: n = 0 has no interval, and is not asked for; 0 of n begins at 0, n of n ends at 1, and
neither has the width 0 that the textbook's interval gives it.

Sources: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American
Statistical Association 22 (1927); Bonett and Price, "Adjusted Wald Confidence Interval for a Difference of Binomial
Proportions Based on Paired Data", Journal of Educational and Behavioral Statistics 37 (2012).
"""

from __future__ import annotations

from statistics import NormalDist

#: Half of what is left of 100 % lies beyond it on either side.
Z = NormalDist().inv_cdf(0.975)


def of_share(k: str, n: str) -> tuple[str, str]:
    """SQL of the lower and upper bound of k / n, both columns of counts."""
    middle = f"{k} + {Z**2 / 2}"
    half = f"{Z} * SQRT({k} * ({n} - {k}) / CAST({n} AS DOUBLE) + {Z**2 / 4})"
    # Rounding makes 0 of n begin a hair beside 0.
    return f"GREATEST(0, ({middle} - {half}) / ({n} + {Z**2}))", f"LEAST(1, ({middle} + {half}) / ({n} + {Z**2}))"


def of_difference(a: str, b: str, n: str) -> tuple[str, str]:
    """SQL of the lower and upper bound of (a - b) / n, all columns of counts."""
    net = f"({a} - {b}) / CAST({n} + 2 AS DOUBLE)"
    half = f"{Z} * SQRT((({a} + {b} + 2) / CAST({n} + 2 AS DOUBLE) - POWER({net}, 2)) / ({n} + 2))"
    return f"GREATEST(-1, {net} - {half})", f"LEAST(1, {net} + {half})"
