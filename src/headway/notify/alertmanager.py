"""The door to an Alertmanager, by its API of version 2. It groups, routes, mutes and repeats by its own rules.

An alert that fires is to be posted again and again, for an Alertmanager forgets it in a restart; and with an end that
lies ahead, for it takes one that has none for ended after five minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from headway.errors import DeliveryError, Mistake
from headway.model import Route, Signal

_SECONDS = 10.0


def send(route: Route, signals: Sequence[Signal], address: str) -> None:
    """Post alerts to the Alertmanager at `address`; DeliveryError if it did not take them."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise _bad(route) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _bad(route)
    path = url.path.rstrip("/").removesuffix("/api/v2/alerts") + "/api/v2/alerts"
    try:
        answer = httpx.post(url.copy_with(path=path), json=[_alert(one) for one in signals], timeout=_SECONDS)
    except httpx.HTTPError as error:
        raise _error(route, _reason(error)) from None
    if not answer.is_success:
        raise _error(route, f"{_CODES.get(answer.status_code, 'it refused the alerts')} ({answer.status_code})")


def _alert(one: Signal) -> dict[str, Any]:
    """One alert in the words of the API. Labels that are empty do not exist there, so they are left out."""
    found: dict[str, Any] = {
        "labels": {name: value for name, value in one.labels.items() if value},
        "annotations": {name: value for name, value in one.annotations.items() if value},
        "startsAt": _moment(one.starts),
        "endsAt": _moment(max(one.ends, one.starts)),
    }
    return found | ({"generatorURL": one.url} if one.url else {})


def _moment(when: datetime) -> str:
    """RFC 3339."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_CODES = {
    400: "it does not understand the alerts",
    401: "it refused the password or token",
    403: "it refused the password or token",
    404: "there is no Alertmanager at this address",
}


def _reason(error: httpx.HTTPError) -> str:
    """Why nothing was answered, in our words: the library's quote the address."""
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, httpx.ConnectError):
        said = str(error).lower()
        if "refused" in said or "all connection attempts failed" in said:
            return "the connection was refused"
        if "certificate" in said:
            return "its certificate is not to be trusted"
        if "name" in said or "getaddrinfo" in said:
            return "no such host"
        return "it cannot be reached from here"
    if isinstance(error, httpx.UnsupportedProtocol):
        return "the address does not begin with http:// or https://"
    return "it hung up"


def _error(route: Route, reason: str) -> DeliveryError:
    said = f"route {route.name}, Alertmanager: {reason}"
    remedy = f'To see all that it says: curl -v "${route.variable}/-/healthy"'
    return DeliveryError(Mistake(said, "not-delivered", route.place, remedy))


def _bad(route: Route) -> DeliveryError:
    said = f"route {route.name}: what {route.variable} holds is no address of an Alertmanager"
    return DeliveryError(Mistake(said, "bad-address", route.place, "Write it as http://alertmanager.example.org:9093."))
