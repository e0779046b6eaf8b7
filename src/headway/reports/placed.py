"""Puts what was made of a report where it belongs."""

from __future__ import annotations

import shutil
from pathlib import Path

from headway.errors import Mistake, PublishError


def place(made: Path, out: Path, *beside: str) -> None:
    """Copy a folder into another, without files named as in `beside`; PublishError `not-writable`."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*beside))
    except (OSError, shutil.Error) as error:
        why = (getattr(error, "strerror", "") or str(error)).lower()
        remedy = "Choose a folder that you may write to: -o FOLDER"
        raise PublishError(Mistake(f"{out} cannot be written: {why}", "not-writable", None, remedy)) from None
