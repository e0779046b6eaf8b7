"""Judge what becomes of alerts: what each rule-cell saw, how its state advances by that, and what is to be told (pure).

`judge` does all of it for a catalogue, given its `Outlook`: what the ledger holds of everything that alerts watch.
`advance` is the machine of one rule-cell. Nothing here reads a ledger, asks what time it is, or sends anything.
"""

from headway.alerts.judging import by_time, judge, rule_of
from headway.alerts.machine import Rule, Step, advance, notice_id, retire
from headway.alerts.outlook import Bounds, Changed, Looked, Outlook, Reading

__all__ = [
    "Bounds",
    "Changed",
    "Looked",
    "Outlook",
    "Reading",
    "Rule",
    "Step",
    "advance",
    "by_time",
    "judge",
    "notice_id",
    "retire",
    "rule_of",
]
