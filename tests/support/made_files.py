"""The smallest files that a notebook of one's own may leave: results without a table."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from xlsxwriter import Workbook

from finops_nb.report.summary_labels import NOTES


def made_files(manifest: Mapping[str, Any], start: str, end: str) -> dict[str, bytes]:
    """Content by name.

    Args:
        manifest: `name`, `kind`, `key`, `generated`, `revision` and `reason`.
        start: the first day of the period.
        end: the day after its last.
    """
    revision = {"number": manifest["revision"], "reason": manifest["reason"]}
    results = {
        "name": manifest["name"],
        "kind": manifest["kind"],
        "title": f"Report of {manifest['name']}",
        "ledger": "chargeback.csv" if manifest["kind"] == "official" else None,
        "period": {"start": start, "end": end, "complete": True},
        "provenance": {
            "key": manifest["key"],
            "generated": manifest["generated"],
            "revision": revision,
        },
    }
    days = date.fromisoformat(start), date.fromisoformat(end) - timedelta(days=1)
    files = {
        "results.json": json.dumps(results, indent=1).encode() + b"\n",
        "organizational_alignment.xlsx": workbook(results["title"], *days),
    }
    if manifest["kind"] == "official":
        line = f"{start},{end},org-alpha,chat,6.00,USD"
        heads = "period_start,period_end,organization,product,amount,currency"
        files["chargeback.csv"] = f"{heads}\n{line}\n".encode()
    return files


def workbook(title: str, first: date, last: date) -> bytes:
    """A workbook with a summary of a title, two days and the notes."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})
        sheet = book.add_worksheet("Summary")
        sheet.write_string(0, 0, title)
        for row, day in enumerate((first, last), 1):
            sheet.write_number(row, 1, (day - date(1899, 12, 30)).days)
        for row, note in enumerate(NOTES, 3):
            sheet.write_string(row, 1, note)
    return file.getvalue()
