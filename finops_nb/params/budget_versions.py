"""A budget's versions: original, revised 1, …; who changed it, when and why, and what it was.

budget_versions:
  - version: original
    organization_budgets: {org-a: 5000}
    product_budgets: {}
  - {version: revised 1, date: 2025-12-15, author: Ana, reason: org-a grows}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from finops_nb.errors import BadValue
from finops_nb.params.types import Budget, Day, Name, ProseOrNothing

LABEL: Final = re.compile(r"original|revised [1-9]\d{0,3}", re.ASCII)


def version_label(number: int) -> str:
    """What a version is called.

    >>> version_label(0), version_label(2)
    ('original', 'revised 2')
    """
    return f"revised {number}" if number else "original"


def version_number(label: str) -> int:
    """The number of a version; 0 is the original.

    Raises:
        BadValue: it is not the label of a version.

    >>> version_number("original"), version_number("revised 2")
    (0, 2)
    """
    if not LABEL.fullmatch(label):
        raise BadValue("not a version", "Write original, revised 1, revised 2 and so on")
    return int(label.removeprefix("revised ")) if label != "original" else 0


def _label(value: object) -> str:
    version_number(str(value))
    return str(value)


class BudgetVersion(BaseModel):
    """One version. The last one has no amounts of its own: its amounts are the params' budgets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[str, BeforeValidator(_label)] = Field(
        description="original, revised 1, revised 2 and so on"
    )
    date: Day = Field(default=None, description="the day it was adopted")
    author: ProseOrNothing = Field(default="", description="who adopted it")
    reason: ProseOrNothing = Field(default="", description="why")
    scenario: ProseOrNothing = Field(default="", description="the scenario it came from")
    organization_budgets: dict[Name, Budget] | None = Field(
        default=None, description="budget by organization in this version"
    )
    product_budgets: dict[Name, Budget] | None = Field(
        default=None, description="budget by product in this version"
    )


def checked_versions(versions: Sequence[BudgetVersion]) -> Sequence[BudgetVersion]:
    """The versions themselves, oldest first.

    Raises:
        BadValue: one is missing or listed twice, an earlier one has no amounts, or the last has.
    """
    labels = [each.version for each in versions]
    expected = [version_label(number) for number in range(len(versions))]
    if labels != expected:
        fix = f"List each one once, oldest first: {', '.join(expected)}"
        raise BadValue(f"the versions are {', '.join(labels)}", fix)
    for each in versions[:-1]:
        if None in (each.organization_budgets, each.product_budgets):
            fix = "Give it organization_budgets and product_budgets"
            raise BadValue(f"{each.version} does not say what the budgets were", fix)
    last = versions[-1] if versions else None
    if last and (last.organization_budgets, last.product_budgets) != (None, None):
        rule = f"{last.version} is in force, so its amounts belong in the params' own budgets"
        raise BadValue(rule, "Remove them from budget_versions")
    return versions
