"""A params file: read strictly, each refusal at its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home, bare
from finops_nb.params.model import REQUIRED, REQUIRED_OF_SCENARIO, Params
from finops_nb.params.scenario import FOLDER, Scenario
from finops_nb.params.validation import placed, validated_document
from finops_nb.params.yaml_file import Document, read_document


def load_params(home: Home, name: str) -> Params:
    """The params of a NAME, read strictly; a scenario has its base's params with its changes.

    Args:
        home: the home.
        name: the NAME.

    Raises:
        Refusal: all problems of the file together, each with its line and key.

    Example:
        load_params(find_home(), "2025-12").organization_budgets
    """
    file = home.params_file(name)
    shown = home.shown(file)
    is_scenario = name.startswith(FOLDER)
    document = read_document(file, shown, REQUIRED_OF_SCENARIO if is_scenario else REQUIRED)
    if is_scenario:
        return _load_scenario(home, document, shown)
    if "scenario" in document.data:
        rule = f"only a file in params/{FOLDER} may have this key"
        fix = f"Write the changes in a file in params/{FOLDER}, with this file as its base"
        raise Refusal(placed(Problem(rule, fix, column="scenario"), document, shown))
    return validated_document(Params, document, shown)


@contextmanager
def naming_params_file(home: Home, name: str, params: Params) -> Iterator[None]:
    """A block in which refusals about a key of the params name the params file and the line.

    Args:
        home: the home.
        name: the NAME.
        params: of the NAME; the keys that a scenario does not change are in its base's file.

    Example:
        params/2025-12.yaml, line 2, usage: no such file: "calls.csv". …
    """
    try:
        yield
    except Refusal as refusal:
        names = [name, params.scenario.base] if params.scenario else [name]
        problems = [_in_params_file(problem, home, names) for problem in refusal.problems]
        raise Refusal(problems, refusal.count) from None


def _in_params_file(problem: Problem, home: Home, names: Sequence[str]) -> Problem:
    """The problem with the first of these NAMEs' files that has its key."""
    key = re.split("[.,]", problem.column or "")[0]
    for name in names if problem.file is None else ():
        file = home.params_file(name)
        document = read_document(file, home.shown(file))
        if key in document.data:
            return placed(problem, document, home.shown(file))
    return problem


def _load_scenario(home: Home, document: Document, shown: str) -> Params:
    """The params of a scenario's base, with the scenario."""
    scenario = validated_document(Scenario, document, shown)
    if bare(scenario.base).startswith(FOLDER):
        rule, fix = "the base is a scenario too", "Name the params that both scenarios change"
        problem = Problem(rule, fix, column="base", value=scenario.base)
        raise Refusal(placed(problem, document, shown))
    base = home.check_name(scenario.base, words=())
    named = scenario.model_copy(update={"base": base})
    params = load_params(home, base)
    if problems := [*scenario.decimals_problems(params.currency)]:
        raise Refusal(placed(problem, document, shown) for problem in problems)
    return params.model_copy(update={"scenario": named})
