"""A published month is run again: what the report says, what is kept, when a reason is needed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from support.homes import FILES, NAME, files_of, finished, make_home, published
from support.published import page_of

from finops_nb.cli import main
from finops_nb.commands.what_changed import NO_TABLES, what_changed
from finops_nb.errors import Failure, Refusal
from finops_nb.home import Home
from finops_nb.outputs import publish as publishing
from finops_nb.outputs.mail_journal import DeliveryState, Entry, Journal
from finops_nb.outputs.revisions import History
from finops_nb.run import run as running
from finops_nb.run.run import run

HEADER = (
    "timestamp,provider,model,input_tokens,output_tokens,cost_usd,latency_ms,"
    "customer_id,organization_id,product_id,feature_id,task_type,subscription_tier\n"
)
LATE = "2025-12-30T23:00:00Z,openai,gpt,10,10,12.40,9,c-2,org-beta,chat,ask,chat,pro\n"
CALLS = "".join(
    f"2025-12-{day:02}T12:00:00Z,openai,gpt,10,10,{cost},9,c-1,{organization},chat,ask,chat,pro\n"
    for day, organization, cost in (
        (1, "org-alpha", 300),
        (15, "org-beta", 200),
        (31, "org-gamma", 100),
    )
)
BUDGETS = {
    "organization_budgets": {"org-alpha": 500, "org-beta": 300, "org-gamma": 2000},
    "product_budgets": {"chat": 2800},
}


pytestmark = pytest.mark.usefixtures("one_code")


@pytest.fixture
def published_home(tmp_path, quick) -> Home:
    """A home whose December is published once."""
    published_home = make_home(tmp_path / "home")
    run(NAME, published_home)
    return published_home


def add_usage(published_home: Home, text: str = "2025-12-09T00:00:00Z,1\n") -> None:
    usage = published_home.root / "usage" / "calls.csv"
    usage.write_text(usage.read_text() + text)


def numbers(published_home: Home) -> list[int]:
    return [revision.number for revision in History(published_home.outputs, NAME).revisions()]


def kept(published_home: Home, number: int) -> dict[str, bytes]:
    return files_of(published_home.outputs / ".runs" / NAME / f"revision-{number}")


def every_file(published_home: Home) -> dict[Path, tuple[int, int]]:
    """Inode and time of change of each file under outputs/, without locks."""
    files = [
        path
        for path in published_home.outputs.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    ]
    states = {path: path.lstat() for path in files}
    return {path: (state.st_ino, state.st_mtime_ns) for path, state in states.items()}


def was_mailed(published_home: Home, state: DeliveryState) -> None:
    Journal(published_home.outputs / ".mail" / NAME / "journal.jsonl").record(
        [Entry("an older key", "ada@example.com", state, "<1@example.com>")]
    )


# The report itself


@pytest.mark.slow
def test_late_usage_and_a_new_budget_are_reported_with_their_amounts(tmp_path, monkeypatch):
    """A late row adds $12.40 to org-beta, and the budget of org-gamma rises to $2,800.

    The page, results.json and `what-changed` of revision 2 say so; revision 1 said nothing of it
    and is kept byte for byte. A forced run publishes the same bytes.
    """
    published_home = make_home(tmp_path, **BUDGETS)
    shutil.rmtree(published_home.root / "notebooks")
    (published_home.root / "usage" / "calls.csv").write_text(HEADER + CALLS)
    run(NAME, published_home)
    first = published(published_home)
    check_first_revision(published_home)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767484800")  # three days later
    add_usage(published_home, LATE)
    make_params(published_home, org_gamma=2800)
    run(NAME, published_home, reason="two <regions> more")
    second = published(published_home)
    check_second_revision(second)
    check_what_changed(list(what_changed(published_home, NAME)))
    assert kept(published_home, 1) == first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    run(NAME, published_home, force=True)
    assert published(published_home) == second
    assert kept(published_home, 1) == first
    assert numbers(published_home) == [1, 2]


def make_params(published_home: Home, org_gamma: int) -> None:
    """The params again, with another budget of org-gamma."""
    organizations = BUDGETS["organization_budgets"] | {"org-gamma": org_gamma}
    params = {"period": "2025-12", "usage": "usage/calls.csv"} | BUDGETS
    params["organization_budgets"] = organizations
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in params.items()]
    published_home.params_file(NAME).write_text("".join(lines))


def check_first_revision(published_home: Home) -> None:
    """The first revision mentions no revision."""
    files = published(published_home)
    assert "Revision" not in files["organizational_alignment.html"].decode()
    revision = json.loads(files["results.json"])["provenance"]["revision"]
    assert revision == {"number": 1, "reason": "", "changes": []}
    assert list(what_changed(published_home, NAME)) == [
        "2025-12: nothing to compare, because it has only one revision."
    ]


def check_second_revision(files: dict[str, bytes]) -> None:
    """Page and results name both changes with their amounts, and the reason."""
    sentence = (
        "Revision 2 (2026-01-04): +$12.40 late data for org-beta on chat (1 row); "
        "budget of org-gamma $2,000.00 → $2,800.00. Reason: two <regions> more"
    )
    text = page_of(files["organizational_alignment.html"].decode()).text_content()
    assert sentence in " ".join(text.split())
    revision = json.loads(files["results.json"])["provenance"]["revision"]
    assert (revision["number"], revision["reason"]) == (2, "two <regions> more")
    keys = ("causes", "money", "by_name", "rows")
    assert [tuple(change[key] for key in keys) for change in revision["changes"]] == [
        (["usage"], "12.4", {"org-beta": "12.4"}, 1),
        (["budget"], "800", {"org-gamma": "800"}, None),
    ]


def check_what_changed(lines: list[str]) -> None:
    """`what-changed` names the changes first, then totals, then each cell that differs."""
    assert lines[:6] == [
        "2025-12, revision 2 (2026-01-04), after revision 1 (2026-01-01)",
        "Reason: two <regions> more",
        "+$12.40 late data for org-beta on chat (1 row)",
        "budget of org-gamma $2,000.00 → $2,800.00",
        "Usage files: usage/calls.csv (changed, 3 → 4 rows)",
        "",
    ]
    assert lines[6] == "Executive Summary · Total Spend: $600.00 → $612.40 (+$12.40)"
    assert "Cost by Organization · org-beta · Total Cost: $200.00 → $212.40 (+$12.40)" in lines
    assert "Cost by Organization · org-gamma · Budget: $2,000.00 → $2,800.00 (+$800.00)" in lines
    # 200 / 300, and 212.40 / 300
    assert "Cost by Organization · org-beta · % Used: 66.7% → 70.8%" in lines
    assert "Input Rows · Rows used · Rows: 3 → 4 (+1)" in lines
    assert not [line for line in lines if "org-alpha · Total Cost:" in line]


# Once, and revisions


def test_the_same_key_rewrites_nothing(published_home):
    """Report, index and record are not written: every file is the same as before."""
    before = every_file(published_home)
    run(NAME, published_home)
    assert every_file(published_home) == before
    assert numbers(published_home) == [1]


def test_another_key_is_a_revision_and_the_last_one_is_kept(published_home):
    """Numbers count up, each revision is kept as it was, and an old key again is the third."""
    usage = (published_home.root / "usage" / "calls.csv").read_text()
    reports = [published(published_home)]
    for text in (usage + "2025-12-09T00:00:00Z,1\n", usage):
        (published_home.root / "usage" / "calls.csv").write_text(text)
        run(NAME, published_home)
        reports.append(published(published_home))
    assert numbers(published_home) == [1, 2, 3]
    assert [kept(published_home, 1), kept(published_home, 2), published(published_home)] == reports
    assert (
        reports[0]["chargeback.csv"] == reports[2]["chargeback.csv"] != reports[1]["chargeback.csv"]
    )  # it holds the key
    assert History(published_home.outputs, NAME).altered() == []


def test_a_forced_run_is_not_a_revision(published_home):
    """It publishes the same bytes under the same number, and says that a reason is not recorded."""
    add_usage(published_home)
    run(NAME, published_home, reason="first")
    before, notices = published(published_home), []
    run(NAME, published_home, force=True, reason="second", notice=notices.append)
    assert published(published_home) == before
    assert [revision.reason for revision in History(published_home.outputs, NAME).revisions()] == [
        "",
        "first",
    ]
    assert notices == ["No new revision was made, so the reason was not recorded."]


def test_an_analysis_has_no_revisions(tmp_path, quick):
    """It is replaced, and no copy is kept."""
    published_home = make_home(tmp_path, name="analysis/x")
    for _ in range(2):
        run("analysis/x", published_home)
        add_usage(published_home)
    assert [
        file.name for file in (published_home.outputs / ".runs" / "analysis" / "x").iterdir()
    ] == ["revisions.json"]
    assert list(what_changed(published_home, "analysis/x")) == [
        "analysis/x: nothing to compare, because only official months keep earlier reports."
    ]


def test_an_altered_file_is_named_by_the_run(published_home):
    """A run with nothing to do names the file and leaves it; a forced run restores it."""
    before = published(published_home)
    (published_home.outputs / NAME / "chargeback.csv").write_text(
        "organization,amount\norg-alpha,1.00\n"
    )
    notices: list[str] = []
    run(NAME, published_home, notice=notices.append)
    assert notices == [
        f"outputs/{NAME}/chargeback.csv was changed after it was published. "
        f"`finops-nb run {NAME} --force` makes it again."
    ]
    run(NAME, published_home, force=True, notice=notices.append)
    assert published(published_home) == before
    assert notices[1:] == [
        f"chargeback.csv in outputs/{NAME} was changed after it was published; "
        f"a copy is now in outputs/_kept/{NAME}."
    ]


def test_an_altered_file_of_a_revision_that_is_replaced_is_copied_and_said(published_home):
    """The folder of the earlier revision has it, and so has the place of a person's files."""
    (published_home.outputs / NAME / "chargeback.csv").write_text("mine")
    add_usage(published_home)
    notices: list[str] = []
    run(NAME, published_home, notice=notices.append)
    assert numbers(published_home) == [1, 2]
    assert (
        f"chargeback.csv in outputs/{NAME} was changed after it was published; "
        f"a copy is now in outputs/_kept/{NAME}."
    ) in notices
    assert (published_home.outputs / "_kept" / NAME / "chargeback.csv").read_text() == "mine"


# The reason


@pytest.mark.parametrize("state", DeliveryState)
def test_a_mailed_report_needs_a_reason_to_be_revised(published_home, state, monkeypatch):
    """It is refused before anything is executed, unless no server accepted the mail."""
    was_mailed(published_home, state)
    add_usage(published_home)
    before = published(published_home)
    if state in (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.UNKNOWN):
        monkeypatch.setattr(running, "_execute", None)
        rule = "the report was mailed, so revision 2 needs a reason"
        fix = rf'Give one: finops-nb run {NAME} --reason "'
        with pytest.raises(Refusal, match=rf"^outputs/{NAME}: {rule}\. {fix}"):
            run(NAME, published_home)
        assert published(published_home) == before
        assert numbers(published_home) == [1]
        monkeypatch.setattr(running, "_execute", finished)
        run(NAME, published_home, reason="usage came late")
        assert History(published_home.outputs, NAME).revisions()[-1].reason == "usage came late"
        run(NAME, published_home, force=True)
    else:
        run(NAME, published_home)
    assert numbers(published_home) == [1, 2]
    assert kept(published_home, 1) == before


def test_a_run_without_a_reason_needs_a_readable_journal(published_home):
    """A damaged journal does not count as an empty one."""
    was_mailed(published_home, DeliveryState.SENT)
    (published_home.outputs / ".mail" / NAME / "journal.jsonl").write_text("{}\n{}\n")
    add_usage(published_home)
    with pytest.raises(Failure, match="line 1: not an entry of a journal"):
        run(NAME, published_home)
    run(NAME, published_home, reason="why")
    assert numbers(published_home) == [1, 2]


@pytest.mark.parametrize(("reason", "code"), [("  ", 1), (" late\n usage ", 0)])
def test_a_blank_reason_is_refused_and_others_become_one_line(
    published_home, monkeypatch, reason, code
):
    """The command refuses a blank reason, and records others on one line."""
    from click.testing import CliRunner

    monkeypatch.setenv("FINOPS_NB_HOME", str(published_home.root))
    add_usage(published_home)
    done = CliRunner().invoke(main, ["run", NAME, "--reason", reason])
    assert done.exit_code == code
    assert ("--reason: no reason" in done.stderr) == bool(code)
    assert [revision.reason for revision in History(published_home.outputs, NAME).revisions()] == [
        ""
    ] + ["late usage"] * (not code)


# Crashes


@pytest.mark.slow
def test_a_crash_at_any_call_loses_neither_the_old_report_nor_the_new(published_home, tmp_path):
    """The process ends in the N-th call to the system.

    The published report is whole, and the old one is published or kept. After the next run
    revision 2 is published, and nothing is left over.
    """
    add_usage(published_home)
    old = published(published_home)
    run(NAME, published_home)
    new = published(published_home)
    shutil.rmtree(published_home.outputs)
    crashes = 0
    for fail_at in range(1, 1000):
        made = Home(tmp_path / str(fail_at))
        shutil.copytree(published_home.root, made.root)
        (made.root / "usage" / "calls.csv").write_text(
            (published_home.root / "usage" / "calls.csv")
            .read_text()
            .removesuffix("2025-12-09T00:00:00Z,1\n")
        )
        run(NAME, made)
        add_usage(made)
        crashed = crash(made, fail_at)
        state = published(made)
        assert state in (old, new)
        assert state == old or kept(made, 1) == old
        run(NAME, made)
        assert (published(made), kept(made, 1), numbers(made)) == (new, old, [1, 2])
        assert sorted(path.name for path in (made.outputs / ".runs" / NAME).iterdir()) == [
            "revision-1",
            "revisions.json",
        ]
        assert History(made.outputs, NAME).altered() == []
        assert tuple(published(made)) == FILES
        shutil.rmtree(made.root)
        crashes += crashed
        if not crashed:
            break
    assert crashes > 30


def crash(published_home: Home, fail_at: int) -> bool:
    """Run in a process that ends in the N-th call, as in a power cut; whether it got that far."""
    process = os.fork()
    if process == 0:
        calls = 0

        def wrapped(call):
            def counted(*arguments, **options):
                nonlocal calls
                calls += 1
                if calls == fail_at:
                    os._exit(9)
                return call(*arguments, **options)

            return counted

        for name in ("write", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir"):
            setattr(os, name, wrapped(getattr(os, name)))
        publishing.exchange = wrapped(publishing.exchange)
        try:
            run(NAME, published_home)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


# What changed


def test_a_changed_or_unknown_revision_is_not_compared(published_home):
    """What is missing is named, and the existing revisions are listed."""
    add_usage(published_home)
    run(NAME, published_home)
    (published_home.outputs / ".runs" / NAME / "revision-1" / "results.json").write_text("{}")
    *_, last = what_changed(published_home, NAME)
    assert last == "No figures can be compared: results.json of revision 1 was removed or changed."
    assert list(what_changed(published_home, NAME, 1)) == [
        "2025-12: nothing to compare, because revision 1 is the first."
    ]
    with pytest.raises(
        Refusal,
        match=r'^outputs/2025-12, --revision: no such revision: "7"\. Choose from: 1, 2\.',
    ):
        list(what_changed(published_home, NAME, 7))


def test_results_without_tables_have_no_figures_to_compare(published_home):
    """For a notebook with results of its own, only date and reason are known."""
    add_usage(published_home)
    run(NAME, published_home, reason="late")
    assert list(what_changed(published_home, NAME)) == [
        "2025-12, revision 2 (2026-01-01), after revision 1 (2026-01-01)",
        "Reason: late",
        "",
        NO_TABLES,
    ]


def test_a_name_that_is_not_published_is_refused(tmp_path):
    """The refusal says how to publish it."""
    with pytest.raises(
        Refusal,
        match=rf"^outputs/{NAME}: no report yet\. Run `finops-nb run {NAME}`",
    ):
        list(what_changed(make_home(tmp_path), NAME))


def test_the_command_prints_it(published_home, monkeypatch):
    """One line each on stdout, exit code 0."""
    from click.testing import CliRunner

    monkeypatch.setenv("FINOPS_NB_HOME", str(published_home.root))
    done = CliRunner().invoke(main, ["what-changed", NAME])
    assert (done.exit_code, done.stdout) == (
        0,
        "2025-12: nothing to compare, because it has only one revision.\n",
    )
    assert CliRunner().invoke(main, ["what-changed", NAME, "--revision", "3"]).exit_code == 1
