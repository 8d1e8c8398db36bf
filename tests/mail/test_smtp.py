"""Sending mail: encrypted or not at all, to nobody twice, with a certain outcome or "unknown"."""

from __future__ import annotations

import base64
import traceback
from email.message import EmailMessage

import pytest
import trustme
from support.mail_servers import (
    CANARY,
    CUT,
    CUT_WITHIN,
    GREETING,
    HOST,
    SILENCE,
    Mailbox,
    authority,
    environment,
    expired,
    mail_server,
    scripted,
)

from finops_nb.errors import Failure
from finops_nb.mail import smtp
from finops_nb.mail.answers import Undeliverable, is_too_large
from finops_nb.mail.connection import Connection
from finops_nb.mail.settings import smtp_settings
from finops_nb.mail.smtp import DELAYS, Hooks, deliver
from finops_nb.outputs.mail_journal import DeliveryState, Entry, Journal

ADA, BOB, CFO = "ada@example.com", "bob@example.com", "cfo@example.com"
EVERYONE = (ADA, BOB, CFO)
OFFER = (*GREETING, "250 OK", "250 OK", "354 go on")
"""Answers to one recipient, up to the content."""


@pytest.fixture
def message():
    made = EmailMessage()
    made["From"], made["To"] = "finops@example.com", ADA
    made["Subject"] = "Dezember: 8.669,89 €"
    made.set_content("Grüße\n.\n..two\n.end\n")
    return made


@pytest.fixture
def send(message):
    """`deliver` to a port of this machine, with lists instead of a clock and a user."""

    def send(
        port,
        recipients=EVERYONE,
        *,
        timeout=30,
        before=lambda recipients: None,
        after=lambda outcomes: None,
        **changes,
    ):
        settings = smtp_settings(environment(port, **changes))
        hooks = Hooks(before, after, notices.append)
        waited.clear()
        notices.clear()
        return deliver(message, recipients, settings, hooks, timeout=timeout, sleep=waited.append)

    waited: list[float] = []
    notices: list[str] = []
    send.waited, send.notices = waited, notices
    return send


def states(outcomes) -> dict[str, DeliveryState]:
    return {recipient: outcome.state for recipient, outcome in outcomes.items()}


# Certificates


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_good_certificate(tmp_path, monkeypatch, send, security):
    """STARTTLS and TLS carry one message for all, from the sender's plain address."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    with mail_server(Mailbox(), good, implicit=security == "tls") as mailbox:
        outcomes = send(mailbox.port, security=security)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    [(sender, recipients, _)] = mailbox.taken
    assert (sender, recipients) == ("finops@example.com", list(EVERYONE))


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("self-signed", "unable to get local issuer certificate|self.signed certificate"),
        ("another name", "not valid for '127.0.0.1'"),
        ("expired", "certificate has expired"),
    ],
)
def test_a_bad_certificate(tmp_path, monkeypatch, send, security, fault, reason):
    """A wrong, self-signed or expired certificate: nothing is sent, not even the login."""
    issuer = authority(tmp_path, monkeypatch)
    bad = {
        "self-signed": lambda: trustme.CA().issue_cert(HOST),
        "another name": lambda: issuer.issue_cert("smtp.example.com"),
        "expired": lambda: expired(issuer),
    }[fault]()
    with (
        mail_server(Mailbox(), bad, implicit=security == "tls", login=True) as mailbox,
        pytest.raises(
            Undeliverable,
            match=rf"^The certificate of 127\.0\.0\.1 is not trusted: .*({reason}).*\. Nothing ",
        ) as error,
    ):
        send(mailbox.port, security=security, user="ops", password=CANARY)
    assert (mailbox.taken, mailbox.logins, send.waited) == ([], [], [])
    assert "$SSL_CERT_FILE" in str(error.value)


def test_starttls_that_was_stripped(send):
    """A server without STARTTLS gets nothing: somebody may have removed the offer on the way."""
    with (
        mail_server(Mailbox()) as mailbox,
        pytest.raises(
            Undeliverable, match=r"does not offer STARTTLS.*clear text\. Nothing was sent\. If"
        ),
    ):
        send(mailbox.port, security="starttls")
    assert (mailbox.taken, send.waited) == ([], [])


def test_nothing_goes_in_clear_text_before_starttls(send):
    """Only EHLO and STARTTLS go out unencrypted, also where the server defers STARTTLS."""
    answers = (
        "220 hi",
        "250-mail.example.com\r\n250-AUTH PLAIN\r\n250 STARTTLS",
        "454 not now",
        "221 bye",
    )
    with scripted(*[answers] * 4) as script:
        outcomes = send(script.port, [ADA], security="starttls", user="ops", password=CANARY)
    assert outcomes[ADA] == smtp.Delivery(
        DeliveryState.DEFERRED, f"127.0.0.1:{script.port}: 454 not now"
    )
    assert [[line.split()[0] for line in heard if line] for heard in script.heard] == [
        [b"ehlo", b"STARTTLS"]
    ] * 4


def test_tls_on_a_port_that_does_not_speak_it(send):
    """The message asks to check host, port and security."""
    with (
        scripted(GREETING) as script,
        pytest.raises(
            Undeliverable,
            match=r"TLS with 127\.0\.0\.1:\d+ failed: .*wrong version number.*SECURITY",
        ),
    ):
        send(script.port, security="tls")


# Refused, deferred, accepted


def test_one_refused_recipient(send):
    """The others are sent the message, and the refusal is recorded with its reason."""
    with mail_server(Mailbox(rcpt={BOB: ["550 5.1.1 no such user"]})) as mailbox:
        outcomes = send(mailbox.port)
    assert states(outcomes) == {
        ADA: DeliveryState.SENT,
        BOB: DeliveryState.REFUSED,
        CFO: DeliveryState.SENT,
    }
    assert outcomes[BOB].detail == "550 5.1.1 no such user"
    assert (mailbox.received, send.waited) == ([ADA, CFO], [])


def test_all_refused(send):
    """No content is sent where no recipient is left."""
    with mail_server(Mailbox(rcpt={each: ["550 no"] for each in EVERYONE})) as mailbox:
        outcomes = send(
            mailbox.port, before=lambda recipients: pytest.fail("there is nothing to send")
        )
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.REFUSED)
    assert mailbox.taken == []


def test_a_deferred_recipient_is_tried_again(send):
    """Only open recipients are tried again, which is how greylisting ends."""
    with mail_server(Mailbox(rcpt={BOB: ["450 greylisted", "451 greylisted"]})) as mailbox:
        outcomes = send(mailbox.port)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    assert [recipients for _, recipients, _ in mailbox.taken] == [[ADA, CFO], [BOB]]
    assert send.waited == [1, 4]


def test_a_deferred_message_is_tried_again(send):
    """A message that the server read and deferred is sent again."""
    with mail_server(Mailbox(data=["451 busy"])) as mailbox:
        outcomes = send(mailbox.port)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    assert (mailbox.received, send.waited) == (list(EVERYONE), [1])


def test_a_message_refused_is_refused_for_all(send):
    """A message that the server refuses is not sent again."""
    with mail_server(Mailbox(data=["554 5.7.1 looks like spam"])) as mailbox:
        outcomes = send(mailbox.port)
    assert {(outcome.detail, outcome.of_message) for outcome in outcomes.values()} == {
        ("554 5.7.1 looks like spam", True)
    }
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.REFUSED)
    assert (mailbox.taken, send.waited) == ([], [])


def test_deferred_for_ever(send):
    """It gives up after 1 + 3 attempts; the outcome stays DEFERRED, for a later run."""
    with mail_server(Mailbox(rcpt={BOB: ["450 later"] * 9})) as mailbox:
        outcomes = send(mailbox.port)
        assert len(mailbox.rcpt[BOB]) == 9 - 4
    assert states(outcomes) == {
        ADA: DeliveryState.SENT,
        BOB: DeliveryState.DEFERRED,
        CFO: DeliveryState.SENT,
    }
    assert (mailbox.received, send.waited) == ([ADA, CFO], list(DELAYS))


def test_a_sender_that_is_refused(send):
    """The settings are at fault, so no recipient is recorded as refused."""
    rule = (
        r"does not accept mail from finops@example\.com: 553 5\.7\.1 not yours\. Nothing was sent"
    )
    with (
        scripted((*GREETING, "553 5.7.1 not yours", "221 bye")) as script,
        pytest.raises(Undeliverable, match=rule),
    ):
        send(script.port, after=lambda outcomes: pytest.fail("nobody was refused"))


def test_a_sender_that_is_refused_for_the_size(send):
    """The message says to attach less, and does not blame the settings."""
    rule = (
        r"does not accept mail of this size: 552 5\.3\.4 at most 1 MB\. Nothing was sent\. Attach"
    )
    with (
        scripted((*GREETING, "552 5.3.4 at most 1 MB", "221 bye")) as script,
        pytest.raises(Undeliverable, match=rule),
    ):
        send(script.port)


@pytest.mark.parametrize(
    ("answer", "too_large"),
    [
        ("552 too big", True),
        ("552 5.3.4 too big", True),
        ("550 5.2.3 too big", True),
        ("552 5.2.2 mailbox full", False),
        ("552 5.7.0 blocked", False),
        ("554 5.7.1 spam, see 552 5.3.4", False),
    ],
)
def test_what_is_refused_for_its_size(answer, too_large):
    """The code decides, or the enhanced code where there is one."""
    assert is_too_large(answer) is too_large


def test_nobody_to_send_to(send):
    """Without recipients, no server is contacted."""
    assert send(1, []) == {}


# Connections that break


@pytest.mark.parametrize("stage", range(len(OFFER)))
def test_a_connection_cut_before_the_content_is_tried_again(send, stage):
    """A cut at greeting, EHLO, MAIL, RCPT or DATA leads to another attempt."""
    with scripted((*OFFER[:stage], CUT), (*OFFER, "250 taken", "221 bye")) as script:
        outcomes = send(script.port, [ADA])
    assert outcomes[ADA] == smtp.Delivery(DeliveryState.SENT, "250 taken")
    assert send.waited == [1]


@pytest.mark.parametrize("stage", range(len(OFFER)))
def test_a_server_that_closes_the_service_is_tried_again(send, stage):
    """An answer of 421 at any stage before the content leads to another attempt."""
    with scripted((*OFFER[:stage], "421 closing", CUT), (*OFFER, "250 taken", "221 bye")) as script:
        outcomes = send(script.port, [ADA])
    assert states(outcomes) == {ADA: DeliveryState.SENT}
    assert send.waited == [1]


def test_a_connection_cut_after_the_content(send):
    """The outcome is unknown, and the message is not sent again."""
    with mail_server(Mailbox(data=[CUT])) as mailbox:
        outcomes = send(mailbox.port)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.UNKNOWN)
    assert outcomes[ADA].detail.startswith("no answer after sending began: ")
    assert (mailbox.received, send.waited) == (list(EVERYONE), [])


@pytest.mark.parametrize(
    "answer",
    [CUT, SILENCE, "25", "354 more", "what?", "250-taken\r\n"],
    ids=lambda answer: answer.strip() or answer,
)
def test_no_answer_that_can_be_understood_after_the_content(send, answer):
    """No answer, half an answer or nonsense leave the outcome unknown."""
    with scripted((*OFFER, answer, CUT)) as script:
        outcomes = send(script.port, [ADA], timeout=0.05)
    assert states(outcomes) == {ADA: DeliveryState.UNKNOWN}
    assert (len(script.heard), send.waited) == (1, [])


def test_a_cut_within_the_content(send, message):
    """A cut while the content is sent is unknown, too; 12 MB do not fit into the buffers."""
    message.add_attachment(bytes(9_000_000), maintype="application", subtype="pdf")
    with scripted((*OFFER[:-1], CUT_WITHIN)) as script:
        outcomes = send(script.port, [ADA])
    assert states(outcomes) == {ADA: DeliveryState.UNKNOWN}
    assert send.waited == []


def test_a_server_that_never_answers(send):
    """It times out, tries again, and ends with nothing sent."""
    with scripted(*[(SILENCE,)] * 4) as script:
        outcomes = send(script.port, timeout=0.05)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.DEFERRED)
    assert "timed out" in outcomes[ADA].detail
    assert send.waited == list(DELAYS)


def test_nobody_listens(send):
    """The outcome, and each notice of another attempt, names the server and the reason."""
    with scripted() as script:
        pass
    assert send(script.port, [ADA]) == {
        ADA: smtp.Delivery(DeliveryState.DEFERRED, f"127.0.0.1:{script.port}: Connection refused")
    }
    assert send.waited == list(DELAYS)
    waits = ("1 second", "4 seconds", "16 seconds")
    assert send.notices == [
        f"127.0.0.1:{script.port}: Connection refused. Trying again in {wait}." for wait in waits
    ]


@pytest.mark.parametrize(
    "answers",
    [
        ("HTTP/1.1 400 Bad Request", CUT),
        ("554 no mail here", CUT),
        (*GREETING[:1], "500 ?", "500 ?", CUT),
    ],
)
def test_what_is_not_a_mail_server(send, answers):
    """A server that will never accept mail is not tried again."""
    with (
        scripted(answers) as script,
        pytest.raises(Undeliverable, match=r"Nothing was sent\. Check that \$FINOPS_NB_SMTP_HOST"),
    ):
        send(script.port)
    assert send.waited == []


def test_an_answer_that_is_not_of_a_mail_server_is_quoted(send):
    """The message has the answer as text, not as bytes."""
    rule = r"does not answer like a mail server: HTTP/1\.1 400 Bad Request\. Nothing was sent"
    with (
        scripted(("HTTP/1.1 400 Bad Request", CUT)) as script,
        pytest.raises(Undeliverable, match=rule),
    ):
        send(script.port)


def test_a_fault_of_the_server_after_some_were_sent(send):
    """Recipients of an earlier attempt stay SENT where a later one finds the server unusable."""
    deferring = (*OFFER[:4], "450 later", "354 go on", "250 taken", "221 bye")
    with scripted(deferring, ("554 no mail here", CUT)) as script:
        outcomes = send(script.port, [ADA, BOB])
    assert states(outcomes) == {ADA: DeliveryState.SENT, BOB: DeliveryState.DEFERRED}
    assert "554 no mail here" in outcomes[BOB].detail
    assert send.waited == [1]


def test_who_was_refused_before_the_cut_stays_refused(send):
    """A recipient refused before the connection broke is not tried again."""
    with scripted((*OFFER[:3], "550 no", CUT), (*OFFER, "250 taken", "221 bye")) as script:
        outcomes = send(script.port, [ADA, BOB])
    assert states(outcomes) == {ADA: DeliveryState.REFUSED, BOB: DeliveryState.SENT}
    assert script.heard[1][2] == b"rcpt TO:<bob@example.com>\r\n"


def test_a_server_has_time_to_scan_the_message(send, monkeypatch):
    """It waits 30 seconds for each answer, and 10 × 30 for the answer to the content."""
    waits = []
    getreply = Connection.getreply
    monkeypatch.setattr(
        Connection, "getreply", lambda server: (waits.append(server.patience), getreply(server))[1]
    )
    with scripted((*OFFER, "250 taken", "221 bye")) as script:
        send(script.port, [ADA], timeout=30)
    # greeting, EHLO, MAIL, RCPT, DATA; the content; QUIT
    assert waits == [30] * 5 + [10 * 30] + [30]


# What is sent


def test_the_bytes(send, message):
    """Lines have 7 bits and end with CRLF, no other CR or LF; a line of a dot arrives unchanged."""
    with mail_server(Mailbox()) as mailbox:
        send(mailbox.port)
    content = mailbox.taken[0][2]
    assert content.isascii()
    assert (
        content.replace(b"\r\n", b"").count(b"\n")
        == content.replace(b"\r\n", b"").count(b"\r")
        == 0
    )
    assert base64.b64decode(content.split(b"\r\n\r\n", 1)[1]).decode() == "Grüße\n.\n..two\n.end\n"


def test_a_line_of_a_dot_does_not_end_the_message(send, message):
    """A dot that begins a line is doubled, so that what follows is not read as a command."""
    message.set_content("one\n.\nMAIL FROM:<x@y.z>\n..\n")
    with mail_server(Mailbox()) as mailbox:
        outcomes = send(mailbox.port, [ADA])
    assert states(outcomes) == {ADA: DeliveryState.SENT}
    assert mailbox.taken[0][2].endswith(b"\r\n\r\none\r\n.\r\nMAIL FROM:<x@y.z>\r\n..\r\n")
    assert len(mailbox.taken) == 1


# The journal's hooks


def test_the_hooks_stand_around_the_content(send):
    """One names the accepted recipients before the content, one the outcomes after an attempt."""
    calls = []
    with mail_server(Mailbox(rcpt={ADA: ["550 no"], BOB: ["450 later"]})) as mailbox:
        send(
            mailbox.port,
            before=lambda recipients: calls.append((list(recipients), len(mailbox.taken))),
            after=lambda outcomes: calls.append((states(outcomes), len(mailbox.taken))),
        )
    assert calls == [
        ([CFO], 0),
        ({ADA: DeliveryState.REFUSED, BOB: DeliveryState.DEFERRED, CFO: DeliveryState.SENT}, 1),
        ([BOB], 1),
        ({BOB: DeliveryState.SENT}, 2),
    ]


@pytest.mark.parametrize(
    "fault",
    [OSError("disk full"), Failure("the journal"), KeyboardInterrupt()],
    ids=lambda fault: type(fault).__name__,
)
def test_what_stops_the_journal_stops_the_sending(send, fault):
    """Where the journal can't be written nothing is sent, and the error is shown."""

    def before(recipients):
        raise fault

    with mail_server(Mailbox()) as mailbox, pytest.raises(type(fault)) as error:
        send(mailbox.port, before=before)
    assert error.value is fault
    assert (mailbox.taken, send.waited) == ([], [])


@pytest.mark.parametrize("fault", ["cut", "killed"])
def test_a_second_run_sends_to_nobody_twice(tmp_path, send, fault):
    """Whoever an earlier run may have reached is left alone, except by `resend`."""
    journal, key = Journal(tmp_path / "journal.jsonl"), "ab" * 32

    def entries(outcomes):
        return [
            Entry(key, each, outcome.state, "<1@example.com>", outcome.detail)
            for each, outcome in outcomes.items()
        ]

    def before(recipients):
        journal.record(
            Entry(key, each, DeliveryState.SENDING, "<1@example.com>") for each in recipients
        )

    def after(outcomes):
        if fault == "killed" and DeliveryState.SENT in states(outcomes).values():
            raise KeyboardInterrupt
        journal.record(entries(outcomes))

    answers = {BOB: ["550 no"], CFO: ["450 later"] * 4}
    with mail_server(Mailbox(rcpt=answers, data=[CUT] if fault == "cut" else [])) as mailbox:
        if fault == "killed":
            with pytest.raises(KeyboardInterrupt):
                send(mailbox.port, before=before, after=after)
        else:
            send(mailbox.port, before=before, after=after)
        assert mailbox.received == [ADA]
        fault = ""
        open_now, settled = journal.open_recipients(EVERYONE, key)
        assert ADA in settled
        mailbox.rcpt.clear()
        send(mailbox.port, open_now, before=before, after=after)
        assert sorted(mailbox.received) == sorted([ADA, *open_now])
        assert journal.open_recipients(EVERYONE, key)[0] == []
        assert journal.open_recipients(EVERYONE, key, resend=True)[0] == list(EVERYONE)


# The password


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_good_login(tmp_path, monkeypatch, send, security):
    """The login goes over the encrypted connection, before the message."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    with mail_server(Mailbox(), good, implicit=security == "tls", login=True) as mailbox:
        outcomes = send(mailbox.port, security=security, user="ops", password=CANARY)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    assert mailbox.logins == [(b"ops", CANARY.encode())]


def all_texts(error: BaseException) -> str:
    """Every text of an exception that might be printed, with those of its causes."""
    return "".join([str(error), repr(error), repr(error.args), *traceback.format_exception(error)])


def test_a_bad_login(tmp_path, monkeypatch, send):
    """Variables are named and not their values, even if the server repeats the password."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    wrong = CANARY + "x"
    with (
        mail_server(Mailbox(), good, implicit=True, login=True) as mailbox,
        pytest.raises(
            Undeliverable,
            match=r"the login: 535 5\.7\.8 \(password\) is wrong\. Nothing was sent\. Check \$",
        ) as error,
    ):
        send(mailbox.port, security="tls", user="ops", password=wrong)
    assert mailbox.logins[0] == (b"ops", wrong.encode())
    assert (mailbox.taken, send.waited) == ([], [])
    assert CANARY not in all_texts(error.value)


PLAIN = base64.b64encode(f"\0ops\0{CANARY}".encode()).decode()
SECRETS = (CANARY, PLAIN, base64.b64encode(CANARY.encode()).decode())
LOGIN = ("220 mail.example.com", "250-mail.example.com\r\n250 AUTH PLAIN")
TELLTALE = "\x1b[31m" + " ".join(SECRETS) + "x" * 500
"""An answer that repeats the password in every form, in red, at length."""


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((f"454 {TELLTALE}",), DeliveryState.DEFERRED),
        (("235 ok", f"450 {TELLTALE}"), DeliveryState.DEFERRED),
        (("235 ok", "250 OK", f"550 {TELLTALE}"), DeliveryState.REFUSED),
        (("235 ok", "250 OK", "250 OK", f"554 {TELLTALE}"), DeliveryState.REFUSED),
        (("235 ok", "250 OK", "250 OK", "354 go on", f"250 {TELLTALE}"), DeliveryState.SENT),
        (("235 ok", "250 OK", "250 OK", "354 go on", f"300 {TELLTALE}"), DeliveryState.UNKNOWN),
    ],
    ids=["login", "sender", "recipient", "data", "sent", "unknown"],
)
def test_an_outcome_does_not_repeat_the_password(tmp_path, monkeypatch, send, answers, state):
    """The detail is one short printable line without the password, plain or encoded."""
    monkeypatch.setattr(smtp, "DELAYS", ())
    with scripted(
        (*LOGIN, *answers, "221 bye"), certificate=authority(tmp_path, monkeypatch).issue_cert(HOST)
    ) as script:
        outcome = send(script.port, [ADA], security="tls", user="ops", password=CANARY)[ADA]
    assert script.heard[0][1] == f"AUTH PLAIN {PLAIN}\r\n".encode()
    assert outcome.state is state
    assert "(password) (password) (password)xxx" in outcome.detail
    assert outcome.detail.isprintable()
    assert not any(secret in outcome.detail for secret in SECRETS)
    assert len(outcome.detail) <= 230


@pytest.mark.parametrize(
    "answers",
    [
        (f"554 {TELLTALE}", CUT),
        (*LOGIN, f"535 {TELLTALE}", "221 bye"),
        (*LOGIN, "334 a", CUT),
        (*LOGIN, *[f"334 {PLAIN}"] * 9),
        (*LOGIN, "235 ok", f"553 {TELLTALE}", "221 bye"),
        (*LOGIN, f"{TELLTALE}", CUT),
    ],
    ids=["greeting", "login", "challenge", "challenges", "sender", "nonsense"],
)
def test_a_failure_does_not_repeat_the_password(tmp_path, monkeypatch, send, answers):
    """The exception and its causes have no password."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    with (
        scripted(answers, certificate=good) as script,
        pytest.raises(Undeliverable, match="Nothing was sent") as error,
    ):
        send(script.port, [ADA], security="tls", user="ops", password=CANARY)
    assert not any(secret in all_texts(error.value) for secret in SECRETS)


def test_a_server_without_login(tmp_path, monkeypatch, send):
    """Nothing is sent without the login that the settings ask for."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    rule = r"SMTP AUTH extension not supported by server\. Nothing was sent"
    with (
        mail_server(Mailbox(), good, implicit=True) as mailbox,
        pytest.raises(Undeliverable, match=rule) as error,
    ):
        send(mailbox.port, security="tls", user="ops", password=CANARY)
    assert mailbox.taken == []
    assert CANARY not in all_texts(error.value)
