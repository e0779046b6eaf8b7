"""Resolves reports.yml: which report goes out when, and to whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from headway.catalog.bound import Scene
from headway.catalog.checking import check
from headway.catalog.entry import Declared, Entry
from headway.catalog.reportspec import ReportSpec
from headway.model import Audience, Report, Route, Service
from headway.periods import Grain, Length, Unit

#: How many days a period has at most, and at most of one weekday.
_DAYS = {Grain.DAY: (1, 1), Grain.WEEK: (7, 1), Grain.MONTH: (31, 5), Grain.QUARTER: (92, 14), Grain.YEAR: (366, 53)}
_DEADLINE = Length(4, Unit.HOUR)


def reports(declared: Declared, routes: Mapping[str, Route], known: Collection[str], scene: Scene) -> dict[str, Report]:
    """The reports; `known` are the names of all routes, `routes` those that are fine."""
    found = {}
    for name, (value, document, path) in declared.items():
        spec = check(ReportSpec, document, path, value, scene.complaints)
        if spec is not None and (report := _Report(document, path, scene).resolve(name, spec, routes, known)):
            found[name] = report
    return found


class _Report(Entry):
    """Resolves one report."""

    def resolve(
        self, name: str, spec: ReportSpec, routes: Mapping[str, Route], names: Collection[str]
    ) -> Report | None:
        """The report, or None after telling what is wrong."""
        self.one_of(spec, ("document", "template"), "a report has a document or a template")
        if spec.document is not None:
            self.there(spec.document)
        self.on(spec)
        audience = spec.audience or self.scene.project.audience
        self.to(spec, names)
        self.readers(spec, audience, routes)
        if not spec.formats:
            self.say("'formats' has html, pdf or both", "bad-value", "Write for example [html, pdf].", "formats")
        known = dict.fromkeys(column for kpi in self.scene.kpis.values() for by in kpi.by for column in by)
        for n, column in enumerate(spec.for_each):
            self.known(column, "breakdown", known, "for_each", n)
        if not self.fine:
            return None
        return Report(
            name=name,
            title=self.title(spec.title),
            document=spec.document or str(spec.template),
            every=spec.every,
            on=spec.on,
            at=spec.at,
            deadline=spec.deadline or _DEADLINE,
            to=tuple(spec.to),
            formats=tuple(dict.fromkeys(spec.formats)),
            audience=audience,
            place=self.document.key_place(self.path),
            for_each=tuple(spec.for_each),
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

    def readers(self, spec: ReportSpec, audience: Audience, routes: Mapping[str, Route]) -> None:
        """Complain about a route where people read who may not see the report, or no people."""
        order = list(Audience)
        for n, name in enumerate(spec.to):
            route = routes.get(name)
            if route is not None and route.service is Service.ALERTMANAGER:
                self.say(f"'{name}' leads to no people", "bad-value", "Name a route with 'apprise'.", "to", n)
            elif route is not None and order.index(route.audience) < order.index(audience):
                message = f"the report is {audience}, and '{name}' is read by {route.audience} readers"
                remedy = f"Write 'audience: {route.audience}', or say at the route who reads there."
                self.say(message, "not-for-readers", remedy, "to", n)
