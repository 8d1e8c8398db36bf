"""Figures: the numbers of a report, as pure functions from value to value. No file, clock, environment or text for a reader."""
