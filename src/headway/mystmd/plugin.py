"""What mystmd starts: without arguments it tells what there is; with `--role` or `--directive`, it answers one.

A request comes as JSON on stdin, nodes go as JSON to stdout. What cannot be told goes to stderr and ends with 1: mystmd
then refuses the document, and says why. As it stops at the first, all other mistakes of the document are told as well.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headway.errors import HeadwayError, Mistake, Place, UsageError
from headway.mystmd import finding, tree
from headway.mystmd.finding import Asked
from headway.mystmd.tree import Node
from headway.reports import answers, asked
from headway.reports.records import Number
from headway.reports.snapshot import Snapshot

#: Directives whose body is prose; that of cards is read as it is written, others have none.
_PROSE = ("kpi-chart", "kpi-table", "kpi-why", "kpi-appendix")
_KINDS = ("--role", "--directive")


def main() -> None:
    """The command `headway-mystmd`."""
    arguments = sys.argv[1:]
    if not arguments:
        print(json.dumps(spec()))  # noqa: T201  # the protocol
        return
    if len(arguments) != 2 or arguments[0] not in _KINDS:
        sys.exit("headway-mystmd is started by mystmd: name it in myst.yml below project: plugins.")
    try:
        nodes = told(json.load(sys.stdin.buffer), Path.cwd(), os.environ)
    except HeadwayError as error:
        sys.exit(str(error))
    print(json.dumps(nodes))  # noqa: T201  # the protocol


def spec() -> Node:
    """Every role and directive, in mystmd's words."""
    text = {"type": "string"}
    roles = [{"name": name, "body": text | {"required": True}} for name in asked.ROLES]
    directives = [
        {"name": name, "arg": text, "options": dict.fromkeys(options, text)} | _body(name)
        for name, options in asked.DIRECTIVES.items()
    ]
    return {"name": "Headway", "roles": roles, "directives": directives, "transforms": []}


def _body(name: str) -> Node:
    if name in _PROSE:
        return {"body": {"type": "myst"}}
    return {"body": {"type": "string"}} if name == "kpi-cards" else {}


def told(data: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> list[Node]:
    """The nodes of one role or directive, as mystmd passes it; a HeadwayError with every mistake of its document."""
    asking = finding.find(data, folder, environment)
    try:
        request = _read(data, asking.place)
        snapshot = _read_for(asking)
        answer = answers.answer(request, snapshot)
    except UsageError as error:
        raise UsageError(_mistakes(asking) or error.mistakes) from None
    if request.name in asked.ROLES:
        assert isinstance(answer, Number)
        return tree.sentence(answer, snapshot)
    body = data.get("body") if request.name in _PROSE else None
    return tree.nodes(answer, request, snapshot, list(body or []), asking, environment)


def _read_for(asking: Asked) -> Snapshot:
    """The snapshot, which all readers of the documents may see."""
    snapshot = Snapshot.read(asking.snapshot)
    for document in asking.documents:
        if readers := finding.readers(document):
            snapshot.meant_for(readers, document)
    return snapshot


def _read(data: Mapping[str, Any], place: Place | None) -> asked.Request:
    name, options = data["name"], data.get("options") or {}
    if name in asked.ROLES:
        return asked.role(name, data["body"], place)
    body = data.get("body") if name == "kpi-cards" else None
    return asked.directive(name, data.get("arg") or "", options, (body or "").splitlines(), place)


def _mistakes(asking: Asked) -> list[Mistake]:
    """Everything that the document says wrongly or that its snapshot cannot tell, each with its place."""
    found: list[Mistake] = []
    for document in asking.documents:
        requests, wrong = asked.scan(document.read_text("utf-8"), asking.name(document))
        found += wrong
        try:
            snapshot = _read_for(asking)
        except UsageError as error:
            return [*found, *error.mistakes]
        for request in requests:
            try:
                answers.answer(request, snapshot)
            except UsageError as error:
                found += error.mistakes
    return found


if __name__ == "__main__":
    main()
