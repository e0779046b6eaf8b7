"""From a request and a snapshot to what stands in a report, as small records that each host turns into its own nodes.

What is not there, is withheld, has not ended yet or is not for the report's readers is never left blank: it raises,
with the place in the document and what to do, unless the author said what stands in its place (`or="..."`). Standard
library only, and nothing is computed: texts come from the snapshot as the pages show them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from headway.errors import Mistake, UsageError
from headway.reports.asked import ROLES, Address, Request
from headway.reports.records import Answer, Card, Definition, Figure, Listing, Number, Row, Table
from headway.reports.snapshot import Change, Point, Said, Series, Snapshot

#: What an author may have words for: a number that there is not. A name that nothing has is a mistake all the same.
_ABSENT = ("no-number", "unknown-period")
_RANK = {grain: rank for rank, grain in enumerate(("hour", "day", "week", "month", "quarter", "year"))}


def answer(request: Request, snapshot: Snapshot) -> Answer:
    """What stands there; UsageError with the request's place for what cannot be told."""
    if request.name in ROLES:
        return number(request, snapshot)
    match request.name:
        case "kpi-card":
            return card(request.of[0], request, snapshot)
        case "kpi-cards":
            return tuple(card(one, request, snapshot) for one in request.of)
        case "kpi-chart":
            return figure(request, snapshot)
        case "kpi-table":
            return table(request, snapshot)
        case "kpi-list":
            return listing(request, snapshot)
        case "kpi-appendix":
            return appendix(request, snapshot)
        case _:
            return definition(request, snapshot)


# -- one number ----------------------------------------------------------------------------------------------------


def number(request: Request, snapshot: Snapshot) -> Number:
    """What a role stands for."""
    of = request.of[0]
    instead = request.options.get("or")
    try:
        if request.name == "kpi-so-far":
            return _so_far(of, request, snapshot)
        series, point = _point(of, request, snapshot)
        if request.name in ("kpi-sentence", "kpi-trend"):
            return _sentence(request, series, point, snapshot)
        text, status = _said(request, series, point)
    except UsageError as error:
        if instead is None or error.mistakes[0].slug not in _ABSENT:
            raise
        return Number(instead, of.kpi, of.part, of.period, of.cell)
    than = _change(request, series, point).period if request.name == "kpi-change" else ""
    says = request.name.removeprefix("kpi").lstrip("-")
    return replace(_number(series, point, text), status=status, says=says, than=than)


def _so_far(of: Address, request: Request, snapshot: Snapshot) -> Number:
    """What a period that runs has come to: the one place where such a number may stand."""
    series, point = _found(of, request, snapshot)
    if not of.period and series.points:
        point = series.points[-1]
    if not point.running or point.value is None:
        why = "is over" if not point.running else f"has no number: {point.word}"
        remedy = f"Write {{kpi}} {of}" if not point.running else "Leave it out."
        raise _refused(request, f"{series.title} for {point.label} {why}", "no-number", remedy)
    return replace(_number(series, point, _form(request, point)), says="so-far")


def _form(request: Request, point: Point) -> str:
    """A number in the form that is asked for."""
    return {"exact": point.exact, "unit": point.whole}.get(request.options.get("format", ""), point.text)


def _sentence(request: Request, series: Series, point: Point, snapshot: Snapshot) -> Number:
    """What happened to a number, as it was worded or drawn when the snapshot was taken."""
    pieces = snapshot.sentences.get(request.key)
    if pieces is None:
        raise _of_several(request, snapshot)
    parts = tuple(piece if isinstance(piece, str) else _figure(series, Said(*piece)) for piece in pieces)
    whole = "".join(part if isinstance(part, str) else part.text for part in parts)
    return replace(_number(series, point, whole), says=request.name.removeprefix("kpi-"), parts=parts)


def _figure(series: Series, said: Said) -> Number:
    of = tuple(tuple((column, value) for column, value in cell) for cell in said.of)
    traced = Number(said.text, series.kpi, series.part, said.period, series.cell, said.revision, said.value)
    return replace(traced, says=said.says, than=said.than, of=of)


def _said(request: Request, series: Series, point: Point) -> tuple[str, str]:
    match request.name:
        case "kpi-change":
            return _in_words(_change(request, series, point)), ""
        case "kpi-status":
            return point.word, point.status
        case "kpi-period":
            return point.label, ""
        case "kpi-target":
            if point.target in ("", "No target"):
                raise _refused(request, f"{series.title} has no target for {point.label}", "no-number", None)
            return point.target, ""
        case _:
            return _form(request, point), ""


def _number(series: Series, point: Point, text: str) -> Number:
    return Number(text, series.kpi, series.part, point.period, series.cell, point.revision, point.value)


def _in_words(change: Change) -> str:
    return "unchanged" if change.direction == "same" else f"{change.direction} {change.amount}"


def _change(request: Request, series: Series, point: Point) -> Change:
    asked = request.options.get("compare", "")
    found = point.changes.get(asked)
    if found is None:
        than = f"no number {asked} before" if asked else "nothing earlier than"
        remedy = 'Or its method changed in between. Compare it with another time: compare="1 year".'
        message = f"{series.title} has {than} {point.label} to compare it with"
        raise _refused(request, message, "no-number", remedy)
    return found


def _point(of: Address, request: Request, snapshot: Snapshot) -> tuple[Series, Point]:
    """The number at an address, which must have a value of a period that is over."""
    series, point = _found(of, request, snapshot)
    if point.running:
        raise _refused(
            request,
            f"{series.title} for {point.label} is partial: its period is not over, or was not measured whole",
            "no-number",
            f'{_newest(series)} To go without it, write what stands there instead: or="...".',
        )
    if point.value is None:
        why = f"{point.word}. {point.reason}".strip()
        remedy = 'Name another number, or write what stands there instead: or="not published".'
        raise _refused(request, f"{series.title} has no number for {point.label}: {why}", "no-number", remedy)
    return series, point


def _newest(series: Series) -> str:
    return f"The newest period that is over is {series.newest.period}." if series.newest else ""


def _found(of: Address, request: Request, snapshot: Snapshot) -> tuple[Series, Point]:
    front = snapshot.kpis[of.kpi]["grain"] if of.kpi in snapshot.kpis else ""
    lines = list(snapshot.lines(of.kpi, of.part, of.cell))
    if of.period:
        for series in lines:
            point = next((point for point in series.points if point.period == of.period), None)
            if point is not None:
                return series, point
    else:
        wanted = [one for one in lines if not of.grain or one.grain == of.grain]
        wanted.sort(
            key=lambda one: (_RANK[one.grain] < _RANK[front], _RANK[one.grain])
        )  # its card's, or the next longer
        for series in wanted:
            if (newest := series.newest) is not None:
                return series, newest
    raise _absent(of, request, snapshot)


def _absent(of: Address, request: Request, snapshot: Snapshot) -> UsageError:
    """Why there is no such number: as the ledger said when it was asked, or because nobody asked it."""
    said = snapshot.refused.get(str(of))
    if said is not None:
        return _refused(request, said["message"], said["slug"], said["remedy"] or None)
    remedy = "Take it again with this document: headway snapshot DOCUMENT"
    return _refused(request, f"the snapshot does not hold {of}", "not-in-snapshot", remedy)


def _refused(request: Request, message: str, slug: str, remedy: str | None) -> UsageError:
    return UsageError(Mistake(message, slug, request.place, remedy))


# -- more than one -------------------------------------------------------------------------------------------------


def card(of: Address, request: Request, snapshot: Snapshot) -> Card:
    """One number as a card."""
    series, point = _point(of, request, snapshot)
    strict = "compare" in request.options and not of.compare
    compared = _change(request, series, point) if strict else point.changes.get(of.compare)
    made = _card(series, point, compared, snapshot)
    exact = request.options.get("format") == "exact"
    return replace(made, number=replace(made.number, text=point.exact)) if exact else made


def _card(series: Series, point: Point, compared: Change | None, snapshot: Snapshot) -> Card:
    return Card(
        series.title,
        _number(series, point, point.text),
        point.whole.removeprefix(point.text),
        point.label,
        point.status,
        point.word,
        "" if point.target == "No target" else point.target,
        compared,
        snapshot.kpis[series.kpi]["about"],
    )


def figure(request: Request, snapshot: Snapshot) -> Figure:
    """A chart as it was drawn when the snapshot was taken."""
    drawn = snapshot.charts.get(request.key)
    if drawn is None:
        raise _of_several(request, snapshot)
    kpis = tuple(dict.fromkeys(one.kpi for one in request.of))
    told = (drawn["title"], drawn["subtitle"], drawn["says"], drawn["drawn"], drawn["svg"])
    notes = tuple((when, text) for when, text in drawn["notes"])
    return Figure(*told, kpis, request.options.get("name", ""), notes)


def _of_several(request: Request, snapshot: Snapshot) -> UsageError:
    said = snapshot.refused.get(request.key)
    if said is not None:
        return _refused(request, said["message"], said["slug"], said["remedy"] or None)
    for one in request.of:
        if one.kpi not in snapshot.kpis:
            return _absent(one, request, snapshot)
    remedy = "Take it again with this document: headway snapshot DOCUMENT"
    return _refused(request, f"the snapshot does not hold what {{{request.name}}} asks for", "not-in-snapshot", remedy)


def table(request: Request, snapshot: Snapshot) -> Table:
    """Periods below each other, KPIs or cells side by side; turned with `transpose`."""
    asked = snapshot.tables.get(request.key)
    if asked is None:
        raise _of_several(request, snapshot)
    lines = [snapshot.series(kpi, part, grain, tuple(map(tuple, cell))) for kpi, part, grain, cell in asked["lines"]]
    columns = [(series, {point.period: point for point in series.points}) for series in lines if series]
    labels = {point.period: point.label for _, points in columns for point in points.values()}
    periods = asked["periods"]
    made = [column for series, points in columns for column in _columns(request, series, points, periods)]
    heads, names = tuple(head for head, _ in made), [labels[one] for one in periods]
    name = request.options.get("name", "")
    if "transpose" in request.options:
        first = " and ".join(request.by).replace("_", " ").capitalize() if request.by else "KPI"
        return Table(first, tuple(names), tuple(Row(head, numbers) for head, numbers in made), name)
    rows = tuple(Row(one, tuple(numbers[n] for _, numbers in made)) for n, one in enumerate(names))
    return Table(asked["grain"].capitalize(), heads, rows, name)


def _columns(
    request: Request, series: Series, points: Mapping[str, Point], periods: Sequence[str]
) -> Iterator[tuple[str, tuple[Number, ...]]]:
    """The numbers of a line, and beside them how they changed, if that is asked for."""
    head, form = _head(request, series), request.options.get("format", "exact")
    found = [points.get(one) for one in periods]
    yield head, tuple(_cell(series, point, form) for point in found)
    if compare := request.options.get("compare"):
        yield f"{head}, in {compare}", tuple(_changed(series, point, compare) for point in found)


def _changed(series: Series, point: Point | None, compare: str) -> Number:
    change = None if point is None or point.running else point.changes.get(compare)
    if point is None or change is None:
        return Number("\u2013", series.kpi, series.part, cell=series.cell)
    return replace(_number(series, point, _in_words(change)), says="change", than=change.period)


def _head(request: Request, series: Series) -> str:
    if not request.by:
        return series.title
    return series.label if dict(series.cell).keys() & set(request.by) else "Total"


def _cell(series: Series, point: Point | None, form: str) -> Number:
    if point is None:
        return Number("No data", series.kpi, series.part, cell=series.cell)
    if point.running:  # others of its period are final already, or it began within it
        return Number(point.word, series.kpi, series.part, point.period, series.cell)
    text = {"exact": point.exact, "unit": point.whole}.get(form, point.text)
    return _number(series, point, text)


def appendix(request: Request, snapshot: Snapshot) -> Table:
    """Every number that the documents of the snapshot show, once, with its period and revision."""
    if snapshot.appendix is None:
        raise _of_several(request, snapshot)
    rows = []
    for one in snapshot.appendix:
        cell, revisions = tuple(sorted(one["cell"].items())), one["revisions"]
        told = len(revisions) == 1 and one["shown"] != "table"
        value = Number(one["value"], one["kpi"], one["part"], one["period"], cell, revisions[0] if told else 0)
        value = replace(value, says=one["says"], than=one["than"])
        rows.append(Row(one["name"], (Number(one["label"], ""), value, Number(one["revision"], ""))))
    return Table("Number", ("Period", "Value", "Revision"), tuple(rows), request.options.get("name", ""))


def definition(request: Request, snapshot: Snapshot) -> Definition:
    """What a KPI is, or why it was chosen."""
    of = request.of[0]
    known = snapshot.kpis.get(of.kpi)
    if known is None:
        raise _absent(Address(of.kpi), request, snapshot)
    if request.name == "kpi-why" and not known["why"]:
        remedy = "Write it in the catalogue: why: ..."
        raise _refused(request, f"{known['title']} does not say why it is measured", "no-reason", remedy)
    return Definition(of.kpi, known["title"], tuple(known["definition"]), known["why"], known["owner"], known["unit"])


def listing(request: Request, snapshot: Snapshot) -> Listing:
    """The KPIs of an area, each with its newest number or the word in its place."""
    area = snapshot.areas.get(request.area)
    if area is None:
        raise _of_several(request, snapshot)
    return Listing(area["title"], tuple(_listed(name, snapshot) for name in area["kpis"]))


def _listed(name: str, snapshot: Snapshot) -> Card:
    known = snapshot.kpis[name]
    lines = [series for series in snapshot.lines(name, "") if series.grain == known["grain"]]
    newest = lines[0].newest if lines else None
    if newest is not None and newest.value is not None:
        return _card(lines[0], newest, newest.changes.get(""), snapshot)
    word = str(known["word"])
    return Card(known["title"], Number(word, name), "", "", known["status"], word, "", None, known["about"])
