"""Commands: what a command says and writes besides a report. No figure is computed here, and nothing is printed but by `cli`."""
