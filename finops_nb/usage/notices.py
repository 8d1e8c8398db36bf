"""What the scan of a file finds, and the notices that a reader of the report gets about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from finops_nb.errors import Problem
from finops_nb.money import DECIMALS, ZERO
from finops_nb.params.column_names import ColumnName
from finops_nb.usage.sources import values
from finops_nb.usage.sources.notice import Notice
from finops_nb.usage.sources.source_table import (
    BILLED,
    FROM_EARLIER_MONTH,
    FROM_LATER_MONTH,
    SourceTable,
)
from finops_nb.usage.sources.unpacked import Unpacked
from finops_nb.words import first_of, listing

SHOWN: Final = 5
"""How many values of dropped rows a notice lists."""

TOKENS: Final[tuple[ColumnName, ...]] = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class RowCheck:
    """A check that the scan makes on each row of the period; rows that meet it become a notice.

    Args:
        condition: on the rows of `rows_sql`.
        text: the sentence of the notice.
        money: the money of such a row, as SQL.
    """

    condition: str
    text: str
    money: str = "cost"


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What the scan of one file found.

    Args:
        rows: all rows.
        bad_rows: rows for which the file is refused.
        cost: the sum of all costs that could be read.
        absolute_cost: the sum of their absolute values.
        rounded_rows: rows with more than 12 decimals.
        rounding_change: what rounding them changed in all, exactly.
        checks: rows and money of each of `row_checks`, in the same order.
        other_currency_rows: rows in a currency other than the report's, inside the period or not.
        in_period: the number of rows in the period, and their cost.
        dropped: rows that are no charge by the source's `drop`, which are not among `rows`, and
            their cost as far as it can be read.
        unpriced: rows among them whose cost can't be read.
        nearly_dropped: rows that were kept, and their cost; only case or blanks tell them from
            rows that are dropped.
        content_hash: a hash of rows and cost by day, organization and product in the period; None
            where they are few.
    """

    rows: int
    bad_rows: int
    cost: Decimal
    absolute_cost: Decimal
    rounded_rows: int = 0
    rounding_change: Decimal = ZERO
    checks: tuple[tuple[int, Decimal], ...] = ()
    other_currency_rows: int = 0
    in_period: tuple[int, Decimal] = (0, ZERO)
    dropped: tuple[int, Decimal] = (0, ZERO)
    unpriced: int = 0
    nearly_dropped: tuple[int, Decimal] = (0, ZERO)
    content_hash: int | None = None


@dataclass(frozen=True, slots=True)
class UsageFile:
    """A file that was read: its table, what its scan found, and what its reader noticed.

    A small file may have been scanned with others, `together`. One that was `unpacked` has the
    table of the CSV file that it was unpacked into.
    """

    table: SourceTable
    result: ScanResult
    notices: tuple[Notice, ...] = ()
    together: SourceTable | None = None
    unpacked: Unpacked | None = None

    @property
    def name(self) -> str:
        """What a reader may see of its path."""
        return self.table.source.name

    def place(self, line: int) -> str:
        """How a message names a row, by its line or its number in the table."""
        return str(self.unpacked.place(line)) if self.unpacked else f"line {line}"

    def placed(self, problem: Problem) -> Problem:
        """A problem of the table as one of the file."""
        return self.unpacked.placed(problem) if self.unpacked else problem


def row_checks(table: SourceTable) -> tuple[RowCheck, ...]:
    """The checks on the rows of a file, by the columns that it has."""
    return (
        *_billing_checks(table),
        *_effective_cost_checks(table),
        *_token_checks(table),
        *_tag_checks(table),
    )


def notices_of(file: UsageFile) -> Iterator[Notice]:
    """What was done to rows of a file, and what may surprise in them."""
    result = file.result
    if result.rounded_rows:
        rows = result.rounded_rows
        costs, were = ("cost", "was") if rows == 1 else ("costs", "were")
        text = (
            f"{rows:,} {costs} in {file.name} had more than {DECIMALS} decimal places and {were} "
            "rounded (half away from zero)."
        )
        yield Notice(text, result.rounded_rows, result.rounding_change)
    if result.dropped[0]:
        drop = file.table.source.params.drop
        by = listing([f"{name} {first_of(texts, SHOWN)}" for name, texts in drop.items()])
        yield Notice(f"Left out of {file.name} as no charge: {by}.", *result.dropped)
    if result.unpriced:
        text = f"Of the rows left out of {file.name}, these have no cost that can be read."
        yield Notice(text, result.unpriced, ZERO)
    if result.nearly_dropped[0]:
        text = (
            f"{file.name} has rows like those that `drop` leaves out, but for case or blanks; "
            "they were kept as charges."
        )
        yield Notice(text, *result.nearly_dropped)
    for check, (rows, money) in zip(row_checks(file.table), result.checks, strict=True):
        if rows:
            yield Notice(check.text, rows, money)
    yield from file.notices


def _billing_checks(table: SourceTable) -> Iterator[RowCheck]:
    if table.by_billing_period:
        name = table.source.name
        for condition, period, day in (
            (FROM_EARLIER_MONTH, "earlier", "first"),
            (FROM_LATER_MONTH, "later", "last"),
        ):
            text = (
                f"{name} bills charges from {period} periods; "
                f"they count on the {day} day of the billing month."
            )
            yield RowCheck(condition, text)


def _effective_cost_checks(table: SourceTable) -> Iterator[RowCheck]:
    """Some providers write an effective cost of zero, or rounded to whole units."""
    if "billed_cost" not in table.columns or table.names["cost"] != "EffectiveCost":
        return
    condition = "billed <> 0 AND (cost = 0 OR (cost = trunc(cost) AND billed <> trunc(billed)))"
    if "charge_category" in table.columns:
        # The effective cost of a purchase is spread over its term, so there it is zero by design.
        condition += " AND charge_category <> 'Purchase'"
    text = (
        f"In {table.source.name}, EffectiveCost is zero or rounded where {BILLED} is not; "
        f"`columns: {{cost: {BILLED}}}` reports what was billed. Billed minus effective cost:"
    )
    yield RowCheck(condition, text, "billed - cost")


def _token_checks(table: SourceTable) -> Iterator[RowCheck]:
    """No figure uses tokens, but where they contradict the cost, the cost may be wrong."""
    columns = [column for column in TOKENS if column in table.columns]
    name = table.source.name
    if columns:
        negative = " OR ".join(_is_negative(table, column) for column in columns)
        yield RowCheck(
            negative,
            f"{name} has negative token counts; the tokens used in those rows are not known.",
        )
    if len(columns) == len(TOKENS):
        none = " AND ".join(_is_zero(table, column) for column in columns)
        text = f"{name} has rows with tokens but no cost; their price may be missing."
        yield RowCheck(f"cost = 0 AND NOT ({none})", text)
        yield RowCheck(f"cost <> 0 AND {none}", f"{name} has rows with a cost but no tokens.")


def _is_negative(table: SourceTable, column: ColumnName) -> str:
    """Texts are compared as they are, which is quickest: from "-" up to "." they begin with "-"."""
    if table.types[column] == values.TEXT:
        return f"({column} < '.' AND {column} > '-')"
    return f"{column} < 0"


def _is_zero(table: SourceTable, column: ColumnName) -> str:
    """The first comparison decides most texts, and is quicker than looking one up in a list."""
    if table.types[column] == values.TEXT:
        return f"coalesce({column} <= '0' AND {column} IN ('', '0'), true)"
    return f"coalesce({column} = 0, true)"


def _tag_checks(table: SourceTable) -> Iterator[RowCheck]:
    file = table.source.name
    for column, keys in table.tag_keys.items():
        tag = table.names[column]
        fault = "not a JSON object or a list of strings, a duplicate key, or a nested value"
        text = f"Some tags in {file} can't be read ({fault}); {tag} is unknown there."
        yield RowCheck(f"{column}_unread", text)
        spellings = ", ".join(f'"{key}"' for key in keys)
        if len(keys) == 1 and table.other_tag_keys(column):
            text = f"{tag} was taken from the tag {spellings} in {file}."
            yield RowCheck(f"{column}_other", text)
        if len(keys) > 1:
            text = f"{tag} has several spellings in {file}, which were read as one: {spellings}."
            yield RowCheck(f"{column}_other", text)
            text = f"The keys {spellings} disagree in some rows of {file}; {tag} is unknown there."
            yield RowCheck(f"{column}_apart", text)
