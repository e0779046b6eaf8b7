"""Reading much of a ledger: many totals at once, and all of one moment."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from headway.ledger import Ledger
from headway.model import Catalog
from headway.periods import Grain


@pytest.mark.parametrize("as_of", [None, 1])
def test_totals_are_those_of_each(published: tuple[Ledger, Catalog], as_of: int | None) -> None:
    """Many totals read together are what each of them is by itself, none of what there is not; also of then."""
    ledger, catalog = published
    asked = {(name, part, grain) for name in (*catalog.kpis, "nobody") for part in ("", "new") for grain in Grain}
    found = ledger.totals(asked, as_of)
    assert found.keys() == asked
    assert {name for (name, _, _), table in found.items() if len(table)} == {one.kpi for one in ledger.series()} - (
        set(catalog.kpis) - {"acquisition_cost"} if as_of else set()
    )
    for (name, part, grain), table in found.items():
        assert table.equals(ledger.read(name, part=part, grain=grain, cells=False, as_of=as_of)), (name, part, grain)
    assert ledger.totals(set()) == {}


def test_still(ledger: Ledger, northlane: SimpleNamespace) -> None:
    """What one thread reads within is of one moment; other threads, and what is read later, see what was recorded."""
    northlane.fill(ledger, [])
    with ledger.still():
        assert len(ledger.runs()) == 1
        with ledger.still():
            northlane.fill(ledger, [])
        assert len(ledger.runs()) == 1
        others: list[int] = []
        thread = threading.Thread(target=lambda: others.append(len(ledger.runs())))
        thread.start()
        thread.join()
        assert others == [2]
    assert len(ledger.runs()) == 2
