"""`python -m finops_nb`: the same as `finops-nb`."""

from finops_nb.cli import main

main(prog_name="finops-nb")
