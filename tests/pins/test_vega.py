"""Traps of the Vega bundle that our code steps around. A test that turns red says that a way around may go."""

from __future__ import annotations

import vl_convert


def test_the_bundle_names_embed_alone() -> None:
    """`vega` and `vegaLite` are null in a bundle, whatever its documentation says: a page calls `vegaEmbed` for all."""
    assert "const __default=null" in vl_convert.javascript_bundle("window.view = vega.View;")
