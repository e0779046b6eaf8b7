"""The doors through which a message leaves: Apprise for people, an Alertmanager for what routes alerts already.

`send` hands a message to a route, once; who calls it keeps what came of it, and tries again. The address of a route
is read here, at the moment of sending, and never leaves: no error repeats a word of it, nor of what a service or a
library said, for those quote addresses. Errors are sentences of ours, with the code that a server gave.
"""

from __future__ import annotations

from collections.abc import Mapping

from headway.errors import DeliveryError, Mistake
from headway.model import Message, Route, Service


def send(route: Route, message: Message, environ: Mapping[str, str]) -> None:
    """Hand a message to a route whose address stands in `environ`; DeliveryError if it was not taken."""
    address = environ.get(route.variable, "").strip()
    if not address:
        said = f"route {route.name}: the environment variable {route.variable} is not set"
        remedy = f"Set {route.variable} to the route's address; docs/alerts.md has examples."
        raise DeliveryError(Mistake(said, "missing-environment", route.place, remedy))
    # Most ticks send nothing, and Apprise alone takes longer to import than they last.
    if route.service is Service.ALERTMANAGER:
        from headway.notify import alertmanager

        alertmanager.send(route, message.signals, address)
    else:
        from headway.notify import people

        people.send(route, message, address)


__all__ = ["send"]
