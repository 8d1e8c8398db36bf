"""Scenarios: what-if budgets, edited, saved and adopted. No figure is computed here; the report shows the same ones."""
