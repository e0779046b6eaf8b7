"""Applies a sheet: dated targets go into the YAML, the decision into the ledger. All of it, or nothing.

`prepare` reads what people filled in, refuses every mistake with its line of the sheet, makes the files as they will
be and loads the catalogue that they make. Only then `carry_out` puts the files in place. What is there already is not
written again, so a sheet can be applied as often as one likes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from headway import catalog as catalogue
from headway.catalog import values
from headway.catalog.sqltext import Wrong
from headway.errors import CatalogError, Mistake, Place, UsageError
from headway.ledger import Ledger, Reviewed
from headway.model import Catalog
from headway.periods import Grain, Period
from headway.review import edit, sheet
from headway.review.sheet import Answer, Sheet

KEEP = "keep"
_KEYS = ("kpi", "target", "from", "why", "owner")


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for one KPI: new targets as they are written, or none where nothing changes."""

    kpi: str
    targets: tuple[dict[str, Any], ...]
    why: str
    answer: Answer
    #: Which of the targets are in the file already.
    there: frozenset[int] = frozenset()

    @property
    def new(self) -> list[dict[str, Any]]:
        """The targets that are still to be written."""
        return [target for n, target in enumerate(self.targets) if n not in self.there]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that applying a sheet would do."""

    quarter: Period
    decided: tuple[Decided, ...]
    #: KPIs of the sheet of which nobody decided anything.
    open: tuple[str, ...]
    #: Files of the project as they are, and as they will be.
    before: Mapping[str, bytes] = field(default_factory=dict)
    after: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Each target that is written: the KPI, its file, the line."""
        return [
            (one.kpi, path, edit.flow(t)) for one in self.decided for path in [self.files[one.kpi]] for t in one.new
        ]

    #: The file of each KPI, and the catalogue that all of them make.
    files: Mapping[str, str] = field(default_factory=dict)
    result: Catalog | None = field(default=None, repr=False)


def prepare(catalog: Catalog, filled: Sheet, now: datetime, *, past: bool = False) -> Prepared:
    """What a sheet would do. UsageError with every mistake of the sheet, CatalogError for what it would break.

    A target may begin on the first day after the quarter, or from today on; earlier only with `past`: what is over was
    judged by the targets of then.
    """
    quarter = _quarter(catalog, filled)
    mistakes: list[Mistake] = []
    decided, still_open = [], []
    for answer in filled.answers:
        reading = _Reading(catalog, answer, quarter, catalog.calendar.day(now), past, filled.path)
        found = reading.read()
        mistakes += reading.mistakes
        if found is not None:
            decided.append(found)
        elif not reading.mistakes:
            still_open.append(answer.kpi)
    if mistakes:
        raise UsageError(mistakes)
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    files: dict[str, str] = {}
    known = []
    for one in decided:
        path = files[one.kpi] = catalog.kpis[one.kpi].place.path
        raw = after.get(path)
        if raw is None:
            raw = before[path] = after[path] = _bytes(catalog.root / path)
        found, after[path] = _placed(one, raw, path, filled.path)
        known.append(found)
    changed = {path: raw for path, raw in after.items() if raw != before[path]}
    result = _loads(catalog, changed, known, files, filled.path) if changed else catalog
    return Prepared(quarter, tuple(known), tuple(still_open), before, changed, files, result)


def carry_out(prepared: Prepared, catalog: Catalog, ledger: Ledger, who: str, now: datetime, version: str = "") -> int:
    """Put the files in place and record the decision; the row of `run` that it is, 0 if nothing was new.

    UsageError `file-changed` if somebody edited a file meanwhile. Interrupted or failed, everything is as before.
    """
    for path, raw in prepared.before.items():
        if _bytes(catalog.root / path) != raw:
            message = f"{path} was changed while this looked at it"
            raise UsageError(Mistake(message, "file-changed", None, "Nothing was written. Run the command again."))
    rows = [
        Reviewed(prepared.quarter.name, one.kpi, one.targets or None, one.answer.context, one.why, who)
        for one in prepared.decided
    ]
    files = {catalog.root / path: raw for path, raw in prepared.after.items()}
    undo = {catalog.root / path: prepared.before[path] for path in prepared.after}
    done: list[Path] = []
    try:
        with ledger.reviewing(rows, now, version) as number:
            replace_all(files, done)
    except BaseException:
        for file in done:
            file.write_bytes(undo[file])
        raise
    return number


def replace_all(files: Mapping[Path, bytes], done: list[Path]) -> None:
    """Replace files, each at once, after all of them have been written beside; `done` says which are replaced."""
    ready: dict[Path, Path] = {}
    try:
        for file, raw in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
            ready[file] = Path(name)
            with os.fdopen(handle, "wb") as opened:
                opened.write(raw)
            Path(name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        for file, name_of in ready.items():
            done.append(file)  # before: whoever is interrupted in between undoes what may not have been done
            name_of.replace(file)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        name = Path(error.filename).name if isinstance(error.filename, str) else "a file"
        message = f"{name} cannot be written: {why}"
        raise UsageError(Mistake(message, "not-writable", None, "Nothing was changed.")) from error
    finally:
        for name_of in ready.values():
            name_of.unlink(missing_ok=True)


# -- reading what was filled in ------------------------------------------------------------------------------------


def _quarter(catalog: Catalog, filled: Sheet) -> Period:
    try:
        found = catalog.calendar.parse(filled.quarter)
    except ValueError:
        found = None
    if found is None or found.grain is not Grain.QUARTER:
        message = f"{filled.path} is of '{filled.quarter}', which is no quarter of this project"
        remedy = "Write the sheet again with 'headway review'."
        raise UsageError(Mistake(message, "bad-period", None, remedy))
    return found


@dataclass
class _Reading:
    """Reads the block of one KPI."""

    catalog: Catalog
    answer: Answer
    quarter: Period
    today: date
    past: bool
    path: str
    mistakes: list[Mistake] = field(default_factory=list)

    def say(self, keys: Sequence[str | int], message: str, slug: str, remedy: str | None = None) -> None:
        """Note a mistake at a key of the block."""
        self.mistakes.append(Mistake(message, slug, self.place(keys), remedy))

    def place(self, keys: Sequence[str | int]) -> Place:
        """Where something of the block stands in the sheet."""
        return _place(self.answer, self.path, keys)

    def read(self) -> Decided | None:
        """What was decided, or None; then there are mistakes, or nobody decided anything."""
        document = self.answer.document
        if document.mistakes:
            self.mistakes += document.mistakes
            return None
        said = document.value
        if not isinstance(said, dict):
            self.say((), "a decision is a map of keys: kpi, target, from, why, owner", "wrong-type")
            return None
        for key in said:
            if key not in _KEYS:
                remedy = values.near(str(key), _KEYS) or f"Its keys: {', '.join(_KEYS)}."
                self.mistakes.append(
                    Mistake(f"a decision has no key '{key}'", "unknown-key", document.key_place((key,)), remedy)
                )
        target = said.get("target")
        if target is None and not self.mistakes:
            return None
        name = said.get("kpi")
        if not isinstance(name, str) or name not in self.catalog.kpis:
            mistake = catalogue.unknown_kpi(str(name), self.catalog)
            self.say(("kpi",), f"{mistake.message}, or no longer", mistake.slug, mistake.remedy)
            return None
        why = str(said["why"]).strip() if said.get("why") is not None else ""
        if target == KEEP:
            return None if self.mistakes else Decided(name, (), why, self.answer)
        listed = target if isinstance(target, list) else [target]
        if not listed or not all(isinstance(one, dict) and one for one in listed):
            remedy = "Write a map such as {at_least: 6600}, a list of maps, or keep."
            self.say(("target",), f"a target is a map, not {values.shown(target)}", "wrong-type", remedy)
            return None
        found = tuple(self.target(name, one, said, why) for one in listed if isinstance(one, dict))
        if not why and not all(one.get("why") for one in found):
            remedy = "Say it in 'why': it stands beside the target from now on."
            self.say(("why",), f"why does the target of {name} change?", "no-reason", remedy)
        return None if self.mistakes else Decided(name, found, why or str(found[0].get("why", "")), self.answer)

    def target(self, name: str, one: Mapping[str, Any], said: Mapping[str, Any], why: str) -> dict[str, Any]:
        """A target as it will be written: with the day on which it begins, who answers for it, and why."""
        found = dict(one)
        kpi = self.catalog.kpis[name]
        at = ("target", "from") if "from" in one else ("from",)
        first = one.get("from", said.get("from"))
        if first is None:
            self.say(at, "a new target says from when on it counts", "missing-key", f"Write from: {self.after}.")
        else:
            self.begins(first, at)
            found["from"] = first
        if said.get("owner") not in (None, kpi.owner) and "owner" not in found:
            found["owner"] = said["owner"]
        if why and "why" not in found:
            found["why"] = why
        return found

    @property
    def after(self) -> date:
        """The first day after the quarter."""
        return self.quarter.last + timedelta(days=1)

    def begins(self, first: Any, at: Sequence[str]) -> None:
        """Refuse a day on which a target cannot begin."""
        try:
            day = values.day(first)
        except Wrong as wrong:
            self.say(at, wrong.message, wrong.slug, wrong.remedy)
            return
        if day < min(self.after, self.today) and not self.past:
            message = f"{day} is before the end of the quarter: what is over was judged by the targets of then"
            remedy = f"Write {self.after} or later. If the past is to be judged anew, say --past."
            self.say(at, message, "bad-date", remedy)


def _place(answer: Answer, path: str, keys: Sequence[str | int]) -> Place:
    document = answer.document
    keys = tuple(keys)
    while keys and not document.has(keys):
        keys = keys[:-1]
    if not keys and document.has(("kpi",)):
        keys = ("kpi",)
    return document.place(keys) if document.spots else Place(path, answer.lines[0])


# -- making the files ----------------------------------------------------------------------------------------------


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(Mistake(f"{file.name} cannot be read: {why}", "unreadable-file", None, None)) from error


def _placed(one: Decided, raw: bytes, path: str, of: str) -> tuple[Decided, bytes]:
    """A file with the targets of a decision; those that are there already are not written again."""
    standing = edit.targets_of(edit.read(raw, path), one.kpi)
    there = frozenset(n for n, target in enumerate(one.targets) if _known(target, standing))
    found = Decided(one.kpi, one.targets, one.why, one.answer, there)
    if found.new and one.answer.targets and sheet.sum_of(standing) != one.answer.targets:
        message = f"the targets of {one.kpi} in {path} have changed since this sheet was written"
        remedy = "Write the sheet again with 'headway review': what is filled in stays, and the facts are new."
        raise UsageError(Mistake(message, "targets-changed", _place(one.answer, of, ("target",)), remedy))
    for target in found.new:
        try:
            raw = edit.with_target(raw, one.kpi, target)
        except edit.LayoutError as error:
            message = f"{one.kpi} in {path} is written so that nothing can be put in safely"
            remedy = f"Add this to its targets by hand, and apply again: {edit.flow(target)}"
            raise UsageError(Mistake(message, "not-writable", _place(one.answer, of, ("target",)), remedy)) from error
    return found, raw


def _known(target: Mapping[str, Any], standing: Sequence[Any]) -> bool:
    """True if a target stands in the file as it would be written."""
    return any(isinstance(one, dict) and one == dict(target) for one in standing)


def _loads(
    catalog: Catalog, changed: Mapping[str, bytes], decided: Sequence[Decided], files: Mapping[str, str], of: str
) -> Catalog:
    """The catalogue with the new targets; a mistake in one of them is one of the sheet."""
    try:
        return catalogue.restore({**catalog.files, **changed}, catalog.root)
    except CatalogError as error:
        raise UsageError(list(_told(error, changed, decided, files, of))) from error


def _told(
    error: CatalogError, changed: Mapping[str, bytes], decided: Sequence[Decided], files: Mapping[str, str], of: str
) -> Iterator[Mistake]:
    spans = list(_spans(changed, decided, files))
    for mistake in error.mistakes:
        place = mistake.place
        found = None
        if place is not None:
            here = (place.line, place.column)
            found = next((s for s in spans if s[0] == place.path and s[1] <= here <= s[2]), None)
        if found is None or place is None:
            yield mistake
            continue
        message = mistake.message
        if mistake.slug == "target-overlap":
            message += f" of {place.path}"
        _, _, _, one, at = found
        keys: tuple[str | int, ...] = (
            ("target", at) if isinstance(one.answer.document.value["target"], list) else ("target",)
        )
        yield Mistake(message, mistake.slug, _inner(one, of, keys, place), mistake.remedy)


def _inner(one: Decided, of: str, keys: tuple[str | int, ...], place: Place) -> Place:
    """The key of the block that a mistake in the file is about, as near as it can be told."""
    document = one.answer.document
    word = place.text[place.column - 1 : place.column - 1 + place.length]
    for key in document.names(keys):
        here = (*keys, key)
        if document.has(here) and document.place(here).text[document.place(here).column - 1 :].startswith(word):
            return document.place(here)
    first = next(iter(document.names(keys)), None)
    return _place(one.answer, of, (*keys, first) if first is not None else keys)


def _spans(
    changed: Mapping[str, bytes], decided: Sequence[Decided], files: Mapping[str, str]
) -> Iterator[tuple[str, tuple[int, int], tuple[int, int], Decided, int]]:
    """Where each new target stands in its file, and which of a decision's it is."""
    for one in decided:
        path = files[one.kpi]
        if not one.new or path not in changed:
            continue
        document = edit.read(changed[path], path)
        count = len(edit.targets_of(document, one.kpi))
        new = [n for n in range(len(one.targets)) if n not in one.there]
        for at, n in enumerate(new):
            first, last = edit.span(document, ("kpis", one.kpi, "targets", count - len(new) + at))
            yield path, first, last, one, n
