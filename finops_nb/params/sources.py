"""Sources: the usages that one report adds up, each with its own files and its own columns.

sources:
  - name: cloud
    usage: bills/focus-{period}.csv
    dialect: focus
  - name: seats
    usage: exports/seats-{period}.csv
    columns: {organization: team, cost: price, timestamp: day}

A params file with `usage` instead has one source, which `usage`, `dialect` and `columns` describe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from finops_nb.errors import BadValue, Problem
from finops_nb.params.column_names import ColumnName
from finops_nb.params.grammar import DateStyle, NumberStyle, Scale
from finops_nb.params.types import Boolean, Name, NameIfSet, Text, Texts
from finops_nb.params.yaml_file import KeyPath, key_text
from finops_nb.words import listing

AUTO: Final = "auto"
DialectName: TypeAlias = Literal["auto", "calls", "focus", "litellm", "table"]
DIALECTS: Final[tuple[DialectName, ...]] = get_args(DialectName)

Basis: TypeAlias = Literal["billed", "estimate"]
BasisIfSet: TypeAlias = Literal["", "billed", "estimate"]

NO_COLUMN: Final = "none"
"""In `columns`: no column of the file is this one of ours."""

SAMPLE: Final = "sample:"
"""What `usage` starts with where it is the packaged sample."""

SHORT_FORM: Final = "usage"
"""What the one source is called that the keys of the params themselves describe."""

SHORT_FORM_KEYS: Final = ("usage", "dialect", "columns")
UNSET: Final[Mapping[str, Collection[Any]]] = {
    "usage": (None, "", [], ()),
    "dialect": (None, "", "auto"),
    "columns": (None, "", {}),
}
"""Keys of the params that describe one source, and what they have where `sources` describe it."""

CONSTANT: Final[tuple[ColumnName, ...]] = (
    *("organization", "product", "feature", "customer"),
    *("provider", "model", "task_type"),
)
"""Our columns that may be the same name in every row."""

USAGE: Final = (
    "a path (with * for any text), a folder, or a list, from the home; {period} "
    "stands for the period, sample: for the packaged sample"
)
DIALECT: Final = "calls, focus, litellm or table, whichever the usage is; auto reads its header"
COLUMNS: Final = (
    "our name for a column and the source's, if they differ; Tags.team is a tag, "
    "none means that there is no such column"
)


def _constants_are_names(constants: dict[ColumnName, str]) -> dict[ColumnName, str]:
    """The constants themselves.

    Raises:
        BadValue: one is no name: a constant time or cost says nothing about a row.
    """
    if others := [column for column in constants if column not in CONSTANT]:
        rule = f"{listing(others)} can't be the same in every row"
        raise BadValue(rule, f"Only {listing(CONSTANT)} can")
    return constants


def _dropped_values(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, (list, tuple)) else (value,)
    if not items or not all(isinstance(item, str) for item in items):
        raise BadValue("no values", 'Write a list, such as [Included], or [""] for empty fields')
    return tuple(items)


DroppedValues = Annotated[tuple[str, ...], BeforeValidator(_dropped_values)]


class Source(BaseModel):
    """One source of usage: its files, and how they are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name = Field(
        examples=["cloud"], description="what the report calls the source, beside its money"
    )
    usage: Texts = Field(min_length=1, examples=['"bills/focus-{period}.csv"'], description=USAGE)
    dialect: DialectName = Field(default="auto", description=DIALECT)
    columns: dict[ColumnName, Text] = Field(
        default_factory=dict, examples=["{cost: total_usd}"], description=COLUMNS
    )
    sheet: NameIfSet = Field(
        default="",
        examples=["Costs"],
        description="of XLSX files: the sheet with the rows, where several are not empty",
    )
    constants: Annotated[dict[ColumnName, Name], AfterValidator(_constants_are_names)] = Field(
        default_factory=dict,
        examples=["{product: Seats}"],
        description="a name for every row, where the files have no column for it",
    )
    scale: Scale = Field(
        default=Decimal(1),
        examples=['"0.01"'],
        description='what the cost is multiplied by: "0.01" where it is in cents',
    )
    dates: DateStyle = Field(
        default="",
        examples=["MM/DD/YYYY"],
        description="how dates are written, if not as 2025-12-31: MM/DD/YYYY, DD/MM/YYYY, "
        "DD.MM.YYYY, YYYYMMDD, epoch (seconds) or epoch_ms",
    )
    numbers: NumberStyle = Field(
        default="",
        examples=['"1.234,56"'],
        description="the number 1234.56 as the files write it, if they write it in another way",
    )
    drop: dict[Text, DroppedValues] = Field(
        default_factory=dict,
        examples=["{Kind: [Included]}"],
        description="rows that are no charge: the column, and its values in such rows",
    )
    basis: BasisIfSet = Field(
        default="",
        description="billed, or estimate, which is what the dialect says unless you do: whether "
        "its cost is what a provider bills, or is computed from prices",
    )
    separate: Boolean = Field(
        default=False,
        description="true: no other source of the report has the same cost",
    )
    currency: str = Field(
        default="", examples=["USD"], description="the currency of its costs: the report's"
    )

    @model_validator(mode="after")
    def _no_constant_is_a_column(self) -> Self:
        for column in self.constants:
            if self.columns.get(column, NO_COLUMN) != NO_COLUMN:
                rule = f"{column} is both in `columns` and in `constants`"
                raise BadValue(rule, "Keep one of them")
        return self

    @property
    def is_plain(self) -> bool:
        """Its values, names and rows are as usage has them."""
        is_usual = self.scale == 1 and self.dates in ("", "ISO") and not self.numbers
        return is_usual and not self.constants and not self.drop

    @property
    def place(self) -> str:
        """Where a person writes its keys, in messages."""
        return "the params" if self.name == SHORT_FORM else f'the source "{self.name}"'

    def advice(self, fix: str) -> str:
        """A way out that is written for the params, for one whose keys are in a source."""
        if self.name == SHORT_FORM:
            return fix
        if fix.startswith(("Write currency: ", "Write `currency: ")):
            return "Report this source separately: currencies are never added together"
        return fix.replace("in the params", f"in {self.place}")

    def keys(self, place: int) -> KeyPath:
        """The path of its keys in the params; `place` is its place in `sources`, from 0."""
        return () if self.name == SHORT_FORM else ("sources", place)


UNDESCRIBED: Final = Source.model_construct(name=SHORT_FORM, usage=())
"""Of a file of which nothing but its bytes is looked at."""


def _checked(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """The sources themselves.

    Raises:
        BadValue: two have one name, or one has the name of the short form.
    """
    names = [source.name for source in sources]
    if SHORT_FORM in names:
        rule = f"a source is called {SHORT_FORM}, as the one without `sources` is"
        raise BadValue(rule, "Name it after where its files come from")
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise BadValue(f"two sources are called {', '.join(twice)}", "Give each its own name")
    return sources


Sources = Annotated[tuple[Source, ...], AfterValidator(_checked)]
"""The key `sources` of a params file."""


def with_paths_of_sources(values: Any) -> Any:
    """The values of a params file, in which `usage` is all paths of `sources`, if it has sources.

    Args:
        values: by key, not checked yet.

    Raises:
        BadValue: usage is described by `sources` and by keys of the params, too.
    """
    sources = values.get("sources")
    if not sources:
        return values
    if not isinstance(sources, (list, tuple)):
        return {**values, "usage": values.get("usage") or [SAMPLE]}
    if both := [key for key in SHORT_FORM_KEYS if values.get(key) not in UNSET[key]]:
        keys = listing([f"`{key}`" for key in both])
        fix = f"Move {keys} into the item of `sources` that it belongs to"
        raise BadValue(f"{keys} can't stand beside `sources`", fix)
    return {**values, "usage": [*_paths(sources)] or [SAMPLE]}


def _paths(sources: Iterable[Any]) -> Iterator[str]:
    for source in sources:
        usage = source.get("usage") if isinstance(source, Mapping) else getattr(source, "usage", ())
        yield from [usage] if isinstance(usage, str) else usage or ()


def currency_problems(sources: Sequence[Source], currency: str) -> Iterator[Problem]:
    """A problem for each source whose costs are in another currency than the report."""
    for place, source in enumerate(sources):
        if source.currency not in ("", currency):
            rule = f"the report is in {currency}, and currencies are never added together"
            key = key_text(("sources", place, "currency"))
            fix = "Report this source separately"
            yield Problem(rule, fix, column=key, value=source.currency)
