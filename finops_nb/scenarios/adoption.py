"""Adoption: the budgets of a scenario become the official ones of its month, as a new version.

The earlier versions stay on record.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from finops_nb.atomic_files import replace_file
from finops_nb.errors import BadValue, Problem, Refusal
from finops_nb.home import Home, bare
from finops_nb.money import minor_units, plain
from finops_nb.outputs.lock import hold
from finops_nb.outputs.manifest import Kind, kind_of
from finops_nb.params.budget_file import BudgetLine, read_budget_file, with_lines
from finops_nb.params.budget_versions import version_label, version_number
from finops_nb.params.budgets import Budgets, Version, read_budgets, snapshot
from finops_nb.params.flexible_budget import lost_sentences
from finops_nb.params.model import Params
from finops_nb.params.monthly_budgets import MonthlyBudgets, budgets_of
from finops_nb.params.outside import is_outside
from finops_nb.params.params_file import load_params, naming_params_file
from finops_nb.params.scenario import FOLDER, Scenario, differences
from finops_nb.params.types import NO_BUDGET, OneLine, parse_as
from finops_nb.params.validation import validated_document
from finops_nb.params.yaml_edit import ParamsText
from finops_nb.params.yaml_file import read_document
from finops_nb.period import MONTH
from finops_nb.usage.model import CUBE

KEYS: Final = {"organization": "organization_budgets", "product": "product_budgets"}
NOT_ADOPTED: Final = "Growth and price changes aren't budgets and were not adopted."


@dataclass(frozen=True, slots=True)
class Adoption:
    """The result of an adoption.

    Args:
        file: the file that now has the budgets.
        base: NAME of the report that has them once it is published.
        version: label of their version, such as "revised 1".
        changes: "budget of org-a 5000 → 5500", one a name; "none" where there is no budget.
        notices: sentences for the user.
    """

    file: Path
    base: str
    version: str
    changes: tuple[str, ...]
    notices: tuple[str, ...]


def adopt(
    home: Home,
    name: str,
    reason: str,
    today: date,
    author: str | None = None,
    *,
    outside: bool = False,
) -> Adoption:
    """Make a scenario's budgets the official ones, in its base's params or budgets.csv.

    Args:
        home: the home.
        name: NAME of the scenario.
        reason: why the budgets change.
        today: day of the adoption.
        author: who adopts it; None takes the scenario's author.
        outside: whether a file outside of the home may be changed.

    Raises:
        Refusal: not a scenario of an official month, or no changed budget; its base has other
            budgets since; the file is outside of the home, or can't be written.
        Busy: another process adopts a scenario of the month, or runs it.

    Example:
        adopt(home, "scenarios/more-for-gamma", "two more regions", date(2025, 12, 16))
    """
    _check_request(bare(name), reason, author)
    name = home.check_name(name, words=())
    params = load_params(home, name)
    scenario = params.scenario
    assert scenario is not None
    request = (reason.strip(), today, (author or scenario.author).strip())
    with _write_errors(home), _locked_base(home, scenario.base) as base:
        entry = _entry(home, name, params, base, request)
        _check_place(base, scenario.base, home, outside)
        file = _into_budget_file(home, base, entry) if base.budgets else _into_params(home, entry)
    notices = [NOT_ADOPTED] if params.growth or params.model_prices else []
    notices += lost_sentences(entry.approved.lost_calls(entry.changed), home.shown(file))
    return Adoption(file, scenario.base, entry.label, entry.differences(), tuple(notices))


@dataclass(frozen=True, slots=True)
class _Entry:
    """An adoption as it is written down.

    Args:
        name: NAME of the scenario.
        number: of the new version; 0 is "original".
        reason: why.
        today: when.
        author: who.
        scenario: the scenario.
        approved: the budgets before.
        changed: the budgets after.
    """

    name: str
    number: int
    reason: str
    today: date
    author: str
    scenario: Scenario
    approved: Budgets
    changed: Budgets

    @property
    def label(self) -> str:
        return version_label(self.number)

    def changes(self, dimension: str) -> Mapping[str, Decimal | None]:
        """The amounts by name that differ from the approved ones; None removes a budget."""
        return _changes(self.scenario, self.approved)[dimension]

    def differences(self) -> tuple[str, ...]:
        """Each budget that differs, before and after."""
        return tuple(
            f"budget of {name} {_amount_text(before)} → {_amount_text(after)}"
            for dimension in KEYS
            for name, before, after in self._changed_amounts(dimension)
        )

    def _changed_amounts(
        self, dimension: str
    ) -> Iterator[tuple[str, Decimal | None, Decimal | None]]:
        was, now = self.approved.of(dimension), self.changed.of(dimension)
        for name in dict.fromkeys((*was, *now)):
            if was.get(name) != now.get(name):
                yield name, was.get(name), now.get(name)

    def compare(self, written: Any, shown: str) -> None:
        """Check that the draft of a file has the new budgets.

        Raises:
            Refusal: it has others, so the draft must not replace the file.
        """
        actual = (written.organizations, written.products)
        if actual != (self.changed.organizations, self.changed.products):
            raise Refusal(_not_as_meant(shown, "it would not have the new budgets"))


def _entry(
    home: Home, name: str, params: Params, base: Params, request: tuple[str, date, str]
) -> _Entry:
    """The adoption of a scenario, checked; `request` is its reason, its day and who adopts it."""
    scenario = params.scenario
    assert scenario is not None
    approved = _budgets_of(home, scenario.base, base)
    _check_scenario(scenario, name, base, approved, home)
    number = _next_version(base, approved, home)
    return _Entry(name, number, *request, scenario, approved, _budgets_of(home, name, params))


@contextmanager
def _locked_base(home: Home, name: str) -> Iterator[Params]:
    """The base, while no other process can adopt for it or run it."""
    with hold(home.runs, name), ExitStack() as locks:
        base = load_params(home, name)
        if base.budgets:
            # Other months may use the same budgets.csv.
            locks.enter_context(hold(home.runs, base.budgets, "changed"))
        yield base


def _check_request(name: str, reason: str, author: str | None) -> None:
    if not name.startswith(FOLDER):
        fix = f"Write the NAME of a scenario, such as {FOLDER}more-for-gamma"
        raise Refusal(Problem("not a scenario", fix, column="NAME", value=name))
    problems = []
    if not reason.strip():
        problems.append(Problem("no reason", "Write a sentence that says why", column="--reason"))
    if author is not None and not author.strip():
        problems.append(Problem("no name", "Write a name, or leave out --by", column="--by"))
    for option, text in (("--reason", reason), ("--by", author or "")):
        try:
            parse_as(OneLine, text.strip() or "-")
        except BadValue as error:
            problems.append(error.problem(column=option, value=text))
    if problems:
        raise Refusal(problems)


def _check_scenario(
    scenario: Scenario, name: str, base: Params, approved: Budgets, home: Home
) -> None:
    """Refuse a scenario that cannot be adopted."""
    file = f"params/{name}.yaml"
    is_month = MONTH.fullmatch(scenario.base) is not None
    if not is_month or kind_of(scenario.base, base.period) is not Kind.OFFICIAL:
        rule = "the base is not an official month"
        fix = "Change the budgets of an analysis in its file; only official months have versions"
        raise Refusal(Problem(rule, fix, file, column="base", value=scenario.base))
    changes = _changes(scenario, approved)
    if not any(changes.values()):
        raise Refusal(_nothing_to_adopt(scenario, file))
    if any(amounts.keys() - approved.of(dimension) for dimension, amounts in changes.items()):
        _check_new_names(base.model_copy(update={"scenario": scenario}), home, file)
    if scenario.base_was:
        _check_base(scenario, file, snapshot(base, approved))


def _check_place(base: Params, name: str, home: Home, outside: bool) -> None:
    """Refuse to change a file outside of the home, where other homes may read it."""
    file = home.root / base.budgets if base.budgets else home.params_file(name)
    if is_outside(file, home) and not outside:
        rule = "the budgets are in a file outside the home, which others may use too"
        fix = f"To change {file.resolve()}, adopt again with --outside"
        column = "budgets" if base.budgets else None
        problem = Problem(rule, fix, column=column, value=base.budgets or None)
        with naming_params_file(home, name, base):
            raise Refusal(problem if base.budgets else problem.in_file(f"params/{name}.yaml"))


def _nothing_to_adopt(scenario: Scenario, file: str) -> Problem:
    if scenario.organization_budgets or scenario.product_budgets:
        rule = f"Nothing to adopt: {scenario.base} already has these budgets"
        return Problem(rule, f"To adopt others, change {file}")
    return Problem("the scenario changes no budget", "Change a budget and save the scenario", file)


def _check_new_names(params: Params, home: Home, file: str) -> None:
    """Refuse names that neither budgets nor usage have, as `run` does.

    DuckDB is imported only for that.
    """
    from finops_nb.figures.scenario_effect import check_names
    from finops_nb.usage.reader import read_usage

    usage = read_usage(params, home, detail=CUBE)
    check_names(usage, read_budgets(params, home), params, file)


def _check_base(scenario: Scenario, file: str, now: Mapping[str, Any]) -> None:
    was = {key: scenario.base_was.get(key) for key in KEYS.values()}
    changes = list(differences(was, {key: now.get(key) for key in KEYS.values()}))
    if changes:
        rule = f"the budgets of {scenario.base} changed after the scenario was saved"
        fix = "Check the scenario against the current budgets, and save it under another name"
        raise Refusal(Problem(f"{rule} ({'; '.join(changes)})", fix, file))


def _next_version(base: Params, approved: Budgets, home: Home) -> int:
    """The number of the next version. In budgets.csv, proposed and rejected lines count too."""
    if not base.budgets:
        return version_number(approved.version.label) + 1
    lines = read_budget_file(home.root / base.budgets, base.budgets)
    return 1 + max((line.version for line in lines if base.period in line.months), default=0)


def _amount_text(amount: Decimal | None) -> str:
    return NO_BUDGET if amount is None else plain(amount)


def _changes(scenario: Scenario, approved: Budgets) -> dict[str, dict[str, Decimal | None]]:
    """By dimension and name, the amounts of a scenario that differ from the approved ones."""
    changes: dict[str, dict[str, Decimal | None]] = {}
    for dimension, key in KEYS.items():
        before = approved.of(dimension)
        amounts: Mapping[str, Decimal | None] = getattr(scenario, key)
        changes[dimension] = {
            name: amount for name, amount in amounts.items() if before.get(name) != amount
        }
    return changes


def _budgets_of(home: Home, name: str, params: Params) -> Budgets:
    """The budgets of a NAME; what is wrong with a key of its params has their file and line."""
    with naming_params_file(home, name, params):
        return read_budgets(params, home)


def _into_params(home: Home, entry: _Entry) -> Path:
    file = home.params_file(entry.scenario.base)
    shown = home.shown(file)
    text = ParamsText(read_document(file, shown), shown)
    problems: list[Problem] = []
    for dimension, key in KEYS.items():
        try:
            text.change(key, entry.changes(dimension))
        except Refusal as refusal:
            problems += refusal.problems
    if problems:
        raise Refusal(problems)
    text.replace("budget_versions", _version_records(entry))

    def reads_back(draft: Path) -> None:
        params = validated_document(Params, read_document(draft, shown), shown)
        budgets = read_budgets(params, home)
        entry.compare(budgets, shown)
        if budgets.versions[:-1] != entry.approved.versions or budgets.version.label != entry.label:
            raise Refusal(_not_as_meant(shown, "the earlier versions would change"))

    replace_file(file, str(text).encode("utf-8"), _of_draft(reads_back, shown))
    return file


def _into_budget_file(home: Home, base: Params, entry: _Entry) -> Path:
    file = home.root / base.budgets
    shown = home.shown(file)

    def budgets_in(path: Path) -> MonthlyBudgets:
        lines = read_budget_file(path, shown, base.currency)
        return budgets_of(lines, (base.period,), base.phasing, minor_units(base.currency))

    # Only the owners in this file: owners in the params stay there.
    owners = budgets_in(file).owners
    about = (entry.number, "approved", entry.author, entry.reason, f"{entry.today}")
    lines = [
        BudgetLine(0, dimension, name, base.period, amount, owners.get(name, ""), *about)
        for dimension in KEYS
        for name, amount in entry.changes(dimension).items()
    ]
    text = with_lines(file.read_bytes().decode("utf-8"), lines, shown)

    def reads_back(draft: Path) -> None:
        entry.compare(budgets_in(draft), shown)

    replace_file(file, text.encode("utf-8"), _of_draft(reads_back, shown))
    return file


def _of_draft(check: Callable[[Path], None], shown: str) -> Callable[[Path], None]:
    """A check of a draft whose refusals name no line, since a user has no file with that line."""

    def checked(draft: Path) -> None:
        try:
            check(draft)
        except Refusal as refusal:
            if all(problem.line is None for problem in refusal.problems):
                raise
            rules = dict.fromkeys(problem.rule for problem in refusal.problems)
            raise Refusal(_not_as_meant(shown, "; ".join(rules))) from refusal

    return checked


def _not_as_meant(shown: str, why: str) -> Problem:
    rule = f"the new budgets can't be written into this file ({why})"
    fix = "Nothing was changed. Change the budgets in it by hand, and report this as a bug"
    return Problem(rule, fix, shown)


@contextmanager
def _write_errors(home: Home) -> Iterator[None]:
    """Turns an error of the system into a refusal."""
    try:
        yield
    except OSError as error:
        place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "params"
        fix = "Nothing was changed. Check the free space and the permissions, then adopt again"
        raise Refusal(Problem(f"could not be written: {error.strerror}", fix, place)) from error


def _version_records(entry: _Entry) -> list[dict[str, Any]]:
    """The value of `budget_versions`: each earlier version with its amounts, then the new one.

    The new one needs no amounts: they are the budgets of the file.
    """
    new = {
        "version": entry.label,
        "date": entry.today,
        "author": entry.author,
        "reason": entry.reason,
        "scenario": entry.name,
    }
    return [*map(_version_record, entry.approved.versions), new]


def _version_record(version: Version) -> dict[str, Any]:
    about = {
        "version": version.label,
        "date": date.fromisoformat(version.date) if version.date else None,
        "author": version.author,
        "reason": version.reason,
        "scenario": version.scenario,
    }
    filled = {key: value for key, value in about.items() if value}
    return filled | {key: dict(version.of(dimension)) for dimension, key in KEYS.items()}
