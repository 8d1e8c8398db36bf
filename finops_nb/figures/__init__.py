"""Figures: the numbers of a report, as pure functions from value to value.

No file, clock or environment, and no text for a reader but the names of policies and statuses.
"""
