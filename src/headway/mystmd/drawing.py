"""Charts as files that mystmd finds: an SVG for pages, and beside it a PDF for LaTeX, which knows no SVG.

Both are named by what is drawn and are made once. The PDF is drawn by a process of its own, so that the plugin stays
with the standard library.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from zlib import crc32

from headway.errors import Mistake, PublishError
from headway.mystmd.finding import Asked
from headway.reports.records import Figure

#: Where mystmd keeps what it makes.
FOLDER = Path("_build", "headway")
_DRAW = """
import sys, vl_convert
source, target = sys.argv[1:]
drawn = vl_convert.svg_to_pdf(open(source, encoding="utf-8").read())
open(target, "wb").write(drawn)
"""


def picture(told: Figure, asking: Asked) -> str:
    """The address of a drawing in the document that asks. Each export takes the file that it can show."""
    name = f"{'-'.join(told.kpis)}-{crc32(told.svg.encode()):08x}"
    svg = asking.folder / FOLDER / f"{name}.svg"
    pdf = svg.with_suffix(".pdf")
    if not pdf.exists():
        try:
            _draw(told.svg, svg, pdf)
        except OSError as error:
            message = f"{svg.parent} cannot be written: {(error.strerror or str(error)).lower()}"
            remedy = "Drawings are kept there for mystmd; let it be written to."
            raise PublishError(Mistake(message, "not-writable", None, remedy)) from None
    folders = {document.parent for document in asking.documents}
    if len(folders) == 1:
        return Path(os.path.relpath(svg, folders.pop())).with_suffix(".*").as_posix()
    return f"/{svg.relative_to(asking.folder).as_posix()}"


def _draw(text: str, svg: Path, pdf: Path) -> None:
    svg.parent.mkdir(parents=True, exist_ok=True)
    svg.write_text(text, "utf-8")
    made = pdf.with_suffix(f".{os.getpid()}")
    # not by subprocess, whose import costs each call more than all else that is done here
    if os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", _DRAW, str(svg), str(made)]) == 0:  # noqa: S606  # of ours
        made.replace(pdf)  # whole, or not there
