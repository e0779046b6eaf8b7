"""Resolves reports.yml: which report goes out when, and to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from headway.catalog import readers
from headway.catalog.bound import Scene
from headway.catalog.checking import check
from headway.catalog.entry import Declared, Entry
from headway.catalog.reportspec import ReportSpec
from headway.model import Audience, Board, Report, Route, SentAs
from headway.periods import Grain, Length, Unit

#: How many days a period has at most, and at most of one weekday.
_DAYS = {Grain.DAY: (1, 1), Grain.WEEK: (7, 1), Grain.MONTH: (31, 5), Grain.QUARTER: (92, 14), Grain.YEAR: (366, 53)}
_DEADLINE = Length(4, Unit.HOUR)


@dataclass(frozen=True, slots=True)
class Around:
    """What a report may name: routes and boards, and the names of those that are not fine as well."""

    routes: Mapping[str, Route]
    boards: Mapping[str, Board]
    route_names: Collection[str]
    board_names: Collection[str]


def reports(declared: Declared, around: Around, scene: Scene) -> dict[str, Report]:
    """The reports, and those of boards that go out by themselves."""
    found = {}
    for name, (value, document, path) in declared.items():
        spec = check(ReportSpec, document, path, value, scene.complaints)
        if spec is not None and (report := _Report(document, path, scene).resolve(name, spec, around)):
            found[name] = report
    return found | {report.name: report for board in around.boards.values() for report in sent(board)}


def sent(board: Board) -> Iterator[Report]:
    """What a board sends: one report for each length of period, to all of its routes."""
    for every in dict.fromkeys(one.every for one in board.send):
        yield Report(
            name=f"{board.name}-{every}",  # no name in the catalogue has a hyphen
            title=board.title,
            document="",
            every=every,
            on=ReportSpec.model_fields["on"].default,
            at=ReportSpec.model_fields["at"].default,
            deadline=_DEADLINE,
            to=tuple(dict.fromkeys(one.to for one in board.send if one.every is every)),
            formats=tuple(SentAs),
            audience=board.audience,
            place=board.place,
            for_each=(board.for_each,) if board.for_each else (),
            board=board.name,
        )


class _Report(Entry):
    """Resolves one report."""

    def resolve(self, name: str, spec: ReportSpec, around: Around) -> Report | None:
        """The report, or None after telling what is wrong."""
        self.one_of(spec, ("document", "template", "board"), "a report has a document, a template or a board")
        if spec.document is not None:
            self.there(spec.document)
        self.on(spec)
        audience = spec.audience or self.scene.project.audience
        self.to(spec, around.route_names)
        for n, route in enumerate(spec.to):
            readers.check(self, "report", audience, around.routes.get(route), "to", n)
        if not spec.formats:
            self.say("'formats' has html, pdf or both", "bad-value", "Write for example [html, pdf].", "formats")
        known = dict.fromkeys(column for kpi in self.scene.kpis.values() for by in kpi.by for column in by)
        for n, column in enumerate(spec.for_each):
            self.known(column, "breakdown", known, "for_each", n)
        if spec.board is not None and self.known(spec.board, "board", around.board_names, "board"):
            self.page(spec, around.boards.get(spec.board), audience)
        if not self.fine:
            return None
        return Report(
            name=name,
            title=self.title(spec.title),
            document=spec.document or spec.template or "",
            every=spec.every,
            on=spec.on,
            at=spec.at,
            deadline=spec.deadline or _DEADLINE,
            to=tuple(spec.to),
            formats=tuple(dict.fromkeys(spec.formats)),
            audience=audience,
            place=self.document.key_place(self.path),
            for_each=tuple(spec.for_each),
            board=spec.board or "",
        )

    def there(self, name: str) -> None:
        """Complain about a document that is not a Markdown file of the project."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not name.endswith((".md", ".md.jinja")):
            message = f"a document is a Markdown file in the project, not '{name}'"
            self.say(message, "bad-value", "Write for example reports/weekly.md.", "document")
        elif not (self.scene.project.root / path).is_file():
            remedy = "Write it, or name a template that comes with Headway: template: weekly."
            self.say(f"there is no document {name}", "missing-file", remedy, "document")

    def page(self, spec: ReportSpec, board: Board | None, audience: Audience) -> None:
        """Complain about a board that these readers may not see, or that has no page for each of these cells."""
        if board is None:
            return
        if not audience.may_see(board.audience):
            message = f"the board {board.name} is for {board.audience} readers, and the report for {audience} ones"
            self.say(message, "not-for-readers", f"Write 'audience: {board.audience}'.", "board")
        if tuple(spec.for_each) != ((board.for_each,) if board.for_each else ()):
            own = f"Write 'for_each: {board.for_each}'." if board.for_each else "Leave 'for_each' out."
            each = f"is made for each {board.for_each}" if board.for_each else "is one page"
            self.say(f"the board {board.name} {each}", "bad-value", own, "for_each" if spec.for_each else "board")

    def on(self, spec: ReportSpec) -> None:
        """Complain about a day that its period does not have."""
        days, weekdays = _DAYS[spec.every]
        most = days if spec.on.weekday is None else weekdays
        if spec.every is Grain.DAY and spec.on.weekday is not None:
            remedy = "Write 'every: week', or leave 'on' out; 'on: working day' leaves out weekends and holidays."
            self.say("a day is no certain weekday", "bad-value", remedy, "on")
        elif spec.on.nth > most:
            what = "days" if spec.on.weekday is None else "of that weekday"
            self.say(f"a {spec.every} has at most {most} {what}", "bad-value", "The last one is 'last day'.", "on")

    def to(self, spec: ReportSpec, routes: Collection[str]) -> None:
        """Complain about routes that are not there, or named twice."""
        for n, route in enumerate(spec.to):
            if self.known(route, "route", routes, "to", n) and route in spec.to[:n]:
                self.say(f"'{route}' is named twice", "duplicate-name", "Remove one of the two.", "to", n)
