"""What was drawn of the newest state, kept until that changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from headway.publish.asked import normal
from headway.publish.html import Document, Pages
from headway.publish.view import View
from headway.publish.writing import Writing
from headway.serve.edits import Edits

#: So many documents are kept, and so many bytes: the twin of a KPI by the hour alone may have millions.
KEPT, SIZE = 1024, 256 * 1024**2


class Drawn:
    """What has been drawn of the newest state: thrown away when a run, the catalogue or the hour changes it."""

    def __init__(
        self, open_view: Callable[[], View], edits: Edits | None = None, keep: int = KEPT, size: int = SIZE
    ) -> None:
        self._open_view = open_view
        self._edits = edits
        self._keep, self._room = keep, size
        self._size = 0
        self._lock = Lock()
        self._pages: Pages | None = None
        self._documents: OrderedDict[tuple[str, str], Document] = OrderedDict()

    def __len__(self) -> int:
        return len(self._documents)

    def state(self) -> tuple[View, Writing | None]:
        """The newest state, and what is to be said of a catalogue that somebody writes."""
        view = self._open_view()
        return view, self._edits.writing(view) if self._edits else None

    def get(self, path: str, query: str = "") -> tuple[Pages, Document | None]:
        """The document at a path of the newest state. One request draws at a time, as the library does.

        What queries ask for is without number: of all that is drawn, what nobody asked for longest is thrown away.
        """
        asks = normal(query) if path.startswith("kpi/") else query if path.startswith("kpis.") else ""
        key = path, asks
        view, writing = self.state()
        with self._lock:
            if self._pages is None or (self._pages.view.version, self._pages.writing) != (view.version, writing):
                self._pages = Pages(view, writing, served=True)
                self._documents.clear()
                self._size = 0
            document = self._documents.get(key)
            if document is None:
                document = self._pages.get(*key)
                if document is None or document.status != 200:
                    # Addresses that lead nowhere are without number: they are not kept.
                    return self._pages, document
                self._documents[key] = document
                self._size += len(document.content)
                while len(self._documents) > 1 and (len(self._documents) > self._keep or self._size > self._room):
                    self._size -= len(self._documents.popitem(last=False)[1].content)
            self._documents.move_to_end(key)
            return self._pages, document
