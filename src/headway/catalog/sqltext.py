"""Parses one fragment of SQL, as written in the catalogue, and says in plain words what is wrong with it and where.

Both row expressions (`expressions.py`) and formulas (`formula.py`) begin here. Fragments are read in DuckDB's dialect
as *conditions*: statements, aliases and lists never parse at all.
"""

from __future__ import annotations

import re

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token

_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")

#: sqlglot copies all that stands before a bracket: a few thousand of them would take minutes.
_BRACKETS = 100


class Wrong(Exception):  # noqa: N818 - it is what is wrong with a text, not an error by itself
    """What is wrong with a text: `start` and `end` are offsets in it (half open), for the caret."""

    def __init__(self, message: str, start: int, end: int, slug: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = max(end, start + 1)
        self.slug = slug
        self.remedy = remedy


def parse(text: str, slug: str) -> exp.Expr:
    """Parse `text` into a sqlglot expression; `Wrong` with `slug` for whatever is not exactly one expression."""
    words = _vetted(text, slug)
    try:
        tree = parse_one(text, read="duckdb", into=exp.Condition)
        for node in tree.walk():
            if node.error_messages():  # the parser lets some operators go without an operand
                raise Wrong("something is missing here", *(span(node) if span(node)[1] else (0, len(text))), slug)
            if isinstance(node, exp.Literal) and not node.is_string and not _NUMBER.fullmatch(node.name):
                raise Wrong(f"'{node.name}' is no number", *span(node), slug)
        return tree
    except ParseError as error:
        raise _translated(error, text, words, slug) from None
    except TypeError:  # sqlglot ends so when an operator has nothing on either side, such as '->' alone
        raise Wrong("this is not an expression", 0, len(text), slug) from None
    except RecursionError:
        raise Wrong("the expression is nested too deeply", 0, len(text), slug, "Split it into several.") from None


def _vetted(text: str, slug: str) -> list[Token]:
    """The words of a text that can be an expression; `Wrong` with `slug` if it cannot."""
    words = tokens(text, slug)
    if not words:
        raise Wrong("the expression is empty", 0, 1, slug)
    for token in words:
        if token.text == ";":
            raise Wrong("an expression has no semicolon", token.start, token.end + 1, slug, "Remove the ';'.")
        if token.comments:
            raise Wrong(
                "an expression has no comments; two minus signs begin one",
                token.end + 1,
                len(text),
                slug,
                "Put comments after a '#' in the YAML, and a space between two minus signs.",
            )
    if (brackets := sum(token.text == "[" for token in words)) > _BRACKETS:
        raise Wrong(f"an expression has {_BRACKETS} '[' at most, not {brackets:,}", 0, len(text), slug)
    if (at := text.find("${")) >= 0:
        raise Wrong("there is no templating in the catalogue", at, at + 2, slug, "Write the value itself.")
    return words


def tokens(text: str, slug: str) -> list[Token]:
    """The words of a text; `Wrong` with `slug` if a quote is not closed."""
    try:
        return tokenize(text, read="duckdb")
    except TokenError:
        quote = text.rfind("'") if text.count("'") % 2 else max(text.rfind('"'), 0)
        raise Wrong("a quote is opened and not closed", quote, quote + 1, slug, "Close the quote.") from None


def _translated(error: ParseError, text: str, words: list[Token], slug: str) -> Wrong:
    """sqlglot's complaint in our words, with the place taken from the token that it stumbled over."""
    found = error.errors[0] if error.errors else {}
    highlight = str(found.get("highlight") or "")
    line, col = found.get("line"), found.get("col")
    token = next((t for t in words if t.line == line and t.col == col), words[-1])
    start, end = token.start, token.end + 1
    description = str(found.get("description", ""))
    if description.startswith("Expecting )"):
        open_at = text.rfind("(", 0, end)
        return Wrong("a parenthesis is opened and not closed", open_at, open_at + 1, slug, "Add the missing ')'.")
    if description.startswith("Required keyword"):
        if token is words[-1]:
            return Wrong(f"the expression ends after '{highlight}', where something is missing", start, end, slug)
        return Wrong(f"something is missing beside '{highlight}'", start, end, slug)
    if highlight == ")":
        return Wrong("a parenthesis is closed that was not opened", start, end, slug, "Remove the ')'.")
    if highlight.lower() in ("select", "with", "from"):
        return Wrong("a query cannot stand here, only an expression", start, end, slug)
    return Wrong(f"'{highlight or token.text}' was not expected here", start, end, slug)


def fitted(text: str, wrong: Wrong) -> Wrong:
    """Keep a mark within its text, and let that of a call reach its closing parenthesis, which no node remembers."""
    wrong.start = max(0, min(wrong.start, len(text) - 1))
    wrong.end = max(wrong.start + 1, min(wrong.end, len(text)))
    marked = text[wrong.start : wrong.end]
    while marked.count("(") > marked.count(")") and (at := text.find(")", wrong.end)) >= 0 and len(marked) > 1:
        wrong.end = at + 1
        marked = text[wrong.start : wrong.end]
    return wrong


def span(node: exp.Expr) -> tuple[int, int]:
    """Where a node stands in the text it was parsed from: the offsets (half open) of what it covers."""
    starts, ends = [], []
    for child in node.walk():
        meta = child.meta
        if "start" in meta:
            starts.append(meta["start"])
            ends.append(meta["end"] + 1)
    return (min(starts), max(ends)) if starts else (0, 0)
