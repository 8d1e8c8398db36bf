"""A scenario's budgets become official, and the earlier ones stay on record."""

from __future__ import annotations

import errno
import os
import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.scenario_homes import make_scenario_home, write_scenario

from finops_nb.cli import main
from finops_nb.commands.scaffold import new_month
from finops_nb.errors import Busy, Refusal
from finops_nb.outputs import publish
from finops_nb.outputs.lock import hold
from finops_nb.params.budgets import read_budgets, snapshot
from finops_nb.params.params_file import load_params
from finops_nb.params.scenario import changed, save_scenario
from finops_nb.params.yaml_file import yaml_text
from finops_nb.scenarios.adoption import adopt

DAY = date(2025, 12, 16)


@pytest.fixture
def scenario_home(tmp_path):
    return make_scenario_home(tmp_path)


def budgets_of(scenario_home, month: str = "2025-12"):
    return read_budgets(load_params(scenario_home, month), scenario_home)


def test_the_file_gets_a_version_and_keeps_everything_else(scenario_home):
    """The amount changes in its line, all other lines stay, and the original is added below."""
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500.25\n")
    before = scenario_home.params_file("2025-12").read_text()
    adoption = adopt(scenario_home, name, "two more regions", DAY, "Cleo")
    text = scenario_home.params_file("2025-12").read_text()
    assert text.startswith(before.replace("org-a: 5000 ", "org-a: 5500.25 "))
    assert (adoption.version, adoption.changes) == (
        "revised 1",
        ("budget of org-a 5000 → 5500.25",),
    )
    original, revised = budgets_of(scenario_home).versions
    assert (original.label, original.organizations) == (
        "original",
        {"org-a": Decimal(5000), "org-b": Decimal(3000)},
    )
    assert (revised.label, revised.organizations["org-a"], revised.products) == (
        "revised 1",
        Decimal("5500.25"),
        original.products,
    )
    assert (revised.author, revised.date, revised.reason, revised.scenario) == (
        "Cleo",
        "2025-12-16",
        "two more regions",
        name,
    )


def test_a_missing_budgets_file_has_the_line_of_its_key(scenario_home):
    """A refusal about a key of the base, or of the scenario's base, names file and line."""
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 1\n")
    file = scenario_home.params_file("2025-12")
    file.write_text('period: "2025-12"\nusage: "sample:"\nbudgets: nope.csv\n')
    with pytest.raises(Refusal, match=r"^params/2025-12\.yaml, line 3, budgets: no such file"):
        adopt(scenario_home, name, "more", DAY)


def test_each_adoption_adds_a_version(scenario_home):
    """The second is revised 2, the earlier ones stay; the scenario's author adopts by default."""
    one = "organization_budgets:\n  org-a: 1\n"
    two = "organization_budgets:\n  org-a: 2\nproduct_budgets:\n  search: 9\n  chat: none\n"
    adopt(scenario_home, write_scenario(scenario_home, one, "one"), "first", DAY)
    adopt(scenario_home, write_scenario(scenario_home, two, "two"), "second", DAY)
    budgets = budgets_of(scenario_home)
    versions = budgets.versions
    assert [(each.label, each.organizations["org-a"], each.reason) for each in versions] == [
        ("original", 5000, ""),
        ("revised 1", 1, "first"),
        ("revised 2", 2, "second"),
    ]
    assert [each.products for each in budgets.versions] == [{"chat": Decimal("4000.50")}] * 2 + [
        {"search": 9}
    ]
    assert budgets.version.author == "Ana"


@pytest.mark.parametrize("budgets", ["", "organization_budgets: {}\n", "organization_budgets:\n"])
def test_a_month_without_budgets_gets_its_first(scenario_home, budgets):
    """The key may be missing or have an empty table; a key without a value is refused."""
    scenario_home.params_file("2025-12").write_text(
        f'period: "2025-12"\nusage: usage/calls.csv\n{budgets}# the end\n'
    )
    if budgets == "organization_budgets:\n":
        with pytest.raises(Refusal):
            load_params(scenario_home, "2025-12")
        return
    adopt(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 7\n"),
        "a first one",
        DAY,
    )
    assert budgets_of(scenario_home).organizations == {"org-a": Decimal(7)}
    assert [each.organizations for each in budgets_of(scenario_home).versions] == [
        {},
        {"org-a": Decimal(7)},
    ]


def test_the_next_month_starts_with_the_current_budgets(scenario_home):
    """It has the new amounts, but not the versions of the old month."""
    adopt(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n"),
        "more",
        DAY,
    )
    new_month(scenario_home, "2026-01")
    assert budgets_of(scenario_home, "2026-01").organizations == {
        "org-a": Decimal(5500),
        "org-b": Decimal(3000),
    }
    assert [version.label for version in budgets_of(scenario_home, "2026-01").versions] == [
        "original"
    ]
    assert "budget_versions" not in scenario_home.params_file("2026-01").read_text()


def test_growth_and_prices_are_not_budgets(scenario_home):
    """They are not adopted, and a notice says so."""
    name = write_scenario(
        scenario_home, "organization_budgets:\n  org-a: 5500\ngrowth:\n  (all): 0.1\n"
    )
    assert adopt(scenario_home, name, "more", DAY).notices == (
        "Growth and price changes aren't budgets and were not adopted.",
    )


def files_in(scenario_home) -> dict:
    files = [file for file in scenario_home.root.rglob("*") if file.is_file()]
    return {file: file.read_bytes() for file in files if ".runs" not in file.parts}


def unchanged_refusal(scenario_home, name: str, match: str, reason: str = "why") -> None:
    """The adoption is refused with this text, and no file changes."""
    before = files_in(scenario_home)
    with pytest.raises(Refusal, match=match):
        adopt(scenario_home, name, reason, DAY)
    assert files_in(scenario_home) == before


def test_it_refuses_what_it_cannot_adopt(scenario_home):
    """No file changes."""
    unchanged_refusal(
        scenario_home,
        write_scenario(scenario_home, "growth:\n  (all): 0.1\n"),
        "the scenario changes no budget",
    )
    unchanged_refusal(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 5000.0\n"),
        "Nothing to adopt: 2025-12 already has these budgets",
    )
    unchanged_refusal(scenario_home, "2025-12", "not a scenario")
    unchanged_refusal(scenario_home, "last-month", "not a scenario")
    missing = r'there is no such params file\. Did you mean "scenarios/more"\?$'
    unchanged_refusal(scenario_home, "scenarios/xyz", missing)
    unchanged_refusal(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 1\n"),
        "no reason",
        reason="  ",
    )
    scenario_home.params_file("analysis").write_text('period: "2025-Q4"\nusage: usage/calls.csv\n')
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 1\n")
    scenario_home.params_file(name).write_text(
        scenario_home.params_file(name).read_text().replace('"2025-12"', "analysis")
    )
    unchanged_refusal(scenario_home, name, "the base is not an official month")


def test_it_refuses_an_unknown_name(scenario_home):
    """It suggests the nearest name, as `run` does; a name with usage gets its first budget."""
    unchanged_refusal(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-aa: 250\n"),
        'org-aa: no organization .*Did you mean "org-a"',
    )
    assert (
        adopt(
            scenario_home,
            write_scenario(scenario_home, "product_budgets:\n  search: 250\n"),
            "why",
            DAY,
        ).version
        == "revised 1"
    )


def test_the_last_budget_can_be_removed(scenario_home):
    """The file then has an empty table."""
    adopt(
        scenario_home, write_scenario(scenario_home, "product_budgets:\n  chat: none\n"), "why", DAY
    )
    assert "product_budgets: {}\n" in scenario_home.params_file("2025-12").read_text()
    assert (budgets_of(scenario_home).products, budgets_of(scenario_home).versions[0].products) == (
        {},
        {"chat": Decimal("4000.50")},
    )


def test_line_ends_and_links_stay(scenario_home):
    """A file with CRLF keeps CRLF in every line; of a link, the target changes."""
    file, shared = scenario_home.params_file("2025-12"), scenario_home.root / "shared.yaml"
    shared.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    file.unlink()
    file.symlink_to(shared)
    adopt(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n"),
        "why",
        DAY,
    )
    assert file.is_symlink()
    assert shared.read_bytes().count(b"\r\n") == shared.read_bytes().count(b"\n") > 20
    assert budgets_of(scenario_home).version.label == "revised 1"


def test_it_refuses_a_budget_without_a_line_of_its_own(scenario_home):
    """It could not change the amount and keep the rest of the line."""
    text = (
        scenario_home.params_file("2025-12")
        .read_text()
        .replace("product_budgets:\n  chat: 4000.50\n", "product_budgets: {chat: 4000.50}\n")
    )
    scenario_home.params_file("2025-12").write_text(text)
    unchanged_refusal(
        scenario_home,
        write_scenario(scenario_home, "product_budgets:\n  chat: 1\n"),
        r"line 9, product_budgets\.chat: .*line of its own",
    )


def test_it_refuses_a_scenario_made_on_other_budgets(scenario_home):
    """The changed budgets are named; a change of another key does not matter."""
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n")
    base = load_params(scenario_home, "2025-12")
    scenario = load_params(scenario_home, name).scenario.model_copy(
        update={"base_was": snapshot(base, read_budgets(base, scenario_home))}
    )
    save_scenario(scenario_home, "more", scenario, replace=True)
    text = scenario_home.params_file("2025-12").read_text()
    scenario_home.params_file("2025-12").write_text(text.replace('org-b: "3000"', "org-b: 3100"))
    unchanged_refusal(
        scenario_home,
        name,
        r"2025-12 changed after .* \(organization_budgets\.org-b was 3000, is 3100\)\. Check",
    )
    scenario_home.params_file("2025-12").write_text(text + "at_risk: 0.9\n")
    assert adopt(scenario_home, name, "why", DAY).version == "revised 1"


HISTORY = """\
budget_versions:
  - version: original
    organization_budgets:
      org-a: 1
    product_budgets: {}
  - version: revised 1
    date: 2025-12-01
    author: Bea
"""
shapes = st.tuples(
    st.sampled_from(
        [
            "",
            "organization_budgets: {}\n",
            "organization_budgets:\n  org-a: 5000\n",
            "organization_budgets:\n  org-a: 5000\n  org-b: 3000 # ours\n\n# below\n",
            "organization_budgets:\n  org-a:\n    5000\n",
            "organization_budgets:\n  ? org-a\n  : 5000\n",
            "organization_budgets: {org-a: 5000}\n",
            "organization_budgets: {\n  org-a: 5000\n  }\n",
        ]
    ),
    st.sampled_from(
        [
            "",
            "product_budgets: {}\n",
            "product_budgets:\n  chat: 9\n",
            "product_budgets: {chat: 9}\n",
        ]
    ),
    st.sampled_from(
        [
            "",
            "budget_versions: []\n",
            f"{HISTORY}    reason: first",
            f"{HISTORY}    reason: x # y\n# end\n",
            f"{HISTORY}    reason: |\n      two\n      lines\n",
            f"{HISTORY}    reason: 'x\n      y'\n\n",
        ]
    ),
).flatmap(st.permutations)
amounts = st.dictionaries(
    st.sampled_from(["org-a", "org-b", "chat", "search"]),
    st.sampled_from(["none", "0", "4", "5.50"]),
    min_size=1,
)


def on_own_lines(text: str) -> str:
    """What a refusal advises: each budget on a line of its own, as name: amount."""
    braces = re.compile(r"(_budgets): \{\s*([\w-]+): (\d+)\s*\}\n")
    text = re.sub(r"\? ([\w-]+)\n  :", r"\1:", text)
    return braces.sub(r"\1:\n  \2: \3\n", text).replace("org-a:\n    5000", "org-a: 5000")


@pytest.mark.slow
@settings(max_examples=cases(40))
@given(shapes, amounts)
def test_an_adoption_has_the_new_budgets_or_names_a_line_of_the_file(
    tmp_path_factory, shape, amounts
):
    """Whatever the file looks like; once it is written as a refusal advises, it is adopted."""
    home = make_scenario_home(tmp_path_factory.mktemp("shapes") / "home")
    parts = [part if part.endswith("\n") else f"{part}\n" for part in shape[:-1] if part]
    text = "".join(['period: "2025-12"\nusage: usage/calls.csv\n', *parts, shape[-1]])
    file = home.params_file("2025-12")
    file.write_text(text)
    changes = [
        {name: amount for name, amount in amounts.items() if name.startswith("org-") is is_org}
        for is_org in (True, False)
    ]
    keys = dict(zip(("organization_budgets", "product_budgets"), changes, strict=True))
    name = write_scenario(home, yaml_text(keys))
    approved = budgets_of(home)
    expected = [
        changed(
            before, {name: None if text == "none" else Decimal(text) for name, text in new.items()}
        )
        for before, new in zip((approved.organizations, approved.products), changes, strict=True)
    ]
    if expected == [approved.organizations, approved.products]:
        unchanged_refusal(home, name, "Nothing to adopt|changes no budget")
        return
    try:
        adopt(home, name, "why", DAY)
    except Refusal as refusal:
        assert file.read_text() == text
        for problem in refusal.problems:
            key, name_in_it = problem.column.split(".")
            line = text.splitlines()[problem.line - 1]
            assert key in line or name_in_it in line
        file.write_text(on_own_lines(text))
        adopt(home, name, "why", DAY)
    after = budgets_of(home)
    assert [after.organizations, after.products] == expected
    assert after.versions[:-1] == approved.versions


CSV = """\
name,dimension,amount,month,version,status,approver,reason,owner
org-a,organization,5000,2025-12,,,,,Ada
org-b,organization,3000,2025-12,,,,,
"""


def with_table(scenario_home, text: str = CSV, params: str = "") -> None:
    (scenario_home.root / "budgets.csv").write_text(text)
    scenario_home.params_file("2025-12").write_text(
        f'period: "2025-12"\nusage: usage/calls.csv\nbudgets: budgets.csv\n{params}'
    )


def test_a_table_gets_new_lines(scenario_home):
    """They are added at its end, in its columns, with its owners; the old lines stay."""
    with_table(scenario_home, params="owners:\n  org-b: Bob\n")
    adoption = adopt(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n  org-b: none\n"),
        "two, or more",
        DAY,
        "Cleo",
    )
    assert adoption.file == scenario_home.root / "budgets.csv"
    assert (scenario_home.root / "budgets.csv").read_text() == CSV + (
        'org-a,organization,5500,2025-12,revised 1,approved,Cleo,"2025-12-16: two, or more",Ada\n'
        'org-b,organization,none,2025-12,revised 1,approved,Cleo,"2025-12-16: two, or more",\n'
    )
    assert budgets_of(scenario_home).organizations == {"org-a": Decimal(5500)}
    assert budgets_of(scenario_home).versions[0].organizations == {
        "org-a": Decimal(5000),
        "org-b": Decimal(3000),
    }


def test_a_new_amount_leaves_no_calls_of_the_old_one(scenario_home):
    """The new line is an amount alone, and the adoption says how to state its calls.

    org-b is taken away, so nothing of it is missing. What the sentence says works: 5,500 for
    100,000 calls.
    """
    header, *_ = CSV.splitlines()
    text = (
        f"{header},calls,unit_cost\n"
        "org-a,organization,5000,2025-12,,,,,Ada,100000,\n"
        "org-b,organization,,2025-12,,,,,,100,30\n"
    )
    with_table(scenario_home, text)
    scenario = write_scenario(
        scenario_home, "organization_budgets:\n  org-a: 5500\n  org-b: none\n"
    )
    lost = (
        "New budgets are amounts without calls and unit_cost, so the volume and rate variances of "
        "org-a are not known."
    )
    what_if = read_budgets(load_params(scenario_home, scenario), scenario_home)
    assert (what_if.flexible, what_if.notices[-1]) == ({}, lost)
    assert set(budgets_of(scenario_home).flexible) == {
        ("organization", "org-a"),
        ("organization", "org-b"),
    }

    adoption = adopt(scenario_home, scenario, "why", DAY, "Cleo")

    assert adoption.notices == (
        f"{lost} To have them, write calls or unit_cost in the new lines of budgets.csv.",
    )
    file = scenario_home.root / "budgets.csv"
    assert file.read_text() == text + (
        "org-a,organization,5500,2025-12,revised 1,approved,Cleo,2025-12-16: why,Ada,,\n"
        "org-b,organization,none,2025-12,revised 1,approved,Cleo,2025-12-16: why,,,\n"
    )
    assert budgets_of(scenario_home).flexible == {}
    file.write_text(file.read_text().replace("why,Ada,,", "why,Ada,100000,"))
    assert set(budgets_of(scenario_home).flexible) == {("organization", "org-a")}


def test_a_proposed_version_keeps_its_number(scenario_home):
    """The adopted one is revised 2 after a proposed revised 1; other months do not count."""
    proposed = (
        "org-a,organization,9,2025-12,revised 1,proposed,,,\n"
        "org-a,organization,9,2025-11,revised 7,approved,,,\n"
    )
    with_table(scenario_home, CSV + proposed)
    adopt(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n"),
        "why",
        DAY,
    )
    assert budgets_of(scenario_home).version.label == "revised 2"


def test_a_table_without_the_needed_columns_is_refused(scenario_home):
    """The refusal names the missing column."""
    with_table(scenario_home, "name,dimension,amount,month\norg-a,organization,5000,2025-12\n")
    unchanged_refusal(
        scenario_home,
        write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n"),
        r"budgets\.csv.*version",
    )


@pytest.mark.parametrize("table", [False, True])
def test_an_adoption_that_fails_changes_nothing(scenario_home, monkeypatch, table):
    """The disk is full before the new file replaces the old one."""
    if table:
        with_table(scenario_home)
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n")

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(publish.os, "fsync", full)
    unchanged_refusal(
        scenario_home, name, "could not be written: No space left on device. Nothing was changed"
    )


def test_one_adoption_at_a_time(scenario_home):
    """While another process holds the month, it is refused at once."""
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n")
    with hold(scenario_home.outputs / ".runs", "2025-12"), pytest.raises(Busy):
        adopt(scenario_home, name, "why", DAY)


def test_the_command_prints_the_file_and_the_change(scenario_home, monkeypatch, capsys):
    """Stdout has only the file, stderr the change; a reason is required."""
    monkeypatch.setenv("FINOPS_NB_HOME", str(scenario_home.root))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1766000000")
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n")
    with pytest.raises(SystemExit) as ended:
        main(["adopt", name])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        main(["adopt", name, "--reason", "two more regions", "--by", "Cleo"])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (0, f"{scenario_home.params_file('2025-12')}\n")
    assert "revised 1: budget of org-a 5000 → 5500" in printed.err
    assert printed.err.endswith("Publish it: finops-nb run 2025-12\n")
    assert budgets_of(scenario_home).version.date == "2025-12-17"


def test_a_file_outside_of_the_home_changes_only_if_that_is_asked_for(
    tmp_path, monkeypatch, capsys
):
    """Others may read it too; the refusal names the line and the option, which then works."""
    home = make_scenario_home(tmp_path / "home")
    monkeypatch.setenv("FINOPS_NB_HOME", str(home.root))
    shared = tmp_path / "shared.csv"
    (home.root / "linked.csv").symlink_to(shared)
    name = write_scenario(home, "organization_budgets:\n  org-a: 5500\n")
    for budgets in ("../shared.csv", str(shared), "linked.csv"):
        shared.write_text(CSV)
        home.params_file("2025-12").write_text(
            f'period: "2025-12"\nusage: usage/calls.csv\nbudgets: {budgets}\n'
        )
        with pytest.raises(SystemExit) as ended:
            main(["adopt", name, "--reason", "why"])
        refused = capsys.readouterr().err
        assert (ended.value.code, shared.read_text()) == (1, CSV)
        assert refused.startswith("params/2025-12.yaml, line 3, budgets: the budgets are in a file")
        assert f"To change {shared}, adopt again with --outside." in refused
        with pytest.raises(SystemExit) as ended:
            main(["adopt", name, "--reason", "why", "--outside"])
        assert (ended.value.code, shared.read_text() != CSV) == (0, True)
        capsys.readouterr()


def test_params_that_are_a_link_out_of_the_home_change_only_if_that_is_asked_for(tmp_path):
    """The kind of file does not matter, but where it is."""
    home = make_scenario_home(tmp_path / "home")
    file, shared = home.params_file("2025-12"), tmp_path / "shared.yaml"
    file.rename(shared)
    file.symlink_to(shared)
    before = shared.read_bytes()
    name = write_scenario(home, "organization_budgets:\n  org-a: 5500\n")
    with pytest.raises(Refusal, match=r"^params/2025-12\.yaml: the budgets are in a file outside"):
        adopt(home, name, "why", DAY)
    assert shared.read_bytes() == before
    assert adopt(home, name, "why", DAY, outside=True).version == "revised 1"


def test_two_months_adopt_into_one_table_one_after_the_other(scenario_home):
    """A budgets.csv that another process changes is not written."""
    with_table(scenario_home)
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 5500\n")
    with (
        hold(scenario_home.outputs / ".runs", "budgets.csv", "changed"),
        pytest.raises(
            Busy, match=r"^budgets\.csv is being changed by process \d+ on .*then try again\.$"
        ),
    ):
        adopt(scenario_home, name, "why", DAY)
    assert (scenario_home.root / "budgets.csv").read_text() == CSV
    assert adopt(scenario_home, name, "why", DAY).version == "revised 1"


def test_an_adoption_needs_a_reason_and_a_name(scenario_home):
    """A blank reason and a blank name are refused together."""
    with pytest.raises(Refusal) as refusal:
        adopt(
            scenario_home,
            write_scenario(scenario_home, "organization_budgets:\n  org-a: 1\n"),
            " ",
            DAY,
            "  ",
        )
    assert [problem.column for problem in refusal.value.problems] == ["--reason", "--by"]


@pytest.mark.parametrize("char", ["\r", "\n", "\u202e", "\x1b"])
def test_a_reason_and_a_name_have_no_hidden_character(scenario_home, char):
    """They would be written into the params, and printed."""
    name = write_scenario(scenario_home, "organization_budgets:\n  org-a: 1\n")
    before = files_in(scenario_home)
    with pytest.raises(Refusal) as refusal:
        adopt(scenario_home, name, f"why{char}not", DAY, f"Ada{char}Bea")
    assert [problem.column for problem in refusal.value.problems] == ["--reason", "--by"]
    assert str(refusal.value).replace("\n", "").isprintable()
    assert files_in(scenario_home) == before
