"""What is said of a source that was found, and still cannot be read to its end, or cannot be believed."""

from __future__ import annotations

from headway.errors import Mistake, SourceError
from headway.formats import plurals
from headway.model import Load, Source


def too_slow(source: Source, seconds: int) -> SourceError:
    """Reading and checking it took too long."""
    said = f"reading and checking it took longer than its time limit, {clock(seconds)}"
    remedy = "Find out what it waits for, or give it more time: 'time_limit: 1 hour' there, or in headway.yml for all."
    return _error(source, said, "source-too-slow", remedy)


def unexpected(source: Source, error: Exception) -> SourceError:
    """What no reader reckoned with; it must not stop the other sources."""
    # What the system says of a file names the place where it lies, which may be an address that nobody is shown.
    why = (error.strerror or "").lower() if isinstance(error, OSError) and error.errno else str(error)
    said = f"it cannot be read: {why or type(error).__name__}"
    return _error(source, said, "broken-file", "Find out what is wrong with it; the others are computed all the same.")


def changed(source: Source, file: str) -> SourceError:
    """A file of it is not what it was when reading began."""
    remedy = "Run again; and let what writes it write elsewhere, and move the file here when it is whole."
    return _error(source, f"{file} changed while it was read", "file-changed", remedy)


def emptied(source: Source, before: Load | None, rows: int, *, dated: bool, excluded: bool) -> SourceError | None:
    """An error if it lost all its rows since it was last read: then every number of it would go.

    `dated` says that a row is dated up to now, `excluded` that the catalogue takes rows out.
    """
    if before is None or source.may_be_empty:
        return None
    if before.rows and not rows:
        lost = "it has no rows any more"
    elif before.newest and not dated and not excluded:
        lost = f"no row of it has a '{source.time}' up to now any more"
    else:
        return None
    said = f"{lost}; there were {plurals.whole(before.rows)} when it was last read"
    remedy = "Bring its rows back; or, if it may be empty, write 'may_be_empty: true' there."
    return _error(source, said, "source-emptied", remedy)


def clock(seconds: int) -> str:
    """A time limit as people write it."""
    count, unit = next((seconds // size, unit) for size, unit in _CLOCK if seconds % size == 0)
    return plurals.count(count, unit)


_CLOCK = ((3600, "hour"), (60, "minute"), (1, "second"))


def _error(source: Source, said: str, slug: str, remedy: str) -> SourceError:
    place = source.places.get("read", source.place)
    return SourceError(Mistake(f"source {source.name}: {said}", slug, place, remedy))
