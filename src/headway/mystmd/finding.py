"""Which document asks, and which snapshot it reads. mystmd does not say: it passes a line, not a file.

So documents of the project are looked at for what is asked on that line, and for those that include it. A document that
is pinned to an edition reads that one. If several documents could be meant and read different snapshots, nothing is
guessed: it is an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headway.errors import Mistake, Place, UsageError
from headway.reports.snapshot import edition_of

#: Names the snapshot of a build, whatever documents say.
VARIABLE = "HEADWAY_SNAPSHOT"
_FILE = "snapshot.json"
#: Folders whose documents are somebody else's, or made.
_APART = ("_build", "node_modules")
_MATTER = re.compile(r"\s*---[ \t]*\n(.*?\n)---[ \t]*(?:\n|$)", re.DOTALL)
#: What the front matter says to us, on its line or on those below that are indented.
_OWN = re.compile(r"""^["']?headway["']?[ \t]*:(.*(?:\n(?:[ \t].*)?)*)""", re.MULTILINE)
_READERS = re.compile(r"""\baudience["']?\s*:\s*["']?(public|internal|restricted)\b""")
_EDITION = re.compile(r"""\bedition["']?\s*:\s*["']?([^\s"',}]+)""")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks: the folder of the project, the documents that it could be, the line, and the snapshot they read."""

    folder: Path
    documents: tuple[Path, ...]
    line: int
    snapshot: Path

    @property
    def place(self) -> Place | None:
        """Where it stands, if that is known."""
        return Place(self.name(self.documents[0]), self.line) if len(self.documents) == 1 and self.line else None

    def name(self, document: Path) -> str:
        """A document as mystmd writes it."""
        return str(document.relative_to(self.folder))


def find(data: Mapping[str, Any], here: Path, environment: Mapping[str, str]) -> Asked:
    """Who asks; UsageError `two-snapshots` if that cannot be told and makes a difference."""
    folder = next((one for one in (here, *here.parents) if (one / "myst.yml").exists()), here)
    first, last = ((data["node"].get("position") or {}).get(end, {}).get("line", 0) for end in ("start", "end"))
    documents = tuple(_asking(data, folder, first, last))
    if named := environment.get(VARIABLE):
        return Asked(folder, documents, first, here / named)
    read = {_snapshot(document, folder): document for document in documents} or {folder / _FILE: folder}
    if len(read) > 1:
        names = " and ".join(str(one.relative_to(folder)) for one in list(read.values())[:2])
        message = f"{names} say the same on line {first} and read different snapshots; mystmd does not tell them apart"
        remedy = f"Name the one to read: {VARIABLE}=editions/2026-q3.json"
        raise UsageError(Mistake(message, "two-snapshots", None, remedy))
    return Asked(folder, documents, first, next(iter(read)))


def _asking(data: Mapping[str, Any], folder: Path, first: int, last: int) -> list[Path]:
    """Documents with what is asked on its lines, else anywhere, else written otherwise; and whatever includes them."""
    name, role = data["name"], data["node"]["type"] == "mystRole"
    asked = _spaced(f"{{{name}}}`{data['body']}`" if role else f"{{{name}}} {data.get('arg') or ''}")
    every = ((path, path.read_text("utf-8", errors="replace")) for path in _documents(folder))
    texts = {path: text for path, text in every if f"{{{name}}}" in text or "{include}" in text}
    naming = [path for path, text in texts.items() if f"{{{name}}}" in text]
    anywhere = [path for path in naming if asked in _spaced(texts[path])]
    lines = slice(first - 1, max(first, last)) if first else slice(0)
    there = [path for path in anywhere if asked in _spaced("\n".join(texts[path].splitlines()[lines]))]
    found = there or anywhere or naming
    for one in found:  # which grows
        including = re.compile(rf"\{{include\}}`*\s*\S*{re.escape(one.name)}")
        found += [path for path, text in texts.items() if path not in found and including.search(text)]
    return found


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _documents(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in _APART and not one.startswith("."))
        yield from (Path(at, file) for file in sorted(files) if file.endswith(".md"))


def _snapshot(document: Path, folder: Path) -> Path:
    """The edition that a document is pinned to, or the nearest snapshot from its folder up."""
    if edition := _pinned(document):
        return edition_of(document, edition)
    above = [document.parent, *document.parent.parents]
    within = above[: above.index(folder) + 1]
    return next((one / _FILE for one in within if (one / _FILE).exists()), folder / _FILE)


def _pinned(document: Path) -> str:
    """The edition that the front matter names, or ''. It is YAML, but this key is all that is asked of it."""
    said = _said(document)
    found = _EDITION.search(said)
    if found is None and "edition" in said:
        message = f"the edition in the front matter of {document.name} cannot be read"
        raise UsageError(Mistake(message, "bad-value", None, "Write it as headway: {edition: 2026-q3}"))
    return found[1] if found else ""


def readers(document: Path) -> str:
    """Whom the front matter says that the document is for; public, if it is pinned and says nothing, else ''."""
    found = _READERS.search(_said(document))
    return found[1] if found else "public" if _pinned(document) else ""


def _said(document: Path) -> str:
    """What the front matter says to us."""
    matter = _MATTER.match(document.read_text("utf-8", errors="replace"))
    own = _OWN.search(matter[1]) if matter else None
    return re.sub(r"(^|\s)#.*", "", own[1]) if own else ""
