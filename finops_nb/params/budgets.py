"""The budgets of a period, in every version: inline, from budgets.csv, or its months' sum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, TypeAlias

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home, find_home
from finops_nb.money import minor_units, plain
from finops_nb.params.budget_file import BudgetLine, read_budget_file
from finops_nb.params.budget_versions import BudgetVersion, version_label
from finops_nb.params.commentary import Commentary, commentary_of
from finops_nb.params.flexible_budget import Flexible, lost_sentences
from finops_nb.params.model import Params
from finops_nb.params.monthly_budgets import MonthlyBudgets, budgets_of
from finops_nb.params.organizations import OrganizationMap, read_mapping
from finops_nb.params.params_file import naming_params_file
from finops_nb.params.params_of_months import params_of_months
from finops_nb.params.scenario import Scenario, changed, differences
from finops_nb.params.sum_of_months import flexible_sums, label_of_sum, not_in_all_months, sums
from finops_nb.params.text_file import check_exists
from finops_nb.period import fiscal_year
from finops_nb.schema import BUDGETED

MONTHS: Final = "months:"
"""What `budgets` says where a quarter's or year's budgets are the sum of its months'."""

NOT_REMEMBERED: Final = ("scenario", "budget_versions")
"""Keys of a base that a scenario does not remember: it changes budgets, whatever their version."""

Amounts: TypeAlias = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Version:
    """Budgets as they are or were: amounts by name, and who set them, when and why."""

    label: str
    organizations: Amounts
    products: Amounts
    author: str = ""
    date: str = ""
    reason: str = ""
    scenario: str = ""

    def of(self, dimension: str) -> Amounts:
        """Amount by name of `organization` or `product`; other dimensions have no budgets."""
        return {"organization": self.organizations, "product": self.products}.get(dimension, {})

    def as_record(self) -> dict[str, Any]:
        """The version as JSON, amounts as unrounded decimal text."""
        return {
            "version": self.label,
            "author": self.author,
            "date": self.date,
            "reason": self.reason,
            "scenario": self.scenario,
            "organization_budgets": _texts(self.organizations),
            "product_budgets": _texts(self.products),
        }


@dataclass(frozen=True, slots=True)
class Budgets:
    """What may be spent in a period.

    Args:
        owners: who answers for an organization or a product.
        versions: every version, oldest first; the last one is in force. Of a sum of months, the
            sum of their first versions, and that of those in force.
        approved: for a scenario, what is in force without it; else None.
        months: each month's budgets, for a quarter or year whose months have them.
        ahead: amount by month, dimension and name in the months after a month, to the end of the
            fiscal year or at least one; only a budgets.csv has them.
        inputs: the files they come from, each with its SHA-256.
        notices: what a reader should know about them, as sentences.
        cost_centres: the cost center where an organization's cost is booked.
        commentary: approvals and notes, of the params and of the months that are added up.
        flexible: calls and cost per call by dimension and name, of the budgets in force that state
            them; only a budgets.csv does.
    """

    owners: Mapping[str, str]
    versions: tuple[Version, ...]
    approved: Budgets | None = None
    months: Mapping[str, Version] = field(default_factory=dict)
    ahead: Mapping[str, Mapping[str, Amounts]] = field(default_factory=dict)
    inputs: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = field(default=())
    cost_centres: Mapping[str, str] = field(default_factory=dict)
    commentary: Commentary = field(default_factory=Commentary)
    flexible: Flexible = field(default_factory=dict)

    @property
    def before(self) -> Budgets:
        """What is approved: for a scenario, the budgets without it."""
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

    def lost_calls(self, later: Budgets) -> list[str]:
        """The names whose budgets state calls here and are amounts alone in a later version."""
        lost = self.flexible.keys() - later.flexible.keys()
        return sorted({name for dimension, name in lost if name in later.of(dimension)})

    def as_record(self) -> dict[str, Any]:
        """All of it as JSON, for the run's key and for results.json."""
        return {
            "version": self.version.label,
            "versions": [version.as_record() for version in self.versions],
            "owners": dict(sorted(self.owners.items())),
            "inputs": [{"name": name, "sha256": digest} for name, digest in self.inputs],
            "approved": self.before.version.label,
            "approvals": {**self.commentary.approvals},
            "notes": {**self.commentary.notes},
        }


def read_budgets(
    params: Params, home: Home | None = None, *, mapping: OrganizationMap | None = None
) -> Budgets:
    """The budgets of `params.window`; for a scenario, with its changes and what was approved.

    Args:
        params: inline budgets, or where they are.
        home: where a relative path starts; found by `find_home` if None, and only if needed.
        mapping: what `read_mapping` read for these params; read here if None.

    Raises:
        Refusal: all problems of budgets.csv together, each with its line; an owner both there and
            in the params; or a period for which neither has monthly budgets.

    Example:
        organization_budgets: {org-a: 5000}     # inline
        budgets: budgets.csv                    # or a table
        budgets: "months:"                      # or the sum of the months' params
    """
    approved = _approved(params, home, mapping)
    if params.scenario is None:
        return approved
    budgets = supposed(approved, params.scenario)
    since = changes_since(params.scenario, params, approved)
    lost = lost_sentences(approved.lost_calls(budgets))
    return replace(budgets, notices=(*approved.notices, *since, *lost))


def supposed(approved: Budgets, scenario: Scenario) -> Budgets:
    """Budgets with the changes of a scenario, as one more version, and what is approved.

    A budget that changes is an amount alone: its calls and cost per call were those of another.
    """
    version = Version(
        "what-if",
        changed(approved.organizations, scenario.organization_budgets),
        changed(approved.products, scenario.product_budgets),
        scenario.author,
        f"{scenario.date}",
        scenario.reason,
    )
    flexible = {
        (dimension, name): budget
        for (dimension, name), budget in approved.flexible.items()
        if version.of(dimension).get(name) == approved.of(dimension)[name]
    }
    versions = (*approved.versions, version)
    return replace(approved, versions=versions, approved=approved, flexible=flexible)


def snapshot(params: Params, approved: Budgets) -> dict[str, Any]:
    """A base as a scenario remembers it.

    Returns:
        The keys that are not at their default, and the amounts in force as text, wherever they
        come from.
    """
    defaults = Params(period=params.period, usage=params.usage).as_parameters()
    values = {
        key: _as_read(value)
        for key, value in params.as_parameters().items()
        if value != defaults[key] or key in ("period", "usage")
    }
    for key in NOT_REMEMBERED:
        values.pop(key, None)
    values["organization_budgets"] = _texts(approved.organizations)
    values["product_budgets"] = _texts(approved.products)
    return values


def _as_read(value: Any) -> Any:
    """A value as a params file gives it back: numbers, true and false are text there."""
    text = str(value)
    return text.lower() if isinstance(value, bool) else text if isinstance(value, int) else value


def changes_since(scenario: Scenario, params: Params, approved: Budgets) -> list[str]:
    """A sentence on how a scenario's base has changed since it was saved.

    Returns:
        One sentence; none where nothing has changed, or the base was not remembered.
    """
    if not scenario.base_was:
        return []
    now = snapshot(params.model_copy(update={"scenario": None}), approved)
    changes = "; ".join(differences(scenario.base_was, now))
    if not changes:
        return []
    return [f"The base {scenario.base} has changed since this scenario was saved: {changes}."]


def _approved(params: Params, home: Home | None, mapping: OrganizationMap | None) -> Budgets:
    """The budgets without a scenario, with owners and cost centers of organizations.csv.

    An owner in the params or in budgets.csv comes before one in organizations.csv.
    """
    mapping = mapping or read_mapping(params, home)
    budgets = _budgets_without_map(params, home, mapping)
    if mapping is None:
        return budgets
    owners = mapping.said_last(params.window, "owner", "email")
    return replace(
        budgets,
        owners={**owners, **budgets.owners},
        cost_centres=mapping.said_last(params.window, "cost_centre"),
    )


def _budgets_without_map(
    params: Params, home: Home | None, mapping: OrganizationMap | None
) -> Budgets:
    if not params.budgets:
        return _inline(params)
    if not params.window.months:
        rule = (
            f"{params.window.label} is not made of whole months, and {params.budgets} has "
            "budgets by month"
        )
        fix = "Write organization_budgets and product_budgets of this period"
        raise Refusal(Problem(rule, fix, column="budgets", value=params.budgets))
    if params.budgets != MONTHS:
        return _from_file(params, home or find_home())
    if params.window.is_month:
        fix = "Write organization_budgets and product_budgets, or name a budgets.csv"
        rule = "only a quarter or a year can add up its months' budgets"
        raise Refusal(Problem(rule, fix, column="budgets", value=params.budgets))
    return _sum_of_months(params, home or find_home(), mapping)


def _inline(params: Params) -> Budgets:
    """The budgets of the params' own keys."""
    *former, last = params.budget_versions or (None,)
    versions = [_former_version(each) for each in former if each]
    label = last.version if last else version_label(0)
    about = _about(last) if last else ()
    versions.append(Version(label, params.organization_budgets, params.product_budgets, *about))
    return Budgets(params.owners, tuple(versions), commentary=commentary_of(params, {}))


def _former_version(version: BudgetVersion) -> Version:
    organizations, products = version.organization_budgets, version.product_budgets
    return Version(version.version, organizations or {}, products or {}, *_about(version))


def _about(version: BudgetVersion) -> tuple[str, str, str, str]:
    """Author, date, reason and scenario."""
    return version.author, str(version.date or ""), version.reason, version.scenario


def _from_file(params: Params, home: Home) -> Budgets:
    """The budgets of a budgets.csv."""
    path = home.root / params.budgets
    shown = home.shown(path)
    check_exists(path, "budgets", params.budgets)
    lines = read_budget_file(path, shown, params.currency)
    months, decimals = params.window.months, minor_units(params.currency)
    table = budgets_of(lines, months, params.phasing, decimals)
    _refuse_owners_in_two_places(params, table, shown)
    by_month = {}
    if len(months) > 1:
        for month in months:
            one = budgets_of(lines, (month,), params.phasing, decimals)
            by_month[month] = Version(month, one.organizations, one.products)
    notices = [f"{shown}: {notice}" for notice in table.notices]
    if not table.organizations and not table.products:
        notices.append(f"{shown} has no budget for {params.window.label}.")
    return Budgets(
        owners={**params.owners, **table.owners},
        versions=tuple(
            _version_of_lines(number, *table.versions[number], table.lines[number])
            for number in sorted(table.versions)
        ),
        months=by_month,
        ahead=_ahead(params, lines),
        inputs=((shown, hashlib.sha256(path.read_bytes()).hexdigest()),),
        notices=tuple(notices),
        commentary=commentary_of(params, {}),
        flexible=table.flexible,
    )


def _ahead(params: Params, lines: Sequence[BudgetLine]) -> dict[str, Mapping[str, Amounts]]:
    """The budgets of the months after a month that have any."""
    if not params.window.is_month:
        return {}
    following = params.window.following().text
    year = fiscal_year(params.period, params.fiscal_year_start)
    months = [month for month in year if month > params.period] or [following]
    ahead: dict[str, Mapping[str, Amounts]] = {}
    for month in months:
        one = budgets_of(lines, (month,), params.phasing, minor_units(params.currency))
        if one.organizations or one.products:
            ahead[month] = {"organization": one.organizations, "product": one.products}
    return ahead


def _refuse_owners_in_two_places(params: Params, table: MonthlyBudgets, shown: str) -> None:
    twice = [name for name in table.owners if name in params.owners]
    if twice:
        rule = f"owners are both here and in {shown}: {', '.join(twice)}"
        fix = f"Remove them from the params; {shown} has them"
        raise Refusal(Problem(rule, fix, column="owners"))


def _version_of_lines(
    number: int, organizations: Amounts, products: Amounts, lines: tuple[BudgetLine, ...]
) -> Version:
    """A version of budgets.csv, with each approver, date and reason of its lines once."""
    author, date, reason = (_each_once(lines, key) for key in ("approver", "date", "reason"))
    return Version(version_label(number), organizations, products, author, date, reason)


def _each_once(lines: Iterable[BudgetLine], key: str) -> str:
    texts = map(attrgetter(key), lines)
    return ", ".join(dict.fromkeys(filter(None, texts)))


def _sum_of_months(params: Params, home: Home, mapping: OrganizationMap | None) -> Budgets:
    """The budgets of a quarter or year whose months have params of their own.

    Where a month's budgets were revised, the first version is the sum of the months' first ones.
    """
    parts: dict[str, Budgets] = {}
    maps = {params.mapping: mapping}
    months = params_of_months(params, home)
    for month, part in months.items():
        with naming_params_file(home, month, part):
            if part.mapping not in maps:
                maps[part.mapping] = read_mapping(part, home)
            parts[month] = read_budgets(part, home, mapping=maps[part.mapping])
    budgets = list(parts.values())
    first = _added_up({month: part.versions[0] for month, part in parts.items()})
    version = _added_up({month: part.version for month, part in parts.items()})
    is_revised = any(len(part.versions) > 1 for part in budgets)
    notices = [notice for part in budgets for notice in part.notices]
    for by in BUDGETED:
        amounts = {month: part.of(by) for month, part in parts.items()}
        notices += not_in_all_months(by, version.of(by), amounts)
    owners = {name: owner for part in budgets for name, owner in part.owners.items()}
    amounts_of = [{str(by): part.of(by) for by in BUDGETED} for part in budgets]
    return Budgets(
        owners={**owners, **params.owners},
        versions=(first, version) if is_revised else (version,),
        months={month: part.version for month, part in parts.items()},
        inputs=tuple(dict.fromkeys(file for part in budgets for file in part.inputs)),
        notices=tuple(notices),
        commentary=commentary_of(params, months),
        flexible=flexible_sums(amounts_of, [part.flexible for part in budgets]),
    )


def _added_up(months: Mapping[str, Version]) -> Version:
    """One version of each month, as a version of them all."""
    added = {by: sums([version.of(by) for version in months.values()]) for by in BUDGETED}
    label = label_of_sum({month: version.label for month, version in months.items()})
    return Version(label, added["organization"], added["product"])


def _texts(amounts: Amounts) -> dict[str, str]:
    return {name: plain(amount) for name, amount in amounts.items()}
