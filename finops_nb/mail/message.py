"""The message of a report: a mail that reads well in any program, made from what was published."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import PurePath
from typing import Any, Final, NamedTuple

import pandas as pd

from finops_nb.mail.body import Body, body_of
from finops_nb.mail.plain_text import plain_text
from finops_nb.mail.smtp import SEVEN_BITS
from finops_nb.outputs.artifacts import REPORT_NAME
from finops_nb.params.model import Params
from finops_nb.report.jinja_environment import templates
from finops_nb.report.table import Row, Table
from finops_nb.words import listing

LARGEST: Final = 90_000
"""Bytes of HTML; Gmail cuts off a message at 102 KB."""

FEWER: Final = (25, 18, 12)
"""Rows of a table, where those of the report make the HTML larger than that."""

ROOM_FOR_NAME: Final = 30
"""Characters of three amounts that leave room for a name beside them on a phone.

Where there are more, the name stands above its amounts.
"""

KEY_SHOWN: Final = 12
"""Digits of the report key that a mail names."""

WITHOUT_FONT: Final = re.compile(r'"line \d+" stands for [^"]*?covers its name\.')
"""What the HTML, and not the text, says below a picture that can't draw a name."""

NO_SENDER: Final = "finops-nb.invalid"
"""The domain of ids without a sender; `.invalid` is reserved and can't exist (RFC 2606)."""

TYPES: Final = {
    ".html": ("text", "html", {"charset": "utf-8"}),
    ".pdf": ("application", "pdf", {}),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet", {}),
}
"""MIME type, subtype and parameters of an attachment, by the suffix of its file."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG.

    Args:
        name: of its file, without suffix.
        alt: for readers who do not see it.
        caption: a sentence below it; empty where none is needed.
        png: the picture, with two of its pixels for each pixel shown.
    """

    name: str
    alt: str
    caption: str
    png: bytes = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as shown, in CSS pixels: half of those in the PNG's header."""
        width, height = struct.unpack(">II", self.png[16:24])
        return width // 2, height // 2


class Envelope(NamedTuple):
    """Who sends the message to whom, and when.

    Args:
        sender: the value of From; empty where no sender is set yet.
        to: plain addresses.
        cc: likewise.
        reply_to: a plain address; empty: answers go to the sender.
        date: when it is written, with its zone.
        resend: it is sent once more on purpose.
    """

    sender: str
    to: Sequence[str]
    date: datetime
    cc: Sequence[str] = ()
    reply_to: str = ""
    resend: bool = False


def compose_message(
    results: Mapping[str, Any], attachments: Mapping[str, bytes], envelope: Envelope
) -> EmailMessage:
    """The mail of a published report.

    Args:
        results: the object of its `results.json`.
        attachments: content by file name; the suffix is .html, .pdf or .xlsx.
        envelope: sender, recipients and date.

    Returns:
        The same message for the same arguments, to the byte.

    Raises:
        Failure: the results lack what a mail says.
    """
    body = body_of(results)
    pictures = [picture(table) for table in body.tables]
    ids = [f"{each.name}.{body.key[:12]}@{NO_SENDER}" for each in pictures]
    closing = _closing(body, attachments)
    page = _page(body, pictures, ids, closing)
    for shown in FEWER:
        if len(page.encode("utf-8")) > LARGEST:
            body = body_of(results, shown)
            page = _page(body, pictures, ids, closing)
    message = EmailMessage(policy=SEVEN_BITS)
    for name, value in _headers(body, attachments, envelope).items():
        message[name] = value
    message.set_content(plain_text(body, closing))
    message.add_alternative(page, subtype="html")
    _add_pictures(message, pictures, ids)
    for name, data in attachments.items():
        maintype, subtype, params = TYPES[PurePath(name).suffix]
        message.add_attachment(data, maintype, subtype, filename=name, params=params)
    _set_boundaries(message, body.key)
    return message


def preview(message: EmailMessage) -> str:
    """The HTML of a message as a page for a browser, with its pictures inside."""
    parts = list(message.walk())
    pages = (
        part.get_content()
        for part in parts
        if part.get_content_type() == "text/html" and not part.is_attachment()
    )
    page: str = next(pages)
    for part in parts:
        if part["Content-ID"]:
            data = base64.b64encode(part.get_content()).decode("ascii")
            source = f"cid:{part['Content-ID'].strip('<>')}"
            page = page.replace(source, f"data:{part.get_content_type()};base64,{data}")
    return page


def picture(table: Table) -> Picture:
    """Cost against budget as bars.

    A name that no installed font covers is replaced by the number of its line in the table.
    """
    # Imported late: a mail that is refused needs no matplotlib.
    from finops_nb.report.charts import budget_vs_actual

    by = table.columns[0].name
    frame = pd.DataFrame(table.blocks[0].lines, dtype=object)[[by, "cost", "budget", "status"]]
    params = Params.model_construct(currency=table.currency)  # the chart needs no other key
    chart = budget_vs_actual(frame, params)
    replaced = _names_without_font(frame[by])
    if not replaced:
        return Picture(f"{by}s", chart.alt, "", chart.png())
    labels = [replaced.get(place, name) for place, name in enumerate(frame[by], start=1)]
    first = min(replaced)
    caption = (
        f'"{replaced[first]}" stands for the {by} on line {first} of the table, '
        "because no installed font covers its name."
    )
    drawn = budget_vs_actual(frame.assign(**{by: labels}), params)
    return Picture(f"{by}s", chart.alt, caption, drawn.png())


def _names_without_font(names: Sequence[str]) -> dict[int, str]:
    """A label for each name that can't be drawn, by its line in the table, from 1."""
    from finops_nb.report.theme import labels_of, undrawable

    return {
        place: f"line {place}"
        for place, label in enumerate(labels_of(names), start=1)
        if undrawable(label)
    }


def _headers(body: Body, attachments: Mapping[str, bytes], envelope: Envelope) -> dict[str, str]:
    """Every header of the message itself that has a value; none of it comes from usage."""
    headers = {
        "From": envelope.sender,
        "To": ", ".join(envelope.to),
        "Cc": ", ".join(envelope.cc),
        "Reply-To": envelope.reply_to,
        "Subject": body.subject,
        "Date": format_datetime(envelope.date),
        # Both keep programs from answering, with "out of office" for example (RFC 3834).
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Message-ID": _identifier(body, attachments, envelope),
    }
    return {name: value for name, value in headers.items() if value}


def _identifier(body: Body, attachments: Mapping[str, bytes], envelope: Envelope) -> str:
    """The same for the same message to the same people, and another one for any other.

    Mail programs drop a second message of the same id, so one that is resent has the date in it.
    """
    parts = (
        body.key,
        body.revision,
        envelope.sender,
        sorted(address.lower() for address in (*envelope.to, *envelope.cc)),
        envelope.reply_to,
        sorted(attachments),
        format_datetime(envelope.date) if envelope.resend else None,
    )
    domain = parseaddr(envelope.sender)[1].rpartition("@")[2] or NO_SENDER
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    return f"<{digest[:16]}.{body.key[:16]}@{domain}>"


def _add_pictures(message: EmailMessage, pictures: Sequence[Picture], ids: Sequence[str]) -> None:
    """Put the pictures beside the HTML that shows them, in one multipart/related.

    As parts of their own they are shown by programs that do not fetch pictures or take `data:`.
    """
    _, page = message.iter_parts()
    for image, content_id in zip(pictures, ids, strict=True):
        page.add_related(
            image.png,
            "image",
            "png",
            cid=f"<{content_id}>",
            filename=f"{image.name}.png",
            disposition="inline",  # or programs list it among the attachments
        )


def _set_boundaries(message: EmailMessage, key: str) -> None:
    """Set what separates the parts: by default it is random, and the bytes would differ."""
    parts = (part for part in message.walk() if part.is_multipart())
    for number, part in enumerate(parts):
        # "=_" can't occur in quoted-printable or Base64, so no part holds a boundary.
        part.set_boundary(f"=_finops-nb_{number}_{key[:32]}_=")


def _page(
    body: Body, pictures: Sequence[Picture], ids: Sequence[str], closing: Sequence[str]
) -> str:
    """The HTML, with its style copied into each element.

    Some programs drop style sheets. The sheet stays in as well, for phones and dark mode.
    """
    import css_inline

    page = (
        templates("mail")
        .get_template("message.html.j2")
        .render(
            body=body,
            tables=list(_shown_tables(body, pictures, ids)),
            closing=closing,
            status=body.status.lower().replace(" ", "-"),
        )
    )
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(page)


def _shown_tables(
    body: Body, pictures: Sequence[Picture], ids: Sequence[str]
) -> Iterator[tuple[Table, Sequence[Row], bool, Mapping[str, Any]]]:
    """Each table, its rows, whether names stand above their amounts, and its picture."""
    for table, image, content_id in zip(body.tables, pictures, ids, strict=True):
        rows = table.rows(table.blocks[0])
        amounts = sum(
            max(len(row.cells[place].text) for row in rows)
            for place, column in enumerate(table.columns)
            if column.name in ("cost", "budget", "variance")
        )
        width, height = image.size
        shown = {
            "source": f"cid:{content_id}",
            "alt": image.alt,
            "caption": image.caption,
            "width": width,
            "height": height,
        }
        yield table, rows, amounts > ROOM_FOR_NAME, shown


def _closing(body: Body, attachments: Mapping[str, bytes]) -> tuple[str, str]:
    """Whether the full report is attached, and what sent this.

    It names no path: readers on other machines have no use for one.
    """
    is_attached = "The full report is not attached."
    if attachments:
        is_attached = f"The full report is attached: {listing(attachments)}."
    report = f"{REPORT_NAME}, {body.label} ({body.days})"
    key = f"Report key: {body.key[:KEY_SHOWN]}, as under Provenance in the report."
    return is_attached, f"This is an automated message. {report}. {key}"
