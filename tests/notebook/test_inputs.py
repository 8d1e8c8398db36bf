"""The parameters of a notebook: what a cell or papermill passes, checked."""

from __future__ import annotations

import re

import pytest
from papermill.cli import papermill as papermill_command

from finops_nb.errors import Refusal
from finops_nb.notebook.inputs import read_parameters


def passed(*options: str, monkeypatch) -> dict:
    """The parameters that papermill makes of options of its command line."""
    from click.testing import CliRunner

    got: dict = {}
    monkeypatch.setattr(
        "papermill.cli.execute_notebook", lambda *_, **arguments: got.update(arguments)
    )
    done = CliRunner().invoke(papermill_command, ["in.ipynb", "out.ipynb", *options])
    assert done.exit_code == 0, done.output
    return got["parameters"]


@pytest.mark.parametrize(("key", "value"), [("period", "2025"), ("currency", "7")])
def test_a_number_in_the_place_of_text_is_written_as_the_message_says(monkeypatch, key, value):
    """`papermill -p period 2025` passes a number; with `-r`, or in quotes, it is text."""
    good = {"period": "2025-12", "usage": ["sample:"]}
    with pytest.raises(Refusal) as refused:
        read_parameters(good | passed("-p", key, value, monkeypatch=monkeypatch))
    [problem] = refused.value.problems
    assert problem.fix == (
        f'Write it in quotes, {key} = "{value}"; with papermill, write -r {key} {value}, not -p'
    )
    option = re.search(r"write (-r \w+ \w+)", problem.fix)[1]
    assert passed(*option.split(), monkeypatch=monkeypatch) == {key: value}
    assignment: dict = {}
    exec(re.search(r"quotes, (.+?);", problem.fix)[1], assignment)
    assert assignment[key] == value


def test_the_advice_for_a_year_is_accepted(monkeypatch):
    """A year is a period as text."""
    values = passed("-r", "period", "2025", monkeypatch=monkeypatch) | {"usage": ["sample:"]}
    assert read_parameters(values).period == "2025"
