"""From usage files to exact summaries, with every row accounted for. No budgets, no reports."""
