"""`finops-nb mail` on a published report: what it prints, and its exit codes."""

from __future__ import annotations

import email
import email.policy
import json
from decimal import Decimal
from pathlib import Path

import lxml.html
import pytest
from click.testing import CliRunner
from support.mail_servers import Mailbox, environment, mail_server, raw_server
from support.published import amount
from support.scenario_homes import make_scenario_home, write_scenario

from finops_nb.cli import main
from finops_nb.money import rounded
from finops_nb.outputs.lock import hold
from finops_nb.report.html_export import audit
from finops_nb.run.run import run


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A home with December and a scenario of it, published from real usage."""
    root = tmp_path_factory.mktemp("home")
    home = make_scenario_home(root)
    file = home.params_file("2025-12")
    file.write_text(file.read_text() + "mail: {to: [ada@example.com, bob@example.com]}\n")
    write_scenario(home, "organization_budgets: {org-a: 6000}\n")
    run("2025-12", home)
    run("scenarios/more", home)
    return root


@pytest.fixture(autouse=True)
def here(root, monkeypatch):
    """Work in the home, without mail settings of this machine."""
    monkeypatch.setenv("FINOPS_NB_HOME", str(root))
    for name in environment(0):
        monkeypatch.delenv(name, raising=False)


def invoke(*arguments: str, **environment: str):
    return CliRunner().invoke(main, ["mail", *arguments], env=environment)


def test_it_prints_where_the_message_and_its_preview_are(root):
    """The two paths alone go to stdout; what sending needs goes to stderr."""
    done = invoke("2025-12")
    folder = root.resolve() / "outputs" / ".mail" / "2025-12"
    assert (done.exit_code, done.stdout) == (
        0,
        f"{folder / 'message.eml'}\n{folder / 'preview.html'}\n",
    )
    *lines, last = done.stderr.splitlines()
    assert all(line.startswith("--send will not work yet: $FINOPS_NB_SMTP_") for line in lines)
    assert last == "Written, not sent. It is addressed to ada@example.com and bob@example.com."
    assert audit((folder / "preview.html").read_text()) == []


def test_its_figures_are_those_of_the_published_report(root):
    """Every cell of both tables equals the rounded figure of results.json."""
    invoke("2025-12")
    results = json.loads((root / "outputs" / "2025-12" / "results.json").read_text())
    page = lxml.html.parse(str(root / "outputs" / ".mail" / "2025-12" / "preview.html"))
    for by, table in zip(
        ("organization", "product"), page.findall(".//table[@class='data']"), strict=True
    ):
        rows = {
            row.find("th/bdi").text: [cell.text_content() for cell in row.findall("td")]
            for row in table.findall("tbody/tr")
        }
        for line in results["tables"][f"cost_by_{by}"]:
            for text, key in zip(rows[line[by]], ("cost", "budget", "variance"), strict=True):
                assert amount(text) == (
                    None if line[key] is None else rounded(Decimal(line[key]), 2)
                )


def test_it_sends_once(root):
    """--send prints each recipient's outcome and exits with 0; a second time nothing is sent."""
    with mail_server(Mailbox()) as mailbox:
        variables = environment(mailbox.port)
        first, second = (
            invoke("2025-12", "--send", **variables),
            invoke("2025-12", "--send", **variables),
        )
    assert (first.exit_code, first.stderr) == (0, "ada@example.com: sent\nbob@example.com: sent\n")
    assert (second.exit_code, second.stderr.count("already sent on")) == (0, 2)
    assert mailbox.received == ["ada@example.com", "bob@example.com"]
    message = email.message_from_bytes(mailbox.taken[0][2], policy=email.policy.default)
    # 4.00 + 2.00 + 2.00 = 8.00 of 5,000 + 3,000
    assert (
        message["Subject"]
        == "Organizational Alignment · December 2025: $8.00, UNDER budget by $7,992.00"
    )
    [attached] = message.iter_attachments()
    assert (
        attached.get_payload(decode=True)
        == (root / "outputs" / "2025-12" / "organizational_alignment.html").read_bytes()
    )


def test_it_exits_with_1_if_a_recipient_was_not_sent_it(root):
    """The other recipient is still sent the report."""
    with mail_server(Mailbox(rcpt={"no@example.com": ["550 no such user"]})) as mailbox:
        done = invoke(
            "2025-12",
            "--to",
            "no@example.com",
            "--to",
            "yes@example.com",
            "--send",
            **environment(mailbox.port),
        )
    assert done.exit_code == 1
    assert mailbox.received == ["yes@example.com"]


def test_a_what_if_needs_to_be_allowed(root):
    """It exits with 1 and a sentence; --allow sends it, and its subject says WHAT-IF."""
    with mail_server(Mailbox()) as mailbox:
        variables = environment(mailbox.port)
        refused = invoke("scenarios/more", "--to", "ada@example.com", "--send", **variables)
        allowed = invoke(
            "scenarios/more", "--to", "ada@example.com", "--send", "--allow", **variables
        )
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("outputs/scenarios/more: a what-if")
    assert allowed.exit_code == 0
    message = email.message_from_bytes(mailbox.taken[0][2], policy=email.policy.default)
    assert message["Subject"].startswith(
        "WHAT-IF · Organizational Alignment · December 2025: $8.00, "
    )
    text = message.get_body(("plain",)).get_content()
    assert "two more regions" in text
    assert "Changes: org-a $5,000.00 → $6,000.00." in text


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["2025-12", "--send"], 1, "$FINOPS_NB_SMTP_HOST: not set."),
        (["2025-11", "--to", "ada@example.com"], 1, "finops-nb run 2025-11"),
        (["2025-13"], 1, "there is no such params file"),
        (["../x"], 1, "NAME"),
        (["2025-12", "--to", "x"], 1, "--to: not an address"),
        ([], 2, "Usage:"),
        (["2025-12", "--resend"], 2, "need --send"),
        (["2025-12", "--allow"], 2, "need --send"),
    ],
)
def test_a_refusal_is_a_sentence(arguments, code, text):
    """It has an exit code and no traceback."""
    done = invoke(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_talks_without_end_is_one_sentence(root):
    """It exits with 1, says what is wrong, and records nobody."""

    def talk(connection):
        connection.sendall(b"220 hi\r\n")
        connection.recv(1000)
        connection.sendall(b"250-x\r\n" * 150_000)

    with raw_server(talk) as port:
        done = invoke(
            "scenarios/more", "--to", "else@example.com", "--send", "--allow", **environment(port)
        )
    *allowed, sentence = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (1, "")
    assert "127.0.0.1" in sentence
    assert "more than 100 lines. Nothing was sent." in sentence
    assert all(line.startswith("Allowed: ") for line in allowed)


def test_it_exits_with_75_while_another_process_mails(root):
    """Only one process mails a NAME at a time."""
    with hold(root / "outputs" / ".runs", "2025-12~mail"):
        assert invoke("2025-12").exit_code == 75
