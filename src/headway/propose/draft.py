"""Writes down what was chosen, as the YAML that a person goes on with: each choice beside its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from headway.catalog import schema
from headway.model import Format
from headway.periods import Grain
from headway.propose.choose import Choices
from headway.propose.look import Column, named

#: Words that YAML takes for something else than a text.
_NO_TEXT = ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "~")
#: How an example of a target looks, which is better than none and worse than a real one.
_TARGET = "# targets: [{at_least: 1000, from: 2026-01-01}]   # how good is good enough? Then take off the '#'."


def write(project: str, chosen: Sequence[tuple[Choices, Sequence[str]]], copied: bool) -> str:
    """The text of headway.yml for some tables, each with the patterns of its files."""
    origin = ", ".join(_origin(choices, patterns) for choices, patterns in chosen)
    lines = [
        schema.modeline("headway.yml").rstrip(),
        f"# Written by 'headway init', from {origin}. It is a first guess, made to be read and changed.",
        f"project: {project}",
        "timezone: UTC                # where days and months begin: Europe/Berlin, America/New_York ...",
        "audience: internal           # who sees the numbers: 'public' puts them on pages for everybody",
        "",
        "sources:",
    ]
    used: set[str] = set()
    for choices, patterns in chosen:
        lines += _indented(_source(choices, patterns, copied), 2)
    lines += ["", "kpis:"]
    for n, (choices, _) in enumerate(chosen):
        lines += _indented(_kpis(choices, used, is_first=not n), 2)
    return "\n".join(lines) + "\n"


def _indented(lines: Iterator[str], by: int) -> list[str]:
    return [f"{' ' * by}{line}" if line else "" for line in lines]


# -- sources -----------------------------------------------------------------------------------------------------------


def _source(choices: Choices, patterns: Sequence[str], copied: bool) -> Iterator[str]:
    seen, why = choices.seen, choices.why
    yield f"{seen.name}:"
    if copied:
        yield (
            "  # A copy of your file: put each new export in its place."
            if len(seen.files) == 1
            else ("  # Copies of your files: put new ones beside them.")
        )
    form = _format(seen.form)
    files = _listed(patterns)
    if form:
        yield "  read:"
        yield f"    files: {files}"
        yield f"    format: {form}"
        if other := [sheet for sheet in seen.sheets if sheet != seen.form.sheet]:
            yield f"    # The other sheets with rows: {', '.join(other)}."
    else:
        yield f"  read: {{files: {files}}}"
    yield f"  time: {_scalar(_column(choices.time))}{_because(why, 'time')}"
    if choices.key:
        yield f"  key: {_scalar(_column(choices.key))}{_because(why, 'key')}"
    if choices.people:
        yield f"  people: {_listed([_column(column) for column in choices.people])}{_because(why, 'people')}"
    if dotted := [column for column in _used(choices) if "." in column.name]:
        yield "  # A name with a dot would lead to another source."
        yield "  derive:"
        for column in dotted:
            quoted = '"' + column.name.replace('"', '""') + '"'
            yield f"    {_column(column)}: {_scalar(quoted)}"


def _origin(choices: Choices, patterns: Sequence[str]) -> str:
    return choices.seen.files[0].name if len(choices.seen.files) == 1 else ", ".join(patterns)


def _listed(texts: Sequence[str]) -> str:
    """One text, or a list of them."""
    written = [_scalar(text) for text in texts]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _used(choices: Choices) -> list[Column]:
    """The columns that the catalogue names."""
    found = (choices.time, choices.key, *choices.people, choices.amount, choices.by)
    return [column for column in found if column]


def _because(why: Mapping[str, str], key: str) -> str:
    return f"   # {why[key]}" if key in why else ""


def _format(form: Format) -> str:
    """What the format says, as a map in one line; '' if it says nothing."""
    given = {one.name: value for one in fields(form) if (value := getattr(form, one.name)) not in (None, ())}
    parts = [
        f"{key}: {json.dumps(list(v) if isinstance(v, tuple) else v, ensure_ascii=False)}" for key, v in given.items()
    ]
    return "{" + ", ".join(parts) + "}" if parts else ""


# -- KPIs --------------------------------------------------------------------------------------------------------------


def _kpis(choices: Choices, used: set[str], *, is_first: bool) -> Iterator[str]:
    seen, why, amount = choices.seen, choices.why, choices.amount
    grain = "" if choices.grain is Grain.DAY else choices.grain.value
    rank = "headline" if is_first else "primary"
    count = _free(seen.name, used)
    if amount is not None:
        if "amount" in why:
            yield f"# {why['amount']}"
        name = _free(named(_without_unit(amount.name)) or "amount", used)
        yield f"{name}:"
        yield from _titled(name, amount.name)
        yield f"  rank: {rank}                # on the front page" if is_first else f"  rank: {rank}"
        kind = "sum" if choices.adds_up else "mean"
        yield f"  {kind}: {_scalar(f'{seen.name}.{_column(amount)}')}"
        yield from _common(choices, grain, choices.unit)
        if choices.adds_up:
            yield f"  {_TARGET}"
        yield ""
    yield f"{count}:"
    yield "  about: How many rows there are." if count != "rows" else "  about: How many there are."
    if amount is None:
        yield f"  rank: {rank}"
    yield f"  count: {seen.name}"
    yield from _common(choices, grain, "")
    if choices.people:
        yield ""
        name = _free("people", used)
        yield f"{name}:"
        yield f"  about: How many different people, by {choices.people[0].name}. A cell of fewer than five is withheld."
        yield f"  distinct: {_scalar(f'{seen.name}.{_column(choices.people[0])}')}"
        yield from _common(choices, grain, "people")


def _titled(name: str, column: str) -> Iterator[str]:
    title = _without_unit(column).replace("_", " ")
    if named(title) != title.lower().replace(" ", "_") and named(title) == name:
        yield f"  title: {_scalar(title[:1].upper() + title[1:])}"


def _without_unit(column: str) -> str:
    """The name of a column without the currency at its end, if there is more: `Amount (EUR)` -> `Amount`."""
    return re.sub(r"\s*[(\[]?(€|\$|£|\b(EUR|USD|GBP|CHF))[)\]]?\s*$", "", column).strip() or column


def _common(choices: Choices, grain: str, unit: str) -> Iterator[str]:
    if choices.by:
        yield f"  by: [{_scalar(_column(choices.by))}]{_because(choices.why, 'by')}"
    if grain:
        more = _because(choices.why, "grain") or "   # and every longer period"
        yield f"  grain: {grain}{more}"
    if unit:
        yield f"  unit: {unit}"


def _column(column: Column) -> str:
    """How a KPI calls a column: by its own name, or by the one that is derived."""
    return f"the_{named(column.name)}" if "." in column.name else column.name


def _free(name: str, used: set[str]) -> str:
    """A name that no KPI has yet."""
    found, n = name, 2
    while found in used:
        found, n = f"{name}_{n}", n + 1
    used.add(found)
    return found


def _scalar(text: str) -> str:
    """A text as YAML, in quotes where it needs them."""
    plain = re.fullmatch(r"[^\W\d_]([\w ()€$£/.*%+-]*[\w()€$£*%+])?", text) and text.lower() not in _NO_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)
