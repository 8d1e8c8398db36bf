"""Reports made once: the sample month, and one of so many names that its tables are cut."""

from __future__ import annotations

import json
import random
from pathlib import Path

import nbformat
import pytest
from support.homes import files_of
from support.usage_files import call, write_calls

from finops_nb.home import Home
from finops_nb.outputs.artifacts import NOTEBOOK, RESULTS
from finops_nb.run.run import run

Made = tuple[dict[str, bytes], nbformat.NotebookNode]
"""The published files by name, and the notebook that they were made from."""

SAMPLE = """\
period: "2025-12"
usage: "sample:"
organization_budgets: {org-alpha: 5000, org-beta: 3000, org-gamma: 2000}
product_budgets: {product-ai-chat: 4000, product-code-assistant: 3000}
notes: {org-gamma: "Two more regions"}
"""
MANY = """\
period: "2025-12"
usage: usage/
organization_budgets: {org-1: 10, "org-2, west": 3000, org-3: 20}
"""


def made_in(root: Path, params: str) -> Made:
    """Publish December 2025 in a home of its own."""
    home = Home(root.resolve())
    home.params.mkdir(parents=True, exist_ok=True)
    home.params_file("2025-12").write_text(params)
    page = run("2025-12", home)
    files = files_of(page.parent)
    return files, nbformat.v4.reads(files[NOTEBOOK].decode())


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Made:
    """The sample month with budgets."""
    return made_in(tmp_path_factory.mktemp("sample"), SAMPLE)


@pytest.fixture(scope="session")
def many(tmp_path_factory) -> Made:
    """40 organizations with 14 products: "other" rows, merged groups, "Rounding" lines, names
    with a comma, a leading "=" and more than 60 characters."""
    root, choose = tmp_path_factory.mktemp("many"), random.Random(7)
    names = ["=org-0", "org-1", "org-2, west", f"org-{'long' * 20}"]
    names += [f"org-{number}" for number in range(4, 40)]
    calls = [
        call(
            timestamp=f"2025-12-{choose.randrange(1, 32):02}T00:00:00Z",
            cost_usd=f"{choose.randrange(1, 90_000_000) / 1e6:.6f}",
            organization_id=name,
            product_id=f"product-{number}",
            feature_id=f"feature-{choose.randrange(30)}",
        )
        for name in names
        for number in choose.sample(range(14), 6)
    ]
    write_calls(root / "usage" / "calls.csv", *calls)
    return made_in(root, MANY)


@pytest.fixture(params=["sample", "many"])
def made(request) -> Made:
    """Each of the two."""
    made: Made = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def results(made) -> dict:
    """The results of one of them."""
    return json.loads(made[0][RESULTS])
