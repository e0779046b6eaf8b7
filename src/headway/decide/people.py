"""Who decides, and how they are refused."""

from __future__ import annotations

import getpass
import subprocess
from contextlib import suppress
from pathlib import Path

from headway.errors import Mistake, UsageError


def somebody(root: Path) -> str:
    """Who decides: the name that git knows in the project, else the user of this machine."""
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(
            ["git", "config", "user.name"], cwd=root, capture_output=True, text=True, timeout=10, check=False
        )
        if name := told.stdout.strip():
            return name
    with suppress(OSError, KeyError):  # a container may have no name for its user
        return getpass.getuser()
    return ""


def refused(message: str, slug: str, remedy: str | None) -> UsageError:
    """What cannot be decided so."""
    return UsageError(Mistake(message, slug, None, remedy))
