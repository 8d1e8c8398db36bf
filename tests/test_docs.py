"""The documentation and the code say the same."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest
from support.checkout import CHECKOUT

from finops_nb.cli import main
from finops_nb.commands.scaffold import STARTER
from finops_nb.home import Home
from finops_nb.params.model import DELIVERY, Params, load_params
from finops_nb.usage.sources.dialects import DIALECTS

NOTEBOOK = CHECKOUT / "notebooks" / "organizational_alignment.ipynb"
PARAMS_README = (CHECKOUT / "params" / "README.md").read_text(encoding="utf-8")
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def parameters_cell() -> ast.Module:
    """The notebook's one parameters cell, parsed."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    [cell] = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    return ast.parse(cell.source)


def test_the_parameters_of_the_notebook_are_the_keys_of_the_params():
    """It has each key once, but for those that say where a report goes."""
    names = [
        statement.target.id
        for statement in parameters_cell().body
        if isinstance(statement, ast.AnnAssign)
    ]
    assert sorted(names) == sorted(Params.model_fields.keys() - set(DELIVERY))


def test_the_readme_of_the_params_explains_every_key_in_their_order():
    """It has a row for each key, and none for another."""
    assert re.findall(r"^\| `(\w+)` \|", PARAMS_README, re.MULTILINE) == list(Params.model_fields)


def test_the_defaults_of_the_notebook_and_of_its_readme_are_those_of_the_params():
    """It runs as a params file with period, usage and budgets would."""
    values = {
        statement.target.id: ast.literal_eval(statement.value)
        for statement in parameters_cell().body
    }
    assert Params(**values) == load_params(Home(CHECKOUT), "2025-12")
    said = dict(re.findall(r"^\| `(\w+)` \| `(.+?)` \|", PARAMS_README, re.MULTILINE))
    plain = Params(period="2025-12", usage="sample:")
    for key, text in said.items():
        value = (
            [] if text == "{}" else text.strip("[]").split(", ") if text.startswith("[") else text
        )
        assert (
            Params(
                **{
                    "period": "2025-12",
                    "usage": "sample:",
                    key: dict(value) if text == "{}" else value,
                }
            )
            == plain
        ), key


@pytest.mark.parametrize(
    "file",
    [CHECKOUT / "params" / "2025-12.yaml", STARTER / "params" / "2025-12.yaml"],
    ids=["sample", "starter"],
)
def test_a_params_file_to_start_from_shows_who_gets_the_mail(tmp_path, file):
    """Its last line, without the mark of a comment, is a list of one."""
    home = Home(tmp_path)
    home.params.mkdir()
    text = file.read_text(encoding="utf-8")
    home.params_file("2025-12").write_text(text.replace("\n# mail:", "\nmail:"), encoding="utf-8")
    assert load_params(home, "2025-12").mail.to == ("you@example.com",)


def test_the_first_mail_of_the_readme_needs_no_list():
    """It names who gets it, since nobody is named yet."""
    first = next(line for line in README.splitlines() if line.startswith("finops-nb mail"))
    assert "--to me@example.com" in first


def test_the_readme_of_the_params_names_the_columns_of_the_dialects():
    """It says what the source calls each of our columns."""
    for dialect in DIALECTS.values():
        assert f"`{dialect.name}`" in PARAMS_README
        for theirs in dialect.columns.values():
            assert all(f"`{name}`" in PARAMS_README for name in theirs)


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_readme_and_explains_itself(command):
    """It is shown in README.md, and its help has an example."""
    assert f"finops-nb {command}" in README
    assert "Example: finops-nb" in main.commands[command].help


@pytest.mark.parametrize(
    "file", sorted(NOTEBOOK.parent.glob("*.ipynb")), ids=lambda file: file.stem
)
def test_a_notebook_only_composes(file):
    """It has short cells without logic."""
    for cell in nbformat.read(file, as_version=4).cells:
        if cell.cell_type == "code":
            nodes = list(ast.walk(ast.parse(cell.source)))
            assert not [
                node
                for node in nodes
                if isinstance(
                    node,
                    (
                        ast.For,
                        ast.If,
                        ast.While,
                        ast.Try,
                        ast.FunctionDef,
                        ast.Lambda,
                        ast.comprehension,
                    ),
                )
            ]
            if cell.id not in ("parameters", "setup"):
                assert len(cell.source.splitlines()) <= 3


def test_how_to_contribute_is_short_and_names_every_target():
    """It explains every target but `report`, and no target that is gone."""
    text = (CHECKOUT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = re.findall(
        r"^([a-z]+):.*##", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(re.findall(r"^\| `make (\w+)` \|", text, re.MULTILINE)) == sorted(
        set(targets) - {"report"}
    )
    assert len(text.splitlines()) <= 90


def test_the_top_level_holds_what_was_agreed():
    """It has no entry beyond the agreed ones."""
    agreed = {"pyproject.toml", "notebooks", "finops_nb", "params", "outputs", "tests"}
    agreed |= {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.lock"}
    assert {path.name for path in CHECKOUT.iterdir() if not path.name.startswith(".")} - {
        "dist",
        "build",
    } == agreed
