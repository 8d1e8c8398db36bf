"""A finished mail whose figures are not those of the published results is neither kept nor sent."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.policy import default

import pandas as pd
import pytest
from support.mail_reports import draw_once, results_of

from finops_nb.errors import Failure
from finops_nb.mail.message import Envelope, compose_message
from finops_nb.mail.read_back import _alt_texts, check_mail, mail_faults
from finops_nb.report.charts import budget_vs_actual
from finops_nb.report.format import Format

ENVELOPE = Envelope("a@example.com", ["b@example.com"], datetime(2026, 1, 1, tzinfo=UTC))
ATTACHED = {"report.html": "<p>$1.00 für B</p>\n".encode(), "report.xlsx": bytes(range(256)) * 9}


@pytest.fixture
def results(monkeypatch) -> dict:
    draw_once(monkeypatch)
    return results_of()


def changed(data: bytes, part: str, choose: random.Random) -> bytes:
    """The message with another digit in its text, its HTML, its subject or an attachment."""
    message = message_from_bytes(data, policy=default)
    if part == "subject":
        subject = str(message["Subject"])
        del message["Subject"]
        message["Subject"] = other_figure(subject, choose)
    elif part == "attachment":
        attachment = next(message.iter_attachments())
        attachment.set_content(other_figure(attachment.get_content(), choose), subtype="html")
        attachment.add_header("Content-Disposition", "attachment", filename="report.html")
    else:
        body = message.get_body((part,))
        text = body.get_content()
        # Not in the head: a style has figures too.
        start = max(0, text.find("</head>"))
        body.set_content(text[:start] + other_figure(text[start:], choose), subtype=part)
    return message.as_bytes()


def other_figure(text: str, choose: random.Random) -> str:
    """The text with another digit in a figure of money or percent."""
    figures = list(re.finditer(r"\$[\d,.]*\d|\d+\.\d+(?=%)", text))
    figure = choose.choice(figures)
    place = choose.choice([at for at in range(*figure.span()) if text[at].isdigit()])
    digit = choose.choice("0123456789".replace(text[place], ""))
    return text[:place] + digit + text[place + 1 :]


@pytest.mark.parametrize("currency", ["USD", "CHF", "KWD", "INR"])
def test_what_a_chart_adds_up_is_left_out_in_every_currency(currency):
    """The blank between code and amount is written "&nbsp;", whose ";" ends no sum.

    The second bar, other (238) with its budget, is not in the tables of the mail; the first is.
    """
    fmt = Format(currency)
    bars = f"A {fmt.money(Decimal(5))}; other (238) {fmt.money(Decimal('14.45'))} of "
    bars += f"{fmt.money(Decimal('20.25'))} budget"
    page = f'<img alt="Cost: {bars.replace(chr(0xA0), "&nbsp;")}; 3 without cost">'
    shown = "".join(_alt_texts(page))
    assert shown == f"Cost: A {fmt.money(Decimal(5))}; ; 3 without cost"


@pytest.mark.parametrize("first", [1, 900], ids=["not drawn", "other"])
def test_what_a_chart_really_says_of_the_others_is_left_out(params, first):
    """Thirty names, of which the last six are added up: they cost 6 × 1.25 of 6 × 3.75.

    As one bar, they are not drawn where each of the others costs less.
    """
    costs = [first * Decimal("1.25")] * 24 + [Decimal("1.25")] * 6
    lines = [
        {"organization": f"p-{n:02}", "cost": cost, "budget": 3 * cost, "status": "UNDER"}
        for n, cost in enumerate(costs)
    ]
    frame = pd.DataFrame(lines, dtype=object)
    alt = budget_vs_actual(frame, params()).alt
    assert ("not drawn" in alt, "other (6)" in alt) == (first == 1, first == 900)
    assert "$7.50" in alt
    assert "$22.50" in alt
    (shown,) = _alt_texts(f'<img alt="{alt}">')
    assert "p-23" in shown
    assert "$7.50" not in shown
    assert "$22.50" not in shown


def test_a_mail_as_it_was_composed_passes(results):
    """With its charts and attachments."""
    message = compose_message(results, ATTACHED, ENVELOPE)

    assert list(mail_faults(message.as_bytes(), results, ATTACHED)) == []


@pytest.mark.parametrize("part", ["plain", "html", "subject", "attachment"])
def test_a_changed_figure_is_found(results, part):
    """In any part, whichever digit it is."""
    data = compose_message(results, ATTACHED, ENVELOPE).as_bytes()
    for seed in range(15):
        mutant = changed(data, part, random.Random(seed))
        assert list(mail_faults(mutant, results, ATTACHED)), seed


@pytest.mark.parametrize("part", ["plain", "html"])
def test_a_lost_line_is_found(results, part):
    """A line of the text, or a row of a table of the HTML, that holds a figure."""
    data = compose_message(results, ATTACHED, ENVELOPE).as_bytes()
    for seed in range(10):
        message = message_from_bytes(data, policy=default)
        body = message.get_body((part,))
        text = body.get_content()
        pattern = r".*\$\d.*\n" if part == "plain" else r"<tr (?:(?!<tr ).)*?\$\d.*?</tr>"
        lines = [
            line.span() for line in re.finditer(pattern, text, re.DOTALL if part == "html" else 0)
        ]
        start, end = random.Random(seed).choice(lines)
        body.set_content(text[:start] + text[end:], subtype=part)
        assert list(mail_faults(message.as_bytes(), results, ATTACHED)), seed


def test_half_a_mail_is_found(results):
    """Cut off anywhere within its parts, or empty."""
    data = compose_message(results, ATTACHED, ENVELOPE).as_bytes()
    choose = random.Random(1)
    cuts = [0, *(choose.randrange(len(data) - 100) for _ in range(30))]

    assert [cut for cut in cuts if not list(mail_faults(data[:cut], results, ATTACHED))] == []


def test_the_sentence_names_the_figure(results):
    """$8,669.90 is the total; a text that says $8,669.91 is refused with it."""
    data = compose_message(results, {}, ENVELOPE).as_bytes()
    message = message_from_bytes(data, policy=default)
    body = message.get_body(("plain",))
    body.set_content(body.get_content().replace("$8,669.90", "$8,669.91", 1))

    with pytest.raises(Failure, match=r'its text says "\$8,669\.91" where its HTML does not'):
        check_mail(message.as_bytes(), results, {})
