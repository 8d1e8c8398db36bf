"""Outputs: what is published and what is on record about it. Nothing here judges a report."""
