"""Take a ledger elsewhere: a folder of files that are only ever added, which git can merge, and back from there.

    headway-ledger.json                     what this folder is
    catalogues/FINGERPRINT.json             a catalogue, as it was resolved; .files holds what it was read from
    runs/WHEN-UUID/run.json.gz              a run or a decision: its row, definitions, sources, checks ...
    runs/WHEN-UUID/observation.parquet      the numbers that it wrote, under names; verdict.parquet beside it
    state/WHEN-UUID.json.gz                 how far sources were read by that run

A run's folder is written once, by a rename, so it is there as a whole or not at all. Only a state gives way to a newer
one. Importing takes the runs of the folder and those of the ledger together, makes the ledger anew from them
(`rebuild`), and puts that in its place in one transaction.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from headway.errors import LedgerError, Mistake, PublishError, UsageError
from headway.ledger import connect, journal, keep, rebuild, snapshot
from headway.ledger.journal import Catalogue, Journal, State
from headway.ledger.lock import Waiting
from headway.ledger.store import Ledger

#: The form of the files. A later one gets a new number, and reads this one.
FORMAT = 1
_MARK = "headway-ledger.json"


@dataclass(frozen=True, slots=True)
class Moved:
    """What an export or an import brought: how many runs were new, how many there are now, and what was replaced."""

    new: int
    runs: int
    before: Path | None = None


def export(ledger: Ledger, folder: Path) -> Moved:
    """Write the runs that a folder does not have yet. UsageError if it is a folder of something else."""
    try:
        _begin(folder)
        there = set(_runs(folder))
        with ledger.transaction() as connection:
            uuids = journal.Names(connection).runs.values()
            missing = set(uuids) - there
            journals = journal.read(connection, missing)
            found = journal.catalogues(connection, {one.run["fingerprint"] for one in journals})
            standing = journal.state(connection)
        for fingerprint, catalogue in found.items():
            _put(folder / "catalogues" / f"{fingerprint}.json", catalogue.text.encode())
            if catalogue.files is not None:
                _put(folder / "catalogues" / f"{fingerprint}.files", catalogue.files)
        for one in journals:
            _write(folder, one)
        if standing is not None and (missing or not any((folder / "state").glob("*.json.gz"))):
            _stand(folder, standing, set(uuids))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise PublishError(
            Mistake(f"{folder} cannot be written: {why}", "not-writable", None, "Make room, or choose another place.")
        ) from error
    return Moved(len(missing), len(uuids))


def bring(folder: Path, ledger: Path | str, waiting: Waiting = lambda holder: None) -> Moved:
    """Add the runs of a folder to a ledger, which need not exist yet.

    UsageError `not-an-export`, or LedgerError `export-damaged`, which names the file; the ledger is then as it was.
    """
    path = connect.location(ledger)
    runs = _exported(folder)
    if not path.exists():
        with tempfile.TemporaryDirectory(prefix="headway-") as place:
            made = Path(place) / "ledger.db"
            _make(made, _Folder(folder, runs).journals(set()), _Folder(folder, runs).states(), folder)
            with connect.translated(path, 0):
                path.parent.mkdir(parents=True, exist_ok=True)
                snapshot.copy(made, path)
        return Moved(len(runs), len(runs))
    with Ledger.open(path) as here, here.alone(waiting):
        known = here.uuids()
        missing = runs.keys() - known
        if not missing:
            return Moved(0, len(known))
        source = _Folder(folder, runs)
        journals, states = source.journals(known), source.states()
        with here.transaction() as connection:
            own = journal.read(connection)
            standing = journal.state(connection)
            catalogues = journal.catalogues(connection, {one.run["fingerprint"] for one in own})
        with tempfile.TemporaryDirectory(prefix="headway-", dir=path.parent) as place:
            made = Path(place) / "ledger.db"
            _make(made, [*own, *journals], [*states, *([standing] if standing else [])], folder, catalogues)
            before = keep.replace(made, here, "before-import")
        return Moved(len(missing), len(known) + len(missing), before)


def _make(
    path: Path,
    journals: Sequence[Journal],
    states: Sequence[State],
    folder: Path,
    catalogues: Mapping[str, Catalogue] | None = None,
) -> None:
    """A ledger of these runs, in a new file."""
    found = dict(catalogues or {})
    for one in journals:
        fingerprint = str(one.run["fingerprint"])
        known = found.get(fingerprint)
        if known is None or known.files is None:
            found[fingerprint] = _catalogue(folder, fingerprint, known)
    _whole(journals, states, folder)
    with Ledger.open(path) as ledger, ledger.transaction(writing=True) as connection:
        rebuild.rebuild(connection, journals, states, found)


def _whole(journals: Sequence[Journal], states: Sequence[State], folder: Path) -> None:
    """LedgerError unless everything that the runs speak of is there."""
    uuids = {one.uuid for one in journals}
    definitions = {name for one in journals for name in one.definitions}
    restatements = {row["id"] for one in journals for row in one.added.get("restatement", ())}
    for one in journals:
        name = _name(one)
        if one.after is not None and one.after not in uuids:
            raise _damaged(folder / "runs", f"the run before {name} is missing ({one.after})")
        used = {row["definition"] for row in one.added.get("attempt", ())} | _used(one, "definition")
        if lost := used - definitions - {None}:
            raise _damaged(folder / "runs", f"no run says how {name} calculated ({min(lost)})")
        if lost := _used(one, "restatement") - restatements - {None}:
            raise _damaged(folder / "runs", f"no run says why {name} changed numbers ({min(lost)})")
    for state in states:
        if state.order[1] not in uuids:
            raise _damaged(folder / "runs", f"the run of the state {'-'.join(state.order)} is missing")


def _used(one: Journal, name: str) -> set[Any]:
    table = one.logs.get("observation")
    return set() if table is None else set(table[name].unique().to_pylist())


# -- writing files -----------------------------------------------------------------------------------------------------


def _begin(folder: Path) -> None:
    """Make the folder an export, if it is none yet."""
    mark = folder / _MARK
    if mark.exists():
        _mark(folder)
        return
    if folder.is_file() or (folder.exists() and any(not found.name.startswith(".") for found in folder.iterdir())):
        raise UsageError(
            Mistake(
                f"{folder} holds something else than an export",
                "folder-not-empty",
                None,
                "Name a new folder, an empty one, or one that 'headway ledger export' made.",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    _put(mark, json.dumps({"what": "an export of a Headway ledger", "format": FORMAT}, indent=2).encode() + b"\n")


def _name(one: Journal) -> str:
    """The folder of a run: when it ended, and its uuid. No system minds these characters."""
    return f"{one.order[0].replace(':', '')}-{one.uuid}"


def _write(folder: Path, one: Journal) -> None:
    """Write a run's folder, all at once."""
    target = folder / "runs" / _name(one)
    part = folder / "runs" / f".{target.name}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    hashes = {}
    for log, table in one.logs.items():
        file = part / f"{log}.parquet"
        plain = pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema])
        pq.write_table(table.cast(plain), file, compression="zstd", store_schema=False)
        hashes[file.name] = _hash(file.read_bytes())
    told = {
        "run": one.run,
        "after": one.after,
        "definitions": one.definitions,
        "added": one.added,
        "files": hashes,
    }
    (part / "run.json.gz").write_bytes(_packed(told))
    part.rename(target)


def _stand(folder: Path, standing: State, known: set[str]) -> None:
    """Write how things stand, in the place of what this ledger said earlier."""
    place = folder / "state"
    name = f"{standing.order[0].replace(':', '')}-{standing.order[1]}.json.gz"
    _put(place / name, _packed({"order": standing.order, "rows": standing.rows}))
    for old in place.glob("*.json.gz"):
        if old.name != name and old.name.removesuffix(".json.gz").partition("Z-")[2] in known:
            old.unlink()


def _put(file: Path, contents: bytes) -> None:
    """Write a file, all at once, unless it is there: it would be the same."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}")
        part.write_bytes(contents)
        part.replace(file)


def _packed(told: Any) -> bytes:
    """Compressed JSON, the same for the same contents: gzip would add the time of day."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return gzip.compress(text, mtime=0)


def _hash(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


# -- reading files -----------------------------------------------------------------------------------------------------


def _mark(folder: Path) -> None:
    """Refuse what is no export, or one of a later release."""
    try:
        told = json.loads((folder / _MARK).read_text(encoding="utf-8"))
        number = int(told["format"])
    except FileNotFoundError:
        raise UsageError(
            Mistake(
                f"{folder} is no export of a ledger: it has no {_MARK}",
                "not-an-export",
                None,
                "Name a folder that 'headway ledger export' wrote.",
            )
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / _MARK, str(error)) from error
    if number > FORMAT:
        raise LedgerError(
            Mistake(
                f"the export {folder} was written by a newer Headway (form {number}; this one knows {FORMAT})",
                "ledger-newer",
                remedy="Upgrade Headway. Nothing was touched.",
            )
        )


def _runs(folder: Path) -> dict[str, Path]:
    """The folders of the runs, by uuid."""
    found = sorted((folder / "runs").glob("[0-9]*")) if (folder / "runs").is_dir() else []
    return {path.name.partition("Z-")[2]: path for path in found}


def _exported(folder: Path) -> dict[str, Path]:
    """The folders of the runs of an export; an empty history is never started by accident."""
    _mark(folder)
    runs = _runs(folder)
    if not runs:
        remedy = "Is it the whole folder? To begin a history, run without importing anything."
        raise UsageError(Mistake(f"the export {folder} holds no runs", "not-an-export", None, remedy))
    return runs


@dataclass(frozen=True)
class _Folder:
    """An export being read."""

    folder: Path
    runs: Mapping[str, Path]

    def journals(self, known: set[str]) -> list[Journal]:
        """Every run but the known ones."""
        return [_read(path) for uuid, path in self.runs.items() if uuid not in known]

    def states(self) -> list[State]:
        """Every state that there is."""
        found = []
        for file in sorted((self.folder / "state").glob("*.json.gz")):
            told = _told(file)
            with _complaining(file):
                found.append(State((told["order"][0], told["order"][1]), told["rows"]))
        return found


@contextmanager
def _complaining(file: Path) -> Iterator[None]:
    """What goes wrong while a file is read, as an error that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise _damaged(file, "it is missing") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zlib.error, pa.ArrowException) as error:
        raise _damaged(file, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _told(file: Path) -> Any:
    """What a compressed JSON file says."""
    with _complaining(file):
        return json.loads(gzip.decompress(file.read_bytes()))


def _read(path: Path) -> Journal:
    """A run's folder."""
    file = path / "run.json.gz"
    told = _told(file)
    with _complaining(file):
        hashes = dict(told["files"])
        one = Journal(told["run"], told["after"], told["definitions"], told["added"])
        if _name(one) != path.name:
            raise ValueError(f"it is of another run ({one.uuid})")
    logs = {}
    for name, wanted in hashes.items():
        with _complaining(path / name):
            contents = (path / name).read_bytes()
            if _hash(contents) != wanted:
                raise ValueError("its contents are not those that were written")
            log = name.removesuffix(".parquet")
            logs[log] = pq.read_table(pa.BufferReader(contents)).cast(journal.log_schema(log))
    return Journal(one.run, one.after, one.definitions, one.added, logs)


def _catalogue(folder: Path, fingerprint: str, known: Catalogue | None) -> Catalogue:
    """A catalogue of an export, unless it is known but for its files."""
    file = folder / "catalogues" / f"{fingerprint}.json"
    files = file.with_suffix(".files")
    with _complaining(file):
        text = known.text if known else file.read_text(encoding="utf-8")
        return Catalogue(text, files.read_bytes() if files.exists() else None)


def _damaged(file: Path, why: str) -> LedgerError:
    return LedgerError(
        Mistake(
            f"{file} of the export cannot be used: {why}",
            "export-damaged",
            remedy="Fetch the folder again, or from git. The ledger was not touched.",
        )
    )
