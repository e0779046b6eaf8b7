"""Judge why closed numbers changed: which rows differ from those of then, and what else is no longer as it was (pure).

`differ` compares two footprints of a source. `judge` goes through the suspects of a KPI, the most certain first, and
takes for each changed number the first one that can have touched it.
"""

from headway.causes.differing import Differing, differ
from headway.causes.suspects import Suspect, judge, of_changes, of_rows

__all__ = ["Differing", "Suspect", "differ", "judge", "of_changes", "of_rows"]
