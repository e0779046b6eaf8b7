"""Sends editions: each once to each of its routes, tried again as the messages of alerts are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from headway import __version__, notify
from headway.alerts.due import GIVES_UP
from headway.alerts.episodes import pause
from headway.errors import DeliveryError
from headway.ledger import Editions, Ledger, Run
from headway.model import Catalog, Edition, EditionState, Message, Posting, PostingState

#: What becomes a file of a mail.
_FILES = (".pdf", ".html")


def send(catalog: Catalog, ledger: Ledger, now: datetime, environ: Mapping[str, str]) -> tuple[Posting, ...]:
    """Hand every edition that was built to the routes that did not take it yet; what came of it."""
    known = ledger.editions()
    tried: dict[tuple[tuple[str, str, str], str], list[Posting]] = defaultdict(list)
    for one in known.postings:
        tried[one.key, one.route].append(one)
    found: list[Posting] = []
    down: set[str] = set()
    for edition, route in _open(catalog, known):
        before = tried[edition.key, route]
        if before and before[-1].state is PostingState.BEGUN:
            why = "a process ended while it was sent, so it may have arrived: it is not sent again"
            found.append(_kept(ledger, now, edition, route, PostingState.UNSURE, why))
        elif route not in down and _may_try(before, now):
            found.append(_sent(catalog, ledger, now, environ, edition, route))
            if found[-1].error:
                down.add(route)
    return tuple(found)


def _open(catalog: Catalog, known: Editions) -> Iterator[tuple[Edition, str]]:
    """Editions that were built, each with the routes of its report."""
    for edition in known.editions:
        report = catalog.reports.get(edition.report)
        if edition.state is EditionState.BUILT and report is not None:
            for route in report.to:
                yield edition, route


def _may_try(before: Sequence[Posting], now: datetime) -> bool:
    """True if it was not sent, and enough time passed since it failed; after seven days nobody tries any more."""
    failed = [one.at for one in before if one.state is PostingState.FAILED]
    if any(one.state in (PostingState.SENT, PostingState.UNSURE) for one in before):
        return False
    if not failed or max(failed) > now:
        return True
    return now < min(failed) + GIVES_UP and now >= max(failed) + pause(len(failed))


def _sent(
    catalog: Catalog, ledger: Ledger, now: datetime, environ: Mapping[str, str], edition: Edition, route: str
) -> Posting:
    """Record that it begins, hand it over, record what came of it."""
    try:
        told = message(catalog, edition)
    except OSError:
        why = f"its files are gone from {edition.folder}"
        return _kept(ledger, now, edition, route, PostingState.FAILED, why)
    _kept(ledger, now, edition, route, PostingState.BEGUN)
    try:
        notify.send(catalog.routes[route], told, environ)
    except DeliveryError as error:
        return _kept(ledger, now, edition, route, PostingState.FAILED, error.mistakes[0].message)
    return _kept(ledger, now, edition, route, PostingState.SENT)


def _kept(ledger: Ledger, now: datetime, edition: Edition, route: str, state: PostingState, error: str = "") -> Posting:
    one = Posting(*edition.key, route, now, state, error)
    run = Run(now, now, "", state="delivery", version=__version__)
    ledger.record_editions(run, Editions(postings=(one,)))
    return one


def message(catalog: Catalog, edition: Edition) -> Message:
    """What a route is handed, made of the files of an edition; OSError if they are gone."""
    folder = catalog.root / edition.folder
    mail = folder / "mail"
    lines = (mail / "lines.txt").read_text("utf-8").splitlines()
    link = [catalog.site_url] if catalog.site_url else []
    return Message(
        edition.subject,
        "\n".join([*lines, *link]) + "\n",
        (mail / "mail.html").read_text("utf-8"),
        pictures=_read(path for path in sorted(mail.glob("*.png"))),
        files=_read(path for path in sorted(folder.iterdir()) if path.suffix in _FILES),
    )


def _read(paths: Iterator[Path]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths}
