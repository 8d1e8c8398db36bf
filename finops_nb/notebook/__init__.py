"""Notebook: executing one and judging what came of it. No figure is made here, and nothing is published."""
