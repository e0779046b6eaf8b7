"""python -m headway."""
