"""The server: the pages of a site over HTTP, always of the newest run, safe by its headers, clear in its errors."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from headway import catalog, serve
from headway.errors import LedgerError, Mistake, PublishError
from headway.ledger import Ledger
from headway.model import Audience, Catalog
from headway.publish import view
from headway.publish.html import Pages
from headway.publish.view import View
from headway.serve.drawn import Drawn


class Client:
    """Ask an application as a browser would, without a socket."""

    def __init__(self, application: object, *, raises: bool = True) -> None:
        self._transport = httpx.ASGITransport(application, raise_app_exceptions=raises)  # type: ignore[arg-type]  # FastAPI's type is wider

    async def _ask(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, headers=headers)

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """The answer to one request."""
        return asyncio.run(self._ask(method, path, {k.replace("_", "-"): v for k, v in headers.items()}))


@pytest.fixture(scope="module")
def client(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> Client:
    """Northlane, served to the public."""
    return Client(serve.app(lambda: view.open(*published, Audience.PUBLIC, northlane.NOW)))


def test_same_bytes_as_the_site(client: Client, published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """Pages, twins, CSV and assets are those of a build, but that a search is answered; the front page is the root."""
    built = Pages(view.open(*published, Audience.PUBLIC, northlane.NOW), served=True)
    paths = ("index.html", "kpis.json", "kpi/revenue.html", "kpi/revenue.quarter.json", "assets/headway.css")
    for path in (*paths, "kpi/revenue.month.csv"):
        document = built.get(path)
        assert document is not None
        answer = client.get(f"/{path}")
        assert (answer.status_code, answer.content) == (200, document.content)
        assert answer.headers["content-type"] == document.media_type
    assert client.get("/").content == client.get("/index.html").content
    assert client.get("/kpi/revenue.month.csv").headers["content-disposition"].endswith('"revenue.month.csv"')


@pytest.mark.parametrize("path", ["/", "/kpi/mau.json", "/nothing.html", "/nothing.json", "/healthz"])
def test_headers(client: Client, path: str) -> None:
    """Every answer has a strict policy, sets no cookie and names no server."""
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers


def test_what_an_address_asks(client: Client) -> None:
    """A query chooses what a KPI's page and its twin show; what there is not is told in the page, and is a 400."""
    assert client.get("/kpi/mau.json?last=90+days").json()["chosen"]["spans"] is True
    assert client.get("/kpi/mau.html?last=90+days").status_code == 200
    assert client.get("/kpi/mau.html?utm_source=mail").content == client.get("/kpi/mau.html").content
    page = client.get("/kpi/mau.html?grain=fortnight")
    assert page.status_code == 400
    assert "Monthly active users is not kept by fortnight" in page.text
    twin = client.get("/kpi/mau.json?grain=fortnight&last=soon")
    assert twin.status_code == 400
    assert twin.json()["error"] == "unknown-period"
    kept = "Monthly active users is not kept by fortnight. It is kept by day, week, month, quarter, year."
    assert twin.json()["errors"][0] == kept
    assert len(twin.json()["errors"]) == 2


def test_drawn_pages_are_bounded(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """However many things are asked for, only so many documents are kept."""
    drawn = Drawn(lambda: view.open(*published, Audience.PUBLIC, northlane.NOW), keep=3)
    for days in range(2, 8):
        drawn.get("kpi/retention.json", f"last={days}+months")
    assert len(drawn) == 3
    small = Drawn(lambda: view.open(*published, Audience.PUBLIC, northlane.NOW), size=1)
    for days in range(2, 5):
        small.get("kpi/retention.json", f"last={days}+months")
    assert len(small) == 1


def test_what_a_page_does_not_read_makes_no_other_page(
    published: tuple[Ledger, Catalog], northlane: SimpleNamespace
) -> None:
    """Words that nobody asked for after a path are one document, not one each."""
    drawn = Drawn(lambda: view.open(*published, Audience.PUBLIC, northlane.NOW))
    for number in range(4):
        drawn.get("quality.html", f"x={number}")
    assert len(drawn) == 1


def test_not_found(client: Client) -> None:
    """A missing page is a page with a way back; a missing twin has the shape of every error."""
    page = client.get("/kpi/deep/er.html")
    assert page.status_code == 404
    assert 'href="../../index.html"' in page.text
    twin = client.get("/kpi/nothing.json")
    assert twin.status_code == 404
    assert twin.json() == {
        "ok": False,
        "error": "not-found",
        "errors": ["There is no kpi/nothing.json."],
        "status": 404,
    }
    assert client.get("/kpi/secret_cost.html").status_code == 404
    for path in ("/kpi/mau.html%0a", "/kpi/mau.html%0A%0A", "/%0a", "/kpi/mau.json%0a", "/kpi%0a/mau.html"):
        assert client.get(path).status_code == 404, path


def test_only_reading(client: Client) -> None:
    """Nothing can be written."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.get("/", method)
        assert answer.status_code == 405
        assert answer.json()["error"] == "not-allowed"
    assert client.get("/", "HEAD").content == b""


def test_only_by_its_own_name(published: tuple[Ledger, Catalog], northlane: SimpleNamespace) -> None:
    """What is served to this machine alone is refused to a page whose name was made to point here."""
    alone = serve.app(lambda: view.open(*published, Audience.RESTRICTED, northlane.NOW), hosts=serve.LOOPBACK)
    client = Client(alone)
    assert client.get("/").status_code == 200
    assert client.get("/", host="localhost:8000").status_code == 200
    assert client.get("/", host="[::1]:8000").status_code == 200
    answer = client.get("/kpis.json", host="evil.example")
    assert (answer.status_code, answer.json()["error"]) == (403, "not-allowed")
    assert "content-security-policy" in answer.headers


def test_unchanged_pages_are_not_sent_twice(client: Client) -> None:
    """A page has a tag by which a browser asks whether it changed."""
    tag = client.get("/").headers["etag"]
    answer = client.get("/", if_none_match=tag)
    assert (answer.status_code, answer.content) == (304, b"")


def test_health(client: Client) -> None:
    """The health check says which run is shown."""
    assert client.get("/healthz").json() == {"ok": True, "run": 2, "computed": "21 Nov 2026, 06:10 UTC"}


def test_a_new_run_is_shown_at_once(tmp_path: Path, northlane: SimpleNamespace) -> None:
    """Pages are kept until the next run, and no longer."""
    kpi = northlane.kpi("n", northlane.Aggregate("count", "sessions"), northlane.HUBS, northlane.Grain.MONTH)

    def run(ledger: Ledger, value: float) -> None:
        northlane.fill(ledger, [(kpi, [northlane.row(northlane.date(2026, 10, 1), northlane.Grain.MONTH, value)])])

    with Ledger.open(tmp_path / "ledger.db") as ledger:
        catalog = northlane.catalogue(tmp_path, [kpi])
        client = Client(serve.app(lambda: view.open(ledger, catalog, Audience.PUBLIC, northlane.NOW)))
        run(ledger, 41)
        assert "41\u00a0hubs" in client.get("/kpi/n.html").text.replace('<span class="u">', "").replace("</span>", "")
        run(ledger, 42)
        assert "42\u00a0hubs" in client.get("/kpi/n.html").text.replace('<span class="u">', "").replace("</span>", "")


def test_trouble_is_told_in_one_shape() -> None:
    """An error of ours names its slug; any other tells the reader nothing of the inside."""

    def locked() -> View:
        raise LedgerError(Mistake("the ledger is locked", "ledger-locked"))

    def broken() -> View:
        raise RuntimeError("/srv/private/path")

    answer = Client(serve.app(locked)).get("/")
    assert answer.status_code == 500
    assert answer.json() == {"ok": False, "error": "ledger-locked", "errors": ["the ledger is locked"], "status": 500}
    answer = Client(serve.app(broken), raises=False).get("/")
    assert answer.json()["error"] == "unexpected"
    assert "private" not in answer.text


def test_address_in_use() -> None:
    """A port that another program has is a clear error with a remedy."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PublishError) as error:
            serve.run(serve.app(lambda: pytest.fail("nothing is opened")), port=port)
    assert error.value.slug == "address-in-use"
    assert f"127.0.0.1:{port}" in str(error.value)
    assert "--port" in str(error.value)


def test_edits_are_read_once(tmp_path: Path) -> None:
    """Files that did not change are not read again; while they are wrong, the catalogue is that of before."""
    (tmp_path / "headway.yml").write_text("project: shop\ntitle: One\n")
    edits = serve.Edits(catalog.load(tmp_path))
    before = edits.catalog()
    assert edits.catalog() is before
    (tmp_path / "headway.yml").write_text("project: shop\ntitel: Two two\n")
    assert edits.catalog() is before
    wrong = edits.mistakes
    assert [one.slug for one in wrong] == ["unknown-key"]
    edits.catalog()
    assert edits.mistakes is wrong
    (tmp_path / "headway.yml").write_text("project: shop\ntitle: Three\n")
    assert (edits.catalog().title, edits.mistakes) == ("Three", ())


def test_nobody_else_is_shown_the_files(client: Client) -> None:
    """Without edits there is nothing to wait for, and a page asks nothing."""
    assert client.get("/changes").status_code == 404
    assert client.get("/assets/follow.js").status_code == 404
    page = client.get("/")
    assert "connect-src 'none'" in page.headers["content-security-policy"]
    assert "follow.js" not in page.text
