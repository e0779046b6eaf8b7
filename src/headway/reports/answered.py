"""The snapshot that some documents need, once everything that they ask for is there."""

from __future__ import annotations

from collections.abc import Sequence

from headway.errors import Mistake, UsageError
from headway.publish.view import View
from headway.reports import answers, documents, taking
from headway.reports.documents import Document
from headway.reports.snapshot import Snapshot


def take(view: View, some: Sequence[Document]) -> Snapshot:
    """What these documents, all for one cell or none, may say; UsageError with everything that they may not."""
    taken, wrong = tried(view, some)
    if wrong:
        raise UsageError(wrong)
    return taken


def tried(view: View, some: Sequence[Document]) -> tuple[Snapshot, list[Mistake]]:
    """The same, and everything that they may not say."""
    requests = documents.requests(some)
    taken = taking.take(view, requests, some[0].cell)
    wrong: list[Mistake] = []
    for request in requests:
        try:
            answers.answer(request, taken)
        except UsageError as error:
            wrong += error.mistakes
    return taken, wrong
