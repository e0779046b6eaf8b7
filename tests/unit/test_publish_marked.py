"""Names of columns and sources within sentences are set as code, and everything is escaped."""

from __future__ import annotations

import pytest

from headway.publish.marked import coded


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Adds up amount_usd over the rows of postings.", "Adds up <code>amount_usd</code> over the rows of postings."),
        ("Only rows where not is_staging count.", "Only rows where <code>not is_staging</code> count."),
        ("Only rows where side = 'Income' count.", "Only rows where <code>side = &#39;Income&#39;</code> count."),
        (
            "end_reason is voluntary, where ended_on is not null",
            "<code>end_reason</code> is voluntary, where <code>ended_on is not null</code>",
        ),
        ("A place where people meet.", "A place where people meet."),
        ("Check requests.one_of warns", "Check requests.one_of warns"),
        ("Source cloud_costs failed", "Source <code>cloud_costs</code> failed"),
        ("see a_b@example.org <b>", "see a_b@example.org &lt;b&gt;"),
        ("", ""),
    ],
)
def test_names_are_code(text: str, html: str) -> None:
    """A name has an underscore; a condition stands after "where"."""
    assert str(coded(text)) == html
