"""chargeback.csv, read by two readers that must agree, against the booked figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from finops_nb.money import minor_units, plain
from finops_nb.outputs.artifacts import DRAFT_LEDGER
from finops_nb.outputs.ledger_columns import DRAFT, LEDGER_COLUMNS
from finops_nb.read_back.figures import exact_sum

NEEDS_QUOTES: Final = frozenset('",\r\n')

DIMENSIONS: Final = ("organization", "product")
PAIRS: Final = "cross_organization_product_usage"


class Unreadable(Exception):
    """The text is no CSV by RFC 4180, and why."""


def ledger_faults(data: bytes, results: Mapping[str, Any]) -> Iterator[str]:
    """What a ledger says other than the results, a sentence each.

    Args:
        data: the file.
        results: the object of results.json.
    """
    try:
        text = data.decode("utf-8")
        rows = split_csv(text)
        others = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error, Unreadable) as error:
        yield f"it can't be read: {error}"
        return
    if rows != others:
        yield "two readers of CSV find different lines in it"
    elif not rows or tuple(rows[0][: len(LEDGER_COLUMNS)]) != LEDGER_COLUMNS:
        yield f"its columns are not {', '.join(LEDGER_COLUMNS)}"
    elif {len(row) for row in rows} != {len(rows[0])}:
        yield "its lines differ in their number of fields"
    elif any((row[-1] == DRAFT) != (results.get("ledger") == DRAFT_LEDGER) for row in rows):
        yield f"not every line says whether it is a {DRAFT}"
    else:
        yield from _line_faults([dict(zip(rows[0], row, strict=True)) for row in rows[1:]], results)


def split_csv(text: str) -> list[list[str]]:
    """The fields of a CSV file, by RFC 4180 alone: lines that end with LF, quotes doubled.

    Raises:
        Unreadable: a quote, a line break or the end of the file is where it must not be.
    """
    rows: list[list[str]] = [[]]
    place = 0
    while place < len(text):
        if text[place] == '"':
            field, place = _quoted(text, place + 1)
        else:
            end = min(_find(text, ",", place), _find(text, "\n", place))
            field, place = text[place:end], end
            if NEEDS_QUOTES & set(field):
                raise Unreadable(f"line {len(rows)} has a field that needs quotes")
        rows[-1].append(field)
        separator = text[place : place + 1]
        if separator not in (",", "\n"):
            what = "goes on after a closing quote" if separator else "has no end"
            raise Unreadable(f"line {len(rows)} {what}")
        rows += [[]] if separator == "\n" else []
        place += 1
    if rows.pop():
        raise Unreadable(f"line {len(rows) + 1} has no end")
    return rows


def _quoted(text: str, start: int) -> tuple[str, int]:
    """The field in quotes that begins at a place, and the place after its closing quote."""
    parts, place = [], start
    while True:
        end = text.find('"', place)
        if end < 0:
            raise Unreadable("a quote is not closed")
        parts.append(text[place:end])
        if text[end + 1 : end + 2] != '"':
            return "".join(parts), end + 1
        parts.append('"')
        place = end + 2


def _find(text: str, char: str, start: int) -> int:
    place = text.find(char, start)
    return len(text) if place < 0 else place


def _line_faults(lines: Sequence[Mapping[str, str]], results: Mapping[str, Any]) -> Iterator[str]:
    period = results["period"]
    decimals = minor_units(results["currency"])
    booked: dict[tuple[str, str], Decimal] = {}
    for number, line in enumerate(lines, 2):
        days = line["period_start"], line["period_end"]
        if days != (period["start"], period["end"]) or line["currency"] != results["currency"]:
            yield f"line {number} is not of the report's period and currency"
        amount = _amount(line["amount"])
        if amount is None or -int(amount.as_tuple().exponent) != decimals:
            yield f'line {number} has the amount "{line["amount"]}"'
            continue
        # The apostrophe keeps a name from being a formula.
        organization, product = (line[by].removeprefix("'") for by in DIMENSIONS)
        pair = organization, product
        if pair in booked:
            yield f"line {number} is the second of {' and '.join(pair)}"
        booked[pair] = amount
    yield from _sum_faults(booked, results, Decimal(1).scaleb(-decimals))


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and f"{amount:f}" == text else None


def _sum_faults(
    booked: Mapping[tuple[str, str], Decimal], results: Mapping[str, Any], unit: Decimal
) -> Iterator[str]:
    """Sums of lines that are not what the results say is booked."""
    tables = results["tables"]
    whole = exact_sum(booked.values())
    if abs(whole - Decimal(results["total"])) >= unit:
        yield f"its lines add up to {plain(whole)}, but the total is {results['total']}"
    for place, by in enumerate(DIMENSIONS):
        sums: dict[str, list[Decimal]] = {}
        for pair, amount in booked.items():
            sums.setdefault(pair[place], []).append(amount)
        added = {name: exact_sum(amounts) for name, amounts in sums.items()}
        for name, cost in results[f"{by}s"].items():
            if name not in added or abs(added[name] - Decimal(cost)) >= unit:
                yield f'its lines of "{name}" add up to {added.get(name)}, but its cost is {cost}'
        for row in tables.get(f"chargeback_by_{by}", ()):
            name, booked_sum = row[by], added.get(row[by], Decimal(0))
            if row["booked"] is None or Decimal(row["booked"]) != booked_sum:
                yield f'its lines of "{name}" add up to {booked_sum}, not {row["booked"]}'
    for row in tables.get(PAIRS, ()):
        own = booked.get((row["organization"], row["product"]))
        if row["booked"] is None or own != Decimal(row["booked"]):
            pair_ = f'"{row["organization"]}" and "{row["product"]}"'
            yield f"its line of {pair_} has {own}, not {row['booked']}"
