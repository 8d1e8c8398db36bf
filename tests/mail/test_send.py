"""The mail of a NAME: what is written, the objections, and that nobody is sent it twice."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shutil
import stat
from functools import partial
from pathlib import Path

import pytest
from support.homes import make_notebook, write_notebook
from support.mail_reports import draw_once, publish_by_hand, write_report
from support.mail_servers import CUT, Mailbox, drip, environment, mail_server, raw_server
from support.other_accounts import generous_umask, open_to_others, opened_to_all

from finops_nb.errors import Busy, Failure, Interrupted, Refusal
from finops_nb.home import Home
from finops_nb.mail import publication, smtp
from finops_nb.mail import send as sending
from finops_nb.mail.publication import read_publication
from finops_nb.mail.send import MailResult, mail
from finops_nb.mail.smtp import deliver
from finops_nb.outputs.lock import hold
from finops_nb.outputs.revisions import History

ADA, BOB = "ada@example.com", "bob@example.com"
SCENARIO = "scenarios/more"
RUNNING = {"start": "2025-12-01", "end": "2026-01-01", "complete": False}


@pytest.fixture
def published_month(tmp_path) -> Home:
    """A published month with the recipients Ada and Bob."""
    return publish_by_hand(
        tmp_path, mail={"to": [ADA], "cc": [BOB], "reply_to": "team@example.com"}
    )


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """No waiting between attempts, and no mail settings of this machine."""
    draw_once(monkeypatch)
    impatient = partial(deliver, timeout=5, sleep=lambda seconds: None)
    monkeypatch.setattr(sending, "deliver", impatient)
    for name in ("HOST", "PORT", "SECURITY", "USER", "PASSWORD", "FROM"):
        monkeypatch.delenv(f"FINOPS_NB_SMTP_{name}", raising=False)


@pytest.fixture
def mailbox(monkeypatch):
    """A mail server, named by the environment."""
    with mail_server(Mailbox()) as mailbox:
        for name, value in environment(mailbox.port).items():
            monkeypatch.setenv(name, value)
        yield mailbox


def mailed(published_month: Home, name: str = "2025-12", **options) -> tuple[MailResult, list[str]]:
    """What `mail` returned, and its notices."""
    notices: list[str] = []
    return mail(published_month, name, notice=notices.append, **options), notices


def message_of(published_month: Home, name: str = "2025-12"):
    return email.message_from_bytes(
        (published_month.outputs / ".mail" / name / "message.eml").read_bytes(),
        policy=email.policy.default,
    )


def journal(published_month: Home, name: str = "2025-12") -> list[tuple[str, str]]:
    file = published_month.outputs / ".mail" / name / "journal.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [(line["recipient"], line["state"]) for line in lines]


def change(published_month: Home, what: str) -> None:
    """Change something that the published report was made from."""
    params = published_month.params_file("2025-12")
    usage = published_month.root / "usage" / "calls.csv"
    {
        "usage": lambda: usage.write_text(usage.read_text() + "2025-12-09T00:00:00Z,1\n"),
        "no usage": lambda: usage.unlink(),
        "params": lambda: params.write_text(params.read_text() + "at_risk: 0.9\n"),
        "budgets": lambda: params.write_text(
            params.read_text() + "organization_budgets: {org-a: 5}\n"
        ),
        "refused params": lambda: params.write_text(params.read_text() + "no_such_key: 1\n"),
        "notebook": lambda: write_notebook(published_month, make_notebook(["7"])),
    }[what]()


def test_it_writes_the_message_and_its_preview(published_month):
    """The recipients of the params, no sender yet; notices say what sending needs."""
    done, notices = mailed(published_month)
    message = message_of(published_month)
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
        published_month.outputs / ".mail" / "2025-12" / "message.eml",
        published_month.outputs / ".mail" / "2025-12" / "preview.html",
        True,
    )
    assert "data:image/png;base64," in done.preview.read_text()
    assert [line.partition(" is not set. ")[0] for line in notices[:-1]] == [
        f"--send will not work yet: $FINOPS_NB_SMTP_{name}" for name in ("HOST", "FROM")
    ]
    assert notices[-1] == f"Written, not sent. It is addressed to {ADA} and {BOB}."
    assert sorted(file.name for file in done.message.parent.iterdir()) == [
        "message.eml",
        "preview.html",
    ]


def test_the_sender_is_in_what_is_written(published_month, monkeypatch):
    """No server is needed for that; a value that is not a sender is left out."""
    monkeypatch.setenv("FINOPS_NB_SMTP_FROM", "FinOps <finops@example.com>")
    _, notices = mailed(published_month)
    assert message_of(published_month)["From"] == "FinOps <finops@example.com>"
    assert notices[0].startswith("--send will not work yet: $FINOPS_NB_SMTP_HOST is not set. ")
    monkeypatch.setenv("FINOPS_NB_SMTP_FROM", "FinOps")
    mailed(published_month)
    assert message_of(published_month)["From"] is None


def test_it_names_the_recipients_before_it_sends(published_month, mailbox):
    """Where nothing is in the way, the notice says what --send would do."""
    assert mailed(published_month)[1] == [f"Written, not sent. --send sends it to {ADA} and {BOB}."]
    assert mailbox.taken == []


def test_it_mails_to_somebody_else(published_month, mailbox):
    """`--to` replaces to and cc; attachments and Reply-To stay."""
    done, notices = mailed(
        published_month, to=("me@example.com", "ME@example.com", "you@example.com"), send=True
    )
    message = message_of(published_month)
    assert done.complete
    assert (message["To"], message["Cc"], message["Reply-To"]) == (
        "ME@example.com, you@example.com",
        None,
        "team@example.com",
    )
    assert sorted(mailbox.received) == ["ME@example.com", "you@example.com"]
    assert notices == ["ME@example.com: sent", "you@example.com: sent"]


def test_it_sends_what_it_wrote(published_month, mailbox):
    """One transaction sends the bytes of the .eml; the journal has entries before and after."""
    done, notices = mailed(published_month, send=True)
    [(sender, recipients, content)] = mailbox.taken
    assert (sender, recipients) == ("finops@example.com", [ADA, BOB])
    assert content == done.message.read_bytes()
    assert message_of(published_month)["From"] == "FinOps <finops@example.com>"
    assert journal(published_month) == [
        (ADA, "sending"),
        (BOB, "sending"),
        (ADA, "sent"),
        (BOB, "sent"),
    ]
    assert (done.complete, notices) == (True, [f"{ADA}: sent", f"{BOB}: sent"])


def test_it_sends_to_nobody_twice(published_month, mailbox):
    """A second run says when it was sent and does not connect; `resend` sends again."""
    mailed(published_month, send=True)
    done, notices = mailed(published_month, send=True)
    assert done.complete
    assert len(mailbox.taken) == 1
    assert [line.split(" on ")[0] for line in notices] == [
        f"{ADA}: already sent",
        f"{BOB}: already sent",
    ]
    assert notices[0].endswith(
        f"; to send it once more: finops-nb mail 2025-12 --to {ADA} --send --resend"
    )
    mailed(published_month, send=True, resend=True)
    assert mailbox.received == [ADA, BOB, ADA, BOB]
    identifiers = {
        email.message_from_bytes(content)["Message-ID"] for _, _, content in mailbox.taken
    }
    assert len(identifiers) == 2, "mail programs drop a second message of the same id"


def test_a_refused_recipient_does_not_stop_the_others(published_month, mailbox):
    """The same command sends nothing more; the one in the notice sends to this recipient."""
    mailbox.rcpt[BOB] = ["550 no such user."]
    done, notices = mailed(published_month, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA])
    assert notices[0] == f"{ADA}: sent"
    command = f"finops-nb mail 2025-12 --to {BOB} --send --resend"
    fix = "Fix the address, or the cause that the server names"
    assert notices[1] == f"{BOB}: refused: 550 no such user. {fix}, then run: {command}"
    done, notices = mailed(published_month, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA])
    assert notices[1].startswith(f"{BOB}: refused on ")
    assert notices[1].endswith(f"; to try again: {command}")
    done, notices = mailed(published_month, to=(BOB,), send=True, resend=True)
    assert (done.complete, notices, mailbox.received) == (True, [f"{BOB}: sent"], [ADA, BOB])


@pytest.mark.parametrize(
    ("answer", "fix"),
    [
        (
            "552 5.3.4 at most 1 MB",
            "The mail is too large; the address is fine. Attach less",
        ),
        (
            "554 5.7.1 looks like spam",
            "The server refused the message; the address is fine. Ask whoever runs the mail server",
        ),
    ],
)
def test_a_refused_message_is_not_blamed_on_an_address(published_month, mailbox, answer, fix):
    """The notice says what to do about the message."""
    mailbox.data = [answer]
    done, notices = mailed(published_month, send=True)
    assert (done.complete, mailbox.received) == (False, [])
    assert notices[0].startswith(f"{ADA}: refused: {answer}. {fix}")
    assert notices[0].endswith(f", then run: finops-nb mail 2025-12 --to {ADA} --send --resend")


def test_a_deferred_resend(published_month, mailbox):
    """The notice leaves --resend out, which would send it to the others twice."""
    mailed(published_month, send=True)
    mailbox.rcpt[BOB] = ["451 later"] * 4
    _, notices = mailed(published_month, send=True, resend=True)
    assert notices[-1].endswith(
        "Run the command again later, without --resend; nobody is mailed twice."
    )
    mailed(published_month, send=True)
    assert mailbox.received == [ADA, BOB, ADA, BOB]


def test_a_deferred_recipient_is_sent_it_by_the_next_run(published_month, mailbox):
    """The other recipient is not sent it again."""
    mailbox.rcpt[BOB] = ["451 later"] * 4
    done, notices = mailed(published_month, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA])
    assert notices[:3] == [
        f"451 later. Trying again in {wait}." for wait in ("1 second", "4 seconds", "16 seconds")
    ]
    assert notices[4].startswith(f"{BOB}: not sent: 451 later")
    done, notices = mailed(published_month, send=True)
    assert (done.complete, mailbox.received) == (True, [ADA, BOB])


def test_a_cut_connection_is_not_tried_again(published_month, mailbox):
    """The outcome is unknown; the notice says to check, and a second run sends nothing."""
    mailbox.data = [CUT]
    done, notices = mailed(published_month, send=True)
    assert (done.complete, mailbox.received) == (False, [ADA, BOB])
    assert all(
        "unknown: " in line
        and "Check whether it arrived; if not, run: finops-nb mail 2025-12 --to " in line
        for line in notices
    )
    done, notices = mailed(published_month, send=True)
    assert (done.complete, len(mailbox.taken)) == (False, 1)
    assert all(": unknown since " in line for line in notices)


def test_a_crash_while_it_sends_sends_nothing_twice(published_month, mailbox, monkeypatch):
    """A sending without an end in the journal counts as unknown."""

    def crash(message, recipients, settings, hooks):
        hooks.before(recipients)
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(sending, "deliver", crash)
        with pytest.raises(MemoryError):
            mailed(published_month, send=True)
    done, notices = mailed(published_month, send=True)
    assert (done.complete, mailbox.taken) == (False, [])
    assert all(": unknown since " in line for line in notices)


def test_an_interruption_says_who_may_have_it(published_month, mailbox, monkeypatch):
    """Only recipients without an outcome are named, with what to do."""

    def interrupt(message, recipients, settings, hooks):
        hooks.before(recipients)
        hooks.after({ADA: smtp.Delivery(smtp.DeliveryState.SENT, "250 taken")})
        raise KeyboardInterrupt

    notices: list[str] = []
    with (
        monkeypatch.context() as patch,
        pytest.raises(
            Interrupted, match=r"Interrupted\. outputs/\.mail/2025-12/journal\.jsonl records who"
        ) as error,
    ):
        patch.setattr(sending, "deliver", interrupt)
        mail(published_month, "2025-12", send=True, notice=notices.append)
    assert error.value.exit_code == 130
    [line] = notices
    assert line.startswith(f"{BOB}: unknown since ")
    assert line.endswith(
        f"Check whether it arrived; if not, run: finops-nb mail 2025-12 --to {BOB} --send --resend"
    )


def test_half_an_entry_is_reported(published_month, mailbox):
    """What a crash left of an entry is ignored; a damaged journal stops the sending."""
    mailed(published_month, send=True)
    file = published_month.outputs / ".mail" / "2025-12" / "journal.jsonl"
    file.write_bytes(file.read_bytes() + b'{"key": "01')
    _, notices = mailed(published_month, send=True, to=(ADA, "cfo@example.com"))
    assert notices[0].startswith("outputs/.mail/2025-12/journal.jsonl ends with half an entry")
    assert mailbox.received == [ADA, BOB, "cfo@example.com"]
    file.write_bytes(file.read_bytes().replace(b"\n", b" "))
    with pytest.raises(Failure, match="not an entry of a journal"):
        mailed(published_month, send=True)
    assert len(mailbox.taken) == 2


@pytest.mark.parametrize(
    "what", ["usage", "no usage", "params", "budgets", "refused params", "notebook"]
)
def test_an_outdated_report_is_not_sent(published_month, mailbox, what):
    """The refusal says what to run; without --send it is a notice."""
    change(published_month, what)
    to = (ADA,) if what == "refused params" else ()
    with pytest.raises(Refusal, match="outputs/2025-12: outdated"):
        mailed(published_month, send=True, to=to)
    assert mailbox.taken == []
    _, notices = mailed(published_month, to=to)
    assert ".. " not in notices[0]
    assert [line.split(", ")[0].split(": ")[:3] for line in notices[:-1]] == [
        ["--send would refuse", "outputs/2025-12", "outdated"]
    ]
    is_refused = what in ("no usage", "refused params")
    fix = "Fix that first, then run" if is_refused else "Update it:"
    assert f"{fix} finops-nb run 2025-12" in notices[0]


def test_a_report_from_before_a_failed_run_is_not_sent(published_month, mailbox):
    """The refusal says where the failed notebook is."""
    failed = published_month.outputs / ".staging" / "2025-12" / "failed.ipynb"
    failed.parent.mkdir(parents=True)
    failed.write_text("{}")
    with pytest.raises(
        Refusal, match=r"the last run failed.* See outputs/\.staging/2025-12/failed\.ipynb"
    ):
        mailed(published_month, send=True)
    assert mailbox.taken == []


def test_files_of_two_runs_are_not_sent(published_month, mailbox):
    """The page and the results have different keys."""
    (published_month.outputs / "2025-12" / "organizational_alignment.html").write_text(
        "<title>The report</title>"
    )
    with pytest.raises(Refusal, match="its files come from different runs"):
        mailed(published_month, send=True)


@pytest.mark.parametrize(
    "file", ["organizational_alignment.html", "results.json", "chargeback.csv"]
)
def test_changed_files_are_not_sent(published_month, mailbox, file):
    """A missing or changed file is named, even if it is not mailed; --allow sends anyway."""
    folder = published_month.outputs / "2025-12"
    (folder / "chargeback.csv").write_text("organization,amount\n")
    past = History(published_month.outputs, "2025-12")
    past.settle()
    mailed(published_month, send=True, to=("first@example.com",))
    text = (folder / file).read_text()
    (folder / file).unlink() if file == "chargeback.csv" else (folder / file).write_text(
        text + "\n"
    )
    with pytest.raises(
        Refusal,
        match=rf"^outputs/2025-12/{file}: missing, or changed since it was published\. "
        r"Publish it again: .* --force",
    ):
        mailed(published_month, send=True)
    assert list(mailbox.received) == ["first@example.com"]
    mailed(published_month, send=True, allow=True)
    assert sorted(mailbox.received) == [ADA, BOB, "first@example.com"]


def test_a_draft_is_not_sent(published_month, mailbox):
    """Only what `run` published is a report."""
    write_report(published_month, kind="draft")
    with pytest.raises(Refusal, match="outputs/2025-12: a draft"):
        mailed(published_month, send=True)


def test_all_objections_are_reported_together(published_month):
    """Missing settings are among them."""
    write_report(published_month, kind="draft")
    change(published_month, "usage")
    with pytest.raises(Refusal) as refused:
        mailed(published_month, send=True)
    problems = refused.value.problems
    assert [problem.column or re.split("[:,]", problem.rule)[0] for problem in problems] == [
        *("$FINOPS_NB_SMTP_HOST", "$FINOPS_NB_SMTP_FROM"),
        *("a draft", "outdated"),
    ]


def test_a_what_if_is_sent_when_it_is_allowed(published_month, mailbox, tmp_path):
    """It needs its own recipients; its subject says WHAT-IF, and the journal what was allowed."""
    file = published_month.params_file(SCENARIO)
    file.parent.mkdir()
    file.write_text(
        'base: "2025-12"\nauthor: Ana\ndate: 2025-12-15\nreason: two more regions\n'
        "organization_budgets: {org-a: 9}\n"
    )
    write_report(published_month, SCENARIO)
    with pytest.raises(
        Refusal,
        match=r"params/scenarios/more\.yaml: a what-if has no recipients.* --to ada@example\.com",
    ):
        mailed(published_month, SCENARIO, send=True, allow=True)
    with pytest.raises(Refusal, match=r"outputs/scenarios/more: a what-if.*--allow"):
        mailed(published_month, SCENARIO, send=True, to=(ADA,))
    mailbox.rcpt[ADA] = ["550 no"]
    _, notices = mailed(published_month, SCENARIO, send=True, to=(ADA,), allow=True)
    assert notices[1].endswith(
        f", then run: finops-nb mail {SCENARIO} --to {ADA} --send --allow --resend"
    )
    done, notices = mailed(published_month, SCENARIO, send=True, to=(ADA,), allow=True, resend=True)
    message = message_of(published_month, SCENARIO)
    assert done.complete
    assert message["Subject"].startswith("WHAT-IF · Organizational Alignment")
    assert [part.get_filename() for part in message.iter_attachments()] == [
        "organizational_alignment_scenarios_more.html"
    ]
    allowed = "Allowed: outputs/scenarios/more: a what-if, based on budgets that are not approved."
    assert notices[0] == allowed
    assert allowed in (done.message.parent / "journal.jsonl").read_text()


@pytest.mark.parametrize(
    ("keys", "stamp"),
    [
        ({"kind": "analysis"}, "ANALYSIS"),
        ({"period": {"start": "2025-12-01", "end": "2026-01-01", "complete": False}}, "PARTIAL"),
    ],
)
def test_an_analysis_and_a_running_month_are_sent(published_month, mailbox, keys, stamp):
    """Their subject begins with the stamp."""
    write_report(published_month, **keys)
    assert mailed(published_month, send=True)[0].complete
    assert message_of(published_month)["Subject"].startswith(stamp)


@pytest.mark.parametrize("options", [{}, {"send": True, "allow": True}])
def test_without_a_report_there_is_nothing_to_mail(published_month, options):
    """Not even --allow helps; the refusal says how to publish it."""
    shutil.rmtree(published_month.outputs / "2025-12")
    with pytest.raises(
        Refusal,
        match=r"outputs/2025-12: no published report\. Publish it: finops-nb run 2025-12\.",
    ):
        mailed(published_month, **options)
    (published_month.outputs / "2025-12").mkdir()
    (published_month.outputs / "2025-12" / "results.json").write_text("{")
    again = r"results\.json can't be read\. Publish it again: finops-nb run 2025-12\."
    with pytest.raises(Refusal, match=again):
        mailed(published_month, **options)


def test_it_needs_a_recipient(tmp_path):
    """The refusal names the key and the option."""
    published_month = publish_by_hand(tmp_path)
    with pytest.raises(
        Refusal, match=r"params/2025-12.yaml, mail: no recipients\. .*mail: \{to: .*--to"
    ):
        mailed(published_month)


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
def test_it_takes_plain_addresses_only(published_month, text):
    """Anything else is refused, and named."""
    with pytest.raises(Refusal, match="--to: not an address"):
        mailed(published_month, to=(ADA, text))
    assert not (published_month.outputs / ".mail").exists()


def test_a_pdf_is_attached_as_it_was_published(tmp_path, monkeypatch):
    """Where it was not published the refusal says to run again; `none` attaches nothing."""
    published_month = publish_by_hand(tmp_path, mail={"to": ADA, "attachment": ["html", "pdf"]})
    with pytest.raises(
        Refusal,
        match=r"mail.attachment: outputs/2025-12/organizational_alignment.pdf is not published. "
        r"Run it again.*remove pdf from",
    ):
        mailed(published_month)
    (published_month.outputs / "2025-12" / "organizational_alignment.html").unlink()
    with pytest.raises(
        Refusal,
        match=r"organizational_alignment.html is not published. "
        r"Run it again: finops-nb run 2025-12; or remove html from",
    ):
        mailed(published_month)
    write_report(published_month)
    (published_month.outputs / "2025-12" / "organizational_alignment.pdf").write_bytes(b"%PDF")
    mailed(published_month)
    assert [part.get_filename() for part in message_of(published_month).iter_attachments()] == [
        "organizational_alignment_2025-12.html",
        "organizational_alignment_2025-12.pdf",
    ]
    published_month.params_file("2025-12").write_text(
        published_month.params_file("2025-12").read_text().replace('["html", "pdf"]', '"none"')
    )
    mailed(published_month)
    assert list(message_of(published_month).iter_attachments()) == []


def test_the_workbook_is_attached(tmp_path):
    """Its bytes are those that were published."""
    published_month = publish_by_hand(tmp_path, mail={"to": ADA, "attachment": "xlsx"})
    (published_month.outputs / "2025-12" / "organizational_alignment.xlsx").write_bytes(b"PK\xff")
    mailed(published_month)
    [attached] = message_of(published_month).iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == (
        "organizational_alignment_2025-12.xlsx",
        b"PK\xff",
    )


def test_one_process_mails_a_name_at_a_time(published_month, mailbox):
    """A second process is refused; a run of the same NAME does not get in the way."""
    with (
        hold(published_month.outputs / ".runs", "2025-12~mail"),
        pytest.raises(
            Busy,
            match=rf"^2025-12 is being mailed by process {os.getpid()} on .*"
            "Wait for it to end, then try again",
        ),
    ):
        mailed(published_month, send=True)
    assert mailbox.taken == []
    with hold(published_month.outputs / ".runs", "2025-12"):
        assert mailed(published_month, send=True)[0].complete


UP_TO_CONTENT = ("220 hi", "250 hi", "250 OK", "250 OK", "250 OK", "354 go on")


def slow(connection) -> None:
    """Greet without end, a byte at a time."""
    drip(connection, b"220-hi\r\n")


def endless(connection) -> None:
    """Answer EHLO with lines without end, at most a megabyte."""
    connection.sendall(b"220 hi\r\n")
    connection.recv(1000)
    connection.sendall(b"250-x\r\n" * 150_000)


def slow_at_the_end(connection) -> None:
    """Take the message, and answer it without end, a byte at a time."""
    lines = connection.makefile("rb")
    for answer in UP_TO_CONTENT:
        connection.sendall(answer.encode() + b"\r\n")
        lines.readline()
    while lines.readline() != b".\r\n":
        pass
    drip(connection, b"250-taken\r\n")


def early(connection) -> None:
    """Accept the message before it is sent."""
    connection.sendall("\r\n".join([*UP_TO_CONTENT, "250 taken", ""]).encode())
    while connection.recv(1000):
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    ("talk", "text", "states"),
    [
        (
            slow,
            rf"^{ADA}: not sent: 127\.0\.0\.1:\d+: timed out\. Run the command again",
            "deferred",
        ),
        (endless, r"its answer has more than 100 lines\. Nothing was sent\. Check that ", ""),
        (slow_at_the_end, rf"^{ADA}: unknown: no answer after sending began: timed out", "unknown"),
        (early, r"answered before it was asked: 250 hi\. Nothing was sent\. Ask who runs", ""),
    ],
)
def test_a_hostile_server_holds_no_lock_and_is_not_believed(
    published_month, monkeypatch, talk, text, states
):
    """One sentence says how it ended, the journal agrees, and then the NAME is free."""
    limited = partial(deliver, timeout=0.3, limit=0.9, sleep=lambda seconds: None)
    monkeypatch.setattr(sending, "deliver", limited)
    with raw_server(talk) as port:
        for name, value in environment(port).items():
            monkeypatch.setenv(name, value)
        try:
            result, sentences = mailed(published_month, send=True)
            assert not result.complete
        except Failure as failure:
            sentences = [str(failure)]
            assert failure.exit_code == 1
    assert re.search(text, sentences[0])
    assert not any("\n" in sentence for sentence in sentences)
    # A deferred recipient is recorded once for each attempt.
    assert {(who, state) for who, state in journal(published_month) if state != "sending"} == {
        (who, states) for who in (ADA, BOB) if states
    }
    with hold(published_month.runs, "2025-12~mail") as former:
        assert former == ""


def test_a_message_is_complete_or_absent(published_month, monkeypatch):
    """Where the disk fails the earlier message stays, and the failure names the file."""
    mailed(published_month)
    before = (published_month.outputs / ".mail" / "2025-12" / "message.eml").read_bytes()

    def fail(path: Path, data: bytes, mode: int) -> None:
        path.write_bytes(data[:10])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("finops_nb.atomic_files.write_file", fail)
    with pytest.raises(Failure, match=r"outputs/\.mail/2025-12/.*No space left on device"):
        mailed(published_month, to=("me@example.com",))
    assert (published_month.outputs / ".mail" / "2025-12" / "message.eml").read_bytes() == before
    assert sorted(
        file.name for file in (published_month.outputs / ".mail" / "2025-12").iterdir()
    ) == [
        "message.eml",
        "preview.html",
    ]


def test_nobody_else_can_read_a_mail_or_its_journal(published_month, mailbox):
    """Whatever the umask, and also where an earlier version wrote them for all."""
    outputs, mail_folder = published_month.outputs, published_month.outputs / ".mail"
    with generous_umask():
        assert mailed(published_month, send=True)[0].complete
    for _ in range(2):
        found = open_to_others(outputs)
        assert [path for path in found if path.startswith((".mail", ".runs"))] == []
        files = [path for path in mail_folder.rglob("*") if path.is_file()]
        assert sorted(path.name for path in files) == [
            "journal.jsonl",
            "message.eml",
            "preview.html",
        ]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        opened_to_all(mail_folder)
        opened_to_all(outputs / ".runs")
        assert mailed(published_month, send=True, resend=True)[0].complete


def test_a_report_that_is_replaced_meanwhile_is_read_as_one_snapshot(published_month, monkeypatch):
    """It is read again until all files come from one folder."""
    folder, read_results = published_month.outputs / "2025-12", publication.read_results
    shutil.copytree(folder, published_month.outputs / "other")
    (published_month.outputs / "other" / "organizational_alignment.html").write_text("newer")
    read_bytes = Path.read_bytes

    def exchanging(path: Path) -> bytes:
        data = read_bytes(path)
        if (published_month.outputs / "other").exists():
            folder.rename(published_month.outputs / "old")
            (published_month.outputs / "other").rename(folder)
        return data

    monkeypatch.setattr(Path, "read_bytes", exchanging)
    assert (
        read_publication(published_month, "2025-12").files["organizational_alignment.html"]
        == b"newer"
    )
    assert read_results is publication.read_results
