"""Params: every key typed, misspelt ones refused, all that is wrong said at once, and nothing lost on the way to a notebook."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.money import plain
from finops_nb.params.model import DELIVERY, Params, load_params, make_params
from finops_nb.schema import UNALLOCATED

HEAD = 'period: "2025-12"\nusage: "sample:"\n'
"""Two lines, so that what a test adds starts in line 3."""

texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).filter(
    str.strip
)
names = texts.filter(lambda text: unicodedata.is_normalized("NFC", text) and text != UNALLOCATED)
amounts = st.decimals(min_value=0, max_value=10**12, places=12)


@pytest.fixture(scope="session")
def load(tmp_path_factory) -> Callable[..., Params]:
    """Loads a text, or bytes, as params/2025-12.yaml."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.params.mkdir()

    def load(content: str | bytes) -> Params:
        home.params_file("2025-12").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        return load_params(home, "2025-12")

    return load


@pytest.fixture(scope="session")
def problems_of(load) -> Callable[..., list[Problem]]:
    def problems_of(content: str | bytes) -> list[Problem]:
        with pytest.raises(Refusal) as refused:
            load(content)
        return list(refused.value.problems)

    return problems_of


def refusal_of(**keys) -> str:
    """What is said of params that are given in a notebook."""
    with pytest.raises(Refusal) as refused:
        make_params({"period": "2025-12", "usage": "sample:"} | keys)
    return str(refused.value)


def test_it_has_defaults_for_all_but_period_and_usage(load):
    """Two lines are a complete file."""
    params = load(HEAD)

    assert (params.period, params.usage, params.window.start) == (
        "2025-12",
        ("sample:",),
        date(2025, 12, 1),
    )
    assert (params.currency, params.timezone, params.dialect, params.columns) == (
        "USD",
        "UTC",
        "auto",
        {},
    )
    assert (params.at_risk, params.alert_thresholds) == (
        Decimal("0.80"),
        (Decimal("0.5"), Decimal("0.8"), Decimal(1)),
    )
    assert (params.materiality, params.materiality_amount, params.approval_limit) == (
        Decimal("0.01"),
        Decimal(50),
        Decimal(1000),
    )
    assert (
        params.organization_budgets,
        params.product_budgets,
        params.approvals,
        params.owners,
        params.notes,
    ) == ({}, {}, {}, {}, {})
    assert (params.as_of, params.customer_names) == (None, False)


def test_it_reads_every_key(load):
    """Scalars are text in the file and typed by the key; quotes make no difference."""
    params = load(
        HEAD
        + "columns: {organization: team, cost: usd}\ntimezone: Europe/Berlin\norganization_budgets: {a: 5000, 'b': '0.10'}\n"
        + "product_budgets:\n  chat: 5000.50\ncurrency: EUR\nat_risk: 0.9\nalert_thresholds:\n  - 0.5\n  - '1'\n"
        + "approval_limit: 0\napprovals: {chat: CFO}\nowners: {a: Ada}\nmateriality: 0\nmateriality_amount: 0\n"
        + "notes: {a: moved}\nas_of: 2025-12-18\ncustomer_names: true\n"
    )

    assert params.columns == {"organization": "team", "cost": "usd"}
    assert params.organization_budgets == {"a": Decimal(5000), "b": Decimal("0.10")}
    assert params.product_budgets == {"chat": Decimal("5000.50")}
    assert (params.timezone, params.currency, params.at_risk) == (
        "Europe/Berlin",
        "EUR",
        Decimal("0.9"),
    )
    assert (params.alert_thresholds, params.approval_limit) == (
        (Decimal("0.5"), Decimal(1)),
        Decimal(0),
    )
    assert (params.approvals, params.owners, params.notes) == (
        {"chat": "CFO"},
        {"a": "Ada"},
        {"a": "moved"},
    )
    assert (params.as_of, params.customer_names) == (date(2025, 12, 18), True)


@pytest.mark.parametrize(
    "name",
    [
        "NO",
        "on",
        "yes",
        "null",
        "~",
        "012345",
        "007",
        "1e5",
        "12:30:45",
        "2025-12",
        "True",
        "-",
        "a.b",
        "=1+1",
    ],
)
def test_it_keeps_a_name_as_it_is_written(load, name):
    """Norway, octals and clock times are names like any other, in budgets, owners and notes."""
    key = f"'{name}'" if name in ("-",) else name
    params = load(f"{HEAD}organization_budgets:\n  {key}: 5000\nowners:\n  {key}: {key}\n")

    assert params.organization_budgets == {name: Decimal(5000)}
    assert params.owners == {name: name}


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("organisation_budgets", "organization_budgets"),
        ("Period", "period"),
        ("\u00a0usage", "usage"),
        ("atrisk", "at_risk"),
    ],
)
def test_it_asks_what_a_misspelt_key_meant(problems_of, key, meant):
    """An unknown key is refused with its line and the nearest known key."""
    (problem,) = problems_of(f"{HEAD}{key}: 1\n")

    assert (problem.file, problem.line, problem.column) == ("params/2025-12.yaml", 3, key)
    assert (problem.rule, problem.fix) == ("an unknown key", f'Did you mean "{meant}"?')


@pytest.mark.parametrize(
    "key", ["__class__", "model_config", "window", "os.system('touch canary')", "<<"]
)
def test_it_refuses_a_hostile_key(problems_of, key):
    """No key but those of the schema is one, whatever Python has under that name."""
    assert [problem.rule for problem in problems_of(f'{HEAD}"{key}": {{a: b}}\n')] == [
        "an unknown key"
    ]


def test_it_says_everything_that_is_wrong_at_once_by_line(problems_of):
    """Doubled keys, tags, unknown keys, amounts and missing keys come in one answer, sorted by line."""
    problems = problems_of(
        "currency: dollars\nproduct_budgets:\n  chat: 5k\n  chat: 6\nat_risk: !x 0.8\n"
        "typo: 1\nalert_thresholds: [0.5, half]\nperiod: 2025-13\n"
    )

    assert [(problem.line, problem.column, problem.rule) for problem in problems] == [
        (None, "usage", "the key is missing"),
        (1, "currency", "not a currency"),
        (4, "product_budgets.chat", "the key stands twice, first in line 3"),
        (5, "at_risk", "a YAML tag"),
        (6, "typo", "an unknown key"),
        (7, "alert_thresholds.1", "not a plain amount"),
        (8, "period", "not a period"),
    ]
    assert {problem.file for problem in problems} == {"params/2025-12.yaml"}


@pytest.mark.parametrize(
    "amount",
    [
        "5,000",
        "5k",
        "$5000",
        "1e3",
        "NaN",
        ".inf",
        "''",
        "' 5'",
        "yes",
        "5_000",
        "-1",
        "[5]",
        "{b: 5}",
        "",
        "~",
        "0.0000000000001",
        "1" + "0" * 15,
        "５",
    ],
)
def test_it_refuses_a_budget_that_is_no_plain_amount(problems_of, amount):
    """Each with the line of its name, wherever the file has it."""
    (problem,) = problems_of(
        f"{HEAD}# budgets\norganization_budgets:\n  fine: 5000\n  bad: {amount}\n"
    )

    assert (problem.line, problem.column) == (6, "organization_budgets.bad")
    assert problem.rule
    assert problem.fix


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("at_risk: 0", "not between 0 and 1"),
        ("at_risk: 1.000000000001", "not between 0 and 1"),
        ("at_risk: 80%", "not a plain amount"),
        ("materiality: 11", "not a fraction"),
        ("materiality: -0.01", "not a fraction"),
        ("alert_thresholds: 0.5", "not what this key holds"),
        ("approval_limit: -1", "a budget below zero"),
        ("currency: usd", "not a currency"),
        ("currency: $", "not a currency"),
        ("currency:", "not what this key holds"),
        ("timezone: Berlin", "not a time zone"),
        ("timezone: localtime", "not a time zone"),
        ("timezone: ../../etc/passwd", "not a time zone"),
        ("timezone: /etc/localtime", "not a time zone"),
        ("timezone: ''", "not a time zone"),
        ("dialect: call", "not one of the known"),
        ("columns: {organisation: team}", "not one of the known"),
        ("columns: {organization: }", "not text"),
        ("columns: team", "not what this key holds"),
        ("organization_budgets: 5000", "not what this key holds"),
        ("organization_budgets:", "not what this key holds"),
        ("organization_budgets: [a, b]", "not what this key holds"),
        (
            "product_budgets: {'(unallocated)': 5}",
            "(unallocated) is the report's word for cost without a name",
        ),
        ("owners: {' ': Ada}", "not a name"),
        ("owners: {a: }", "not text"),
        ("notes: {a: [b]}", "not text"),
        ("as_of: 20251231", "not a day"),
        ("as_of: 2025-02-30", "not a day"),
        ("as_of: tomorrow", "not a day"),
        ("customer_names: yes", "neither true nor false"),
        ("customer_names: 1", "neither true nor false"),
    ],
)
def test_it_refuses_a_value_with_its_line_and_rule(problems_of, line, rule):
    """Every refusal has a line, a key, a rule and a way out."""
    (problem,) = problems_of(f"{HEAD}{line}\n")

    assert (problem.line, problem.rule) == (3, rule)
    assert problem.column.split(".")[0] == line.split(":")[0]
    assert len(problem.fix) > 10


@pytest.mark.parametrize("at_risk", ["0.000000000001", "1"])
def test_it_takes_the_edges_of_a_share(load, at_risk):
    """Above nothing, up to all of it."""
    assert load(f"{HEAD}at_risk: {at_risk}\n").at_risk == Decimal(at_risk)


@pytest.mark.parametrize("usage", ["", "''", "[]", "['']", "{a: b}", "[[a]]"])
def test_it_refuses_usage_that_is_no_path(problems_of, usage):
    """An empty path, an empty list and a mapping name no files."""
    problem = problems_of(f'period: "2025-12"\nusage: {usage}\n')[0]

    assert (problem.line, problem.column.split(".")[0]) == (2, "usage")


def test_it_takes_one_path_or_a_list(load):
    """One path needs no list around it."""
    assert load("period: 2025-12\nusage: a.csv\n").usage == ("a.csv",)
    assert load("period: 2025-12\nusage:\n  - a.csv\n  - b/*.parquet\n").usage == (
        "a.csv",
        "b/*.parquet",
    )


def test_it_refuses_an_interval_that_would_stand_in_a_path(problems_of):
    """An interval has a slash in it; `{period}` in a path would become two folders."""
    (problem,) = problems_of('period: 2025-11-18/2025-12-18\nusage: "usage/{period}.csv"\n')

    assert problem.rule == "an interval can't stand for {period} in a path"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "params/2025-12.yaml: the file is empty"),
        ("- a\n", "params/2025-12.yaml, line 1: not a mapping"),
        (f"{HEAD}---\na: 1\n", "params/2025-12.yaml, line 3: a second document"),
        (f"{HEAD}owners:\n\ta: b\n", "params/2025-12.yaml, line 4: not valid YAML"),
        ('period:\u00a0"2025-12"\nusage: x\n', "params/2025-12.yaml, line 2: not valid YAML"),
        (f"{HEAD}owners: {{a: Zoë}}\n".encode("latin-1"), "params/2025-12.yaml, line 3: not UTF-8"),
        (f"{HEAD}owners: {{a: &x b, c: *x}}\n", "params/2025-12.yaml, line 3: an alias"),
        ("period: 2025-12\nusage: sample:\n", "params/2025-12.yaml, line 2: not valid YAML"),
    ],
)
def test_it_names_the_file_and_line_of_what_is_not_yaml(problems_of, content, said):
    """A file that is not one plain mapping is refused before its keys are looked at."""
    assert str(problems_of(content)[0]).startswith(said)


def test_it_gives_a_way_out_of_an_unquoted_sample(problems_of):
    """`usage: sample:` is no YAML; the message shows it with quotes."""
    assert 'such as usage: "sample:"' in problems_of("period: 2025-12\nusage: sample:\n")[0].fix


def test_it_accepts_a_file_saved_on_windows(load):
    """A byte order mark and CRLF change nothing."""
    assert load(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode()) == load(HEAD)


def test_it_refuses_names_that_look_the_same(problems_of):
    """Composed and decomposed ë are two keys and one name; in a file both lines are known, in a notebook the key."""
    (problem,) = [
        problem
        for problem in problems_of(f'{HEAD}owners:\n  "Zo\u00eb": x\n  "Zoe\u0308": y\n')
        if "twice" in problem.rule
    ]
    assert (problem.line, problem.rule) == (5, "the key stands twice, first in line 4")

    assert "owners.Zoe\u0308: two names that look the same" in refusal_of(
        owners={"Zo\u00eb": "x", "Zoe\u0308": "y"}
    )


def test_it_reads_the_floats_of_a_notebook_as_they_were_typed():
    """2695.75 in a cell is exact; a sum of floats is not what was typed, and is refused."""
    params = make_params(
        {
            "period": "2025-12",
            "usage": ["sample:"],
            "organization_budgets": {"a": 2695.75, "b": 5000},
            "at_risk": 0.1,
        }
    )

    assert params.organization_budgets == {"a": Decimal("2695.75"), "b": Decimal(5000)}
    assert params.at_risk == Decimal("0.1")
    assert refusal_of(organization_budgets={"a": 0.1 + 0.2}) == (
        'organization_budgets.a: more digits than a float holds exactly (found "0.30000000000000004"). '
        'Put the amount in quotes, such as "5000.50".'
    )


@pytest.mark.parametrize("value", [Path("x"), object(), 202512, None, True, ["2025-12"]])
def test_it_refuses_an_object_for_text(value):
    """Only text is text: no path, no number, no object of a notebook is turned into it."""
    assert refusal_of(period=value).startswith("period: ")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "usage": st.lists(texts, min_size=1, max_size=3),
            "organization_budgets": st.dictionaries(names, amounts, max_size=3),
            "approvals": st.dictionaries(names, texts, max_size=3),
            "notes": st.dictionaries(names, texts, max_size=3),
            "columns": st.dictionaries(
                st.sampled_from(("organization", "cost")), texts, max_size=2
            ),
            "alert_thresholds": st.lists(st.decimals(0, 10, places=12), max_size=3),
            "materiality": st.decimals(0, 10, places=12),
            "approval_limit": amounts,
            "as_of": st.dates().map(str),
            "customer_names": st.booleans(),
        },
    )
)
def test_it_comes_back_from_a_notebook_unchanged(params, keys):
    """`as_parameters` through JSON, and back, is equal: papermill passes on every text and amount exactly."""
    made = params(**keys)

    assert make_params(json.loads(json.dumps(made.as_parameters()))) == made
    assert Params(**made.as_parameters()) == made


@given(st.dictionaries(names, texts, max_size=4), st.dictionaries(names, amounts, max_size=4))
def test_it_reads_any_text_of_a_file_exactly(load, notes, budgets):
    """Names and commentary of any characters survive the file; amounts survive with every decimal."""
    written = {
        "period": "2025-12",
        "usage": "x",
        "notes": notes,
        "product_budgets": {name: plain(each) for name, each in budgets.items()},
    }
    params = load(yaml.safe_dump(written, default_style='"'))

    assert (params.notes, params.product_budgets) == (notes, budgets)


def test_it_hands_out_json_scalars(params):
    """Amounts and days are text, so that no float comes between."""
    made = params(organization_budgets={"a": "0.0000001"}, as_of="2025-12-18", at_risk="0.80")
    handed = made.as_parameters()

    assert list(handed) == [key for key in Params.model_fields if key not in DELIVERY]
    assert (handed["usage"], handed["as_of"], handed["at_risk"]) == (
        ["sample:"],
        "2025-12-18",
        "0.80",
    )
    assert handed["organization_budgets"] == {"a": "0.0000001"}
    assert params().as_parameters()["as_of"] == ""


def test_it_shows_no_folder_of_the_machine(params):
    """A report may be shown the last part of an absolute path only."""
    assert params(usage=["/secret/place/a.csv", "usage/b.csv"]).shared_parameters()["usage"] == [
        "a.csv",
        "usage/b.csv",
    ]


def test_it_can_not_be_changed(params):
    """Params are a value."""
    with pytest.raises(ValueError, match="frozen"):
        params().currency = "EUR"
