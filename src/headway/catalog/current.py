"""The catalogue of a project as its files are now: what lives longer than a command reads it again when one changes."""

from __future__ import annotations

from headway.catalog.loading import files, load
from headway.model import Catalog


class Current:
    """A catalogue that follows its files."""

    def __init__(self, catalog: Catalog) -> None:
        #: As it was when its files could be read last.
        self.catalog = catalog
        self._seen = self._look()

    def read(self) -> Catalog:
        """The catalogue now. CatalogError while its files are wrong; `catalog` stays as it was."""
        seen = self._look()
        if seen != self._seen:
            self.catalog, self._seen = load(self.catalog.root), seen
        return self.catalog

    def _look(self) -> dict[str, tuple[int, int]]:
        """When each file was written last, and how large it is."""
        root = self.catalog.root
        paths = {*files(root), *(root / name for name in self.catalog.files)}
        found = ((path, path.stat()) for path in paths if path.is_file())
        return {str(path): (stat.st_mtime_ns, stat.st_size) for path, stat in found}
