"""Home: where params, notebooks and outputs are, and which NAMEs can be run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from finops_nb import home as module
from finops_nb.errors import Refusal
from finops_nb.home import VARIABLE, Home, find_home, packaged_notebooks
from finops_nb.params.budgets import read_budgets
from finops_nb.params.params_file import load_params

COPY = r"To add 2024-12, copy another month's file and change its period\."
"""How to make a month's params by hand."""


@pytest.fixture
def three_names(tmp_path, monkeypatch) -> Home:
    """A home with three NAMEs and no home around it."""
    monkeypatch.delenv(VARIABLE, raising=False)
    three_names = Home(tmp_path / "home")
    for name in ("2025-11", "2025-12", "analysis/2025-Q4"):
        write(three_names, name)
    (three_names.root / "notebooks").mkdir()
    return three_names


def write(three_names: Home, name: str) -> None:
    three_names.params_file(name).parent.mkdir(parents=True, exist_ok=True)
    three_names.params_file(name).touch()


def test_it_lists_the_names(three_names):
    """The NAME of a params file is its path under params/ without suffix."""
    assert three_names.names() == ["2025-11", "2025-12", "analysis/2025-Q4"]


@pytest.mark.parametrize(
    "name",
    ["2025-12", "2025-12.yaml", "params/2025-12.yaml", "./params/2025-12.yaml", "analysis/2025-Q4"],
)
def test_it_takes_a_name_as_it_is_typed(three_names, name):
    """A NAME may be typed as a path, as a shell completes it."""
    assert three_names.check_name(name) in ("2025-12", "analysis/2025-Q4")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "..",
            ".",
            "../2025-12",
            "analysis/../2025-12",
            "analysis/..",
            "/etc/passwd",
            "/2025-12",
            "",
            "analysis/",
            "analysis//2025-Q4",
        ),
        *(
            ".hidden",
            "analysis/.hidden",
            "-x",
            "_x",
            "a b",
            "a\tb",
            "a\\b",
            "é",
            "日本",
            "a;b",
            "$(x)",
            "~",
            "a*",
        ),
        *("params/", "params/../x", "./../x"),
    ],
)
def test_it_refuses_a_name_that_could_leave_params(three_names, name):
    """Dots, blanks, absolute paths, hidden files and foreign letters never reach the disk."""
    with pytest.raises(Refusal) as refused:
        three_names.check_name(name)

    problem = refused.value.problems[0]
    assert (problem.column, problem.value) == ("NAME", name)
    assert "Write the path of a file in params/" in problem.fix


def test_it_refuses_a_name_without_a_file(three_names):
    """A misspelled NAME gets the nearest one."""
    with pytest.raises(Refusal) as refused:
        three_names.check_name("analysis/2025-Q3")
    assert str(refused.value) == (
        "params/analysis/2025-Q3.yaml: there is no such params file. "
        'Did you mean "analysis/2025-Q4"? To make this report, write params/analysis/2025-Q3.yaml '
        'with period: "2025-Q3", budgets: "months:" for the sum of its months\' budgets, and '
        "usage: the files of its months, as a folder, a list, or a pattern such as "
        '"usage/calls-*.csv".'
    )


def test_a_missing_scenario_is_one_of_the_scenarios(three_names):
    """No other NAME is offered; where there is none, the message says how to make one."""
    message = r"no such params file\. This home has no scenarios: save one in the what-if notebook"
    with pytest.raises(Refusal, match=message):
        three_names.check_name("scenarios/more")
    write(three_names, "scenarios/lower-gamma")
    message = r"no such params file\. Choose from: scenarios/lower-gamma\.$"
    with pytest.raises(Refusal, match=message):
        three_names.check_name("scenarios/xyz")


def test_it_says_how_to_write_a_month_that_is_missing(three_names):
    """A missing month gets the months that exist and the command that writes it."""
    months = r"There are params files for 2 months, 2025-11 to 2025-12\."
    with pytest.raises(
        Refusal, match=rf"{months} Create the one for 2026-01 with `finops-nb new 2026-01`\.$"
    ):
        three_names.check_name("2026-01")
    with pytest.raises(Refusal, match=rf"{months} {COPY}$"):
        three_names.check_name("2024-12")


def test_the_command_that_writes_a_month_in_a_gap_is_named(three_names):
    """`new` copies the newest earlier month, and later ones do not matter."""
    write(three_names, "2026-03")
    command = "`finops-nb new 2026-01`"
    with pytest.raises(Refusal, match=rf"Create the one for 2026-01 with {command}\.$"):
        three_names.check_name("2026-01")


@pytest.mark.parametrize(
    "name",
    ["2025_12", "202512", "2025/12", "12-2025", "dec-2025", "Dec 2025", "December 2025.yaml"],
)
def test_a_month_in_another_spelling_is_understood(three_names, name):
    """The NAME that was meant is suggested, whether or not it has params."""
    with pytest.raises(Refusal, match=r'Did you mean "2025-12"\?$'):
        three_names.check_name(name)
    three_names.params_file("2025-12").unlink()
    command = 'Did you mean "2025-12"' if " " in name else "`finops-nb new 2025-12`"
    with pytest.raises(Refusal, match=command):
        three_names.check_name(name)


def test_a_path_to_a_params_file_from_another_folder_gets_its_name(three_names, monkeypatch):
    """Relative and absolute paths are understood, of files that end in .yaml or .yml."""
    (three_names.params / "2026-01.yml").touch()
    monkeypatch.chdir(three_names.root / "notebooks")
    paths = {
        "../params/2025-12.yaml": "2025-12",
        f"{three_names.params}/analysis/2025-Q4.yaml": "analysis/2025-Q4",
        "../params/2026-01.yml": "2026-01",
    }
    for path, name in paths.items():
        with pytest.raises(Refusal, match=rf'^NAME: not a NAME .*Did you mean "{name}"\?$'):
            three_names.check_name(path)
    with pytest.raises(Refusal, match="Write the path of a file in params/"):
        three_names.check_name("../x")


@pytest.mark.parametrize("name", ["2025_11", "nov-2025", "2025/11"])
def test_a_month_that_is_not_named_after_itself_is_pointed_out(three_names, name):
    """Its report is an analysis; where the month has params of its own, it may be meant so."""
    assert three_names.misnamed(name, "2025-11") == ""
    three_names.params_file("2025-11").unlink()
    sentence = three_names.misnamed(name, "2025-11")
    assert sentence.startswith(f"params/{name}.yaml makes an analysis, without a ledger")
    assert sentence.endswith("Did you mean params/2025-11.yaml?")
    assert three_names.misnamed(name, "2025-10") == ""
    assert three_names.misnamed("analysis/november", "2025-11") == ""


@pytest.mark.parametrize("period", ["2025-12", "2025-Q4", "2025-11-01/2025-11-15"])
def test_a_month_with_another_period_is_told_which_line_to_change(three_names, period):
    """The file of November says another period; with its own, it is the official month."""
    assert three_names.misnamed("2025-11", period) == (
        "params/2025-11.yaml makes an analysis, without a ledger, because its period is "
        f"{period}, not 2025-11. For the official November 2025 report, change that line to "
        'period: "2025-11"'
    )
    assert three_names.misnamed("2025-11", "2025-11") == ""


def test_months_with_a_gap_are_not_given_as_a_range(three_names):
    """A few are listed; of many, the message says that some are missing."""
    three_names.params_file("2025-08").touch()
    with pytest.raises(
        Refusal, match=rf"There are params files for 2025-08, 2025-11 and 2025-12\. {COPY}$"
    ):
        three_names.check_name("2024-12")
    for month in range(1, 6):
        three_names.params_file(f"2025-0{month}").touch()
    months = "There are params files for 8 months from 2025-01 to 2025-12, not all"
    with pytest.raises(Refusal, match=rf"{months}\. {COPY}$"):
        three_names.check_name("2024-12")


def test_files_that_end_in_yml_are_known(three_names):
    """They are no NAMEs, unless a file that ends in .yaml stands beside them."""
    for name in ("2026-05", "analysis/x", "2025-12"):
        (three_names.params / f"{name}.yml").touch()
    assert three_names.names() == ["2025-11", "2025-12", "analysis/2025-Q4"]
    assert three_names.names_to_rename() == ["2026-05", "analysis/x"]


@pytest.mark.parametrize("name", ["2026-05", "2026-05.yml", "params/2026-05.yml"])
def test_a_file_that_ends_in_yml_is_to_be_renamed(three_names, name):
    """Only .yaml is read, so that one NAME can't have two files."""
    (three_names.params / "2026-05.yml").touch()
    with pytest.raises(Refusal) as refused:
        three_names.check_name(name)
    assert str(refused.value) == ("params/2026-05.yml: ends in .yml. Rename it to 2026-05.yaml.")
    assert three_names.check_name("2025-12.yml") == "2025-12"


def test_a_single_month_is_named(three_names):
    """Where one month has params, the message names it alone."""
    three_names.params_file("2025-11").unlink()

    with pytest.raises(Refusal, match=rf"There are params files for 2025-12 only\. {COPY}$"):
        three_names.check_name("2024-12")


@pytest.mark.parametrize("word", ["last-moth", "Last-Month"])
def test_a_slip_in_last_month_is_understood(three_names, word):
    """The words that commands accept besides NAMEs are suggested too."""
    with pytest.raises(Refusal, match='Did you mean "last-month"'):
        three_names.check_name(word)
    with pytest.raises(Refusal) as refused:
        three_names.check_name(word, words=())
    assert "last-month" not in refused.value.problems[0].fix


def test_a_name_too_long_for_a_file_is_refused(three_names):
    """The message shows only the start of it."""
    with pytest.raises(Refusal, match="at most 200 letters") as refused:
        three_names.check_name("b" * 300)
    assert len(str(refused.value)) < 500


def test_it_says_how_to_create_a_first_one(tmp_path):
    """With no NAME to suggest, the message names `init`."""
    (tmp_path / "params").mkdir()

    with pytest.raises(Refusal, match="Create a first one with `finops-nb init FOLDER`"):
        Home(tmp_path).check_name("quarter")


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("2025-12", "2025-12/late"), ("analysis", "analysis/2025-Q4"), ("a", "a/b/c")],
)
def test_it_refuses_names_that_lie_inside_one_another(three_names, outer, inner):
    """outputs/a is the folder of one report; it can't hold the folder of a/b as well."""
    write(three_names, outer)
    write(three_names, inner)

    for name in (outer, inner):
        with pytest.raises(
            Refusal, match=f"outputs/{outer} would hold both a report and other reports' folders"
        ):
            three_names.check_name(name)


def test_it_finds_the_nearest_home_upward(three_names, monkeypatch):
    """It works from any folder inside, and from the working directory if none is named."""
    inside = three_names.root / "params" / "analysis"

    assert find_home(inside) == find_home(three_names.root) == three_names
    monkeypatch.chdir(inside)
    assert find_home() == three_names


def test_params_alone_make_a_home(three_names):
    """The nearest folder upward whose params/ has a params file is the home.

    It needs no notebooks/: the packaged ones serve it.
    """
    nested = Home(three_names.root / "sub")
    nested.params.mkdir(parents=True)
    assert find_home(nested.root) == three_names

    write(nested, "2025-12")
    assert find_home(nested.root) == nested
    assert nested.notebook("organizational_alignment").is_file()


def test_it_prefers_the_variable(three_names, tmp_path, monkeypatch):
    """`$FINOPS_NB_HOME` wins over the current folder, and needs no notebooks/."""
    other = tmp_path / "other"
    (other / "params").mkdir(parents=True)
    monkeypatch.setenv(VARIABLE, str(other))

    assert find_home(three_names.root) == Home(other)


def test_it_refuses_a_variable_that_does_not_name_a_home(three_names, tmp_path, monkeypatch):
    """A wrong `$FINOPS_NB_HOME` is never silently ignored."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "typo"))

    with pytest.raises(
        Refusal, match=r"^\$FINOPS_NB_HOME: the folder has no params/ \(found .*typo"
    ):
        find_home(three_names.root)


def test_outside_of_every_home_it_refuses(tmp_path, monkeypatch):
    """A checkout is never the home from outside it; the message names `init`."""
    monkeypatch.delenv(VARIABLE, raising=False)
    outside = tmp_path / "outside"
    outside.mkdir()
    message = r"^no home here: .*\. Create one with `finops-nb init FOLDER`"
    with pytest.raises(Refusal, match=message):
        find_home(outside)
    assert find_home(module.CHECKOUT / "tests") == Home(module.CHECKOUT)


def test_a_home_elsewhere_is_named(three_names, monkeypatch):
    """The sentence is empty in the home itself, and names it from any other folder."""
    monkeypatch.chdir(three_names.root)
    assert three_names.elsewhere == ""
    monkeypatch.chdir(three_names.root / "params")
    assert three_names.elsewhere == f"Home: {three_names.root}"


def test_it_prefers_its_own_notebook(three_names, monkeypatch):
    """A home's own notebook is run, or else the packaged one, which always exists."""
    monkeypatch.setattr(module, "CHECKOUT", module.PACKAGE.parent)
    packaged = three_names.notebook("organizational_alignment")
    assert (packaged.is_file(), packaged.parent) == (True, packaged_notebooks())

    own = three_names.root / "notebooks" / "organizational_alignment.ipynb"
    own.touch()
    assert three_names.notebook("organizational_alignment") == own


def test_it_knows_its_folders(three_names):
    """Params and outputs are folders in the home."""
    assert (three_names.params, three_names.outputs) == (
        three_names.root / "params",
        three_names.root / "outputs",
    )


def test_it_shows_no_path_of_the_machine(three_names):
    """A path in the home is shown relative to it; of any other, only the last part."""
    assert three_names.shown(three_names.params_file("2025-12")) == "params/2025-12.yaml"
    assert three_names.shown(Path("/secret/place/usage.csv")) == "usage.csv"


def test_a_quarter_without_a_file_is_told_how_to_be_made(home):
    """The advice, followed literally, is a file that is read, and adds up its months' budgets."""
    for month in ("2025-10", "2025-11", "2025-12"):
        home.params_file(month).write_text(
            f'period: "{month}"\nusage: "sample:"\norganization_budgets: {{org-a: 10}}\n'
        )
    with pytest.raises(Refusal) as refused:
        home.check_name("2025-Q4")
    text = str(refused.value)
    assert text.startswith("params/2025-Q4.yaml: there is no such params file. ")
    keys = [re.search(rf"{key}: \"[^\"]+\"", text)[0] for key in ("period", "budgets")]
    usage = re.search(r'pattern such as ("[^"]+")', text)[1]
    home.params_file("2025-Q4").write_text("\n".join([*keys, f"usage: {usage}", ""]))
    params = load_params(home, home.check_name("2025-Q4"))
    assert read_budgets(params, home).organizations == {"org-a": 30}
