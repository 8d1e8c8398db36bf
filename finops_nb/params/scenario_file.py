"""A scenario's file: written whole or not at all, and read back before it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home, SEGMENT
from finops_nb.params.types import NO_BUDGET
from finops_nb.outputs.publish import replace_file
from finops_nb.params.scenario import FOLDER, Scenario
from finops_nb.params.yaml_file import read_document
from finops_nb.params.validation import validated_document
from finops_nb.params.yaml_text import yaml_text

LONGEST: Final = 100
HEAD: Final = """\
# A what-if: the base stays as it is. To make its budgets official: finops-nb adopt {name} --reason "..."
"""


def save_scenario(home: Home, name: str, scenario: Scenario, *, replace: bool = False) -> Path:
    """Write `params/scenarios/NAME.yaml`: who, when and why, then what is changed, then what the base was.

    Args:
        home: the home.
        name: without the folder and the suffix.
        scenario: what to write.
        replace: take the place of a file of that name.

    Returns:
        The file.

    Raises:
        Refusal: the name can't be one, or is taken; or the file could not be written, and nothing was changed.
    """
    name = name.removesuffix(".yaml")
    if not SEGMENT.fullmatch(name) or len(name) > LONGEST:
        fix = f"Use letters, digits, dots, dashes and underscores, {LONGEST} at most, such as more-for-gamma"
        raise Refusal(Problem("a name that can't be a file's", fix, column="name", value=name))
    file = home.params_file(f"{FOLDER}{name}")
    shown = home.shown(file)
    if file.exists() and not replace:
        raise Refusal(Problem("there is a scenario of that name", "Choose another name", shown, column="name", value=name))

    def reads_back(draft: Path) -> None:
        if validated_document(Scenario, read_document(draft, shown), shown) != scenario:
            raise Refusal(Problem("the scenario does not read back as it was", "Report it, with the names in it", shown))

    try:
        replace_file(file, scenario_text(f"{FOLDER}{name}", scenario).encode("utf-8"), reads_back)
    except OSError as error:
        fix = "Nothing was changed; see to room and rights there, then save again"
        raise Refusal(Problem(f"could not be written: {error.strerror}", fix, shown)) from error
    return file


def scenario_text(name: str, scenario: Scenario) -> str:
    """The text of a scenario's file."""
    return HEAD.format(name=name) + yaml_text(_plainly(scenario))


def _plainly(scenario: Scenario) -> dict[str, Any]:
    """What is set, with amounts and rates as they will stand in the file."""
    values = {key: value for key, value in scenario if value not in ({}, None)}
    for key in ("organization_budgets", "product_budgets"):
        if key in values:
            values[key] = {name: NO_BUDGET if amount is None else amount for name, amount in values[key].items()}
    return values
