"""The pages of `publish` over HTTP. Reads the ledger as it is now, keeps what it drew until the next run."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import socket
import time
from collections.abc import Awaitable, Callable, Collection

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from headway.errors import HeadwayError, Mistake, PublishError, UsageError
from headway.model import Audience
from headway.publish.html import POLICY, WRITING_POLICY
from headway.publish.view import View
from headway.serve.beat import Beat
from headway.serve.drawn import Drawn
from headway.serve.edits import Edits

_NO_FRAME = "frame-ancestors 'none'"
#: Of a badge, which brings its own colours.
_IMAGE = "default-src 'none'; style-src 'unsafe-inline'"
_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; {_NO_FRAME}",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


#: What this machine calls itself.
LOOPBACK = ("127.0.0.1", "localhost", "::1")


#: How long a page waits for a change before it asks again, and how often the files are looked at meanwhile, in seconds.
_PATIENCE, _LOOK = 25.0, 0.5


def app(
    open_view: Callable[[], View],
    *,
    hosts: Collection[str] = (),
    beat: Beat | None = None,
    edits: Edits | None = None,
) -> FastAPI:
    """The application. `open_view` is called once per request and must be cheap: it opens the ledger's newest state.

    With `hosts`, requests for any other name are refused: a page on the web that lets its own name point to this
    machine would otherwise read, through its visitor's browser, what is served to this machine alone. A `beat` goes on
    while it serves. With `edits`, whose catalogue `open_view` shows, pages follow the files of the catalogue and say
    what is wrong in them; their twins then answer with that alone, as who reads them sees no page.

    `/` and every path of a built site answer as there; `/healthz` says which run is shown. Errors have one shape:
    `{ok, error, errors, status}`, with the slug in `error`.
    """
    drawn = Drawn(open_view, edits)
    lasting = (lambda _: beat.going()) if beat else None
    application = FastAPI(title="Headway", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lasting)
    application.state.ending = lambda: False

    @application.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = _stranger(request, hosts) or await call_next(request)
        response.headers.update(_HEADERS)
        if edits is not None:
            response.headers["Content-Security-Policy"] = f"{WRITING_POLICY}; {_NO_FRAME}"
        whom: Audience | None = getattr(request.state, "outside", None)
        if whom is Audience.PUBLIC or (whom and not hosts):
            # What any page may show: who names the readers of a server has thought of who may.
            del response.headers["X-Frame-Options"]
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            image = response.headers.get("content-type", "").startswith("image/")
            response.headers["Content-Security-Policy"] = _IMAGE if image else f"{POLICY}; frame-ancestors *"
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    _tell(application)

    @application.get("/healthz")
    def health() -> Response:
        stamp = open_view().stamp
        return JSONResponse({"ok": True, "run": stamp.run, "computed": stamp.computed})

    if edits is not None:
        _follow(application, drawn)

    @application.api_route("/{path:path}", methods=["GET", "HEAD"])
    def page(request: Request, path: str) -> Response:
        # The route stops before a line break at the end, which is another address than without.
        path += "\n" * request.scope["path"].endswith("\n")
        pages, document = drawn.get(path or "index.html", request.url.query)
        file = path.endswith((".json", ".csv", ".svg", ".png")) and not path.startswith("assets/")
        if file and pages.writing and pages.writing.mistakes:
            return _error(pages.writing.mistakes[0].slug, [str(one) for one in pages.writing.mistakes], 500)
        if document is None or path == "404.html":
            if file:
                return _error("not-found", [f"There is no {path}."], 404)
            # The path is below the address that the reader asked for, wherever that is mounted.
            html = pages.missing("../" * path.count("/"))
            return Response(html, 404, media_type="text/html; charset=utf-8")
        request.state.outside = document.outside
        tag = f'"{hashlib.sha256(document.content).hexdigest()[:20]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        headers = {"ETag": tag}
        if document.media_type.startswith("text/csv") or (
            path.startswith("kpi/") and path.endswith((".svg", ".png")) and not document.outside
        ):
            headers["Content-Disposition"] = f'attachment; filename="{path.rsplit("/", 1)[-1]}"'
        return Response(document.content, document.status, media_type=document.media_type, headers=headers)

    return application


def _tell(application: FastAPI) -> None:
    """Every error in one shape."""

    @application.exception_handler(HeadwayError)
    async def wrong(request: Request, error: HeadwayError) -> Response:
        return _error(error.slug, [_said(one) for one in error.mistakes], 400 if isinstance(error, UsageError) else 500)

    @application.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            return _error("not-allowed", [f"{request.method} changes nothing here: pages are read with GET."], 405)
        return _error("not-found", [str(error.detail)], error.status_code)

    @application.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        # What went wrong inside is for the log, which uvicorn writes; it is no reader's business.
        return JSONResponse(_shape("unexpected", ["Something went wrong here."], 500), 500, headers=_HEADERS)


def _follow(application: FastAPI, drawn: Drawn) -> None:
    """Let pages wait for the next change of what they show."""

    @application.get("/changes")
    async def changes(request: Request, since: str = "") -> Response:
        """Answer as soon as a page would look different from `since`; with nothing if none does for a while."""
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends and not application.state.ending() and not await request.is_disconnected():
            _, writing = await asyncio.to_thread(drawn.state)
            if writing is not None and writing.since != since:
                return JSONResponse({"ok": True, "since": writing.since})
            await asyncio.sleep(_LOOK)
        return Response(status_code=204)


def run(
    application: FastAPI, host: str = "127.0.0.1", port: int = 8000, *, said: Callable[[str], None] = lambda _: None
) -> None:
    """Serve until interrupted; PublishError `address-in-use` if the port is taken or not ours to take.

    `said` is told the address as soon as it answers: with port 0 only the system knows it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # A port that was closed a moment ago may be taken again at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            raise PublishError(_not_ours(host, port, error)) from error
        listener.listen()
        taken = listener.getsockname()[1]
        said(f"http://{f'[{host}]' if ':' in host else host}:{taken}/")
        config = uvicorn.Config(application, log_level="warning", server_header=False, access_log=False)
        server = uvicorn.Server(config)
        # Pages that wait for a change must not keep the server from ending.
        application.state.ending = lambda: server.should_exit
        asyncio.run(server.serve(sockets=[listener]))


def _not_ours(host: str, port: int, error: OSError | OverflowError) -> Mistake:
    """Why an address cannot be listened on, and which one can."""
    why = getattr(error, "strerror", None) or str(error)
    remedy = "Another program may have it. Let the system choose a port: --port 0."
    if isinstance(error, socket.gaierror) or getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
        remedy = "This machine has no such address. --host 127.0.0.1 is this machine alone, 0.0.0.0 all its addresses."
    elif isinstance(error, PermissionError):
        remedy = "Ports below 1024 are the system's own. Choose another one: --port 8000."
    return Mistake(
        f"{host}:{port} cannot be listened on: {why[:1].lower()}{why[1:].rstrip('.')}", "address-in-use", None, remedy
    )


def _stranger(request: Request, hosts: Collection[str]) -> Response | None:
    """The refusal of a request for a name that is not ours; None for all others."""
    if not hosts or request.url.hostname in hosts:
        return None
    why = f"This server answers to {' or '.join(hosts)}. With --audience it answers to any name."
    return _error("not-allowed", [why], 403)


def _said(mistake: Mistake) -> str:
    """A mistake and its remedy in one line, as on a page."""
    return f"{mistake.message}. {mistake.remedy}" if mistake.remedy else mistake.message


def _shape(slug: str, errors: list[str], status: int) -> dict[str, object]:
    return {"ok": False, "error": slug, "errors": errors, "status": status}


def _error(slug: str, errors: list[str], status: int) -> Response:
    return JSONResponse(_shape(slug, errors, status), status)
