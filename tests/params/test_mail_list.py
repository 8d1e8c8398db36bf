"""The recipients of a report: plain addresses, each once, and what is attached."""

from __future__ import annotations

import pytest

from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.params.params_file import load_params


def test_it_reads_addresses_and_what_is_attached(params):
    """One address or a list is accepted; the HTML is attached unless the key says otherwise."""
    mail = params(mail={"to": "ada@example.com", "cc": ["cfo@example.com", "b@c.d"]}).mail
    assert (mail.to, mail.cc, mail.reply_to, mail.attachment) == (
        ("ada@example.com",),
        ("cfo@example.com", "b@c.d"),
        "",
        ("html",),
    )


@pytest.mark.parametrize(
    ("attachment", "read"),
    [
        ("html", ("html",)),
        ("pdf", ("pdf",)),
        (["html", "pdf"], ("html", "pdf")),
        ("xlsx", ("xlsx",)),
        ("none", ()),
        ([], ()),
    ],
)
def test_it_attaches_what_is_published_or_nothing(params, attachment, read):
    """A run makes the PDF where one is attached."""
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
        ".a@x.com",
        "a.@x.com",
        "a@x-.com",
        "a@-x.com",
        "a@x.com-",
        "a" * 65 + "@x.com",
        "a@" + "x." * 127 + "x",
        "a@" + "x" * 64,
        "ada@straße.de",
        "",
        5,
        "a@b.c ",
    ],
)
@pytest.mark.parametrize("key", ["to", "cc", "reply_to"])
def test_it_refuses_what_is_not_one_plain_address(params, address, key):
    """The message names the key and says how to write an address."""
    if (key, address) == ("reply_to", ""):
        return
    rule = "not an address" if address else "no value"
    with pytest.raises(Refusal, match=rf"mail\.(to|cc|reply_to).*{rule}"):
        params(mail={"to": ["ada@example.com"], key: address})


@pytest.mark.parametrize(
    "plain",
    [
        "a.b+c@x-y.com",
        "a@b",
        "a" * 64 + "@" + "x." * 126 + "x",
        "a@" + "x" * 63,
        "_@xn--exmple-cua.com",
    ],
)
def test_it_takes_every_plain_address(params, plain):
    """An address may have 64 characters, @ and 2 × 126 + 1 = 253 more."""
    assert params(mail={"to": plain}).mail.to == (plain,)


def test_it_says_how_another_alphabet_is_written(params):
    """The message has the domain in ASCII, unless there are two ways to spell it."""
    with pytest.raises(
        Refusal,
        match=r"mail\.to: an address with letters that mail can't carry\."
        r".*: ada@xn--exmple-cua\.com\.",
    ):
        params(mail={"to": ["ada@exämple.com"]})


@pytest.mark.parametrize(
    ("attachment", "message"),
    [
        (
            "HTML",
            r'line 4, mail\.attachment, item 1: unknown value \(found "HTML"\)\. '
            r'Did you mean "html"\?',
        ),
        (
            "[pdf, docx]",
            r'line 4, mail\.attachment, item 2: unknown value \(found "docx"\)\. '
            r"Choose from: html, pdf, xlsx, none\.",
        ),
        (
            "[none]",
            r"line 4, mail\.attachment, item 1: none can't be in a list .*\. "
            r"Write attachment: none\.",
        ),
    ],
)
def test_it_names_the_line_of_an_attachment(tmp_path, attachment, message):
    """The message has the line of the list's item and the known values."""
    home = Home(tmp_path)
    home.params.mkdir()
    home.params_file("2025-12").write_text(
        f'period: "2025-12"\nusage: x\nmail: {{to: a@b.c,\n  attachment: {attachment}}}\n'
    )
    with pytest.raises(Refusal, match=message):
        load_params(home, "2025-12")


def test_it_refuses_what_it_does_not_know(params):
    """Unknown keys and attachments, no recipient and a second mention are refused."""
    for mail, message in (
        ({"to": ["a@b.c"], "bcc": ["d@e.f"]}, "unknown key"),
        ({"to": ["a@b.c"], "attachment": ["docx"]}, "unknown value"),
        ({"cc": ["a@b.c"]}, "the key is missing"),
        ({"to": []}, r"mail\.to: no value\. Write an address"),
        ({"to": ["A@b.c"], "cc": ["a@B.c"]}, r"a@b\.c is listed twice\."),
    ):
        with pytest.raises(Refusal, match=message):
            params(mail=mail)


def test_no_report_has_its_recipients(params):
    """Recipients are not a parameter of the notebook and in no published file."""
    made = params(mail={"to": ["canary@example.com"]}, pdf="true")
    assert "canary" not in str(made.as_parameters()) + str(made.shared_parameters())
    assert "pdf" not in made.as_parameters()


def test_it_says_which_of_several_addresses_is_none(params):
    """People count the items of a list from 1."""
    with pytest.raises(Refusal, match="item 2 is not an address, item 3 is not an address"):
        params(mail={"to": ["ada@example.com", "Bob <b@example.com>", "x"]})
