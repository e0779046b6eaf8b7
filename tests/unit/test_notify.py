"""What leads to people, by the addresses that docs/alerts.md shows; nothing is sent."""

from __future__ import annotations

import re
from pathlib import Path

import apprise
import pytest

DOCS = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
#: Tokens in the place of dots, as these services make them.
FILLED = {
    "https://hooks.slack.com/services/T.../B.../...": (
        "https://hooks.slack.com/services/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"
    ),
    "slack://xoxb-.../#channel": "slack://xoxb-1234-1234-abc124/#channel",
}
TABLE = re.findall(r"(?m)^\| [^|]+ \| [^|`]*`(\w+://[^`]+)`", DOCS)


@pytest.mark.parametrize("address", TABLE)
def test_every_address_of_the_documentation_is_one(address: str) -> None:
    """It is an address that Apprise knows, of the service that the line is about."""
    service = apprise.Apprise.instantiate(FILLED.get(address, address))
    assert service is not None
    name = str(service.service_name)
    line = next(line for line in DOCS.splitlines() if address in line)
    assert {"E-Mail": "mail", "JSON": "webhook"}.get(name, name) in line


def test_the_documentation_shows_several() -> None:
    """Mail twice, Slack twice, Matrix, a webhook."""
    assert len(TABLE) == 6


def test_the_address_of_a_workflow_of_teams_is_one() -> None:
    """As Teams shows it."""
    address = (
        "https://prod-21.westeurope.logic.azure.com:443/workflows/643e69f83c8944/triggers/manual/paths/invoke"
        "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebbbGGGuhI"
    )
    service = apprise.Apprise.instantiate(address)
    assert "MSTeams" in str(service and service.service_name)
