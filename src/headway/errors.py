"""Every error that a user can meet, drawn as one tree. This module imports nothing of ours.

    HeadwayError
    ├── CatalogError      the YAML is wrong: all mistakes at once, each with file, line, column and remedy
    ├── UsageError        a command was asked for something that does not exist
    ├── SourceError       rows cannot be read: file missing, broken, of another type; the run goes on without it
    ├── QueryError        the engine refused a plan or ran out of memory or disk
    ├── CheckError        a check stops the run before anything is recorded
    ├── LedgerError       the store of numbers cannot be opened, read or written
    ├── PublishError      a page, file or address cannot be written or served
    └── DeliveryError     a route did not take a message; it is tried again

Foreign exceptions are translated at the door of the room that calls the library. Every error names a remedy
in the user's words and carries a stable slug, which has a section in docs/errors.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Every slug there is. tests/house compares this set with the sections of docs/errors.md.
SLUGS = frozenset(
    {
        # catalogue
        "not-a-project",
        "yaml-syntax",
        "unknown-key",
        "missing-key",
        "wrong-type",
        "duplicate-name",
        "bad-name",
        "unknown-name",
        "unknown-grain",
        "unknown-unit",
        "bad-value",
        "bad-quantity",
        "bad-length",
        "bad-window",
        "bad-period",
        "bad-date",
        "bad-expression",
        "bad-formula",
        "bad-function",
        "no-kind",
        "two-kinds",
        "wrong-kind",
        "not-supported-yet",
        "grain-not-possible",
        "unknown-column",
        "ambiguous-column",
        "bad-reference",
        "person-breakdown",
        "person-alone",
        "formula-circle",
        "formula-breakdown",
        "two-currencies",
        "target-overlap",
        "target-unit",
        # usage
        "unknown-kpi",
        "unknown-period",
        "unknown-cell",
        "unknown-part",
        "unknown-run",
        "unknown-commit",
        "unknown-test",
        "unknown-option",
        "folder-not-empty",
        "nothing-to-measure",
        "nothing-selected",
        "nothing-computed",
        "unknown-restatement",
        "already-decided",
        "decided-together",
        "no-reason",
        "unknown-alert",
        "not-firing",
        "unknown-silence",
        "matches-nothing",
        "unknown-event",
        "not-a-review",
        "review-edited",
        "targets-changed",
        "two-snapshots",
        # sources
        "missing-file",
        "missing-environment",
        "empty-file",
        "broken-row",
        "broken-file",
        "unreadable-file",
        "file-changed",
        "source-emptied",
        "column-missing",
        "column-type",
        "bad-time",
        "key-not-unique",
        "not-a-repository",
        "source-too-slow",
        # queries
        "query-failed",
        "query-too-slow",
        "function-failed",
        "out-of-memory",
        "person-cells",
        "too-many-cells",
        # checks
        "check-failed",
        # ledger
        "ledger-newer",
        "ledger-broken",
        "ledger-locked",
        "would-lose-runs",
        "not-an-export",
        "export-damaged",
        "clock-backwards",
        "disk-full",
        "read-only",
        # publishing
        "address-in-use",
        "edition-filed",
        "missing-extra",
        "no-number",
        "not-a-snapshot",
        "not-for-readers",
        "not-in-snapshot",
        "report-failed",
        "report-syntax",
        "template",
        "pinned-template",
        "outside-the-cell",
        "not-writable",
        # delivery
        "bad-address",
        "not-delivered",
        # last resort
        "interrupted",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file: path relative to the project, line and column from 1, length of the mark."""

    path: str
    line: int
    column: int = 1
    length: int = 1
    #: The line of text itself, kept so that an error can be drawn without reading the file again.
    text: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"

    def drawn(self) -> list[str]:
        """The line with carets under what is meant; nothing if the line is not known."""
        if not self.text:
            return []
        number = str(self.line)
        # A tab must stay a tab under the line, or the caret drifts.
        lead = "".join("\t" if c == "\t" else " " for c in self.text[: self.column - 1])
        carets = "^" * max(1, self.length)
        return [f"    {number} | {self.text}", f"{' ' * (len(number) + 4)} | {lead}{carets}"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, in the user's words.

    `message` says what is wrong and what would be right; `remedy` is the next step ("Did you mean 'month'?").
    """

    message: str
    slug: str
    place: Place | None = None
    remedy: str | None = None

    def __post_init__(self) -> None:
        assert self.slug in SLUGS, f"slug without a declaration: {self.slug}"

    def __str__(self) -> str:
        """Draw the mistake as on the terminal: place, message, slug, the line with a caret, the remedy."""
        lines = [f"{self.place}: {self.message} [{self.slug}]" if self.place else f"{self.message} [{self.slug}]"]
        lines += self.place.drawn() if self.place else []
        if self.remedy:
            lines.append(f"  {self.remedy}")
        return "\n".join(lines)


class HeadwayError(Exception):
    """The root: what a command prints instead of a traceback. `exit_code` is documented in docs/cli.md."""

    exit_code = 1

    def __init__(self, mistakes: Mistake | Sequence[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = (mistakes,) if isinstance(mistakes, Mistake) else tuple(mistakes)
        super().__init__("\n\n".join(str(m) for m in self.mistakes))

    @property
    def slug(self) -> str:
        """The slug of the first mistake."""
        return self.mistakes[0].slug


class CatalogError(HeadwayError):
    """The catalogue is wrong. Nothing ran and nothing was written."""

    exit_code = 2


class UsageError(HeadwayError):
    """The command line names something that is not there."""

    exit_code = 2


class SourceError(HeadwayError):
    """Rows of one source cannot be read. KPIs of other sources are computed all the same."""

    exit_code = 3


class QueryError(HeadwayError):
    """The engine could not answer one plan. Other plans are computed all the same."""

    exit_code = 3


class CheckError(HeadwayError):
    """A check with `then: stop` failed. Nothing was recorded."""

    exit_code = 3


class LedgerError(HeadwayError):
    """The ledger cannot be opened, read or written. What it held before is still there."""

    exit_code = 4


class PublishError(HeadwayError):
    """Pages cannot be written or served."""

    exit_code = 5


class DeliveryError(HeadwayError):
    """A route did not take a message. Nothing is lost: the clock tries again."""

    exit_code = 6
