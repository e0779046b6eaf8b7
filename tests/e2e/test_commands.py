"""The command line as somebody meets it who tries things: wrong words, odd folders, pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.forked import headway as forked

if TYPE_CHECKING:
    from conftest import Shop

    Edit = Callable[[Shop, str, str, str], None]

ROOT = Path(__file__).parents[2]
COMMANDS = (
    *("init", "check", "schema", "test", "run", "enter", "show", "explain", "build", "serve", "diff", "plan", "demo"),
    *("backup", "restore"),
)


def _headway(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a folder."""
    return forked(folder, *arguments, environment={**os.environ, "COLUMNS": "100"})


@pytest.mark.parametrize(
    ("arguments", "says", "remedy"),
    [
        (("rnu",), "no such command 'rnu'. Did you mean 'run'?", "'headway --help'"),
        (("run", "--nwo", "3"), "no such option: --nwo (there is --now)", "'headway run --help'"),
        (("serve", "--port", "http"), "'--port': a whole number must stand here", "'headway serve --help'"),
        (("serve", "--port", "99999"), "'--port': it should be less than or equal to 65535", "'headway serve --help'"),
        (("demo", "gitt"), "'gitt' is not one of 'hubs', 'saas', 'git'", "'headway demo --help'"),
        (("demo", "hubs", "somewhere"), "the example hubs reads no folders", "headway demo git somewhere"),
        (("demo", "git"), "which repositories?", "headway demo git PATH"),
        (
            ("demo", "saas", "--scale", "0"),
            "'--scale': it should be greater than or equal to 0.1",
            "'headway demo --help'",
        ),
        (("demo", "--seed", "x"), "'--seed': a whole number must stand here", "'headway demo --help'"),
        (("init", "a", "--seed", "2"), "--seed is about the data of an example", "Add --example hubs"),
        (("show", "--grain", "month"), "--grain is of one KPI", "headway show KPI --grain"),
        (("explain",), "missing argument 'KPI'", "'headway explain --help'"),
    ],
)
def test_a_wrong_command_line_is_told_in_plain_words(
    tmp_path: Path, arguments: tuple[str, ...], says: str, remedy: str
) -> None:
    """Exit code 2, the slug, and where to look; nothing of the library that reads the command line."""
    answer = _headway(tmp_path, *arguments)
    assert answer.returncode == 2
    assert says in answer.stderr
    assert "[unknown-option]" in answer.stderr
    assert remedy in answer.stderr
    assert "Value error" not in answer.stderr
    assert not answer.stdout
    assert not list(tmp_path.iterdir())


def test_a_project_that_is_not_there_is_not_looked_for_above(shop: Shop) -> None:
    """A mistyped --project inside a project is an error, not the project around it."""
    answer = _headway(shop.root, "check", "--project", "nosuch")
    assert answer.returncode == 2
    assert "there is no folder nosuch [not-a-project]" in answer.stderr


def test_a_folder_inside_a_project_finds_it(shop: Shop) -> None:
    """Commands work in the folders below the project too."""
    answer = _headway(shop.root / "data", "check")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.endswith("4 KPIs on 1 source: no mistakes.\n")


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    """`init` below a file ends with 2 and a remedy."""
    (tmp_path / "taken").write_text("a file")
    answer = _headway(tmp_path, "init", "taken/shop")
    assert answer.returncode == 2
    assert "taken/shop cannot be written: not a directory [not-writable]" in answer.stderr


def test_a_project_without_room_for_temporary_files_is_checked(shop: Shop) -> None:
    """`check` writes nothing that it needs: where .headway cannot be made, it goes on without."""
    shop.write(".headway", "a file where the folder would be")
    answer = shop.headway("check")
    assert answer.code == 0, answer.err
    assert answer.out.endswith("4 KPIs on 1 source: no mistakes.\n")
    assert "About what the ledger will hold" in answer.out


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_told(shop: Shop) -> None:
    """A source that this user may not read is an error of that source alone."""
    (shop.root / "data" / "visits.csv").chmod(0)
    answer = shop.headway("check")
    assert answer.code == 3
    assert "[unreadable-file]" in answer.err


@pytest.mark.parametrize("command", ["check", "run"])
def test_rows_that_fail_a_check_are_told(shop: Shop, edit: Edit, command: str) -> None:
    """Numbers are withheld because a key repeats: both commands say so, once, and the run is whole."""
    edit(shop, "data/visits.csv", "\n7,p7,", "\n6,p7,")
    answer = shop.headway(command)
    assert answer.code == 0, answer.err
    (line,) = (line for line in answer.err.splitlines() if "repeated" in line)
    assert line.startswith("Source visits: 2 rows")
    assert not line.endswith("..")


def test_kpis_that_fail_alike_are_told_together(shop: Shop) -> None:
    """One broken source is one error and one line of the KPIs that it stops."""
    (shop.root / "data" / "visits.csv").unlink()
    answer = shop.run()
    assert answer.code == 3
    assert "Not computed: visitors, visits, spent, because it reads visits, which could not be read." in answer.err


def test_repositories_are_looked_at_before_a_project_is_made(tmp_path: Path) -> None:
    """Every folder that is no repository is named, a folder inside one with the repository; nothing is written."""
    (tmp_path / "plain").mkdir()
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "work")], check=True)
    (tmp_path / "work" / "src").mkdir()
    answer = _headway(tmp_path, "demo", "git", "plain", "nosuch", "work", "work/src")
    assert answer.returncode == 2
    assert "plain is not a git repository [not-a-repository]" in answer.stderr
    assert "there is no folder nosuch [not-a-repository]" in answer.stderr
    assert f"It lies in the repository {tmp_path / 'work'}: give that." in answer.stderr
    assert "3 mistakes found." in answer.stderr
    assert not (tmp_path / "demo-git").exists()


def test_a_reader_that_has_seen_enough_is_no_fault(shop: Shop) -> None:
    """`headway explain | head -1` ends with 0 and says nothing."""
    assert shop.run().code == 0
    with subprocess.Popen(
        shop.command("explain", "visits"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_ctrl_c_ends_the_server_in_peace(shop: Shop) -> None:
    """Ctrl-C is how a server is ended: exit code 0 and no complaint."""
    assert shop.run().code == 0
    with subprocess.Popen(
        shop.command("serve", "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_options_are_documented_as_they_are(command: str) -> None:
    """docs/cli.md names every option of a command, and none that it has not."""
    helped = _headway(ROOT, command, "--help").stdout
    section = re.search(rf"(?ms)^## headway {command}\n(.*?)(?=^## |\Z)", (ROOT / "docs" / "cli.md").read_text())
    assert section
    documented = set(re.findall(r"--[a-z][a-z-]+", section[1])) | {"--help", "--project"}
    assert set(re.findall(r"--[a-z][a-z-]+", helped)) <= documented | {"--serve"}
    assert documented <= set(re.findall(r"--[a-z][a-z-]+", helped)) | {"--project"}


def test_a_narrow_terminal_keeps_the_newest_periods(shop: Shop, edit: Edit) -> None:
    """Where the table does not fit, targets go and the trend stays whole: nothing is cut off with an ellipsis."""
    edit(shop, "kpis/shop.yml", "{at_least: 10}", "{between: [1000000, 2000000]}")
    assert shop.run().code == 0
    assert "Target" in shop.headway("show").out
    narrow = shop.headway("show", COLUMNS="72").out
    assert "Target" not in narrow
    assert "…" not in narrow


def test_a_long_reason_cuts_off_no_numbers(shop: Shop, edit: Edit) -> None:
    """A text, or why there is no total, gives way to the values, statuses and changes of the other KPIs."""
    text = "The reading corner moved to the window, where people stay until it closes, and come back."
    (shop.root / "stories.csv").write_text(f'period,text\n2026-02-03,"{text}"\n')
    edit(
        shop,
        "kpis/shop.yml",
        "kpis:\n",
        "kpis:\n  stories: {title: What a reader of books told us, narrative: stories.csv}\n",
    )
    assert shop.run().code == 0
    table = shop.headway("show", COLUMNS="140").out
    assert "The reading" in table
    numbers = [line for line in table.splitlines() if line.strip().startswith(("visits", "spent", "per_visit"))]
    assert len(numbers) == 3
    assert all("…" not in line for line in numbers)


def test_what_is_planned_has_no_periods_and_no_earlier_values(shop: Shop, edit: Edit) -> None:
    """Of a KPI that is due later, no empty table is shown, and no first value is said to be published."""
    edit(
        shop, "kpis/shop.yml", "kpis:\n", "kpis:\n  happy: {about: How happy readers are., tracked_from: 2027-01-01}\n"
    )
    assert shop.run().code == 0
    shown = shop.headway("show", "happy").out
    assert "Not tracked yet" in shown
    assert "Value" not in shown
    assert "first value" not in shop.headway("explain", "happy").out


def test_a_key_of_people_is_kept_out_of_git(tmp_path: Path) -> None:
    """The key that hashes people is ignored by git where a project lies in a repository."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    answer = _headway(tmp_path, "demo", "git", ".", "--dir", "kpis", "--no-serve")
    assert answer.returncode == 0, answer.stderr
    listed = subprocess.run(
        ["git", "status", "--short", "-uall"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "kpis/headway.yml" in listed.stdout
    assert ".headway/key" not in listed.stdout


def test_the_next_step_can_be_copied(tmp_path: Path) -> None:
    """`init` ends with a command that works as it stands, also where headway is not on the path."""
    program = Path(sys.executable).with_name("headway")
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    made = subprocess.run(
        [program, "init", "shop"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    following = made.stdout.splitlines()[-1].split("&&")[0]
    done = subprocess.run(
        following, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Run 1: 4 KPIs")


def test_a_check_tells_what_is_not_meant(tmp_path: Path) -> None:
    """Findings are no mistakes: `--strict` alone makes them one; what is allowed is counted, and listed on demand."""
    golden = ROOT / "tests" / "golden" / "lint" / "same-measure"
    found = (golden / "two_kpis.txt").read_text()
    (tmp_path / "headway.yml").write_text((golden / "two_kpis.yml").read_text())
    answer = _headway(tmp_path, "check", "--offline")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith(found)
    assert answer.stdout.endswith("5 KPIs on 3 sources: no mistakes. The linter: 1 redundant.\n")
    assert _headway(tmp_path, "check", "--offline", "--strict").returncode == 2
    plain = json.loads(_headway(tmp_path, "check", "--offline", "--json").stdout)
    assert [(f["slug"], f["relation"], f["kpis"], f["allowed"]) for f in plain["findings"]] == [
        ("same-measure", "implies", ["payback", "break_even"], None)
    ]

    allowed = (golden / "allowed.txt").read_text()
    (tmp_path / "headway.yml").write_text((golden / "allowed.yml").read_text())
    answer = _headway(tmp_path, "check", "--offline", "--strict")
    assert answer.returncode == 0
    unknown, counts = answer.stdout.split("\n\n")
    assert unknown == "What a run will store is not known without the data."
    assert counts == "3 KPIs on 3 sources: no mistakes. The linter: 1 allowed.\n"
    assert _headway(tmp_path, "check", "--offline", "--all").stdout.startswith(allowed)
