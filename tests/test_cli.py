"""The commands: what they print, where, and their exit codes."""

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
def one_call(tmp_path, monkeypatch) -> Path:
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


def test_check_prints_an_object_a_line(one_call):
    """Each NAME has one JSON object, with unrounded amounts as text."""
    done = invoke("check", "2025-12", "--json")
    assert done.exit_code == 0
    result = json.loads(done.stdout)
    assert (result["total"], result["organizations"], result["kind"]) == (
        "1.25",
        {"org-a": "1.25"},
        "official",
    )
    assert result["period"] == {"start": "2025-12-01", "end": "2026-01-01", "complete": True}


def test_check_leaves_no_trace(one_call):
    """No file in the home is added or removed."""
    before = sorted(path.relative_to(one_call) for path in one_call.rglob("*"))
    assert invoke("check", "2025-12").exit_code == 0
    assert sorted(path.relative_to(one_call) for path in one_call.rglob("*")) == before


def test_a_refusal_is_an_object_with_its_problems(one_call):
    """Each problem has file, line, column, value, rule and fix; the exit code is 1."""
    (one_call / "calls.csv").write_text(
        f"{HEADER}\n{ROW.format(cost='1.25')}\n{ROW.format(cost='')}\n"
    )
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


def test_a_word_that_is_no_range_is_an_object_too(one_call):
    """It has one line like a NAME that is refused, and the NAMEs beside it have theirs."""
    done = invoke("check", "2025-12", "..x", "2025-12..2025-12", "--json")
    assert done.exit_code == 1
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert (first["name"], second["name"], third) == ("2025-12", "..x", first)
    assert second["errors"][0]["rule"] == "not a range of months"


def test_a_file_with_other_columns_gets_a_block_to_start_from(one_call):
    """`columns:` and budgets are printed; pasted into the params, they are accepted."""
    (one_call / "calls.csv").write_text(
        "created_at,amount,team,app,endpoint,user\n2025-12-31,1.25,red,chat,ask,u1\n"
    )
    done = invoke("check", "2025-12")
    assert done.exit_code == 1
    block = done.stderr[done.stderr.index("\ncolumns:") :]
    assert "cost: amount" in block
    assert "organization: team" in block
    (one_call / "params" / "2025-12.yaml").write_text(
        f'period: "2025-12"\nusage: calls.csv\n{block}'
    )
    assert invoke("check", "2025-12").exit_code == 0


def test_an_internal_error_is_a_sentence_too(one_call, monkeypatch):
    """It exits with 1 and says how to report it; with FINOPS_NB_DEBUG the error is raised."""

    def broken(*arguments):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("finops_nb.commands.check.check_name", broken)
    done = invoke("check", "2025-12")
    assert done.exit_code == 1
    assert done.stderr.startswith(
        "Internal error: ZeroDivisionError: division by zero; please report it.\n"
    )
    assert "FINOPS_NB_DEBUG=1" in done.stderr
    monkeypatch.setenv("FINOPS_NB_DEBUG", "1")
    assert isinstance(invoke("check", "2025-12").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "arguments", [["run"], ["check"], ["nonsense"], ["run", "--nonsense", "2025-12"], ["new"]]
)
def test_wrong_usage_exits_with_2(one_call, arguments):
    """The message shows how the command is used."""
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert "Usage:" in done.output or "No such" in done.output


@pytest.mark.parametrize("name", ["2025-11", "../secrets", "/etc/passwd", ".hidden", "a b", ""])
def test_a_name_without_a_file_is_refused(one_call, name):
    """The exit code is 1, and stderr has a sentence."""
    done = invoke("run", name)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert done.stdout == ""
    assert done.stderr.strip().endswith((".", "?"))


def test_a_misspelt_name_gets_the_nearest(one_call):
    """The message asks if the existing NAME was meant."""
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
    """--help imports no engine, and check nothing that only a run needs."""
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


def test_the_starter_can_be_checked_and_rolled(tmp_path, monkeypatch):
    """The month of a new home can be checked at once, and rolled to the next."""
    folder = tmp_path / "demo"
    done = invoke("init", str(folder))
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == f"Next: cd {folder} && finops-nb check 2025-12"
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FINOPS_NB_HOME", raising=False)
    result = json.loads(invoke("check", "2025-12", "--json").stdout)
    # 1.25 + 2.31 + 0.72 + 2.48 + 1.69 + 0.58 + 2.04 + 0.41 + 1.33 + 1.94
    assert (result["total"], result["rows"]["used"]) == ("14.75", 10)
    assert result["money"]["unallocated"] == "0.41"
    assert invoke("new", "2026-01").exit_code == 0
    assert invoke("check", "2026-01").exit_code == 1


@pytest.mark.parametrize(("name", "code"), [("2025-12", 0), ("2025-13", 1)])
def test_a_check_writes_everything_before_it_exits(one_call, name, code):
    """A check exits without Python's cleanup, with its whole output and its exit code."""
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
def test_a_check_whose_output_is_closed_is_done(one_call, closed):
    """A closed stdout or stderr is not an error."""
    command = f"{sys.executable} -m finops_nb check 2025-12 {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_check_that_cannot_write_its_output_fails(one_call):
    """A full disk under its output is an error."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "finops_nb", "check", "2025-12"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == (
        b"No space left on the disk, or where this output goes. Free up space and try again.\n"
    )


def test_a_folder_with_params_is_the_home_though_the_package_is_a_checkouts(tmp_path):
    """Without notebooks/, it is checked with its own 1.25 and never with the checkout's sample."""
    one_call = tmp_path / "finops"
    (one_call / "params").mkdir(parents=True)
    (one_call / "usage").mkdir()
    (one_call / "params" / "2025-12.yaml").write_text('period: "2025-12"\nusage: usage/calls.csv\n')
    (one_call / "usage" / "calls.csv").write_text(f"{HEADER}\n{ROW.format(cost='1.25')}\n")
    environment = {name: value for name, value in os.environ.items() if name != "FINOPS_NB_HOME"}

    def first_line(*arguments: str, cwd: Path) -> str:
        command = [sys.executable, "-m", "finops_nb", *arguments]
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=True
        )
        assert "$8,669.89" not in done.stdout
        return done.stdout.splitlines()[0]

    assert first_line("check", "2025-12", cwd=one_call).startswith("2025-12: official")
    assert first_line("check", "2025-12", cwd=one_call / "usage") == f"Home: {one_call}"
    assert first_line("status", cwd=one_call / "usage") == f"Home: {one_call}"


def test_help_is_whole_at_80_columns():
    """No sentence of `--help`, or of a command's, is cut or wider than the terminal."""

    def help_of(*arguments: str) -> str:
        # click leaves two columns free.
        return CliRunner().invoke(main, [*arguments, "--help"], terminal_width=78).stdout

    for arguments in ([], *([name] for name in main.commands)):
        usage, *lines = help_of(*arguments).splitlines()
        assert usage.startswith("Usage: ")
        assert not [line for line in lines if line.endswith(("...", "…")) or len(line) > 78]
    for command in main.commands.values():
        assert f"{command.help.partition(chr(10))[0]}\n" in help_of()
