"""The mail of a NAME: what is written, what stands against sending it, and that nobody is sent it twice."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from support.homes import make_notebook, write_notebook
from support.mail_reports import draw_once, publish_by_hand, write_report
from support.mail_servers import CUT, Mailbox, environment, mail_server

from finops_nb.errors import Busy, Failure, Interrupted, Refusal
from finops_nb.home import Home
from finops_nb.mail import publication, smtp
from finops_nb.mail import send as dispatch
from finops_nb.mail.publication import read_publication
from finops_nb.mail.send import mail
from finops_nb.mail.smtp import deliver
from finops_nb.outputs.lock import hold
from finops_nb.outputs.revisions import History

ADA, BOB = "ada@example.com", "bob@example.com"
SCENARIO = "scenarios/more"
RUNNING = {"start": "2025-12-01", "end": "2026-01-01", "complete": False}


@pytest.fixture
def home(tmp_path) -> Home:
    """One published month that goes to Ada and Bob."""
    return publish_by_hand(
        tmp_path, mail={"to": [ADA], "cc": [BOB], "reply_to": "team@example.com"}
    )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Between attempts nobody waits, and this machine's own settings are not there."""
    draw_once(monkeypatch)
    monkeypatch.setattr(
        dispatch, "deliver", partial(deliver, timeout=5, sleep=lambda seconds: None)
    )
    for name in ("HOST", "PORT", "SECURITY", "USER", "PASSWORD", "FROM"):
        monkeypatch.delenv(f"FINOPS_NB_SMTP_{name}", raising=False)


@pytest.fixture
def mailbox(monkeypatch):
    """A server that the environment names."""
    with mail_server(Mailbox()) as mailbox:
        for name, value in environment(mailbox.port).items():
            monkeypatch.setenv(name, value)
        yield mailbox


def mailed(home: Home, name: str = "2025-12", **options) -> tuple[dispatch.Dispatch, list[str]]:
    """What `mail` gave back, and the sentences it said."""
    said: list[str] = []
    return mail(home, name, notice=said.append, **options), said


def message_of(home: Home, name: str = "2025-12"):
    return email.message_from_bytes(
        (home.outputs / ".mail" / name / "message.eml").read_bytes(), policy=email.policy.default
    )


def journal(home: Home, name: str = "2025-12") -> list[tuple[str, str]]:
    file = home.outputs / ".mail" / name / "journal.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [(line["recipient"], line["state"]) for line in lines]


def change(home: Home, what: str) -> None:
    """Let something of the report change after it was published."""
    params = home.params_file("2025-12")
    usage = home.root / "usage" / "calls.csv"
    {
        "usage": lambda: usage.write_text(usage.read_text() + "2025-12-09T00:00:00Z,1\n"),
        "no usage": lambda: usage.unlink(),
        "params": lambda: params.write_text(params.read_text() + "at_risk: 0.9\n"),
        "budgets": lambda: params.write_text(
            params.read_text() + "organization_budgets: {org-a: 5}\n"
        ),
        "refused params": lambda: params.write_text(params.read_text() + "no_such_key: 1\n"),
        "notebook": lambda: write_notebook(home, make_notebook(["7"])),
    }[what]()


def test_it_writes_the_message_and_its_preview(home):
    """With whom the params name, from nobody yet; it sends nothing, and says what sending would take."""
    done, said = mailed(home)
    message = message_of(home)
    assert (message["To"], message["Cc"], message["Reply-To"], message["From"]) == (
        ADA,
        BOB,
        "team@example.com",
        None,
    )
    assert [part.get_filename() for part in message.iter_attachments()] == [
        "organizational_alignment_2025-12.html"
    ]
    assert (done.message, done.preview, done.complete) == (
        home.outputs / ".mail" / "2025-12" / "message.eml",
        home.outputs / ".mail" / "2025-12" / "preview.html",
        True,
    )
    assert "data:image/png;base64," in done.preview.read_text()
    assert [line.split(":")[:2] for line in said[:-1]] == [
        ["--send would refuse", f" $FINOPS_NB_SMTP_{name}"] for name in ("HOST", "FROM")
    ]
    assert said[-1] == f"Written, not sent, for {ADA}, {BOB}."
    assert sorted(file.name for file in done.message.parent.iterdir()) == [
        "message.eml",
        "preview.html",
    ]


def test_a_sender_alone_stands_in_what_is_written(home, monkeypatch):
    """The server is not needed for that; what is no sender does not stand there."""
    monkeypatch.setenv("FINOPS_NB_SMTP_FROM", "FinOps <finops@example.com>")
    _, said = mailed(home)
    assert message_of(home)["From"] == "FinOps <finops@example.com>"
    assert said[0].startswith("--send would refuse: $FINOPS_NB_SMTP_HOST: not set")
    monkeypatch.setenv("FINOPS_NB_SMTP_FROM", "FinOps")
    mailed(home)
    assert message_of(home)["From"] is None


def test_it_says_whom_it_would_send_it_to(home, mailbox):
    """Where nothing stands against it, and it is only written."""
    assert mailed(home)[1] == [f"Written, not sent; --send sends it to {ADA}, {BOB}."]
    assert mailbox.taken == []


def test_it_mails_to_somebody_else(home, mailbox):
    """`--to` takes the place of to and cc; what is attached, and where answers go, stays."""
    done, said = mailed(home, to=("me@example.com", "ME@example.com", "you@example.com"), send=True)
    message = message_of(home)
    assert done.complete
    assert (message["To"], message["Cc"], message["Reply-To"]) == (
        "ME@example.com, you@example.com",
        None,
        "team@example.com",
    )
    assert sorted(mailbox.received) == ["ME@example.com", "you@example.com"]
    assert said == ["ME@example.com: sent", "you@example.com: sent"]


def test_it_sends_what_it_wrote(home, mailbox):
    """One transaction for both, the bytes of the .eml; the journal has each of them before and after."""
    done, said = mailed(home, send=True)
    [(sender, recipients, content)] = mailbox.taken
    assert (sender, recipients) == ("finops@example.com", [ADA, BOB])
    assert content == done.message.read_bytes()
    assert message_of(home)["From"] == "FinOps <finops@example.com>"
    assert journal(home) == [(ADA, "sending"), (BOB, "sending"), (ADA, "sent"), (BOB, "sent")]
    assert (done.complete, said) == (True, [f"{ADA}: sent", f"{BOB}: sent"])


def test_it_sends_to_nobody_twice(home, mailbox):
    """A second time it says when it was sent, and does not even connect; with `resend` it sends again."""
    mailed(home, send=True)
    done, said = mailed(home, send=True)
    assert done.complete
    assert len(mailbox.taken) == 1
    assert [line.split(" on ")[0] for line in said] == [
        f"{ADA}: already sent",
        f"{BOB}: already sent",
    ]
    assert said[0].endswith(f"; once more: finops-nb mail 2025-12 --to {ADA} --send --resend")
    mailed(home, send=True, resend=True)
    assert mailbox.received == [ADA, BOB, ADA, BOB]
    identifiers = {
        email.message_from_bytes(content)["Message-ID"] for _, _, content in mailbox.taken
    }
    assert len(identifiers) == 2, "programs drop a second message of the same id"


def test_one_who_is_refused_keeps_nobody_else_from_it(home, mailbox):
    """It says so and is not complete; run again, it sends to nobody; what it says to do sends it to him alone."""
    mailbox.rcpt[BOB] = ["550 no such user."]
    done, said = mailed(home, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA])
    assert said[0] == f"{ADA}: sent"
    command = f"finops-nb mail 2025-12 --to {BOB} --send --resend"
    assert (
        said[1]
        == f"{BOB}: refused: 550 no such user. Mend the address, or what is said there, then: {command}"
    )
    done, said = mailed(home, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA])
    assert said[1].startswith(f"{BOB}: refused on ")
    assert said[1].endswith(f"; to try again: {command}")
    done, said = mailed(home, to=(BOB,), send=True, resend=True)
    assert (done.complete, said, mailbox.received) == (True, [f"{BOB}: sent"], [ADA, BOB])


@pytest.mark.parametrize(
    ("answer", "mend"),
    [
        (
            "552 5.3.4 at most 1 MB",
            "The mail is too large, the address is not at fault: attach less",
        ),
        (
            "554 5.7.1 looks like spam",
            "The message is refused, the address is not at fault: ask who runs the server",
        ),
    ],
)
def test_a_message_that_is_refused_is_no_fault_of_an_address(home, mailbox, answer, mend):
    """It says what to do about the message."""
    mailbox.data = [answer]
    done, said = mailed(home, send=True)
    assert (done.complete, mailbox.received) == (False, [])
    assert said[0].startswith(f"{ADA}: refused: {answer}. {mend}")
    assert said[0].endswith(f", then: finops-nb mail 2025-12 --to {ADA} --send --resend")


def test_put_off_after_a_resend(home, mailbox):
    """It does not say to run the same again, which would send it to the others twice."""
    mailed(home, send=True)
    mailbox.rcpt[BOB] = ["451 later"] * 4
    _, said = mailed(home, send=True, resend=True)
    assert said[-1].endswith(
        "Run it again later, without --resend; who was sent it is not sent it twice."
    )
    mailed(home, send=True)
    assert mailbox.received == [ADA, BOB, ADA, BOB]


def test_one_who_is_put_off_is_sent_it_by_the_next_run(home, mailbox):
    """And the other one is not sent it again."""
    mailbox.rcpt[BOB] = ["451 later"] * 4
    done, said = mailed(home, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA])
    assert said[:3] == [
        f"451 later. Trying again in {wait}." for wait in ("1 second", "4 seconds", "16 seconds")
    ]
    assert said[4].startswith(f"{BOB}: not sent: 451 later")
    done, said = mailed(home, send=True)
    assert (done.complete, mailbox.received) == (True, [ADA, BOB])


def test_a_cut_connection_is_not_tried_again(home, mailbox):
    """After the content nobody knows; it says to look, and a second run sends nothing."""
    mailbox.data = [CUT]
    done, said = mailed(home, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA, BOB])
    assert all(
        "unknown: " in line
        and "Look whether it arrived; if not: finops-nb mail 2025-12 --to " in line
        for line in said
    )
    done, said = mailed(home, send=True)
    assert (done.complete, len(mailbox.taken)) == (False, 1)
    assert all(": unknown since " in line for line in said)


def test_a_crash_while_it_sends_sends_nothing_twice(home, mailbox, monkeypatch):
    """What was begun and has no end in the journal counts as unknown."""

    def crash(message, recipients, settings, *, before, after, notice):
        before(recipients)
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "deliver", crash)
        with pytest.raises(MemoryError):
            mailed(home, send=True)
    done, said = mailed(home, send=True)
    assert (done.complete, mailbox.taken) == (False, [])
    assert all(": unknown since " in line for line in said)


def test_an_interruption_says_who_may_have_it(home, mailbox, monkeypatch):
    """Whose sending had begun, and what to do; who was sent it is not among them."""

    def interrupt(message, recipients, settings, *, before, after, notice):
        before(recipients)
        after({ADA: smtp.Delivery(smtp.DeliveryState.SENT, "250 taken")})
        raise KeyboardInterrupt

    said: list[str] = []
    with (
        monkeypatch.context() as patch,
        pytest.raises(
            Interrupted, match=r"Interrupted\. journal\.jsonl beside the mail knows who"
        ) as error,
    ):
        patch.setattr(dispatch, "deliver", interrupt)
        mail(home, "2025-12", send=True, notice=said.append)
    assert error.value.exit_code == 130
    [line] = said
    assert line.startswith(f"{BOB}: unknown since ")
    assert line.endswith(
        f"Look whether it arrived; if not: finops-nb mail 2025-12 --to {BOB} --send --resend"
    )


def test_a_torn_entry_is_said(home, mailbox):
    """What a crash left of an entry is passed over, and the user knows; a journal that is spoilt sends nothing."""
    mailed(home, send=True)
    file = home.outputs / ".mail" / "2025-12" / "journal.jsonl"
    file.write_bytes(file.read_bytes() + b'{"key": "01')
    _, said = mailed(home, send=True, to=(ADA, "cfo@example.com"))
    assert said[0].startswith("journal.jsonl beside the mail ended within an entry")
    assert mailbox.received == [ADA, BOB, "cfo@example.com"]
    file.write_bytes(file.read_bytes().replace(b"\n", b" "))
    with pytest.raises(Failure, match="not an entry of a journal"):
        mailed(home, send=True)
    assert len(mailbox.taken) == 2


@pytest.mark.parametrize(
    "what", ["usage", "no usage", "params", "budgets", "refused params", "notebook"]
)
def test_an_outdated_report_is_not_sent(home, mailbox, what):
    """It says what to run; written, it warns."""
    change(home, what)
    to = (ADA,) if what == "refused params" else ()
    with pytest.raises(Refusal, match="outputs/2025-12: outdated"):
        mailed(home, send=True, to=to)
    assert mailbox.taken == []
    _, said = mailed(home, to=to)
    assert ".. " not in said[0]
    assert [line.split(", ")[0].split(": ")[:3] for line in said[:-1]] == [
        ["--send would refuse", "outputs/2025-12", "outdated"]
    ]
    assert "finops-nb run 2025-12" in said[0]


def test_a_failed_run_keeps_what_was_published_before_it(home, mailbox):
    """From being mailed: it says where the failed notebook is."""
    failed = home.outputs / ".staging" / "2025-12" / "failed.ipynb"
    failed.parent.mkdir(parents=True)
    failed.write_text("{}")
    with pytest.raises(
        Refusal, match=r"its last run failed.* See outputs/\.staging/2025-12/failed\.ipynb"
    ):
        mailed(home, send=True)
    assert mailbox.taken == []


def test_files_of_two_runs_are_not_sent(home, mailbox):
    """The page has another key than the results."""
    (home.outputs / "2025-12" / "organizational_alignment.html").write_text(
        "<title>The report</title>"
    )
    with pytest.raises(Refusal, match="its files are not of one run"):
        mailed(home, send=True)


@pytest.mark.parametrize(
    "file", ["organizational_alignment.html", "results.json", "chargeback.csv"]
)
def test_files_that_were_altered_are_not_sent(home, mailbox, file):
    """It names the file that is not as it was published, or is gone, though what is mailed is another; --allow sends it all the same."""
    folder = home.outputs / "2025-12"
    (folder / "chargeback.csv").write_text("organization,amount\n")
    past = History(home.outputs, "2025-12")
    past.settle()
    mailed(home, send=True, to=("first@example.com",))
    text = (folder / file).read_text()
    (folder / file).unlink() if file == "chargeback.csv" else (folder / file).write_text(
        text + "\n"
    )
    with pytest.raises(
        Refusal,
        match=rf"^outputs/2025-12/{file}: gone, or not as it was published\. Publish it again as it was: .* --force",
    ):
        mailed(home, send=True)
    assert list(mailbox.received) == ["first@example.com"]
    mailed(home, send=True, allow=True)
    assert sorted(mailbox.received) == [ADA, BOB, "first@example.com"]


def test_a_draft_is_not_sent(home, mailbox):
    """What `run` did not publish is no report."""
    write_report(home, kind="draft")
    with pytest.raises(Refusal, match="outputs/2025-12: a draft"):
        mailed(home, send=True)


def test_all_that_stands_against_it_is_said_at_once(home):
    """The settings that are missing, too."""
    write_report(home, kind="draft")
    change(home, "usage")
    with pytest.raises(Refusal) as refused:
        mailed(home, send=True)
    assert [problem.column or problem.rule.split(":")[0] for problem in refused.value.problems] == [
        *("$FINOPS_NB_SMTP_HOST", "$FINOPS_NB_SMTP_FROM"),
        *("a draft", "outdated"),
    ]


def test_a_what_if_is_sent_when_it_is_allowed(home, mailbox, tmp_path):
    """To those who are named for it, not to its base's; its subject says so, and the journal says what was allowed."""
    file = home.params_file(SCENARIO)
    file.parent.mkdir()
    file.write_text(
        'base: "2025-12"\nauthor: Ana\ndate: 2025-12-15\nreason: two more regions\norganization_budgets: {org-a: 9}\n'
    )
    write_report(home, SCENARIO)
    with pytest.raises(
        Refusal,
        match=r"params/scenarios/more\.yaml: nobody is named to mail a what-if to.* --to ada@example\.com",
    ):
        mailed(home, SCENARIO, send=True, allow=True)
    with pytest.raises(Refusal, match=r"outputs/scenarios/more: a what-if.*--allow"):
        mailed(home, SCENARIO, send=True, to=(ADA,))
    mailbox.rcpt[ADA] = ["550 no"]
    _, said = mailed(home, SCENARIO, send=True, to=(ADA,), allow=True)
    assert said[1].endswith(f", then: finops-nb mail {SCENARIO} --to {ADA} --send --allow --resend")
    done, said = mailed(home, SCENARIO, send=True, to=(ADA,), allow=True, resend=True)
    message = message_of(home, SCENARIO)
    assert done.complete
    assert message["Subject"].startswith("WHAT-IF · Organizational alignment")
    assert [part.get_filename() for part in message.iter_attachments()] == [
        "organizational_alignment_scenarios_more.html"
    ]
    allowed = (
        "Allowed: outputs/scenarios/more: a what-if, on budgets that are not the approved ones."
    )
    assert said[0] == allowed
    assert allowed in (done.message.parent / "journal.jsonl").read_text()


@pytest.mark.parametrize(
    ("keys", "stamp"),
    [
        ({"kind": "analysis"}, "ANALYSIS"),
        ({"period": {"start": "2025-12-01", "end": "2026-01-01", "complete": False}}, "PARTIAL"),
    ],
)
def test_an_analysis_and_a_running_month_are_sent(home, mailbox, keys, stamp):
    """The subject says what they are."""
    write_report(home, **keys)
    assert mailed(home, send=True)[0].complete
    assert message_of(home)["Subject"].startswith(stamp)


@pytest.mark.parametrize("options", [{}, {"send": True, "allow": True}])
def test_without_a_report_there_is_nothing_to_mail(home, options):
    """Whatever is allowed; it says how to publish it."""
    shutil.rmtree(home.outputs / "2025-12")
    with pytest.raises(
        Refusal,
        match=r"outputs/2025-12: no report is published there. Publish it: finops-nb run 2025-12\.",
    ):
        mailed(home, **options)
    (home.outputs / "2025-12").mkdir()
    (home.outputs / "2025-12" / "results.json").write_text("{")
    with pytest.raises(Refusal, match="no report is published there"):
        mailed(home, **options)


def test_it_needs_somebody_to_mail_it_to(tmp_path):
    """It names the key and the option."""
    home = publish_by_hand(tmp_path)
    with pytest.raises(
        Refusal, match=r"params/2025-12.yaml, mail: nobody is named .*mail: \{to: .*--to"
    ):
        mailed(home)


@pytest.mark.parametrize(
    "text",
    [
        "ada",
        "Ada <ada@example.com>",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com,b@example.com",
        "",
    ],
)
def test_it_takes_plain_addresses_only(home, text):
    """It names each that is none."""
    with pytest.raises(Refusal, match="--to: not an address"):
        mailed(home, to=(ADA, text))
    assert not (home.outputs / ".mail").exists()


def test_a_pdf_is_attached_as_it_was_published(tmp_path, monkeypatch):
    """Where it was not, it says to run again; with none, nothing is attached."""
    home = publish_by_hand(tmp_path, mail={"to": ADA, "attachment": ["html", "pdf"]})
    with pytest.raises(
        Refusal,
        match=r"mail.attachment: outputs/2025-12/organizational_alignment.pdf is not published. Run it again.*leave pdf out",
    ):
        mailed(home)
    (home.outputs / "2025-12" / "organizational_alignment.html").unlink()
    with pytest.raises(
        Refusal,
        match=r"organizational_alignment.html is not published. Run it again: finops-nb run 2025-12; or leave html out",
    ):
        mailed(home)
    write_report(home)
    (home.outputs / "2025-12" / "organizational_alignment.pdf").write_bytes(b"%PDF")
    mailed(home)
    assert [part.get_filename() for part in message_of(home).iter_attachments()] == [
        "organizational_alignment_2025-12.html",
        "organizational_alignment_2025-12.pdf",
    ]
    home.params_file("2025-12").write_text(
        home.params_file("2025-12").read_text().replace('["html", "pdf"]', '"none"')
    )
    mailed(home)
    assert list(message_of(home).iter_attachments()) == []


def test_the_workbook_is_attached(tmp_path):
    """As it was published."""
    home = publish_by_hand(tmp_path, mail={"to": ADA, "attachment": "xlsx"})
    (home.outputs / "2025-12" / "organizational_alignment.xlsx").write_bytes(b"PK\xff")
    mailed(home)
    [attached] = message_of(home).iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == (
        "organizational_alignment_2025-12.xlsx",
        b"PK\xff",
    )


def test_one_process_mails_a_name_at_a_time(home, mailbox):
    """A second one is told, and sends nothing; the report's own lock is another one."""
    with (
        hold(home.outputs / ".runs", "2025-12~mail"),
        pytest.raises(
            Busy,
            match=rf"^2025-12 is being mailed by process {os.getpid()} on .*Wait for it to end, then try again",
        ),
    ):
        mailed(home, send=True)
    assert mailbox.taken == []
    with hold(home.outputs / ".runs", "2025-12"):
        assert mailed(home, send=True)[0].complete


def test_a_message_is_written_whole_or_not_at_all(home, monkeypatch):
    """Where the disk fails, the one before stands, and it says which file."""
    mailed(home)
    before = (home.outputs / ".mail" / "2025-12" / "message.eml").read_bytes()

    def fail(path: Path, data: bytes) -> None:
        path.write_bytes(data[:10])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("finops_nb.atomic_files.write_file", fail)
    with pytest.raises(Failure, match=r"outputs/\.mail/2025-12/.*No space left on device"):
        mailed(home, to=("me@example.com",))
    assert (home.outputs / ".mail" / "2025-12" / "message.eml").read_bytes() == before
    assert sorted(file.name for file in (home.outputs / ".mail" / "2025-12").iterdir()) == [
        "message.eml",
        "preview.html",
    ]


def test_a_report_that_is_exchanged_meanwhile_is_read_as_a_whole(home, monkeypatch):
    """It reads again, until all files are of one folder."""
    folder, read_results = home.outputs / "2025-12", publication.read_results
    shutil.copytree(folder, home.outputs / "other")
    (home.outputs / "other" / "organizational_alignment.html").write_text("newer")
    read_bytes = Path.read_bytes

    def exchanging(path: Path) -> bytes:
        data = read_bytes(path)
        if (home.outputs / "other").exists():
            folder.rename(home.outputs / "old")
            (home.outputs / "other").rename(folder)
        return data

    monkeypatch.setattr(Path, "read_bytes", exchanging)
    assert read_publication(home, "2025-12").files["organizational_alignment.html"] == b"newer"
    assert read_results is publication.read_results
