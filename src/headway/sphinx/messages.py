"""What Sphinx says of a document, as mistakes of its writer: in our words, with their place and the way out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from headway.errors import Mistake, Place
from headway.reports.asked import DIRECTIVES, ROLES

_SAID = re.compile(r"(?P<path>.+?):(?P<line>\d+): (?P<text>.*)")
#: What stands at the end of a message: [ref.numref], [docutils].
_SORT = re.compile(r" \[[\w.]+\]$")
#: What Sphinx, docutils and MyST say, what that means, and what to do.
_KNOWN = tuple(
    (re.compile(said), means, remedy)
    for said, means, remedy in (
        (r'Unknown interpreted text role "(?P<it>.+)"\.', "there is no role {it}", ""),
        (r"Unknown directive type: '(?P<it>.+)'", "there is no directive {it}", ""),
        (
            r"undefined label: '(?P<it>.+)'",
            "nothing is called '{it}'",
            "A figure or a table gets a name by its option :name: {it}",
        ),
        (
            r"'myst' cross-reference target not found: '(?P<it>.+)'",
            "'{it}' leads nowhere",
            "A report is one page: write a whole address, or the name of something in it.",
        ),
        (r"unknown document: '(?P<it>.+)'", "'{it}' leads nowhere", "A report is one page: write a whole address."),
        (
            r"(?:image|download) file not readable: (?P<it>.+)",
            "there is no file {it}",
            "Its path begins at the folder of the document.",
        ),
        (
            r'Unknown target name: "(?P<it>.+)"\.',
            "nothing is called '{it}'",
            "Of a footnote, write below: [^{it}]: ...",
        ),
        (
            r"no font has '(?P<it>.+)' \(.+",
            "no font has '{it}'",
            "Install a font that has it, or leave it out. A project of Sphinx names a folder of fonts in typst_fonts.",
        ),
        (
            r"Non-consecutive header level increase; H(?P<it>\d) to H\d",
            "a heading skips a level",
            "Give it one '#' more than the heading that it belongs to.",
        ),
    )
)


def mistakes(lines: Sequence[str], written: Sequence[str]) -> Iterator[Mistake]:
    """A mistake for each line that was said of a document, of which these are the lines."""
    for line in lines:
        said = _SAID.fullmatch(line)
        text = _SORT.sub("", said["text"] if said else line)
        for pattern, means, remedy in _KNOWN:
            if said and (match := pattern.fullmatch(text)):
                yield _mistake(said["path"], int(said["line"]), match["it"], means, remedy, written)
                break
        else:
            yield Mistake(_SORT.sub("", line), "report-failed", None, None)


def _mistake(path: str, line: int, it: str, means: str, remedy: str, written: Sequence[str]) -> Mistake:
    named = not remedy
    shown = f"{{{it}}}" if named else it
    message = means.format(it=shown)
    remedy = _close(it) if named else remedy.format(it=it)
    place = _place(path, line, shown, written)
    return Mistake(message if place else f"{path}:{line}: {message}", "report-failed", place, remedy)


def _close(name: str) -> str:
    """The role or directive of ours that may be meant."""
    close = difflib.get_close_matches(name, [*ROLES, *DIRECTIVES], 1, 0.5)
    return f"Did you mean {{{close[0]}}}?" if close else "What reports know stands in docs/reports.md."


def _place(path: str, line: int, shown: str, written: Sequence[str]) -> Place | None:
    """Where it stands exactly: Sphinx names the first line of a paragraph."""
    word = re.compile(rf"(?<!\w){re.escape(shown)}(?!\w)" if shown.isascii() else re.escape(shown))
    for number in range(line, len(written) + 1):
        text = written[number - 1]
        if match := word.search(text):
            return Place(path, number, match.start() + 1, len(shown), text)
        if not text.strip():
            break
    return None
