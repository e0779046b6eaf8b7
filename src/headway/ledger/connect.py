"""Open a ledger's database: one door for its file, its version, and what can go wrong with either."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from headway.errors import LedgerError, Mistake, UsageError
from headway.ledger import snapshot, view
from headway.ledger.schema import HEAD, VERSION_TABLE, metadata

MIGRATIONS = Path(__file__).parent / "migrations"
#: Stands in the header of the file, so that `file ledger.db` can tell what it is: "Head".
APPLICATION = 0x48656164
#: Execution option of a transaction that will write: it takes the lock at once, so it cannot fail half-way for it.
WRITING = {"begin": "BEGIN IMMEDIATE"}


def location(address: Path | str) -> Path:
    """The file that a path or `sqlite:///path` names; other databases are refused."""
    text = str(address)
    if "://" not in text:
        return Path(text)
    scheme, path = text.split("://", 1)
    if scheme != "sqlite" or not path.startswith("/"):
        raise UsageError(
            Mistake(
                f"the ledger can be a file or sqlite:///path, not {scheme}://",
                "not-supported-yet",
                remedy="Give a path, for example .headway/ledger.db.",
            )
        )
    return Path(path[1:])


def engine(path: Path, *, create: bool, wait: float) -> sa.Engine:
    """Connect to the ledger in a file, making or upgrading its tables where it needs that."""
    if not create and not path.exists():
        raise UsageError(
            Mistake(
                f"there is no ledger at {path}", "nothing-computed", remedy="Compute the numbers first: headway run."
            )
        )
    if path.is_dir():
        raise LedgerError(_broken(path, "it is a folder"))
    with translated(path, wait):
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(path if path.exists() else path.parent, os.W_OK) and os.access(path.parent, os.W_OK)
        if not path.exists() and not writable:
            raise PermissionError(errno.EACCES, "no permission", str(path))
        made = _engine(path, writable=writable, wait=wait)
        try:
            if writable:
                _prepare(made, wait)
            _upgrade(made, path, writable=writable)
        except BaseException:
            made.dispose()
            raise
    return made


def _engine(path: Path, *, writable: bool, wait: float) -> sa.Engine:
    """An engine whose connections begin transactions when told to, not when the driver guesses."""

    def connect() -> sqlite3.Connection:
        address = "file:" + quote(str(path.absolute()))
        if not writable:
            # While another process keeps a log beside the file, the two together are the ledger. Without one the file
            # is, and reading it must do without the lock files that cannot be made here.
            address += "?mode=ro" if Path(f"{path}-wal").exists() else "?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, timeout=wait, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")  # a run that is said to be kept outlives a power cut
        connection.execute("PRAGMA cache_size = -65536")  # 64 MB
        connection.execute("PRAGMA journal_size_limit = 16777216")  # give the disk back after a large run
        return connection

    if writable:
        made = sa.create_engine("sqlite+pysqlite://", creator=connect, poolclass=sa.QueuePool, max_overflow=-1)
    else:  # looks anew each time, because somebody else may have written meanwhile
        made = sa.create_engine("sqlite+pysqlite://", creator=connect, poolclass=sa.NullPool)

    @sa.event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return made


def _prepare(made: sa.Engine, wait: float) -> None:
    """Turn on the write-ahead log, so that readers and the writer do not block each other; the file remembers it."""
    deadline = time.monotonic() + wait
    connection = made.raw_connection()
    try:
        cursor = connection.cursor()
        while True:
            try:
                cursor.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                # Two runs that make the same new ledger: SQLite does not wait here by itself.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
    finally:
        connection.close()


def _upgrade(made: sa.Engine, path: Path, *, writable: bool) -> None:
    """Bring the tables to `HEAD` in one transaction; refuse what is newer or not a ledger.

    What was there before is kept beside the ledger. If the upgrade fails, nothing has changed.
    """
    with made.begin() as connection:
        if _version(connection, path) == HEAD:
            return
    if not writable:
        raise LedgerError(_read_only(path, "it needs an upgrade, and this place cannot be written to"))
    with made.connect().execution_options(**WRITING) as connection, connection.begin():
        version = _version(connection, path)
        if version == HEAD:  # another run was faster
            return
        if version is None:
            _make(connection)
        else:
            _migrate(connection, path, version)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")


def _make(connection: sa.Connection) -> None:
    """The tables as they are now: a ledger that is new has no past to be led through."""
    metadata.create_all(connection)
    connection.exec_driver_sql(view.OBSERVATIONS)
    column = sa.Column("version_num", sa.String(32), primary_key=True)
    version = sa.Table(VERSION_TABLE, sa.MetaData(), column)  # as Alembic makes it
    version.create(connection)
    connection.execute(version.insert(), {"version_num": HEAD})


def _migrate(connection: sa.Connection, path: Path, version: str) -> None:
    """Lead the tables of an earlier version to this one, with a copy of what was there before beside them."""
    import alembic.command  # a ledger that is up to date needs nothing of it
    import alembic.config

    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    # Nobody else writes now, and another connection reads what was there before.
    before = snapshot.beside(path, f"{version}-before-upgrade")
    snapshot.copy(path, before)
    try:
        alembic.command.upgrade(config, HEAD)
    except BaseException as error:
        before.unlink()  # the ledger itself is still that
        if isinstance(error, sa.exc.DBAPIError) and _mistake(error.orig, path, 0) is None:
            raise LedgerError(_broken(path, f"it cannot be brought up to date ({error.orig})")) from error
        raise


def _version(connection: sa.Connection, path: Path) -> str | None:
    """The version of the tables; None if there are none yet."""
    names = set(sa.inspect(connection).get_table_names())
    if not names:
        return None
    if VERSION_TABLE not in names:
        raise LedgerError(_broken(path, "it is a database, but not a ledger"))
    version = connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE)))
    if version is None or not str(version).isdigit():
        raise LedgerError(_broken(path, "it does not say which version it is"))
    if int(version) > int(HEAD):
        raise LedgerError(
            Mistake(
                f"the ledger {path} was written by a newer Headway (version {version}; this one knows {HEAD})",
                "ledger-newer",
                remedy="Upgrade Headway. The ledger was not touched.",
            )
        )
    if version == HEAD and (lacking := set(metadata.tables) - names):
        raise LedgerError(_broken(path, f"its table {min(lacking)} is missing"))
    return str(version)


# -- what can go wrong -----------------------------------------------------------------------------------------------


def _broken(path: Path, why: str) -> Mistake:
    return Mistake(
        f"the ledger {path} cannot be read: {why}",
        "ledger-broken",
        remedy="Restore the file from a backup, or move it away and run again. It was not touched.",
    )


def _read_only(path: Path, why: str) -> Mistake:
    return Mistake(
        f"the ledger {path} cannot be written: {why}",
        "read-only",
        remedy="Allow this user to write to the file and to its folder. What the ledger held is still there.",
    )


#: Failed writes that a full disk, a quota or a limit causes on some systems.
_NO_ROOM = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)


@contextmanager
def translated(path: Path, wait: float) -> Iterator[None]:
    """Turn what the database or the disk complains of into a LedgerError; anything else passes unchanged."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        mistake = _mistake(error.orig, path, wait)
        if mistake is None:
            raise
        raise LedgerError(mistake) from error
    except (sqlite3.Error, OSError) as error:
        mistake = _mistake(error, path, wait)
        if mistake is None:
            raise
        raise LedgerError(mistake) from error


def _mistake(error: BaseException | None, path: Path, wait: float) -> Mistake | None:
    """What an error of the driver or the system means for the user, or None if it is a mistake of ours."""
    full = Mistake(
        f"the disk is full: the ledger {path} could not be written",
        "disk-full",
        remedy="Make room and run again. Nothing of this run was kept, and nothing earlier was lost.",
    )
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return full
        return _read_only(path, error.strerror or str(error))
    code = getattr(error, "sqlite_errorcode", 0)
    match code & 0xFF:  # the low byte is the kind; the rest says more about it
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Mistake(
                f"the ledger {path} is locked: another run was still writing to it after {wait:g} seconds",
                "ledger-locked",
                remedy="Wait for the other run to end, then run again. Nothing was lost.",
            )
        case sqlite3.SQLITE_FULL:
            return full
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
            return _read_only(path, "its file or folder does not allow it")
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return _broken(path, "its contents are damaged, or it is another kind of file")
        case sqlite3.SQLITE_IOERR:
            if code in _NO_ROOM:
                return full
            return _broken(path, "the disk reports an error")
        case _:
            return None
