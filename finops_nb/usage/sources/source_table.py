"""A file as the engine scans it: where its columns are, and its rows as a query in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from finops_nb.params.column_names import ColumnName
from finops_nb.params.sources import NO_COLUMN
from finops_nb.period import Period
from finops_nb.usage.sources import tags, values
from finops_nb.usage.sources.columns import Columns
from finops_nb.usage.sources.dialects import DETAIL, NAMED, TOKENS, Dialect
from finops_nb.usage.sources.discovery import SourceFile

if TYPE_CHECKING:
    import duckdb

BILLED: Final = "BilledCost"
"""The cost that belongs to billing periods; every other cost belongs to charge periods."""

FROM_EARLIER_MONTH: Final = "charged < date_trunc('month', invoiced)"
FROM_LATER_MONTH: Final = "charged > last_day(invoiced)"
"""Conditions on rows of a bill: the charge is from before, or after, the month that bills it."""

DAY_OF_BILL: Final = (
    "CAST(greatest(date_trunc('month', invoiced), least(charged, last_day(invoiced))) AS DATE)"
)
"""The day of a billed charge: its own if that is in the billing month, else the month's first or
last day. So each bill adds up to the invoice of its month."""

ORGANIZATION_MAP: Final = "organization_map"
"""The table of organizations.csv: key, organization, product, valid_from, valid_to."""

WHOLE_ROW: Final = '"the row as it is in the file"'
"""The alias of the scan in `rows_sql`. As a value it is the whole row, unless a column has that
name, so it is one that no file uses."""

PARSED: Final[Mapping[ColumnName, tuple[str, str]]] = {
    "timestamp": ("time", "day"),
    "billing_period": ("billing_period", "invoiced"),
    "cost": ("amount", "cost"),
    "billed_cost": ("billed_cost", "billed"),
    "calls": ("calls", "n"),
}
"""In `rows_sql`: a value as it is in the file, and as it was parsed; NULL if it could not be."""

TYPED: Final[tuple[ColumnName, ...]] = (
    "timestamp",
    "cost",
    "calls",
    "charge_end",
    "billing_period",
    "billed_cost",
    *TOKENS,
)
"""Our columns that keep the type of the file."""

AS_TEXT: Final[tuple[ColumnName, ...]] = (
    "currency",
    "charge_category",
    "charge_class",
    "request",
    "invoice_issuer",
    "invoice",
)
"""Our other columns, except names: read as text."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One file of usage in SQL.

    Args:
        source: the file.
        dialect: of the file.
        scan: the table function that reads it.
        columns: the name in `scan` of each of our columns that is read.
        types: the DuckDB type of each.
        names: what the file calls each.
        tag_keys: of columns that are a tag, the keys in the file that are spellings of it.
        mapped: its organizations are keys of `ORGANIZATION_MAP`.
        reconciled: its billed costs are compared with invoices.
        reads: the table function in `scan`, where that turns values into the usual form.
        dropped: the rows that `scan` leaves out as no charge; "" if there are none.
        nearly_dropped: the condition on rows of `scan` that are like those.
    """

    source: SourceFile
    dialect: Dialect
    scan: str
    columns: Mapping[ColumnName, str]
    types: Mapping[ColumnName, str]
    names: dict[ColumnName, str]
    tag_keys: Mapping[ColumnName, tuple[str, ...]] = field(default_factory=dict)
    mapped: bool = False
    reconciled: bool = False
    reads: str = ""
    dropped: str = ""
    nearly_dropped: str = ""

    @property
    def by_billing_period(self) -> bool:
        """Its cost belongs to the period that billed it, not to the one in which it arose."""
        is_billed_cost = (
            self.names["cost"] == self.names.get("billed_cost")
            or tags.normal_key(self.names["cost"]) == BILLED.casefold()
        )
        return is_billed_cost and "billing_period" in self.columns

    @property
    def checked(self) -> tuple[ColumnName, ...]:
        """The columns whose value must be readable, or the row is refused; ordered as `PARSED`."""
        wanted = {"timestamp", "cost", "calls"}
        if self.by_billing_period:
            wanted.add("billing_period")
        if self.reconciled:
            wanted |= {"billing_period", "billed_cost"}
        return tuple(column for column in PARSED if column in wanted and column in self.columns)

    @property
    def is_columnar(self) -> bool:
        """The file stores each column apart, so a column that is not asked for is not read."""
        return self.source.format == ".parquet"

    @property
    def calls_sql(self) -> str:
        """The number of calls of some rows of `rows_sql`, an aggregate; NULL if nobody knows."""
        if "calls" in self.columns:
            return "sum(n)"
        return "count(*)" if self.rows_are_calls else "CAST(NULL AS BIGINT)"

    @property
    def rows_are_calls(self) -> bool:
        """One row is one call: by its dialect, unless the params say that it has no calls."""
        return self.dialect.counts_calls and self.source.params.columns.get("calls") != NO_COLUMN

    def tokens_sql(self, column: ColumnName) -> str:
        """The tokens of some rows of `rows_sql`, an aggregate; NULL if a row does not say."""
        if column not in self.columns:
            return "CAST(NULL AS HUGEINT)"
        read = f"{column}_read"
        return f"CASE WHEN count({read}) = count(*) THEN sum({read}) END"

    def other_tag_keys(self, column: ColumnName) -> tuple[str, ...]:
        """The keys of a tag that are spelled differently from the params."""
        spelled_in_params = self.names[column].partition(".")[2]
        return tuple(key for key in self.tag_keys[column] if key != spelled_in_params)


def with_tag_keys(
    db: duckdb.DuckDBPyConnection, table: SourceTable, columns: Columns
) -> SourceTable:
    """The table with the keys of its tags; each tag needs one more scan of the file.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    keys: dict[ColumnName, tuple[str, ...]] = {}
    names: dict[ColumnName, str] = {}
    for column, place in columns.places.items():
        if place.tag:
            keys[column] = tags.keys_like(place.tag, all_tag_keys(db, table, column))
            names[column] = f"{table.names[column]}.{place.tag}"
    return replace(table, tag_keys=keys, names=table.names | names)


def all_tag_keys(
    db: duckdb.DuckDBPyConnection, table: SourceTable, column: ColumnName
) -> list[str]:
    """The keys of all tags in the column of tags from which our column is read, sorted."""
    keys = f"unnest(json_keys({_tags_sql(table, column)}))"
    rows = db.execute(f"SELECT DISTINCT {keys} FROM {table.scan} ORDER BY 1").fetchall()
    return [key for (key,) in rows]


def rows_sql(table: SourceTable, zone: str, *, also: str = "") -> str:
    """A query of each row of a file.

    Args:
        table: the file.
        zone: the time zone of the days.
        also: more columns of the scan, which is called `WHOLE_ROW`, each with a comma after it.

    Returns:
        A query with the columns `time` and `amount` as they are in the file; `day`; `cost` (12
        decimals) and what rounding it changed (`change`); the names; `n` calls where a column
        counts them; and the `EXTRA` columns of the dialect under our names. For a bill also the
        kind of `charge`, the day `charged` by charge period, the day `invoiced`, and the `billed`
        cost. With organizations.csv also `source_key`.
    """
    cost_type = table.types["cost"]
    rows = f"SELECT {also}{', '.join(_taken(table))} FROM {table.scan} AS {WHOLE_ROW}"
    # Each value is computed once, in a query of its own; the outer queries use its name.
    is_short = values.is_short_cost_sql("amount", cost_type)
    rows = f"SELECT *, {is_short} AS is_short FROM ({rows})"
    rows = f"SELECT *, {', '.join(_parsed(table, zone))} FROM ({rows})"
    if table.by_billing_period:
        rows = f"SELECT *, {DAY_OF_BILL} AS day FROM ({rows})"
    if table.mapped:
        rows = _mapped(rows, "charged" if table.by_billing_period else "day")
    change = values.rounding_change_sql("amount", "cost", cost_type, "is_short")
    outer = [f"{change} AS change"]
    if "charge_category" in table.columns:
        outer.append(f"{_charge_kind(table)} AS charge")
    return f"SELECT *, {', '.join(outer)} FROM ({rows})"


def invoice_rows_sql(table: SourceTable) -> str:
    """A query of what a bill says about the invoice of each row.

    Returns:
        A query with the columns `issuer` and `number` ("" if unknown), the billed `cost`, and the
        `day` on which the billing period begins, in UTC.
    """
    cost = values.cost_sql("billed_cost", table.types["billed_cost"])
    day = values.day_sql("billing_period", table.types["billing_period"], "UTC")
    number = "invoice" if "invoice" in table.columns else "NULL"
    columns = (
        "coalesce(invoice_issuer, '') AS issuer",
        f"coalesce({number}, '') AS number",
        f"{cost} AS cost",
        f"{day} AS day",
    )
    rows = f"SELECT {', '.join(_taken(table))} FROM {table.scan}"
    return f"SELECT {', '.join(columns)} FROM ({rows})"


def with_row_numbers(table: SourceTable) -> str:
    """The scan of a Parquet file with the column `file_row_number`, from 0."""
    reads = table.reads or table.scan
    return table.scan.replace(reads, f"{reads.removesuffix(')')}, file_row_number = true)")


def in_period_sql(period: Period, day: str = "day") -> str:
    """The condition that a row is inside the period: first day inclusive, `end` exclusive."""
    return f"{day} >= DATE '{period.start}' AND {day} < DATE '{period.end}'"


def bad_row_sql(table: SourceTable) -> str:
    """The condition, on `rows_sql`, that a row is refused."""
    return f"{unreadable_row_sql(table)} OR {bad_name_sql(table)}"


def unreadable_row_sql(table: SourceTable) -> str:
    """The condition that a row has a day or a number that can't be read."""
    return " OR ".join(f"{parsed_name(table, column)} IS NULL" for column in table.checked)


def bad_name_sql(table: SourceTable) -> str:
    """The condition that a row has the report's own name, or one with a line break or the like."""
    return " OR ".join(map(values.bad_name_sql, names_read(table))) or "false"


def names_read(table: SourceTable) -> list[str]:
    """The columns of names that `rows_sql` has of a file."""
    names: list[str] = [name for name in NAMED if name in table.columns]
    return [*names, "source_key"] if table.mapped else names


def parsed_name(table: SourceTable, column: ColumnName) -> str:
    """What `rows_sql` calls the parsed value of one of `SourceTable.checked`."""
    if column == "timestamp" and table.by_billing_period:
        return "charged"
    return PARSED[column][1]


def path_sql(source: SourceFile) -> str:
    """The path as a literal of SQL, in which the engine sees no character as a pattern."""
    path = str(source.path.absolute())
    escaped = "".join(f"[{char}]" if char in "*?[" else char for char in path)
    return values.sql_text(escaped)


def quoted(identifier: str) -> str:
    """The name of a column in SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def _taken(table: SourceTable) -> Iterator[str]:
    """The columns of the scan that are read, under our names."""
    renamed = {"timestamp": "time", "cost": "amount"}
    for name in (*NAMED, *DETAIL):
        yield f"{_name_sql(table, name) if name in table.columns else 'NULL'} AS {name}"
    for column in table.columns:
        if column in (*TYPED, *AS_TEXT):
            yield f"{_plain_value(table, column)} AS {renamed.get(column, column)}"
    for column in table.tag_keys:
        yield from _tag_checks(table, column)


def _name_sql(table: SourceTable, column: ColumnName) -> str:
    """The text of a name: of its column, or of its tag."""
    if column in table.tag_keys:
        keys = table.tag_keys[column]
        return tags.value_sql(_tags_sql(table, column), keys, table.dialect.nothing)
    if table.types[column] == values.TEXT:
        return _without_nothing(table, column)
    return f"CAST({quoted(table.columns[column])} AS {values.TEXT})"


def _plain_value(table: SourceTable, column: ColumnName) -> str:
    value = _without_nothing(table, column)
    is_cost = column in ("cost", "billed_cost")
    if column in AS_TEXT or (is_cost and values.cost_is_text(table.types[column])):
        return f"CAST({value} AS {values.TEXT})"
    return value


def _tag_checks(table: SourceTable, column: ColumnName) -> Iterator[str]:
    """Conditions on the tags of a row, which become notices (`usage.notices`)."""
    keys = table.tag_keys[column]
    row_tags = _tags_sql(table, column)
    unreadable = f"{_without_nothing(table, column)} IS NOT NULL AND {row_tags} IS NULL"
    nested = tags.has_nested_value_sql(row_tags, keys)
    yield f"({unreadable} OR {nested}) AS {column}_unread"
    if other_keys := table.other_tag_keys(column):
        yield f"{tags.has_any_key_sql(row_tags, other_keys)} AS {column}_other"
    if len(keys) > 1:
        yield f"{tags.keys_disagree_sql(row_tags, keys)} AS {column}_apart"


def _tags_sql(table: SourceTable, column: ColumnName) -> str:
    """The tags of a row, of which our column is one, as JSON; NULL if they can't be read."""
    return tags.json_sql(quoted(table.columns[column]), table.types[column])


def _without_nothing(table: SourceTable, column: ColumnName) -> str:
    """The value, with NULL for the text that the dialect writes for no value."""
    name = quoted(table.columns[column])
    if table.dialect.nothing and table.types[column] == values.TEXT:
        return f"nullif({name}, {values.sql_text(table.dialect.nothing)})"
    return name


def _parsed(table: SourceTable, zone: str) -> Iterator[str]:
    types = table.types
    day_name = parsed_name(table, "timestamp")
    yield f"{values.day_sql('time', types['timestamp'], zone)} AS {day_name}"
    if "billing_period" in table.checked:
        day = values.day_sql("billing_period", types["billing_period"], zone)
        yield f"{day} AS invoiced"
    yield f"{values.cost_sql('amount', types['cost'], 'is_short')} AS cost"
    if "calls" in table.columns:
        yield f"{values.count_sql('calls', types['calls'])} AS n"
    for column in TOKENS:
        if column in table.columns:
            yield f"{values.count_sql(column, types[column])} AS {column}_read"
    if "billed_cost" in table.columns:
        yield f"{values.cost_sql('billed_cost', types['billed_cost'])} AS billed"


def _charge_kind(table: SourceTable) -> str:
    """What kind of charge a row is, in words, such as "Usage (correction), of earlier periods"."""
    words = ["coalesce(charge_category, 'No category')"]
    if "charge_class" in table.columns:
        words.append("CASE WHEN charge_class = 'Correction' THEN ' (correction)' ELSE '' END")
    if table.by_billing_period:
        words.append(f"CASE WHEN {FROM_EARLIER_MONTH} THEN ', of earlier periods' ELSE '' END")
    return " || ".join(words)


def _mapped(rows: str, day: str) -> str:
    """The rows with the organization and product of their key on the day of the charge.

    `source_key` is the key where organizations.csv maps it nowhere, else NULL. The left join keeps
    those rows; it repeats none, since the lines of a key hold on different days.
    """
    product = "coalesce(map.product, row.product)"
    unmapped = f"CASE WHEN map.key IS NULL THEN {values.name_sql('row.organization')} END"
    return (
        f"SELECT row.* REPLACE (map.organization AS organization, {product} AS product), "
        f"{unmapped} AS source_key FROM ({rows}) AS row "
        f"LEFT JOIN {ORGANIZATION_MAP} AS map ON map.key = row.organization "
        f"AND row.{day} >= map.valid_from AND row.{day} < map.valid_to"
    )
