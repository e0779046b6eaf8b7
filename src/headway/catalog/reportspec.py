"""The shape of reports.yml as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import ClassVar

from pydantic import Field

from headway.catalog.spec import (
    AudienceOf,
    Formats,
    LengthOf,
    Name,
    OnOf,
    ReportEveryOf,
    Spec,
    TemplateOf,
    Text,
    Texts,
    TimeOf,
)
from headway.model import On, SentAs


class ReportSpec(Spec):
    """A report that goes out by itself; it has a document, a template or a board."""

    what = "a report"
    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("cron", "schedule"), "When it goes out is 'every', 'on' and 'at'."),
        **dict.fromkeys(("route", "routes", "send", "outlets", "recipients"), "Did you mean 'to'?"),
        **dict.fromkeys(("time", "hour"), "Did you mean 'at'?"),
        **dict.fromkeys(("file", "path"), "Did you mean 'document'?"),
        **dict.fromkeys(("for", "by"), "One for each cell is 'for_each: column'."),
        "format": "Did you mean 'formats'?",
    }
    every: ReportEveryOf
    to: Texts
    title: Text | None = None
    document: Text | None = None
    template: TemplateOf | None = None
    board: Name | None = None
    on: OnOf = On()
    at: TimeOf = time(8)
    deadline: LengthOf | None = None
    formats: Formats = Field(default_factory=lambda: list(SentAs))
    audience: AudienceOf | None = None
    for_each: Texts = Field(default_factory=list)
