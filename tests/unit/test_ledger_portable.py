"""A ledger that was exported and imported is the same ledger; two that went apart become one, whichever comes first."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import HeadwayError, LedgerError, UsageError
from headway.ledger import Ledger, Run, bring, export, journal, schema
from headway.model import JUDGED, OBSERVED, Computed, Entry, Excluded, Flag, Load
from headway.periods import Grain

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
KPIS = ("a", "b")
GRAINS = {"day": Grain.DAY, "month": Grain.MONTH}
LEDGERS = Path(__file__).parent.parent / "ledgers"


# -- what a run may make -----------------------------------------------------------------------------------------------

#: A number at one place: its value or none, and whether its period still runs. None: it is not there.
NUMBER = st.one_of(
    st.none(),
    st.tuples(st.sampled_from([0.0, 1.0, 2.5, None]), st.sampled_from([0, int(Flag.PARTIAL), int(Flag.OPEN_ENDED)])),
)
PLACES = [(grain, cell, period) for grain in GRAINS for cell in ("", '{"hub":"x"}') for period in (0, 300)]
#: What a run makes of a KPI: None where it fails, else a number at each place, a definition, a text.
MADE = st.one_of(
    st.none(),
    st.tuples(
        st.lists(NUMBER, min_size=len(PLACES), max_size=len(PLACES)),
        st.sampled_from(["f", "g"]),
        st.sampled_from([None, "good", "bad"]),
    ),
)
RUN = st.tuples(MADE, MADE)


def computed(kpi: str, made: Any) -> Computed:
    """What a run makes of a KPI."""
    if made is None:
        return Computed(kpi, "f", failed="it broke")
    numbers, fingerprint, text = made
    rows, verdicts = [], []
    for (grain, cell, period), number in zip(PLACES, numbers, strict=True):
        if number is None:
            continue
        value, flags = number
        key = {"part": "", "grain": grain, "cell": cell, "period": period}
        row = dict.fromkeys(OBSERVED.names) | key | {"value": value, "flags": flags, "n": 3.0}
        rows.append(row | {"reason": "no data" if value is None else None})
        status = "partial" if flags == Flag.PARTIAL else "on" if value else "off"
        verdicts.append(dict.fromkeys(JUDGED.names) | key | {"status": status, "low": 1.0})
    entries = () if text is None else (Entry("", "month", 5, text, note="said"),)
    judged = pa.Table.from_pylist(verdicts, JUDGED) if fingerprint == "f" else None
    return Computed(
        kpi, fingerprint, f"SELECT {fingerprint}", pa.Table.from_pylist(rows, OBSERVED), judged, entries=entries
    )


def record(ledger: Ledger, minute: int, made: Any) -> Any:
    """Record a run that ended at this minute."""
    at = START + timedelta(minutes=minute)
    run = Run(started=at, now=at, finished=at, fingerprint=f"c{minute % 2}", catalogue="{}", files={"a.yml": b"\xff"})
    load = Load("s", minute, {"exclusion": 2}, notes=("new column",), exclusions=(Excluded("x = 1", START.date()),))
    return ledger.record(run, [computed(kpi, one) for kpi, one in zip(KPIS, made, strict=True)], [load])


def told(ledger: Ledger) -> dict[str, Any]:
    """All that a ledger answers, now and as of the end of each run."""
    runs = ledger.runs(1000)
    answers: dict[str, Any] = {"runs": runs, "stored": ledger.stored()}
    for kpi in KPIS:
        for then in (None, *(run.finished for run in runs)):
            at = kpi, then
            answers["numbers", at] = ledger.read(kpi, part=None, as_of=then).to_pylist()
            answers["entries", at] = ledger.entries(kpi, then)
            answers["definition", at] = ledger.definitions(then).get(kpi)
        for grain, cell, period in PLACES:
            answers[kpi, grain, cell, period] = ledger.revisions(kpi, "", GRAINS[grain], cell, period)
    for run in runs:
        answers["run", run.id] = ledger.loads(run.id), ledger.failures(run.id)
        answers["catalogue", run.id] = ledger.catalogue(run.fingerprint), ledger.files(run.fingerprint)
    return answers


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A place for ledgers and exports."""
    return tmp_path


# -- the same ledger ---------------------------------------------------------------------------------------------------


@settings(max_examples=8)
@given(st.lists(RUN, min_size=1, max_size=6), st.integers(0, 5), RUN)
def test_what_was_exported_and_imported_answers_as_before(runs: list[Any], half: int, further: Any) -> None:
    """At each moment; exporting on the way changes nothing; and the next run finds the same changes in both."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with Ledger.open(place / "one.db") as one:
            for minute, made in enumerate(runs):
                record(one, minute, made)
                if minute == half:
                    export(one, place / "out")
            assert export(one, place / "out").runs == len(runs)
            assert export(one, place / "out").new == 0
            assert bring(place / "out", place / "two.db").new == len(runs)
            with Ledger.open(place / "two.db") as two:
                assert told(two) == told(one)
                counts = [replace(record(ledger, 99, further), run=None) for ledger in (one, two)]
                assert counts[0] == counts[1]
                assert told(two)["numbers", ("a", None)] == told(one)["numbers", ("a", None)]


@settings(max_examples=8)
@given(st.lists(RUN, max_size=3), st.lists(RUN, min_size=1, max_size=3), st.lists(RUN, min_size=1, max_size=3), RUN)
def test_ledgers_that_went_apart_become_one(base: list[Any], here: list[Any], there: list[Any], further: Any) -> None:
    """Two machines ran in turns: whichever is brought to the other, or both to a new one, the answers are the same.

    What is there already is not brought again; and the next run leaves what it made, and nothing else.
    """
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with Ledger.open(place / "base.db") as ledger:
            for minute, made in enumerate(base):
                record(ledger, minute, made)
        for machine, runs in ((0, here), (1, there)):
            shutil.copy(place / "base.db", place / f"{machine}.db")
            with Ledger.open(place / f"{machine}.db") as ledger:
                for number, made in enumerate(runs):
                    record(ledger, 10 + 2 * number + machine, made)
                export(ledger, place / f"out{machine}")
        bring(place / "out1", place / "0.db")
        bring(place / "out0", place / "1.db")
        bring(place / "out0", place / "2.db")
        bring(place / "out1", place / "2.db")
        shutil.copytree(place / "out0", place / "both")
        shutil.copytree(place / "out1", place / "both", dirs_exist_ok=True)  # as git merges them
        bring(place / "both", place / "3.db")
        answers = []
        for number in range(4):
            assert bring(place / "both", place / f"{number}.db").new == 0
            with Ledger.open(place / f"{number}.db") as ledger:
                answers.append(told(ledger))
                assert answers[-1] == answers[0]
                assert len(answers[0]["runs"]) == len(base) + len(here) + len(there)
                record(ledger, 99, further)
                if further[0] is not None:
                    now = {(r["grain"], r["cell"], r["period"]): r["value"] for r in ledger.read("a").to_pylist()}
                    wanted = zip(PLACES, further[0][0], strict=True)
                    assert now == {at: number[0] for at, number in wanted if number is not None}


def test_a_rename_travels(folder: Path) -> None:
    """Of a KPI and of a value: what was exported under the old name, and what under the new one, is one history."""
    changed = ([(2.5, 0), *SOME[0][1:]], *SOME[1:])
    with Ledger.open(folder / "one.db") as one:
        record(one, 0, (SOME, SOME))
        record(one, 1, (changed, SOME))
        export(one, folder / "early")
        at = START + timedelta(minutes=2)
        moved = [{**row, "cell": row["cell"].replace('"x"', '"y"')} for row in computed("a", SOME).observed.to_pylist()]
        made = replace(
            computed("c", SOME),
            observed=pa.Table.from_pylist(moved, OBSERVED),
            judged=None,
            formerly=("a",),
            revalued={"hub": {"x": "y"}},
        )
        run = Run(started=at, now=at, finished=at, fingerprint="c0", catalogue="{}")
        one.record(run, [made, computed("b", SOME)], [])
        export(one, folder / "early")
        export(one, folder / "late")
        wanted = one.read("c", part=None).to_pylist()
        assert len(wanted) == len(PLACES)
        for name in ("early", "late"):
            bring(folder / name, folder / f"{name}.db")
            with Ledger.open(folder / f"{name}.db") as other:
                assert told(other) == told(one)
                assert other.read("c", part=None).to_pylist() == wanted
                for grain, cell, period in PLACES:
                    key = "c", "", GRAINS[grain], cell.replace('"x"', '"y"'), period
                    assert other.revisions(*key) == one.revisions(*key)


@pytest.mark.parametrize("dump", sorted(LEDGERS.glob("*.sql")), ids=lambda dump: dump.stem)
def test_a_ledger_of_an_earlier_release_travels(dump: Path, folder: Path) -> None:
    """With all that it held."""
    with closing(sqlite3.connect(folder / "old.db")) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    with Ledger.open(folder / "old.db") as old:
        export(old, folder / "out")
        bring(folder / "out", folder / "new.db")
        with Ledger.open(folder / "new.db") as new:
            assert new.runs() == old.runs()
            for kpi in ("visits", "spent", "per_visit"):
                for then in (None, *(run.finished for run in old.runs())):
                    assert new.read(kpi, as_of=then).equals(old.read(kpi, as_of=then))
            january = Grain.MONTH, "", 20454
            assert new.revisions("spent", "", *january) == old.revisions("spent", "", *january)


def test_every_table_travels_or_follows() -> None:
    """A new table must say how it gets into an export, or why it need not."""
    placed = [*journal.LOGS, *(t.name for t in (*journal.ADDED, *journal.STANDING, *journal.FOLLOWING))]
    placed += ["run", "catalogue", "definition"]
    assert sorted(placed) == sorted(schema.metadata.tables)


# -- the files ---------------------------------------------------------------------------------------------------------

SOME = ([(1.0, 0)] * len(PLACES), "f", "good")


@pytest.fixture
def out(folder: Path) -> Path:
    """An export of two runs, with their ledger beside it."""
    with Ledger.open(folder / "ledger.db") as ledger:
        record(ledger, 0, (SOME, None))
        record(ledger, 1, (SOME, SOME))
        export(ledger, folder / "out")
    return folder / "out"


def files(folder: Path) -> dict[str, bytes]:
    """What every file holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_export_only_adds_files(out: Path, folder: Path) -> None:
    """What is there stays as it is, byte for byte; only the newest state takes the place of the one before."""
    before = files(out)
    with Ledger.open(folder / "ledger.db") as ledger:
        record(ledger, 2, (None, SOME))
        assert export(ledger, out).new == 1
    after = files(out)
    gone = before.keys() - after.keys()
    assert [name.split("/")[0] for name in gone] == ["state"]
    assert {name: after[name] for name in before.keys() - gone} == {n: before[n] for n in before.keys() - gone}
    assert len([name for name in after if name.startswith("state/")]) == 1
    assert {name.split("/")[0] for name in after.keys() - before.keys()} == {"runs", "state"}


def test_other_tools_read_the_numbers(out: Path) -> None:
    """Parquet under names, and JSON."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT kpi, grain, cell, period, value FROM '{out}/runs/*/observation.parquet' "
            "WHERE kpi = 'b' ORDER BY ALL"
        ).fetchall()
        (state,) = connection.execute(
            f"SELECT run.state FROM read_json('{out}/runs/*/run.json.gz') ORDER BY run.finished LIMIT 1"
        ).fetchone()
    assert len(found) == len(PLACES)
    assert found[0] == ("b", "day", "", 0, 1.0)
    assert state == "failures"


def test_git_merges_exports_that_went_apart(out: Path, folder: Path) -> None:
    """Two clones each add a run and push: the merge has no conflict, and holds both."""

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
            cwd=out,
            check=True,
            capture_output=True,
        )

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "base")
    for machine in ("x", "y"):
        git("checkout", "-q", "-b", machine, "main")
        shutil.copy(folder / "ledger.db", folder / f"{machine}.db")
        with Ledger.open(folder / f"{machine}.db") as ledger:
            record(ledger, 5 if machine == "x" else 6, (SOME, None))
            export(ledger, out)
        git("add", "-A")
        git("commit", "-qm", machine)
    git("merge", "-q", "--no-edit", "x")
    assert bring(out, folder / "new.db").runs == 4


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("runs/*/observation.parquet", "cut short"),
        ("runs/*/observation.parquet", "lost"),
        ("runs/*/verdict.parquet", "changed"),
        ("runs/*/run.json.gz", "cut short"),
        ("runs/*/run.json.gz", "lost"),
        ("runs/*/run.json.gz", "emptied"),
        ("catalogues/*.json", "lost"),
        ("state/*.json.gz", "cut short"),
        ("headway-ledger.json", "emptied"),
    ],
)
def test_a_damaged_export_is_named_and_changes_nothing(out: Path, folder: Path, name: str, how: str) -> None:
    """Neither a ledger that is there, nor one that would be new."""
    with Ledger.open(folder / "other.db") as ledger:
        record(ledger, 7, (SOME, SOME))
        before = told(ledger)
    file = sorted(out.glob(name))[0]
    match how:
        case "lost":
            file.unlink()
        case "emptied":
            file.write_bytes(b"")
        case "cut short":
            file.write_bytes(file.read_bytes()[:-20])
        case "changed":
            contents = bytearray(file.read_bytes())
            contents[len(contents) // 2] ^= 1
            file.write_bytes(contents)
    for target in ("new.db", "other.db"):
        with pytest.raises(LedgerError) as error:
            bring(out, folder / target)
        assert error.value.slug == "export-damaged"
        assert file.name in str(error.value)
        assert "not touched" in str(error.value)
    assert not (folder / "new.db").exists()
    with Ledger.open(folder / "other.db") as ledger:
        assert told(ledger) == before


def test_a_run_that_is_missing_is_noticed(out: Path, folder: Path) -> None:
    """A history without its first run is no history."""
    first = sorted((out / "runs").iterdir())[0]
    shutil.rmtree(first)
    with pytest.raises(LedgerError, match=r"the run before .* is missing"):
        bring(out, folder / "new.db")


def test_an_empty_history_is_never_started_by_accident(out: Path, folder: Path) -> None:
    """A folder of something else, one that is not there, and an export without runs are refused."""
    (folder / "empty").mkdir()
    (folder / "nothing").mkdir()
    shutil.copy(out / "headway-ledger.json", folder / "nothing")
    for name in ("empty", "none", "nothing"):
        with pytest.raises(UsageError) as error:
            bring(folder / name, folder / "new.db")
        assert error.value.slug == "not-an-export"
    assert not (folder / "new.db").exists()


def test_a_folder_of_something_else_is_not_exported_into(out: Path, folder: Path) -> None:
    """Hidden files, such as git's, are no hindrance."""
    (folder / "pictures").mkdir()
    (folder / "pictures" / "cat.png").write_bytes(b"")
    (folder / "clone" / ".git").mkdir(parents=True)
    with Ledger.open(folder / "ledger.db") as ledger:
        with pytest.raises(HeadwayError) as error:
            export(ledger, folder / "pictures")
        assert error.value.slug == "folder-not-empty"
        assert export(ledger, folder / "clone").new == 2


def test_an_export_of_a_newer_release_is_refused(out: Path, folder: Path) -> None:
    """Its files may say what this one does not understand."""
    (out / "headway-ledger.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(LedgerError) as error:
        bring(out, folder / "new.db")
    assert error.value.slug == "ledger-newer"


def test_the_replaced_ledger_stays_beside(out: Path, folder: Path) -> None:
    """An import that goes wrong in the head of whoever asked for it can be taken back."""
    with Ledger.open(folder / "other.db") as ledger:
        record(ledger, 7, (SOME, SOME))
        before = told(ledger)
    moved = bring(out, folder / "other.db")
    assert (moved.new, moved.runs) == (2, 3)
    assert moved.before is not None
    with Ledger.open(moved.before) as ledger:
        assert told(ledger) == before


def test_a_run_is_the_same_file_on_every_machine(out: Path, folder: Path) -> None:
    """Whoever exports it, so that two folders that both have it do not differ."""
    bring(out, folder / "new.db")
    with Ledger.open(folder / "new.db") as ledger:
        export(ledger, folder / "again")
    assert files(folder / "again") == files(out)
    runs = [json.loads(gzip.decompress(path.read_bytes())) for path in sorted(out.glob("runs/*/run.json.gz"))]
    assert runs[0]["after"] is None
    assert runs[1]["after"] == runs[0]["run"]["uuid"]
