"""The commands: what they print, where, and how they exit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from finops_nb.cli import main

HEADER = (
    "timestamp,provider,model,input_tokens,output_tokens,cost_usd,latency_ms,"
    "customer_id,organization_id,product_id,feature_id,task_type,subscription_tier"
)
ROW = "2025-12-31T10:00:00Z,p,m,1,1,{cost},1,customer-1,org-a,chat,ask,t,s"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home of one month with one call of 1.25."""
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "2025-12.yaml").write_text(
        'period: "2025-12"\nusage: calls.csv\norganization_budgets:\n  org-a: 2\n'
    )
    (tmp_path / "calls.csv").write_text(f"{HEADER}\n{ROW.format(cost='1.25')}\n")
    monkeypatch.setenv("FINOPS_NB_HOME", str(tmp_path))
    return tmp_path


def invoke(*arguments: str):
    return CliRunner().invoke(main, arguments)


def test_check_prints_an_object_a_line(home):
    """It prints one JSON object for each NAME, with unrounded money as text."""
    done = invoke("check", "2025-12", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert (found["total"], found["organizations"], found["kind"]) == (
        "1.25",
        {"org-a": "1.25"},
        "official",
    )
    assert found["period"] == {"start": "2025-12-01", "end": "2026-01-01", "complete": True}


def test_check_leaves_no_trace(home):
    """It changes nothing in the home."""
    before = sorted(path.relative_to(home) for path in home.rglob("*"))
    assert invoke("check", "2025-12").exit_code == 0
    assert sorted(path.relative_to(home) for path in home.rglob("*")) == before


def test_a_refusal_is_an_object_with_its_problems(home):
    """It prints file, line, column, value, rule and fix, and exits with 1."""
    (home / "calls.csv").write_text(f"{HEADER}\n{ROW.format(cost='1.25')}\n{ROW.format(cost='')}\n")
    done = invoke("check", "2025-12", "--json")
    assert done.exit_code == 1
    [problem] = json.loads(done.stdout)["errors"]
    assert list(problem) == ["file", "line", "column", "value", "rule", "fix"]
    assert (problem["file"], problem["line"], problem["column"], problem["value"]) == (
        "calls.csv",
        3,
        "cost_usd",
        "",
    )


def test_a_file_of_other_columns_gets_a_block_to_start_from(home):
    """It prints `columns:` and budgets to paste; pasted, they are accepted."""
    (home / "calls.csv").write_text(
        "created_at,amount,team,app,endpoint,user\n2025-12-31,1.25,red,chat,ask,u1\n"
    )
    done = invoke("check", "2025-12")
    assert done.exit_code == 1
    block = done.stderr[done.stderr.index("\ncolumns:") :]
    assert "cost: amount" in block
    assert "organization: team" in block
    block = block.replace("?", "endpoint").replace("# one of:", "#")
    (home / "params" / "2025-12.yaml").write_text(f'period: "2025-12"\nusage: calls.csv\n{block}')
    assert invoke("check", "2025-12").exit_code == 0


def test_a_defect_of_ours_is_a_sentence_too(home, monkeypatch):
    """It exits with 1, says what happened and how to see more; with FINOPS_NB_DEBUG it is raised."""

    def broken(*arguments):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("finops_nb.commands.check.check_name", broken)
    done = invoke("check", "2025-12")
    assert done.exit_code == 1
    assert done.stderr.startswith(
        "A case that finops_nb does not know: ZeroDivisionError: division by zero.\n"
    )
    assert "FINOPS_NB_DEBUG=1" in done.stderr
    monkeypatch.setenv("FINOPS_NB_DEBUG", "1")
    assert isinstance(invoke("check", "2025-12").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "arguments", [["run"], ["check"], ["nonsense"], ["run", "--nonsense", "2025-12"], ["new"]]
)
def test_wrong_usage_exits_with_2(home, arguments):
    """It says how the command is used."""
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert "Usage:" in done.output or "No such" in done.output


@pytest.mark.parametrize("name", ["2025-11", "../secrets", "/etc/passwd", ".hidden", "a b", ""])
def test_a_name_without_a_file_is_refused(home, name):
    """It exits with 1 and a sentence."""
    done = invoke("run", name)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert done.stdout == ""
    assert done.stderr.strip().endswith((".", "?"))


def test_a_misspelt_name_gets_the_nearest(home):
    """It asks whether the one that exists was meant."""
    assert 'Did you mean "2025-12"?' in invoke("check", "2025-13").stderr


IMPORTED = """
import atexit, sys
atexit.register(lambda: print(sorted(set({absent}) & set(sys.modules))))
from finops_nb.cli import main
main({arguments})
"""


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], ["pandas", "duckdb", "pydantic", "papermill", "nbconvert", "matplotlib"]),
        (["check", "2025-12"], ["papermill", "nbconvert", "matplotlib"]),
    ],
)
def test_it_imports_no_more_than_it_needs(arguments, absent):
    """It answers --help without any engine, and check without what only a run needs."""
    code = IMPORTED.format(arguments=arguments, absent=absent)
    environment = {name: value for name, value in os.environ.items() if name != "FINOPS_NB_HOME"}
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        cwd=here,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_the_starter_runs_checked(tmp_path, monkeypatch):
    """It lays out a home whose month can be checked at once, and rolled to the next."""
    folder = tmp_path / "demo"
    done = invoke("init", str(folder))
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == f"Next: cd {folder} && finops-nb run 2025-12"
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FINOPS_NB_HOME", raising=False)
    found = json.loads(invoke("check", "2025-12", "--json").stdout)
    # 1.25 + 2.31 + 0.72 + 2.48 + 1.69 + 0.58 + 2.04 + 0.41 + 1.33 + 1.94
    assert (found["total"], found["rows"]["used"]) == ("14.75", 10)
    assert found["money"]["unallocated"] == "0.41"
    assert invoke("new", "2026-01").exit_code == 0
    assert invoke("check", "2026-01").exit_code == 1


@pytest.mark.parametrize(("name", "code"), [("2025-12", 0), ("2025-13", 1)])
def test_a_check_says_all_before_it_ends(home, name, code):
    """It ends at once, without Python's tidying up; what it said is whole in a pipe, and its code is that of the command."""
    done = subprocess.run(
        [sys.executable, "-m", "finops_nb", "check", "--json", name],
        capture_output=True,
        text=True,
        check=False,
    )
    expected = invoke("check", "--json", name)
    assert (done.returncode, done.stdout, done.stderr) == (code, expected.stdout, expected.stderr)
    assert json.loads(done.stdout)["name"] == name


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_check_whose_output_is_closed_is_done(home, closed):
    """It has nothing to say it to, and nothing to complain of."""
    command = f"{sys.executable} -m finops_nb check 2025-12 {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_check_that_cannot_say_all_fails(home):
    """A full disk under its output is no success."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "finops_nb", "check", "2025-12"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert (
        done.stderr
        == b"No space is left on the disk, or where this output goes. Free some, and try again.\n"
    )
