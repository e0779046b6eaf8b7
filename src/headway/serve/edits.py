"""The catalogue while somebody writes it: pages follow its files, and what is wrong in them stands on each page."""

from __future__ import annotations

import hashlib
from threading import Lock

from headway.catalog import Current
from headway.errors import CatalogError, Mistake
from headway.model import Catalog
from headway.publish.view import View
from headway.publish.writing import Writing


class Edits:
    """A catalogue that is being written: the last one that was right, and what is wrong since."""

    def __init__(self, catalog: Catalog) -> None:
        self._current = Current(catalog)
        self._lock = Lock()
        #: What is wrong in the files now.
        self.mistakes: tuple[Mistake, ...] = ()

    def catalog(self) -> Catalog:
        """The catalogue as its files are now; while they are wrong, as they were when they were right last."""
        with self._lock:
            try:
                self._current.read()
            except CatalogError as error:
                self.mistakes = error.mistakes
            else:
                self.mistakes = ()
            return self._current.catalog

    def writing(self, view: View) -> Writing:
        """What a page of `view` says to the one who writes."""
        state = (view.version, self._current.changes, self.mistakes)
        return Writing(hashlib.sha256(repr(state).encode()).hexdigest()[:16], self.mistakes)
