"""Sending that can be trusted: encrypted or not at all, to nobody twice, and each recipient's outcome is known or said to be unknown."""

from __future__ import annotations

import base64
import smtplib
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
from finops_nb.mail.settings import smtp_settings
from finops_nb.mail.smtp import DELAYS, Undeliverable, deliver, is_too_large
from finops_nb.outputs.mail_journal import DeliveryState, Entry, Journal

ADA, BOB, CFO = "ada@example.com", "bob@example.com", "cfo@example.com"
EVERYONE = (ADA, BOB, CFO)
OFFER = (*GREETING, "250 OK", "250 OK", "354 go on")
"""Answers to one recipient, up to the content."""


@pytest.fixture
def message():
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "finops@example.com", ADA, "Dezember: 8.669,89 €"
    made.set_content("Grüße\n.\n..two\n.end\n")
    return made


@pytest.fixture
def send(message):
    """`deliver` to a port of this machine, with a list in place of a clock."""

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
        waited.clear()
        said.clear()
        return deliver(
            message,
            recipients,
            settings,
            before=before,
            after=after,
            notice=said.append,
            timeout=timeout,
            sleep=waited.append,
        )

    waited: list[float] = []
    said: list[str] = []
    send.waited, send.said = waited, said
    return send


def states(outcomes) -> dict[str, DeliveryState]:
    return {recipient: outcome.state for recipient, outcome in outcomes.items()}


# Certificates


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_good_certificate(tmp_path, monkeypatch, send, security):
    """It sends over STARTTLS and over TLS, one message for all, from the sender's plain address."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    with mail_server(Mailbox(), good, implicit=security == "tls") as mailbox:
        outcomes = send(mailbox.port, security=security)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    [(sender, recipients, _)] = mailbox.taken
    assert (sender, recipients) == ("finops@example.com", list(EVERYONE))


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("self-signed", "unable to get local issuer certificate|self.signed certificate"),
        ("another name", "not valid for '127.0.0.1'"),
        ("expired", "certificate has expired"),
    ],
)
def test_a_bad_certificate(tmp_path, monkeypatch, send, security, fault, said):
    """It sends nothing, not even the password, to a server whose certificate is another's, nobody's, or expired; nor does it try again."""
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
            match=rf"^The certificate of 127\.0\.0\.1 is not trusted: .*({said}).*\. Nothing was sent\. ",
        ) as error,
    ):
        send(mailbox.port, security=security, user="ops", password=CANARY)
    assert (mailbox.taken, mailbox.logins, send.waited) == ([], [], [])
    assert "$SSL_CERT_FILE" in str(error.value)


def test_starttls_that_was_stripped(send):
    """It sends nothing to a server that does not offer STARTTLS, which is what one in between would make it look like."""
    with (
        mail_server(Mailbox()) as mailbox,
        pytest.raises(
            Undeliverable, match=r"offers no STARTTLS.*clear text\. Nothing was sent\. If"
        ),
    ):
        send(mailbox.port, security="starttls")
    assert (mailbox.taken, send.waited) == ([], [])


def test_nothing_goes_in_clear_text_before_starttls(send):
    """It says no more than EHLO and STARTTLS before the connection is encrypted, and goes no further where that is put off."""
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
    """It says that host, port and security do not belong together."""
    with (
        scripted(GREETING) as script,
        pytest.raises(
            Undeliverable, match=r"does not speak TLS as it should.*wrong version number.*SECURITY"
        ),
    ):
        send(script.port, security="tls")


# Refused, put off, accepted


def test_one_refused_recipient(send):
    """It sends to the others, and says who was refused and why."""
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
    """It sends no content where nobody is left to send it to."""
    with mail_server(Mailbox(rcpt={each: ["550 no"] for each in EVERYONE})) as mailbox:
        outcomes = send(
            mailbox.port, before=lambda recipients: pytest.fail("there is nothing to send")
        )
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.REFUSED)
    assert mailbox.taken == []


def test_a_recipient_put_off_is_tried_again(send):
    """It tries again, and only for those who are still open; greylisting ends so."""
    with mail_server(Mailbox(rcpt={BOB: ["450 greylisted", "451 greylisted"]})) as mailbox:
        outcomes = send(mailbox.port)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    assert [recipients for _, recipients, _ in mailbox.taken] == [[ADA, CFO], [BOB]]
    assert send.waited == [1, 4]


def test_a_message_put_off_is_tried_again(send):
    """It tries again where the server read the message and put it off."""
    with mail_server(Mailbox(data=["451 busy"])) as mailbox:
        outcomes = send(mailbox.port)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    assert (mailbox.received, send.waited) == (list(EVERYONE), [1])


def test_a_message_refused_is_refused_for_all(send):
    """It does not try again with a message that the server will not have."""
    with mail_server(Mailbox(data=["554 5.7.1 looks like spam"])) as mailbox:
        outcomes = send(mailbox.port)
    assert {(outcome.detail, outcome.of_message) for outcome in outcomes.values()} == {
        ("554 5.7.1 looks like spam", True)
    }
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.REFUSED)
    assert (mailbox.taken, send.waited) == ([], [])


def test_put_off_for_ever(send):
    """It gives up after 1 + 3 attempts, and says that they may be tried again later."""
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
    """It is a fault of the settings and no recipient's: nothing is on record as refused."""
    said = r"takes no mail from finops@example\.com: 553 5\.7\.1 not yours\. Nothing was sent"
    with (
        scripted((*GREETING, "553 5.7.1 not yours", "221 bye")) as script,
        pytest.raises(Undeliverable, match=said),
    ):
        send(script.port, after=lambda outcomes: pytest.fail("nobody was refused"))


def test_a_sender_that_is_refused_for_the_size(send):
    """It says to attach less, and does not blame the settings."""
    said = r"takes no mail of this size: 552 5\.3\.4 at most 1 MB\. Nothing was sent\. Attach less"
    with (
        scripted((*GREETING, "552 5.3.4 at most 1 MB", "221 bye")) as script,
        pytest.raises(Undeliverable, match=said),
    ):
        send(script.port)


@pytest.mark.parametrize(
    ("said", "too_large"),
    [
        ("552 too big", True),
        ("552 5.3.4 too big", True),
        ("550 5.2.3 too big", True),
        ("552 5.2.2 mailbox full", False),
        ("552 5.7.0 blocked", False),
        ("554 5.7.1 spam, see 552 5.3.4", False),
    ],
)
def test_what_is_refused_for_its_size(said, too_large):
    """It goes by the code, and by the enhanced one where there is one."""
    assert is_too_large(said) is too_large


def test_nobody_to_send_to(send):
    """It asks no server."""
    assert send(1, []) == {}


# Connections that break


@pytest.mark.parametrize("stage", range(len(OFFER)))
def test_a_connection_cut_before_the_content_is_tried_again(send, stage):
    """It tries again, wherever before the content the connection was cut: greeting, EHLO, MAIL, RCPT, DATA."""
    with scripted((*OFFER[:stage], CUT), (*OFFER, "250 taken", "221 bye")) as script:
        outcomes = send(script.port, [ADA])
    assert outcomes[ADA] == smtp.Delivery(DeliveryState.SENT, "250 taken")
    assert send.waited == [1]


@pytest.mark.parametrize("stage", range(len(OFFER)))
def test_a_server_that_closes_the_service_is_tried_again(send, stage):
    """It tries again where the server says 421, at whatever stage before the content."""
    with scripted((*OFFER[:stage], "421 closing", CUT), (*OFFER, "250 taken", "221 bye")) as script:
        outcomes = send(script.port, [ADA])
    assert states(outcomes) == {ADA: DeliveryState.SENT}
    assert send.waited == [1]


def test_a_connection_cut_after_the_content(send):
    """It does not know whether it was taken, says so, and does not send it again."""
    with mail_server(Mailbox(data=[CUT])) as mailbox:
        outcomes = send(mailbox.port)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.UNKNOWN)
    assert outcomes[ADA].detail.startswith("no answer came after the message began to be sent: ")
    assert (mailbox.received, send.waited) == (list(EVERYONE), [])


@pytest.mark.parametrize(
    "answer",
    [CUT, SILENCE, "25", "354 more", "what?", "250-taken\r\n"],
    ids=lambda answer: answer.strip() or answer,
)
def test_no_answer_that_can_be_understood_after_the_content(send, answer):
    """It knows no more where the answer is none, half of one or nonsense."""
    with scripted((*OFFER, answer, CUT)) as script:
        outcomes = send(script.port, [ADA], timeout=0.05)
    assert states(outcomes) == {ADA: DeliveryState.UNKNOWN}
    assert (len(script.heard), send.waited) == (1, [])


def test_a_cut_within_the_content(send, message):
    """It counts what was cut while the content was being sent as unknown too; 12 MB do not fit into the buffers."""
    message.add_attachment(bytes(9_000_000), maintype="application", subtype="pdf")
    with scripted((*OFFER[:-1], CUT_WITHIN)) as script:
        outcomes = send(script.port, [ADA])
    assert states(outcomes) == {ADA: DeliveryState.UNKNOWN}
    assert send.waited == []


def test_a_server_that_never_answers(send):
    """It gives up waiting, tries again, and ends with nothing sent."""
    with scripted(*[(SILENCE,)] * 4) as script:
        outcomes = send(script.port, timeout=0.05)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.DEFERRED)
    assert "timed out" in outcomes[ADA].detail
    assert send.waited == list(DELAYS)


def test_nobody_listens(send):
    """It says which server could not be reached, and why; before each wait, too."""
    with scripted() as script:
        pass
    assert send(script.port, [ADA]) == {
        ADA: smtp.Delivery(DeliveryState.DEFERRED, f"127.0.0.1:{script.port}: Connection refused")
    }
    assert send.waited == list(DELAYS)
    waits = ("1 second", "4 seconds", "16 seconds")
    assert send.said == [
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
def test_what_is_no_mail_server(send, answers):
    """It does not try again with a server that will never take mail."""
    with (
        scripted(answers) as script,
        pytest.raises(Undeliverable, match=r"Nothing was sent\. See that \$FINOPS_NB_SMTP_HOST"),
    ):
        send(script.port)
    assert send.waited == []


def test_what_is_no_mail_server_is_quoted(send):
    """As it answered, and not as this program keeps that."""
    said = r"does not answer as a mail server does: /1\.1 400 Bad Request\. Nothing was sent"
    with (
        scripted(("HTTP/1.1 400 Bad Request", CUT)) as script,
        pytest.raises(Undeliverable, match=said),
    ):
        send(script.port)


def test_a_fault_of_the_server_after_some_were_sent(send):
    """It reports those who were sent it, and the others as open, where another attempt finds the server spoilt."""
    put_off = (*OFFER[:4], "450 later", "354 go on", "250 taken", "221 bye")
    with scripted(put_off, ("554 no mail here", CUT)) as script:
        outcomes = send(script.port, [ADA, BOB])
    assert states(outcomes) == {ADA: DeliveryState.SENT, BOB: DeliveryState.DEFERRED}
    assert "554 no mail here" in outcomes[BOB].detail
    assert send.waited == [1]


def test_who_was_refused_before_the_cut_stays_refused(send):
    """It asks no second time for a recipient whom the server refused before the connection broke."""
    with scripted((*OFFER[:3], "550 no", CUT), (*OFFER, "250 taken", "221 bye")) as script:
        outcomes = send(script.port, [ADA, BOB])
    assert states(outcomes) == {ADA: DeliveryState.REFUSED, BOB: DeliveryState.SENT}
    assert script.heard[1][2] == b"rcpt TO:<bob@example.com>\r\n"


def test_a_server_has_time_to_look_the_message_through(send, monkeypatch):
    """It waits the timeout for each answer, and 10 x 30 seconds for the one to the content."""
    waits = []
    getreply = smtplib.SMTP.getreply
    monkeypatch.setattr(
        smtplib.SMTP,
        "getreply",
        lambda server: (waits.append(server.sock.gettimeout()), getreply(server))[1],
    )
    with scripted((*OFFER, "250 taken", "221 bye")) as script:
        send(script.port, [ADA], timeout=30)
    # greeting, EHLO, MAIL, RCPT, DATA; the content; QUIT
    assert waits == [30] * 5 + [10 * 30] + [30]


# What is sent


def test_the_bytes(send, message):
    """It sends 7-bit lines that end with CRLF, no other CR or LF, and lines of a dot arrive as they were."""
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
    """It doubles a dot that begins a line, so that what follows is no command to the server."""
    message.set_content("one\n.\nMAIL FROM:<x@y.z>\n..\n")
    with mail_server(Mailbox()) as mailbox:
        outcomes = send(mailbox.port, [ADA])
    assert states(outcomes) == {ADA: DeliveryState.SENT}
    assert mailbox.taken[0][2].endswith(b"\r\n\r\none\r\n.\r\nMAIL FROM:<x@y.z>\r\n..\r\n")
    assert len(mailbox.taken) == 1


# The journal's hooks


def test_the_hooks_stand_around_the_content(send):
    """It says before the content for whom, and after each attempt what became of it."""
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
    """It sends nothing that can't be written down first, does not try again, and does not hide why."""

    def before(recipients):
        raise fault

    with mail_server(Mailbox()) as mailbox, pytest.raises(type(fault)) as error:
        send(mailbox.port, before=before)
    assert error.value is fault
    assert (mailbox.taken, send.waited) == ([], [])


@pytest.mark.parametrize("fault", ["cut", "killed"])
def test_a_second_run_sends_to_nobody_twice(tmp_path, send, fault):
    """It leaves alone whom a first run may have reached, also where that run was killed before it knew; `resend` is on purpose."""
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
    """It logs in on the encrypted connection, then sends."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    with mail_server(Mailbox(), good, implicit=security == "tls", login=True) as mailbox:
        outcomes = send(mailbox.port, security=security, user="ops", password=CANARY)
    assert states(outcomes) == dict.fromkeys(EVERYONE, DeliveryState.SENT)
    assert mailbox.logins == [(b"ops", CANARY.encode())]


def everything_said(error: BaseException) -> str:
    """An exception as text in every way that it might be printed, with those that led to it."""
    return "".join([str(error), repr(error), repr(error.args), *traceback.format_exception(error)])


def test_a_bad_login(tmp_path, monkeypatch, send):
    """It names the variables and not their values, even where the server says the password back."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    wrong = CANARY + "x"
    with (
        mail_server(Mailbox(), good, implicit=True, login=True) as mailbox,
        pytest.raises(
            Undeliverable,
            match=r"refused the login: 535 5\.7\.8 \(password\) is wrong\. Nothing was sent\. See that \$",
        ) as error,
    ):
        send(mailbox.port, security="tls", user="ops", password=wrong)
    assert mailbox.logins[0] == (b"ops", wrong.encode())
    assert (mailbox.taken, send.waited) == ([], [])
    assert CANARY not in everything_said(error.value)


PLAIN = base64.b64encode(f"\0ops\0{CANARY}".encode()).decode()
SECRETS = (CANARY, PLAIN, base64.b64encode(CANARY.encode()).decode())
LOGIN = ("220 mail.example.com", "250-mail.example.com\r\n250 AUTH PLAIN")
TELLTALE = "\x1b[31m" + " ".join(SECRETS) + "x" * 500
"""What a server says that repeats the password in every form, in red, at length."""


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
    """It takes the password out of whatever a server says, plain or encoded, and makes one short printable line of that."""
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
    """It takes the password out of what it raises, and of all that led to it."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    with (
        scripted(answers, certificate=good) as script,
        pytest.raises(Undeliverable, match="Nothing was sent") as error,
    ):
        send(script.port, [ADA], security="tls", user="ops", password=CANARY)
    assert not any(secret in everything_said(error.value) for secret in SECRETS)


def test_a_server_without_login(tmp_path, monkeypatch, send):
    """It does not send without the login that was asked for."""
    good = authority(tmp_path, monkeypatch).issue_cert(HOST)
    said = r"SMTP AUTH extension not supported by server\. Nothing was sent"
    with (
        mail_server(Mailbox(), good, implicit=True) as mailbox,
        pytest.raises(Undeliverable, match=said) as error,
    ):
        send(mailbox.port, security="tls", user="ops", password=CANARY)
    assert mailbox.taken == []
    assert CANARY not in everything_said(error.value)
