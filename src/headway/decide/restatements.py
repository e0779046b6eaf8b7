"""Settle what becomes of changes that wait: publish the new numbers, or keep the old ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from headway.catalog import identity
from headway.decide.people import refused
from headway.ledger import Ledger, Restatement
from headway.model import Catalog


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides about restatements that wait: publish their numbers, or keep the old ones."""

    ids: tuple[int, ...]
    accept: bool
    who: str
    why: str
    version: str = ""


def settle(catalog: Catalog, ledger: Ledger, decision: Decision, now: datetime) -> list[Restatement]:
    """Accept or reject restatements; all of them or, with a mistake, none. Gives them as they stand then.

    Tied ones are accepted together: a number that holds two changes can be published with both, or not at all.
    """
    if not decision.why.strip():
        if decision.accept:
            message, example = "why are the new numbers right?", "invoices of March came in April"
        else:
            message, example = "why do the old numbers stay?", "the export was cut short"
        remedy = f"Say it: --why '{example}'. Whoever asks later reads it beside the number."
        raise refused(message, "no-reason", remedy)
    why, who, version = decision.why.strip(), decision.who, decision.version
    reads = {name: identity.inputs(kpi, catalog) for name, kpi in catalog.kpis.items()}
    ledger.decide(decision.ids, accept=decision.accept, who=who, why=why, now=now, version=version, reads=reads)
    return [one for one in ledger.restatements() if one.id in decision.ids]
