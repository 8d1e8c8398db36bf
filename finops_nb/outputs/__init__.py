"""Outputs: what is published, and what is remembered of it. Nothing here decides whether a report is right."""
