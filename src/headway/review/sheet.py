"""The sheet of a review: a file of Markdown with the facts, a box for context and a block of YAML for the decision.

What people fill in (the text under *Context*, the block under *Decision*) stays when the sheet is written again; the
facts around it are then new. Comments of HTML, which nobody sees, say of which KPI a section is, what its targets were
when it was written, and a sum over what people are not asked to change.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markdown_it import MarkdownIt

from headway.catalog import document as documents
from headway.catalog.document import Document
from headway.errors import Mistake, Place, UsageError
from headway.formats import dates
from headway.model import Catalog
from headway.periods import Grain, Period
from headway.review import telling
from headway.review.facts import Facts, Judged, Outlook, Trend
from headway.review.proposal import Proposal

_SECTION = re.compile(r"<!-- kpi ([a-z][a-z0-9_]*), targets ([0-9a-f]+), block ([0-9a-f]+) -->")
_SHEET = re.compile(r"<!-- headway review (.+), sum ([0-9a-f]+) -->")
_ASKED = "*What happened, what is to come, what should be known?*"
_CONTEXT, _DECISION = "Context", "Decision"


@dataclass(frozen=True, slots=True)
class Answer:
    """What people wrote about one KPI, and where: `document` has the places of the file."""

    kpi: str
    context: str
    block: str
    document: Document
    #: The first and last line (from 1) of the block's YAML.
    lines: tuple[int, int]
    #: A sum over the KPI's targets when the sheet was written, and over the block as it was; '' if that is gone.
    targets: str = ""
    as_written: str = ""

    @property
    def edited(self) -> bool:
        """True if somebody wrote into the block."""
        return _sum(self.block) != self.as_written

    @property
    def filled(self) -> bool:
        """True if there is anything to keep."""
        return bool(self.context) or self.edited


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it stands in a file."""

    path: str
    quarter: str
    answers: tuple[Answer, ...]
    #: True if somebody changed what is neither context nor decision.
    edited: bool
    text: str = field(repr=False, default="")


def _sum(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:10]


def sum_of(targets: object) -> str:
    """A sum over the targets of a KPI as they are written, by which a later change is noticed."""
    return _sum(json.dumps(targets, sort_keys=True, ensure_ascii=False))


# -- writing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """What a sheet is about: the project, the quarter, and when its numbers were computed."""

    catalog: Catalog
    quarter: Period
    computed: datetime
    #: The targets of each KPI as its file says them.
    targets: Mapping[str, Sequence[Any]]

    @property
    def year(self) -> Period:
        """The year that the quarter lies in."""
        return self.catalog.calendar.period(Grain.YEAR, self.quarter.first)

    @property
    def after(self) -> str:
        """The first day after the quarter."""
        return self.catalog.calendar.next(self.quarter).first.isoformat()


def write(frame: Frame, facts: Sequence[Facts], earlier: Sheet | None = None) -> str:
    """The text of a sheet; what was filled in `earlier` is kept, also of KPIs that are no longer asked about."""
    order = list(frame.catalog.areas)
    facts = sorted(facts, key=lambda one: order.index(one.kpi.area) if one.kpi.area in order else len(order))
    answers = {one.kpi: one for one in earlier.answers if one.filled} if earlier else {}
    parts = [*_opening(frame, facts)]
    area: str | None = ""
    for one in facts:
        if one.kpi.area != area:
            area = one.kpi.area
            parts.append(f"## {telling.plain(_area(area, frame.catalog))}")
        parts += _section(frame, one, answers.pop(one.kpi.name, None))
    if answers:
        parts.append("## Filled in before")
        parts.append("These were filled in before, and are not asked for now.")
        for kept in answers.values():
            parts += [f"### `{kept.kpi}`", *_boxes(kept.kpi, kept.targets, kept.as_written, kept.context, kept.block)]
    text = "\n\n".join(parts) + "\n"
    return f"{text}\n<!-- headway review {frame.quarter.name}, sum {_sum(_fixed(text))} -->\n"


def _opening(frame: Frame, facts: Sequence[Facts]) -> Iterator[str]:
    catalog, quarter = frame.catalog, frame.quarter
    yield f"# Review of targets: {dates.period(quarter)}"
    title = telling.plain(catalog.title)
    computed = dates.moment(frame.computed, catalog.calendar.tz)
    span = f"{dates.day(quarter.first)} to {dates.day(quarter.last)}"
    runs = " The quarter still runs: only periods that are over are judged." if frame.computed < quarter.end else ""
    yield f"{title}, {span}. Numbers as published at {computed}.{runs}"
    yield (
        "Write what should be known under *Context*, and what is asked for from now on into the block under "
        "*Decision*: a `target` as in the catalogue, such as `{at_least: 6600}`, and `why`; or `keep`. An empty "
        "`target` is not decided. Then: `headway review apply` with the name of this file. A new target counts from "
        "`from` on; what is over is judged by the targets of then."
    )
    yield (
        "What missed its target most comes first here, then what is forecast to miss it by the end of the year; a name "
        "leads to the KPI's boxes."
    )
    yield "\n".join(_overview(facts, catalog))


def _urgency(one: Facts) -> tuple[int, float]:
    """Where a KPI stands in the overview: what a decision is needed for comes first."""
    judged = _asked(one)
    share = judged.quarter.reached / judged.quarter.judged if judged and judged.quarter.judged else 1.0
    if one.silent or judged is None:
        return 3, 0.0
    ahead = isinstance(one.outlook, Outlook) and one.outlook.met is False
    return (0, share) if share < 1 else (1 if ahead else 2, 0.0)


def _asked(one: Facts) -> Judged | None:
    """The line of targets that the overview is about."""
    return next((line for line in one.lines if line.bound), None)


def _links(facts: Sequence[Facts], catalog: Catalog) -> dict[str, str]:
    """Where the section of each KPI is, as GitHub names headings: a second one of a name gets a number."""
    found: dict[str, str] = {}
    seen: Counter[str] = Counter()
    area: str | None = ""
    for one in facts:
        if one.kpi.area != area:
            area = one.kpi.area
            seen[_slug(_area(area, catalog))] += 1
        slug = _slug(one.kpi.title)
        found[one.kpi.name] = f"{slug}-{seen[slug]}" if seen[slug] else slug
        seen[slug] += 1
    return found


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _area(area: str | None, catalog: Catalog) -> str:
    return catalog.areas[area].title if area and area in catalog.areas else "Other"


def _overview(facts: Sequence[Facts], catalog: Catalog) -> Iterator[str]:
    """All KPIs, a line each."""
    links = _links(facts, catalog)
    yield "| KPI | Target | On target in the quarter | Trend | At the year's end | Proposed |"
    yield "|---|---|---|---|---|---|"
    for one in sorted(facts, key=_urgency):
        kpi = one.kpi
        judged = _asked(one)
        trend = {1: "rising", -1: "falling", 0: "\u2013"}[one.trend.direction] if isinstance(one.trend, Trend) else ""
        proposed = ""
        if isinstance(one.proposal, Proposal):
            said = [telling.bound_of(one.proposal, one)]
            said += ["beyond anything seen"] if one.proposal.beyond else []
            said += ["easier than now"] if telling.easier(one.proposal, one) else []
            proposed = ", ".join(said)
        ahead = telling.value(kpi, one.outlook.forecast.value) if isinstance(one.outlook, Outlook) else ""
        columns = (
            f"[{telling.plain(kpi.title)}](#{links[kpi.name]})",
            telling.plain(telling.bound(judged, kpi)) if judged else "",
            telling.in_quarter(judged) if judged and not one.silent else one.silent,
            trend,
            ahead,
            proposed,
        )
        yield f"| {' | '.join(columns)} |"


def _section(frame: Frame, facts: Facts, answer: Answer | None) -> Iterator[str]:
    kpi = facts.kpi
    yield f"### {telling.plain(kpi.title)}"
    yield telling.head(facts)
    if facts.silent:
        yield facts.silent
    else:
        if shown := "\n".join(telling.table(facts, frame.quarter, frame.year)):
            yield shown
        yield "\n".join(f"- {said}" for said in telling.sentences(facts))
    block = telling.block(facts, frame.after, frame.targets[kpi.name])
    written = _sum(block)
    if answer is not None and answer.edited:
        block = answer.block
    yield from _boxes(kpi.name, sum_of(frame.targets[kpi.name]), written, answer.context if answer else "", block)


def _boxes(kpi: str, targets: str, written: str, context: str, block: str) -> Iterator[str]:
    yield f"#### {_CONTEXT}"
    yield context or _ASKED
    yield f"#### {_DECISION}"
    yield f"<!-- kpi {kpi}, targets {targets}, block {written} -->"
    yield f"```yaml\n{block}\n```"


# -- reading -------------------------------------------------------------------------------------------------------


def read(text: str, path: str) -> Sheet:
    """A sheet that people may have filled in; UsageError if it is none."""
    found = _SHEET.search(text)
    if found is None:
        remedy = "'headway review' writes one; its last line says of which quarter it is, and must stay."
        raise UsageError(Mistake(f"{path} is no sheet of a review", "not-a-review", None, remedy))
    answers = tuple(_answers(text, path))
    seen: dict[str, Answer] = {}
    for one in answers:
        if one.kpi in seen:
            first = seen[one.kpi].lines[0]
            message = f"'{one.kpi}' is decided twice; the first is in line {first}"
            raise UsageError(Mistake(message, "duplicate-name", _at(one, path), "Keep one of the two blocks."))
        seen[one.kpi] = one
    body = text[: found.start()]
    return Sheet(path, found[1], answers, _sum(_fixed(body)) != found[2], text)


def _at(answer: Answer, path: str) -> Place:
    return answer.document.key_place(("kpi",)) if answer.document.has(("kpi",)) else Place(path, answer.lines[0])


def _answers(text: str, path: str) -> Iterator[Answer]:
    """Every block of the sheet with what stands above it."""
    lines = text.split("\n")
    for spot in _spots(text):
        first, last = spot.block
        block = "\n".join(lines[first:last])
        # as many lines before it as the file has, so that places are those of the file
        document = documents.parse("\n" * first + block, path)
        said = document.value.get("kpi") if isinstance(document.value, dict) else None
        context = "\n".join(lines[slice(*spot.context)]).strip() if spot.context else ""
        yield Answer(
            str(said or spot.kpi),
            "" if context == _ASKED else context,
            block,
            document,
            (first + 1, last),
            spot.targets,
            spot.as_written,
        )


@dataclass(slots=True)
class _Spot:
    """The lines (from 0, the last one excluded) of a context and of a block."""

    block: tuple[int, int]
    context: tuple[int, int] | None = None
    kpi: str = ""
    targets: str = ""
    as_written: str = ""


def _spots(text: str) -> Iterator[_Spot]:
    """Where the boxes are, by the structure of the Markdown: a heading within a block of code is none."""
    tokens = MarkdownIt("commonmark").parse(text)
    context: int | None = None
    until: int | None = None
    about = ("", "", "")
    for n, token in enumerate(tokens):
        if token.map is None or token.level:
            continue
        if token.type == "heading_open" and token.tag == "h4":
            heading = tokens[n + 1].content.strip()
            if heading == _CONTEXT and context is None:
                context = token.map[1]
            elif heading == _DECISION:
                until = token.map[0]
        elif token.type == "html_block" and (found := _SECTION.search(token.content)):
            about = (found[1], found[2], found[3])
        elif token.type == "fence" and token.info.strip() == "yaml" and until is not None:
            inside = (token.map[0] + 1, token.map[1] - 1)
            yield _Spot(inside, (context, until) if context is not None else None, *about)
            context, until, about = None, None, ("", "", "")


def _fixed(text: str) -> str:
    """What people are not asked to change: everything but contexts and blocks."""
    lines = text.split("\n")
    for spot in reversed(list(_spots(text))):
        del lines[slice(*spot.block)]
        if spot.context:
            del lines[slice(*spot.context)]
    return "\n".join(line.rstrip() for line in lines).strip()


def filled(answers: Iterable[Answer]) -> int:
    """How many KPIs people wrote something about."""
    return sum(one.filled for one in answers)
