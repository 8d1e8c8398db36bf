"""The ledger of an official month is a draft until the month is complete and reconciled."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from support.homes import NAME, published
from support.published import page_of, sections_of
from support.usage_files import call, write, write_calls

from finops_nb.cli import main
from finops_nb.home import Home
from finops_nb.outputs.reports import published_reports
from finops_nb.run.run import run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_code")]

BILL_HEAD = (
    "BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeClass,"
    "BillingCurrency,BilledCost,EffectiveCost,InvoiceIssuerName,InvoiceId,SubAccountName,"
    "ServiceName,ServiceCategory,ProviderName\n"
)


def home_of(root: Path, params: str) -> Home:
    """A home with a December, which uses the packaged notebook."""
    home = Home(root.resolve())
    write(home.params_file(NAME), f'period: "{NAME}"\n{params}')
    return home


def chargeback_text(home: Home) -> str:
    """What the report says in its chargeback section."""
    page = page_of(home.outputs / NAME / "organizational_alignment.html")
    return sections_of(page)["Chargeback Report"].text


def ledgers(home: Home) -> list[str]:
    return [name for name in published(home) if name.startswith("chargeback")]


def test_a_partial_month_becomes_final_by_what_its_report_says(tmp_path, monkeypatch, capsys):
    """Usage ends on December 30. The report says what to write, and then the ledger is final."""
    home = home_of(tmp_path, "usage: calls.csv\n")
    calls = [call(timestamp=f"2025-12-{day:02} 10:00:00") for day in range(1, 31)]
    write_calls(home.root / "calls.csv", *calls)
    run(NAME, home)
    assert ledgers(home) == ["chargeback.DRAFT.csv"]
    lines = published(home)["chargeback.DRAFT.csv"].decode().splitlines()
    # 30 calls of 1.00
    assert lines == [
        "period_start,period_end,organization,product,amount,currency,DRAFT",
        "2025-12-01,2026-01-01,org-a,chat,30.00,USD,DRAFT",
    ]
    [report], _ = published_reports(home.outputs)
    assert "Draft ledger" in report.files
    assert "Ledger" not in report.files
    text = chargeback_text(home)
    assert "The ledger is a draft (chargeback.DRAFT.csv), not for booking" in text
    assert "Book " not in text
    [line, file, command] = re.search(
        r"if no usage is missing, write (as_of: \S+) in (\S+)\. Then run finops-nb (.*?)\.", text
    ).groups()
    with (home.root / file).open("a") as params:
        params.write(f"{line}\n")
    monkeypatch.setenv("FINOPS_NB_HOME", str(home.root))
    with pytest.raises(SystemExit, match="0"):
        main(command.split())
    capsys.readouterr()
    assert ledgers(home) == ["chargeback.csv"]
    assert published(home)["chargeback.csv"].decode().splitlines() == [
        line.removesuffix(",DRAFT") for line in lines
    ]
    assert "draft" not in chargeback_text(home)
    kept = home.runs / NAME / "revision-1"
    assert [file.name for file in kept.glob("*.csv")] == ["chargeback.DRAFT.csv"]


def test_a_month_whose_invoices_differ_has_a_draft(tmp_path):
    """The bill charges 10.00 and the invoice says 12.00; corrected, it has a ledger of 10.00."""
    invoice = 'invoices:\n- {{issuer: AWS, number: INV-1, amount: "{}"}}\n'
    bill = 'usage: bill.csv\ndialect: focus\ncolumns: {cost: BilledCost}\nas_of: "2025-12-31"\n'
    home = home_of(tmp_path, bill + invoice.format("12.00"))
    row = (
        "2025-12-01T00:00:00Z,2025-12-31T00:00:00Z,2026-01-01T00:00:00Z,Usage,,USD,10.00,10.00,"
        "AWS,INV-1,org-a,EC2,Compute,AWS\n"
    )
    write(home.root / "bill.csv", BILL_HEAD + row)
    run(NAME, home)
    assert ledgers(home) == ["chargeback.DRAFT.csv"]
    text = chargeback_text(home)
    assert "because invoices differ from the usage data (see Invoices)" in text
    assert f"correct the usage, or invoices in params/{NAME}.yaml" in text
    report = page_of(home.outputs / NAME / "organizational_alignment.html").text_content()
    assert "ledger line" not in report
    home_of(tmp_path, bill + invoice.format("10.00"))
    run(NAME, home)
    assert ledgers(home) == ["chargeback.csv"]
    [line] = csv.DictReader(io.StringIO(published(home)["chargeback.csv"].decode()))
    assert Decimal(line["amount"]) == Decimal("10.00")


def test_a_revision_says_so_at_the_top_of_the_page(tmp_path):
    """The first publication says nothing of revisions; the second gives its number and reason."""
    home = home_of(tmp_path, "usage: calls.csv\n")
    write_calls(home.root / "calls.csv", call())
    page = run(NAME, home)
    [head] = page_of(page).xpath("//header[contains(@class, 'heading')]")
    assert "Revision" not in head.text_content()
    write_calls(home.root / "calls.csv", call(), call())
    [head] = page_of(run(NAME, home, reason="late <b> data")).xpath(
        "//header[contains(@class, 'heading')]"
    )
    assert "Revision 2: late <b> data" in " ".join(head.text_content().split())
