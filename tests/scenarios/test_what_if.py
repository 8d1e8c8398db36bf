"""The what-if without a browser: edits, undo, growth, prices, saving and reporting."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.published import page_of, sections_of
from support.scenario_homes import make_scenario_home, write_scenario

from finops_nb.errors import Refusal
from finops_nb.home import CHECKOUT, Home
from finops_nb.params.params_file import load_params
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
    """A panel with a home of its own, which may save."""
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
    texts = row(panel, name)["cells"]
    columns = ("cost", "budget", "budget_change", "variance", "budget_used", "status")
    return tuple(texts[column] for column in columns)


def total(panel: Panel, section: int = 0) -> dict:
    return panel.view()["sections"][section]["total"]["cells"]


def test_figures_follow_an_edit(panel):
    """$6 of $5,000 becomes $6 of $5: $1 over, 120%; the total budget is 5 + 3,000."""
    assert cells(panel, "org-a") == ("$6.00", "$5,000.00", "$0.00", "-$4,994.00", "0.1%", "UNDER")
    panel.act(budget("org-a", "5"))
    assert cells(panel, "org-a") == ("$6.00", "$5.00", "-$4,995.00", "$1.00", "120.0%", "OVER")
    assert (total(panel)["budget"], total(panel)["budget_change"]) == ("$3,005.00", "-$4,995.00")
    assert (
        panel.view()["sentence"]
        == "org-a -$4,995.00 → 120.0% used; total budget $3,005.00, 99.7% unspent"
    )


def test_it_starts_with_the_approved_budgets(panel):
    """It has every name in usage or budgets, by dimension; nothing is changed or to be undone."""
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
        ("5.999999", "UNDER", ">100.0%"),  # $0.000001 over prints as $0.00
        ("5.9950", "OVER", "100.1%"),
        ("0", "OVER", "n/a"),
        ("", "NO BUDGET", "n/a"),
    ],
)
def test_the_edges_of_a_budget(panel, text, status, used):
    """100% used is UNDER in a full month, zero with spend is OVER, an empty field is NO BUDGET."""
    panel.act(budget("org-a", text))
    assert cells(panel, "org-a")[4:] == (used, status)
    assert row(panel, "org-a")["error"] == ""


@pytest.mark.parametrize(
    "text", ["5,00", "5k", "€5000", "1e3", "NaN", "-1", "five", "5 000", "none "]
)
def test_an_invalid_amount_has_an_error_and_no_effect(own, text):
    """The text stays in its field, the figures keep the last amount, and nothing is saved."""
    own.act(budget("org-a", "5"))
    own.act(budget("org-a", text))
    if text == "none ":
        assert row(own, "org-a")["error"] == ""
        return
    assert (row(own, "org-a")["text"], cells(own, "org-a")[1]) == (text, "$5.00")
    assert row(own, "org-a")["error"].endswith(".")
    own.act({"do": "save", "name": "x", "author": "Ana", "reason": "why"})
    advice = "Finish or fix the budget of org-a: the figures use its last valid value."
    assert own.view()["to_finish"] == advice
    assert own.view()["scenario"]["message"] == f"Not saved. {advice}"
    assert list((own.what_if.home.params / "scenarios").iterdir()) == []


def typing(action: dict) -> dict:
    """The same action, sent while a person is typing in the field."""
    return action | {"typing": True}


def done(action: dict) -> dict:
    """The field of an action was left."""
    return action | {"do": "done"}


def test_an_amount_counts_once_its_field_is_left(panel):
    """$6 of $2,800 is 0.2%; while 2,800 is typed, neither 2 nor 28 nor 280 is anyone's budget."""
    before = (cells(panel, "org-a"), total(panel), panel.view()["sentence"])
    for text in ("2", "2,", "2,8", "2,80", "2,800"):
        panel.act(typing(budget("org-a", text)))
        assert (row(panel, "org-a")["text"], row(panel, "org-a")["unfinished"]) == (text, True)
        assert (cells(panel, "org-a"), total(panel), panel.view()["sentence"]) == before
        assert row(panel, "org-a")["error"] == ""
    panel.act(done(budget("org-a", "")))
    assert (row(panel, "org-a")["text"], row(panel, "org-a")["unfinished"]) == ("2800", False)
    assert cells(panel, "org-a")[1:3] == ("$2,800.00", "-$2,200.00")
    assert cells(panel, "org-a")[4] == "0.2%"


def test_an_unfinished_field_stops_copy_save_and_report(own):
    """It is named; once it is finished, all three go on."""
    own.act(budget("org-b", "7"))
    own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    own.act(typing(budget("org-a", "2")))
    own.act(typing(driver("growth", "1")))
    advice = (
        "Finish or fix the growth of usage and the budget of org-a: "
        "the figures use their last valid values."
    )
    assert own.view()["to_finish"] == advice
    assert advice in own._repr_html_()
    for do, word in (("save", "saved"), ("report", "reported")):
        own.act({"do": do, "name": "mine", "author": "Ana", "reason": "why"})
        assert own.view()["scenario"]["message"] == f"Not {word}. {advice}"
    scenario = load_params(own.what_if.home, "scenarios/mine").scenario
    assert (scenario.organization_budgets, scenario.growth) == ({"org-b": Decimal(7)}, {})
    own.act({"do": "done"})
    assert own.view()["to_finish"] == ""
    own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    scenario = load_params(own.what_if.home, "scenarios/mine").scenario
    assert scenario.organization_budgets == {"org-a": Decimal(2), "org-b": Decimal(7)}
    assert scenario.growth == {"(all)": Decimal("0.01")}


def test_typing_that_was_undone_counts_when_it_is_done_again(panel):
    """Escape takes back what was typed; redo finishes it, since nobody is typing then."""
    panel.act(typing(budget("org-a", "28")))
    panel.act({"do": "undo"})
    assert (row(panel, "org-a")["text"], panel.view()["to_finish"]) == ("5000", "")
    panel.act({"do": "redo"})
    assert (cells(panel, "org-a")[1], panel.view()["to_finish"]) == ("$28.00", "")


def test_another_field_that_is_left_finishes_only_itself(panel):
    """Two people may type into two views of one panel."""
    panel.act(typing(budget("org-a", "2")))
    panel.act(typing(budget("org-b", "7")))
    panel.act(done(budget("org-b", "")))
    assert (cells(panel, "org-a")[1], cells(panel, "org-b")[1]) == ("$5,000.00", "$7.00")
    assert "org-a" in panel.view()["to_finish"]


def test_a_slider_stays_at_the_rate_in_force(panel):
    """It shows no text that is half typed or refused."""
    panel.act(driver("growth", "-20.5"))
    for action in (typing(driver("growth", "7")), driver("growth", "much")):
        panel.act(action)
        slider = panel.view()["drivers"]["sliders"][0]
        assert (slider["text"], slider["position"]) == (action["text"], "-20.5")
    panel.act(driver("growth", "10%"))
    slider = panel.view()["drivers"]["sliders"][0]
    assert (slider["text"], slider["position"]) == ("10", "10")


def test_edits_of_one_field_are_one_step(panel):
    """Text typed letter by letter is undone at once; leaving the field ends the step."""
    for text in ("2", "28", "280"):
        panel.act(budget("org-a", text))
    panel.act(budget("org-b", "1"))
    panel.act({"do": "done"})
    panel.act(budget("org-b", "12"))
    texts = []
    while panel.view()["can_undo"]:
        panel.act({"do": "undo"})
        texts.append((row(panel, "org-a")["text"], row(panel, "org-b")["text"]))
    assert texts == [("280", "1"), ("280", "3000"), ("5000", "3000")]
    panel.act({"do": "redo"})
    assert row(panel, "org-a")["text"] == "280"


def test_reset_restores_the_approved_budgets(panel):
    """It can be undone."""
    panel.act(budget("org-a", "5"))
    panel.act({"do": "reset"})
    assert (row(panel, "org-a")["text"], panel.view()["changed"]) == ("5000", False)
    panel.act({"do": "undo"})
    assert row(panel, "org-a")["text"] == "5"


def shown(panel: Panel) -> str:
    """Everything that a reader sees, except whether there is a step to redo."""
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
    st.builds(typing, st.builds(budget, st.sampled_from(["org-a", "org-b"]), texts)),
    st.just({"do": "done"}),
    st.just({"do": "reset"}),
)


@pytest.mark.slow
@settings(max_examples=cases(40))
@given(before=st.lists(edits, max_size=4), edit=edits)
def test_any_edit_and_its_undo_give_the_same_bytes(shared, before, edit):
    """This holds after any earlier edits, and also after undo, redo and undo."""
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


def test_growth_increases_usage(panel):
    """10% for all: org-a 6.00 × 1.1; -50% for org-b alone: 2.00 × 0.5; total 7.60."""
    panel.act(driver("growth", "10"))
    assert cells(panel, "org-a")[0] == "$6.60"
    panel.act({"do": "scope", "scope": "org-b"})
    # org-b shows the rate of all organizations until it has one of its own.
    assert panel.view()["drivers"]["sliders"][0]["text"] == "10"
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
    """Model big is 4.00 of org-a's 6.00; at half its price, org-a costs 4.00."""
    assert [slider["key"] for slider in panel.view()["drivers"]["sliders"]] == [
        "growth",
        "model_prices big",
        "model_prices m",
    ]
    panel.act(driver("model_prices big", "-50"))
    assert (cells(panel, "org-a")[0], cells(panel, "org-b")[0]) == ("$4.00", "$2.00")
    assert "price of big for all organizations -50%" in panel.view()["sentence"]


@pytest.mark.parametrize("text", ["x", "10%%", "-101", "1001", "0.001"])
def test_an_invalid_rate_has_an_error(panel, text):
    """An organization without a rate of its own shows the error too."""
    panel.act(driver("growth", text))
    for scope in ("(all)", "org-a"):
        panel.act({"do": "scope", "scope": scope})
        slider = panel.view()["drivers"]["sliders"][0]
        assert (slider["text"], cells(panel, "org-a")[0]) == (text, "$6.00")
        assert slider["error"].startswith("not a percentage from -100 to 1000. Write 10 for")


def test_a_saved_scenario_can_be_continued(own, monkeypatch):
    """It has the budgets that differ from the approved ones; 5000.00 for 5000 is no change."""
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


def test_a_save_asks_for_name_author_and_reason(own):
    """It replaces the panel's own scenario, but no other."""
    own.act(budget("org-a", "1"))
    own.act({"do": "save", "name": " ", "author": "", "reason": ""})
    assert set(own.view()["scenario"]["errors"]) == {"name", "author", "reason"}
    write_scenario(own.what_if.home, "", "taken")
    own.act({"do": "save", "name": "taken", "author": "Ana", "reason": "why"})
    assert own.view()["scenario"]["errors"]["name"].startswith("a scenario of that name already")
    own.act({"do": "save", "name": "a/b", "author": "Ana", "reason": "why"})
    assert own.view()["scenario"]["errors"]["name"].startswith("a name that can't be a file's")
    for text in ("2", "3"):
        own.act(budget("org-a", text))
        own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    assert load_params(own.what_if.home, "scenarios/mine").scenario.organization_budgets == {
        "org-a": Decimal(3)
    }


def test_a_file_changed_elsewhere_is_neither_replaced_nor_reported(own):
    """The report of a panel must have the figures that the panel shows."""
    own.act(budget("org-a", "2"))
    own.act({"do": "save", "name": "mine.yaml", "author": "Ana", "reason": "why"})
    file = own.what_if.home.params_file("scenarios/mine")
    assert (file.is_file(), own.view()["scenario"]["name"]) == (True, "mine")
    edited = file.read_text().replace("org-a: 2", "org-a: 9999")
    file.write_text(edited)
    own.act({"do": "report"})
    assert own.view()["scenario"]["message"].startswith(
        "The scenario's file was changed or removed after"
    )
    own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    assert own.view()["scenario"]["message"].startswith(
        "The scenario's file was changed or removed after"
    )
    assert file.read_text() == edited
    file.unlink()
    own.act({"do": "report"})
    assert own.view()["scenario"]["report"] == ""


def test_it_reports_the_scenario_saved_last(own, monkeypatch):
    """A refused save under another name does not change which scenario is reported."""
    for name, amount in (("first", "2"), ("second", "3")):
        own.act(budget("org-a", amount))
        own.act({"do": "save", "name": name, "author": "Ana", "reason": "why"})
    own.act({"do": "save", "name": "first", "author": "Ana", "reason": ""})
    reported = []

    def fake_run(command, **_):
        reported.append(command[-1])
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", fake_run)
    own.act({"do": "report"})
    page = "outputs/scenarios/second/organizational_alignment.html"
    assert reported == ["scenarios/second"]
    assert own.view()["scenario"]["message"] == f"Report published: {page}"


def test_a_budget_of_zero_differs_from_no_budget(tmp_path):
    """The line for the mail has it, with its status: the cost is above a budget of 0."""
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
    assert what_if.sentence(what_if.figures()).startswith("org-b $0.00 → OVER; ")


def test_unsaved_changes_are_not_reported(own):
    """After an undo to the saved edits, the scenario counts as saved again."""
    own.act({"do": "report"})
    assert own.view()["scenario"]["message"].startswith("Save first: the report uses the saved")
    own.act(budget("org-a", "2"))
    own.act({"do": "save", "name": "mine", "author": "Ana", "reason": "why"})
    own.act(budget("org-a", "3"))
    assert own.view()["scenario"]["saved"] is False
    own.act({"do": "undo"})
    assert own.view()["scenario"]["saved"] is True


def test_usage_is_read_once(own):
    """Edits work even after the files are gone."""
    (own.what_if.home.root / "usage" / "calls.csv").unlink()
    own.act(budget("org-a", "5"))
    own.act(driver("growth", "10"))
    assert cells(own, "org-a")[0] == "$6.60"


def test_a_removed_budget_can_be_entered_again(tmp_path):
    """Even a name without spend keeps its row, without a budget."""
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
    """Its row is shown, but cannot be edited."""
    home = make_scenario_home(tmp_path)
    file = home.root / "usage" / "calls.csv"
    file.write_text(file.read_text().replace("org-b", ""))
    panel = Panel(WhatIf("2025-12", home=home))
    assert [each["name"] for each in panel.view()["sections"][0]["rows"] if each["fixed"]] == [
        "(unallocated)"
    ]


def test_the_mail_names_only_budgets_that_were_changed(tmp_path):
    """Growth changes every cost, but a name that never had a budget does not count as changed."""
    home = make_scenario_home(tmp_path)
    file = home.root / "usage" / "calls.csv"
    file.write_text(file.read_text().replace("org-b", ""))
    panel = Panel(WhatIf("2025-12", home=home))
    panel.act(driver("growth", "10"))
    assert (
        panel.view()["sentence"]
        == "usage of all organizations +10%; total budget $8,000.00, 99.9% unspent"
    )


def test_a_scenario_with_an_unknown_name_is_refused(tmp_path):
    """`run` refuses it too."""
    home = make_scenario_home(tmp_path)
    with pytest.raises(Refusal, match=r'organization_budgets\.org-aa: .*Did you mean "org-a"'):
        WhatIf("", write_scenario(home, "organization_budgets:\n  org-aa: 5\n"), home)


def test_a_base_that_cannot_be_read_is_refused(shared):
    """There are no params of that NAME."""
    with pytest.raises(Refusal, match="there is no such params file"):
        WhatIf("2025-10", home=shared)


@pytest.mark.slow
def test_the_report_prints_what_the_panel_shows(tmp_path, monkeypatch):
    """The real notebook prints the same cost, budget, variance, % used and total, and a stamp."""
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
        "What-If Cost": "cost",
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


@pytest.mark.slow
def test_the_panel_reports_the_saved_scenario(own):
    """It runs the command in a process of its own, and shows what the command refuses."""
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
    message = "Not reported: params/2025-12.yaml, line 3, usage: no such file"
    assert own.view()["scenario"]["message"].startswith(message)
