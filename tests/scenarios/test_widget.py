"""The what-if's widget: what it syncs, what it answers, and what it shows after a failure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from finops_nb.errors import Failure, Problem, Refusal
from finops_nb.scenarios.widget import FOLDER, INTERRUPTED, REPORTING, BudgetWhatIf

SENTENCE = "No change; total budget $10.00, 40.0% unspent"


class Typed:
    """A state that shows the last text typed.

    The next action raises `fails`, and the next view raises `hides`.
    """

    def __init__(self):
        self.text = "10"
        self.done: list[str] = []
        self.fails: BaseException | None = None
        self.hides: BaseException | None = None

    def view(self) -> dict[str, Any]:
        if self.hides:
            raise self.hides
        scenario = {
            "name": "",
            "author": "",
            "reason": "",
            "errors": {},
            "message": "",
            "saved": False,
            "report": "",
        }
        return {
            "heading": "What if? December 2025",
            "sentence": SENTENCE,
            "text": self.text,
            "scenario": scenario,
        }

    def act(self, action: Mapping[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.done.append(action["do"])
        self.text = action.get("text", self.text)

    def _repr_html_(self) -> str:
        return "<table><td>$6.00</td></table>"


@pytest.fixture
def state() -> Typed:
    return Typed()


@pytest.fixture
def widget(state) -> BudgetWhatIf:
    return BudgetWhatIf(state)


def views_during(widget: BudgetWhatIf, action: dict) -> list[dict]:
    """Each view that is synced during an action."""
    seen: list[dict] = []
    widget.observe(lambda change: seen.append(change["new"]), "view")
    widget.act(action)
    return seen


def test_it_shows_the_state_at_once(widget, state):
    """Before any action, the view is the state's."""
    assert widget.view == state.view()


def test_an_action_reaches_the_state_and_is_answered(widget, state):
    """One action gives one view, with the `seq` of the action."""
    views = views_during(widget, {"do": "budget", "text": "12", "seq": ["a", 7]})

    assert state.done == ["budget"]
    assert [(view["text"], view["seq"], view["problem"]) for view in views] == [
        ("12", ["a", 7], "")
    ]


def test_a_message_from_the_browser_is_an_action(widget, state):
    """It is handled like a call of `act`."""
    widget._handle_custom_msg({"do": "budget", "text": "12", "seq": ["a", 1]}, [])

    assert (state.done, widget.view["text"], widget.view["seq"]) == (["budget"], "12", ["a", 1])


def test_an_action_from_a_cell_answers_no_message(widget):
    """Without a `seq` the view keeps the last one, which the page may still wait for."""
    widget.act({"do": "budget", "text": "12", "seq": ["a", 7]})
    widget.act({"do": "budget", "text": "13"})

    assert (widget.view["text"], widget.view["seq"]) == ("13", ["a", 7])


def test_a_report_first_shows_that_it_takes_time(widget, state):
    """The first view is busy, with a message, and answers nothing yet; the second is the result."""
    widget.act({"do": "budget", "text": "12", "seq": ["a", 1]})
    first, second = views_during(widget, {"do": "report", "seq": ["a", 2]})

    assert (first["busy"], first["scenario"]["message"], first["text"], first["seq"]) == (
        True,
        REPORTING,
        "12",
        ["a", 1],
    )
    assert ("busy" in second, second["scenario"]["message"], second["seq"]) == (False, "", ["a", 2])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Failure("The disk is full. Make room."), "The disk is full. Make room."),
        (
            Refusal([Problem("not a name", "Write letters", value="?")]),
            'not a name (found "?"). Write letters.',
        ),
        (KeyError("do"), "Internal error: KeyError: 'do'."),
        (KeyboardInterrupt(), INTERRUPTED),
    ],
)
@pytest.mark.parametrize("where", ["fails", "hides"])
@pytest.mark.parametrize("do", ["budget", "report"])
def test_a_failure_is_shown_as_a_sentence(widget, state, error, sentence, where, do):
    """Whether the action or the view fails, the action is answered and the figures stay."""
    setattr(state, where, error)

    widget.act({"do": do, "seq": ["a", 1]})

    assert (widget.view["problem"], widget.view["seq"], widget.view["sentence"]) == (
        sentence,
        ["a", 1],
        SENTENCE,
    )
    assert not widget.view.get("busy")
    assert widget.view["scenario"]["message"] == ""


def test_the_next_action_removes_the_problem(widget, state):
    """The sentence is shown only as long as it is true."""
    state.fails = Failure("The disk is full.")
    widget.act({"do": "save"})
    state.fails = None
    widget.act({"do": "save"})

    assert widget.view["problem"] == ""


def test_an_invalid_action_is_a_problem(widget):
    """A message without `do` is shown like any other failure."""
    widget.act({})

    assert widget.view["problem"] == "Internal error: KeyError: 'do'."


def test_without_a_kernel_the_table_is_shown(widget):
    """The output also has the state's HTML and one line of text."""
    data, _ = widget._repr_mimebundle_()

    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert data["text/html"] == "<table><td>$6.00</td></table>"
    assert data["text/plain"] == f"What if? December 2025: {SENTENCE}"


def test_what_is_synced_is_json(widget):
    """A browser can read the view and the panel's two files."""
    synced = widget.get_state()

    assert json.loads(json.dumps(synced["view"])) == widget.view
    assert synced["_esm"] == (FOLDER / "what_if.js").read_text(encoding="utf-8")
    assert synced["_css"] == (FOLDER / "what_if.css").read_text(encoding="utf-8")


def test_the_panel_loads_nothing():
    """No import, request or address; no data is interpreted as markup or code."""
    script = (FOLDER / "what_if.js").read_text(encoding="utf-8")
    style = (FOLDER / "what_if.css").read_text(encoding="utf-8")
    requests = r"\bimport\b|\bfetch\b|XMLHttpRequest|https?:|//[a-z]+\."
    evaluates = r"\beval\b|Function\(|outerHTML|insertAdjacentHTML|document\.write"

    assert not re.findall(f"{requests}|{evaluates}", script)
    assert re.findall(r"innerHTML.*", script) == ["innerHTML = PANEL;"]
    assert "${" not in script.split("const PANEL = `")[1].split("`")[0]
    assert not re.findall(r"@import|url\(|https?:", style)


def test_the_style_stays_in_the_panel():
    """Every rule begins with the panel's class, so the rest of JupyterLab looks the same."""
    style = re.sub(
        r"/\*.*?\*/", "", (FOLDER / "what_if.css").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    rules = re.findall(r"([^{}]+)\{", style)
    selectors = [each.strip() for rule in rules for each in re.split(r",(?![^(]*\))", rule)]
    own = re.compile(r'(\[data-jp-theme-light="false"\] )?\.finops-what-if\b|@container what-if\b')

    assert len(selectors) > 30
    assert [each for each in selectors if not own.match(each)] == []
