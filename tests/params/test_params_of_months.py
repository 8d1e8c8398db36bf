"""The params of the months that a quarter adds up: all that is wrong with them at once."""

from __future__ import annotations

import pytest

from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.params.model import make_params
from finops_nb.params.params_of_months import params_of_months

QUARTER = make_params({"period": "2025-Q4", "usage": "sample:", "budgets": "months:"})


@pytest.fixture
def home(tmp_path) -> Home:
    (tmp_path / "params").mkdir()
    return Home(tmp_path)


def write(home: Home, month: str, text: str = "") -> None:
    period = "" if "period:" in text else f'period: "{month}"\n'
    home.params_file(month).write_text(f'{period}usage: "sample:"\n{text}', encoding="utf-8")


def test_all_months_without_a_file_are_named(home):
    """October has one, November and December do not."""
    write(home, "2025-10")
    with pytest.raises(Refusal) as refused:
        params_of_months(QUARTER, home)
    assert str(refused.value) == (
        "budgets: it adds up the budgets of 3 months, but params/2025-11.yaml and "
        'params/2025-12.yaml do not exist (found "months:"). Write those files, or replace '
        "this line by organization_budgets and product_budgets of Q4 2025."
    )


def test_with_the_files_that_it_names_the_months_are_read(home):
    """As the refusal says."""
    for month in ("2025-10", "2025-11", "2025-12"):
        write(home, month)
    assert list(params_of_months(QUARTER, home)) == ["2025-10", "2025-11", "2025-12"]


def test_all_months_that_can_not_be_added_are_named(home):
    """One is for another period, one in another currency, one has an unknown key."""
    write(home, "2025-10", 'period: "2025-09"\n')
    write(home, "2025-11", "currency: EUR\n")
    write(home, "2025-12", "colour: blue\n")
    with pytest.raises(Refusal) as refused:
        params_of_months(QUARTER, home)
    first, second, third = refused.value.problems
    assert first.rule == "params/2025-10.yaml is for 2025-09, not for 2025-10"
    assert second.rule == "the budgets of 2025-11 are in EUR, this report is in USD"
    assert (third.file, third.column) == ("params/2025-12.yaml", "colour")
