"""The catalogue of a project as its files are now: what lives longer than a command reads it again when one changes."""

from __future__ import annotations

from headway.catalog.loading import files, load
from headway.errors import CatalogError, Mistake
from headway.model import Catalog


class Current:
    """A catalogue that follows its files. Files that did not change are looked at, and never read again."""

    def __init__(self, catalog: Catalog) -> None:
        #: As it was when its files could be read last.
        self.catalog = catalog
        #: How often its files have changed since.
        self.changes = 0
        self._seen = self._look()
        self._wrong: tuple[Mistake, ...] = ()

    def read(self) -> Catalog:
        """The catalogue now. CatalogError while its files are wrong; `catalog` stays as it was."""
        seen = self._look()
        if seen != self._seen:
            try:
                self.catalog, self._wrong = load(self.catalog.root), ()
            except CatalogError as error:
                self._wrong = error.mistakes
            self._seen = seen
            self.changes += 1
        if self._wrong:
            raise CatalogError(self._wrong)
        return self.catalog

    def _look(self) -> dict[str, tuple[int, int]]:
        """When each file was written last, and how large it is."""
        root = self.catalog.root
        paths = {*files(root), *(root / name for name in self.catalog.files)}
        found = ((path, path.stat()) for path in paths if path.is_file())
        return {str(path): (stat.st_mtime_ns, stat.st_size) for path, stat in found}
