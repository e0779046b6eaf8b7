"""Reads what a project declares: YAML -> strict specs -> one resolved, frozen `Catalog`, or every mistake at once.

`document` YAML with places · `spec`, `checking` the shape of each map · `values` small values · `sqltext`,
`expression`, `formula` SQL fragments · `project`, `source`, `kinds`, `kpi`, `formulas`, `target`, `cases` resolve,
with the help of `columns` and `circles` · `loading` does it all · `identity` says what it comes down to ·
`written` keeps the files that it came from, `current` follows them ·
`schema`, of `shapes` and `meanings`, tells editors · `lint` finds what is not meant, `storage` what a run will keep.
"""

from headway.catalog.current import Current
from headway.catalog.identity import around, fingerprint, pairs, retold, text
from headway.catalog.loading import closure, find, load, quantity, restore, unknown_kpi, unknown_test
from headway.catalog.written import laid_out

__all__ = [
    "Current",
    "around",
    "closure",
    "find",
    "fingerprint",
    "laid_out",
    "load",
    "pairs",
    "quantity",
    "restore",
    "retold",
    "text",
    "unknown_kpi",
    "unknown_test",
]
