"""Scenarios: edit, save and adopt what-if budgets; the figures are the report's, not its own."""
