"""Write the pages as a folder of files that works from any address and from disk (`headway build DIR`)."""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headway import __version__, charts
from headway.errors import Mistake, PublishError, UsageError
from headway.periods import Grain
from headway.publish.drawings import Drawings
from headway.publish.earlier import Earlier
from headway.publish.html import Pages, stem
from headway.publish.keys import Keys, code
from headway.publish.view import View

#: The file by which a folder says that it is a build and may be replaced.
MARK = "headway.json"


@dataclass(frozen=True, slots=True)
class Built:
    """What a build wrote: paths relative to the folder, bytes in all, and what it left out as not for these readers.

    `kept` of the files are those of the build before: what they are made of is the same.
    """

    folder: Path
    files: tuple[str, ...]
    size: int
    left_out: tuple[str, ...]
    left_out_boards: tuple[str, ...] = ()
    kept: int = 0


def build(view: View, folder: Path, *, full: bool = False) -> Built:
    """Write the whole site into `folder`, replacing an earlier build at once.

    The new build is written beside the old one and takes its place when it is whole, so that a reader never meets
    half a site and a failure leaves the old one. Files whose contents cannot have changed since are taken over from it,
    unless `full`; what comes out is the same. PublishError `not-writable` if it cannot be written; UsageError
    `folder-not-empty` if the folder holds anything but an earlier build.
    """
    folder = folder.absolute()
    _check(folder)
    with _translated(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            earlier = Earlier.of(folder, view.catalog.root, full=full)
            drawings = Drawings(view.catalog.root, code(), full=full)
            # All pages show one moment of the ledger, though a run ends meanwhile.
            with view.ledger.still(), charts.keeping(drawings):
                files, size, kept = _write(Pages(view), fresh, earlier)
            earlier.note(fresh)
            fresh.chmod(0o755)  # mkdtemp makes folders for one reader; a web server is another
            _swap(fresh, folder)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        earlier.keep()
        drawings.tidy()
    return Built(folder, tuple(files), size, view.left_out, view.boards.left_out, kept)


def _write(pages: Pages, folder: Path, earlier: Earlier) -> tuple[list[str], int, int]:
    files: list[str] = []
    size = kept = 0
    keys = Keys(pages)

    def drawn(name: str, grain: Grain) -> bool:
        path = stem(name, grain, pages.view.catalog.kpis[name].front)
        had = earlier.had(f"{path}.svg", f"{path}.html", str(keys.of(f"{path}.html")))
        return pages.view.kpis.drawn(name, grain) if had is None else had

    made: set[Path] = set()
    for path in pages.paths(drawn):
        target = folder / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        files.append(path)
        key = keys.of(path)
        if key is not None and (taken := earlier.take(path, key, target)) is not None:
            size += taken
            kept += 1
            continue
        document = pages.get(path)
        assert document is not None, f"a path that leads nowhere: {path}"
        target.write_bytes(document.content)
        size += len(document.content)
    stamp = pages.view.stamp
    mark = {"made_by": f"Headway {__version__}", "project": stamp.project, "audience": stamp.audience, "run": stamp.run}
    (folder / MARK).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")
    return files, size, kept


def _check(folder: Path) -> None:
    """Refuse a folder that somebody else filled: an earlier build is deleted without asking, nothing else is."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(Mistake(f"{folder} is a file", "folder-not-empty", None, "Name a folder."))
    with _translated(folder):
        empty = not any(folder.iterdir())
    if not empty and not (folder / MARK).is_file():
        raise UsageError(
            Mistake(
                f"{folder} is not empty, and is no earlier build",
                "folder-not-empty",
                None,
                "Name a new folder, or an empty one.",
            )
        )


def _swap(fresh: Path, folder: Path) -> None:
    """Put the new build in place of the old one; two renames, and back again if the second fails."""
    if not folder.exists():
        fresh.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent)) / folder.name
    folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    finally:
        shutil.rmtree(old.parent, ignore_errors=True)


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else (error.strerror or str(error)).lower()
        remedy = "Free some space and build again." if full else "Choose a folder that you may write to."
        raise PublishError(Mistake(f"{folder} cannot be written: {why}", "not-writable", None, remedy)) from error
