"""Names of columns, sources, files and functions within sentences are set as code, and everything is escaped."""

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
        ("computed by functions/sums.py:peak_of", "computed by <code>functions/sums.py:peak_of</code>"),
        (
            "the function sums.py:peak from cloud_costs and max_users.",
            "the function <code>sums.py:peak</code> from <code>cloud_costs</code> and <code>max_users</code>.",
        ),
        ("Entered by people in entries/nps.csv.", "Entered by people in <code>entries/nps.csv</code>."),
        ("At least 10 * peak_dau", "At least <code>10 * peak_dau</code>"),
        ("Between (a_b - c) / d and 3", "Between <code>(a_b - c) / d</code> and 3"),
        ("Of 3 - 4 rows (user_id) nothing", "Of 3 - 4 rows (<code>user_id</code>) nothing"),
        (
            "Calculated from other KPIs: (revenue - costs) / revenue.",
            "Calculated from other KPIs: <code>(revenue - costs) / revenue</code>.",
        ),
        ("See https://a.example/b_c/d.csv for it.", "See https://a.example/b_c/d.csv for it."),
        ("A place where people meet.", "A place where people meet."),
        ("Check requests.one_of warns", "Check requests.one_of warns"),
        ("Source cloud_costs failed", "Source <code>cloud_costs</code> failed"),
        ("see a_b@example.org <b>", "see a_b@example.org &lt;b&gt;"),
        ("", ""),
    ],
)
def test_names_are_code(text: str, html: str) -> None:
    """A name has an underscore, a file its ending, a formula its sign; a condition stands after "where"."""
    assert str(coded(text)) == html
