"""Judge whether a number is good enough (pure)."""
