"""A scenario's file: written completely or not at all, and not over another scenario."""

from __future__ import annotations

import errno
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Refusal
from finops_nb.outputs import publish
from finops_nb.params.params_file import load_params
from finops_nb.params.scenario import Scenario, save_scenario, scenario_text
from finops_nb.params.validation import validated_document
from finops_nb.params.yaml_file import read_document

SCENARIO = Scenario(
    base="2025-12",
    author="Ana",
    date=date(2025, 12, 15),
    reason="why: this",
    organization_budgets={"org-a": "2800.50"},
)


@pytest.fixture(autouse=True)
def december(home) -> None:
    """The base of the scenarios."""
    home.params_file("2025-12").write_text('period: "2025-12"\nusage: "sample:"\n')


def test_who_when_and_why_come_before_the_changes(home):
    """Amounts are plain digits, unchanged keys are not there, and the base is not touched."""
    before = home.params_file("2025-12").read_bytes()
    file = save_scenario(home, "more", SCENARIO)
    assert file.read_text().splitlines()[2:] == [
        "base: 2025-12",
        "author: Ana",
        "date: 2025-12-15",
        "reason: 'why: this'",
        "organization_budgets:",
        "  org-a: 2800.50",
    ]
    assert load_params(home, "scenarios/more").scenario == SCENARIO
    assert home.params_file("2025-12").read_bytes() == before


texts = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
    .filter(str.strip)
    .filter(lambda text: text != "(unallocated)")
)
amounts = st.just("none") | st.decimals(0, 10**12, places=3)
rates = st.decimals(-1, 10, places=4)


@given(
    author=texts,
    reason=texts,
    organization_budgets=st.dictionaries(texts, amounts, max_size=3),
    growth=st.dictionaries(texts, rates, max_size=2),
    model_prices=st.dictionaries(
        texts, st.dictionaries(texts, rates, min_size=1, max_size=2), max_size=2
    ),
    base_was=st.dictionaries(
        texts,
        texts | st.lists(texts, min_size=1) | st.dictionaries(texts, texts, min_size=1),
        max_size=2,
    ),
)
def test_whatever_is_saved_reads_back(tmp_path_factory, **values):
    """Any text reads back, such as NO, 007, 1e3, quotes, colons and any script."""
    scenario = Scenario(base="2025-12", date=date(2025, 12, 15), **values)
    file = tmp_path_factory.mktemp("scenario") / "x.yaml"
    file.write_text(scenario_text("scenarios/x", scenario), encoding="utf-8")
    document = read_document(file, "x.yaml")
    if not document.problems:  # Two names that look the same are refused.
        assert validated_document(Scenario, document, "x.yaml") == scenario


@pytest.mark.parametrize(
    "name", ["x" * 300, "", ".", "..", "../x", "a/b", ".hidden", "a b", "é", "x\n"]
)
def test_it_refuses_a_name_that_can_not_be_a_files(home, name):
    """Paths, hidden files, blanks and overlong names are refused, and no folder is made."""
    with pytest.raises(Refusal, match="a name that can't be a file's"):
        save_scenario(home, name, SCENARIO)
    assert not (home.params / "scenarios").exists()


def test_it_does_not_overwrite_another_scenario(home):
    """Only `replace` overwrites a scenario of that name."""
    file = save_scenario(home, "more", SCENARIO)
    other = SCENARIO.model_copy(update={"author": "Bob"})
    with pytest.raises(Refusal, match="a scenario of that name already exists"):
        save_scenario(home, "more", other)
    assert "Ana" in file.read_text()
    save_scenario(home, "more", other, replace=True)
    assert "Bob" in file.read_text()


@pytest.mark.parametrize("call", ["open", "write", "fsync"])
def test_a_failed_save_changes_nothing(home, monkeypatch, call):
    """The old file stays, no draft is left, and with free space the next save succeeds."""
    file = save_scenario(home, "more", SCENARIO)
    before = file.read_bytes()
    other = SCENARIO.model_copy(update={"organization_budgets": {"org-a": Decimal(1)}})

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(publish.os, call, full)
        message = r"params/scenarios/more\.yaml: could not be written: No space left"
        with pytest.raises(Refusal, match=message):
            save_scenario(home, "more", other, replace=True)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["more.yaml"]
    save_scenario(home, "more", other, replace=True)
    assert "org-a: 1\n" in file.read_text()


def test_a_draft_of_a_killed_save_does_no_harm(home):
    """It is not a NAME, and the next save replaces it."""
    (home.params / "scenarios").mkdir()
    draft: Path = home.params / "scenarios" / ".more.yaml.new"
    draft.write_text("base: half")
    assert home.names() == ["2025-12"]
    save_scenario(home, "more", SCENARIO)
    assert not draft.exists()
