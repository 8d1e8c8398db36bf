"""The NAMEs a command is about."""

from __future__ import annotations

import pytest
from support.homes import make_home

from finops_nb.commands.names import last_month, one_name, select
from finops_nb.errors import Refusal
from finops_nb.home import Home


@pytest.fixture
def several_names(tmp_path) -> Home:
    """A home with November and December of 2025, the fourth quarter and a scenario of December."""
    make_home(tmp_path, name="analysis/2025-Q4", period="2025-Q4")
    make_home(tmp_path, name="scenarios/more", period="2025-12")
    for month in ("2025-11", "2025-12"):
        make_home(tmp_path, name=month, period=month)
    return Home(tmp_path)


def test_a_range_has_both_its_ends(several_names):
    """It is every month from the first to the last, across years, with or without params."""
    assert select(["2025-11..2025-12"], several_names) == ["2025-11", "2025-12"]
    assert select(["2025-12..2025-12"], several_names) == ["2025-12"]
    assert sorted(select(["2025-11..2026-02"], several_names)) == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]


def test_each_is_selected_once_and_a_quarter_follows_its_months(several_names):
    """A NAME, its file and a range that includes it are one; periods that end first come first.

    A month without params is sorted by its name; other names without params come last.
    """
    words = [
        "scenarios/lost",
        "2025-12",
        "params/2025-12.yaml",
        "2025-10..2025-12",
        "analysis/2025-Q4",
    ]
    assert select(words, several_names) == [
        "2025-10",
        "2025-11",
        "2025-12",
        "analysis/2025-Q4",
        "scenarios/lost",
    ]


def test_all_are_those_with_params(several_names):
    """`everything` is each file under params/, scenarios too, by the last day of its period."""
    assert select([], several_names, everything=True) == [
        "2025-11",
        "2025-12",
        "analysis/2025-Q4",
        "scenarios/more",
    ]


@pytest.mark.parametrize(
    ("epoch", "month"),
    [("1764547200", "2025-11"), ("1764547199", "2025-10"), ("1767225600", "2025-12")],
)
def test_the_last_month_is_the_one_before_today(several_names, monkeypatch, epoch, month):
    """1,764,547,200 seconds after 1970 it is December 1, 2025, 00:00:00 UTC."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert last_month().text == month
    assert select(["last-month"], several_names) == [month]


@pytest.mark.parametrize(
    "word",
    [
        "0000-01..2025-11",
        "..",
        "2025..2026",
        "2025-11...2025-12",
        "analysis/a..b",
    ],
)
def test_what_is_not_a_range_is_refused(several_names, word):
    """The message has the word, and an example of a range."""
    with pytest.raises(
        Refusal, match=r"^NAME: not a range of months \(found .*2025-07\.\.2025-12\.$"
    ):
        select([word], several_names)


@pytest.mark.parametrize("word", ["2025-7..2025-9", "jul-2025..sep-2025", "2025_07..2025-09"])
def test_a_range_in_another_spelling_is_understood(several_names, word):
    """The range that was meant is in the message, and is one."""
    with pytest.raises(Refusal, match=r'Did you mean "2025-07\.\.2025-09"\?$'):
        select([word], several_names)
    assert select(["2025-07..2025-09"], several_names) == ["2025-07", "2025-08", "2025-09"]


def test_all_has_files_that_are_not_read(several_names):
    """A file that ends in .yml is run, and so refused with how to rename it."""
    (several_names.params / "2026-01.yml").touch()
    assert "2026-01" in select([], several_names, everything=True)
    with pytest.raises(Refusal, match=r"ends in \.yml\. Rename it to 2026-01\.yaml"):
        several_names.check_name("2026-01")


def test_a_range_that_ends_before_it_begins_is_refused(several_names):
    """The message has the range in the right order."""
    with pytest.raises(Refusal, match=r"Write the earlier month first: 2025-11\.\.2025-12\.$"):
        select(["2025-12..2025-11"], several_names)


def test_an_endless_range_is_refused(several_names):
    """Ten years are accepted, and no more."""
    assert len(select(["2016-01..2025-12"], several_names)) == 120
    with pytest.raises(Refusal, match=r"^NAME: more than 120 months"):
        select(["2015-12..2025-12"], several_names)


def test_all_of_nothing_is_refused(tmp_path):
    """The message says how to create a first params file."""
    (tmp_path / "params").mkdir()
    with pytest.raises(Refusal, match="finops-nb init"):
        select([], Home(tmp_path), everything=True)


def test_a_command_of_one_name_takes_no_range():
    """The message says so; last-month is one NAME."""
    with pytest.raises(
        Refusal,
        match=r"^NAME: a range, but this command takes one NAME \(found \"2025-07\.\.2025-12\"\)",
    ):
        one_name("2025-07..2025-12")
    assert one_name("scenarios/lower-gamma") == "scenarios/lower-gamma"
