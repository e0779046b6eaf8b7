"""The script that draws charts again in the page: Vega, from the package that draws them here, written out once.

Putting it together takes two seconds, and it is the same for a version of the package: a project keeps it.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import vl_convert

#: All that a page calls. The package's own names `vega` and `vegaLite` are null in what it puts together.
_CALLED = "window.vegaEmbed = vegaEmbed;"


@lru_cache
def bundle(root: Path) -> bytes:
    """The script, kept in the project's working folder where that can be written."""
    kept = root / ".headway" / f"vega-{version('vl-convert-python')}.js"
    with suppress(OSError):
        return kept.read_bytes()
    made: bytes = vl_convert.javascript_bundle(_CALLED).encode()
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
        # Whole, or not at all: another command may read it meanwhile.
        file.write(made)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(kept)
    return made
