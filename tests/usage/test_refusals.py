"""The messages for the eight most common mistakes, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.usage_files import COLUMNS, call, csv_text, refused, write

GOOD = csv_text([call(), call()], COLUMNS)
PLAIN_NUMBER = (
    "Write digits and a decimal point only, such as 1234.56, without thousands separator, "
    "currency sign or spaces."
)

GOLDEN = {
    "the cost column has another name": (
        GOOD.replace("cost_usd", "cost"),
        'calls.csv, line 1, cost_usd: no column "cost_usd" for cost; the file has timestamp, '
        "provider, model, input_tokens, output_tokens, cost, latency_ms, customer_id, "
        "organization_id, product_id, feature_id, task_type, subscription_tier. "
        "Did you mean cost? Then write columns: {cost: cost} in the params.",
    ),
    "no header": (
        GOOD.partition("\n")[2],
        "calls.csv, line 1: the first line looks like data, not a header. Add a first line with "
        "the column names.",
    ),
    "bars": (
        GOOD.replace(",", "|"),
        'calls.csv, line 1: the fields are separated by bars (found "'
        + "|".join(COLUMNS)[:79]
        + '…"). '
        "Save the file with commas, semicolons or tabs.",
    ),
    "a cost left empty": (
        GOOD.replace("1.00", "", 1),
        'calls.csv, line 2, cost_usd: the cost is missing (found ""). '
        "Write the cost of the row, 0 if it was free.",
    ),
    "a currency sign and a thousands separator": (
        csv_text([call(), call(cost_usd="$1,234.50")]),
        f'calls.csv, line 3, cost_usd: not a plain number (found "$1,234.50"). {PLAIN_NUMBER}',
    ),
    "dates as a spreadsheet writes them": (
        GOOD.replace("2025-12-31 10:00:00", "12/31/2025 10:00", 1),
        'calls.csv, line 2, timestamp: not a readable date or time (found "12/31/2025 10:00"). '
        "Write it as 2025-12-31, 2025-12-31 23:59:59 or 2025-12-31T23:59:59Z, "
        "with the time zone as Z or +01:00 and a year from 1000 to 2999.",
    ),
    "an unquoted comma": (
        GOOD.replace("chat", "chat, voice", 1),
        "calls.csv, line 2: 14 fields, but the header has 13 "
        '(found "2025-12-31 10:00:00,p,m,1,1,1.00,5,c1,org-a,chat, voice,ask,qa,pro"). '
        "Each line needs 13 fields: put quotes around a field that contains a comma, "
        "and keep the comma even where a field is empty.",
    ),
    "another encoding": (
        GOOD.replace("chat", "caf\xe9", 1).encode("latin-1"),
        'calls.csv, line 2, product_id: not UTF-8: byte 0xe9 (found "caf\\udce9"). '
        "Save the file as UTF-8.",
    ),
    "another month's file": (
        GOOD.replace("2025-12", "2025-11"),
        "period: no usage in December 2025; the file covers only 2025-11-30. "
        "Correct `period`, or name the period's files in `usage`.",
    ),
}


@pytest.mark.parametrize("mistake", GOLDEN)
def test_the_message_gives_place_value_rule_and_fix(tmp_path: Path, mistake: str):
    content, expected = GOLDEN[mistake]
    content = content.replace("2025-11-31", "2025-11-30") if isinstance(content, str) else content
    assert "\n".join(map(str, refused(write(tmp_path / "calls.csv", content)))) == expected
