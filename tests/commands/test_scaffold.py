"""Scaffold: a new home, and the params file of the next month."""

from __future__ import annotations

import shutil
import subprocess
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from support.checkout import CHECKOUT

from finops_nb.commands.check import check_name
from finops_nb.commands.scaffold import lay_out, new_month
from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.month_spelling import meant_month
from finops_nb.params.params_file import load_params
from finops_nb.period import parse_period
from finops_nb.usage.reader import read_usage

DECEMBER = """\
# One month of ours.
period: "2025-12"  # a calendar month
usage:
  # the export of 2025-12
  - "exports/calls-2025-12.csv"
  - "exports/{period}/*.parquet"

organization_budgets:
  # agreed in 2025-12
  org-a: 5000
  org-2025-12: 10
product_budgets: {chat: 4000}

approvals:
  chat: "CFO, 2025-12-03"

  search: CTO
notes: {org-a: "moved in 2025-12"}
as_of: 2025-12-18
currency: EUR
"""

JANUARY = """\
# One month of ours.
period: "2026-01"  # a calendar month
usage:
  # the export of 2025-12
  - "exports/calls-2026-01.csv"
  - "exports/{period}/*.parquet"

# carried over from 2025-12: confirm or change
organization_budgets:
  # agreed in 2025-12
  org-a: 5000
  org-2025-12: 10
# carried over from 2025-12: confirm or change
product_budgets: {chat: 4000}

# 2025-12: approvals:
# 2025-12:   chat: "CFO, 2025-12-03"

# 2025-12:   search: CTO
# 2025-12: notes: {org-a: "moved in 2025-12"}
# 2025-12: as_of: 2025-12-18
currency: EUR
"""


@pytest.fixture
def home(tmp_path) -> Home:
    """A home whose newest month is December 2025."""
    home = Home(tmp_path / "home")
    home.params.mkdir(parents=True)
    write(home, "2025-11", 'period: "2025-11"\nusage: "old.csv"\n')
    write(home, "2025-12", DECEMBER)
    return home


def write(home: Home, name: str, text: str) -> None:
    home.params_file(name).parent.mkdir(parents=True, exist_ok=True)
    home.params_file(name).write_text(text, encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_rolls_a_month_into_the_next(home):
    """The period is rolled, budgets are marked, and what is about December becomes a comment."""
    assert new_month(home, "2026-01") == home.params_file("2026-01")
    assert home.params_file("2026-01").read_text(encoding="utf-8") == JANUARY


def test_the_new_file_loads(home):
    """Budgets and currency are December's; approvals, notes and `as_of` are not."""
    new_month(home, "2026-01")
    december, january = load_params(home, "2025-12"), load_params(home, "2026-01")

    assert (january.period, january.usage) == (
        "2026-01",
        ("exports/calls-2026-01.csv", "exports/{period}/*.parquet"),
    )
    assert (january.organization_budgets, january.product_budgets) == (
        december.organization_budgets,
        december.product_budgets,
    )
    assert (january.currency, january.approvals, january.notes, january.as_of) == (
        "EUR",
        {},
        {},
        None,
    )


def test_it_marks_budgets_by_the_month_they_came_from(home):
    """After two rolls, a budget has one mark, and the old comments stay."""
    new_month(home, "2026-01")
    new_month(home, "2026-02")
    text = home.params_file("2026-02").read_text(encoding="utf-8")

    assert text.count("# carried over from") == 2
    assert text.count("# carried over from 2026-01: confirm or change\norganization_budgets:") == 1
    assert text.count("# 2025-12: approvals:") == 1
    assert load_params(home, "2026-02").usage[0] == "exports/calls-2026-02.csv"


def test_it_starts_from_the_newest_month_before(home):
    """Later months and analyses are ignored; a gap does not matter."""
    write(home, "2026-05", 'period: "2026-05"\nusage: later.csv\n')
    write(home, "analysis/2026-02", 'period: "2026-02"\nusage: other.csv\n')
    new_month(home, "2026-03")

    assert load_params(home, "2026-03").usage[0] == "exports/calls-2026-03.csv"


def test_it_starts_from_an_official_month(home):
    """A file named like a month but of another period is ignored: its period would not roll."""
    write(home, "2026-01", 'period: "2025-12-15/2026-01-15"\nusage: other.csv\n')
    new_month(home, "2026-02")

    assert load_params(home, "2026-02").period == "2026-02"
    assert load_params(home, "2026-02").currency == "EUR"


def test_it_keeps_the_line_breaks_and_the_mark_of_a_file_from_windows(home):
    """CRLF and the byte order mark are in the new month's file too."""
    home.params_file("2025-12").write_bytes(
        b"\xef\xbb\xbf" + DECEMBER.replace("\n", "\r\n").encode()
    )
    new_month(home, "2026-01")

    assert home.params_file("2026-01").read_bytes() == (
        b"\xef\xbb\xbf" + JANUARY.replace("\n", "\r\n").encode()
    )


@pytest.mark.parametrize(
    "month",
    [
        "2026-13",
        "2026-1",
        "2026-Q1",
        "2026",
        "january",
        "",
        "../2026-01",
        "2026-01-01",
        "analysis/2026-01",
    ],
)
def test_it_refuses_what_is_not_a_month(home, month):
    """Only YYYY-MM is accepted."""
    before = files(home.root)
    meant = meant_month(month)
    fix = f"Write it as {meant}" if meant else "Write a month such as 2026-01"
    with pytest.raises(Refusal, match=rf"not a month .*{fix}"):
        new_month(home, month)

    assert files(home.root) == before


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2025-12", "params/2025-12.yaml: already exists"),
        ("2025-10", "params/2025-10.yaml: there is no month before 2025-10 to start from"),
    ],
)
def test_it_overwrites_nothing_and_needs_a_month_before(home, month, message):
    """A refused `new` changes no file."""
    before = files(home.root)
    with pytest.raises(Refusal) as refused:
        new_month(home, month)

    assert str(refused.value).startswith(message)
    assert files(home.root) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'period: "2025-12"\nusage: x\ntypo: 1\n',
            r"^params/2025-12\.yaml, line 3, typo: an unknown key",
        ),
        (
            '{usage: x, period: "2025-12", currency: EUR}\n',
            r"^params/2025-12\.yaml: the period has no line of its own\. Write each key",
        ),
        (
            '{usage: x, period: "2025-12", notes: {a: b}}\n',
            r"^params/2025-12\.yaml: the next month can't be made from this file: the file is",
        ),
    ],
)
def test_it_leaves_no_file_behind_that_does_not_load(home, text, message):
    """If the month before is refused or can't be rolled line by line, no file is left."""
    write(home, "2025-12", text)
    with pytest.raises(Refusal, match=message):
        new_month(home, "2026-01")

    assert not home.params_file("2026-01").exists()


def test_the_current_folder_becomes_a_home(tmp_path, monkeypatch):
    """The next command needs no change of folder."""
    monkeypatch.chdir(tmp_path)
    assert lay_out(Path())[-1] == "Next: finops-nb check 2025-12"
    with pytest.raises(Refusal, match=r"Check one of its reports: finops-nb check 2025-12\.$"):
        lay_out(Path())


@pytest.mark.parametrize("folder", ["new", "new/deeper", "empty", "other"])
def test_it_lays_out_a_home_that_runs(tmp_path, folder):
    """In a new folder, an empty one, or beside other files: ten rows of December, total 14.75."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("mine")
    root = tmp_path / folder
    lines = lay_out(root)

    assert lines[-1] == f"Next: cd {root} && finops-nb check 2025-12"
    assert set(lines[:-1]) == {
        str(root / name) for name in files(root).keys() - {"README.md", "outputs/.gitignore"}
    }
    assert {
        "params/2025-12.yaml",
        "usage/calls-2025-12.csv",
        "notebooks/organizational_alignment.ipynb",
    } <= files(root).keys()
    assert (root / "outputs").is_dir()
    home = Home(root.resolve())
    usage = read_usage(load_params(home, home.check_name("2025-12")), home)
    assert (usage.rows_used, usage.cost) == (10, Decimal("14.75"))
    assert usage.period == parse_period("2025-12")


def test_a_repository_of_it_holds_no_addresses(tmp_path):
    """Git sees reports and their history, but no mails and no locks; an own .gitignore is kept."""
    root = tmp_path / "home"
    lay_out(root)
    kept = (
        "outputs/2025-12/results.json",
        "outputs/.runs/2025-12/history.json",
        "outputs/index.html",
    )
    for name in (
        *kept,
        "outputs/.mail/2025-12/journal.jsonl",
        "outputs/.staging/2025-12/x",
        "outputs/.runs/.2025-12.lock",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    git = partial(subprocess.run, cwd=root, check=True, capture_output=True, text=True, timeout=60)
    git(["git", "init", "-q"])
    seen = git(["git", "ls-files", "--others", "--exclude-standard", "outputs"]).stdout.split()
    assert set(seen) == {*kept, "outputs/.gitignore"}
    (tmp_path / "other" / "outputs").mkdir(parents=True)
    (tmp_path / "other" / "outputs" / ".gitignore").write_text("mine")
    lay_out(tmp_path / "other")
    assert (tmp_path / "other" / "outputs" / ".gitignore").read_text() == "mine"


def test_a_new_month_follows_the_laid_out_one(tmp_path):
    """`new` can roll the month that `init` writes."""
    lay_out(tmp_path / "home")
    home = Home(tmp_path / "home")
    new_month(home, "2026-01")

    assert (
        load_params(home, "2026-01").organization_budgets
        == load_params(home, "2025-12").organization_budgets
    )


def test_it_refuses_to_lay_out_over_existing_files(tmp_path):
    """Every file that already exists is named, and nothing is written."""
    for name in ("params/README.md", "usage/calls-2025-12.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    before = files(tmp_path)
    with pytest.raises(Refusal) as refused:
        lay_out(tmp_path)

    assert [problem.file for problem in refused.value.problems] == [
        str(tmp_path / name) for name in before
    ]
    assert {problem.rule for problem in refused.value.problems} == {"already exists"}
    assert files(tmp_path) == before


def test_it_refuses_a_file_for_a_folder(tmp_path):
    """A file with the name of the folder is in the way."""
    (tmp_path / "file").write_text("mine")

    with pytest.raises(Refusal, match="is not a folder"):
        lay_out(tmp_path / "file")


def test_laid_out_twice_it_is_refused(tmp_path):
    """The second time it is a home, and the refusal says how to go on; that works in a shell."""
    folder = tmp_path / "my home"
    *_, following = lay_out(folder)
    before = files(folder)
    with pytest.raises(Refusal) as refused:
        lay_out(folder)
    [problem] = refused.value.problems
    assert (problem.rule, problem.file) == ("already a home", str(folder))
    command = f"cd '{folder}' && finops-nb check 2025-12"
    assert problem.fix == f"Check one of its reports: {command}"
    assert following == f"Next: {command}"
    assert files(folder) == before


def test_the_next_month_of_the_sample_says_where_to_go_on(tmp_path):
    """In a clone of finops_nb, `new` has a month whose usage nobody has; the advice runs."""
    home = Home(tmp_path / "clone")
    home.params.mkdir(parents=True)
    shutil.copy(CHECKOUT / "params" / "2025-12.yaml", home.params)
    new_month(home, "2026-01")
    with pytest.raises(Refusal) as refused:
        check_name("2026-01", home)
    [problem] = refused.value.problems
    assert (problem.file, problem.column) == ("params/2026-01.yaml", "period")
    assert problem.rule == (
        "no usage in January 2026; the files cover only 2025-07-01 to 2025-12-31"
    )
    assert problem.fix == (
        "They are the packaged sample: name your own files in `usage`, "
        "or create a home with a file to fill with `finops-nb init FOLDER`"
    )
    lay_out(tmp_path / "mine")
    assert check_name("2025-12", Home(tmp_path / "mine")).overview["rows"]["used"] == 10
