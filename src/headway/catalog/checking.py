"""Holds one map of the YAML against its spec, and tells every complaint in the language's words, where it belongs."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from headway.catalog import values
from headway.catalog.complaints import Complaints
from headway.catalog.document import Document, Steps
from headway.catalog.spec import Spec, keys
from headway.catalog.sqltext import Wrong

S = TypeVar("S", bound=Spec)


def check(
    model: type[S], document: Document, path: Steps, value: Any, complaints: Complaints, *, in_part: bool = False
) -> S | None:
    """The map at `path` as its model, or None after telling everything that is wrong with it.

    With `in_part` the rest of it is still given, so that what depends on the rest can be judged too.
    """
    if not isinstance(value, dict):
        known = ", ".join(list(keys(model))[:3])
        complaints.say(
            document.place(path),
            f"{model.what} is a map of keys ({known} ...), not {values.shown(value)}",
            "wrong-type",
            f"Write {{{known.split(',')[0]}: {value}}}."
            if isinstance(value, str) and "files" in model.model_fields
            else None,
        )
        return None
    given = {}
    for key, item in value.items():
        if item is None:
            slip = "Write one, or remove the key."
            if re.fullmatch(r"\d{3}", key):  # {at_least: 9,000}
                slip = "A number is written without separators: 9000, not 9,000."
            elif not re.fullmatch(r"\w+", key):  # {formula: least(a, b)} ends at the comma
                slip = "Inside { }, a text that holds a comma needs quotes."
            complaints.say(document.key_place((*path, key)), f"'{key}' has no value", "bad-value", slip)
        else:
            given[key] = item
    for unknown in given.keys() - set(keys(model)):
        unknown_key(model, document, (*path, unknown), complaints)
        del given[unknown]  # the rest is judged all the same
    try:
        return model.model_validate(given)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            if not (found["type"] == "missing" and value.get(str(found["loc"][0]), "") is None):
                _tell(model, document, path, found, complaints)
        rest = {key: item for key, item in given.items() if key not in {e["loc"][0] for e in error.errors()}}
        return check(model, document, path, rest, Complaints()) if in_part else None


def _tell(model: type[Spec], document: Document, path: Steps, found: ErrorDetails, complaints: Complaints) -> None:
    key = str(found["loc"][0])
    here = (*path, *(step for step in found["loc"] if step != "[key]"))
    context = found.get("ctx", {})
    match found["type"]:
        case "missing":
            place = document.key_place(path) if path else document.place()
            complaints.say(place, f"{model.what} needs '{key}'", "missing-key", f"Add '{key}: ...'.")
        case "list_type":
            message = f"'{key}' is a list, not {values.shown(found['input'])}"
            remedy = "Write it in brackets: [a, b]." if isinstance(found["input"], str) else "Begin each with '- '."
            complaints.say(document.place(here), message, "wrong-type", remedy)
        case "dict_type":
            message = f"'{key}' is a map of names, not {values.shown(found['input'])}"
            complaints.say(document.place(here), message, "wrong-type")
        case "string_type":
            message = f"a text must stand here, not {values.shown(found['input'])}"
            complaints.say(document.place(here), message, "wrong-type", "Put it in quotes.")
        case slug:
            wrong = Wrong(context["message"], context["start"], context["end"], slug, context["remedy"])
            complaints.wrong(
                document, here, wrong, prefix="" if wrong.message.startswith(("grain", "'")) else f"{key}: "
            )


def unknown_key(model: type[Spec], document: Document, path: Steps, complaints: Complaints) -> None:
    """Say that a key is not known here: it comes later, belongs elsewhere, or is a slip of the pen."""
    key = str(path[-1])
    place = document.key_place(path)
    if key in model.later:
        complaints.say(
            place,
            f"'{key}' of {model.what} is not supported yet",
            "not-supported-yet",
            model.later[key] or "Leave it out.",
        )
        return
    remedy = model.elsewhere.get(key) or values.near(key, keys(model))
    complaints.say(
        place, f"{model.what} has no key '{key}'", "unknown-key", remedy or f"Its keys are {', '.join(keys(model))}."
    )
