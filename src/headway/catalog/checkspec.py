"""The shape of declared checks as they are written: those of sources, and those of KPIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from headway.catalog.spec import GrainOf, LengthOf, Number, Percent, Spec, Text, Texts, ThenOf
from headway.model import Then


class CheckSpec(Spec):
    """What must hold of a source's rows. Exactly one of the keys before `then`."""

    what = "a check"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("required", "complete"), "Did you mean 'not_null'?"),
        **dict.fromkeys(("range", "min", "max", "at_least", "at_most"), "Write between: {column: [low, high]}."),
        **dict.fromkeys(("accepted_values", "values", "in"), "Write one_of: {column: [values]}."),
        **dict.fromkeys(("regex", "pattern", "format"), "Write matches: {column: regex}."),
        **dict.fromkeys(("condition", "expression", "check", "sql"), "Did you mean 'rule'?"),
        **dict.fromkeys(("freshness", "recency", "stale"), "Write fresh: 1 day."),
        **dict.fromkeys(("severity", "level", "on_failure"), "What follows is 'then': withhold, warn or stop."),
        "within": "A share of the rows may fail by 'tolerate'.",
        "key": "The key is checked already.",
        "refers": "References are checked already.",
    }
    not_null: Texts | None = None
    coverage: Any = None
    between: Any = None
    rule: Text | None = None
    outliers: Any = None
    fresh: LengthOf | None = None
    latency: Any = None
    deadline: Any = None
    one_of: Any = None
    matches: Any = None
    unique: Texts | None = None
    then: ThenOf = Then.WITHHOLD
    tolerate: Percent = 0.0
    where: Text | None = None
    by: Text | None = None
    name: Text | None = None
    why: Text = ""


class CoverageSpec(Spec):
    """How much of a period's days has rows, or of what is referred to."""

    what = "coverage"
    of: Text
    grain: GrainOf
    at_least: Percent


class OutliersSpec(Spec):
    """How unusual is too unusual."""

    what = "outliers"
    elsewhere: ClassVar[Mapping[str, str]] = {"below": "Both sides count: write 'above'."}
    above: Number


class LatencySpec(Spec):
    """How long a row may take from one time to another."""

    what = "latency"
    from_: Annotated[Text, Field(alias="from")]
    to: Text
    at_most: LengthOf


class DeadlineSpec(Spec):
    """By when a period has rows."""

    what = "deadline"
    grain: GrainOf
    within: LengthOf


class KpiCheckSpec(Spec):
    """What must hold of a KPI's numbers. Exactly one of the first four keys."""

    what = "a check of a KPI"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("at_least", "at_most", "min", "max", "range"), "Write between: [low, high]; null is open."),
        **dict.fromkeys(("tolerate", "tolerance"), "How far numbers may differ is 'within'."),
        **dict.fromkeys(
            ("not_null", "coverage", "rule", "fresh", "latency", "deadline", "one_of", "matches", "unique", "where"),
            "It is about rows: write it under the source's checks.",
        ),
        "formula": "Did you mean 'reconcile'?",
        "for": "The total is compared; a KPI of the cell can have checks of its own.",
    }
    between: Any = None
    equals: Any = None
    reconcile: Text | None = None
    outliers: Any = None
    within: Percent | None = None
    then: ThenOf = Then.WITHHOLD
    name: Text | None = None
    why: Text = ""


#: The keys of which a check has exactly one.
KINDS = (
    "not_null",
    "coverage",
    "between",
    "rule",
    "outliers",
    "fresh",
    "latency",
    "deadline",
    "one_of",
    "matches",
    "unique",
)
KPI_KINDS = ("between", "equals", "reconcile", "outliers")
