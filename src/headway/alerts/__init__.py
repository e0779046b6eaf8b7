"""Judge what becomes of alerts: `advance` the state of a rule-cell by what it saw, and say what to tell (pure)."""

from headway.alerts.machine import Rule, Step, advance, notice_id, retire

__all__ = ["Rule", "Step", "advance", "notice_id", "retire"]
