"""The shape of alerts.yml as it is written: routes, levels and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from headway.catalog.spec import (
    Address,
    AudienceOf,
    DigestOf,
    DirectionOf,
    Flag,
    GrainOf,
    GroupOf,
    LengthOf,
    ManyPeriods,
    Name,
    Spec,
    Text,
    Texts,
    Times,
)
from headway.model import Group


class RouteSpec(Spec):
    """A way to people; it has one of the two."""

    what = "a route"
    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("email", "mail", "slack", "teams", "url", "webhook"),
        "Apprise knows most services: write {apprise: env:NAME}, and put its address into that variable.",
    )
    apprise: Address | None = None
    alertmanager: Address | None = None
    audience: AudienceOf | None = None


class LevelSpec(Spec):
    """How urgent an alert is."""

    what = "a level"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "route": "Did you mean 'to'?",
        "within": "How soon somebody answers is 'respond'.",
    }
    respond: LengthOf
    to: Name
    repeat: LengthOf | None = None
    escalate: Name | None = None
    digest: DigestOf | None = None
    group: GroupOf = Group.ALERT


class AlertSpec(Spec):
    """One alert. Its bounds are read once the KPI's unit is known."""

    what = "an alert"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("at_least", "min", "under", "less_than"), "An alert fires 'below' a bound."),
        **dict.fromkeys(("at_most", "max", "over", "more_than"), "An alert fires 'above' a bound."),
        **dict.fromkeys(("between", "within"), "An alert fires 'outside' two bounds: outside: [70, 80]."),
        **dict.fromkeys(("severity", "priority"), "Did you mean 'level'?"),
        **dict.fromkeys(("route", "notify"), "Did you mean 'to'?"),
        "by": "Each cell is watched by 'for: {column: each}'.",
        "metric": "Did you mean 'kpi'?",
    }
    level: Name
    kpi: Texts | None = None
    source: Text | None = None
    check: Text | None = None
    event: Text | None = None
    below: Any = None
    above: Any = None
    outside: Any = None
    growth: LengthOf | None = None
    trend: DirectionOf | None = None
    periods: ManyPeriods = 6
    stale: LengthOf | None = None
    restated: Flag | None = None
    for_: Annotated[Any, Field(alias="for")] = None
    grain: GrainOf | None = None
    after: Times = 1
    clear: Any = None
    clear_after: Times = 1
    partial: Flag = False
    to: Name | None = None
    title: Text | None = None
    why: Text = ""
