"""A sound report is never refused by its own check, whatever its names, size and currency are."""

from __future__ import annotations

import csv
import itertools
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.homes import files_of
from support.usage_files import COLUMNS, call, write_calls

from finops_nb.errors import FinopsError
from finops_nb.home import Home
from finops_nb.mail.message import Envelope, compose_message
from finops_nb.mail.read_back import mail_faults
from finops_nb.outputs.artifacts import HTML, RESULTS
from finops_nb.run.run import run

NAMES = (
    *("$5 vs $6", "1,234", "Total", "Rounding", "12%", "-3", "+4.50", "2025-12-01"),
    *("a" + "1234567890" * 12, "#8", "100.0%", "=1+1", "@9", "n/a", "(1,000.00)", "OVER"),
    *("€ 7", "1e5", "½ cup", "🚀 4", "line 4", "booked 3", "A & B", "<b>9</b>", "o'neil"),
    *("semi;colon", "Café 24/7", "日本 5", "Name, with 2 commas, 3", "true", "null", "00042"),
)
NOTES = ("Up 12.5% to $3,000 by 7 March", "1. first; 2. second", "…")
ENVELOPE = Envelope("a@example.com", ["b@example.com"], datetime(2026, 1, 2, tzinfo=UTC))
COSTS = ("{:.6f}", "{:.2f}", "{:.0f}", "{:.10f}")


def names_of(choose: random.Random, prefix: str, most: int) -> list[str]:
    """Some names, of which a third look like figures or like words of the report."""
    number = choose.randint(1, most)
    return sorted(
        {
            choose.choice(NAMES) if choose.random() < 0.3 else f"{prefix}-{choose.randrange(999)}"
            for _ in range(number)
        }
    )


def home_of(root: Path, seed: int, currency: str, larger: int = 0) -> Home:
    """A month with credits, zeros, cost without a name, budgets, drivers and commentary.

    `larger` adds that many organizations, and a fifth as many products.
    """
    choose = random.Random(seed)
    organizations, products = names_of(choose, "org", 90), names_of(choose, "product", 20)
    organizations += [f"Team {number}" for number in range(larger)]
    products += [f"App {number}" for number in range(larger // 5)]
    features = names_of(choose, "feature", 30)
    last = choose.choice([31, 31, 20])
    calls = []
    for number in range(choose.choice([5, 300, 1500])):
        cost = choose.choice(COSTS).format(choose.expovariate(1 / choose.choice([0.01, 1, 10_000])))
        sign = choose.choice(["", "", "", "", "", "-"])
        calls.append(
            call(
                timestamp=f"2025-12-{choose.randint(1, last) if number else last:02}",
                cost_usd=sign + cost,
                organization_id=choose.choice([*organizations, ""]),
                product_id=choose.choice(products),
                feature_id=choose.choice(features),
            )
        )
    rows = [each | {"currency": currency} for each in calls]
    write_calls(root / "usage" / "calls.csv", *rows, columns=[*COLUMNS, "currency"])
    budgeted = [name for name in organizations if choose.random() < 0.8]
    params = {
        "period": "2025-12",
        "usage": "usage/",
        "currency": currency,
        "organization_budgets": {name: choose.choice([0, 1, 100, 99999]) for name in budgeted},
        "product_budgets": dict.fromkeys(choose.sample(products, choose.randint(0, 1)), 50),
        "notes": {name: choose.choice(NOTES) for name in organizations[:3]},
        "owners": {name: choose.choice(["Ann 3", "$9"]) for name in organizations[1:4]},
        "approval_limit": 100,
        "drivers": "drivers.csv",
        "materiality_amount": choose.choice([0, 50]),
    }
    drivers = [*itertools.product(["2025-12"], ["", *organizations], NAMES[:3])]
    with (root / "drivers.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("month", "organization", "name", "amount"))
        rows.writerows((*each, choose.choice(["0", "0.25", "98765"])) for each in drivers)
    (root / "params").mkdir()
    (root / "params" / "2025-12.yaml").write_text(json.dumps(params, ensure_ascii=False))
    return Home(root.resolve())


def refused(root: Path, seed: int, currency: str, larger: int = 0) -> str:
    """Why a report or its mail is refused; empty if neither is."""
    try:
        page = run("2025-12", home_of(root, seed, currency, larger))
    except FinopsError as error:
        return str(error)
    files = files_of(page.parent)
    results = json.loads(files[RESULTS])
    attachments = {HTML: files[HTML]}
    message = compose_message(results, attachments, ENVELOPE)
    return "; ".join(mail_faults(message.as_bytes(), results, attachments))


@pytest.mark.slow
@pytest.mark.parametrize(
    "currency", ["CHF", *(pytest.param(name, marks=pytest.mark.slow) for name in ("KWD", "JPY"))]
)
def test_a_sound_report_and_its_mail_pass(tmp_path, currency):
    """Names like figures, long tables, and currencies that are printed by their code."""
    assert refused(tmp_path, 7, currency) == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 112))
def test_many_sound_reports_pass(tmp_path, seed):
    """The same for other seeds."""
    currency = random.Random(seed).choice(["USD", "EUR", "CHF", "KWD", "JPY"])
    assert refused(tmp_path, seed, currency) == ""


@pytest.mark.slow
@pytest.mark.parametrize("currency", ["CHF", "KWD", "INR"])
def test_a_large_sound_report_and_its_mail_pass(tmp_path, currency):
    """Charts that add up names to "other", in currencies that are printed by their code."""
    assert refused(tmp_path, 102, currency, larger=100) == ""
