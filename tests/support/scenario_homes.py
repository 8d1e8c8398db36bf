"""A home with usage and params of two official months, for scenarios and their adoption."""

from __future__ import annotations

from pathlib import Path

from support.usage_files import call, write_calls

from finops_nb.home import Home

PARAMS = """\
# December
period: "2025-12"
usage: usage/calls.csv

# approved by the board
organization_budgets:
  org-a: 5000  # three teams
  org-b: "3000"
product_budgets:
  chat: 4000.50

owners:
  org-a: Ada
"""


def make_scenario_home(root: Path) -> Home:
    """December costs $6 of org-a and $2 of org-b, November $4 of org-a; models are m and big."""
    home = Home(root.resolve())
    for folder in ("params/scenarios", "usage", "notebooks"):
        (root / folder).mkdir(parents=True)
    home.params_file("2025-12").write_text(PARAMS)
    home.params_file("2025-11").write_text(PARAMS.replace("2025-12", "2025-11"))
    write_calls(
        root / "usage" / "calls.csv",
        call(
            timestamp="2025-12-01",
            organization_id="org-a",
            product_id="chat",
            cost_usd="4",
            model="big",
        ),
        call(timestamp="2025-12-31", organization_id="org-a", product_id="search", cost_usd="2"),
        call(timestamp="2025-12-31", organization_id="org-b", product_id="chat", cost_usd="2"),
        call(timestamp="2025-11-30", organization_id="org-a", product_id="chat", cost_usd="4"),
    )
    return home


def write_scenario(home: Home, text: str, name: str = "more") -> str:
    """Write a scenario with these lines after author, date and reason; returns its NAME."""
    about = 'base: "2025-12"\nauthor: Ana\ndate: 2025-12-15\nreason: two more regions\n'
    home.params_file(f"scenarios/{name}").write_text(about + text)
    return f"scenarios/{name}"
