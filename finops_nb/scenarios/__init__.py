"""Scenarios: edit, save and adopt what-if budgets, with the figures that a report would show."""
