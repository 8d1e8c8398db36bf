"""Params: what a report is asked for, read and checked. No usage is read here."""
