"""Who reads what goes out by itself: nobody gets by a route what they may not see."""

from __future__ import annotations

from headway.catalog.entry import Entry
from headway.model import Audience, Route, Service


def check(entry: Entry, what: str, audience: Audience, route: Route | None, *steps: str | int) -> None:
    """Complain at a place of an entry about a route where people read who may not see it, or no people."""
    if route is None:
        return
    if route.service is Service.ALERTMANAGER:
        entry.say(f"'{route.name}' leads to no people", "bad-value", "Name a route with 'apprise'.", *steps)
    elif not route.audience.may_see(audience):
        message = f"the {what} is {audience}, and '{route.name}' is read by {route.audience} readers"
        remedy = f"Write 'audience: {route.audience}', or say at the route who reads there."
        entry.say(message, "not-for-readers", remedy, *steps)
