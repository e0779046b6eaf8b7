"""How much is tried: little with all other tests, as much as you like by `make fuzz`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

#: Tries of each test: HEADWAY_FUZZ=20000 for a long look.
TRIES = int(os.environ.get("HEADWAY_FUZZ", "0"))

settings.register_profile(
    "fuzz",
    deadline=None,
    suppress_health_check=list(HealthCheck),
    max_examples=TRIES or 40,
    database=None,
    # Whole catalogues shrink for minutes; what was drawn is told, and that is enough to go by.
    phases=(Phase.explicit, Phase.generate),
)
