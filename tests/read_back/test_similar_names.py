"""Names that differ in a blank, or where they are cut, pass every check and print differently."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from support.homes import files_of
from support.published import page_of
from support.usage_files import call, write_calls

from finops_nb.home import Home
from finops_nb.mail.message import Envelope, compose_message
from finops_nb.mail.read_back import mail_faults
from finops_nb.outputs.artifacts import HTML, RESULTS
from finops_nb.run.run import run

OFFICE = "Organization for International Cooperation, Development and Statistics, office 2025 of "
NAMES = (
    *("Acme", "Acme ", " Acme", "Acme  Inc", "Acme Inc"),
    *(f"{OFFICE}{city}" for city in ("Paris", "Prague", "Zagreb 1,234.50 ")),
    *(f"{'1' * 100}{middle}{'2' * 100}" for middle in "ab"),
)
ENVELOPE = Envelope("a@example.com", ["b@example.com"], datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.slow
def test_a_report_of_similar_names_and_its_mail_pass(tmp_path):
    """In its tables, each of them is printed in a way of its own."""
    home = Home(tmp_path.resolve())
    write_calls(
        home.root / "usage" / "calls.csv",
        *(
            call(
                timestamp="2025-12-31",
                cost_usd=f"{number}.50",
                organization_id=name,
                product_id=NAMES[number % 3],
                feature_id=name,
            )
            for number, name in enumerate(NAMES, start=1)
        ),
    )
    home.params.mkdir()
    params = {"period": "2025-12", "usage": "usage/", "organization_budgets": {NAMES[6]: 1}}
    home.params_file("2025-12").write_text(json.dumps(params))
    page = run("2025-12", home)
    files = files_of(page.parent)
    results = json.loads(files[RESULTS])

    for table in ("cost_by_organization", "cost_by_feature"):
        printed = page_of(page).xpath(f"//div[@id='{table}']//tr[@class='line']//bdi/text()")
        assert len(printed) == len(set(printed)) == len(NAMES)
    message = compose_message(results, {HTML: files[HTML]}, ENVELOPE)
    assert list(mail_faults(message.as_bytes(), results, {HTML: files[HTML]})) == []
