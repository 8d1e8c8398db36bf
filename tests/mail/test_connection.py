"""A mail server may be slow, talk without end or answer too early: nothing hangs or is believed."""

from __future__ import annotations

import re
import select
import socket
import ssl
from email.message import EmailMessage

import pytest
from support.mail_servers import CANARY, HOST, authority, drip, environment, raw_server, scripted

from finops_nb.mail import connection
from finops_nb.mail.answers import Undeliverable
from finops_nb.mail.connection import LONGEST_LINE, MOST_LINES, Connection, Deadline
from finops_nb.mail.settings import smtp_settings
from finops_nb.mail.smtp import Delivery, Hooks, deliver
from finops_nb.outputs.mail_journal import DeliveryState

ADA = "ada@example.com"
GREETING, WELCOME = b"220 mail.example.com\r\n", b"250 mail.example.com\r\n"
ANSWERS = (GREETING, WELCOME, b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n")
"""What a server answers to one recipient, up to the content."""


def deliver_to(port: int, *, content: str = "Hello", timeout: float = 5, **options) -> Delivery:
    """The outcome of a message to Ada; it does not wait between attempts.

    Args:
        port: of the server.
        content: of the message.
        timeout: as for `deliver`.
        options: the others of `deliver`, and changes of the settings.
    """
    message = EmailMessage()
    message["To"] = ADA
    message.set_content(content)
    own = {key: options.pop(key) for key in ("hooks", "limit") if key in options}
    settings = smtp_settings(environment(port, **options))
    own = {"sleep": lambda seconds: None, "timeout": timeout} | own
    return deliver(message, [ADA], settings, **own)[ADA]


def answer(connection: socket.socket, answers=ANSWERS) -> None:
    """Give these answers, the first as a greeting, each other one to a line."""
    lines = connection.makefile("rb")
    for number, text in enumerate(answers):
        if number:
            lines.readline()
        connection.sendall(text)


# Time


@pytest.mark.parametrize("stage", range(len(ANSWERS)))
def test_an_answer_as_a_whole_has_a_time(stage):
    """A byte every 0.01 s, each in time, is not an answer within 0.1 s: nothing was sent."""

    def talk(connection):
        answer(connection, ANSWERS[:stage])
        if stage:
            connection.recv(1000)
        drip(connection, b"220-slow\r\n")

    with raw_server(talk) as port:
        outcome = deliver_to(port, timeout=0.1, limit=1)
    assert (outcome.state, outcome.detail) == (
        DeliveryState.DEFERRED,
        f"{HOST}:{port}: timed out",
    )


def test_all_attempts_have_one_deadline(monkeypatch):
    """With 0.2 s in all and 5 s for an answer, one attempt is made, and not four."""
    connections = []

    def talk(connection):
        connections.append(connection)
        drip(connection, b"220-slow\r\n")

    with raw_server(talk) as port:
        outcome = deliver_to(port, timeout=5, limit=0.2)
    assert (outcome.state, len(connections)) == (DeliveryState.DEFERRED, 1)


def test_no_attempt_begins_that_the_deadline_would_cut_off():
    """1 s until the second attempt, of 0.5 s in all: there is no second attempt."""
    with scripted(("220 hi", "250 hi", "451 later", "221 bye")) as script:
        outcome = deliver_to(script.port, limit=0.5)
    assert outcome.detail.endswith("451 later")
    assert len(script.heard) == 1


def test_a_slow_answer_to_the_content_leaves_the_outcome_unknown():
    """The whole message was sent; its answer comes a byte at a time and never ends."""

    def talk(connection):
        answer(connection)
        while not connection.recv(1000).endswith(b".\r\n"):
            pass
        drip(connection, b"250-taken\r\n")

    with raw_server(talk) as port:
        outcome = deliver_to(port, timeout=0.01, limit=60)
    assert outcome.state is DeliveryState.UNKNOWN
    assert outcome.detail == "no answer after sending began: timed out"


def test_a_server_that_reads_slowly_has_a_deadline():
    """12 MB that are taken in sips do not fit into the buffers; the outcome is unknown."""

    def talk(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        answer(connection)
        for _ in range(300):
            connection.recv(100)
            drip(connection, b"", most=0)

    with raw_server(talk) as port:
        outcome = deliver_to(port, content="x" * 12_000_000, timeout=5, limit=0.5)
    assert outcome.state is DeliveryState.UNKNOWN


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_slow_handshake_has_a_deadline(security):
    """TLS that comes a byte at a time ends within the time of an answer."""
    hello = (GREETING, b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n")

    def talk(connection):
        answer(connection, hello if security == "starttls" else ())
        connection.recv(1000)
        drip(connection, b"\x16\x03\x03\x40\x00" + bytes(400))

    with raw_server(talk) as port:
        outcome = deliver_to(port, security=security, timeout=0.1, limit=1)
    assert outcome.state is DeliveryState.DEFERRED
    assert "timed out" in outcome.detail


def test_each_address_of_a_host_has_its_own_time(monkeypatch):
    """An address that swallows everything does not take the time of the next one."""
    places = []

    class Socket(socket.socket):
        def connect(self, place):
            places.append(place)
            if place[1] == 1:
                raise TimeoutError("timed out")
            super().connect(place)

    with scripted(("220 hi", "250 hi")) as script:
        known = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", (HOST, port)) for port in (1, script.port)
        ]
        monkeypatch.setattr(connection.socket, "getaddrinfo", lambda *_, **__: known)
        monkeypatch.setattr(connection.socket, "socket", Socket)
        server = Connection(Deadline.in_seconds(9), 5)
        server.dial("mail.example.com", script.port)
        server.close()
    assert places == [(HOST, 1), (HOST, script.port)]


# Size


@pytest.mark.parametrize("stage", range(4))
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b"250-x\r\n", f"its answer has more than {MOST_LINES} lines"),
        (b"250-" + b"x" * 996, f"a line of its answer has more than {LONGEST_LINE} bytes"),
    ],
    ids=["lines", "line"],
)
def test_an_endless_answer_is_refused(stage, text, rule):
    """At greeting, EHLO, MAIL or RCPT, it is refused early, and there is no other attempt."""
    received = []
    receive = Connection._receive

    def talk(connection):
        answer(connection, ANSWERS[:stage])
        if stage:
            connection.recv(1000)
        for _ in range(64):
            connection.sendall(text * (1_000_000 // len(text)))

    def counted(server):
        receive(server)
        received.append(1)

    with (
        raw_server(talk) as port,
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(Undeliverable) as error,
    ):
        patch.setattr(Connection, "_receive", counted)
        deliver_to(port)
    assert str(error.value).startswith(f"{HOST}:{port} does not answer like a mail server: {rule}.")
    assert "Nothing was sent" in str(error.value)
    # 100 × 7 bytes, or 8,192 bytes, come in a few pieces of at most 4,096.
    assert len(received) < 50


def test_an_answer_of_many_lines_is_read():
    """100 lines are an answer, 101 are none."""
    text = b"250-x\r\n" * (MOST_LINES - 1) + b"250 x\r\n"
    with raw_server(lambda connection: answer(connection, (GREETING, text))) as port:
        server = Connection(Deadline.in_seconds(9), 5)
        server.dial(HOST, port)
        assert server.docmd("EHLO", "me") == (250, b"\n".join([b"x"] * MOST_LINES))
        server.close()


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        (b"250 OK", 250, b"OK"),
        (b"250", 250, b""),
        (b"250-a\r\n250-b\r\n250 c", 250, b"a\nb\nc"),
        (b"250-a\r\n550 no", -1, b"550 no"),
        (b"250-a\r\nnonsense", -1, b"nonsense"),
        (b"2_5 OK", -1, b"2_5 OK"),
        (b"+25 OK", -1, b"+25 OK"),
        (b"-50 OK", -1, b"-50 OK"),
        (b"250OK", -1, b"250OK"),
        (b"150 OK", -1, b"150 OK"),
        (b"650 OK", -1, b"650 OK"),
        (b"", -1, b""),
    ],
)
def test_what_is_an_answer(line, code, text):
    """Three digits, 2 to 5 first, then nothing, a blank or a dash; all lines of one kind."""
    with raw_server(lambda connection: answer(connection, (GREETING, line + b"\r\n"))) as port:
        server = Connection(Deadline.in_seconds(9), 5)
        server.dial(HOST, port)
        assert server.docmd("NOOP") == (code, text)
        server.close()


# Without the one to EHLO, after which HELO is tried.
@pytest.mark.parametrize("stage", [0, 2, 3, 4])
@pytest.mark.parametrize(
    ("line", "shown"), [(b"what?", r"what\?"), (bytes(range(9)), "an answer that can't be read")]
)
def test_what_is_no_answer_before_the_content_is_refused(stage, line, shown):
    """Nothing was sent, there is no other attempt, and the message shows what can be shown."""
    connections = []

    def talk(connection):
        connections.append(connection)
        answer(connection, (*ANSWERS[:stage], line + b"\r\n"))
        connection.recv(1000)

    rule = rf"does not answer like a mail server: {shown}\. Nothing was sent"
    with raw_server(talk) as port, pytest.raises(Undeliverable, match=rule):
        deliver_to(port)
    assert len(connections) == 1


# Order


@pytest.mark.parametrize("early", range(1, len(ANSWERS) + 1))
def test_an_answer_that_was_not_asked_for_is_no_acceptance(early):
    """All answers up to the content's, sent before their commands: nothing is sent."""
    answers = (*ANSWERS, b"250 taken\r\n")

    def talk(connection):
        answer(connection, (*answers[: early - 1], b"".join(answers[early - 1 :])))
        while connection.recv(1000):
            pass

    before = Hooks(before=lambda recipients: pytest.fail("the content is not to be sent"))
    rule = rf"^{HOST}:\d+ answered before it was asked: (250|354) .*\. Nothing was sent\. Ask "
    with raw_server(talk) as port, pytest.raises(Undeliverable, match=rule):
        deliver_to(port, hooks=before)


def test_an_answer_between_the_offer_and_the_content_is_no_acceptance(monkeypatch):
    """The journal says that sending begins; then 250 is there, before a byte of the content."""
    connections, clients = [], []
    offered = Connection.dial
    monkeypatch.setattr(
        Connection, "dial", lambda client, *place: (clients.append(client), offered(client, *place))
    )

    def talk(connection):
        connections.append(connection)
        answer(connection)
        while connection.recv(1000):
            pass

    def before(recipients):
        connections[-1].sendall(b"250 taken\r\n")
        assert select.select([clients[-1].sock], [], [], 5)[0]

    with raw_server(talk) as port:
        outcome = deliver_to(port, hooks=Hooks(before=before))
    assert outcome == Delivery(
        DeliveryState.DEFERRED, f"{HOST}:{port}: answered before it was asked: 250 taken"
    )
    assert len(connections) == 4


@pytest.mark.parametrize(
    ("text", "state", "detail"),
    [
        (b"250 taken", DeliveryState.UNKNOWN, "answered before it was asked: 250 taken"),
        (b"552 5.3.4 too big", DeliveryState.REFUSED, "552 5.3.4 too big"),
        (b"nonsense", DeliveryState.UNKNOWN, "answered before it was asked: nonsense"),
    ],
)
def test_an_answer_within_the_content_is_no_acceptance(text, state, detail):
    """The end of the message is not sent after it, so that a refusal is one."""
    heard = []

    def talk(connection):
        answer(connection)
        heard.append(connection.recv(100))
        connection.sendall(text + b"\r\n")
        while data := connection.recv(1_000_000):
            heard.append(data)

    with raw_server(talk) as port:
        # More than the buffers hold, so that the answer is there before the last line is sent.
        outcome = deliver_to(port, content=("x" * 70 + "\n") * 200_000)
    assert (outcome.state, outcome.detail) == (state, detail)
    assert not b"".join(heard).endswith(b"\r\n.\r\n")


def test_a_server_that_says_goodbye_is_tried_again():
    """421 may come at any time, also before a command."""

    def talk(connection):
        answer(connection, (GREETING, WELCOME + b"421 restarting\r\n"))
        connection.recv(1000)

    with raw_server(talk) as port:
        outcome = deliver_to(port)
    assert outcome == Delivery(DeliveryState.DEFERRED, f"{HOST}:{port}: 421 restarting")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_over_tls_an_early_answer_is_seen_too(tmp_path, monkeypatch, security):
    """The bytes wait inside the TLS layer, where a look at the socket does not find them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority(tmp_path, monkeypatch).issue_cert(HOST).configure_cert(context)
    early = (*ANSWERS[:2], ANSWERS[2] + b"250 OK\r\n354 go on\r\n250 taken\r\n")

    def talk(connection):
        if security == "starttls":
            hello = b"250-hi\r\n250 STARTTLS\r\n"
            answer(connection, (GREETING, hello, b"220 go\r\n"))
        with context.wrap_socket(connection, server_side=True) as safe:
            if security == "starttls":
                safe.recv(1000)
            answer(safe, early[1:] if security == "starttls" else early)
            while safe.recv(1000):
                pass

    with raw_server(talk) as port, pytest.raises(Undeliverable, match="before it was asked: 250"):
        deliver_to(port, security=security)


INJECTED = b"250-mail.example.com\r\n250 AUTH PLAIN\r\n235 ok\r\n250 OK\r\n"


@pytest.mark.parametrize("after", ["220 go ahead\r\n", "250-mail.example.com\r\n250 STARTTLS\r\n"])
def test_plain_text_that_is_slipped_in_before_tls_is_refused(tmp_path, monkeypatch, after):
    """It would be read as the answer to the first encrypted command; nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority(tmp_path, monkeypatch).issue_cert(HOST).configure_cert(context)
    hello, go = b"250-mail.example.com\r\n250 STARTTLS\r\n", b"220 go ahead\r\n"
    heard = []

    def talk(connection):
        texts = [each + (INJECTED if each.decode() == after else b"") for each in (hello, go)]
        answer(connection, (GREETING, *texts))
        with context.wrap_socket(connection, server_side=True) as safe:
            heard.append(safe.recv(1000))

    with (
        raw_server(talk) as port,
        pytest.raises(Undeliverable, match=r"answered before it was asked: 250.*tampering"),
    ):
        deliver_to(port, security="starttls", user="ops", password=CANARY)
    assert b"".join(heard) == b""


def test_the_end_of_a_deadline():
    """What is left is more than 0, and then an error."""
    assert 0 < Deadline.in_seconds(5).or_sooner(3).seconds_left() <= 3
    assert 0 < Deadline.in_seconds(3).or_sooner(5).seconds_left() <= 3
    with pytest.raises(TimeoutError, match=re.escape(connection.TIMED_OUT)):
        Deadline.in_seconds(0).seconds_left()
