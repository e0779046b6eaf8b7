"""Judge whether the data are fit to publish (pure)."""
