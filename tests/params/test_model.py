"""Params: every key typed, all problems together, nothing lost on the way to a notebook."""

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
from finops_nb.params.column_names import COLUMNS
from finops_nb.params.model import DELIVERY, Params, make_params
from finops_nb.params.params_file import load_params
from finops_nb.schema import UNALLOCATED

HEAD = 'period: "2025-12"\nusage: "sample:"\n'
"""Two lines, so what a test adds starts in line 3."""

REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).filter(
    str.strip
)
names = (
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=30)
    .filter(str.strip)
    .filter(lambda text: unicodedata.is_normalized("NFC", text) and text != UNALLOCATED)
)
prose = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters=REORDERING)
    | st.sampled_from("\n\t"),
    min_size=1,
    max_size=30,
).filter(str.strip)
people = prose.filter(lambda text: not set(text) & set("\n\t"))
amounts = st.decimals(min_value=0, max_value=10**12, places=12)


@pytest.fixture(scope="session")
def load(tmp_path_factory) -> Callable[..., Params]:
    """Load text or bytes as params/2025-12.yaml."""
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
    """The problems of a text as params/2025-12.yaml."""

    def problems_of(content: str | bytes) -> list[Problem]:
        with pytest.raises(Refusal) as refused:
            load(content)
        return list(refused.value.problems)

    return problems_of


def refusal_of(**keys) -> str:
    """The message about params that are given in a notebook."""
    with pytest.raises(Refusal) as refused:
        make_params({"period": "2025-12", "usage": "sample:"} | keys)
    return str(refused.value)


def test_it_has_defaults_for_all_but_period_and_usage(load):
    """A file of two lines is complete."""
    params = load(HEAD)

    assert (params.period, params.usage) == ("2025-12", ("sample:",))
    assert params.window.start == date(2025, 12, 1)
    assert (params.currency, params.timezone, params.dialect) == ("USD", "UTC", "auto")
    assert params.at_risk == Decimal("0.80")
    assert params.alert_thresholds == (Decimal("0.5"), Decimal("0.8"), Decimal(1))
    assert (params.materiality, params.materiality_amount) == (Decimal("0.01"), None)
    assert params.approval_limit is None
    assert params.allocation_target is None
    assert (params.organization_budgets, params.product_budgets, params.columns) == ({}, {}, {})
    assert (params.approvals, params.owners, params.notes) == ({}, {}, {})
    assert (params.as_of, params.customer_names) == (None, False)


def test_it_reads_every_key(load):
    """Each scalar gets the type of its key; quotes make no difference."""
    params = load(
        HEAD
        + "columns: {organization: team, cost: usd}\ntimezone: Europe/Berlin\n"
        + "organization_budgets: {a: 5000, 'b': '0.10'}\nproduct_budgets:\n  chat: 5000.50\n"
        + "currency: EUR\nat_risk: 0.9\nalert_thresholds:\n  - 0.5\n  - '1'\n"
        + "approval_limit: 0\napprovals: {chat: CFO}\nowners: {a: Ada}\n"
        + "materiality: 0\nmateriality_amount: 0\nallocation_target: 0.95\n"
        + "notes: {a: moved}\nas_of: 2025-12-18\ncustomer_names: true\n"
    )

    assert params.columns == {"organization": "team", "cost": "usd"}
    assert params.organization_budgets == {"a": Decimal(5000), "b": Decimal("0.10")}
    assert params.product_budgets == {"chat": Decimal("5000.50")}
    assert (params.timezone, params.currency) == ("Europe/Berlin", "EUR")
    assert (params.at_risk, params.approval_limit) == (Decimal("0.9"), Decimal(0))
    assert (params.materiality, params.materiality_amount) == (Decimal(0), Decimal(0))
    assert params.allocation_target == Decimal("0.95")
    assert params.alert_thresholds == (Decimal("0.5"), Decimal(1))
    assert (params.approvals, params.owners) == ({"chat": "CFO"}, {"a": "Ada"})
    assert params.notes == {"a": "moved"}
    assert (params.as_of, params.customer_names) == (date(2025, 12, 18), True)


@pytest.mark.parametrize(
    "name",
    [
        *("NO", "on", "yes", "null", "~", "012345", "007", "1e5", "12:30:45", "2025-12", "True"),
        *("-", "a.b", "=1+1"),
    ],
)
def test_it_keeps_a_name_as_it_is_written(load, name):
    """Norway, octals and clock times are names like any other."""
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
def test_it_suggests_what_a_misspelled_key_meant(problems_of, key, meant):
    """An unknown key gets its line and the nearest known key."""
    (problem,) = problems_of(f"{HEAD}{key}: 1\n")

    assert (problem.file, problem.line, problem.column) == ("params/2025-12.yaml", 3, key)
    assert (problem.rule, problem.fix) == ("an unknown key", f'Did you mean "{meant}"?')


@pytest.mark.parametrize(
    "key", ["__class__", "model_config", "window", "os.system('touch canary')", "<<"]
)
def test_it_refuses_a_hostile_key(problems_of, key):
    """Only the fields are keys, whatever Python has under that name."""
    assert [problem.rule for problem in problems_of(f'{HEAD}"{key}": {{a: b}}\n')] == [
        "an unknown key"
    ]


def test_it_reports_all_problems_together_by_line(problems_of):
    """Duplicate, unknown and missing keys, tags and bad amounts come sorted by line."""
    problems = problems_of(
        "currency: dollars\nproduct_budgets:\n  chat: 5k\n  chat: 6\nat_risk: !x 0.8\n"
        "typo: 1\nalert_thresholds: [0.5, half]\nperiod: 2025-13\n"
    )

    assert [(problem.line, problem.column, problem.rule) for problem in problems] == [
        (None, "usage", "the key is missing"),
        (1, "currency", "not a currency"),
        (4, "product_budgets.chat", "duplicate key, first on line 3"),
        (5, "at_risk", "a YAML tag"),
        (6, "typo", "an unknown key"),
        (7, "alert_thresholds, item 2", "not a fraction"),
        (8, "period", "not a period"),
    ]
    assert {problem.file for problem in problems} == {"params/2025-12.yaml"}


@pytest.mark.parametrize(
    "amount",
    [
        *("5,000", "5k", "$5000", "1e3", "NaN", ".inf", "''", "' 5'", "yes", "5_000", "-1", "５"),
        *("[5]", "{b: 5}", "", "~", "0.0000000000001", "1" + "0" * 15),
    ],
)
def test_it_refuses_a_budget_that_is_not_a_plain_amount(problems_of, amount):
    """The problem has the line of the budget's name."""
    (problem,) = problems_of(
        f"{HEAD}# budgets\norganization_budgets:\n  fine: 5000\n  bad: {amount}\n"
    )

    assert (problem.line, problem.column) == (6, "organization_budgets.bad")
    assert problem.rule
    assert problem.fix


def test_a_threshold_with_a_decimal_comma_is_refused(load):
    """0,5 in a list is 0 and 5: a threshold of 0% is crossed before anything is spent."""
    with pytest.raises(
        Refusal, match=r"alert_thresholds, item 1: not above 0 .*\[0\.5, 0\.8, 1\.0\]"
    ):
        load(HEAD + "alert_thresholds: [0,5, 0.8]\n")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("at_risk: 0", "not above 0 and at most 1"),
        ("at_risk: 1.000000000001", "not above 0 and at most 1"),
        ("at_risk: 80%", "not a fraction"),
        ("allocation_target: 0", "not above 0 and at most 1"),
        ("allocation_target: 95", "not a fraction"),
        ("materiality: 11", "not a fraction"),
        ("materiality: 5", "a fraction above 1"),
        ("materiality: -0.01", "not a fraction"),
        ("alert_thresholds: 0.5", "not a list"),
        ("approval_limit: -1", "a budget below zero"),
        ("currency: usd", "not a currency"),
        ("currency: $", "not a currency"),
        ("currency:", "no value"),
        ("timezone: Berlin", "not a time zone"),
        ("timezone: localtime", "not a time zone"),
        ("timezone: ../../etc/passwd", "not a time zone"),
        ("timezone: /etc/localtime", "not a time zone"),
        ("timezone: ''", "no value"),
        ("dialect: call", "unknown value"),
        ("columns: {organisation: team}", "not one of our names"),
        ("columns: {organization: }", "no value"),
        ("columns: team", "not `key: value` pairs"),
        ("organization_budgets: 5000", "not `key: value` pairs"),
        ("organization_budgets:", "no value"),
        ("organization_budgets: [a, b]", "not `key: value` pairs"),
        (
            "product_budgets: {'(unallocated)': 5}",
            "(unallocated) is the report's word for cost without a name",
        ),
        (
            "owners: {'other OVER (1,234)': Ada}",
            "other OVER (1,234) is the report's word for names that it adds up",
        ),
        ("owners: {' ': Ada}", "not a name"),
        ("owners: {a: }", "no value"),
        ("notes: {a: [b]}", "not text"),
        ("as_of: 20251231", "not a day"),
        ("as_of: 2025-02-30", "not a day"),
        ("as_of: tomorrow", "not a day"),
        ("customer_names: yes", "neither true nor false"),
        ("customer_names: 1", "neither true nor false"),
    ],
)
def test_it_refuses_a_value_with_its_line_and_rule(problems_of, line, rule):
    """Every problem has a line, a key, a rule and a fix."""
    (problem,) = problems_of(f"{HEAD}{line}\n")

    assert (problem.line, problem.rule) == (3, rule)
    assert problem.column.split(".")[0] == line.split(":")[0]
    assert len(problem.fix) > 10


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "at_risk: 80%",
            'at_risk: not a fraction (found "80%"). Write a fraction, such as 0.80 for 80%.',
        ),
        (
            "alert_thresholds: 0.5",
            'alert_thresholds: not a list (found "0.5"). Write it as [0.5, 0.8, 1.0].',
        ),
        (
            "owners: Ada",
            'owners: not `key: value` pairs (found "Ada"). Write it as {org-alpha: Ada}.',
        ),
        ("owners:", "owners: no value. Write it as {org-alpha: Ada}."),
        ("currency: [EUR]", 'currency: not text (found "[EUR]"). Write it as USD.'),
        ("currency: [1,2]", 'currency: not text (found "[1,2]"). Write it as USD.'),
        ("owners: {a: [b,  c]}", 'owners.a: not text (found "[b,  c]"). Write text in quotes.'),
        (
            "organization_budgets:\n  a:5",
            'organization_budgets: no space after the colon: "a:5". '
            "Write a space after each colon.",
        ),
        ("budgets:", "budgets: no value. Write it as budgets.csv."),
        (
            "columns: {organisation: team}",
            'columns.organisation: not one of our names (found "organisation"). '
            'Did you mean "organization"?',
        ),
        (
            "columns: {team: organization}",
            'columns.team: not one of our names (found "team"). Write our name first, then yours: '
            f"{{cost: total_usd}}. Ours are {', '.join(COLUMNS)}.",
        ),
        (
            "mail: ada",
            'mail: not `key: value` pairs (found "ada"). Write it as {to: [ada@example.com]}.',
        ),
        ("approval_limit:", "approval_limit: no value. Write an amount, or remove the line."),
    ],
)
def test_it_shows_what_to_write(problems_of, line, sentence):
    """The fix shows a value of the right shape."""
    (problem,) = problems_of(f"{HEAD}{line}\n")

    assert str(problem) == f"params/2025-12.yaml, line 3, {sentence}"


def test_it_shows_how_to_add_or_fill_a_required_key(problems_of):
    """The examples can be copied."""
    assert [str(problem) for problem in problems_of("usage: ''\n")] == [
        'params/2025-12.yaml, period: the key is missing. Add it, such as period: "2025-12".',
        "params/2025-12.yaml, line 1, usage: is empty. "
        "Write a path, such as usage/calls-{period}.csv.",
    ]


def test_an_empty_file_needs_the_keys_of_its_kind(tmp_path, problems_of):
    """A scenario has other keys than a month."""
    fix = "Write one `key: value` per line; at least "
    assert problems_of("")[0].fix == f"{fix}period and usage"
    home = Home(tmp_path)
    scenario = home.params_file("scenarios/more")
    scenario.parent.mkdir(parents=True)
    scenario.write_text("# nothing yet\n")
    with pytest.raises(Refusal) as refused:
        load_params(home, "scenarios/more")
    assert refused.value.problems[0].fix == f"{fix}base, author, date and reason"


@pytest.mark.parametrize("at_risk", ["0.000000000001", "1"])
def test_it_takes_the_edges_of_a_share(load, at_risk):
    """A share is above 0 and may be 1."""
    assert load(f"{HEAD}at_risk: {at_risk}\n").at_risk == Decimal(at_risk)


@pytest.mark.parametrize("usage", ["", "''", "[]", "['']", "{a: b}", "[[a]]"])
def test_it_refuses_usage_that_is_not_a_path(problems_of, usage):
    """An empty path, an empty list and a mapping are refused."""
    problem = problems_of(f'period: "2025-12"\nusage: {usage}\n')[0]

    assert (problem.line, problem.column.split(".")[0]) == (2, "usage")


def test_it_takes_one_path_or_a_list(load):
    """One path needs no list around it."""
    assert load("period: 2025-12\nusage: a.csv\n").usage == ("a.csv",)
    assert load("period: 2025-12\nusage:\n  - a.csv\n  - b/*.parquet\n").usage == (
        "a.csv",
        "b/*.parquet",
    )


def test_it_refuses_an_interval_in_a_path(problems_of):
    """An interval has a slash, so `{period}` in a path would become two folders."""
    (problem,) = problems_of('period: 2025-11-18/2025-12-18\nusage: "usage/{period}.csv"\n')

    assert problem.rule == "{period} in a path can't be an interval"


@pytest.mark.parametrize(
    ("content", "start"),
    [
        ("", ": the file is empty"),
        ("- a\n", ", line 1: not `key: value` pairs"),
        (f"{HEAD}---\na: 1\n", ", line 3: a second YAML document"),
        (f"{HEAD}owners:\n\ta: b\n", ", line 4: not valid YAML"),
        ('period:\u00a0"2025-12"\nusage: x\n', ", line 1: not valid YAML"),
        (f"{HEAD}owners: {{a: Zoë}}\n".encode("latin-1"), ", line 3: not UTF-8"),
        (f"{HEAD}owners: {{a: &x b, c: *x}}\n", ", line 3: a YAML alias"),
        ("period: 2025-12\nusage: sample:\n", ", line 2: not valid YAML"),
    ],
)
def test_it_names_the_file_and_line_of_what_is_not_yaml(problems_of, content, start):
    """A file that is not one plain mapping is refused before its keys are read."""
    assert str(problems_of(content)[0]).startswith(f"params/2025-12.yaml{start}")


def test_it_says_how_to_quote_the_sample(problems_of):
    """`usage: sample:` is not YAML; the message shows it in quotes."""
    assert 'such as usage: "sample:"' in problems_of("period: 2025-12\nusage: sample:\n")[0].fix


def test_it_accepts_a_file_saved_on_windows(load):
    """A byte order mark and CRLF make no difference."""
    assert load(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode()) == load(HEAD)


def test_it_refuses_names_that_look_the_same(problems_of):
    """ë as one character and as two look the same; a file has a line, a notebook a key."""
    (problem,) = [
        problem
        for problem in problems_of(f'{HEAD}owners:\n  "Zo\u00eb": x\n  "Zoe\u0308": y\n')
        if "duplicate" in problem.rule
    ]
    assert (problem.line, problem.rule) == (5, "duplicate key, first on line 4")

    assert "owners.Zoe\u0308: two names that look the same" in refusal_of(
        owners={"Zo\u00eb": "x", "Zoe\u0308": "y"}
    )


def test_it_reads_the_floats_of_a_notebook_as_they_were_typed():
    """2695.75 in a cell is exact; a sum of floats is not what was typed, so it is refused."""
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
        "organization_budgets.a: more digits than a float holds exactly "
        '(found "0.30000000000000004"). '
        'Put the amount in quotes, such as "5000.50".'
    )


@pytest.mark.parametrize("value", [Path("x"), object(), 202512, None, True, ["2025-12"]])
def test_it_refuses_an_object_for_text(value):
    """A path, a number or another object of a notebook does not become text."""
    assert refusal_of(period=value).startswith("period: ")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "usage": st.lists(texts, min_size=1, max_size=3),
            "organization_budgets": st.dictionaries(names, amounts, max_size=3),
            "approvals": st.dictionaries(names, people, max_size=3),
            "notes": st.dictionaries(names, prose, max_size=3),
            "columns": st.dictionaries(
                st.sampled_from(("organization", "cost")), texts, max_size=2
            ),
            "alert_thresholds": st.lists(st.decimals("0.01", 10, places=12), max_size=3),
            "materiality": st.decimals(0, 1, places=12),
            "approval_limit": amounts,
            "as_of": st.dates().map(str),
            "customer_names": st.booleans(),
        },
    )
)
def test_it_comes_back_from_a_notebook_unchanged(params, keys):
    """`as_parameters` passes through JSON and back unchanged, as papermill passes it on."""
    made = params(**keys)

    assert make_params(json.loads(json.dumps(made.as_parameters()))) == made
    assert Params(**made.as_parameters()) == made


@given(st.dictionaries(names, prose, max_size=4), st.dictionaries(names, amounts, max_size=4))
def test_it_reads_any_text_of_a_file_exactly(load, notes, budgets):
    """Any visible characters of names and notes, and every decimal of amounts, are read exactly."""
    written = {
        "period": "2025-12",
        "usage": "x",
        "notes": notes,
        "product_budgets": {name: plain(each) for name, each in budgets.items()},
    }
    params = load(yaml.safe_dump(written, default_style='"'))

    assert (params.notes, params.product_budgets) == (notes, budgets)


def test_its_parameters_are_json_scalars(params):
    """Amounts and days are text, so no float can change them."""
    made = params(organization_budgets={"a": "0.0000001"}, as_of="2025-12-18", at_risk="0.80")
    parameters = made.as_parameters()

    assert list(parameters) == [key for key in Params.model_fields if key not in DELIVERY]
    assert (parameters["usage"], parameters["as_of"]) == (["sample:"], "2025-12-18")
    assert parameters["at_risk"] == "0.80"
    assert parameters["organization_budgets"] == {"a": "0.0000001"}
    assert params().as_parameters()["as_of"] == ""


def test_it_shows_no_folder_of_the_machine(params):
    """A report shows only the last part of an absolute path."""
    assert params(usage=["/secret/place/a.csv", "usage/b.csv"]).shared_parameters()["usage"] == [
        "a.csv",
        "usage/b.csv",
    ]


def test_it_can_not_be_changed(params):
    """Params can't be changed after they were checked."""
    with pytest.raises(ValueError, match="frozen"):
        params().currency = "EUR"


def test_a_notebook_from_before_a_key_was_added_still_gets_its_parameters(params):
    """A key that it does not declare is left out if it has its default, and passed otherwise."""
    made = params(organization_budgets={"a": "5"})
    declared = {*made.as_parameters()} - {"allocation_target"}
    assert made.parameters_for(declared) == {
        name: value for name, value in made.as_parameters().items() if name in declared
    }
    with_target = params(allocation_target="0.95")
    assert with_target.parameters_for(declared)["allocation_target"] == "0.95"
