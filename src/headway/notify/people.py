"""The door to people: one of the addresses that Apprise knows (mail, Slack, Teams, Matrix, a webhook ...), or several.

Apprise answers yes or no and writes the reason into its log, with addresses in it. The log is listened to while a
message is sent, and known reasons are told in our words; nothing of it goes anywhere else.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import apprise
from apprise.attachment.memory import AttachMemory
from apprise.plugins.email import NotifyEmail

from headway.errors import DeliveryError, Mistake
from headway.model import Message, Route

#: Under this name the picture travels; the HTML of a message shows it as `cid:last-values.png`.
PICTURE = "last-values.png"
#: What files are, by the end of their names.
_KINDS = {"png": "image/png", "pdf": "application/pdf", "html": "text/html"}
_LOG = logging.getLogger("apprise")
#: The log is one for the whole process, so one message at a time is sent.
_ONE = Lock()


def send(route: Route, message: Message, address: str) -> None:
    """Send to every address of a route; DeliveryError tells what the first of those said that did not take it."""
    for service in _services(route, address):
        body, written = _body(service, message)
        if isinstance(service, NotifyEmail):
            service.inline = True  # the picture stands in the text, not below it
        sender = apprise.Apprise(service, asset=_asset())
        with _listening() as heard:
            sent = sender.notify(
                title=message.title,
                body=body,
                body_format=written,
                attach=_attached(message) if service.attachment_support else None,
            )
        if not sent:
            raise _error(route, service, heard)


def _services(route: Route, address: str) -> list[Any]:
    """Each address of a route as Apprise's object; DeliveryError if one of them is none."""
    every = apprise.Apprise(asset=_asset())
    with _listening():
        readable = every.add(address)
    if not readable:
        said = f"route {route.name}: what {route.variable} holds is no address that Apprise knows"
        remedy = (
            "Write it as docs/alerts.md shows, such as mailtos://user:password@example.org, and quote it in a shell."
        )
        raise DeliveryError(Mistake(said, "bad-address", route.place, remedy))
    return list(every.find())


def _body(service: Any, message: Message) -> tuple[str, apprise.NotifyFormat]:
    """What a service is handed, and how it is written: our HTML in a mail, else our text.

    Where only Markdown is taken, as by Teams, each line becomes a paragraph, or they would run together. Nothing is
    escaped, as Apprise would do it: links and commands could not be used any more.
    """
    if isinstance(service, NotifyEmail) and message.html:
        return message.html, apprise.NotifyFormat.HTML
    if service.resolve_format(apprise.NotifyFormat.TEXT) is apprise.NotifyFormat.MARKDOWN:
        lines = [line for line in message.text.splitlines() if line]
        return "\n\n".join(lines), apprise.NotifyFormat.MARKDOWN
    return message.text, apprise.NotifyFormat.TEXT


def _attached(message: Message) -> apprise.AppriseAttachment | None:
    """What goes along: pictures that the text shows, then files."""
    pictures = {PICTURE: message.picture} if message.picture else {}
    some = [*pictures.items(), *message.pictures.items(), *message.files.items()]
    found = apprise.AppriseAttachment()
    for name, data in some:
        kind = _KINDS.get(name.rpartition(".")[2], "application/octet-stream")
        found.add(AttachMemory(data, name=name, mimetype=kind))  # type: ignore[no-untyped-call]  # is typed but for its constructor
    return found if some else None


def _asset() -> apprise.AppriseAsset:
    """How Apprise behaves: by our name, without pictures from elsewhere, and it keeps nothing on the disk."""
    return apprise.AppriseAsset(
        app_id="Headway",
        app_desc="Headway",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        async_mode=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )


# -- reasons -------------------------------------------------------------------------------------------------------

#: What is recognized in a log, and how it is told. The first that is found counts.
_REASONS = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"connection refused|errno 111\b", "the connection was refused"),
        (r"name or service not known|nameresolution|getaddrinfo|nodename nor servname|name resolution", "no such host"),
        (r"certificate", "its certificate is not to be trusted"),
        (r"no route to host|network is unreachable", "it cannot be reached from here"),
        (r"timed out|timeout", "it did not answer in time"),
        (r"reset by peer|connection aborted|remote end closed|unexpectedly closed|broken pipe", "it hung up"),
        (r"starttls extension not supported", "it does not offer encryption"),
        (r"ssl|tls", "no encrypted connection came about"),
    )
)
#: A server's own code: of HTTP (`error=403`), or of a mail server: `(535, b'...`, `refused: 550 ...`.
_HTTP = re.compile(r"error=(\d{3})\b")
_MAIL = re.compile(r"(?:\((\d{3}), b'|refused: (\d{3}) )")
_CODES = {
    401: "it refused the password or token",
    403: "it refused the password or token",
    404: "there is nothing at this address",
    410: "there is nothing at this address any more",
    413: "the message is too large for it",
    429: "it takes no more messages for now",
    530: "it wants a user and a password",
    535: "it refused the password",
}


def _error(route: Route, service: Any, heard: list[str]) -> DeliveryError:
    """Why a message was not taken. Of the log only what is recognized is told, so that no address can be in it."""
    whole = "\n".join(heard)
    name = str(service.service_name)
    found = _MAIL.search(whole) if isinstance(service, NotifyEmail) else _HTTP.search(whole)
    if found:
        code = int(next(group for group in found.groups() if group))
        reason = f"{_CODES.get(code, 'it refused the message')} ({code})"
    else:
        reason = next((told for pattern, told in _REASONS if pattern.search(whole)), "the message was not taken")
    remedy = f'To see all that the service says: apprise -vvv -b test "${route.variable}"'
    return DeliveryError(Mistake(f"route {route.name}, {name}: {reason}", "not-delivered", route.place, remedy))


class _Listener(logging.Handler):
    """Keeps the messages of a log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what says why: warnings, and the exceptions that Apprise tells only to those who debug."""
        said = record.getMessage()
        if record.levelno >= logging.WARNING or "exception" in said.lower():
            self.heard.append(said)


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise logs meanwhile, which then reaches no other log."""
    listener = _Listener()
    with _ONE:
        handlers, level, propagate = _LOG.handlers, _LOG.level, _LOG.propagate
        _LOG.handlers, _LOG.propagate = [listener], False
        _LOG.setLevel(logging.DEBUG)
        try:
            yield listener.heard
        finally:
            _LOG.handlers, _LOG.propagate = handlers, propagate
            _LOG.setLevel(level)
