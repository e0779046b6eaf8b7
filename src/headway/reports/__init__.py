"""Reports: prose whose numbers are the ledger's, at a stated time.

A document asks (`asked`); a snapshot, one JSON file, holds all that it may be told (`taking` writes it, `snapshot`
reads it); `answers` makes of both what a host shows. Hosts are `headway.sphinx` and `headway.mystmd`.

Nothing is imported here: a host that starts a process for each directive needs the standard library alone.
"""
