"""A finished mail, parsed again from its bytes: every figure in it stands in the published results.

Text and HTML say the same, so a figure that differs in one of them is found by the other.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

from finops_nb.errors import Failure
from finops_nb.mail.body import body_of
from finops_nb.mail.message import FEWER, KEY_SHOWN, WITHOUT_FONT
from finops_nb.read_back.figures import figures_in
from finops_nb.read_back.page import read_page
from finops_nb.read_back.printed_tables import OTHER
from finops_nb.report.format import Format

NUMBER: Final = re.compile(r"^\d+\. ", re.MULTILINE)
"""The number of a finding, which only the text has."""

HEAD: Final = re.compile(r"<head\b.*?</head>|<!--.*?-->", re.DOTALL)
PLAIN: Final = re.compile(r"\d{1,3}")
"""Figures that are not looked up: days, months and small counts."""

CUT_OFF: Final = re.compile(r"\S*…\S*")
"""The place at which a text was cut, perhaps within a figure."""

ADDED_UP: Final = re.compile(rf"{OTHER.pattern}[^;]*|\band [\d,]+ others?, not drawn: .*")
"""In the text of a chart, the sums of names that are not drawn."""
CRLF: Final = b"\r\n"
FAULTS_SHOWN: Final = 3


def check_mail(data: bytes, results: Mapping[str, Any], attachments: Mapping[str, bytes]) -> None:
    """See that a mail says what the published results say.

    Args:
        data: the message.
        results: the object of `results.json`.
        attachments: content by file name.

    Raises:
        Failure: it does not; nothing may be written or sent then.
    """
    if faults := list(mail_faults(data, results, attachments)):
        named = "; ".join(faults[:FAULTS_SHOWN])
        raise Failure(
            f"The mail does not say what the report says: {named}. Nothing was written. "
            "Run the command again; if it fails again: finops-nb status --doctor"
        )


def mail_faults(
    data: bytes, results: Mapping[str, Any], attachments: Mapping[str, bytes]
) -> Iterator[str]:
    """What a message says other than the results, each as a phrase; arguments of `check_mail`."""
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    if any(part.defects for part in message.walk()):
        yield "it is not whole"
        return
    text, page = (message.get_body((kind,)) for kind in ("plain", "html"))
    if text is None or page is None:
        yield "it has no text, or no HTML"
        return
    body = read_page(HEAD.sub(" ", page.get_content())).text
    shown = {"text": NUMBER.sub("", text.get_content()), "HTML": WITHOUT_FONT.sub("", body)}
    yield from _disagreements(shown)
    # The text has the figures of the HTML, and breaks long names between two lines.
    said = " ".join((shown["HTML"], str(message["Subject"]), *_alt_texts(page.get_content())))
    said = CUT_OFF.sub("", said)
    known = _known_figures(results)
    for figure in figures_in(said):
        if not PLAIN.fullmatch(figure) and figure not in known:
            yield f'"{figure}" is none of the results'
    yield from _attachment_faults(message, attachments)


def _disagreements(shown: Mapping[str, str]) -> Iterator[str]:
    """Figures that text and HTML do not have equally often."""
    figures = {part: figures_in(said) for part, said in shown.items()}
    squeezed = {part: "".join(said.split()) for part, said in shown.items()}
    for part, other in (("text", "HTML"), ("HTML", "text")):
        for figure in figures[part] - figures[other]:
            # A long name is broken between two lines of the text.
            if squeezed[part].count(figure) != squeezed[other].count(figure):
                yield f'its {part} says "{figure}" where its {other} does not'


def _alt_texts(page: str) -> list[str]:
    """What the charts say, but what is "other" there: it is not in the tables of the mail."""
    alts = re.findall(r'alt="([^"]*)"', page)
    # Unescaped first: the "&nbsp;" of "CHF&nbsp;14.45" would end what is "other".
    return [ADDED_UP.sub("", html.unescape(alt)) for alt in alts]


def _attachment_faults(message: EmailMessage, attachments: Mapping[str, bytes]) -> Iterator[str]:
    attached = {}
    for part in message.iter_attachments():
        content = part.get_content()
        attached[part.get_filename()] = content.encode() if isinstance(content, str) else content
    for name, content in attachments.items():
        # The line ends of a text are those of mail.
        if attached.get(name, b"").replace(CRLF, b"\n") != content.replace(CRLF, b"\n"):
            yield f"{name} is not attached as it was published"


def _known_figures(results: Mapping[str, Any]) -> set[str]:
    """Every figure of the results, in every form in which a mail may print it."""
    fmt = Format(results["currency"])
    texts = list(_printed(results, fmt))
    for shown in (None, *FEWER):
        body = body_of(results, shown)
        texts.append(body.key[:KEY_SHOWN])
        texts += [figure.detail for figure in body.summary]
        for table in body.tables:
            texts += [table.caption, table.left_out]
            cells = [cell for row in table.rows(table.blocks[0]) for cell in row.cells]
            texts += [text for cell in cells for text in (cell.text, *cell.beneath)]
    return {figure for text in texts for figure in figures_in(text)}


def _printed(value: Any, fmt: Format) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from (name, *_printed(each, fmt))
    elif isinstance(value, list):
        for each in value:
            yield from _printed(each, fmt)
    elif isinstance(value, (str, int)):
        yield str(value)
        try:
            number = Decimal(value)
        except InvalidOperation:
            return
        if number.is_finite():
            for amount in (number, abs(number)):
                yield from (fmt.money(amount), fmt.change(amount), fmt.of("count", amount))
                yield from (fmt.share(amount), fmt.signed_share(amount), fmt.unit_cost(amount))
                yield from (fmt.percent(amount), fmt.signed_percent(amount))
