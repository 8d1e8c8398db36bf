"""The documentation and the code say the same."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from support.checkout import CHECKOUT

from finops_nb.cli import main
from finops_nb.commands.check import check_name
from finops_nb.commands.scaffold import STARTER, lay_out
from finops_nb.errors import Refusal
from finops_nb.home import VARIABLE, Home
from finops_nb.params.model import DELIVERY, Params
from finops_nb.params.params_file import load_params
from finops_nb.params.scenario import Scenario
from finops_nb.params.sources import Source
from finops_nb.usage.sources.dialects import DIALECTS

NOTEBOOK = CHECKOUT / "notebooks" / "organizational_alignment.ipynb"
PARAMS_README = (CHECKOUT / "params" / "README.md").read_text(encoding="utf-8")
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
LOGIC = (ast.For, ast.If, ast.While, ast.Try, ast.FunctionDef, ast.Lambda, ast.comprehension)


def parameters_cell() -> ast.Module:
    """The notebook's one parameters cell, parsed."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    [cell] = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    return ast.parse(cell.source)


def test_the_parameters_of_the_notebook_are_the_keys_of_the_params():
    """Each key is a parameter once, except those that say where a report goes."""
    names = [
        statement.target.id
        for statement in parameters_cell().body
        if isinstance(statement, ast.AnnAssign)
    ]
    assert sorted(names) == sorted(Params.model_fields.keys() - set(DELIVERY))


def test_the_readme_of_the_params_explains_every_key_in_their_order():
    """Each key has one row, and there is no row for anything else."""
    assert re.findall(r"^\| `(\w+)` \|", PARAMS_README, re.MULTILINE) == list(Params.model_fields)


def test_the_readme_of_the_params_explains_every_key_of_a_source():
    """Each stands there with a colon, since some are keys of the params, too."""
    section = PARAMS_README.partition("## Several sources")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+):`", section)) == set(Source.model_fields)


def test_the_defaults_of_the_notebook_and_of_its_readme_are_those_of_the_params():
    """The notebook's values equal those of 2025-12.yaml, and the README's defaults the code's."""
    values = {
        statement.target.id: ast.literal_eval(statement.value)
        for statement in parameters_cell().body
    }
    assert Params(**values) == load_params(Home(CHECKOUT), "2025-12")
    defaults = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", PARAMS_README, re.MULTILINE))
    plain = Params(period="2025-12", usage="sample:")
    assert len(defaults) > 10
    for key, text in defaults.items():
        values = {"period": "2025-12", "usage": "sample:", key: yaml.load(text, yaml.BaseLoader)}
        assert Params(**values) == plain, key


@pytest.mark.parametrize(
    "file",
    [CHECKOUT / "params" / "2025-12.yaml", STARTER / "params" / "2025-12.yaml"],
    ids=["sample", "starter"],
)
def test_a_params_file_to_start_from_shows_how_to_name_recipients(tmp_path, file):
    """Its last line, without the "# ", names one recipient."""
    home = Home(tmp_path)
    home.params.mkdir()
    text = file.read_text(encoding="utf-8")
    home.params_file("2025-12").write_text(text.replace("\n# mail:", "\nmail:"), encoding="utf-8")
    assert load_params(home, "2025-12").mail.to == ("you@example.com",)


def test_the_first_mail_of_the_readme_needs_no_recipients_in_the_params():
    """It has a --to, since the sample's params name no recipients yet."""
    first = next(line for line in README.splitlines() if line.startswith("finops-nb mail"))
    assert "--to me@example.com" in first


@pytest.mark.parametrize(
    "example", re.findall(r"^```yaml\n(.+?)^```", PARAMS_README, re.MULTILINE | re.DOTALL)
)
def test_the_examples_of_the_readme_of_the_params_are_accepted(example):
    """Each is a params file, the keys of one, or a scenario."""
    values = yaml.load(example, yaml.BaseLoader)
    if "base" in values:
        assert Scenario(**values)
    else:
        defaults = {"period": "2025-12"} | ({} if "sources" in values else {"usage": "sample:"})
        assert Params(**defaults | values)


def test_the_scenario_of_the_readme_of_the_params_runs_in_a_new_home(tmp_path):
    """Saved as the text above it says, it changes one budget of the starter's month to 8."""
    home = Home(tmp_path / "demo")
    lay_out(home.root)
    checked = check_name(save_scenario(home), home)
    assert checked.data.budgets.organizations == {"org-north": 10, "org-south": 8}


def save_scenario(home: Home) -> str:
    """Save the scenario of params/README.md, and say its name."""
    name, example = re.search(
        r"^`params/(scenarios/[\w-]+)\.yaml`.+?^```yaml\n(.+?)^```",
        PARAMS_README,
        re.MULTILINE | re.DOTALL,
    ).groups()
    home.params_file(name).parent.mkdir()
    home.params_file(name).write_text(example, encoding="utf-8")
    return str(name)


def test_the_readme_of_the_params_names_the_columns_of_the_dialects():
    """Every dialect, and every column name it reads, is there."""
    for dialect in DIALECTS.values():
        assert f"`{dialect.name}`" in PARAMS_README
        for names in dialect.columns.values():
            assert all(f"`{name}`" in PARAMS_README for name in names)


WORKFLOW = yaml.load(re.search(r"^```yaml\n(on:.+?)^```", README, re.M | re.S)[1], yaml.BaseLoader)
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_only_the_step_that_mails_gets_the_settings_of_the_mail_server():
    """Neither the workflow nor its job has them, and no secret is in a command's text."""
    [mailing] = [step for step in STEPS if "SMTP" in str(step)]
    assert mailing["run"] == "finops-nb mail last-month --send"
    assert "FINOPS_NB_SMTP_PASSWORD" in mailing["env"]
    outer = [WORKFLOW | {"jobs": ""}, *(job | {"steps": ""} for job in WORKFLOW["jobs"].values())]
    assert "secrets." not in str(outer)
    assert not any("${{" in step.get("run", "") for step in STEPS)


def test_what_the_workflow_installs_is_pinned():
    """Actions by commit, with their version beside it; packages by hash, and nothing besides."""
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"]) for step in uses())
    assert len(re.findall(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", README, re.M)) == len(uses())
    installs = [step["run"] for step in STEPS if "pip install" in step.get("run", "")]
    assert installs == [
        "pip install --require-hashes -r requirements.lock",
        'pip install --no-deps --no-build-isolation "$FINOPS_NB"',
    ]
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.split(r"^(?=[a-z])", lock, flags=re.M)[1:]
    assert len(packages) > 100
    assert all("--hash=sha256:" in package for package in packages)


def uses() -> list[dict[str, str]]:
    """The steps of the workflow that are actions."""
    return [step for step in STEPS if "uses" in step]


def test_a_run_by_the_clock_does_not_see_the_settings_of_the_mail_server():
    """cron and systemd read them after the run, for the command that mails; others can't."""
    assert "`chmod 600 smtp.env`" in README
    assert "EnvironmentFile" not in README
    lines = [line for line in README.splitlines() if ". ./smtp.env" in line]
    assert len(lines) == 2
    for line in lines:
        assert "finops-nb mail" in line.partition(". ./smtp.env")[2]
        assert "finops-nb run" not in line.partition(". ./smtp.env")[2]


def blocks_of(heading: str) -> list[str]:
    """The indented or fenced code of a section of README.md."""
    section = re.search(rf"^## {heading}\n(.+?)^## ", README, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^```\w*\n(.+?)^```", section, re.MULTILINE | re.DOTALL)


def typed(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What these lines print and return, typed in a folder; after an error, no more are run."""
    variables = {name: value for name, value in os.environ.items() if name != VARIABLE}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=folder,
        env=variables | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def lines_of(command: str) -> str:
    """The lines of README.md that begin with a command."""
    found = [line for line in README.splitlines() if line.startswith(f"finops-nb {command}")]
    assert found
    return "\n".join(found)


def test_without_the_budgets_of_the_sample_check_prints_some_to_start_from(tmp_path):
    """Both maps deleted as the README says, with its row: its names get budgets, and they load."""
    blocks = "(`organization_budgets:`, `product_budgets:` and their lines)"
    assert f"delete both sample blocks {blocks}" in " ".join(README.split())
    home = Home(tmp_path / "demo")
    lay_out(home.root)
    _, rows, _ = blocks_of("Your own data in five minutes")
    (home.root / "usage" / "calls-2025-12.csv").write_text(rows, encoding="utf-8")
    file = home.params_file("2025-12")
    maps = r"^(?:organization|product)_budgets:\n(?:  .+\n)+"
    text, deleted = re.subn(maps, "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert deleted == 2
    file.write_text(text, encoding="utf-8")
    done = typed("finops-nb check 2025-12", home.root)
    assert done.returncode == 0, done.stderr
    # The row costs 1.25, which is rounded up to a whole amount.
    printed = "\n".join(re.findall(maps, done.stdout + "\n", re.MULTILINE))
    file.write_text(f"{text}\n{printed}", encoding="utf-8")
    budgets = check_name("2025-12", home).data.budgets
    assert budgets.organizations == {"org-north": 2}
    assert budgets.products == {"product-chat": 2}


@pytest.mark.slow
def test_the_next_month_of_the_readme_runs_in_a_new_home(tmp_path):
    """With usage where the params expect it, `new`, `check` and `run` are done as typed."""
    home = Home(tmp_path / "demo")
    lay_out(home.root)
    usage = home.root / "usage" / "calls-2025-12.csv"
    rows = usage.read_text(encoding="utf-8").replace("2025-12-", "2026-01-")
    assert "`usage/calls-2026-01.csv`" in README
    usage.with_name("calls-2026-01.csv").write_text(rows, encoding="utf-8")
    done = typed("\n".join(map(lines_of, ("new", "check 2026", "run 2026"))), home.root)
    assert done.returncode == 0, done.stderr
    assert (home.outputs / "2026-01").is_dir()


@pytest.mark.slow
def test_the_next_month_of_the_clone_needs_usage_of_ones_own(tmp_path):
    """`new` copies "sample:", which the README says to replace; `check` refuses it until then."""
    (tmp_path / "params").mkdir()
    december = (CHECKOUT / "params" / "2025-12.yaml").read_text(encoding="utf-8")
    (tmp_path / "params" / "2025-12.yaml").write_text(december, encoding="utf-8")
    assert typed(lines_of("new"), tmp_path).returncode == 0
    assert 'usage: "sample:"' in Home(tmp_path).params_file("2026-01").read_text(encoding="utf-8")
    assert 'usage: "sample:"' in README
    assert typed(lines_of("check 2026"), tmp_path).returncode == 1


def test_the_scenario_of_the_readmes_is_adopted_as_typed(tmp_path):
    """In a new home, more-for-south sets 8 for org-south, as version "revised 1"."""
    home = Home(tmp_path / "demo")
    lay_out(home.root)
    save_scenario(home)
    done = typed(lines_of("adopt"), home.root)
    assert done.returncode == 0, done.stderr
    budgets = check_name("2025-12", home).data.budgets
    assert budgets.organizations == {"org-north": 10, "org-south": 8}
    assert budgets.version.label == "revised 1"


def test_the_range_of_the_readme_is_of_months_that_the_clone_has():
    """Each of July to December 2025 has a params file there."""
    first, last = re.search(r"^finops-nb run 2025-(\d\d)\.\.2025-(\d\d) ", README, re.M).groups()
    months = [f"2025-{month:02}" for month in range(int(first), int(last) + 1)]
    assert len(months) == 6
    assert all(Home(CHECKOUT).params_file(month).is_file() for month in months)
    assert "works in the clone" in README


@pytest.mark.slow
def test_the_five_minutes_of_the_readme_run_as_they_are_typed(tmp_path):
    """In an empty folder; then with the README's row and budgets in the files that it names."""
    commands, rows, params = blocks_of("Your own data in five minutes")
    done = typed(commands, tmp_path)
    assert done.returncode == 0, done.stderr
    page = done.stdout.splitlines()[-1]
    assert page == f"{tmp_path}/demo/outputs/2025-12/organizational_alignment.html"
    assert Path(page).is_file()

    home = Home(tmp_path / "demo")
    (home.root / "usage" / "calls-2025-12.csv").write_text(rows, encoding="utf-8")
    home.params_file("2025-12").write_text(params, encoding="utf-8")
    checked = check_name("2025-12", home)
    assert checked.overview["total"] == "1.25"
    assert checked.data.budgets.organizations == {"org-north": 10, "org-south": 5}


def test_the_example_of_two_problems_is_what_run_prints(tmp_path):
    """In a new home, a budget of 5k and a misspelled key are refused in the README's words."""
    home = Home(tmp_path / "demo")
    lay_out(home.root)
    file = home.params_file("2025-12")
    text = file.read_text(encoding="utf-8").replace("org-south: 5\n", "org-south: 5k\n")
    file.write_text(text.replace("product_budgets:", "product_budget:"), encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        check_name("2025-12", home)
    command, *shown = blocks_of("When something is wrong")[0].splitlines()
    assert command == "$ finops-nb run 2025-12"
    printed = str(refused.value).splitlines()
    assert len(printed) == len(shown) == 2
    for line, of_readme in zip(printed, shown, strict=True):
        assert line.startswith(of_readme.removesuffix("…"))


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_readme_and_explains_itself(command):
    """README.md shows it, and its help has an example."""
    assert f"finops-nb {command}" in README
    assert "Example: finops-nb" in main.commands[command].help


@pytest.mark.parametrize(
    "file", sorted(NOTEBOOK.parent.glob("*.ipynb")), ids=lambda file: file.stem
)
def test_a_notebook_only_composes(file):
    """Its cells are short and have no logic."""
    for cell in nbformat.read(file, as_version=4).cells:
        if cell.cell_type == "code":
            nodes = ast.walk(ast.parse(cell.source))
            assert not [node for node in nodes if isinstance(node, LOGIC)]
            if cell.id not in ("parameters", "setup"):
                assert len(cell.source.splitlines()) <= 3


def test_how_to_contribute_is_short_and_names_every_target():
    """It explains every target but `report`, and no target that is gone."""
    text = (CHECKOUT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE)
    explained = re.findall(r"^\| `make (\w+)` \|", text, re.MULTILINE)
    assert sorted(explained) == sorted(set(targets) - {"report"})
    assert len(text.splitlines()) <= 90


def test_the_top_level_holds_what_was_agreed():
    """There is no other entry."""
    agreed = {"pyproject.toml", "notebooks", "finops_nb", "params", "outputs", "tests"}
    agreed |= {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.lock"}
    visible = {path.name for path in CHECKOUT.iterdir() if not path.name.startswith(".")}
    assert visible - {"dist", "build"} == agreed
