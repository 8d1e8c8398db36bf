"""The budgets of a period: inline in its params, from budgets.csv, or the sum of its months'; in every version they had."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home, find_home
from finops_nb.money import ZERO, minor_units, plain
from finops_nb.params.budget_file import BudgetLine, read_budget_file
from finops_nb.params.budget_versions import BudgetVersion, version_label
from finops_nb.params.model import Params, load_params
from finops_nb.params.monthly_budgets import budgets_of
from finops_nb.params.organizations import read_mapping
from finops_nb.params.scenario import Scenario, changed, differences

MONTHS: Final = "months:"
"""What `budgets` says where a quarter's or year's budgets are the sum of its months'."""

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Version:
    """Budgets as they once were, or are: amounts by name, and who set them, when and why."""

    label: str
    organizations: Amounts
    products: Amounts
    author: str = ""
    date: str = ""
    reason: str = ""
    scenario: str = ""

    def of(self, dimension: str) -> Amounts:
        """Amount by name of `organization` or `product`; nothing has a budget by any other dimension."""
        return {"organization": self.organizations, "product": self.products}.get(dimension, {})


@dataclass(frozen=True, slots=True)
class Budgets:
    """What may be spent in a period.

    Args:
        owners: who answers for an organization or a product.
        versions: every version, oldest first; the last one is in force.
        approved: of a scenario, what is in force without it; else None.
        months: of a quarter or year whose months' budgets are known, those of each month.
        inputs: the file they come from, and its SHA-256.
        notices: what a reader should know of them, as sentences.
        cost_centres: where an organization's cost is booked.
    """

    owners: Mapping[str, str]
    versions: tuple[Version, ...]
    approved: Budgets | None = None
    months: Mapping[str, Version] = field(default_factory=dict)
    inputs: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = field(default=())
    cost_centres: Mapping[str, str] = field(default_factory=dict)

    @property
    def before(self) -> Budgets:
        """What is approved: of a scenario, the budgets without it."""
        return self.approved or self

    @property
    def version(self) -> Version:
        """The version in force."""
        return self.versions[-1]

    @property
    def organizations(self) -> Amounts:
        """Amount by organization, in force."""
        return self.version.organizations

    @property
    def products(self) -> Amounts:
        """Amount by product, in force."""
        return self.version.products

    def of(self, dimension: str) -> Amounts:
        """Amount by name in force, of `organization` or `product`."""
        return self.version.of(dimension)

    def as_record(self) -> dict[str, Any]:
        """All of it as JSON, for the run's key and for results.json."""
        return {
            "version": self.version.label,
            "versions": [_version_record(version) for version in self.versions],
            "owners": dict(sorted(self.owners.items())),
            "inputs": [{"name": name, "sha256": digest} for name, digest in self.inputs],
            "approved": self.approved.version.label if self.approved else self.version.label,
        }


def read_budgets(params: Params, home: Home | None = None) -> Budgets:
    """The budgets of `params.window`; those of a scenario with its changes, and what was approved beside them.

    Args:
        params: inline budgets, or where they are.
        home: what a relative path starts from; found by `find_home` if None, and only if a path needs it.

    Raises:
        Refusal: all that is wrong with budgets.csv, each with its line; an owner both there and in the params; or a
            period for which neither has monthly budgets.
    """
    approved = _approved(params, home)
    if params.scenario is None:
        return approved
    notices = (*approved.notices, *changes_since(params.scenario, params, approved))
    return replace(supposed(approved, params.scenario), notices=notices)


def supposed(approved: Budgets, scenario: Scenario) -> Budgets:
    """Budgets with the changes of a scenario, and what is approved beside them."""
    version = Version(
        "what-if",
        changed(approved.organizations, scenario.organization_budgets),
        changed(approved.products, scenario.product_budgets),
        scenario.author,
        f"{scenario.date}",
        scenario.reason,
    )
    return replace(approved, versions=(*approved.versions, version), approved=approved)


def snapshot(params: Params, approved: Budgets) -> dict[str, Any]:
    """A base as a scenario remembers it: the keys that are set, and the amounts in force, wherever they come from."""
    plainly = Params(period=params.period, usage=params.usage).as_parameters()
    given = {
        key: value
        for key, value in params.as_parameters().items()
        if value != plainly[key] or key in ("period", "usage")
    }
    amounts = {"organization_budgets": approved.organizations, "product_budgets": approved.products}
    left_out = ("scenario", "budget_versions")
    kept = {key: value for key, value in given.items() if key not in left_out}
    return kept | {
        key: {name: plain(amount) for name, amount in of.items()} for key, of in amounts.items()
    }


def changes_since(scenario: Scenario, params: Params, approved: Budgets) -> list[str]:
    """A sentence that says what of its base has changed since a scenario was saved; none where nothing has."""
    if not scenario.base_was:
        return []
    now = snapshot(params.model_copy(update={"scenario": None}), approved)
    found = list(differences(scenario.base_was, now))
    return (
        [f"The base {scenario.base} has changed since this scenario was saved: {'; '.join(found)}."]
        if found
        else []
    )


def _approved(params: Params, home: Home | None) -> Budgets:
    """The budgets in force, with the owners and cost centres of organizations.csv beside their own owners."""
    mapping, found = read_mapping(params, home), _budgeted(params, home)
    owners, centres = (
        mapping.said_last(params.window, *each) if mapping else {}
        for each in (("owner", "email"), ("cost_centre",))
    )
    return replace(found, owners={**owners, **found.owners}, cost_centres=centres)


def _budgeted(params: Params, home: Home | None) -> Budgets:
    if not params.budgets:
        return _inline(params)
    months = params.window.months
    if not months:
        rule = f"{params.window.label} is not made of whole months, and {params.budgets} has budgets by month"
        raise Refusal(
            Problem(
                rule,
                "Write organization_budgets and product_budgets of this period",
                column="budgets",
                value=params.budgets,
            )
        )
    if params.budgets == MONTHS and params.window.is_month:
        fix = "Write organization_budgets and product_budgets, or name a budgets.csv"
        raise Refusal(
            Problem("a month is not made of months", fix, column="budgets", value=params.budgets)
        )
    home = home or find_home()
    return (
        _sum_of_months(params, home)
        if params.budgets == MONTHS
        else _from_file(params, home, months)
    )


def _inline(params: Params) -> Budgets:
    *former, last = params.budget_versions or (None,)
    versions = [
        Version(
            each.version, each.organization_budgets or {}, each.product_budgets or {}, *_said(each)
        )
        for each in former
    ]
    label, about = (last.version, _said(last)) if last else (version_label(0), ())
    versions.append(Version(label, params.organization_budgets, params.product_budgets, *about))
    return Budgets(params.owners, tuple(versions))


def _said(version: BudgetVersion) -> tuple[str, str, str, str]:
    return version.author, str(version.date or ""), version.reason, version.scenario


def _from_file(params: Params, home: Home, months: tuple[str, ...]) -> Budgets:
    path = home.root / params.budgets
    shown = home.shown(path)
    lines = read_budget_file(path, shown)
    found = budgets_of(lines, months, params.phasing, minor_units(params.currency))
    twice = [name for name in found.owners if name in params.owners]
    if twice:
        fix = f"Take them out of the params; {shown} has them"
        raise Refusal(
            Problem(
                f"owners stand both here and in {shown}: {', '.join(twice)}", fix, column="owners"
            )
        )
    versions = tuple(
        _of_lines(number, *found.versions[number], found.lines[number])
        for number in sorted(found.versions)
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    owners = {**params.owners, **found.owners}
    notices = tuple(f"{shown}: {notice}" for notice in found.notices)
    if not found.organizations and not found.products:
        notices = (*notices, f"{shown} has no budget of {params.window.label}.")
    each = {
        month: budgets_of(lines, (month,), params.phasing, minor_units(params.currency))
        for month in months
        if len(months) > 1
    }
    by_month = {month: Version(month, of.organizations, of.products) for month, of in each.items()}
    return Budgets(owners, versions, None, by_month, ((shown, digest),), notices)


def _of_lines(
    number: int, organizations: Amounts, products: Amounts, lines: tuple[BudgetLine, ...]
) -> Version:
    """A version of budgets.csv; what its lines say about it, each once."""
    who, when, why = (
        ", ".join(dict.fromkeys(filter(None, map(attrgetter(key), lines))))
        for key in ("approver", "date", "reason")
    )
    return Version(version_label(number), organizations, products, who, when, why)


def _sum_of_months(params: Params, home: Home) -> Budgets:
    parts = []
    for month in params.window.months:
        part = load_params(home, home.check_name(month))
        if part.period != month:
            fix = "Move that file to params/analysis/, or write its period as the month again"
            raise Refusal(
                Problem(
                    f"params/{month}.yaml is of {part.period}, not of {month}",
                    fix,
                    column="budgets",
                    value=params.budgets,
                )
            )
        if part.currency != params.currency:
            rule = f"the budgets of {month} are in {part.currency}, this report is in {params.currency}"
            raise Refusal(
                Problem(
                    rule,
                    "Budgets of two currencies can't be added",
                    column="currency",
                    value=params.currency,
                )
            )
        parts.append((month, read_budgets(part, home)))
    sums: dict[str, dict[str, Decimal]] = {"organization": {}, "product": {}}
    notices = [notice for _, part in parts for notice in part.notices]
    for dimension, amounts in sums.items():
        for name in sorted({name for _, part in parts for name in part.of(dimension)}):
            has = [month for month, part in parts if name in part.of(dimension)]
            amounts[name] = sum((part.of(dimension).get(name, ZERO) for _, part in parts), ZERO)
            if len(has) < len(parts):
                notices.append(
                    f"The {dimension} {name} has a budget in {len(has)} of {len(parts)} months only: {', '.join(has)}."
                )
    owners = {name: who for _, part in parts for name, who in part.owners.items()} | params.owners
    reason = ", ".join(f"{month} {part.version.label}" for month, part in parts)
    version = Version("sum of its months", sums["organization"], sums["product"], reason=reason)
    inputs = tuple(dict.fromkeys(each for _, part in parts for each in part.inputs))
    return Budgets(
        owners,
        (version,),
        None,
        {month: part.version for month, part in parts},
        inputs,
        tuple(notices),
    )


def _version_record(version: Version) -> dict[str, Any]:
    amounts = {"organization_budgets": version.organizations, "product_budgets": version.products}
    said = {
        "version": version.label,
        "author": version.author,
        "date": version.date,
        "reason": version.reason,
        "scenario": version.scenario,
    }
    return said | {
        key: {name: plain(amount) for name, amount in of.items()} for key, of in amounts.items()
    }
