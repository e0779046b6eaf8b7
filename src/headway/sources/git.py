"""Sources that are git repositories: one row per commit that leads to HEAD, as `git log` tells it.

No name and no e-mail address leaves this module. A person is a keyed hash of the address (`.mailmap` honoured), so one
person is one value in every repository of a project, and nobody without the project's key can try addresses against it.
Git is asked for commits alone: no network, no prompt, no program that a repository's configuration names.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pyarrow as pa

from headway import timed
from headway.errors import Mistake, SourceError, UsageError
from headway.model import GitReader, Located, Source
from headway.sources.files import expand, shown

SCHEMA = pa.schema(
    [
        pa.field("commit", pa.string(), nullable=False),
        pa.field("repository", pa.string(), nullable=False),
        pa.field("author", pa.string(), nullable=False),  # a keyed hash
        pa.field("committed_at", pa.timestamp("us", "UTC")),  # when it entered the history
        pa.field("authored_at", pa.timestamp("us", "UTC")),  # when it was written
        pa.field("is_merge", pa.bool_(), nullable=False),
        pa.field("pull_request", pa.int64()),  # its number, where the subject names one
        pa.field("is_bot", pa.bool_(), nullable=False),
    ]
)

KEY = ".headway/key"
_KEY_BYTES = 32
_HASH_DIGITS = 12

_FIELDS = ("%H", "%aE", "%aN", "%at", "%ct", "%P", "%s")
_BATCH = 20_000
#: The years that a calendar can name; some commits carry the clock of a broken machine.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799

_MERGED = re.compile(r"Merge pull request #(\d+)\b")
_SQUASHED = re.compile(r"\(#(\d+)\)$")
_BOT = re.compile(
    r"\[bot\]|(?:^|[^a-z])(?:ro)?bot(?:$|[^a-z])|dependabot|renovate|greenkeeper|pyup|pre-commit-ci|github-actions"
    r"|allcontributors|weblate|codecov|imgbot|snyk",
    re.IGNORECASE,
)
#: GitHub's private address with and without the account's number is one person's.
_NUMBERED = re.compile(r"^\d+\+(?=.+@users\.noreply\.github\.com$)")


def locate(source: Source, reader: GitReader, root: Path) -> Located:
    """The commits of all repositories, each repository once. SourceError names what is no repository."""
    repositories = [_Repository(path, shown(path, root)) for path in _folders(source, reader, root)]
    names = _names(repositories)
    key = _key(source, root)
    log = _Log(source, key)
    tables = [log.read(repository, name) for repository, name in zip(repositories, names, strict=True)]
    table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
    origins: dict[str, list[str]] = {}
    for repository, name in zip(repositories, names, strict=True):
        origins.setdefault(repository.origin() or name, []).append(name)
    for copies in origins.values():
        if len(copies) > 1:
            log.notes.append(f"{' and '.join(copies)} come from one place: commits that are in both count twice")
    stamps = tuple((repository.shown, part.num_rows, 0) for repository, part in zip(repositories, tables, strict=True))
    return Located(source.name, "arrow", (), table=table, stamps=stamps, notes=tuple(log.notes))


def vet(paths: Sequence[Path]) -> None:
    """UsageError that names every path that is no repository, before a project is made of them."""
    wrong = []
    for path in paths:
        if not path.is_dir():
            wrong.append((f"there is no folder {path}", "Give the folder of a local clone."))
        elif trouble := _Repository(path, str(path)).trouble():
            wrong.append((f"{path} {trouble[0]}", trouble[1]))
    if wrong:
        raise UsageError([Mistake(message, "not-a-repository", remedy=remedy) for message, remedy in wrong])


# -- repositories --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Repository:
    path: Path
    shown: str

    def git(self, *arguments: str) -> str:
        """What git answers, or '' if it refuses."""
        code, answer, _ = self.ask(*arguments)
        return answer if code == 0 else ""

    def ask(self, *arguments: str) -> tuple[int, str, str]:
        """Git's exit code, what it answers, and what it complains of."""
        pipe = subprocess.PIPE
        command = self.command(*arguments)
        with (
            subprocess.Popen(command, stdout=pipe, stderr=pipe, env=_environment(self.path)) as git,
            timed.stopped_by(git.kill),
        ):
            out, said = git.communicate()
        return git.returncode, out.decode("utf-8", "replace").strip(), said.decode("utf-8", "replace")

    def command(self, *arguments: str) -> list[str]:
        return ["git", "-C", str(self.path), "--no-pager", "-c", "i18n.logOutputEncoding=UTF-8", *arguments]

    def refuse(self, source: Source, why: str, remedy: str) -> SourceError:
        place = source.places.get("read", source.place)
        return SourceError(Mistake(f"source {source.name}: {self.shown} {why}", "not-a-repository", place, remedy))

    def trouble(self) -> tuple[str, str] | None:
        """Why git does not accept the folder as the top of a repository, and the remedy; None if it does."""
        try:
            code, _, said = self.ask("rev-parse", "--git-dir")
        except FileNotFoundError:
            return "cannot be read, because the program git is not installed", "Install git."
        if "dubious ownership" in said:
            return (
                "belongs to another user, so git does not read it",
                f"If you trust it: git config --global --add safe.directory {self.path}",
            )
        if not code:
            return None
        if top := next((folder for folder in self.path.resolve().parents if (folder / ".git").exists()), None):
            return "is not a git repository", f"It lies in the repository {top}: give that."
        return "is not a git repository", "Give the folder that holds '.git', or a bare repository."

    def origin(self) -> str | None:
        """`owner/name` of the host that it was cloned from, or None; what an address says of an account is left out."""
        address = self.git("config", "--get", "remote.origin.url")
        if address.startswith("file:"):
            return None
        match = re.fullmatch(r"(?:\w+://(?:[^/@]*@)?[^/]+/|[^/:]+:(?!//))(.+?)(?:\.git)?/?", address)
        return match[1].lstrip("/") if match else None

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return self.path.resolve().name.removesuffix(".git")


def _environment(path: Path) -> dict[str, str]:
    """Git's surroundings: no questions, no fetching, words in English, and this repository rather than a parent's."""
    # In a hook, git tells its children which repository they are in.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return ours | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_CEILING_DIRECTORIES": str(path.absolute().parent),
    }


def _folders(source: Source, reader: GitReader, root: Path) -> list[Path]:
    folders: dict[Path, Path] = {}
    for pattern in reader.paths:
        found = [path for path in expand(str(Path(pattern).expanduser()), root) if path.is_dir()]
        if not found:
            message = f"source {source.name}: there is no folder '{pattern}'"
            place = source.places.get("read", source.place)
            raise SourceError(Mistake(message, "not-a-repository", place, "Give the folder of a local clone."))
        for path in found:
            folders.setdefault(path.resolve(), path)
    for path in folders.values():
        repository = _Repository(path, shown(path, root))
        if trouble := repository.trouble():
            raise repository.refuse(source, *trouble)
    return list(folders.values())


def _names(repositories: Sequence[_Repository]) -> list[str]:
    """A name for each repository, all different: its origin's or its folder's, and more where two are alike."""
    plain = [repository.origin() or repository.folder for repository in repositories]
    alike = Counter(plain)
    finer = [name if alike[name] == 1 else f"{name} ({r.folder})" for name, r in zip(plain, repositories, strict=True)]
    still = Counter(finer)
    return [
        name if still[name] == 1 else f"{first} ({r.shown})"
        for first, name, r in zip(plain, finer, repositories, strict=True)
    ]


# -- commits -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Log:
    """Reads histories with one key; notes what a reader of the numbers should know."""

    source: Source
    key: bytes
    notes: list[str] = field(default_factory=list)

    def read(self, repository: _Repository, name: str) -> pa.Table:
        """All commits that lead to HEAD."""
        if not repository.git("rev-parse", "--verify", "--quiet", "HEAD"):
            self.notes.append(f"{name} has no commits yet")
            return SCHEMA.empty_table()
        if repository.git("rev-parse", "--is-shallow-repository") == "true":
            self.notes.append(f"{name} is a shallow clone: commits older than its cut are not here")
        counts: Counter[str] = Counter()
        with tempfile.TemporaryFile() as said:
            command = repository.command(
                "log", "HEAD", "-z", "--use-mailmap", "--no-show-signature", "--no-color", "--no-decorate",
                "--no-notes", f"--format=tformat:{'%x00'.join(_FIELDS)}",
            )  # fmt: skip
            with (
                subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=said, env=_environment(repository.path)
                ) as git,
                timed.stopped_by(git.kill),
            ):
                assert git.stdout is not None
                batches = list(self._batches(git.stdout, name, counts))
            if git.returncode:
                said.seek(0)
                line = said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
                why = f"cannot be read: {line[0].removeprefix('fatal: ') if line else 'git failed'}"
                raise repository.refuse(self.source, why, "Run 'git fsck' there, or clone it again.")
        self._note(name, counts)
        return pa.Table.from_batches(batches, SCHEMA)

    def _note(self, name: str, counts: Counter[str]) -> None:
        if counts["squashed"]:
            self.notes.append(
                f"{name}: pull requests with a merge commit: {counts['merged']}; squashed into one commit,"
                f" so that other authors are not seen: {counts['squashed']}"
            )
        if counts["undated"]:
            self.notes.append(f"{name}: {counts['undated']} commits have a date that no calendar knows, read as none")

    def _batches(self, stream: IO[bytes], repository: str, counts: Counter[str]) -> Iterator[pa.RecordBatch]:
        people: dict[tuple[str, str], tuple[str, bool]] = {}
        columns: list[list[object]] = [[] for _ in SCHEMA]
        for commit, mail, name, authored, committed, parents, subject in _records(stream):
            if (person := people.get((mail, name))) is None:
                person = people[mail, name] = (self._hash(mail, name), bool(_BOT.search(name) or _BOT.search(mail)))
            is_merge = " " in parents
            merged, squashed = _MERGED.match(subject), _SQUASHED.search(subject)
            number = (merged or squashed) if is_merge else squashed
            counts["merged"] += bool(is_merge and merged)
            counts["squashed"] += bool(not is_merge and squashed)
            moments = [_moment(committed), _moment(authored)]
            counts["undated"] += None in moments
            row = (commit, repository, person[0], *moments, is_merge, int(number[1]) if number else None, person[1])
            for column, value in zip(columns, row, strict=True):
                column.append(value)
            if len(columns[0]) == _BATCH:
                yield _batch(columns)
                columns = [[] for _ in SCHEMA]
        yield _batch(columns)

    def _hash(self, mail: str, name: str) -> str:
        person = _NUMBERED.sub("", mail.strip().lower()) or name.strip().lower()
        return hmac.new(self.key, person.encode(), hashlib.sha256).hexdigest()[:_HASH_DIGITS]


def _records(stream: IO[bytes]) -> Iterator[list[str]]:
    """The fields of each commit, as git writes them: all end in a zero byte, which no field can hold."""
    fields: list[str] = []
    rest = b""
    while chunk := stream.read(1 << 16):
        *whole, rest = (rest + chunk).split(b"\0")
        for part in whole:
            fields.append(part.decode("utf-8", "replace"))
            if len(fields) == len(_FIELDS):
                yield fields
                fields = []


def _moment(seconds: str) -> int | None:
    """Microseconds since 1970, or None for a time outside the years 1 to 9999."""
    try:
        value = int(seconds)
    except ValueError:
        return None
    return value * 1_000_000 if _FIRST_SECOND <= value <= _LAST_SECOND else None


def _batch(columns: Sequence[Sequence[object]]) -> pa.RecordBatch:
    arrays = [pa.array(values, type_) for values, type_ in zip(columns, SCHEMA.types, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)


# -- the key -------------------------------------------------------------------------------------------------------


def _key(source: Source, root: Path) -> bytes:
    """The project's key, made at first use and readable by its owner alone."""
    path = root / KEY
    try:
        key = _kept(path)
    except OSError as error:
        message = f"source {source.name}: the key of people, {KEY}, cannot be used: {(error.strerror or '').lower()}"
        place = source.places.get("read", source.place)
        remedy = "Allow this user to read and write it, and its folder."
        raise SourceError(Mistake(message, "unreadable-file", place, remedy)) from error
    if len(key) != _KEY_BYTES:
        raise SourceError(
            Mistake(
                f"source {source.name}: the key in {KEY} is damaged: {len(key)} bytes, not {_KEY_BYTES}",
                "broken-file",
                source.places.get("read", source.place),
                "Bring it back from a backup, or delete it: then people are hashed anew and match no past run.",
            )
        )
    return key


def _kept(path: Path) -> bytes:
    """The key in a file, made if there is none, and shut to everybody else."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written whole beside it, then linked: of two first runs at once, both use the key of the faster one.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix="key.")
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        with suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
        # Who commits the project does not mean to publish the key.
        if not (ignored := path.with_name(".gitignore")).exists():
            ignored.write_text("key\n", "utf-8")
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return path.read_bytes()
