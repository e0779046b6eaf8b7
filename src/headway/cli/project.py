"""What commands share of a project: its catalogue, its ledger, a reader's view, and moments and periods as typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from headway.errors import Mistake, UsageError

if TYPE_CHECKING:
    from headway.ledger import Ledger
    from headway.model import Audience, Catalog, Load
    from headway.publish.view import View


def catalog_at(project: Path) -> Catalog:
    """The catalogue of the project that `project` lies in."""
    from headway import catalog

    return catalog.load(root_of(project))


def root_of(project: Path) -> Path:
    """The folder of the project that `project` lies in."""
    from headway import catalog

    if not project.exists():
        remedy = "Name the folder of a project, or leave --project out inside one."
        raise UsageError(Mistake(f"there is no folder {project}", "not-a-project", None, remedy))
    return catalog.find(project)


@contextmanager
def ledger_of(catalog: Catalog, *, create: bool) -> Iterator[Ledger]:
    """The ledger of a project, closed at the end."""
    from headway.ledger import Ledger

    with Ledger.open(place_of(catalog), create=create) as ledger:
        yield ledger


def place_of(catalog: Catalog) -> Path | str:
    """Where the ledger of a project is: its file, or an address."""
    return catalog.ledger if "://" in catalog.ledger else catalog.root / catalog.ledger


@contextmanager
def view_of(project: Path, audience: Audience | None = None, as_of: str | None = None) -> Iterator[View]:
    """What a reader sees, all of one moment; on one's own terminal everything."""
    from headway.model import Audience
    from headway.publish import past, view

    catalog = catalog_at(project)
    audience = audience or Audience.RESTRICTED
    with ledger_of(catalog, create=False) as ledger, ledger.still():
        now = now_of(None)
        if (then := when(as_of, catalog, now)) is None:
            yield view.open(ledger, catalog, audience, now)
        else:
            yield past.open(ledger, catalog, audience, then)


def when(text: str | None, catalog: Catalog, now: datetime) -> datetime | int | None:
    """A time of the past as typed: a day (its end), a moment, both local unless they name a zone, or a run's number.

    None for `now`, and where nothing was typed. What is yet to come is as now.
    """
    if text is None or text.strip() == "now":
        return None
    if found := re.fullmatch(r"(?:run |#)?\s*([0-9]{1,7})", text.strip()):
        return int(found[1])
    try:
        made = datetime.fromisoformat(text.strip())
    except ValueError:
        remedy = (
            "Write a day such as 2026-01-31, which is its end, a moment such as 2026-01-31T06:00, or a run's number."
        )
        raise UsageError(Mistake(f"'{text}' is no time and no run", "bad-date", None, remedy)) from None
    if len(text.strip()) <= len("2026-01-31"):
        made += timedelta(days=1)
    # `now` is a whole second, and a moment within that second is none to come: a run that just ended was by then.
    return min(made if made.tzinfo else made.replace(tzinfo=catalog.calendar.tz), now.replace(microsecond=999_999))


def notes(loads: Iterable[Load]) -> None:
    """What somebody who trusts the numbers should know of the rows: failed checks, new columns, shallow clones."""
    for load in loads:
        for note in load.notes:
            typer.echo(f"Source {load.source}: {note.rstrip('.')}.", err=True)


def notes_of_kpis(notes: Mapping[str, str]) -> None:
    """Print sentences about KPIs."""
    for name, note in notes.items():
        typer.echo(f"KPI {name}: {note}.", err=True)


def now_of(text: str | None) -> datetime:
    """The moment to compute for: the clock's, unless told."""
    return moment(text) if text else datetime.now(UTC).replace(microsecond=0)


def moment(text: str) -> datetime:
    """An ISO moment; without a zone it is UTC."""
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            Mistake(f"'{text}' is no moment", "bad-date", None, "Write it like 2026-01-31T06:00Z.")
        ) from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def cell_of(texts: Iterable[str] | None) -> tuple[tuple[str, str], ...]:
    """A cell as typed, `hub=a` for each of its columns."""
    found = []
    for text in texts or ():
        column, equals, value = text.partition("=")
        if not equals or not column or not value:
            remedy = "As in --for hub=a."
            raise UsageError(Mistake(f"a cell is written column=value, not '{text}'", "unknown-option", None, remedy))
        found.append((column.strip(), value.strip()))
    return tuple(found)


def grain_of(text: str | None) -> Any:
    """A grain as typed, or None."""
    from headway.periods import Grain

    if text is None or text in list(Grain):
        return text and Grain(text)
    raise UsageError(Mistake(f"grain must be one of {', '.join(Grain)}, not '{text}'", "unknown-grain", None, None))


def period_of(catalog: Catalog, text: str | None) -> Any:
    """A period as typed, or None."""
    if text is None:
        return None
    try:
        return catalog.calendar.parse(text)
    except ValueError:
        raise UsageError(
            Mistake(
                f"'{text}' is no period",
                "bad-period",
                None,
                "Write it like 2026-01-31, 2026-W05, 2026-01, 2026-Q1 or 2026.",
            )
        ) from None
