"""Show what the ledger holds: one read model, and the pages, files and formats made from it. Never computes."""
