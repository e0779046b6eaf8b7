"""The store of every number Headway ever published: `Ledger.record` appends a run, `Ledger.read` answers pages."""

from headway.ledger.checked import Look, Standing
from headway.ledger.editions import Editions
from headway.ledger.entries import Entered
from headway.ledger.keep import Kept, backup, restore
from headway.ledger.portable import Moved, bring, export
from headway.ledger.read import NEWS
from headway.ledger.records import (
    PUBLISHED,
    AsOf,
    Change,
    Decision,
    Definition,
    Failure,
    Proposal,
    Recorded,
    Restated,
    Restatement,
    Revision,
    Run,
    Series,
    Tried,
    Version,
)
from headway.ledger.reviews import Reviewed
from headway.ledger.store import Ledger

__all__ = [
    "NEWS",
    "PUBLISHED",
    "AsOf",
    "Change",
    "Decision",
    "Definition",
    "Editions",
    "Entered",
    "Failure",
    "Kept",
    "Ledger",
    "Look",
    "Moved",
    "Proposal",
    "Recorded",
    "Restated",
    "Restatement",
    "Reviewed",
    "Revision",
    "Run",
    "Series",
    "Standing",
    "Tried",
    "Version",
    "backup",
    "bring",
    "export",
    "restore",
]
