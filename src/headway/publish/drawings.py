"""Charts as they were drawn before, kept beside the ledger by what they were drawn from.

Only what a chart is drawn from can change its drawing: a page whose title changed, or that another release of a page's
text makes anew, shows the same one.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

#: Below a project's folder, beside what else Headway keeps there.
FOLDER = Path(".headway", "drawn")
#: So many are kept; of more, those that no build asked for longest go.
MOST = 4000


class Drawings:
    """The drawings of a project. `maker` is what makes them: another release draws anew. With `full`, all are."""

    def __init__(self, root: Path, maker: str, *, full: bool = False) -> None:
        self._folder = root / FOLDER
        self._maker = maker
        self._full = full
        self._added = False

    def get(self, written: str) -> str | None:
        """The drawing of a specification, or None."""
        file = self._file(written)
        with suppress(OSError, ValueError):
            if not self._full:
                known = file.read_text("utf-8")
                os.utime(file)
                return known
        return None

    def put(self, written: str, drawn: str) -> None:
        """Keep the drawing of a specification; whole, or not at all: another build may read it meanwhile."""
        self._added = True
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._folder, delete=False) as file:
                file.write(drawn)
            Path(file.name).replace(self._file(written))

    def tidy(self) -> None:
        """Let go of what nobody asked for longest."""
        if not self._added:
            return
        with suppress(OSError):
            files = sorted(self._folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
            for file in files[: max(0, len(files) - MOST)]:
                file.unlink(missing_ok=True)

    def _file(self, written: str) -> Path:
        name = blake2b(f"{self._maker}\n{written}".encode(), digest_size=16).hexdigest()
        return self._folder / f"{name}.svg"
