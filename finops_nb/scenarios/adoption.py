"""Adoption: the budgets of a scenario become the official ones of its month, as a new version; the one before stays on record."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from finops_nb.atomic_files import replace_file
from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.money import minor_units, plain
from finops_nb.outputs.lock import hold
from finops_nb.outputs.manifest import Kind, kind_of
from finops_nb.params.budget_file import BudgetLine, read_budget_file, with_lines
from finops_nb.params.budget_versions import version_label, version_number
from finops_nb.params.budgets import Budgets, read_budgets, snapshot
from finops_nb.params.model import Params, load_params
from finops_nb.params.monthly_budgets import MonthlyBudgets, budgets_of
from finops_nb.params.scenario import FOLDER, Scenario, differences
from finops_nb.params.validation import validated_document
from finops_nb.params.yaml_edit import ParamsText
from finops_nb.params.yaml_file import read_document
from finops_nb.period import MONTH

KEYS: Final = {"organization": "organization_budgets", "product": "product_budgets"}


@dataclass(frozen=True, slots=True)
class Adoption:
    """What was done: the file that holds the budgets now, their version, and what a user should know."""

    file: Path
    version: str
    changes: tuple[str, ...]
    notices: tuple[str, ...]


def adopt(home: Home, name: str, reason: str, today: date, author: str | None = None) -> Adoption:
    """Make the budgets of a scenario the official ones of its base, in the params or in its budgets.csv.

    Args:
        home: the home.
        name: of the scenario, such as scenarios/more-for-gamma.
        reason: why.
        today: the day of the adoption.
        author: who adopts it; the scenario's author if None.

    Raises:
        Refusal: it is no scenario of an official month, changes no budget, or was made on budgets that have changed
            since; or the file could not be written. Nothing is changed then.
        Busy: another process adopts or runs the month.
    """
    name = home.check_name(name)
    if not name.startswith(FOLDER):
        raise Refusal(
            Problem(
                "not a scenario",
                f"Name a file of params/{FOLDER}, such as {FOLDER}more-for-gamma",
                column="NAME",
                value=name,
            )
        )
    said = (
        ("--reason", reason, "no reason", "Say why, in a sentence"),
        ("--by", author, "no name", "Say who, or leave it out"),
    )
    if problems := [
        Problem(rule, fix, column=key)
        for key, text, rule, fix in said
        if text is not None and not text.strip()
    ]:
        raise Refusal(problems)
    params = load_params(home, name)
    scenario = params.scenario
    assert scenario is not None
    runs = home.runs
    with _told(home), hold(runs, scenario.base), ExitStack() as held:
        base = load_params(home, scenario.base)
        if base.budgets:
            # Other months may share the file.
            held.enter_context(hold(runs, base.budgets, "changed"))
        approved = read_budgets(base, home)
        _refuse(scenario, name, base, approved, home)
        changed = read_budgets(params, home)
        who = (author or scenario.author).strip()
        entry = _Entry(
            name,
            _next_version(base, approved, home),
            reason.strip(),
            today,
            who,
            scenario,
            approved,
            changed,
        )
        file = _into_budget_file(home, base, entry) if base.budgets else _into_params(home, entry)
    notices = (
        ["Growth and prices of the scenario are no budgets; they were left out."]
        if params.growth or params.model_prices
        else []
    )
    changes = tuple(
        differences(
            {by: _texts(approved.of(by)) for by in KEYS},
            {by: _texts(changed.of(by)) for by in KEYS},
        )
    )
    return Adoption(file, entry.label, changes, tuple(notices))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is adopted, as which version: by whom, when, why, and the budgets before and after."""

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
        """The amounts that differ from what is approved."""
        return _changes(self.scenario, self.approved)[dimension]

    def compare(self, written: Any, shown: str) -> None:
        """See that what was written is what was to be.

        Raises:
            Refusal: it is not, so that nothing must be changed.
        """
        if (written.organizations, written.products) != (
            self.changed.organizations,
            self.changed.products,
        ):
            raise Refusal(
                Problem(
                    "the new budgets do not read back as they should",
                    "Write them by hand, and report it",
                    shown,
                )
            )


def _next_version(base: Params, approved: Budgets, home: Home) -> int:
    """The number of the next version; lines of budgets.csv that were proposed, or rejected, have theirs too."""
    if not base.budgets:
        return version_number(approved.version.label) + 1
    lines = read_budget_file(home.root / base.budgets, base.budgets)
    return 1 + max((line.version for line in lines if base.period in line.months), default=0)


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: plain(amount) for name, amount in amounts.items()}


def _changes(scenario: Scenario, approved: Budgets) -> dict[str, dict[str, Decimal | None]]:
    given = {"organization": scenario.organization_budgets, "product": scenario.product_budgets}
    return {
        by: {name: amount for name, amount in of.items() if approved.of(by).get(name) != amount}
        for by, of in given.items()
    }


def _refuse(scenario: Scenario, name: str, base: Params, approved: Budgets, home: Home) -> None:
    file = f"params/{name}.yaml"
    if (
        not MONTH.fullmatch(scenario.base)
        or kind_of(scenario.base, base.period) is not Kind.OFFICIAL
    ):
        fix = "Only the official budgets of a calendar month have versions; change those of an analysis in its file"
        raise Refusal(
            Problem("the base is no official month", fix, file, column="base", value=scenario.base)
        )
    if not any(_changes(scenario, approved).values()):
        fix = (
            f"What it says is what {scenario.base} has"
            if scenario.organization_budgets or scenario.product_budgets
            else "Change one, and save it"
        )
        raise Refusal(Problem("the scenario changes no budget", fix, file))
    unknown = [
        name
        for by, of in _changes(scenario, approved).items()
        for name in of
        if name not in approved.of(by)
    ]
    if unknown:
        _refuse_unknown(base.model_copy(update={"scenario": scenario}), home)
    if scenario.base_was:
        was, now = (
            {key: each.get(key) for key in KEYS.values()}
            for each in (scenario.base_was, snapshot(base, approved))
        )
        since = list(differences(was, now))
        if since:
            fix = f"{'; '.join(since)}. Look at it again on top of what is approved now, and save it under another name"
            raise Refusal(
                Problem(
                    f"the budgets of {scenario.base} have changed since it was saved", fix, file
                )
            )


def _refuse_unknown(params: Params, home: Home) -> None:
    """Refuse names that neither budgets nor usage know, as `run` does; DuckDB is imported for that alone."""
    from finops_nb.figures.scenario_effect import check_names
    from finops_nb.usage.reader import read_usage

    check_names(read_usage(params, home, detail=True), read_budgets(params, home), params)


def _into_params(home: Home, entry: _Entry) -> Path:
    file = home.params_file(entry.scenario.base)
    shown = home.shown(file)
    text = ParamsText(read_document(file, shown), shown)
    for dimension, key in KEYS.items():
        text.change(key, entry.changes(dimension))
    text.replace("budget_versions", _records(entry))

    def reads_back(draft: Path) -> None:
        entry.compare(
            read_budgets(validated_document(Params, read_document(draft, shown), shown), home),
            shown,
        )

    replace_file(file, str(text).encode("utf-8"), reads_back)
    return file


def _into_budget_file(home: Home, base: Params, entry: _Entry) -> Path:
    file = home.root / base.budgets
    shown = home.shown(file)

    def budgets_in(path: Path) -> MonthlyBudgets:
        return budgets_of(
            read_budget_file(path, shown), (base.period,), base.phasing, minor_units(base.currency)
        )

    # The file's own owners: those of the params stay there.
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

    replace_file(file, text.encode("utf-8"), reads_back)
    return file


@contextmanager
def _told(home: Home) -> Iterator[None]:
    """What the system refuses is a sentence."""
    try:
        yield
    except OSError as error:
        place = home.shown(Path(os.fsdecode(error.filename))) if error.filename else "params"
        fix = "Nothing was changed; see to room and rights there, then adopt again"
        raise Refusal(Problem(f"could not be written: {error.strerror}", fix, place)) from error


def _records(entry: _Entry) -> list[dict[str, Any]]:
    """Every version before, with its amounts, and the new one, whose amounts are the budgets of the file."""
    records = [
        {key: value for key, value in _said(version).items() if value}
        | {key: dict(version.of(dimension)) for dimension, key in KEYS.items()}
        for version in entry.approved.versions
    ]
    about = {
        "date": entry.today,
        "author": entry.author,
        "reason": entry.reason,
        "scenario": entry.name,
    }
    return [*records, {"version": entry.label} | about]


def _said(version: Any) -> dict[str, Any]:
    return {
        "version": version.label,
        "date": date.fromisoformat(version.date) if version.date else None,
        "author": version.author,
        "reason": version.reason,
        "scenario": version.scenario,
    }
