"""Lets pyarrow do without pandas: its first array would import it, which takes longer than most commands.

pyarrow looks once whether there is a pandas, and again when it is asked for what needs one. Nothing of ours hands it a
pandas object; a project's own function may.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


class _Absent(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError(name)
        return


def meet_pandas() -> None:
    """Have pyarrow know the objects of pandas, if that was imported meanwhile."""
    if "pandas" in sys.modules:
        pa.table({}).to_pandas()


if "pandas" not in sys.modules:
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        pa.array([None, 0.0])
    finally:
        sys.meta_path.remove(absent)


__all__ = ["meet_pandas"]
