"""The prose of a document, as the parser of its hosts sees it: paragraphs, headings, cells of tables, captions, notes.

Code, roles, links' addresses, pictures, comments and the options of directives are not prose. Each offset in a passage
stands for a line and a column of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from headway.reports.asked import DIRECTIVES

#: What MyST understands besides CommonMark, in every host.
SYNTAX = ("colon_fence", "deflist", "attrs_inline")
#: What stands in the place of a role, a picture or code: no word reaches over it.
GONE = "\ufffc"
_OPTION = re.compile(r"\s*:[\w-]+:.*")
_NAMED = re.compile(r"\{([\w:-]+)\}")
#: Directives whose text is shown as it is, or is a list of numbers.
_LITERAL = frozenset(
    ("code", "code-block", "code-cell", "sourcecode", "math", "raw", "literalinclude", "eval-rst", "kpi-cards")
)
_LINK = re.compile(r"(?:https?://|www\.|mailto:)\S+|\S+@\S+\.\w+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph or another run of words. `text` is as long as what is written, with spaces for what is no prose.

    `heads` are the headings above it, the nearest first. In a table, `table` are the heads of its column and row.
    """

    text: str
    line: int
    columns: tuple[int, ...]
    heads: tuple[str, ...] = ()
    table: tuple[str, ...] = ()

    def place(self, at: int) -> tuple[int, int]:
        """The line and the column of an offset, counted from 1."""
        down = self.text.count("\n", 0, at)
        return self.line + down, at - (self.text.rfind("\n", 0, at) + 1) + self.columns[down] + 1


def passages(text: str) -> list[Passage]:
    """The passages of a document, in order."""
    parser = create_md_parser(MdParserConfig(enable_extensions=set(SYNTAX)), RendererHTML)
    lines = text.splitlines()

    def around(heads: Sequence[tuple[int, str]], above: tuple[str, ...]) -> tuple[str, ...]:
        return (*(head for _, head in reversed(heads)), *above)

    def within(tokens: Sequence[Token], down: int, above: tuple[str, ...] = ()) -> Iterator[Passage]:
        heads: list[tuple[int, str]] = []
        table: list[str] = []
        row: list[str] = []
        for at, token in enumerate(tokens):
            if token.type in ("fence", "colon_fence"):
                named = _NAMED.match(token.info.strip())
                body, skipped = _body(token, named[1] if named else "")
                yield from within(parser.parse(body), down + (token.map or [0])[0] + 1 + skipped, around(heads, above))
            elif token.type == "thead_open":
                table = []
            elif token.type == "tr_open":
                row = []
            elif token.type == "inline" and token.map:
                before = tokens[at - 1].type
                beside: tuple[str, ...] = ()
                found = _passage(token, down, lines)
                if before == "heading_open":
                    level = int(tokens[at - 1].tag[1:])
                    heads = [(depth, head) for depth, head in heads if depth < level]
                    over = around(heads, above)
                    heads.append((level, found.text))
                elif before == "th_open":
                    table.append(found.text)
                    continue
                else:
                    over = around(heads, above)
                    if before == "td_open":
                        beside = (*table[len(row) : len(row) + 1], *row[:1])
                        row.append(found.text)
                yield Passage(found.text, found.line, found.columns, over, beside)

    return list(within(parser.parse(text), 0))


def _body(token: Token, name: str) -> tuple[str, int]:
    """What of a directive is prose, and after how many lines it begins."""
    lines = token.content.split("\n")
    if not name or name in _LITERAL or (name in DIRECTIVES and name.startswith("kpi-card")):
        return "", 0
    at = 0
    if lines[0].strip() == "---":
        at = next((n for n, line in enumerate(lines[1:], 2) if line.strip() == "---"), len(lines))
    while at < len(lines) and _OPTION.fullmatch(lines[at]):
        at += 1
    return "\n".join(lines[at:]), at


def _passage(token: Token, down: int, lines: Sequence[str]) -> Passage:
    """The words of one run of Markdown, each where it is written."""
    written = token.content
    text = [letter if letter == "\n" else " " for letter in written]
    at = 0
    for child in token.children or ():
        if child.type == "text":
            begin = written.find(child.content, at)
            if begin >= 0:
                at = begin + len(child.content)
                text[begin:at] = child.content
        elif child.type not in ("softbreak", "hardbreak") and not child.type.endswith(("_open", "_close")):
            begin = written.find(child.content, at) if child.content else at
            if begin >= 0 and at < len(text) and text[begin if begin < len(text) else at] != "\n":
                text[min(begin, len(text) - 1)] = GONE
                at = begin + len(child.content)
    first = (token.map or [0])[0] + down
    plain = _LINK.sub(lambda found: GONE * len(found[0]), "".join(text))
    columns = []
    for n, line in enumerate(written.split("\n")):
        source = lines[first + n] if first + n < len(lines) else ""
        columns.append(max(source.find(line), 0))
    return Passage(plain, first + 1, tuple(columns))
