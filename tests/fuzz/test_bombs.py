"""Texts of a few kilobytes that make parsers recurse, copy or backtrack are read or refused within seconds."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest

from headway import catalog
from headway.errors import CatalogError

#: Seconds of this processor for one catalogue of some ten kilobytes, on a slow machine.
PATIENCE = 15.0
DEEP = 4000

YAMLS = {
    "lists": "[" * 2 * DEEP,
    "maps": "{a: " * DEEP,
    "blocks": "- " * DEEP,
    "keys of keys": "? " * DEEP,
    "open lists of keys": "[? " * DEEP,
    "one key again and again": "a: 1\n" * DEEP,
    "many keys": "".join(f"k{n}: 1\n" for n in range(DEEP)),
    "documents": "---\n" * DEEP,
    "tags": "! " * DEEP,
    "laughs": "a: &a [x,x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c,*c,*c,*c]",
    "itself": "a: &a [*a]",
    "merges": "a: &a {x: 1}\nb: {<<: *a, <<: *a}",
    "halves of characters": 'a: "' + r"\ud83d" * 1400 + '"',
    "a long number": "a: " + "9" * 2 * DEEP,
    "a large exponent": "a: 1e" + "9" * 2 * DEEP,
    "base 60": "a: " + "1:" * DEEP + "1",
    "bytes": "a: !!binary " + "A" * 2 * DEEP,
}
EXPRESSIONS = {
    "parentheses": "(" * DEEP + "a" + ")" * DEEP,
    "signs": "- " * DEEP + "a",
    "not": "not " * 2000 + "a",
    "sums": "a + " * 2000 + "a",
    "cases": "case when a then " * 500 + "1" + " end" * 500,
    "branches": "case " + "when a then 1 " * 500 + "end",
    "calls": "least(" * 1300 + "a" + ", 1)" * 1300,
    "arguments": "least(" + "1," * DEEP + "1)",
    "dots": "a." * DEEP + "a",
    "brackets": "a" + "[1]" * 3000,
    "cells": "a" + "[x = 'y']" * 800,
    "open brackets": "a[" * DEEP,
    "casts": "a" + "::int" * 1700,
    "lambdas": "list_filter(a, " + "x -> " * 1500 + "x)",
    "a long number": "1" * 2 * DEEP,
    "a large exponent": "1e" + "9" * 2 * DEEP,
    "quotes": "'" * 2 * DEEP,
    "a pattern": "regexp_matches(a, '" + "(" * DEEP + "a+" + ")+" * DEEP + "')",
}


def _soon(root: Path, text: str) -> None:
    (root / "headway.yml").write_text(text, "utf-8")
    began = time.process_time()
    with suppress(CatalogError):
        catalog.load(root)
    assert time.process_time() - began < PATIENCE


@pytest.mark.parametrize("name", YAMLS)
def test_yaml(tmp_path: Path, name: str) -> None:
    """Whatever it nests or repeats, YAML is read or refused soon."""
    _soon(tmp_path, f"project: x\n{YAMLS[name]}")
    _soon(tmp_path, "project: x\nkpis:\n  " + YAMLS[name].replace("\n", "\n  "))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(tmp_path: Path, name: str) -> None:
    """So is an expression, in each place that takes one."""
    text = json.dumps(EXPRESSIONS[name])
    _soon(
        tmp_path,
        f"project: x\nsources: {{s: {{read: {{files: a.csv}}, time: at, derive: {{d: {text}}}}}}}\n"
        f"kpis:\n  a: {{count: s}}\n  b: {{count: s, where: {text}}}\n  c: {{formula: {text}}}\n"
        f"  d: {{count: s, targets: [{{at_least: {text}}}]}}\n",
    )
