"""The what-if without a browser: edits, undo, growth and prices, saving and reporting."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.published import page_of, sections_of
from support.scenario_homes import make_scenario_home, write_scenario

from finops_nb.errors import Refusal
from finops_nb.home import CHECKOUT, Home
from finops_nb.params.model import load_params
from finops_nb.run.run import run
from finops_nb.scenarios.panel import Panel
from finops_nb.scenarios.what_if import WhatIf


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Home:
    """A home that no test writes to."""
    return make_scenario_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def panel(shared) -> Panel:
    return Panel(WhatIf("2025-12", home=shared), "Ana")


@pytest.fixture
def own(tmp_path) -> Panel:
    """One that may save."""
    return Panel(WhatIf("2025-12", home=make_scenario_home(tmp_path)), "Ana")


def budget(name: str, text: str, dimension: str = "organization") -> dict:
    return {"do": "budget", "dimension": dimension, "name": name, "text": text}


def driver(key: str, text: str) -> dict:
    return {"do": "driver", "key": key, "text": text}


def row(panel: Panel, name: str) -> dict:
    return next(
        each
        for section in panel.view()["sections"]
        for each in section["rows"]
        if each["name"] == name
    )


def cells(panel: Panel, name: str) -> tuple[str, ...]:
    found = row(panel, name)["cells"]
    return tuple(
        found[key]
        for key in ("cost", "budget", "budget_change", "variance", "budget_used", "status")
    )


def total(panel: Panel, section: int = 0) -> dict:
    return panel.view()["sections"][section]["total"]["cells"]


def test_figures_follow_an_edit(panel):
    """6.00 of 5,000.00 becomes 6.00 of 5.00: 1.00 over, 120%; the total budget 5 + 3,000."""
    assert cells(panel, "org-a") == ("$6.00", "$5,000.00", "$0.00", "-$4,994.00", "0.1%", "UNDER")
    panel.act(budget("org-a", "5"))
    assert cells(panel, "org-a") == ("$6.00", "$5.00", "-$4,995.00", "$1.00", "120.0%", "OVER")
    assert (total(panel)["budget"], total(panel)["budget_change"]) == ("$3,005.00", "-$4,995.00")
    assert (
        panel.view()["sentence"]
        == "org-a -$4,995.00 → 120.0% used; total budget $3,005.00, 99.7% unspent"
    )


def test_it_starts_with_what_is_approved(panel):
    """Every name of usage and of budgets, by organization and by product; nothing is changed, and nothing to undo."""
    view = panel.view()
    assert [[each["name"] for each in section["rows"]] for section in view["sections"]] == [
        ["org-a", "org-b"],
        ["chat", "search"],
    ]
    assert [row(panel, name)["text"] for name in ("org-a", "org-b", "chat", "search")] == [
        "5000",
        "3000",
        "4000.50",
        "",
    ]
    assert (view["changed"], view["can_undo"], view["can_redo"]) == (False, False, False)
    assert view["sentence"] == "No change; total budget $8,000.00, 99.9% unspent"


@pytest.mark.parametrize(
    ("text", "status", "used"),
    [
        ("6", "UNDER", "100.0%"),
        ("7.5", "UNDER", "80.0%"),
        ("5.999999", "OVER", ">100.0%"),
        ("0", "OVER", "n/a"),
        ("", "NO BUDGET", "n/a"),
    ],
)
def test_the_edges_of_a_budget(panel, text, status, used):
    """Exactly used up is UNDER, at 80% too in a full month; zero with spend is OVER, none is NO BUDGET."""
    panel.act(budget("org-a", text))
    assert cells(panel, "org-a")[4:] == (used, status)
    assert row(panel, "org-a")["error"] == ""


@pytest.mark.parametrize(
    "text", ["5,000", "5k", "$5000", "1e3", "NaN", "-1", "five", "5 000", "none "]
)
def test_what_is_no_amount_is_told_and_not_reckoned_with(own, text):
    """The text stays in its field, the figures are those of the last amount, and nothing is saved."""
    own.act(budget("org-a", "5"))
    own.act(budget("org-a", text))
    if text == "none ":
        assert row(own, "org-a")["error"] == ""
        return
    assert (row(own, "org-a")["text"], cells(own, "org-a")[1]) == (text, "$5.00")
    assert row(own, "org-a")["error"].endswith(".")
    own.act({"do": "save", "name": "x", "author": "Ana", "reason": "why"})
    assert own.view()["scenario"]["message"] == "Not saved: mend what is marked."
    assert list((own.what_if.home.params / "scenarios").iterdir()) == []


def test_edits_of_one_field_are_one_step(panel):
    """Typed letter by letter, undone at once; another field, or coming back to one, is another step."""
    for text in ("2", "28", "280"):
        panel.act(budget("org-a", text))
    panel.act(budget("org-b", "1"))
    panel.act({"do": "done"})
    panel.act(budget("org-b", "12"))
    found = []
    while panel.view()["can_undo"]:
        panel.act({"do": "undo"})
        found.append((row(panel, "org-a")["text"], row(panel, "org-b")["text"]))
    assert found == [("280", "1"), ("280", "3000"), ("5000", "3000")]
    panel.act({"do": "redo"})
    assert row(panel, "org-a")["text"] == "280"


def test_reset_goes_back_to_what_is_approved_and_can_be_undone(panel):
    panel.act(budget("org-a", "5"))
    panel.act({"do": "reset"})
    assert (row(panel, "org-a")["text"], panel.view()["changed"]) == ("5000", False)
    panel.act({"do": "undo"})
    assert row(panel, "org-a")["text"] == "5"


def shown(panel: Panel) -> str:
    """Everything a reader sees, as bytes; but not what can be done again."""
    return (
        json.dumps({key: value for key, value in panel.view().items() if key != "can_redo"})
        + panel._repr_html_()
    )


texts = st.sampled_from(["", "0", "5", "6.00", "4000.50", "5,000", "-1", "1e3", "99999999"])
edits = st.one_of(
    st.builds(budget, st.sampled_from(["org-a", "org-b"]), texts),
    st.builds(budget, st.sampled_from(["chat", "search"]), texts, st.just("product")),
    st.builds(
        driver,
        st.sampled_from(["growth", "model_prices big", "model_prices m"]),
        st.sampled_from(["", "0", "10", "-50", "x", "2000"]),
    ),
    st.just({"do": "reset"}),
)


@settings(max_examples=40)
@given(before=st.lists(edits, max_size=4), edit=edits)
def test_any_edit_and_its_undo_give_the_same_bytes(shared, before, edit):
    """Whatever was done before; and so do its undo, redo and undo."""
    panel = Panel(WhatIf("2025-12", home=shared), "Ana")
    for each in before:
        panel.act(each)
    panel.act({"do": "done"})
    start, steps = shown(panel), len(panel.what_if.past)
    panel.act(edit)
    if len(panel.what_if.past) > steps:
        panel.act({"do": "undo"})
        assert shown(panel) == start
        panel.act({"do": "redo"})
        panel.act({"do": "undo"})
    assert shown(panel) == start


def test_growth_makes_usage_larger(panel):
    """10% more: org-a 6.00 × 1.1; for org-b alone -50%: 2.00 × 0.5; the total 7.60."""
    panel.act(driver("growth", "10"))
    assert cells(panel, "org-a")[0] == "$6.60"
    panel.act({"do": "scope", "scope": "org-b"})
    assert (
        panel.view()["drivers"]["sliders"][0]["text"] == "10"
    )  # that of all, until it has its own
    panel.act(driver("growth", "-50"))
    assert (cells(panel, "org-b")[0], total(panel)["cost"], total(panel, 1)["cost"]) == (
        "$1.00",
        "$7.60",
        "$7.60",
    )
    assert (
        panel.view()["drivers"]["summary"]
        == "usage of all other organizations +10%; usage of org-b -50%"
    )
    panel.act(driver("growth", ""))
    assert cells(panel, "org-b")[0] == "$2.20"


def test_a_price_changes_the_cost_of_its_model(panel):
    """big costs 4.00 of org-a's 6.00: at half the price 4.00 in all."""
    assert [slider["key"] for slider in panel.view()["drivers"]["sliders"]] == [
        "growth",
        "model_prices big",
        "model_prices m",
    ]
    panel.act(driver("model_prices big", "-50"))
    assert (cells(panel, "org-a")[0], cells(panel, "org-b")[0]) == ("$4.00", "$2.00")
    assert "price of big for all organizations -50%" in panel.view()["sentence"]


@pytest.mark.parametrize("text", ["x", "10%", "-101", "1001", "0.001"])
def test_what_is_no_rate_is_told(panel, text):
    """Also where an organization without a rate of its own shows it."""
    panel.act(driver("growth", text))
    for scope in ("(all)", "org-a"):
        panel.act({"do": "scope", "scope": scope})
        slider = panel.view()["drivers"]["sliders"][0]
        assert (slider["text"], slider["error"][:20], cells(panel, "org-a")[0]) == (
            text,
            "not a rate of change",
            "$6.00",
        )


def test_a_save_writes_what_was_changed_and_can_be_gone_on_with(own, monkeypatch):
    """Only what differs from the approved budgets; a typed 5000.00 for 5000 is no change. Opened again, it is the same."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1765800000")
    for act in (
        budget("org-a", "5000.00"),
        budget("org-b", "2800"),
        budget("search", "", "product"),
        driver("growth", "12.5"),
    ):
        own.act(act)
    own.act({"do": "save", "name": "more", "author": "Ana", "reason": "two more regions"})
    assert own.view()["scenario"]["message"] == "Saved as params/scenarios/more.yaml."
    home = own.what_if.home
    scenario = load_params(home, "scenarios/more").scenario
    assert (scenario.organization_budgets, scenario.product_budgets) == (
        {"org-b": Decimal(2800)},
        {},
    )
    assert (scenario.growth, f"{scenario.date}", scenario.author) == (
        {"(all)": Decimal("0.125")},
        "2025-12-15",
        "Ana",
    )
    again = Panel(WhatIf("", "scenarios/more", home))
    assert again.view()["sentence"] == own.view()["sentence"]
    assert (again.view()["scenario"]["name"], again.view()["scenario"]["saved"]) == ("more", True)


def test_a_save_asks_for_what_is_missing(own):
    """Name, author and reason, each in its place; another's scenario is not replaced, one's own is."""
    own.act(budget("org-a", "1"))
    own.act({"do": "save", "name": " ", "author": "", "reason": ""})
    assert set(own.view()["scenario"]["errors"]) == {"name", "author", "reason"}
    write_scenario(own.what_if.home, "", "taken")
    own.act({"do": "save", "name": "taken", "author": "Ana", "reason": "why"})
    assert own.view()["scenario"]["errors"]["name"].startswith("there is a scenario of that name")
    own.act({"do": "save", "name": "a/b", "author": "Ana", "reason": "why"})
    assert own.view()["scenario"]["errors"]["name"].startswith("a name that can't be a file's")
    for text in ("2", "3"):
        own.act(budget("org-a", text))
        own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    assert load_params(own.what_if.home, "scenarios/mine").scenario.organization_budgets == {
        "org-a": Decimal(3)
    }


def test_a_file_that_was_edited_since_is_neither_replaced_nor_reported(own):
    """By somebody's editor, or removed: the panel's report must be of what the panel shows."""
    own.act(budget("org-a", "2"))
    own.act({"do": "save", "name": "mine.yaml", "author": "Ana", "reason": "why"})
    file = own.what_if.home.params_file("scenarios/mine")
    assert (file.is_file(), own.view()["scenario"]["name"]) == (True, "mine")
    edited = file.read_text().replace("org-a: 2", "org-a: 9999")
    file.write_text(edited)
    own.act({"do": "report"})
    assert own.view()["scenario"]["message"].startswith(
        "The scenario's file was changed, or removed, since"
    )
    own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    assert own.view()["scenario"]["message"].startswith(
        "The scenario's file was changed, or removed, since"
    )
    assert file.read_text() == edited
    file.unlink()
    own.act({"do": "report"})
    assert own.view()["scenario"]["report"] == ""


def test_it_reports_what_was_saved_last_whatever_name_was_typed_since(own, monkeypatch):
    """A save that is refused does not turn the report to another scenario of that name."""
    for name, amount in (("first", "2"), ("second", "3")):
        own.act(budget("org-a", amount))
        own.act({"do": "save", "name": name, "author": "Ana", "reason": "why"})
    own.act({"do": "save", "name": "first", "author": "Ana", "reason": ""})
    asked = []
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, **_: (
            asked.append(command[-1]) or subprocess.CompletedProcess(command, 0, "", "")
        ),
    )
    own.act({"do": "report"})
    assert asked == ["scenarios/second"]
    assert (
        own.view()["scenario"]["message"]
        == "Reported as outputs/scenarios/second/organizational_alignment.html."
    )


def test_a_budget_of_nothing_is_a_change_where_there_was_none(tmp_path):
    """The line for the mail names it, and its status: the cost is above a budget of 0."""
    home = make_scenario_home(tmp_path)
    file = home.params_file("2025-12")
    file.write_text(
        "".join(
            line
            for line in file.read_text().splitlines(keepends=True)
            if not line.startswith("  org-b:")
        )
    )
    what_if = WhatIf("2025-12", home=home)
    what_if.edit(("organization_budgets", "org-b"), "0")
    assert what_if.sentence(what_if.outcome()).startswith("org-b $0.00 → OVER; ")


def test_what_was_changed_after_the_save_is_not_reported(own):
    """The report is of what was saved; undone to it, it is saved again."""
    own.act({"do": "report"})
    assert own.view()["scenario"]["message"].startswith("Save the scenario first")
    own.act(budget("org-a", "2"))
    own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    own.act(budget("org-a", "3"))
    assert own.view()["scenario"]["saved"] is False
    own.act({"do": "undo"})
    assert own.view()["scenario"]["saved"] is True


def test_usage_is_read_once(own):
    """The files may be gone afterwards."""
    (own.what_if.home.root / "usage" / "calls.csv").unlink()
    own.act(budget("org-a", "5"))
    own.act(driver("growth", "10"))
    assert cells(own, "org-a")[0] == "$6.60"


def test_a_budget_that_is_taken_away_can_be_given_back(tmp_path):
    """Of a name that has spent nothing too: its line stays, without a budget."""
    home = make_scenario_home(tmp_path)
    home.params_file("2025-12").write_text(
        home.params_file("2025-12").read_text().replace("  org-b:", "  idle: 7\n  org-b:")
    )
    panel = Panel(WhatIf("2025-12", home=home))
    panel.act(budget("idle", ""))
    assert cells(panel, "idle") == ("$0.00", "n/a", "-$7.00", "$0.00", "n/a", "NO BUDGET")
    assert total(panel)["budget"] == "$8,000.00"
    assert panel.view()["sentence"].startswith("idle no budget; total budget $8,000.00")
    panel.act(budget("idle", "7"))
    assert panel.view()["changed"] is False


def test_cost_without_a_name_has_no_field(usage_of, shared, tmp_path):
    """Its line is there, and can't be edited."""
    home = make_scenario_home(tmp_path)
    file = home.root / "usage" / "calls.csv"
    file.write_text(file.read_text().replace("org-b", ""))
    panel = Panel(WhatIf("2025-12", home=home))
    assert [each["name"] for each in panel.view()["sections"][0]["rows"] if each["fixed"]] == [
        "(unallocated)"
    ]


def test_the_mail_names_only_budgets_that_were_changed(tmp_path):
    """Growth changes every cost; a name that has no budget, and had none, is not said to have lost one."""
    home = make_scenario_home(tmp_path)
    file = home.root / "usage" / "calls.csv"
    file.write_text(file.read_text().replace("org-b", ""))
    panel = Panel(WhatIf("2025-12", home=home))
    panel.act(driver("growth", "10"))
    assert (
        panel.view()["sentence"]
        == "usage of all organizations +10%; total budget $8,000.00, 99.9% unspent"
    )


def test_a_scenario_that_names_what_is_not_there_is_not_opened(tmp_path):
    """As `run` does."""
    home = make_scenario_home(tmp_path)
    with pytest.raises(Refusal, match=r'organization_budgets\.org-aa: .*Did you mean "org-a"'):
        WhatIf("", write_scenario(home, "organization_budgets:\n  org-aa: 5\n"), home)


def test_a_base_that_can_not_be_read_is_refused(shared):
    with pytest.raises(Refusal, match="there is no such params file"):
        WhatIf("2025-10", home=shared)


def test_the_report_prints_what_the_panel_shows(tmp_path, monkeypatch):
    """Saved and run through the real notebook: cost, budget, variance, % used and total, cell by cell; stamped, with its difference."""
    home = make_scenario_home(tmp_path)
    (home.root / "notebooks" / "organizational_alignment.ipynb").write_bytes(
        (CHECKOUT / "notebooks" / "organizational_alignment.ipynb").read_bytes()
    )
    panel = Panel(WhatIf("2025-12", home=home), "Ana")
    for act in (
        budget("org-a", "6.5"),
        budget("search", "1.25", "product"),
        driver("growth", "12.5"),
        driver("model_prices big", "-20"),
    ):
        panel.act(act)
    panel.act({"do": "save", "name": "more", "author": "Ana", "reason": "two more regions"})
    html = run("scenarios/more", home).read_text(encoding="utf-8")
    sections = sections_of(page_of(html))
    heads = {
        "Total Cost": "cost",
        "Budget": "budget",
        "Variance": "variance",
        "% Used": "budget_used",
    }
    for position, name in enumerate(("Organization", "Product")):
        section = panel.view()["sections"][position]
        lines = {each["name"]: each["cells"] for each in section["rows"]} | {
            "Total": section["total"]["cells"]
        }
        rows = next(iter(sections[f"Cost by {name}"].rows.values()))
        printed = {
            each.cells[name]: {key: each.cells[head] for head, key in heads.items()}
            for each in rows
            if each.kind != "rounding"
        }
        assert printed == {
            key: {each: of[each] for each in heads.values()} for key, of in lines.items()
        }
    assert "WHAT-IF: two more regions" in html
    assert "What This Scenario Changes" in html
    assert not (home.outputs / "scenarios" / "more" / "chargeback.csv").exists()
    results = json.loads((home.outputs / "scenarios" / "more" / "results.json").read_text())
    assert "WHAT-IF: two more regions" in results["title"]
    assert [
        line["budget_change"]
        for line in results["tables"]["scenario_changes"]
        if line["name"] == "org-a"
    ] == ["-4993.5"]


def test_the_panel_reports_what_was_saved(own):
    """Through the command, in a process of its own; what it refuses is told."""
    home = own.what_if.home
    (home.root / "notebooks" / "organizational_alignment.ipynb").write_bytes(
        (CHECKOUT / "notebooks" / "organizational_alignment.ipynb").read_bytes()
    )
    own.act(budget("org-a", "6.5"))
    own.act({"do": "save", "name": "more", "author": "Ana", "reason": "why"})
    own.act({"do": "report"})
    assert (
        own.view()["scenario"]["report"] == "outputs/scenarios/more/organizational_alignment.html"
    )
    assert (home.root / own.view()["scenario"]["report"]).is_file()
    (home.root / "usage" / "calls.csv").unlink()
    own.act({"do": "report"})
    assert own.view()["scenario"]["message"].startswith(
        "Not reported: usage: there is no such file"
    )
