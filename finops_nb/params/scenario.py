"""A scenario: what a what-if changes in its base, and what the base was when it was saved.

Its file, `params/scenarios/NAME.yaml`, starts with who, when and why; then comes what is changed:

    base: "2025-12"
    author: Ana
    date: 2025-12-15
    reason: org-gamma grows
    organization_budgets:
      org-gamma: 2800
    growth:
      (all): 0.10
    model_prices:
      gpt-4-turbo:
        (all): -0.20
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from finops_nb.atomic_files import replace_file
from finops_nb.errors import Problem, Refusal
from finops_nb.home import SCENARIOS, SEGMENT, Home
from finops_nb.params.three_decimals import decimals_problems
from finops_nb.params.types import (
    HIGHEST_FRACTION,
    NO_BUDGET,
    BudgetChange,
    KnownDay,
    Name,
    OneLine,
    Prose,
    Rate,
    Text,
    rate_text,
)
from finops_nb.params.validation import validated_document
from finops_nb.params.yaml_file import read_document, yaml_text

FOLDER: Final = SCENARIOS
"""The folder of scenarios in params/; the NAMEs of scenarios start with it."""

LONGEST: Final = 100
"""Characters of a scenario's name."""

HEAD: Final = """\
# A what-if: the base does not change. To make its budgets official:
# finops-nb adopt {name} --reason "..."
"""


class Scenario(BaseModel):
    """What a what-if changes.

    Amounts are `Decimal`, and None takes a budget away; rates are fractions of change.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: Text = Field(description="the NAME whose budgets are changed, such as 2025-12")
    author: OneLine = Field(description="who made it")
    date: KnownDay = Field(description="the day it was made, such as 2025-12-15")
    reason: Prose = Field(description="why, in a sentence; it is in the report's stamp")
    organization_budgets: dict[Name, BudgetChange] = Field(
        default_factory=dict,
        examples=["{org-alpha: 5000}"],
        description="the changed budgets by organization; none removes one",
    )
    product_budgets: dict[Name, BudgetChange] = Field(
        default_factory=dict,
        examples=["{product-x: 5000}"],
        description="the changed budgets by product; none removes one",
    )
    growth: dict[Name, Rate] = Field(
        default_factory=dict,
        examples=["{(all): 0.10}"],
        description="growth of usage by organization, 0.10 or 10%; (all) is everyone not named",
    )
    model_prices: dict[Name, dict[Name, Rate]] = Field(
        default_factory=dict,
        examples=["{gpt-4-turbo: {(all): -0.20}}"],
        description="change of a model's price by organization, -0.20 or -20%; (all) is everyone "
        "not named",
    )
    base_was: dict[str, Any] = Field(
        default_factory=dict,
        description="the base when this was saved; without it, changes to the base are not noticed",
    )

    def decimals_problems(self, currency: str) -> Iterator[Problem]:
        """Amounts whose point may stand between thousands in a currency."""
        yield from decimals_problems(self.organization_budgets, currency, "organization_budgets")
        yield from decimals_problems(self.product_budgets, currency, "product_budgets")


def changed(
    budgets: Mapping[str, Decimal], changes: Mapping[str, Decimal | None]
) -> dict[str, Decimal]:
    """Budgets with some changed, added, or (None) taken away.

    >>> changed({"a": Decimal(1), "b": Decimal(2)}, {"a": None, "b": Decimal(3)})
    {'b': Decimal('3')}
    """
    merged = {**budgets, **changes}
    return {name: amount for name, amount in merged.items() if amount is not None}


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two bases, key by key and name by name.

    >>> list(differences({"growth": {"org-a": "0.1"}}, {"growth": {}}))
    ['growth.org-a was 0.1, is not set']
    """
    for key in dict.fromkeys((*was, *now)):
        before, after = was.get(key), now.get(key)
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from (f"{key}.{each}" for each in differences(before or {}, after or {}))
        elif before != after:
            yield f"{key} was {_value_text(before)}, is {_value_text(after)}"


def save_scenario(
    home: Home,
    name: str,
    scenario: Scenario,
    *,
    replace: bool = False,
    comments: Iterable[str] = (),
) -> Path:
    """Write `params/scenarios/NAME.yaml`: who, when and why, the changes, and what the base was.

    Args:
        home: the home.
        name: without the folder and the suffix.
        scenario: what to write.
        replace: overwrite a scenario of that name.
        comments: lines for the top of the file.

    Returns:
        The file.

    Raises:
        Refusal: the name can't be a file's, or is taken; or the file could not be written, and
            nothing was changed.
    """
    name = _file_name(name)
    file = home.params_file(f"{FOLDER}{name}")
    shown = home.shown(file)
    if file.exists() and not replace:
        rule = "a scenario of that name already exists"
        raise Refusal(Problem(rule, "Choose another name", shown, column="name", value=name))

    text = scenario_text(f"{FOLDER}{name}", scenario, comments)
    try:
        replace_file(file, text.encode("utf-8"), lambda draft: _check(draft, scenario, shown))
    except OSError as error:
        fix = "Nothing was changed. Check the free space and the permissions, then save again"
        raise Refusal(Problem(f"could not be written: {error.strerror}", fix, shown)) from error
    return file


def _file_name(name: str) -> str:
    """A name that can be a file's, without the suffix.

    Raises:
        Refusal: it can't be one.
    """
    name = name.removesuffix(".yaml")
    if not SEGMENT.fullmatch(name) or len(name) > LONGEST:
        fix = (
            f"Use at most {LONGEST} letters, digits, dots, dashes and underscores, such as "
            "more-for-gamma"
        )
        raise Refusal(Problem("a name that can't be a file's", fix, column="name", value=name))
    return name


def _check(draft: Path, scenario: Scenario, shown: str) -> None:
    """See that a draft reads back as the scenario.

    Raises:
        Refusal: it does not.
    """
    if validated_document(Scenario, read_document(draft, shown), shown) != scenario:
        rule = "the saved scenario differs from what was entered"
        raise Refusal(Problem(rule, "Report this, with the names in it", shown))


def scenario_text(name: str, scenario: Scenario, comments: Iterable[str] = ()) -> str:
    """The text of a scenario's file.

    Args:
        name: its NAME, for the command in the comment at the top.
        scenario: what to write.
        comments: lines for above it.
    """
    lines = "".join(f"# {comment}\n" for comment in comments)
    return lines + HEAD.format(name=name) + yaml_text(_values(scenario))


def _values(scenario: Scenario) -> dict[str, Any]:
    """What is set, with amounts and rates as the file shows them."""
    values = {key: value for key, value in scenario if value not in ({}, None)}
    for key in ("organization_budgets", "product_budgets"):
        if key in values:
            values[key] = {
                name: NO_BUDGET if amount is None else amount
                for name, amount in values[key].items()
            }
    for key in ("growth", "model_prices"):
        if key in values:
            values[key] = _readable_rates(values[key])
    return values


def _readable_rates(rates: Mapping[str, Any]) -> dict[str, Any]:
    """Rates, or mappings of rates, with the high ones in percent."""
    readable: dict[str, Any] = {}
    for name, rate in rates.items():
        if isinstance(rate, Mapping):
            readable[name] = _readable_rates(rate)
        else:
            readable[name] = rate_text(rate) if rate > HIGHEST_FRACTION else rate
    return readable


def _value_text(value: Any) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
