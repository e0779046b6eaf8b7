"""The quarterly review of targets: what was reached, what is to come, and the targets that people agree on.

`write` makes a sheet of Markdown, and keeps what was filled in; `prepare` and `carry_out` apply it, and `letter` drafts
what stakeholders should know. `facts` reads the ledger · `forecast`, `proposal` work out what is no KPI (pure) ·
`sheet` writes and reads the file, in the words of `telling` · `edit` puts a target into YAML.
"""

from headway.review.apply import Decided, Prepared, carry_out, prepare
from headway.review.facts import Selection
from headway.review.letter import letter
from headway.review.sheet import Sheet, read
from headway.review.writing import Written, keep, latest, write

__all__ = [
    "Decided",
    "Prepared",
    "Selection",
    "Sheet",
    "Written",
    "carry_out",
    "keep",
    "latest",
    "letter",
    "prepare",
    "read",
    "write",
]
