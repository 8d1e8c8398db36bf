"""A file as the engine scans it: which of its columns is which of ours, and each row's cost, day and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from finops_nb.params.model import ColumnName
from finops_nb.period import Period
from finops_nb.schema import UNALLOCATED
from finops_nb.usage.sources import tags, values
from finops_nb.usage.sources.columns import Columns
from finops_nb.usage.sources.dialects import DETAIL, NAMED, Dialect
from finops_nb.usage.sources.discovery import Source

if TYPE_CHECKING:
    import duckdb

BILLED: Final = "BilledCost"
"""The cost that goes by billing period; every other goes by charge period."""

EARLIER: Final = "charged < date_trunc('month', invoiced)"
LATER: Final = "charged > last_day(invoiced)"
DAY_OF_BILL: Final = (
    "CAST(greatest(date_trunc('month', invoiced), least(charged, last_day(invoiced))) AS DATE)"
)
"""A charge of a bill stands on its own day where that is in the month in which it was billed, else on the first or last of that."""


def charge_sql(classed: bool, by_billing_period: bool) -> str:
    """What kind of charge a row is, in words.

    Args:
        classed: the bill has a column of charge classes.
        by_billing_period: charges of earlier periods may be in it.
    """
    words = ["coalesce(charge_category, 'No category')"]
    if classed:
        words.append("CASE WHEN charge_class = 'Correction' THEN ' (correction)' ELSE '' END")
    if by_billing_period:
        words.append(f"CASE WHEN {EARLIER} THEN ', of earlier periods' ELSE '' END")
    return " || ".join(words)


MAP: Final = "organization_map"
"""The table of organizations.csv: key, organization, product, valid_from, valid_to."""

ROW: Final = '"the row as it is in the file"'
"""The name of the scan in `rows_sql`: as a value it is the whole row, unless a column were called so."""

READ: Final[Mapping[ColumnName, tuple[str, str]]] = {
    "timestamp": ("time", "day"),
    "billing_period": ("billing_period", "invoiced"),
    "cost": ("amount", "cost"),
    "billed_cost": ("billed_cost", "billed"),
    "calls": ("calls", "n"),
}
"""In `rows_sql`, a value as it stands there, and as it was read: NULL where it could not be."""

TYPED: Final[tuple[ColumnName, ...]] = (
    *(
        "timestamp",
        "cost",
        "calls",
        "charge_end",
        "billing_period",
        "billed_cost",
        "input_tokens",
        "output_tokens",
    ),
)
"""Our columns that are taken in the type of the file; those after them are text."""
OTHER_FACTS: Final[tuple[ColumnName, ...]] = (
    "currency",
    "charge_category",
    "charge_class",
    "request",
    "invoice_issuer",
    "invoice",
)


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One file of usage in SQL.

    Args:
        source: the file.
        dialect: of the file.
        scan: the table function that reads it.
        columns: the name in `scan` of each of our columns that is read.
        types: DuckDB's type of each.
        names: what the file calls each.
        keys: of those that are a tag, the keys under which it stands.
        mapped: its organizations are keys of `MAP`.
        reconciled: its billed costs are set against invoices.
    """

    source: Source
    dialect: Dialect
    scan: str
    columns: Mapping[ColumnName, str]
    types: Mapping[ColumnName, str]
    names: dict[ColumnName, str]
    keys: Mapping[ColumnName, tuple[str, ...]] = field(default_factory=dict)
    mapped: bool = False
    reconciled: bool = False

    @property
    def by_billing_period(self) -> bool:
        """Its cost belongs to the period in which it was billed, not to that in which it arose."""
        billed = (
            self.columns["cost"] == self.columns.get("billed_cost")
            or tags.normal_key(self.names["cost"]) == BILLED.casefold()
        )
        return billed and "billing_period" in self.columns

    @property
    def checked(self) -> tuple[ColumnName, ...]:
        """Those of its columns whose value refuses the row where it cannot be read."""
        bill: tuple[ColumnName, ...] = ("billing_period", "billed_cost") if self.reconciled else ()
        wanted = (
            "timestamp",
            "cost",
            "calls",
            *bill,
            *(("billing_period",) if self.by_billing_period else ()),
        )
        return tuple(ours for ours in READ if ours in wanted and ours in self.columns)

    @property
    def by_columns(self) -> bool:
        """The file stores its columns one by one: what is not asked for is not read."""
        return self.source.format == ".parquet"

    @property
    def calls(self) -> str:
        """The number of calls of some rows of `rows_sql`, as an aggregate; NULL where it is not known."""
        return (
            "sum(n)"
            if "calls" in self.columns
            else "count(*)"
            if self.dialect.counts_calls
            else "CAST(NULL AS BIGINT)"
        )

    def other_keys(self, ours: ColumnName) -> tuple[str, ...]:
        """The keys of a tag that are spelled otherwise than the params have it."""
        return tuple(key for key in self.keys[ours] if key != self.names[ours].partition(".")[2])


def with_keys(db: duckdb.DuckDBPyConnection, table: SourceTable, columns: Columns) -> SourceTable:
    """The table with the keys under which its tags stand; one more scan of a file that has any.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    keys = {}
    for ours, place in columns.places.items():
        if place.tag:
            keys[ours] = tags.keys_like(place.tag, keys_of(db, table, ours))
    names = table.names | {ours: f"{table.names[ours]}.{columns.places[ours].tag}" for ours in keys}
    return replace(table, keys=keys, names=names)


def keys_of(db: duckdb.DuckDBPyConnection, table: SourceTable, ours: ColumnName) -> list[str]:
    """The keys of all tags of which our column is one, sorted."""
    query = (
        f"SELECT DISTINCT unnest(json_keys({tags_sql(table, ours)})) FROM {table.scan} ORDER BY 1"
    )
    return [key for (key,) in db.execute(query).fetchall()]


def numbered(table: SourceTable) -> str:
    """The scan of a Parquet file with `file_row_number`, from 0."""
    return f"{table.scan.removesuffix(')')}, file_row_number = true)"


def bad_sql(table: SourceTable) -> str:
    """The condition, on `rows_sql`, that refuses a row."""
    return f"{unread_sql(table)} OR {misnamed_sql(table)}"


def unread_sql(table: SourceTable) -> str:
    """The condition that a row has a day or a number that can't be read."""
    return " OR ".join(f"{read_sql(table, ours)} IS NULL" for ours in table.checked)


def read_sql(table: SourceTable, ours: ColumnName) -> str:
    """One of `Table.checked` as `rows_sql` reads it."""
    return "charged" if ours == "timestamp" and table.by_billing_period else READ[ours][1]


def misnamed_sql(table: SourceTable) -> str:
    """The condition that a row has a name that is the report's own, or no text."""
    names = [name for name in NAMED if name in table.columns]
    return (
        " OR ".join(
            f"{name} = {values.sql_text(UNALLOCATED)} OR contains({name}, chr(0))" for name in names
        )
        or "false"
    )


def path_sql(source: Source) -> str:
    """The path as a literal, no character of which is taken for a pattern."""
    return values.sql_text(
        "".join(f"[{char}]" if char in "*?[" else char for char in str(source.path.absolute()))
    )


def rows_sql(table: SourceTable, zone: str, *, also: str = "") -> str:
    """A query of each row.

    Args:
        zone: the time zone of the days.
        also: more columns of the scan, which is called `ROW`, each with a comma after it.

    Returns:
        `time` and `amount` as they stand there; `day`, `cost`, what rounding `change`d, the names, `n` calls where a column
        says how many; of a bill the kind of its `charge`, `charged`, its day by charge period, and `billed`, its billed cost; and
        the facts of the dialect under our names.
    """
    kinds = table.types
    days = [
        values.day_sql("time", kinds["timestamp"], zone)
        + (" AS charged" if table.by_billing_period else " AS day")
    ]
    if "billing_period" in table.checked:
        days.append(
            values.day_sql("billing_period", kinds["billing_period"], zone) + " AS invoiced"
        )
    more = [values.count_sql("calls", kinds["calls"]) + " AS n"] if "calls" in table.columns else []
    more += (
        [values.cost_sql("billed_cost", kinds["billed_cost"]) + " AS billed"]
        if "billed_cost" in table.columns
        else []
    )
    rows = f"SELECT {also}{', '.join(_taken(table))} FROM {table.scan} AS {ROW}"
    rows = f"SELECT *, {values.plain_sql('amount', kinds['cost'])} AS plain FROM ({rows})"
    read = f"SELECT *, {', '.join([*days, values.cost_sql('amount', kinds['cost'], 'plain') + ' AS cost', *more])} FROM ({rows})"
    if table.by_billing_period:
        read = f"SELECT *, {DAY_OF_BILL} AS day FROM ({read})"
    if table.mapped:
        read = _mapped(read, "charged" if table.by_billing_period else "day")
    kind = charge_sql("charge_class" in table.columns, table.by_billing_period)
    charge = f", {kind} AS charge" if "charge_category" in table.columns else ""
    return f"SELECT *, {values.excess_sql('amount', 'cost', kinds['cost'], 'plain')} AS change{charge} FROM ({read})"


def _mapped(rows: str, day: str) -> str:
    """The rows with the organization and the product of their key on the day of the charge; `source_key` where it maps nowhere."""
    return (
        "SELECT row.* REPLACE (map.organization AS organization, coalesce(map.product, row.product) AS product), "
        f"CASE WHEN map.key IS NULL THEN {values.name_sql('row.organization')} END AS source_key FROM ({rows}) AS row "
        f"LEFT JOIN {MAP} AS map ON map.key = row.organization AND row.{day} >= map.valid_from AND row.{day} < map.valid_to"
    )


def billed_sql(table: SourceTable) -> str:
    """A query of what a bill says of each row's invoice: issuer, number, billed cost, and the day on which its billing period begins."""
    cost = values.cost_sql("billed_cost", table.types["billed_cost"])
    day = values.day_sql("billing_period", table.types["billing_period"], "UTC")
    number = "invoice" if "invoice" in table.columns else "NULL"
    rows = f"SELECT {', '.join(_taken(table))} FROM {table.scan}"
    return f"SELECT coalesce(invoice_issuer, '') AS issuer, coalesce({number}, '') AS number, {cost} AS cost, {day} AS day FROM ({rows})"


def _taken(table: SourceTable) -> Iterator[str]:
    """The columns of the scan that are read, as our names."""
    renamed = {"timestamp": "time", "cost": "amount"}
    for ours in (*NAMED, *DETAIL):
        yield f"{_value(table, ours) if ours in table.columns else 'NULL'} AS {ours}"
    for ours in table.columns:
        if ours in (*TYPED, *OTHER_FACTS):
            as_text = ours in OTHER_FACTS or (
                ours in ("cost", "billed_cost") and values.cost_is_text(table.types[ours])
            )
            value = _or_nothing(table, ours)
            yield f"{f'CAST({value} AS {values.TEXT})' if as_text else value} AS {renamed.get(ours, ours)}"
    for ours, keys in table.keys.items():
        of_row = tags_sql(table, ours)
        unread = f"{_or_nothing(table, ours)} IS NOT NULL AND {of_row} IS NULL"
        yield f"({unread} OR {tags.nested_sql(of_row, keys)}) AS {ours}_unread"
        if others := table.other_keys(ours):
            yield f"{tags.has_sql(of_row, others)} AS {ours}_other"
        if len(keys) > 1:
            yield f"{tags.disagree_sql(tags_sql(table, ours), keys)} AS {ours}_apart"


def _value(table: SourceTable, ours: ColumnName) -> str:
    """The text of a name: of the column, or of its tag."""
    if ours in table.keys:
        return tags.value_sql(tags_sql(table, ours), table.keys[ours], table.dialect.nothing)
    return (
        _or_nothing(table, ours)
        if table.types[ours] == values.TEXT
        else f"CAST({quoted(table.columns[ours])} AS {values.TEXT})"
    )


def tags_sql(table: SourceTable, ours: ColumnName) -> str:
    """The tags of which our column is one, as JSON; NULL where they are none."""
    return tags.json_sql(quoted(table.columns[ours]), table.types[ours])


def _or_nothing(table: SourceTable, ours: ColumnName) -> str:
    column = quoted(table.columns[ours])
    says_nothing = table.dialect.nothing and table.types[ours] == values.TEXT
    return f"nullif({column}, {values.sql_text(table.dialect.nothing)})" if says_nothing else column


def inside_sql(period: Period, day: str = "day") -> str:
    """The condition that a row is of the period."""
    return f"{day} >= DATE '{period.start}' AND {day} < DATE '{period.end}'"


def quoted(identifier: str) -> str:
    """A name of a column in SQL."""
    return '"' + identifier.replace('"', '""') + '"'
