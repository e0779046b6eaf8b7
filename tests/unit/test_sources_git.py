"""Git histories, read from real repositories made here: what a commit's row says, and what it does not."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from headway import sources
from headway.engines import DuckDB
from headway.errors import Place, SourceError
from headway.model import GitReader, Located, Source

PLACE = Place("sources/x.yml", 2)
ROOT = Path(__file__).parents[2]

if not shutil.which("git"):
    pytest.skip("git is not installed", allow_module_level=True)


class Repository:
    """A repository on disk, with a person and a clock for each commit."""

    def __init__(self, path: Path, *, bare: bool = False) -> None:
        self.path = path
        self.clock = 1_600_000_000
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main", *(["--bare"] if bare else []))

    def git(self, *arguments: str, mail: str = "ada@x.example", name: str = "Ada", zone: str = "+0000") -> str:
        at = f"{getattr(self, 'clock', 0)} {zone}"
        people = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (
            ("NAME", name), ("EMAIL", mail), ("DATE", at))}  # fmt: skip
        lonely = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], check=True, capture_output=True, env=os.environ | people | lonely
        )
        return done.stdout.decode()

    def commit(
        self, subject: str = "Work", mail: str = "ada@x.example", name: str = "Ada", zone: str = "+0000"
    ) -> None:
        self.clock += 3600
        self.git("commit", "-q", "--allow-empty", "-m", subject, mail=mail, name=name, zone=zone)


def source(*paths: str) -> Source:
    return Source("commits", GitReader(paths), PLACE, time="committed_at", people=("author",))


def rows(root: Path, *paths: str) -> list[dict[str, object]]:
    table = sources.locate(source(*paths), root).table
    assert table is not None
    return table.to_pylist()


def refused(root: Path, *paths: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        sources.locate(source(*paths), root)
    return caught.value


def test_a_commit_is_a_row(tmp_path: Path) -> None:
    """Moments carry the offset they were written with; the author is a hash of 12 digits."""
    made = Repository(tmp_path / "tool")
    made.commit("First", zone="+1245")
    (row,) = rows(tmp_path, "tool")
    assert re.fullmatch("[0-9a-f]{12}", str(row.pop("author")))
    assert row == {
        "commit": made.git("rev-parse", "HEAD").strip(),
        "repository": "tool",
        "committed_at": datetime.fromtimestamp(made.clock, UTC),
        "authored_at": datetime.fromtimestamp(made.clock, UTC),
        "is_merge": False,
        "pull_request": None,
        "is_bot": False,
    }


def test_only_the_history_of_head_is_read(tmp_path: Path) -> None:
    """Commits on another branch are no part of the product yet."""
    made = Repository(tmp_path / "tool")
    made.commit()
    made.git("checkout", "-q", "-b", "side")
    made.commit()
    made.git("checkout", "-q", "main")
    assert len(rows(tmp_path, "tool")) == 1


def test_merges_and_squashes_name_their_pull_request(tmp_path: Path) -> None:
    """The number comes from the merge's subject or the squash's end; what squashes hide is noted."""
    made = Repository(tmp_path / "tool")
    made.commit("Begin")
    made.git("checkout", "-q", "-b", "side")
    made.commit("Add a thing, see #4")
    made.git("checkout", "-q", "main")
    made.commit("Mend it (#12)")
    made.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7 from ada/side", "side")
    located = sources.locate(source("tool"), tmp_path)
    assert located.table is not None
    by_subject = [(row["is_merge"], row["pull_request"]) for row in located.table.to_pylist()]
    assert sorted(by_subject, key=str) == sorted([(True, 7), (False, 12), (False, None), (False, None)], key=str)
    assert located.notes == (
        "tool: pull requests with a merge commit: 1; squashed into one commit, so that other authors are not seen: 1",
    )


def test_people_are_one_by_mailmap_and_address(tmp_path: Path) -> None:
    """Case, `.mailmap` and GitHub's numbered private addresses do not make one person two."""
    made = Repository(tmp_path / "tool")
    (made.path / ".mailmap").write_text("Ada <ada@x.example> <old@x.example>\n")
    for mail in ("ada@x.example", "Ada@X.example", "old@x.example"):
        made.commit(mail=mail)
    for mail in ("bo@users.noreply.github.com", "123+bo@users.noreply.github.com"):
        made.commit(mail=mail, name="Bo")
    assert len({row["author"] for row in rows(tmp_path, "tool")}) == 2


def test_a_person_is_the_same_in_every_repository_of_a_project_only(tmp_path: Path) -> None:
    """One key per project: authors join across its repositories, and mean nothing to another project."""
    for name in ("one", "two"):
        Repository(tmp_path / name).commit()
    here = {row["author"] for row in rows(tmp_path, "one", "two")}
    assert len(here) == 1
    assert {row["author"] for row in rows(tmp_path, "one")} == here
    other = tmp_path / "other"
    other.mkdir()
    assert {row["author"] for row in rows(other, "../one")} != here


def test_no_name_and_no_address_leaves(tmp_path: Path) -> None:
    """Neither the rows nor the notes hold a word that names a person, nor does a subject stay."""
    made = Repository(tmp_path / "tool")
    made.commit("Thank Grace Hopper (#3)", mail="grace@navy.example", name="Grace Hopper")
    located = sources.locate(source("tool"), tmp_path)
    assert located.table is not None
    assert not re.search("grace|hopper|navy", str(located.table.to_pydict()) + str(located.notes), re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "mail", "is_bot"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", True),
        ("pre-commit-ci", "noreply@pre-commit.ci", True),
        ("Release Bot", "release@x.example", True),
        ("renovate", "renovate@x.example", True),
        ("Abbott Botham", "botham@x.example", False),
        ("Ada", "ada@robotics.example", False),
    ],
)
def test_robots_are_known_by_their_names(tmp_path: Path, name: str, mail: str, is_bot: bool) -> None:
    """Marks and names of known robots count; a person whose name holds those letters is a person."""
    made = Repository(tmp_path / "tool")
    made.commit(name=name, mail=mail)
    assert rows(tmp_path, "tool")[0]["is_bot"] is is_bot


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://user:token@host.example/group/sub/tool.git", "group/sub/tool"),
        ("git@host.example:owner/tool.git", "owner/tool"),
        ("ssh://git@host.example:22/owner/tool", "owner/tool"),
        ("https://host.example/owner/tool/", "owner/tool"),
        ("/srv/git/tool.git", "clone"),
        ("file:///srv/git/tool.git", "clone"),
        ("../tool", "clone"),
    ],
)
def test_repository_is_named_by_its_origin(tmp_path: Path, address: str, name: str) -> None:
    """Owner and name come from the origin's address, and nothing of an account in it."""
    made = Repository(tmp_path / "clone")
    made.commit()
    made.git("remote", "add", "origin", address)
    assert rows(tmp_path, "clone")[0]["repository"] == name


def test_repositories_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Folders tell two clones of one repository apart; the note warns that their commits count twice."""
    for folder in ("a/tool", "b/tool", "b/work"):
        made = Repository(tmp_path / folder)
        made.commit()
    Repository(tmp_path / "c/x").commit()
    for folder in ("b/work", "c/x"):
        subprocess.run(
            ["git", "-C", str(tmp_path / folder), "remote", "add", "origin", "https://h.example/o/t"], check=True
        )
    located = sources.locate(source("a/tool", "b/*", "c/x", "./a/tool"), tmp_path)
    assert located.table is not None
    assert located.table["repository"].unique().to_pylist() == [
        "tool (a/tool)",
        "tool (b/tool)",
        "o/t (work)",
        "o/t (x)",
    ]
    assert "o/t (work) and o/t (x) come from one place: commits that are in both count twice" in located.notes


def test_histories_that_are_not_whole_are_noted(tmp_path: Path) -> None:
    """A shallow clone and a repository without commits are read for what they hold, and it is said."""
    made = Repository(tmp_path / "whole")
    for _ in range(5):
        made.commit()
    subprocess.run(
        ["git", "clone", "-q", "--depth", "2", f"file://{made.path}", str(tmp_path / "part")],
        check=True,
        capture_output=True,
    )
    Repository(tmp_path / "new")
    Repository(tmp_path / "bare.git", bare=True)
    located = sources.locate(source("part", "new", "bare.git"), tmp_path)
    assert located.table is not None
    assert located.table.num_rows == 2
    assert located.notes == (
        "part is a shallow clone: commits older than its cut are not here",
        "new has no commits yet",
        "bare has no commits yet",
    )


def test_what_is_no_repository_is_told(tmp_path: Path) -> None:
    """A folder inside a repository is none, a missing folder is none, a damaged one is none."""
    made = Repository(tmp_path / "tool")
    made.commit()
    (made.path / "docs").mkdir()
    error = refused(tmp_path, "tool", "tool/docs")
    assert error.slug == "not-a-repository"
    assert "source commits: tool/docs is not a git repository" in str(error)
    assert "there is no folder 'tol'" in str(refused(tmp_path, "tol"))
    for part in (made.path / ".git" / "objects").glob("??/*"):
        part.chmod(0o600)
        part.write_bytes(b"damaged")
    error = refused(tmp_path, "tool")
    assert error.slug == "not-a-repository"
    assert "git fsck" in str(error) or "commits" in str(error)


def test_git_runs_no_program_that_a_repository_names(tmp_path: Path) -> None:
    """Signature checks, pagers and hooks of a repository from elsewhere do not run."""
    made = Repository(tmp_path / "tool")
    made.commit()
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key in ("gpg.program", "core.pager", "pager.log", "core.fsmonitor", "core.sshCommand", "credential.helper"):
        made.git("config", key, str(trap))
    made.git("config", "log.showSignature", "true")
    assert len(rows(tmp_path, "tool")) == 1
    assert not (tmp_path / "sprung").exists()


def test_surroundings_of_a_hook_do_not_mislead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`GIT_DIR`, as git sets it for hooks, does not make another repository of the one asked for."""
    Repository(tmp_path / "one").commit()
    two = Repository(tmp_path / "two")
    two.commit()
    two.commit()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "one" / ".git"))
    assert len(rows(tmp_path, "two")) == 2


def test_times_outside_every_calendar_are_none(tmp_path: Path) -> None:
    """A broken clock costs a commit its date, not the history its reading."""
    made = Repository(tmp_path / "tool")
    made.commit()
    tree = made.git("rev-parse", "HEAD^{tree}").strip()
    person = "Ada <ada@x.example> 99999999999999 +0000"
    broken = tmp_path / "commit"
    broken.write_text(f"tree {tree}\nauthor {person}\ncommitter {person}\n\nLater\n")
    made.git("update-ref", "HEAD", made.git("hash-object", "-t", "commit", "-w", str(broken)).strip())
    located = sources.locate(source("tool"), tmp_path)
    assert located.table is not None
    assert located.table["committed_at"].to_pylist() == [None]
    assert located.notes == ("tool: 1 commits have a date that no calendar knows, read as none",)


def test_key_is_the_owners_alone(tmp_path: Path) -> None:
    """The key is made with mode 0600, kept, and closed again if it was opened; a damaged one is an error."""
    Repository(tmp_path / "tool").commit()
    first = rows(tmp_path, "tool")
    key = tmp_path / ".headway" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sorted(path.name for path in key.parent.iterdir()) == [".gitignore", "key"]
    secret = key.read_bytes()
    assert len(secret) == 32
    key.chmod(0o644)
    assert rows(tmp_path, "tool") == first
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes() == secret
    key.write_bytes(b"short")
    error = refused(tmp_path, "tool")
    assert error.slug == "broken-file"
    assert "5 bytes, not 32" in str(error)


def test_a_long_history_is_read_whole(tmp_path: Path) -> None:
    """Histories longer than one batch lose nothing at the seams."""
    made = Repository(tmp_path / "tool")
    lines = ["reset refs/heads/main"]
    for number in range(45_000):
        lines += [
            "commit refs/heads/main",
            f"committer P{number % 7} <p{number % 7}@x.example> {1_600_000_000 + number} +0000",
            "data 4",
            "Work",
        ]
    subprocess.run(["git", "-C", str(made.path), "fast-import", "--quiet"], input="\n".join(lines).encode(), check=True)
    located = sources.locate(source("tool"), tmp_path)
    with DuckDB() as engine:
        engine.attach(source("tool"), located)
        query = sqlglot.parse_one(
            "SELECT count(*) AS n, count(DISTINCT commit) AS c, count(DISTINCT author) AS a FROM commits", read="duckdb"
        )
        assert isinstance(query, exp.Query)
        assert engine.execute(query).to_pylist() == [{"n": 45_000, "c": 45_000, "a": 7}]


def test_this_projects_own_clone_is_read(tmp_path: Path) -> None:
    """The repository that holds this test tells as many commits as git counts."""
    if not (ROOT / ".git").exists():
        pytest.skip("the tests do not run from a clone")
    located: Located = sources.locate(source(str(ROOT)), tmp_path)
    count = subprocess.run(["git", "-C", str(ROOT), "rev-list", "--count", "HEAD"], capture_output=True, check=True)
    assert located.table is not None
    assert located.table.num_rows == int(count.stdout)
