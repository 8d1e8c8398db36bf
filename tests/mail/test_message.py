"""The mail of a report, read back from its bytes as a reader and a mail program see it."""

from __future__ import annotations

import email
import email.policy
import re
import struct
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from itertools import pairwise

import html5lib
import lxml.html
import matplotlib
import pandas as pd
import pytest
from support.lab import browser
from support.made_usage import data_of
from support.mail_reports import KEY, ORGANIZATIONS, SCENARIO, draw_once, results_of
from support.published import amount

from finops_nb.errors import Failure
from finops_nb.findings.overview import warnings as warnings_of
from finops_nb.mail.body import body_of, brief, isolated
from finops_nb.mail.message import LARGEST, Envelope, compose_message, picture, preview
from finops_nb.mail.names import brief_name
from finops_nb.mail.plain_text import columns
from finops_nb.mail.read_back import mail_faults
from finops_nb.money import rounded
from finops_nb.params.model import Params
from finops_nb.report.charts import budget_vs_actual
from finops_nb.report.format import visible_name
from finops_nb.report.html_export import audit
from finops_nb.words import short_names

HOSTILE = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "$5 vs $6",
        "$x$",
        "_under",
        "\u202egpj",
        "a\r\nBcc: eve@example.com",
    ),
    *("x" * 10_000, "日本 👩\u200d🚀", "שלום", "=1+1", "{{ 7 * 7 }}", "'\"&lt;", "a\x00\x1b[31mb"),
)
HARMLESS = tuple(f"organization-{place}" for place in range(len(HOSTILE)))
DATE = datetime(2026, 1, 2, 8, 30, tzinfo=UTC)
FILES = {
    "organizational_alignment_2025-12.html": b"<!doctype html>\n<title>\xc3\xa9</title>",
    "organizational_alignment_2025-12.pdf": b"%PDF\r\n",
    "organizational_alignment_2025-12.xlsx": b"PK\x03\x04\r\n\xff",
}
FIGURE = re.compile(r"-?\$[\d,]+\.\d\d|-?\d+(?:\.\d+)?%")
CHART = Params(period="2025-12", usage="sample:")
SIZES = """[...document.querySelectorAll('p, td, th, li')].map(
  (each) => parseFloat(getComputedStyle(each).fontSize)
)"""
"""A script: the size of every text, in pixels."""


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch):
    draw_once(monkeypatch)


def compose(results, attachments, **envelope) -> EmailMessage:
    """The message from FinOps to Ada, unless the keys of the envelope say otherwise."""
    usual = {"sender": "FinOps <finops@example.com>", "to": ("ada@example.com",), "date": DATE}
    return compose_message(results, attachments, Envelope(**usual | envelope))


def texts_of(message: EmailMessage) -> list[str]:
    """Both bodies, text and HTML, on one line each."""
    page = lxml.html.document_fromstring(html_of(message))
    return [" ".join(text.split()) for text in (text_of(message), page.text_content())]


def read(message: EmailMessage) -> EmailMessage:
    """The message as a mail program reads it from its bytes."""
    return email.message_from_bytes(message.as_bytes(), policy=email.policy.default)


def html_of(message: EmailMessage) -> str:
    return read(message).get_body(("html",)).get_content()


def text_of(message: EmailMessage) -> str:
    return read(message).get_body(("plain",)).get_content().replace("\r\n", "\n")


def named(names, budget="500") -> dict[str, tuple[str, str]]:
    """Cost and budget by name; the costs are 1,000.25, 999.25 and so on."""
    return {name: (f"{1000 - place}.25", budget) for place, name in enumerate(names)}


def rows_of(page: str) -> list[list[list[str]]]:
    """The rows of each table of data: name, status, actual, budget, variance, % used."""
    tables = []
    for table in lxml.html.document_fromstring(page).xpath("//table[contains(@class, 'data')]"):
        rows = [
            [part.strip() for part in row.itertext() if part.strip()]
            for row in table.findall("tbody/tr")
        ]
        stacked = "stacked" in table.get("class")
        if stacked:
            rows = [name + figures for name, figures in zip(rows[::2], rows[1::2], strict=True)]
        tables.append(rows)
    return tables


def skeleton(page: str) -> list[str]:
    return [
        element.tag
        for element in lxml.html.document_fromstring(page).iter()
        if isinstance(element.tag, str)
    ]


def test_it_is_built_as_mail_programs_expect():
    """Text and HTML are alternatives, the pictures belong to the HTML; the report is attached."""
    parts = [part.get_content_type() for part in read(compose(results_of(), FILES)).walk()]
    assert parts == [
        *(
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "image/png",
        ),
        *(
            "text/html",
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ]


def test_it_attaches_the_published_bytes():
    """Each file arrives unchanged, under its name."""
    attached = {
        part.get_filename(): part.get_payload(decode=True)
        for part in read(compose(results_of(), FILES)).iter_attachments()
    }
    assert attached == FILES


def test_it_says_that_the_report_is_not_attached():
    """It has no part for attachments then, and names no path of the sender's disk."""
    message = compose(results_of(), {})
    assert message.get_content_type() == "multipart/alternative"
    for text in (text_of(message), html_of(message)):
        assert "The full report is not attached." in text
        assert "outputs/" not in text


def test_its_bytes_are_what_smtp_carries():
    """Lines end in CRLF and have at most 998 octets of seven bits, whatever the names."""
    data = compose(results_of(named(HOSTILE)), FILES).as_bytes()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data.isascii()


def test_it_is_the_same_message_twice():
    """Only the given date is in it, no clock and no random number."""
    assert compose(results_of(), FILES).as_bytes() == compose(results_of(), FILES).as_bytes()


def test_its_headers():
    """They name sender, recipients, date and subject, and say that a program wrote it."""
    cc = ("bob@example.com", "cy@example.com")
    message = read(compose(results_of(), {}, cc=cc, reply_to="team@example.com"))
    headers = {
        name: str(value)
        for name, value in message.items()
        if not name.startswith(("Content-", "MIME"))
    }
    identifier = headers.pop("Message-ID")
    assert headers == {
        "From": "FinOps <finops@example.com>",
        "To": "ada@example.com",
        "Cc": "bob@example.com, cy@example.com",
        "Reply-To": "team@example.com",
        # 10,000.00 − 8,669.90 = 1,330.10
        "Subject": "Organizational Alignment · December 2025: $8,669.90, UNDER budget by $1,330.10",
        "Date": "Fri, 02 Jan 2026 08:30:00 +0000",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    assert re.fullmatch(rf"<[0-9a-f]{{16}}\.{KEY[:16]}@example\.com>", identifier)


def test_its_id_depends_on_the_report_and_the_recipients():
    """Any difference makes another id; the date only if the message is resent."""
    first = compose(results_of(), {}, cc=("bob@example.com",))["Message-ID"]
    other = results_of()
    other["provenance"]["key"] = "f" * 64
    assert (
        compose(results_of(), {}, to=("bob@example.com",), cc=("ADA@example.com",))["Message-ID"]
        == first
    )
    assert compose(other, {}, cc=("bob@example.com",))["Message-ID"] != first
    assert compose(results_of(), {})["Message-ID"] != first

    def same(attachments, **envelope):
        return compose(results_of(), attachments, **{"cc": ("bob@example.com",)} | envelope)

    later = DATE.replace(hour=9)
    assert same({}, date=later)["Message-ID"] == first
    others = [
        same(FILES),
        same({"organizational_alignment_2025-12.pdf": b""}),
        same({}, reply_to="team@example.com"),
        same({}, sender="other@example.com"),
        same({}, resend=True),
        same({}, resend=True, date=later),
    ]
    assert len({first, *(other["Message-ID"] for other in others)}) == 1 + len(others)


@pytest.mark.parametrize(
    "sender", ["", "finops@" + "a-long-name." * 12 + "example.com", "Zoë <z@example.com>"]
)
def test_its_id_is_one_word_whoever_sends_it(sender):
    """Without a sender there is no From yet, and the domain is one that can't exist."""
    message = read(compose(results_of(), {}, sender=sender))
    domain = sender.rpartition("@")[2].strip(">") or "finops-nb.invalid"
    assert message["Message-ID"].split("@")[1] == f"{domain}>"
    assert str(message["From"] or "") == sender


@pytest.mark.parametrize(
    ("lines", "keys", "subject"),
    [
        (
            {"a": ("7", "5")},
            {},
            "Organizational Alignment · December 2025: $7.00, OVER budget by $2.00",
        ),
        (
            {"a": ("5", "5")},
            {},
            "Organizational Alignment · December 2025: $5.00, UNDER budget by $0.00",
        ),
        ({"a": ("7", None)}, {}, "Organizational Alignment · December 2025: $7.00, no budget"),
        (
            {"a": ("4.5", "5")},
            {"status": "AT RISK", "complete": False},
            "PARTIAL · Organizational Alignment · December 2025: "
            "$4.50, AT RISK, $0.50 of budget left",
        ),
        (
            {"a": ("4", "5")},
            {"kind": "analysis"},
            "ANALYSIS · NOT FOR BOOKING · Organizational Alignment · December 2025: "
            "$4.00, UNDER budget by $1.00",
        ),
        (
            {"a": ("4", "5")},
            {"kind": "scenario", "complete": False},
            "WHAT-IF · PARTIAL · Organizational Alignment · December 2025: "
            "$4.00, UNDER budget by $1.00",
        ),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:24],
)
def test_its_subject(lines, keys, subject):
    """It has every stamp, the period, the total and the status."""
    assert compose(results_of(lines, **keys), {})["Subject"] == subject


def test_a_budget_at_risk_reads_as_a_sentence():
    """The status of a budget is followed by the budget: "AT RISK against the $5.00 budget"."""
    at_risk = compose(results_of({"a": ("4.5", "5")}, status="AT RISK", complete=False), {})
    over = compose(results_of({"a": ("7", "5")}), {})
    for message, text in (
        (at_risk, "AT RISK against the $5.00 budget (version: original)"),
        (over, "OVER the $5.00 budget (version: original)"),
    ):
        assert text in message.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("known", "counts"),
    [
        ({}, ""),
        ({"calls": 7}, "7 calls"),
        ({"calls": 7, "customers": 2}, "7 calls from 2 customers"),
    ],
)
def test_it_counts_calls_and_customers(known, counts):
    """A bill has no calls and no customers, so its mail mentions none."""
    results = results_of()
    results["tables"]["executive_summary"][0] |= {"calls": None, "customers": None} | known
    text = " ".join(text_of(compose(results, {})).split())
    assert counts in text
    assert "None" not in text
    assert (" calls" in text) == ("calls" in known)


def test_it_bears_the_stamps_of_the_report():
    """Both bodies have each stamp with its meaning; a scenario's reason is in no header."""
    results = results_of(kind="scenario", complete=False)
    scenario = SCENARIO | {"reason": "two <more> regions"}
    results["provenance"]["params"]["scenario"] = scenario
    message = compose(results, {})
    for text in texts_of(message):
        assert "WHAT-IF: two <more> regions" in text
        assert "By Ana on December 15, 2025, based on the 2025-12 budgets; not for booking." in text
        assert (
            "Usage is complete through December 20, 2025; the period ends December 31, 2025."
        ) in text
        assert "Costs are to date; budgets cover the whole period." in text
    assert "regions" not in message.as_bytes().split(b"\r\n\r\n")[0].decode()


def test_later_usage_is_in_the_stamp_of_a_running_month(usage_of, params):
    """1.00 of the 20th is in the total, but usage is complete only through the 18th."""
    calls = [("a", "x", "f", "c", "1", f"2025-12-{day}") for day in (18, 20)]
    usage = replace(usage_of(calls, complete=False), complete_through=date(2025, 12, 18))
    results = results_of(complete=False)
    results["warnings"] = warnings_of(data_of(usage=usage, params=params()))
    for text in texts_of(compose(results, {})):
        assert (
            "Usage is complete through December 18, 2025; the period ends December 31, 2025. "
            "Total costs also include $1.00 dated December 19 to December 20; the run rate and the "
            "figures to date exclude it. Budgets cover the whole period."
        ) in text


def test_unreconciled_invoices_are_a_stamp():
    """The subject has its word, and both bodies what differs."""
    results = results_of()
    differing = "amounts differ from the usage data (invoice − usage): INV-1 +$2.50."
    results["warnings"] = [f"NOT RECONCILED: invoice {differing}"]
    message = compose(results, {})
    assert message["Subject"].startswith("NOT RECONCILED · Organizational Alignment")
    for text in texts_of(message):
        assert f"Invoice {differing}" in text


def test_a_revision_is_marked():
    """Subject and bodies have its number, reason and changes; its id is another one."""
    first, second = results_of(), results_of()
    first["provenance"]["revision"] = {"number": 1, "reason": "", "changes": []}
    second["provenance"]["revision"] = {
        "number": 2,
        "reason": "it came late",
        "changes": [{"text": "+$12.40 late data for org-b"}],
    }
    messages = [compose(results, {}) for results in (first, second)]
    assert messages[1]["Subject"] == f"REVISION 2 · {messages[0]['Subject']}"
    assert messages[0]["Message-ID"] != messages[1]["Message-ID"]
    for text in texts_of(messages[1]):
        assert "REVISION 2: it came late" in text
        assert "It replaces the earlier report." in text
        assert "Changes: +$12.40 late data for org-b." in text
    assert "REVISION" not in text_of(messages[0])


def test_a_what_if_says_what_it_changes():
    """Both bodies list budgets before and after, growth and prices; at most eight of them."""
    results = results_of(kind="scenario")
    changes = [
        ("org-c", "2000", "2800", "organization"),
        ("<b>", None, "5", "organization"),
        ("chat", "4", None, "product"),
    ]
    lines = [
        dict(zip(("name", "budget_before", "budget", "dimension"), change, strict=True))
        for change in changes
    ]
    results["tables"]["scenario_changes"] = [
        *lines,
        {**lines[0], "name": "org-d", "budget": "2000"},
    ]
    rates = {"growth": {"(all)": "0.1"}, "model_prices": {"big": {"org-c": "-0.2"}}}
    results["provenance"]["params"]["scenario"] = SCENARIO | rates
    listed = "org-c $2,000.00 → $2,800.00; <b> no budget → $5.00; product chat $4.00 → no budget; "
    listed += "usage of all organizations +10%; price of big for org-c -20%."
    for text in texts_of(compose(results, {})):
        assert f"Changes: {listed}" in text
        assert "What-If Spend" in text
        assert "Total Spend" not in text
        assert "Actual" not in text
    results["tables"]["scenario_changes"] = lines * 4
    # 3 × 4 budgets, a growth and a price are 14 changes, of which eight are listed.
    assert "; and 6 more." in " ".join(text_of(compose(results, {})).split())


def test_every_figure_of_a_table_is_that_of_the_results():
    """Every cell is the rounded figure of results.json, and the lines add up to the total."""
    results = results_of()
    page = html_of(compose(results, {}))
    for by, rows in zip(("organization", "product"), rows_of(page), strict=True):
        lines = {line[by]: line for line in results["tables"][f"cost_by_{by}"]}
        printed = {row[0]: row[1:] for row in rows}
        for name, line in lines.items():
            status, actual, budget, variance, used = printed[name]
            for text, key in ((actual, "cost"), (budget, "budget"), (variance, "variance")):
                assert amount(text) == rounded(Decimal(line[key]), 2), (name, key)
            assert status == line["status"]
            assert Decimal(used.rstrip("%")) == rounded(Decimal(line["budget_used"]) * 100, 1)
        assert printed["Total"] == ["UNDER", "$8,669.90", "$10,000.00", "-$1,330.10", "86.7%"]
        # 3,504.94 + 2,695.75 + 2,469.20 = 8,669.89, and −1,495.06 + 695.75 − 530.80 = −1,330.11
        assert printed["Rounding"] == ["$0.01", "$0.01"]


def test_its_summary_figures_and_findings_are_those_of_the_results():
    """Both bodies have them; spend against budget is there once, in the summary."""
    for text in texts_of(compose(results_of(), {})):
        for part in (
            *(
                "Total Spend: $8,669.90",
                "224,072 calls from 100 customers",
                "Budget Variance: -$1,330.10 (-13.3%)",
            ),
            *(
                "UNDER the $10,000.00 budget (version: original)",
                "Change from November 2025",
                "+$210.35 (+2.5%)",
                "November, as published: $8,459.55",
            ),
            *(
                "Over Budget: org-c: $695.75 over its budget of $2,000.00",
                "org-c: two more regions",
                "Approval Missing: $3,504.94",
            ),
            "This is an automated message. Organizational Alignment, December 2025 "
            f"(2025-12-01 to 2025-12-31, UTC). Report key: {KEY[:12]}, as under "
            "Provenance in the report.",
        ):
            assert part in text
        assert "(in the summary)" not in text


def test_its_plain_text_has_every_figure_of_the_html():
    """Each figure is there as often, and a line has at most 78 characters."""
    message = compose(results_of(), FILES)
    text = text_of(message)
    page = lxml.html.document_fromstring(html_of(message)).body
    figures = sorted(FIGURE.findall(page.text_content()))
    assert sorted(FIGURE.findall(text)) == figures
    assert len(figures) > 40
    assert max(map(len, text.splitlines())) <= 78
    assert "org-c         $2,695.75   $2,000.00     $695.75  134.8%  OVER\n" in text


def test_its_pictures_are_all_there():
    """Each is an inline PNG of twice the pixels shown, with an alt text that has the figures."""
    message = read(compose(results_of(), {}))
    images = lxml.html.document_fromstring(html_of(message)).findall(".//img")
    pictures = {
        part["Content-ID"].strip("<>"): part for part in message.walk() if part["Content-ID"]
    }
    assert [image.get("src").removeprefix("cid:") for image in images] == list(pictures)
    for image in images:
        part = pictures[image.get("src").removeprefix("cid:")]
        assert part.get_content_disposition() == "inline"
        data = part.get_payload(decode=True)
        assert data.startswith(b"\x89PNG\r\n")
        assert struct.unpack(">II", data[16:24]) == (
            2 * int(image.get("width")),
            2 * int(image.get("height")),
        )
        assert "org-c $2,695.75 of $2,000.00 budget, OVER" in image.get("alt")
    assert len(images) == 2


def test_its_preview_has_the_pictures_in_it():
    """A browser shows it without loading anything, and nothing in it runs."""
    page = preview(compose(results_of(named(HOSTILE)), FILES))
    assert "cid:" not in page
    assert len(re.findall(r'src="data:image/png;base64,[A-Za-z0-9+/=]+"', page)) == 2
    assert audit(page) == []


def test_its_html_is_what_mail_programs_keep():
    """Valid, styled in its elements, without anything that gateways block or Outlook lacks."""
    page = html_of(compose(results_of(), {}))
    html5lib.HTMLParser(strict=True).parse(page)
    assert not re.search(r"flex|grid|var\(|<svg|data:|https?:|<script|<link|@import|url\(", page)
    tree = lxml.html.document_fromstring(page)
    assert tree.get("lang") == "en"
    assert "@media (prefers-color-scheme: dark)" in tree.findtext(".//style")
    for table in tree.iter("table"):
        assert (table.get("role") == "presentation") != bool(table.findall(".//th")) or table.xpath(
            ".//table"
        )
    for head in tree.iter("th"):
        assert head.get("scope") in ("col", "row")
    assert all(
        cell.get("style")
        for cell in tree.xpath("//table[contains(@class, 'data')]//*[self::td or self::th]")
    )
    assert [head.tag for head in tree.xpath("//h1 | //h2")] == ["h1", "h2", "h2", "h2", "h2"]


def test_hostile_names_are_text():
    """They run nothing and add no header; the page has the elements it has with plain names."""
    hostile, harmless = (
        compose(results_of(named(HOSTILE)), {}),
        compose(results_of(named(HARMLESS)), {}),
    )
    # Only the picture of names that no installed font covers has a caption.
    caption = re.compile(r'<p class="soft small"[^>]*>&?"?(&quot;)?line \d.*?</p>', re.DOTALL)
    assert skeleton(caption.sub("", html_of(hostile))) == skeleton(html_of(harmless))
    assert [name for name, _ in hostile.items()] == [name for name, _ in harmless.items()]
    assert hostile["Subject"] == harmless["Subject"]
    shown = [row[0] for row in rows_of(html_of(hostile))[0]]
    assert shown[: len(HOSTILE)] == [brief_name(name) for name in HOSTILE]


def test_hostile_texts_of_the_results_are_text():
    """Findings, headline figures and reasons contain names, and are escaped, too."""
    results = results_of(kind="scenario")
    scenario = SCENARIO | {"reason": "<b>x\r\nBcc: eve@example.com"}
    results["provenance"]["params"]["scenario"] = scenario
    results["tables"]["findings"] = [
        {"title": "<i>", "text": "<script>\u202egpj" + "y" * 5000, "note": "<u>"}
    ]
    results["tables"]["headline"] = [
        {"figure": "allocated", "label": "<s>", "value": "<p>", "detail": "</table>"}
    ]
    message = compose(results, {})
    tree = lxml.html.document_fromstring(html_of(message))
    assert not {"b", "i", "u", "s", "script"} & {element.tag for element in tree.iter()}
    assert audit(preview(message)) == []
    assert read(message)["Bcc"] is None
    for text in (text_of(message), html_of(message)):
        assert "\u202e" not in text
        assert "y" * 601 not in text


@pytest.mark.parametrize(
    "name", ["n" * 700, "a long name " * 60, "ש" * 700], ids=["a word", "words", "right to left"]
)
def test_a_long_name_leaves_a_finding_its_money(name):
    """The name is cut and the figure stays; a sentence ends with one full stop, or an ellipsis."""
    results = results_of(named([name, name[:90]]))
    findings = [
        f"{name}: $695.75 over its budget",
        f"{name[:90]} and {name}: $1.00 in all",
        "y" * 5000,
    ]
    results["tables"]["findings"] = [
        {"title": "Over Budget", "text": text, "note": ""} for text in findings
    ]
    short = short_names(map(visible_name, (name, name[:90])), 80)
    short |= {each: short[visible_name(each)] for each in (name, name[:90])}
    texts = [finding.text for finding in body_of(results).findings]
    assert [re.sub("[\u2066-\u2069]", "", text) for text in texts] == [
        f"{short[name]}: $695.75 over its budget.",
        f"{short[name[:90]]} and {short[name]}: $1.00 in all.",
        "y" * 599 + "…",
    ]
    assert "….." not in text_of(compose(results, {}))
    assert "y….<" not in html_of(compose(results, {}))


def test_long_names_with_the_same_beginning_differ():
    """The end of each is there, in the table, in the plain text and in the findings."""
    office = "Organization for International Cooperation, Development and Statistics, office in "
    names = [f"{office}{city}" for city in ("Paris", "Prague")]
    results = results_of(named(names))
    results["tables"]["findings"] = [
        {"title": "Over Budget", "text": f"{names[1]}: $1.00", "note": ""}
    ]
    message = compose(results, {})
    for text in (html_of(message), text_of(message)):
        assert len(re.findall("Organization for Inter[^<:]*?office in Paris", text)) >= 1
        assert len(re.findall("Organization for Inter[^<:]*?office in Prague", text)) >= 2
    assert list(mail_faults(bytes(message), results, {})) == []


def test_names_that_differ_in_a_blank_print_differently():
    """A blank that nobody would see is a mark, in the table and in the plain text."""
    message = compose(results_of(named(["Acme", "Acme ", "Acme  Inc"])), {})
    assert [row[0] for row in rows_of(html_of(message))[0][:3]] == ["Acme", "Acme␣", "Acme ␣Inc"]
    assert all(f"\n{each} " in text_of(message) for each in ("Acme", "Acme␣", "Acme ␣Inc"))


@pytest.mark.parametrize("budgeted", [(), (0,), (1,), (0, 1)])
def test_columns_of_budgets_stand_aside_where_no_name_has_one(budgeted):
    """As on the page: of organizations and products, only those with budgets are against them."""
    levels = [named(("a", "b"), "500" if place in budgeted else None) for place in (0, 1)]
    results = results_of(*levels)
    message = compose(results, {})
    page, text = html_of(message), text_of(message)
    for place, by in enumerate(("Organization", "Product")):
        assert (f"<h2>Cost Against Budget by {by}" in re.sub("<h2[^>]*>", "<h2>", page)) is (
            place in budgeted
        )
        assert (f"COST BY {by.upper()}" in text) is (place not in budgeted)
        table = lxml.html.document_fromstring(page).xpath("//table[contains(@class, 'data')]")[
            place
        ]
        assert ("Budget" in table.text_content()) is (place in budgeted)
        assert ("n/a" in table.text_content()) is False
        # 1,000.25 + 999.25 = 1,999.50
        assert "$1,999.50" in table.text_content()
    assert list(mail_faults(bytes(message), results, {})) == []


def test_the_lines_of_a_long_table_without_budgets_are_the_largest():
    """Of 40, none is shown for its status, since none has a budget."""
    results = results_of({f"o{place}": (f"{place}.00", None) for place in range(1, 41)})
    for line in results["tables"]["cost_by_organization"]:
        line["variance"] = None
    left_out = body_of(results).tables[0].left_out
    assert left_out.startswith("The largest of 40 lines are shown; ")


@pytest.mark.slow
def test_many_long_names_stay_below_what_mail_programs_cut():
    """Of 300 names of 10,000 characters, all OVER, 24 are listed, and one row has all others."""
    names = [f"{place:03} & <{'é' * 10_000}>" for place in range(300)]
    results = results_of(named(names))
    message = compose(results, {})
    page = html_of(message)
    assert len(page.encode()) < LARGEST
    rows = rows_of(page)[0]
    assert len(rows) == 25 + 1
    # 1,000.25 − 24 … 1,000.25 − 299: 276 lines, 276 × 1,000.25 − (24 + 299) × 276 / 2 = 231,495.00
    assert rows[24][:4] == ["other OVER (276)", "OVER", "$231,495.00", "$138,000.00"]
    assert sum(
        amount(row[2] if row[1] in ("OVER", "UNDER") else row[1]) for row in rows[:-1]
    ) == amount(rows[-1][2])
    assert "The largest of 300 lines" in page
    assert "The largest of 300 lines" in text_of(message)


@pytest.mark.slow
def test_it_lists_fewer_lines_where_they_are_too_long():
    """Where 100 rows take more than 90,000 bytes, it lists fewer, and they still add up."""
    names = [f"{place:03}{chr(0x1F600) * 80}" for place in range(100)]
    results = results_of(
        named(names, budget="999999999999.99"),
        named([name.replace("0", "\"<&'" * 9) for name in names]),
    )
    page = html_of(compose(results, {}))
    assert len(page.encode()) <= LARGEST
    for rows in rows_of(page):
        assert len(rows) <= 26


@pytest.mark.parametrize(
    "absent", ["executive_summary", "headline", "findings", "cost_by_product", "budget_tracking"]
)
def test_a_part_that_the_results_lack_is_left_out(absent):
    """The other parts are there."""
    results = results_of()
    del results["tables"][absent]
    message = compose(results, {})
    assert "$8,669.90" in message["Subject"]
    assert "org-c" in text_of(message)
    assert len(rows_of(html_of(message))) == (1 if absent == "cost_by_product" else 2)
    assert ("Total" in [row[0] for row in rows_of(html_of(message))[0]]) == (
        absent != "budget_tracking"
    )


@pytest.mark.parametrize(
    "change", [{"tables": {}, "total": None}, {"period": {}}, {"provenance": {"key": KEY}}]
)
def test_results_of_another_shape_are_a_sentence(change):
    """The failure says what to do."""
    with pytest.raises(Failure, match=r"lacks what a mail says .* Run it again with --force"):
        body_of(results_of() | change)


@pytest.mark.parametrize(
    "names", [HOSTILE[:7], HOSTILE[7:], ("日本", "한국", "ไทย", "العربية", "👩\u200d🚀", "ok")]
)
def test_its_pictures_have_no_boxes(names):
    """A name that no font covers is replaced by its line number; the alt text has the name."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drawn = picture(body_of(results_of(named(names))).tables[0])
    assert [str(each.message) for each in caught if "Glyph" in str(each.message)] == []
    for name in names:
        assert brief_name(name) in drawn.alt


def test_a_picture_explains_a_line_number(monkeypatch):
    """It has a caption only where a name is replaced."""
    monkeypatch.setattr("finops_nb.report.theme.undrawable", lambda text: text == "日本")
    assert picture(body_of(results_of(named(["a", "b"]))).tables[0]).caption == ""
    caption = picture(body_of(results_of(named(["a", "日本"]))).tables[0]).caption
    assert caption.startswith('"line 2" stands for the organization on line 2 of the table')
    caption = picture(body_of(results_of(named(["a", "b", "日本"]))).tables[0]).caption
    assert caption.startswith('"line 3" stands for')


def test_the_ticks_of_a_picture_have_room():
    """Labels of large amounts do not touch, because there are fewer of them."""
    table = body_of(results_of({f"organization-{'x' * 20}": ("123456789.25", "5")})).tables[0]
    chart = budget_vs_actual(
        pd.DataFrame(table.blocks[0].lines, dtype=object)[
            ["organization", "cost", "budget", "status"]
        ],
        CHART,
    )
    chart.png()
    chart.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in chart.figure.axes[0].get_xticklabels()]
    assert all(one.x1 + 5 < other.x0 for one, other in pairwise(boxes))
    assert len(boxes) > 1


def test_its_pictures_are_the_same_under_other_settings():
    """Other settings of matplotlib change no pixel, and are kept."""
    table = body_of(results_of()).tables[0]
    here = picture(table).png
    with matplotlib.rc_context(
        {"font.size": 30, "font.family": ["serif"], "savefig.dpi": 50, "savefig.facecolor": "red"}
    ):
        assert picture(table).png == here
        assert matplotlib.rcParams["font.size"] == 30


def test_its_columns_hold_any_name():
    """Wide characters take two columns; a long name stands above its figures."""
    lines = columns(
        [["Name", "Actual"], ["日本", "$1.00"], ["שלום", "$2.00"], ["n" * 100, "$3.00"]],
        [True, False],
    )
    assert lines[1].index("$1.00") + 2 == lines[0].index("Actual") + 1 == 78 - len("$1.00")
    assert lines[2].startswith("\u2068שלום\u2069  ")
    assert lines[3:] == ["n" * 100, "$3.00".rjust(78)]


def test_right_to_left_words_reorder_nothing():
    """Each run of such words is isolated, and marks that reorder a line are replaced."""
    assert (
        isolated("שלום עולם: $1.00 over, العربية $2.00")
        == "\u2068שלום עולם:\u2069 $1.00 over, \u2068العربية\u2069 $2.00"
    )
    assert isolated("org-a 日本 $1.00") == "org-a 日本 $1.00"
    assert brief("\u202e\u2066x") == "\ufffd\ufffdx"


@pytest.mark.browser
def test_it_reads_well_without_a_style_sheet_on_a_phone():
    """At 600 and 375 pixels, without its style sheet, it fits the width and loads nothing."""
    page = re.sub(r"<style>.*?</style>", "", preview(compose(results_of(), {})), flags=re.DOTALL)
    with browser() as visit_of:
        for width in (600, 375):
            visit = visit_of(width, 800)
            visit.page.set_content(page)
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width
            assert min(visit.page.evaluate(SIZES)) >= 13
            assert [
                asked for asked in visit.requests if not asked.startswith(("data:", "about:"))
            ] == []
    assert ORGANIZATIONS.keys() <= set(re.findall(r"org-\w", page))
