"""Functions of a project; the catalogue reads them, and never runs them."""

from headway import kinds
from headway.kinds import flow, state


def unmarked(tables, kpi, periods):
    return ""


@flow
@state
def both(tables, kpi, periods):
    return ""


@flow
def returning(tables, kpi, periods):
    return ""


@kinds.state
def standing(tables, kpi, periods):
    return ""
