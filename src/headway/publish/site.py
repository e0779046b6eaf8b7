"""Write the pages as a folder of files that works from any address and from disk (`headway build DIR`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headway.publish.view import View


@dataclass(frozen=True, slots=True)
class Built:
    """What a build wrote: paths relative to the folder, bytes in all, and KPIs left out as not for these readers."""

    folder: Path
    files: tuple[str, ...]
    size: int
    left_out: tuple[str, ...]


def build(view: View, folder: Path) -> Built:
    """Write the whole site into `folder`, replacing an earlier build at once.

    PublishError `not-writable` if it cannot be written; UsageError `folder-not-empty` if the folder holds anything
    but an earlier build.
    """
    raise NotImplementedError
