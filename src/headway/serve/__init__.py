"""The same pages over HTTP: HTML, their JSON twins and CSV, read from the ledger as it is now."""

from headway.serve.app import LOOPBACK, app, run
from headway.serve.beat import Beat

__all__ = ["LOOPBACK", "Beat", "app", "run"]
