"""The mail server comes from the environment; mail and password never go in clear text."""

from __future__ import annotations

import pytest
from support.mail_servers import CANARY, environment

from finops_nb.errors import Refusal
from finops_nb.mail.settings import PREFIX, SmtpSettings, smtp_settings


@pytest.mark.parametrize(
    ("security", "port"),
    [("", 587), ("starttls", 587), ("STARTTLS", 587), ("tls", 465), ("none", 25)],
)
def test_each_kind_of_security_has_its_port(security, port):
    """STARTTLS is the default, and each kind of security has its usual port."""
    host = "127.0.0.1" if security == "none" else "smtp.example.com"
    settings = smtp_settings(environment(0, host=host, port="", security=security))
    assert settings == SmtpSettings(
        host, port, security.lower() or "starttls", "FinOps <finops@example.com>"
    )


@pytest.mark.parametrize(
    ("given", "sender", "plain"),
    [
        ("finops@example.com", "finops@example.com", "finops@example.com"),
        ("FinOps <finops@example.com>", "FinOps <finops@example.com>", "finops@example.com"),
        (
            "FinOps, Inc. <finops@example.com>",
            '"FinOps, Inc." <finops@example.com>',
            "finops@example.com",
        ),
        (
            '"FinOps, Inc." <finops@example.com>',
            '"FinOps, Inc." <finops@example.com>',
            "finops@example.com",
        ),
        (
            'Müller, FinOps "x" <finops@example.com>',
            '"Müller, FinOps \\"x\\"" <finops@example.com>',
            "finops@example.com",
        ),
        (
            '"FinOps \\"x\\"" <finops@example.com>',
            '"FinOps \\"x\\"" <finops@example.com>',
            "finops@example.com",
        ),
        (
            "Füx <a@b.c> <finops@example.com>",
            '"Füx <a@b.c>" <finops@example.com>',
            "finops@example.com",
        ),
    ],
)
def test_the_sender_is_one_mailbox(given, sender, plain):
    """The sender becomes the value of a header: one mailbox, whatever the name contains."""
    settings = smtp_settings(environment(25, **{"from": given}))
    assert (settings.sender, settings.address) == (sender, plain)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.8.7", "::1"])
def test_clear_text_stays_on_this_machine(host):
    """`none` is allowed for a server on this machine."""
    assert smtp_settings(environment(25, host=host)).host == host


@pytest.mark.parametrize(
    "host",
    [
        "smtp.example.com",
        "10.0.0.1",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "2001:db8::1",
        "0.0.0.0",
    ],
)
def test_clear_text_to_another_host_is_refused(host):
    """`none` is refused for any other host."""
    with pytest.raises(
        Refusal,
        match=r"^\$FINOPS_NB_SMTP_SECURITY: mail would go to another host in clear text "
        r"\(found \"none\"\)",
    ):
        smtp_settings(environment(25, host=host))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"host": ""}, r"HOST: not set\. Set it to the server"),
        (
            {"host": "smtp.example.com:587"},
            r"HOST: not a server's name \(found \"smtp.example.com:587\"\).*_PORT",
        ),
        (
            {"host": "smtp://smtp.example.com"},
            r"HOST: not a server's name .*Write only the name, .*smtp\.example\.com; .*_SECURITY\.",
        ),
        ({"host": "smtp..example.com"}, "HOST: not a server's name"),
        ({"host": "a" * 64 + ".example.com"}, "HOST: not a server's name"),
        ({"host": "smtp.example.com\r\nRCPT"}, "HOST: not a server's name"),
        ({"port": "0"}, "PORT: not a port"),
        ({"port": "65536"}, r"PORT: not a port \(found \"65536\"\)"),
        ({"port": "٢٥"}, "PORT: not a port"),
        ({"port": "25\n"}, "PORT: not a port"),
        (
            {"security": "ssl"},
            r"SECURITY: an unknown value \(found \"ssl\"\)\. Set it to starttls, tls or none",
        ),
        ({"user": "ops"}, r"PASSWORD: not set, though \$FINOPS_NB_SMTP_USER is"),
        ({"password": CANARY}, r"USER: not set, though \$FINOPS_NB_SMTP_PASSWORD is"),
        (
            {"user": "ops", "password": CANARY, "security": "none", "host": "localhost"},
            "SECURITY: the password would go in clear text",
        ),
        ({"user": "ops\n", "password": CANARY}, "USER: a character that a login can't contain"),
        (
            {"user": "ops", "password": CANARY + "\r"},
            "PASSWORD: a character that a login can't contain",
        ),
        (
            {"user": "ops", "password": CANARY + "ä"},
            "PASSWORD: a character that a login can't contain",
        ),
        ({"from": ""}, r"FROM: not set\. Set it to an address"),
        ({"from": "FinOps"}, "FROM: not a single sender"),
        ({"from": "finops@example.com>"}, "FROM: not a single sender"),
        ({"from": "a@b.c, d@e.f"}, "FROM: not a single sender"),
        ({"from": "Fin\nBcc: x@y.z <finops@example.com>"}, "FROM: not a single sender"),
        ({"from": "Fin\tOps <finops@example.com>"}, "FROM: not a single sender"),
        ({"from": "FinOps <finöps@example.com>"}, "FROM: not a single sender"),
    ],
)
def test_it_refuses_what_cannot_be_used(changes, text):
    """The message names the variable, its problem and how to fix it; never the password."""
    with pytest.raises(Refusal, match=text) as error:
        smtp_settings(
            environment(587, **{"host": "smtp.example.com", "security": "starttls"} | changes)
        )
    assert len(error.value.problems) == 1
    assert CANARY not in str(error.value)


def test_all_problems_are_reported_together():
    """Host, port, security, password and sender are wrong, and each is named."""
    with pytest.raises(Refusal) as error:
        smtp_settings({PREFIX + "PORT": "x", PREFIX + "SECURITY": "ssl", PREFIX + "USER": "ops"})
    assert [problem.column for problem in error.value.problems] == [
        f"$FINOPS_NB_SMTP_{name}" for name in ("HOST", "PORT", "SECURITY", "PASSWORD", "FROM")
    ]


@pytest.mark.parametrize("name", ["host", "port", "security", "user", "from"])
def test_a_password_in_the_wrong_place_is_not_shown(name):
    """A value that holds the password is not shown, nor a host that may hold one."""
    with pytest.raises(Refusal) as error:
        smtp_settings(environment(587, **{"user": "ä", "password": CANARY, name: f"<{CANARY}ä"}))
    assert CANARY not in str(error.value) + repr(error.value) + repr(error.value.problems)
    with pytest.raises(Refusal) as error:
        smtp_settings(
            environment(587, host=f"smtp://ops:{CANARY}@smtp.example.com", security="tls")
        )
    assert CANARY not in str(error.value)


def test_settings_do_not_show_the_password():
    """The text of the settings has no password."""
    settings = smtp_settings(
        environment(587, host="smtp.example.com", security="tls", user="ops", password=CANARY)
    )
    assert settings.password == CANARY
    assert CANARY not in f"{settings!r} {settings}"
