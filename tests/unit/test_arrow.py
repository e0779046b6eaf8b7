"""pyarrow does without pandas until somebody else brings it."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent


def test_pyarrow_meets_the_pandas_of_others() -> None:
    """Its objects are what they are with pandas from the start: a missing number is null, and so is a missing day."""
    said = dedent("""
        import headway.model
        import pandas as pd
        import pyarrow as pa
        numbers = pd.Series([1.0, None])
        headway.model.meet_pandas()
        days = pd.DataFrame({"day": pd.to_datetime(["2025-01-01", None])})
        print(pa.array(numbers).null_count, pa.Table.from_pandas(days)["day"].null_count, len(days))
        print(pa.table({"a": [1]}).to_pandas()["a"].sum())
    """)
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1", "2", "1"]
