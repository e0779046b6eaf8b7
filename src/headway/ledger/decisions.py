"""Write what people decide about restatements: accept the new numbers, or keep the old ones.

A decision is a row of `run`, so that whatever changes what is published has a number in one order. It works on one
connection in one transaction, which the caller begins and ends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from headway.errors import Mistake, UsageError
from headway.ledger import proposals, schema
from headway.ledger.diff import Rows
from headway.ledger.encode import OBSERVATION, VERDICT, Encoder, Lines, next_id
from headway.ledger.gate import publish
from headway.ledger.logs import Log, Logs
from headway.ledger.proposals import ACCEPTED, REJECTED, WAITING, Case
from headway.ledger.read import DECISION, ends, last_run, newest_row
from headway.ledger.records import Run
from headway.ledger.tied import tied
from headway.model import Reason

#: What was withheld for these reasons may be shown again if somebody says that the old number is right. A group that
#: was too small once stays hidden.
_HARMLESS = (Reason.CHECK_FAILED, Reason.INCOMPLETE, Reason.CHANGE_WAITS)


def decide(
    connection: sa.Connection,
    ids: Sequence[int],
    *,
    accept: bool,
    who: str,
    why: str,
    now: datetime,
    version: str,
    reads: Mapping[str, Collection[str]],
) -> None:
    """See `Ledger.decide`."""
    chosen = _waiting(connection, ids, accept=accept)
    if accept:
        _whole(connection, ids, reads)
    before = last_run(connection, None, decisions=False)
    assert before is not None, "a run made what is decided"
    finished = ends(now, newest_row(connection))
    run = Run(now, now, before.fingerprint, "", finished, DECISION, version, next_id(connection, schema.run))
    connection.execute(schema.run.insert(), {c.name: getattr(run, c.name) for c in schema.run.c})
    encoder = Encoder(connection)
    logs = Logs(connection, run.id, encoder)
    state = ACCEPTED if accept else REJECTED
    for case in chosen:
        row = {"run": run.id, "restatement": case.id, "verdict": state, "who": who, "why": why}
        connection.execute(schema.decision.insert(), row)
        proposals.keep(connection, replace(case, latest=run.id, state=state))
        for kpi in case.kpis:
            found = proposals.read(connection, kpi)
            found = found.take(found.restatement == case.id)
            lines = encoder.lines(kpi)
            if accept:
                for definition in np.unique(found.definition).tolist():
                    rows = found.rows.take(found.definition == definition)
                    publish(logs, kpi, lines, rows, definition, case.id)
                proposals.end(logs, found.rows)
            else:
                _show_again(logs, encoder, kpi, lines, found.rows, case.id)


def _whole(connection: sa.Connection, ids: Sequence[int], reads: Mapping[str, Collection[str]]) -> None:
    """Refuse to accept a part of what is tied."""
    others = tied(connection, ids, reads)
    if not others:
        return
    rejected = {case.id for case in proposals.versions(connection, others) if case.state == REJECTED}
    said = [f"#{number}{', which was rejected' if number in rejected else ''}" for number in others]
    listed = ", ".join(f"#{number}" for number in ids)
    message = f"{listed} cannot be accepted without {' and '.join(said)}: some numbers hold both changes"
    both = " ".join(str(number) for number in sorted({*ids, *others}))
    remedy = f"Accept them together: headway accept {both} --why TEXT."
    raise UsageError(Mistake(message, "decided-together", None, remedy))


def _waiting(connection: sa.Connection, ids: Sequence[int], *, accept: bool) -> list[Case]:
    """The restatements with these ids. UsageError if one cannot be decided; then nothing is."""
    found = {version.id: version for version in proposals.versions(connection, ids)}
    mistakes = []
    for number in dict.fromkeys(ids):
        if number not in found:
            remedy = "'headway restatements --all' lists all that there are."
            mistakes.append(Mistake(f"there is no restatement #{number}", "unknown-restatement", None, remedy))
        elif (said := _refused(found[number], accept=accept)) is not None:
            mistakes.append(said)
    if mistakes:
        raise UsageError(mistakes)
    return [found[number] for number in dict.fromkeys(ids)]


def _refused(version: Case, *, accept: bool) -> Mistake | None:
    """Why a restatement cannot be decided so; who rejected one may accept it later."""
    if version.state == WAITING or (accept and version.state == REJECTED):
        return None
    why = {
        ACCEPTED: "was accepted already",
        REJECTED: "was rejected already",
        proposals.PUBLISHED: "did not have to wait: it is published",
        proposals.WITHDRAWN: "is withdrawn: the last run no longer had it",
    }[version.state]
    remedy = f"'headway restatements {version.id}' says what became of it."
    return Mistake(f"restatement #{version.id} {why}", "already-decided", None, remedy)


def _show_again(logs: Logs, encoder: Encoder, kpi: str, lines: Lines, rows: Rows, restatement: int) -> None:
    """Where nothing was shown but that a change waits, show what was there before: it does not wait any more."""
    waits, harmless = encoder.word(Reason.CHANGE_WAITS), {encoder.word(reason) for reason in _HARMLESS}
    verdicts = _by_row(logs, logs.verdicts, kpi, lines, rows)
    again: list[list[float]] = []
    judged: list[list[float]] = []
    for key, history in _by_row(logs, logs.observations, kpi, lines, rows).items():
        reasons = [int(one[_REASON]) for one in history]
        if reasons[-1] != waits:
            continue
        valued = max(at for at, one in enumerate(history) if not np.isnan(one[_VALUE]))
        if harmless.issuperset(reasons[valued + 1 :]):
            again.append(history[valued])
            hidden = history[valued + 1][_RUN]
            judged += [one for one in verdicts.get(key, ()) if one[_RUN] < hidden][-1:]
        else:
            again.append([one for one, reason in zip(history, reasons, strict=True) if reason != waits][-1])
    for definition in {int(one[_DEFINITION]) for one in again}:
        values = _rows([one for one in again if one[_DEFINITION] == definition], _VALUE)
        common = {"run": logs.run, "definition": definition, "restatement": restatement}
        logs.put(logs.observations, kpi, lines, values, common)
    logs.put(logs.verdicts, kpi, lines, _rows(judged, _STATUS), {"run": logs.run})


#: Where things stand in a revision of an observation, and the numbers in one of a verdict (see `Log.stored`).
_RUN, _DEFINITION = 3, 4
_VALUE = 3 + 3
_REASON = _VALUE + OBSERVATION.index("reason")
_STATUS = 3 + 1


def _by_row(logs: Logs, log: Log, kpi: str, lines: Lines, rows: Rows) -> dict[tuple[int, int], list[list[float]]]:
    """Every revision of each of some rows, oldest first."""
    wanted = set(zip(rows.series.tolist(), rows.period.tolist(), strict=True))
    found: dict[tuple[int, int], list[list[float]]] = {}
    for one in logs.revisions(log, kpi, lines, rows).tolist():
        if (key := (int(one[0]), int(one[1]))) in wanted:
            found.setdefault(key, []).append(one)
    return found


def _rows(revisions: list[list[float]], first: int) -> Rows:
    """The numbers of revisions, which begin at `first`."""
    found = np.array(revisions, dtype=np.float64)
    if not len(found):
        return Rows.none(len(OBSERVATION) if first == _VALUE else len(VERDICT))
    return Rows(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, first:])
