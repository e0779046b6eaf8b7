"""Reads the small files of the project as they stand in a commit of its own git repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath

from headway.errors import Mistake, UsageError

#: What a catalogue is made of: YAML, holidays, functions and a logo. Data are read where they are.
_KINDS = (".yml", ".yaml", ".csv", ".py", ".svg", ".png")
_MAX_BYTES = 5_000_000


def committed(root: Path, reference: str) -> dict[str, bytes]:
    """The files that can be part of a catalogue at a branch, tag or commit: path in the project -> contents.

    UsageError `not-a-repository` where there is no repository, `unknown-commit` if it has no such commit.
    """
    if not _git(root, "rev-parse", "--git-dir"):
        remedy = "Without --against, 'headway plan' compares with the catalogue of the newest run."
        raise UsageError(Mistake(f"{root} lies in no git repository that git reads", "not-a-repository", None, remedy))
    commit = (
        _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}").decode().strip()
    )
    if not commit:
        remedy = "Name one as git does: main, v1.2, HEAD~3, or the hash of a commit."
        raise UsageError(Mistake(f"there is no branch, tag or commit '{reference}'", "unknown-commit", None, remedy))
    blobs: dict[str, str] = {}
    for line in _git(root, "ls-tree", "-r", "-l", "-z", commit, ".").decode().split("\0"):
        about, _, path = line.partition("\t")
        kind, blob, size = about.split()[1:] if path else ("", "", "")
        if kind == "blob" and PurePosixPath(path).suffix.lower() in _KINDS and int(size) <= _MAX_BYTES:
            blobs[path] = blob
    answer = _git(root, "cat-file", "--batch", asked="".join(f"{blob}\n" for blob in blobs.values()).encode())
    files = {}
    for path in blobs:
        head, _, answer = answer.partition(b"\n")
        end = int(head.split()[2])
        files[path], answer = answer[:end], answer[end + 1 :]
    return files


def _git(root: Path, *arguments: str, asked: bytes = b"") -> bytes:
    """What git answers, or nothing if it refuses or is not there."""
    # In a hook, git tells its children which repository they are in.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    said = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, input=asked, capture_output=True, env=ours | said, check=False)
    except FileNotFoundError:
        return b""
    return b"" if done.returncode else done.stdout
