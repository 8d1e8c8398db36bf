"""Whom a report goes to: plain addresses, each once, and what is attached."""

from __future__ import annotations

import pytest

from finops_nb.errors import Refusal


def test_it_reads_addresses_and_what_is_attached(params):
    """It takes one address or a list; the report as HTML is attached unless told otherwise."""
    mail = params(mail={"to": "ada@example.com", "cc": ["cfo@example.com", "b@c.d"]}).mail
    assert (mail.to, mail.cc, mail.reply_to, mail.attachment) == (("ada@example.com",), ("cfo@example.com", "b@c.d"), "", ("html",))


@pytest.mark.parametrize(
    ("attachment", "read"),
    [("html", ("html",)), ("pdf", ("pdf",)), (["html", "pdf"], ("html", "pdf")), ("none", ()), ([], ())],
)
def test_it_attaches_html_pdf_both_or_nothing(params, attachment, read):
    """It asks for the PDF of a run where one is attached."""
    made = params(mail={"to": ["a@b.c"], "attachment": attachment})
    assert made.mail.attachment == read
    assert made.wants_pdf is ("pdf" in read)


@pytest.mark.parametrize(
    "address",
    [
        "Ada <ada@example.com>",
        "ada",
        "ada@",
        "@example.com",
        "a@b.c, d@e.f",
        "a@b.c\nBcc: x@y.z",
        "a@b..c",
        "ä@example.com",
        "",
        5,
        "a@b.c ",
    ],
)
@pytest.mark.parametrize("key", ["to", "cc", "reply_to"])
def test_it_refuses_what_is_not_one_plain_address(params, address, key):
    """It names the key, and says how an address is written."""
    if (key, address) == ("reply_to", ""):
        return
    with pytest.raises(Refusal, match=r"mail\.(to|cc|reply_to).*not an address"):
        params(mail={"to": ["ada@example.com"], key: address})


def test_it_refuses_what_it_does_not_know(params):
    """It names an unknown key, an unknown attachment, a missing recipient, and an address that stands twice."""
    for mail, said in (
        ({"to": ["a@b.c"], "bcc": ["d@e.f"]}, "unknown key"),
        ({"to": ["a@b.c"], "attachment": ["docx"]}, "not one of the known"),
        ({"cc": ["a@b.c"]}, "the key is missing"),
        ({"to": []}, r"mail\.to"),
        ({"to": ["A@b.c"], "cc": ["a@B.c"]}, "a@b.c is named twice"),
    ):
        with pytest.raises(Refusal, match=said):
            params(mail=mail)


def test_no_report_knows_whom_it_goes_to(params):
    """It is no parameter of the notebook and in no published file."""
    made = params(mail={"to": ["canary@example.com"]}, pdf="true")
    assert "canary" not in str(made.as_parameters()) + str(made.shared_parameters())
    assert "pdf" not in made.as_parameters()
