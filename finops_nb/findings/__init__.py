"""Findings: what the figures mean, as sentences with names and money.

No figure is computed here that no table shows, and no markup is written.
"""
