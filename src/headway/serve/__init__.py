"""The same pages over HTTP: HTML, their JSON twins and CSV, read from the ledger as it is now."""

from headway.serve.app import LOOPBACK, app, run
from headway.serve.beat import Beat
from headway.serve.edits import Edits

__all__ = ["LOOPBACK", "Beat", "Edits", "app", "run"]
