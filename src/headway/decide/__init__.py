"""What people decide, and write down: numbers that they know, changes that wait, and what they say to alerts.

What is entered stands in a file of the project; a decision stands in the ledger, as a row of `run`.
"""

from headway.decide.alerts import Saying, acknowledge, close, post, silence, unsilence
from headway.decide.entries import Entry, Written, enter
from headway.decide.people import somebody
from headway.decide.restatements import Decision, settle

__all__ = [
    "Decision",
    "Entry",
    "Saying",
    "Written",
    "acknowledge",
    "close",
    "enter",
    "post",
    "settle",
    "silence",
    "somebody",
    "unsilence",
]
