"""YAML text as nodes with places: by libyaml, ten times as fast, where it says what the reader in Python would say.

ruamel.yaml knows YAML 1.2, and its complaints are what our messages are made of; it stays the judge. libyaml knows
YAML 1.1: what the two may read differently (a tab, an odd line break, the ends of documents, an empty value), and
whatever libyaml refuses, is read by ruamel. Words are told from numbers by ruamel's own rules in both.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

try:
    from yaml.cyaml import CParser
except ImportError:  # a PyYAML that was built without libyaml
    CParser = None

#: Nodes of either reader, for `isinstance`.
MAPPINGS = (MappingNode, yaml.MappingNode)
SCALARS: tuple[type[ScalarNode], ...] = (ScalarNode, yaml.ScalarNode)
SEQUENCES = (SequenceNode, yaml.SequenceNode)

#: What the two versions of YAML, or the two readers of it, read differently.
_UNCLEAR = re.compile(
    r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"  # tabs, odd line breaks
    r"|(?m:^(?:%|---|\.\.\.))"  # directives, and the ends of documents
    r"|(?m:(?:^|[\s\[{,:-])!(?!= ))"  # tags
    r"|(?m:(?:^|[\s:-])[|>][-+0-9]*(?:#| *(?:#[^\n]*)?\n *(?:#|\n|\Z)))"  # text below a `|` that begins oddly
)
#: Far above what a catalogue may nest: libyaml's reader goes as deep as the text says, and then falls.
_DEPTH = 60


class _UnclearError(Exception):
    """libyaml's answer may not be ruamel's."""


def compose(text: str) -> Node | None:
    """The node of a whole text, or None of an empty one; errors are ruamel's."""
    if CParser is not None and not _UNCLEAR.search(text):
        try:
            return cast("Node | None", _Reader(text).get_single_node())
        except (_UnclearError, yaml.YAMLError):
            pass
    return cast("Node | None", YAML(typ="safe", pure=True).compose(text))


if CParser is not None:

    class _Reader(CParser):  # type: ignore[misc]  # a class made in C
        """libyaml's nodes, with the kinds that ruamel sees; `_UnclearError` where they could differ."""

        def __init__(self, text: str) -> None:
            super().__init__(text)
            self._depth = 0

        def resolve(self, kind: type, value: str | None, implicit: Any) -> str:
            """The tag of a node that has none written."""
            if kind is not yaml.ScalarNode:
                return ""
            if not value and implicit[0]:
                raise _UnclearError  # nothing is written: where?
            return _kind(value, implicit)

        def descend_resolver(self, parent: object, index: object) -> None:
            """Called before each node."""
            self._depth += 1
            if self._depth > _DEPTH:
                raise _UnclearError

        def ascend_resolver(self) -> None:
            """Called after each node."""
            self._depth -= 1


@cache
def _kind(value: str, implicit: tuple[bool, bool]) -> str:
    return str(_resolver().resolve(ScalarNode, value, implicit))


@cache
def _resolver() -> Any:
    return YAML(typ="safe", pure=True).resolver
