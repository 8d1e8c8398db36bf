"""Commands: what each command looks up and says. No figures; only `cli` and `progress` print."""
