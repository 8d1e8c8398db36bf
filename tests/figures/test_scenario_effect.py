"""Scenario effect: what a scenario changes, name by name."""

from __future__ import annotations

import pytest
from support.made_usage import data_of

from finops_nb.figures import scenario_effect as module
from finops_nb.figures.scenario_effect import scenario_difference, scenario_effect
from finops_nb.figures.variance import variance_by


@pytest.mark.parametrize("by", ["organization", "product"])
def test_without_a_scenario_nothing_is_compared(six, params, monkeypatch, by):
    """The frame is empty, with the columns that a comparison has: most reports have no scenario."""
    data = data_of(usage=six, params=params())
    same = variance_by(data, by)
    monkeypatch.setattr(module, "variance_by", lambda *of, **others: pytest.fail("computed"))
    effect = scenario_effect(data, by)
    assert effect.empty
    assert [*effect.columns] == [*scenario_difference(same, same).columns]
