"""How a document writes what it was given: a text, a cell, and the file for a cell."""

from __future__ import annotations

import re
import unicodedata

from headway.errors import Mistake, UsageError
from headway.model import Cell

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$^])")
#: What would end a quote, a role or a field of a table.
_UNSAYABLE = re.compile(r"[\"`|]")


def plain(text: str) -> str:
    """A text as Markdown that reads as it stands here, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def address(cell: Cell) -> str:
    """A cell as roles and directives read it: community="New York"; UsageError for a name that they cannot hold."""
    if wrong := next((value for _, value in cell if _UNSAYABLE.search(value)), None):
        remedy = "Give it a name without quotes and bars where its rows come from."
        raise UsageError(Mistake(f"a document cannot name '{wrong}'", "unknown-cell", None, remedy))
    return " ".join(f'{column}="{value}"' if re.search(r"\s", value) else f"{column}={value}" for column, value in cell)


def file_name(stem: str, cell: Cell) -> str:
    """The name of the file of a cell: community-new-york. Letters that not every disk knows become plain ones."""
    values = (unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower() for _, value in cell)
    return "-".join(filter(None, (stem, *(re.sub(r"[^a-z0-9]+", "-", value).strip("-") for value in values))))
