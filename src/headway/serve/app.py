"""The pages of `publish` over HTTP. Reads the ledger as it is now, keeps what it drew until the next run."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from headway.publish.view import View


def app(open_view: Callable[[], View]) -> FastAPI:
    """The application. `open_view` is called once per request and must be cheap: it opens the ledger's newest state."""
    raise NotImplementedError


def run(application: FastAPI, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until interrupted; PublishError `address-in-use` if the port is taken."""
    raise NotImplementedError
