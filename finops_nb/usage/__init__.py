"""Usage: from files to exact summaries, every row accounted for. No budget and no report is known here."""
