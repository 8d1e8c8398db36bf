"""The key of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import yaml
from support.homes import NAME, make_home

from finops_nb.errors import Refusal
from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.months import PublishedMonth
from finops_nb.params.budgets import read_budgets
from finops_nb.params.model import Params
from finops_nb.run import job
from finops_nb.run.job import code_digest, origin_of

PARAMS = Params(period="2025-12", usage="a.csv", organization_budgets={"org-a": "5000"})
INPUTS = (("a.csv", "1" * 64), ("b.csv", "2" * 64))
MONTH = PublishedMonth("2025-11", Decimal(5), 2, {date(2025, 11, 1): Decimal(5)})
SAME = {
    "name": "2025-12",
    "kind": Kind.OFFICIAL,
    "params": PARAMS,
    "budgets": read_budgets(PARAMS),
    "months": (MONTH,),
    "left_out": {"2025-10": "PARTIAL"},
    "inputs": INPUTS,
    "notebook": b"{}",
}


def run_key(**parts) -> str:
    """The key of a run of these parts."""
    origin = origin_of(*(parts.pop(name) for name in ("notebook", "months", "left_out")))
    return job.run_key(**parts, origin=origin)


@pytest.mark.parametrize(
    ("key", "header", "row"),
    [
        ("mapping", "key,organization", "k,org-a"),
        ("budgets", "dimension,name,month,amount", "organization,org-a,2025-12,5"),
        ("drivers", "month,organization,name,amount", "2025-12,org-a,orders,5"),
    ],
)
def test_a_missing_file_that_a_key_names_has_the_line_of_the_key(tmp_path, key, header, row):
    """Once the file is where the message says, it is read."""
    home = make_home(tmp_path, **{key: "tables/mine.csv"})
    with pytest.raises(Refusal) as refused:
        job.open_job(home, NAME)
    fix = (
        "Put the file there, or correct the path; "
        "the path is relative to the home (the folder that contains params/)."
    )
    line = 1 + [*yaml.safe_load(home.params_file(NAME).read_text())].index(key)
    assert str(refused.value) == (
        f'params/{NAME}.yaml, line {line}, {key}: no such file: "tables/mine.csv". {fix}'
    )
    (home.root / "tables").mkdir()
    (home.root / "tables" / "mine.csv").write_text(f"{header}\n{row}\n")
    assert job.open_job(home, NAME).name == NAME


def test_a_changed_drivers_csv_makes_a_report_outdated(tmp_path):
    """One digit, or another line about another month, gives another key; the same text does not."""
    home = make_home(tmp_path, drivers="drivers.csv")
    keys = []
    for lines in ("2025-12,,orders,5", "2025-12,,orders,6", "2025-12,,orders,5\n2025-11,,orders,5"):
        (home.root / "drivers.csv").write_text(f"month,organization,name,amount\n{lines}\n")
        opened = job.open_job(home, NAME)
        assert job.inputs_now(opened) == job.inputs_of(opened)
        assert job.inputs_of(opened)[-1][0] == "drivers.csv"
        keys += [job.key_now(opened), job.key_now(job.open_job(home, NAME))]
    assert keys[0::2] == keys[1::2]
    assert len(set(keys)) == 3


def test_usage_that_disappears_during_a_run_has_the_line_of_its_key(tmp_path):
    """The inputs are read once more before a report is published."""
    home = make_home(tmp_path)
    opened = job.open_job(home, NAME)
    before = job.inputs_of(opened)
    assert job.inputs_now(opened) == before
    (home.root / "usage" / "calls.csv").unlink()
    with pytest.raises(Refusal, match=rf"^params/{NAME}\.yaml, line 2, usage: no such file"):
        job.inputs_now(opened)


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
        ("months", (replace(MONTH, cells=()),)),
        ("left_out", {}),
        ("left_out", {"2025-10": "in EUR"}),
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
