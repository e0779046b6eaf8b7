"""The shape of boards, objectives and notes as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from headway.catalog.spec import (
    AudienceOf,
    Day,
    Days,
    EveryOf,
    GrainOf,
    LengthOf,
    LookOf,
    Name,
    ScaleOf,
    Spec,
    Text,
    Texts,
)


class BoardSpec(Spec):
    """A page of tiles."""

    what = "a board"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "tiles": "Tiles stand in a section: sections: [{tiles: [...]}].",
        "kpis": "KPIs stand on tiles: sections: [{tiles: [...]}].",
    }
    title: Text | None = None
    about: Text = ""
    audience: AudienceOf | None = None
    for_each: Text | None = None
    send: list[Any] = Field(default_factory=list)
    sections: list[Any]


class SendSpec(Spec):
    """When a board goes out by itself, and whereto."""

    what = "an entry of 'send'"
    every: EveryOf
    to: Name


class SectionSpec(Spec):
    """Tiles under one heading."""

    what = "a section"
    title: Text = ""
    tiles: list[Any]


class TileSpec(Spec):
    """One tile: exactly one of the first six keys."""

    what = "a tile"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "kpi": "A tile says how it shows a KPI: {number: mau}, or {chart: mau}.",
        "type": "A chart's look is 'as': {chart: mau, as: bar}.",
        "filter": "A cell is named by 'for': for: {hub: a}.",
        "name": "Did you mean 'title'?",
    }
    number: Text | None = None
    chart: Texts | None = None
    table: Texts | None = None
    matrix: Text | None = None
    health: Texts | None = None
    text: Text | None = None
    as_: Annotated[LookOf | None, Field(alias="as")] = None
    scale: ScaleOf | None = None
    by: Texts = Field(default_factory=list)
    for_: Annotated[Any, Field(alias="for")] = None
    grain: GrainOf | None = None
    periods: Days | None = None
    compare: LengthOf | None = None
    title: Text = ""
    audience: AudienceOf | None = None


class ObjectiveSpec(Spec):
    """A goal, with the numbers by which one would know."""

    what = "an objective"
    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("key_results", "expect", "targets"), "Did you mean 'expects'?"
    )
    title: Text | None = None
    about: Text = ""
    owner: Name | None = None
    from_: Annotated[Day, Field(alias="from")]
    due: Day
    expects: list[Any]


class KeyResultSpec(Spec):
    """A number that an objective expects. It is read once the KPI's unit is known."""

    what = "a key result"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("at_least", "at_most", "target"), "Did you mean 'reach'?"),
        "growth": "Did you mean 'grow'? It takes a percentage: grow: 25 %.",
    }
    kpi: Text
    for_: Annotated[Any, Field(alias="for")] = None
    reach: Any = None
    grow: Any = None
    due: Day | None = None


class NoteSpec(Spec):
    """Something that happened."""

    what = "a note"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("date", "day", "from"), "Did you mean 'on'?"),
        "kpi": "Did you mean 'kpis'?",
    }
    on: Day
    through: Day | None = None
    text: Text
    kpis: Texts = Field(default_factory=list)
