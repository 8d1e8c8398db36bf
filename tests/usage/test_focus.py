"""FOCUS bills: billing and charge periods, one currency, credits, corrections and tags."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support.checkout import CHECKOUT

from finops_nb.errors import Refusal
from finops_nb.params.model import make_params
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import read_usage

SHARED = CHECKOUT.parent / "shared" / "data"
FIRST = {
    "BillingPeriodStart": "2025-12-01 00:00:00",
    "ChargePeriodStart": "2025-12-10 05:00:00",
    "BilledCost": "1.00",
    "EffectiveCost": "1.00",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ChargeClass": "NULL",
    "ServiceName": "Storage",
    "ServiceCategory": "Storage",
    "SubAccountName": "team-a",
    "ProviderName": "AWS",
    "Tags": "NULL",
}
"""A charge from December, billed in December."""


def bill(
    folder: Path, *charges: dict[str, str], columns: dict[str, str] | None = None, **keys
) -> Usage:
    """The usage of a bill with these charges, each like `FIRST` except for the given fields."""
    file = folder / "bill.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, [*FIRST])
        writer.writeheader()
        writer.writerows(FIRST | charge for charge in charges)
    return read_usage(
        make_params({"period": "2025-12", "usage": str(file), "columns": columns or {}} | keys)
    )


def costs(usage: Usage, by: str) -> dict[str, Decimal]:
    frame = usage.groups[by,]
    return dict(zip(frame[by], frame["cost"], strict=True))


def notices_of(usage: Usage) -> list[tuple[str, int, Decimal]]:
    return [(notice.text, notice.rows, notice.money) for notice in usage.notices]


BILLED = {"cost": "BilledCost"}
LATE = {
    "ChargePeriodStart": "2025-11-30 22:00:00",
    "BilledCost": "0.25",
    "EffectiveCost": "0.25",
    "ChargeClass": "Correction",
}


def test_a_bill_has_no_calls_and_no_customers(tmp_path):
    """Calls and customers are unknown.

    Sub-account, service and service category are organization, product and feature.
    """
    usage = bill(tmp_path, {}, {"BilledCost": "2", "EffectiveCost": "2"})
    assert (usage.sources[0].dialect, usage.cost, usage.rows_used, usage.missing_columns) == (
        "focus",
        3,
        2,
        {"calls", "customer"},
    )
    assert usage.groups[()].iloc[0].tolist() == [3, None, None]
    assert [costs(usage, by) for by in ("organization", "product", "feature")] == [
        {"team-a": 3},
        {"Storage": 3},
        {"Storage": 3},
    ]


def test_the_billed_cost_goes_by_billing_period(tmp_path):
    """Charges of 1.00 in December and 0.25 in November, billed in December, are 1.25.

    The charge from November counts on December 1, with a notice.
    """
    usage = bill(tmp_path, {}, LATE, columns=BILLED)
    assert (usage.cost, usage.rows_outside) == (Decimal("1.25"), 0)
    assert [(f"{day}", cost) for day, cost in costs(usage, "day").items()] == [
        ("2025-12-01", Decimal("0.25")),
        ("2025-12-10", 1),
    ]
    text = (
        "bill.csv bills charges from earlier periods; "
        "they count on the first day of the billing month."
    )
    assert notices_of(usage) == [(text, 1, Decimal("0.25"))]
    assert usage.charges == (
        ("Usage", 1, 1),
        ("Usage (correction), of earlier periods", 1, Decimal("0.25")),
    )


def test_the_effective_cost_goes_by_charge_period(tmp_path):
    """In the same bill 1.00 was used in December, and 0.25 in November."""
    usage = bill(tmp_path, {}, LATE)
    assert (usage.cost, usage.rows_outside, usage.cost_outside) == (1, 1, Decimal("0.25"))
    assert bill(tmp_path, {}, LATE, period="2025-11").cost == Decimal("0.25")


def test_a_quarter_has_each_bill_in_its_month(tmp_path):
    """October's bill is 20. A correction of October by −5 in December's bill counts in December."""
    october = {
        "BillingPeriodStart": "2025-10-01 00:00:00",
        "ChargePeriodStart": "2025-10-10 00:00:00",
        "BilledCost": "20",
    }
    correction = {
        "ChargePeriodStart": "2025-10-10 00:00:00",
        "BilledCost": "-5",
        "ChargeClass": "Correction",
    }
    usage = bill(tmp_path, october, correction, columns=BILLED, period="2025-Q4")
    assert {f"{day}": cost for day, cost in costs(usage, "day").items()} == {
        "2025-10-10": 20,
        "2025-12-01": -5,
    }
    assert [(kind, cost) for kind, _, cost in usage.charges] == [
        ("Usage", 20),
        ("Usage (correction), of earlier periods", -5),
    ]


def test_the_billed_cost_is_known_however_it_is_spelled(tmp_path):
    """`billedcost` is the billed cost: 1.00 from December and 0.25 from November."""
    file = tmp_path / "lower.csv"
    bill(tmp_path, {}, LATE)
    header, _, rest = (tmp_path / "bill.csv").read_text().partition("\n")
    file.write_text(f"{header.lower()}\n{rest}")
    named = {
        "timestamp": "chargeperiodstart",
        "cost": "billedcost",
        "organization": "subaccountname",
        "product": "servicename",
    }
    named |= {
        "currency": "billingcurrency",
        "charge_category": "chargecategory",
        "billing_period": "billingperiodstart",
        "feature": "none",
        "charge_class": "chargeclass",
    }
    usage = read_usage(
        make_params({"period": "2025-12", "usage": str(file), "dialect": "focus", "columns": named})
    )
    assert usage.cost == Decimal("1.25")


def test_a_cost_that_is_the_billed_one_by_any_name_goes_by_billing_period(tmp_path):
    """Either the params say that it is the billed cost, or its name differs only by a blank."""
    bill(tmp_path, {}, LATE)
    file = tmp_path / "bill.csv"
    whole = file.read_text()
    for name, columns in (
        ("Amount", {"cost": "Amount", "billed_cost": "Amount"}),
        ("Billed Cost", {"cost": "Billed Cost"}),
    ):
        file.write_text(whole.replace("BilledCost", name))
        assert read_usage(
            make_params({"period": "2025-12", "usage": str(file), "columns": columns})
        ).cost == Decimal("1.25")


def test_a_charge_period_that_is_billed_later_is_outside(tmp_path):
    """What January bills for December is on January's invoice, not on December's."""
    january = {"BillingPeriodStart": "2026-01-01 00:00:00"}
    assert bill(tmp_path, {}, january, columns=BILLED).cost_outside == 1
    usage = bill(tmp_path, january, columns=BILLED, period="2026-01")
    assert (usage.cost, usage.last_day.isoformat()) == (1, "2026-01-01")


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"timezone": "Europe/Berlin"}, r"^timezone: the periods of a FOCUS bill are in UTC"),
        (
            {"period": "2025-12-01/2025-12-15"},
            r"^period: BilledCost belongs to whole billing periods, and an interval would split",
        ),
    ],
)
def test_billing_periods_are_not_cut(tmp_path, keys, match):
    """A period or time zone that would cut an invoice is refused."""
    with pytest.raises(Refusal, match=match):
        bill(tmp_path, {}, columns=BILLED, **keys)


@pytest.mark.parametrize(
    ("ends", "complete_through"),
    [
        (["2026-01-01T00:00:00Z"], "2025-12-31"),
        (["2025-12-12 00:00:00"], "2025-12-11"),
        (["2025-12-10 06:00:00", "2026-01-01 00:00:00"], "2025-12-10"),
        (["2025-12-11T05:00:00+00:00"], "2025-12-11"),
        (["?"], "2025-12-10"),
    ],
)
def test_a_bill_is_known_up_to_the_end_of_its_charges(tmp_path, ends, complete_through):
    """A charge for the month alone covers all of it.

    With charges for an hour or a day, those tell how far the bill goes.
    """
    charges = [FIRST | {"ChargePeriodEnd": end} for end in ends]
    file = tmp_path / "ends.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, [*charges[0]])
        writer.writeheader()
        writer.writerows(charges)
    usage = read_usage(make_params({"period": "2025-12", "usage": str(file)}))
    assert (f"{usage.complete_through}", usage.complete) == (
        complete_through,
        complete_through == "2025-12-31",
    )


def test_a_fee_in_another_file_does_not_make_a_bill_complete(tmp_path):
    """With daily charges up to the 10th and a fee for the month, usage is known up to the 10th.

    A charge prepaid for a year does not change that.
    """
    daily = {"ChargePeriodEnd": "2025-12-11T00:00:00Z", "ChargePeriodStart": "2025-12-10T00:00:00Z"}
    fee = {
        "ChargePeriodEnd": "2026-01-01T00:00:00Z",
        "ChargePeriodStart": "2025-12-01T00:00:00Z",
        "BilledCost": "3",
    }
    prepaid = {
        "ChargePeriodEnd": "2027-01-01T00:00:00Z",
        "ChargePeriodStart": "2026-01-01T00:00:00Z",
        "BilledCost": "9",
    }
    files = []
    for n, charge in enumerate((daily, fee, prepaid)):
        files.append(tmp_path / f"{n}.csv")
        with files[-1].open("w", newline="", encoding="utf-8") as opened:
            writer = csv.DictWriter(opened, [*FIRST, "ChargePeriodEnd"])
            writer.writeheader()
            writer.writerow(FIRST | charge)
    usage = read_usage(
        make_params(
            {"period": "2025-12", "usage": [str(file) for file in files], "columns": BILLED}
        )
    )
    assert (usage.cost, f"{usage.complete_through}", usage.complete) == (13, "2025-12-10", False)


def test_a_bill_whose_invoices_match_is_complete(tmp_path):
    """If the stated 1.00 was billed, usage is known to the end of the month; else it is not."""
    for amount, complete in (("1", True), ("2", False)):
        stated = [{"issuer": "AWS", "amount": amount}]
        usage = bill(tmp_path, {}, columns={"invoice_issuer": "ProviderName"}, invoices=stated)
        assert usage.complete is complete


def test_a_bill_whose_invoices_match_has_no_gaps(tmp_path):
    """A missing day has a notice, unless everything invoiced is there: 6 × 1.00."""
    charges = [{"ChargePeriodStart": f"2025-12-0{day} 05:00:00"} for day in (1, 2, 3, 4, 6, 7)]
    columns = {"invoice_issuer": "ProviderName"}
    gaps = [
        any(
            "No usage on" in text
            for text, *_ in notices_of(bill(tmp_path, *charges, columns=columns, invoices=stated))
        )
        for stated in ([], [{"issuer": "AWS", "amount": "7"}], [{"issuer": "AWS", "amount": "6"}])
    ]
    assert gaps == [True, True, False]


def test_a_correction_is_mapped_by_the_day_of_its_charge(tmp_path):
    """team-a was org-a until December and is org-b since.

    What December bills for November, 0.25 of 1.25, belongs to org-a.
    """
    lines = [
        "key,organization,valid_from,valid_to",
        "team-a,org-a,,2025-12-01",
        "team-a,org-b,2025-12-01,",
        "",
    ]
    (tmp_path / "organizations.csv").write_text("\n".join(lines))
    usage = bill(tmp_path, {}, LATE, columns=BILLED, mapping=str(tmp_path / "organizations.csv"))
    assert costs(usage, "organization") == {"org-a": Decimal("0.25"), "org-b": 1}


def test_currencies_are_never_added(tmp_path):
    """A bill in two currencies is refused with the sum of each, even if one is outside the period.

    So is a bill in a currency other than the report's.
    """
    euros = {"BillingCurrency": "EUR", "EffectiveCost": "5"}
    with pytest.raises(
        Refusal,
        match=r"BillingCurrency: costs are in more than one currency: 5\.00 EUR \(1 row\), "
        r"1\.00 USD \(1 row\)\. Currencies are never added together\. Export each currency",
    ):
        bill(tmp_path, {}, euros)
    with pytest.raises(Refusal, match=r"Write currency: EUR in the params"):
        bill(tmp_path, euros)
    assert bill(tmp_path, euros, currency="EUR").cost == 5
    with pytest.raises(Refusal, match=r"5\.00 EUR \(1 row\), 1\.00 USD \(1 row\)"):
        bill(tmp_path, {}, euros | {"ChargePeriodStart": "2025-11-01"})


def test_credits_taxes_and_adjustments_keep_their_sign(tmp_path):
    """3.00 − 2.50 + 0.40 + 0.10 = 1.00, each on its own line."""
    kinds = {"Usage": "3", "Credit": "-2.5", "Tax": "0.4", "Adjustment": "0.1"}
    usage = bill(
        tmp_path, *({"ChargeCategory": kind, "EffectiveCost": cost} for kind, cost in kinds.items())
    )
    assert usage.cost == 1
    assert {kind: cost for kind, _, cost in usage.charges} == {
        kind: Decimal(cost) for kind, cost in kinds.items()
    }


def test_a_rounded_or_zero_effective_cost_has_a_notice(tmp_path):
    """The notice says how much more was billed: 18.01 − 13 and 0.25 − 0.

    A purchase whose cost is spread over its term has no notice.
    """
    charges = [
        {"BilledCost": "18.01", "EffectiveCost": "13"},
        {"BilledCost": "0.25", "EffectiveCost": "0"},
        {},
    ]
    bought = {"ChargeCategory": "Purchase", "BilledCost": "100", "EffectiveCost": "0"}
    [(text, rows, money)] = notices_of(bill(tmp_path, *charges, bought))
    assert (rows, money) == (2, Decimal("5.26"))
    assert text.startswith(
        "In bill.csv, EffectiveCost is zero or rounded where BilledCost is not; "
        "`columns: {cost: BilledCost}`"
    )
    assert notices_of(bill(tmp_path, *charges, bought, columns=BILLED)) == []


def test_a_cost_of_null_is_refused_with_its_line(tmp_path):
    """The text NULL means no value, so the cost is missing."""
    with pytest.raises(Refusal, match=r"^bill\.csv, line 3, EffectiveCost: the cost is missing"):
        bill(tmp_path, {}, {"EffectiveCost": "NULL"})


def test_null_is_not_a_name(tmp_path):
    """Its cost is unallocated, like that of an empty name."""
    usage = bill(tmp_path, {"SubAccountName": "NULL"}, {"SubAccountName": ""}, {})
    assert (costs(usage, "organization"), usage.rows_unallocated) == (
        {"(unallocated)": 2, "team-a": 1},
        2,
    )


TAG = {"organization": "Tags.business_unit"}
FAULT = "not a JSON object or a list of strings, a duplicate key, or a nested value"
UNREAD = f"Some tags in bill.csv can't be read ({FAULT}); Tags.business_unit is unknown there."


def tagged(**tags: str) -> dict[str, str]:
    return {"Tags": json.dumps({key.replace("__", " "): value for key, value in tags.items()})}


def test_a_tag_is_an_organization(tmp_path):
    """Other spellings of its key count, with a notice and their money."""
    usage = bill(
        tmp_path,
        tagged(business_unit="x"),
        tagged(__Business__Unit="x"),
        tagged(businessUnit="y"),
        {},
        columns=TAG,
    )
    assert costs(usage, "organization") == {"(unallocated)": 1, "x": 2, "y": 1}
    keys = '"business_unit", " Business Unit", "businessUnit"'
    assert notices_of(usage) == [
        (
            "Tags.business_unit has several spellings in bill.csv, "
            f"which were read as one: {keys}.",
            2,
            2,
        )
    ]


def test_keys_that_disagree_are_not_an_organization(tmp_path):
    """A row with two values has no organization, with a notice; two equal values are one."""
    usage = bill(
        tmp_path,
        tagged(org="x", Org="y"),
        tagged(org="x", Org="x"),
        columns={"organization": "Tags.org"},
    )
    assert costs(usage, "organization") == {"(unallocated)": 1, "x": 1}
    assert notices_of(usage)[1] == (
        'The keys "org", "Org" disagree in some rows of bill.csv; Tags.org is unknown there.',
        1,
        1,
    )


def test_tags_that_are_not_an_object_have_a_notice(tmp_path):
    """The row is unallocated; the rest is read."""
    usage = bill(
        tmp_path,
        tagged(business_unit="x"),
        {"Tags": '{"business_unit": '},
        {"Tags": "[1]"},
        columns=TAG,
    )
    assert costs(usage, "organization") == {"(unallocated)": 2, "x": 1}
    assert notices_of(usage) == [(UNREAD, 2, 2)]


@pytest.mark.parametrize(
    "tags",
    [
        '{"business_unit":"a","business_unit":"b"}',
        '{"business_unit":{"x":1}}',
        '{"business_unit":["a"]}',
    ],
)
def test_a_duplicate_key_and_a_nested_value_have_a_notice(tmp_path, tags):
    """Neither of two values is used, and no text in a list is a name."""
    usage = bill(tmp_path, tagged(business_unit="x"), {"Tags": tags}, columns=TAG)
    assert costs(usage, "organization") == {"(unallocated)": 1, "x": 1}
    assert notices_of(usage) == [(UNREAD, 1, 1)]


def test_null_in_a_tag_is_not_a_name(tmp_path):
    """NULL means no value, as in a column; a number and a boolean are names."""
    usage = bill(
        tmp_path,
        *({"Tags": f'{{"business_unit":{value}}}'} for value in ('"NULL"', "null", "7", "true")),
        columns=TAG,
    )
    assert costs(usage, "organization") == {"(unallocated)": 2, "7": 1, "true": 1}


def test_the_reports_own_word_is_refused_in_a_tag(tmp_path):
    """It would look like cost without a name."""
    with pytest.raises(Refusal, match=r"^bill\.csv: a tag that is \(unallocated\)"):
        bill(tmp_path, tagged(business_unit="(unallocated)"), columns=TAG)


def test_a_nul_character_is_refused_in_a_tag(tmp_path):
    """JSON can spell NUL without having one in the file; no ledger could hold it."""
    with pytest.raises(
        Refusal,
        match=r"^bill\.csv: a tag that .* or that contains a line break or.*\n"
        r"… and 1 more of 2 problems\.$",
    ):
        bill(tmp_path, tagged(business_unit="a\0b"), tagged(business_unit="\0"), {}, columns=TAG)


def test_a_different_spelling_of_the_key_has_a_notice(tmp_path):
    """The notice names the key if the file has only one spelling."""
    usage = bill(tmp_path, tagged(businessUnit="x"), {}, columns=TAG)
    assert notices_of(usage) == [
        ('Tags.business_unit was taken from the tag "businessUnit" in bill.csv.', 1, 1)
    ]


@pytest.mark.parametrize("ours", ["cost", "timestamp", "currency"])
def test_only_a_name_can_be_a_tag(tmp_path, ours):
    """Money and time in JSON are refused."""
    names = "organization, product, feature and customer"
    with pytest.raises(
        Refusal, match=rf"Tags\.x: {ours} can't be read from a tag; only {names} can"
    ):
        bill(tmp_path, tagged(x="1"), columns={ours: "Tags.x"})


def test_an_unknown_tag_is_refused(tmp_path):
    """It is a typo, and would leave all cost unallocated."""
    with pytest.raises(
        Refusal,
        match=r"^columns: no row of the usage has this tag: \"Tags\.bussiness_unit\"\. "
        r"Did you mean Tags\.business_unit\?$",
    ):
        bill(tmp_path, tagged(business_unit="x"), columns={"organization": "Tags.bussiness_unit"})


def test_an_unknown_tag_is_refused_with_the_tags_in_the_file(tmp_path):
    """The first twenty tags are listed, or it says that there are none."""
    tags = tagged(**{f"key{n:02}": "x" for n in range(22)})
    listed = ", ".join(rf"Tags\.key{n:02}" for n in range(20))
    with pytest.raises(Refusal, match=rf"Write one of these: {listed} and 2 more\.$"):
        bill(tmp_path, tags, columns={"organization": "Tags.team"})
    with pytest.raises(Refusal, match=r"Name another column; this one has no tags\.$"):
        bill(tmp_path, {}, columns={"organization": "Tags.team"})


def test_json_is_read_alike_as_text_and_as_a_type_of_parquet(tmp_path):
    """A duplicate key is no value, with a notice; a list of texts holds tags."""
    tags = [
        '{"team":"a"}',
        '{"team":"a","team":"b"}',
        '["team: c", "x"]',
        '"team: d"',
        "[1]",
        "null",
        None,
    ]
    readings = []
    for kind in ("VARCHAR", "JSON"):
        file = tmp_path / f"{kind}.parquet"
        rows = "FROM (SELECT unnest(?) AS tags)"
        with duckdb.connect() as db:
            db.execute(
                "CREATE TABLE t AS SELECT DATE '2025-12-01' AS day, 1 AS cost, "
                f"CAST(tags AS {kind}) AS tags {rows}",
                [tags],
            )
            db.execute(f"COPY t TO '{file}'")
        columns = {"timestamp": "day", "cost": "cost", "organization": "tags.team"}
        usage = read_usage(
            make_params({"period": "2025-12", "usage": str(file), "columns": columns})
        )
        unread = sum(notice.rows for notice in usage.notices if "nested value" in notice.text)
        readings.append((costs(usage, "organization"), unread))
    assert readings[0] == readings[1] == ({"a": 1, "c": 1, "(unallocated)": 5}, 4)


@pytest.mark.parametrize(
    "kind",
    [
        *("BLOB", "INTEGER", "VARCHAR[][]", "JSON[]"),
        *("MAP(VARCHAR, VARCHAR)[]", "STRUCT(team VARCHAR)[]"),
    ],
)
def test_a_column_that_can_hold_no_tags_is_refused_by_its_type(tmp_path, kind):
    """The refusal names the type; it does not say that no row has the tag."""
    file = tmp_path / "u.parquet"
    duckdb.sql(
        "COPY (SELECT DATE '2025-12-01' AS day, 1 AS cost, "
        f"CAST(NULL AS {kind}) AS tags) TO '{file}'"
    )
    params = make_params(
        {
            "period": "2025-12",
            "usage": str(file),
            "columns": {"timestamp": "day", "cost": "cost", "organization": "tags.team"},
        }
    )
    with pytest.raises(
        Refusal,
        match=r"^u\.parquet, tags: a column of type .*, which can't be read as tags\. "
        r"Write tags as JSON text",
    ):
        read_usage(params)


@pytest.mark.slow
@pytest.mark.parametrize(
    "tags",
    [
        "Tags",
        "MAP(['business_unit'], [Tags ->> 'business_unit'])",
        "[{'key': 'business_unit', 'value': Tags ->> 'business_unit'}]",
        "[{'inherited': true, 'value': Tags ->> 'business_unit', 'key': 'business_unit'}]",
        "{'business_unit': Tags ->> 'business_unit'}",
        "map_from_entries([{'k': 'business_unit', 'v': Tags ->> 'business_unit'}, "
        "{'k': 'x', 'v': NULL}])",
    ],
)
def test_parquet_may_hold_tags_as_text_map_pairs_or_struct(tmp_path, tags):
    """The same bill gives the same usage, however its export writes tags."""
    usage = bill(tmp_path, tagged(business_unit="x"), tagged(business_unit="y"), columns=TAG)
    file = tmp_path / "bill.parquet"
    duckdb.sql(
        f"COPY (SELECT * REPLACE ({tags} AS Tags) "
        f"FROM read_csv('{tmp_path}/bill.csv', all_varchar = true)) TO '{file}'"
    )
    other = read_usage(make_params({"period": "2025-12", "usage": str(file), "columns": TAG}))
    assert costs(other, "organization") == costs(usage, "organization") == {"x": 1, "y": 1}


def test_a_bill_and_a_log_of_calls_are_refused(tmp_path):
    """The two may hold the same cost."""
    bill(tmp_path, {})
    (tmp_path / "calls.csv").write_text(
        "timestamp,cost_usd,organization_id,product_id,feature_id,customer_id\n"
        "2025-12-01,1,a,b,c,d\n"
    )
    params = make_params(
        {"period": "2025-12", "usage": [str(tmp_path / "bill.csv"), str(tmp_path / "calls.csv")]}
    )
    with pytest.raises(Refusal, match=r"^calls\.csv: this file is calls, but bill\.csv is focus"):
        read_usage(params)


def test_invoices_are_reconciled_whichever_cost_is_reported(tmp_path):
    """1.00 + 0.25 were billed in December; the invoice states 1.25, then 1.26."""
    right, wrong = ([{"issuer": "AWS", "amount": amount}] for amount in ("1.25", "1.26"))
    names = {"invoice_issuer": "ProviderName"}
    assert bill(tmp_path, {}, LATE, columns=names, invoices=right).reconciliation.reconciled
    reconciliation = bill(tmp_path, {}, LATE, columns=names | BILLED, invoices=wrong).reconciliation
    assert (reconciliation.reconciled, reconciliation.difference) == (False, Decimal("0.01"))


@pytest.mark.parametrize(
    ("charge", "match"),
    [
        (
            {"BilledCost": "abc"},
            r'^bill\.csv, line 3, BilledCost: not a plain number \(found "abc"\)',
        ),
        ({"BilledCost": "NULL"}, r"^bill\.csv, line 3, BilledCost: the cost is missing"),
        (
            {"BillingPeriodStart": "12/01/2025"},
            r"^bill\.csv, line 3, BillingPeriodStart: not a readable date or time",
        ),
        (
            {"BillingPeriodStart": ""},
            r"^bill\.csv, line 3, BillingPeriodStart: the time is missing",
        ),
    ],
)
def test_what_an_invoice_is_set_against_must_be_read(tmp_path, charge, match):
    """No charge is left out of a reconciliation.

    Without invoices, an unreadable billed cost does not matter to the effective cost.
    """
    stated = [{"issuer": "AWS", "amount": "1"}]
    with pytest.raises(Refusal, match=match):
        bill(tmp_path, {}, charge, columns={"invoice_issuer": "ProviderName"}, invoices=stated)
    assert bill(tmp_path, {}, charge).cost == 2


def test_invoices_without_their_columns_are_refused(tmp_path):
    """The refusal names the missing column."""
    with pytest.raises(
        Refusal,
        match=r"^bill\.csv: the params list invoices, "
        r"but the usage has no column for invoice_issuer",
    ):
        bill(tmp_path, {}, invoices=[{"issuer": "AWS", "amount": "1"}])


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="../shared/data, with the bills of others, is not there"
)
def test_a_real_bill_adds_up():
    """FOCUS 1.0: 20.28 was billed in September, 0.24 in October. FOCUS 1.3: 18,554.86."""
    file = SHARED / "focus_1.0_sample.csv"
    september = read_usage(
        make_params({"period": "2024-09", "usage": str(file), "columns": BILLED | TAG})
    )
    assert (september.cost, september.rows_used, september.cost_outside) == (
        Decimal("20.280226728990"),
        999,
        Decimal("0.24"),
    )
    assert (
        sum(costs(september, "organization").values())
        == sum(cost for _, _, cost in september.charges)
        == september.cost
    )
    october = read_usage(make_params({"period": "2024-10", "usage": str(file), "columns": BILLED}))
    assert (october.cost, october.charges) == (
        Decimal("0.24"),
        (("Usage, of earlier periods", 1, Decimal("0.24")),),
    )
    file = SHARED / "focus_1.3_cost_and_usage_aws_synthetic.csv"
    may = read_usage(
        make_params(
            {
                "period": "2026-05",
                "usage": str(file),
                "columns": {"organization": "Tags.cost_center"},
            }
        )
    )
    assert (f"{may.cost:.2f}", sorted(costs(may, "organization"))) == (
        "18554.86",
        ["cc-1042", "cc-2087", "cc-3110"],
    )
