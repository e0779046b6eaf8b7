"""Resolves one source: its reader, its references, its derived columns, what is taken out of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from headway.catalog import expression, values
from headway.catalog import spec as specs
from headway.catalog.checking import check
from headway.catalog.circles import circle
from headway.catalog.columns import Columns
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.spec import SourceSpec
from headway.catalog.sqltext import Wrong
from headway.errors import Place
from headway.model import (
    ColumnType,
    Exclusion,
    Expression,
    FilesReader,
    Format,
    GitReader,
    Reader,
    Reference,
    Source,
    TableReader,
)


def resolve(
    name: str, spec: SourceSpec, document: Document, path: Steps, declared: Collection[str], complaints: Complaints
) -> Source | None:
    """The source, or None if it cannot be read at all. `declared` are the names of all sources there are."""
    reader = _reader(spec, document, path, complaints)
    _consistent(spec, document, path, complaints)
    if reader is None:
        return None
    # a commit is dated by its committer, and written by a person: nobody should have to say so
    is_git = isinstance(reader, GitReader)
    time = spec.time or ("committed_at" if is_git else None)
    columns: Mapping[str, ColumnType] = spec.columns  # type: ignore[assignment]  # the spec knows the very words
    return Source(
        name=name,
        reader=reader,
        place=document.key_place(path),
        about=spec.about,
        columns=columns,
        key=tuple(spec.key),
        latest_by=tuple(spec.latest_by),
        time=time,
        until=spec.until,
        through=spec.through,
        known_on=spec.known_on,
        times_in=spec.times_in,
        sparse=spec.sparse,
        late_after=spec.late_after if spec.late_after and spec.late_after.count else None,
        time_limit=spec.time_limit,
        may_be_empty=spec.may_be_empty,
        people=tuple(spec.people) or (("author",) if is_git else ()),
        refers=_refers(spec, document, path, declared, complaints),
        derive=_derive(spec, document, path, complaints),
        exclude=_exclude(spec, time, document, path, complaints),
        places=_places(document, path),
    )


def finish(
    source: Source, sources: Mapping[str, Source], document: Document, path: Steps, complaints: Complaints
) -> None:
    """Complain about what a source says of others, and of its own columns, once all sources are known."""
    columns = Columns(sources)
    for column, reference in source.refers.items():
        target = sources.get(reference.source)
        if target is not None and len(target.key) != 1:
            complaints.say(
                reference.place,
                f"'{reference.source}' has no key of a single column, so nothing can refer to it",
                "bad-reference",
                f"Declare its key, so that each {column} finds one row at most.",
            )
    for option in ("key", "latest_by", "time", "until", "through", "known_on", "people"):
        names = getattr(source, option)
        for n, column in enumerate((names,) if isinstance(names, str) else names or ()):
            here = (*path, option, n) if document.has((*path, option, n)) else (*path, option)
            _own(source, column, columns, document, here, complaints)
    for column in source.refers:
        _own(source, column, columns, document, (*path, "refers", column), complaints)
    for derived, text in source.derive.items():
        _told(document, (*path, "derive", derived), complaints, columns.vet, source.name, text.text)
    for n, exclusion in enumerate(source.exclude):
        here = (*path, "exclude", n, "where")
        _told(document, here, complaints, columns.vet, source.name, exclusion.where.text)
    _no_circle(source, document, path, complaints)


# -- parts ---------------------------------------------------------------------------------------------------------


def _reader(spec: SourceSpec, document: Document, path: Steps, complaints: Complaints) -> Reader | None:
    path = (*path, "read")
    read = check(specs.ReadSpec, document, path, spec.read, complaints)
    if read is None:
        return None
    given = [key for key in ("files", "table", "git") if getattr(read, key) is not None]
    if not given and spec.read.keys() - set(specs.keys(specs.ReadSpec)):
        return None  # said already
    if len(given) != 1:
        what = f"'{given[0]}' and '{given[1]}' are two" if given else "there is none"
        complaints.say(
            document.key_place(path),
            f"a source has one reader, files, table or git: {what}",
            "bad-value" if given else "missing-key",
            None if given else "Write for example read: {files: data/*.csv}.",
        )
        return None
    for key, reader in (("format", "files"), ("database", "table")):
        if getattr(read, key) is not None and given[0] != reader:
            complaints.say(
                document.key_place((*path, key)), f"'{key}' belongs to '{reader}', not to '{given[0]}'", "unknown-key"
            )
    if read.files is not None:
        for n, pattern in enumerate(read.files):
            if "://" in pattern:
                here = (*path, "files", n) if document.has((*path, "files", n)) else (*path, "files")
                message = "files from elsewhere are not supported yet"
                complaints.say(document.place(here), message, "not-supported-yet", "Copy them beside the project.")
        return FilesReader(tuple(read.files), _format(read, document, path, complaints))
    return GitReader(tuple(read.git)) if read.git is not None else _table(read, document, path, complaints)


def _table(read: specs.ReadSpec, document: Document, path: Steps, complaints: Complaints) -> Reader | None:
    assert read.table is not None
    if read.database is None:
        place = document.key_place((*path, "table"))
        complaints.say(place, "'table' needs 'database'", "missing-key", "Name a SQLite file.")
        return None
    place = document.place((*path, "database"))
    if "://" in read.database:
        message = "databases other than SQLite files are not supported yet"
        complaints.say(place, message, "not-supported-yet", "Name a SQLite file, or env:NAME that holds its path.")
    elif read.database.startswith("env:") and not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", read.database):
        complaints.say(place, "'env:' is followed by the name of a variable", "bad-value")
    return TableReader(read.table, read.database)


def _format(read: specs.ReadSpec, document: Document, path: Steps, complaints: Complaints) -> Format:
    if read.format is None:
        return Format()
    path = (*path, "format")
    form = check(specs.FormatSpec, document, path, read.format, complaints)
    if form is None:
        return Format()
    if form.thousands is not None and form.thousands == (form.decimal or "."):
        complaints.say(document.place((*path, "thousands")), "thousands and decimal are the same sign", "bad-value")
    return Format(
        separator=form.separator,
        header=form.header,
        dates=form.dates,
        missing=tuple(form.missing),
        thousands=form.thousands,
        decimal=form.decimal,
        currency=tuple(form.currency),
        totals=tuple(form.totals),
        sheet=form.sheet,
        path=form.path,
    )


def _consistent(spec: SourceSpec, document: Document, path: Steps, complaints: Complaints) -> None:
    """Complain about keys that contradict each other."""
    if spec.until and spec.through:
        complaints.say(
            document.key_place((*path, "through")),
            "a row ends 'until' a moment or 'through' a day, not both",
            "bad-value",
            "Keep one of the two.",
        )
    if spec.latest_by and not spec.key:
        complaints.say(
            document.key_place((*path, "latest_by")),
            "'latest_by' needs a 'key': versions of what?",
            "missing-key",
            "Add 'key: ...'.",
        )
    for name in spec.derive:
        if name in spec.columns:
            complaints.say(
                document.key_place((*path, "derive", name)),
                f"'{name}' is a column of the data already",
                "duplicate-name",
                "Give the derived column another name.",
            )


def _refers(
    spec: SourceSpec, document: Document, path: Steps, declared: Collection[str], complaints: Complaints
) -> dict[str, Reference]:
    found = {}
    for column, value in spec.refers.items():
        here = (*path, "refers", column)
        refer = check(
            specs.ReferSpec, document, here, {"source": value} if isinstance(value, str) else value, complaints
        )
        if refer is None:
            continue
        place = document.place((*here, "source") if document.has((*here, "source")) else here)
        if refer.source not in declared:
            complaints.say(
                place,
                f"there is no source '{refer.source}'",
                "unknown-name",
                values.near(refer.source, declared) or f"The sources are {', '.join(sorted(declared))}.",
            )
            continue
        found[column] = Reference(column, refer.source, refer.optional, refer.tolerate, place)
    return found


def _derive(spec: SourceSpec, document: Document, path: Steps, complaints: Complaints) -> dict[str, Expression]:
    found = {}
    for name, text in spec.derive.items():
        here = (*path, "derive", name)
        try:
            values.name(name)
        except Wrong as wrong:
            complaints.say(document.key_place(here), wrong.message, wrong.slug, wrong.remedy)
        if _told(document, here, complaints, expression.parse, text):
            found[name] = document.expression(here, text)
    return found


def _exclude(
    spec: SourceSpec, time: str | None, document: Document, path: Steps, complaints: Complaints
) -> tuple[Exclusion, ...]:
    found = []
    for n, value in enumerate(spec.exclude):
        here = (*path, "exclude", n)
        exclusion = check(specs.ExcludeSpec, document, here, value, complaints)
        if exclusion is None:
            continue
        first, through = exclusion.from_, exclusion.through
        if first and through and through < first:
            complaints.say(document.place((*here, "through")), "'through' is before 'from'", "bad-date")
        if (first or through) and not time:
            message = "'from' and 'through' date rows by the source's 'time', and it has none"
            complaints.say(document.place(here), message, "missing-key", "Add 'time: column' to the source.")
        if _told(document, (*here, "where"), complaints, expression.parse, exclusion.where):
            where = document.expression((*here, "where"), exclusion.where)
            found.append(Exclusion(where, exclusion.why, first, through, exclusion.link))
    return tuple(found)


def _places(document: Document, path: Steps) -> dict[str, Place]:
    """Where the parts of a source stand that a later room may complain about: "time", "derive.usd", "refers.hub"."""
    found = {}
    for option in ("key", "latest_by", "time", "until", "through", "known_on", "times_in", "people", "read", "columns"):
        if document.has((*path, option)):
            found[option] = document.place((*path, option))
    for group in ("columns", "derive", "refers", "exclude"):
        for name in document.names((*path, group)):
            found[f"{group}.{name}"] = document.place((*path, group, name))
    return found


# -- small steps ---------------------------------------------------------------------------------------------------


def _told(document: Document, path: Steps, complaints: Complaints, vet: Callable[..., object], *what: str) -> bool:
    """Call `vet` with `what`; False after telling what it found wrong."""
    try:
        vet(*what)
    except Wrong as wrong:
        complaints.wrong(document, path, wrong)
        return False
    return True


def _own(
    source: Source, column: str, columns: Columns, document: Document, path: Steps, complaints: Complaints
) -> None:
    """Complain if a source that declares its columns has not got this one itself."""
    known = [*source.columns, *source.derive]
    if not source.columns or column in known:
        return
    place = document.key_place(path) if "refers" in path else document.place(path)
    complaints.say(
        place,
        f"{source.name} declares no column '{column}'",
        "unknown-column",
        values.near(column, known) or f"Its columns are {', '.join(known)}.",
    )


def _no_circle(source: Source, document: Document, path: Steps, complaints: Complaints) -> None:
    """Complain about derived columns that are made of each other."""
    made_of: dict[str, list[str]] = {
        name: [m.path[0] for m in expression.mentions(expression.parse(text.text)) if len(m.path) == 1]
        for name, text in source.derive.items()
        if name not in source.columns  # said already
    }
    if drawn := circle(made_of):
        complaints.say(
            document.key_place((*path, "derive", drawn[0])),
            f"derived columns are made of each other: {' -> '.join(drawn)}",
            "bad-expression",
            "A derived column that is named like a column of the data needs another name.",
        )
