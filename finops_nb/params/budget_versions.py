"""A budget's versions: original, revised 1, ...; who changed it, when and why, and what it was before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from finops_nb.params.types import Budget, Day, Name

LABEL: Final = re.compile(r"original|revised [1-9]\d*", re.ASCII)


def version_label(number: int) -> str:
    """What a version is called.

    >>> version_label(0), version_label(2)
    ('original', 'revised 2')
    """
    return f"revised {number}" if number else "original"


def version_number(label: str) -> int:
    """The number of a version; 0 is the original.

    Raises:
        ValueError: it is no version; the message is a rule and a fix, parted by "; ".
    """
    if not LABEL.fullmatch(label):
        raise ValueError("not a version; write original, revised 1, revised 2 and so on")
    return int(label.removeprefix("revised ")) if label != "original" else 0


def _label(value: object) -> str:
    version_number(str(value))
    return str(value)


class BudgetVersion(BaseModel):
    """One version. The amounts of the last one are the budgets of the params, so it has none of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[str, BeforeValidator(_label)] = Field(
        description="original, revised 1, revised 2 and so on"
    )
    date: Day = Field(default=None, description="the day it was adopted")
    author: str = Field(default="", description="who adopted it")
    reason: str = Field(default="", description="why")
    scenario: str = Field(default="", description="the scenario it came from")
    organization_budgets: dict[Name, Budget] | None = Field(
        default=None, description="budget by organization in this version"
    )
    product_budgets: dict[Name, Budget] | None = Field(
        default=None, description="budget by product in this version"
    )


def checked_versions(versions: Sequence[BudgetVersion]) -> Sequence[BudgetVersion]:
    """The versions themselves, oldest first.

    Raises:
        ValueError: one is missing or twice, or it does not say what the budgets were; a rule and a fix, parted by "; ".
    """
    labels = [each.version for each in versions]
    wanted = [version_label(number) for number in range(len(versions))]
    if labels != wanted:
        raise ValueError(
            f"the versions are {', '.join(labels)}; list every one once, oldest first: {', '.join(wanted)}"
        )
    for each in versions[:-1]:
        if each.organization_budgets is None or each.product_budgets is None:
            raise ValueError(
                f"{each.version} does not say what the budgets were; give it organization_budgets and product_budgets"
            )
    if versions and (
        versions[-1].organization_budgets is not None or versions[-1].product_budgets is not None
    ):
        raise ValueError(
            f"{versions[-1].version} is in force, so its amounts are the params' budgets; take them out of budget_versions"
        )
    return versions
