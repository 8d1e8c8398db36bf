"""The mail of a report: a message that stands alone in any mail program, made of what was published and nothing else."""

from __future__ import annotations

import base64
import email.policy
import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import PurePath
from typing import Any, Final

import pandas as pd

from finops_nb.mail.body import Body, body_of
from finops_nb.mail.plain_text import plain_text
from finops_nb.params.model import Params
from finops_nb.report.table import Table, templates
from finops_nb.words import listing


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG.

    Args:
        name: of its file, without suffix.
        alt: for readers who do not see it.
        caption: what to know about it; empty where there is nothing.
        png: the picture.
    """

    name: str
    alt: str
    caption: str
    png: bytes = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as it is shown, in CSS pixels: half of those it has."""
        width, height = struct.unpack(">II", self.png[16:24])
        return width // 2, height // 2


def picture(table: Table) -> Picture:
    """Cost against budget as bars; a name that no font of this machine draws is called by its line in the table."""
    from finops_nb.report.charts import budget_vs_actual
    from finops_nb.report.theme import elided, undrawable

    by = table.columns[0].name
    frame = pd.DataFrame(table.blocks[0].lines, dtype=object)[[by, "cost", "budget", "status"]]
    params = Params.model_construct(currency=table.currency)  # all that the chart asks them for
    chart, caption = budget_vs_actual(frame, params), ""
    alt = chart.alt
    labels = [
        f"line {place}" if undrawable(elided(name)) else name
        for place, name in enumerate(frame[by], start=1)
    ]
    if labels != list(frame[by]):
        chart = budget_vs_actual(frame.assign(**{by: labels}), params)
        first = next(label for label, name in zip(labels, frame[by], strict=True) if label != name)
        caption = f'"{first}" is the {by} in that line of the table: this picture has no letters for such a name.'
    return Picture(f"{by}s", alt, caption, chart.png())


LARGEST: Final = 90_000
"""Bytes of HTML; Gmail cuts off what is beyond 102 KB."""

FEWER: Final = (18, 12)
"""Lines of a table, where `body.SHOWN` are too much for that."""

BESIDE: Final = 30
"""Characters of three amounts that leave room for a name beside them on a phone; where there are more, it stands above them."""

POLICY: Final = email.policy.SMTP.clone(cte_type="7bit")
"""Lines end in CRLF; seven bits are what every server takes."""

NO_SENDER: Final = "finops-nb.invalid"
TYPES: Final = {
    ".html": ("text", "html", {"charset": "utf-8"}),
    ".pdf": ("application", "pdf", {}),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet", {}),
}


def letter(
    results: Mapping[str, Any],
    attachments: Mapping[str, bytes],
    *,
    sender: str,
    to: Sequence[str],
    cc: Sequence[str] = (),
    reply_to: str = "",
    date: datetime,
    anew: bool = False,
) -> EmailMessage:
    """The mail of a published report.

    Args:
        results: the object of its `results.json`.
        attachments: file name, with its suffix, and content.
        sender: the value of From; empty: none yet.
        to: plain addresses.
        cc: likewise.
        reply_to: a plain address; empty: answers go to the sender.
        date: when it is written, with its zone.
        anew: it is sent once more on purpose; programs would drop a second message of the same id.

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
    message = EmailMessage(policy=POLICY)
    _address(message, body, sender, to, cc, reply_to, date)
    message["Message-ID"] = _identifier(
        body, sender, (*to, *cc), reply_to, attachments, date if anew else None
    )
    message.set_content(plain_text(body, closing))
    message.add_alternative(page, subtype="html")
    _, related = message.iter_parts()
    for each, content_id in zip(pictures, ids, strict=True):
        related.add_related(
            each.png,
            "image",
            "png",
            cid=f"<{content_id}>",
            filename=f"{each.name}.png",
            disposition="inline",
        )
    for name, data in attachments.items():
        maintype, subtype, params = TYPES[PurePath(name).suffix]
        message.add_attachment(data, maintype, subtype, filename=name, params=params)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        # A boundary of random digits would make every message another one.
        part.set_boundary(f"=_finops-nb_{number}_{body.key[:32]}_=")
    return message


def preview(message: EmailMessage) -> str:
    """The HTML of a message as a page that a browser shows: its pictures are in it."""
    parts = list(message.walk())
    page: str = next(
        part.get_content()
        for part in parts
        if part.get_content_type() == "text/html" and not part.is_attachment()
    )
    for part in parts:
        if part["Content-ID"]:
            data = base64.b64encode(part.get_content()).decode("ascii")
            page = page.replace(
                f"cid:{part['Content-ID'].strip('<>')}",
                f"data:{part.get_content_type()};base64,{data}",
            )
    return page


def _address(
    message: EmailMessage,
    body: Body,
    sender: str,
    to: Sequence[str],
    cc: Sequence[str],
    reply_to: str,
    date: datetime,
) -> None:
    """Every header of the message itself but its id; none of it comes from usage."""
    headers = {
        "From": sender,
        "To": ", ".join(to),
        "Cc": ", ".join(cc),
        "Reply-To": reply_to,
        "Subject": body.subject,
        "Date": format_datetime(date),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    for name, value in headers.items():
        if value:
            message[name] = value


def _identifier(
    body: Body,
    sender: str,
    recipients: Sequence[str],
    reply_to: str,
    attachments: Mapping[str, bytes],
    date: datetime | None,
) -> str:
    """The same for the same message to the same people, and another one for another."""
    parts = (
        body.key,
        body.revision,
        sender,
        sorted(each.lower() for each in recipients),
        reply_to,
        sorted(attachments),
        date and format_datetime(date),
    )
    domain = parseaddr(sender)[1].rpartition("@")[2] or NO_SENDER
    return f"<{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}.{body.key[:16]}@{domain}>"


def _page(
    body: Body, pictures: Sequence[Picture], ids: Sequence[str], closing: Sequence[str]
) -> str:
    """The HTML, its style in each element as well as programs that drop style sheets need it."""
    import css_inline

    tables = []
    for table, each, content_id in zip(body.tables, pictures, ids, strict=True):
        rows = table.rows(table.blocks[0])
        figures = sum(max(len(row.cells[place].text) for row in rows) for place in (1, 2, 3))
        width, height = each.size
        shown = {
            "source": f"cid:{content_id}",
            "alt": each.alt,
            "caption": each.caption,
            "width": width,
            "height": height,
        }
        tables.append((table, rows, figures > BESIDE, shown))
    status = body.status.lower().replace(" ", "-")
    page = (
        templates("mail")
        .get_template("letter.html.j2")
        .render(body=body, tables=tables, closing=closing, status=status)
    )
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(page)


def _closing(body: Body, attachments: Mapping[str, bytes]) -> tuple[str, str]:
    """Whether the whole report is here, and what sent this; no path, which a reader elsewhere has no use for."""
    where = (
        f"The full report is attached: {listing(attachments)}."
        if attachments
        else "The full report is not attached."
    )
    return (
        where,
        f"This message is automatic. Organizational alignment, {body.label} ({body.days}); key {body.key[:12]}.",
    )
