"""Run: one run and many, from params to a published folder. No figure is computed here."""
