"""The key of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import Params
from finops_nb.run import job
from finops_nb.run.job import code_digest, run_key

PARAMS = Params(period="2025-12", usage="a.csv", organization_budgets={"org-a": "5000"})
INPUTS = (("a.csv", "1" * 64), ("b.csv", "2" * 64))
MONTH = PublishedMonth("2025-11", Decimal(5), 2, {date(2025, 11, 1): Decimal(5)})
SAME = {
    "name": "2025-12",
    "kind": Kind.OFFICIAL,
    "params": PARAMS,
    "budgets": read_budgets(PARAMS),
    "months": (MONTH,),
    "inputs": INPUTS,
    "notebook": b"{}",
}


def test_equal_parts_give_an_equal_key():
    """The key is 64 hexadecimal digits, whatever the order of the inputs."""
    key = run_key(**SAME)
    assert len(key) == 64
    assert int(key, 16) >= 0
    assert run_key(**SAME | {"inputs": INPUTS[::-1]}) == key


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("name", "2025-11"),
        ("kind", Kind.ANALYSIS),
        (
            "params",
            Params(period="2025-12", usage="a.csv", organization_budgets={"org-a": "5000.01"}),
        ),
        (
            "budgets",
            read_budgets(
                Params(period="2025-12", usage="a.csv", organization_budgets={"org-a": "5000.01"})
            ),
        ),
        (
            "budgets",
            read_budgets(
                Params(
                    period="2025-12",
                    usage="a.csv",
                    organization_budgets={"org-a": "5000"},
                    owners={"org-a": "Ada"},
                )
            ),
        ),
        ("months", ()),
        ("months", (replace(MONTH, cost=Decimal("5.01")),)),
        ("months", (replace(MONTH, days={date(2025, 11, 2): Decimal(5)}),)),
        ("inputs", INPUTS[:1]),
        ("inputs", (("a.csv", "1" * 64), ("b.csv", "3" * 64))),
        ("inputs", (("a.csv", "1" * 64), ("c.csv", "2" * 64))),
        ("notebook", b"{ }"),
    ],
)
def test_any_other_part_gives_another_key(part, value):
    """A difference in one part is enough."""
    assert run_key(**SAME | {part: value}) != run_key(**SAME)


def test_other_code_gives_another_key(monkeypatch):
    """Versions differ, and so do states of a checkout with the same version."""
    before = run_key(**SAME)
    monkeypatch.setattr(job, "__version__", "99")
    other = run_key(**SAME)
    monkeypatch.undo()
    monkeypatch.setattr(job, "code_digest", lambda: "0" * 64)
    assert len({before, other, run_key(**SAME)}) == 3


def test_the_code_is_source_files_and_templates(tmp_path, monkeypatch):
    """Every file of the package counts by name and content, but compiled files and the sample."""
    monkeypatch.setattr(job, "PACKAGE", tmp_path)
    digests = []
    for file, text in (
        ("a.py", "1"), ("a.py", "2"), ("templates/report/page.j2", "1"), ("b.py", "2"),
        ("__pycache__/a.pyc", "x"), ("sample/calls.parquet", "x"), (".a.py.swp", "x"),
    ):  # fmt: skip
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
        code_digest.cache_clear()
        digests.append(code_digest())
    code_digest.cache_clear()
    assert len(set(digests[:4])) == 4
    assert set(digests[4:]) == {digests[3]}
