"""Outputs: what is published and what is on record about it. Not whether a report is right."""
