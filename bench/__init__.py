"""Measure what Headway promises to be fast at: `python -m bench [NAME ...]`."""
