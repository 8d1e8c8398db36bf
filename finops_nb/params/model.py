"""The keys of a params file, which are also the parameters of the notebook, typed and checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Self

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from finops_nb.errors import BadValue, Problem
from finops_nb.params.budget_versions import BudgetVersion, checked_versions
from finops_nb.params.column_names import ColumnName
from finops_nb.params.compared_period import check_compared
from finops_nb.params.events import Event
from finops_nb.params.invoices import Invoices
from finops_nb.params.mail_list import MailList
from finops_nb.params.scenario import Scenario
from finops_nb.params.sources import (
    COLUMNS,
    DIALECT,
    SHORT_FORM,
    SHORT_FORM_KEYS,
    USAGE,
    DialectName,
    Source,
    Sources,
    currency_problems,
    with_paths_of_sources,
)
from finops_nb.params.three_decimals import decimals_problems
from finops_nb.params.types import (
    Approval,
    Boolean,
    Budget,
    CurrencyCode,
    Day,
    Fraction,
    Limit,
    MonthNumber,
    Name,
    OneLine,
    Phasing,
    Prose,
    Share,
    Target,
    Text,
    Texts,
    Threshold,
    TimeZone,
)
from finops_nb.params.validation import CheckedModel, validated
from finops_nb.params.yaml_file import key_text
from finops_nb.period import Period, parse_period

INLINE_BUDGETS: Final = ("organization_budgets", "product_budgets", "budget_versions")
"""Keys that say budgets in the params file itself."""

REQUIRED: Final = ("period", "usage")
REQUIRED_OF_SCENARIO: Final = ("base", "author", "date", "reason")
"""Keys that a file needs, which are named where it is empty."""

DELIVERY: Final = ("mail", "pdf")
"""Keys that say where a report goes, not what is in it.

They are not parameters of the notebook, and no report shows them.
"""


class Params(CheckedModel):
    """What one report is asked for.

    Every key of a params file is a field here and, except for `DELIVERY`, a parameter of the
    notebook. Amounts are `Decimal` in `currency`, ratios are fractions, unknown keys are refused.

    Example:
        period: "2025-12"
        usage: "usage/calls-{period}.csv"
        organization_budgets: {org-a: 5000}
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    period: str = Field(
        examples=['"2025-12"'],
        description="month 2025-12, quarter 2025-Q4, year 2025, or interval "
        "2025-11-18/2025-12-18 (the second date is not included)",
    )
    usage: Texts = Field(min_length=1, examples=['"usage/calls-{period}.csv"'], description=USAGE)
    dialect: DialectName = Field(default="auto", description=DIALECT)
    columns: dict[ColumnName, Text] = Field(
        default_factory=dict, examples=["{cost: total_usd}"], description=COLUMNS
    )
    sources: Sources = Field(
        default=(),
        examples=['[{name: cloud, usage: "bills/focus-{period}.csv"}]'],
        description="instead of the three keys above: a list of usages, each with a name",
    )
    mapping: str = Field(
        default="",
        examples=["organizations.csv"],
        description="an organizations.csv, relative to the home, that maps keys of the source to "
        "organizations and products by date",
    )
    invoices: Invoices = Field(
        default=(),
        description="the invoices, {issuer, number, amount} each; reconciled to the cent",
    )
    timezone: TimeZone = Field(
        default="UTC",
        examples=["UTC"],
        description="zone of the period's days, and of timestamps without a zone",
    )
    organization_budgets: dict[Name, Budget] = Field(
        default_factory=dict,
        examples=["{org-alpha: 5000}"],
        description="budget for the period by organization",
    )
    product_budgets: dict[Name, Budget] = Field(
        default_factory=dict,
        examples=["{product-x: 5000}"],
        description="budget for the period by product",
    )
    budgets: str = Field(
        default="",
        examples=["budgets.csv"],
        description="instead of the two keys above: a budgets.csv, relative to the home; months: "
        "is the sum of the months' budgets",
    )
    phasing: Phasing = Field(
        default="even",
        description="how budgets.csv divides a year's amount: even, or by days of the month",
    )
    budget_versions: tuple[BudgetVersion, ...] = Field(
        default=(),
        description="the versions of the budgets, oldest first, as finops-nb adopt writes them",
    )
    fiscal_year_start: MonthNumber = Field(
        default=1,
        examples=["7"],
        description="the month in which fiscal years start, 1 for January: the report looks ahead "
        "to the end of the fiscal year",
    )
    drivers: str = Field(
        default="",
        examples=["drivers.csv"],
        description="a drivers.csv, relative to the home, with orders, seats and the like by "
        "month; the report has the cost of each",
    )
    events: tuple[Event, ...] = Field(
        default=(),
        examples=["[{date: 2026-02-01, what: Price cut, change: -20%}]"],
        description="what will change cost in the months ahead; the forecast assumes it",
    )
    compare: str = Field(
        default="",
        examples=['"2024-12"'],
        description="the period that this one is compared with; else the month, quarter or year "
        "before",
    )
    list_days: Boolean = Field(
        default=False, description="true: the report of a longer period than a month lists its days"
    )
    currency: CurrencyCode = Field(
        default="USD", examples=["USD"], description="a label, never a conversion"
    )
    at_risk: Share = Field(
        default=Decimal("0.80"),
        description="a period in progress is AT RISK once cost reaches this share of the budget",
    )
    alert_thresholds: tuple[Threshold, ...] = Field(
        default=(Decimal("0.5"), Decimal("0.8"), Decimal("1.0")),
        examples=["[0.5, 0.8, 1.0]"],
        description="shares of the budget; the report says when cost reached each",
    )
    approval_limit: Limit = Field(
        default=None,
        examples=["1000"],
        description="a product whose cost in a calendar month is above this needs approval",
    )
    approvals: dict[Name, Approval] = Field(
        default_factory=dict,
        examples=["{product-x: Ada}"],
        description="recorded approvals: product and who approved, or product, month and who "
        "approved",
    )
    owners: dict[Name, OneLine] = Field(
        default_factory=dict,
        examples=["{org-alpha: Ada}"],
        description="who is responsible for an organization or a product",
    )
    materiality: Fraction = Field(
        default=Decimal("0.01"),
        description="a difference below this fraction of the total is not material, unless it "
        "reaches materiality_amount",
    )
    materiality_amount: Limit = Field(
        default=None,
        examples=["50"],
        description="a difference of this amount or more is material, however small its fraction",
    )
    allocation_target: Target = Field(
        default=None,
        examples=["0.95"],
        description="share of the cost that should be assigned to an organization; the report says "
        "whether the target is met",
    )
    notes: dict[Name, Prose] = Field(
        default_factory=dict,
        examples=["{org-alpha: Two more regions}"],
        description="commentary by organization or product, printed with its row",
    )
    as_of: Day = Field(
        default=None,
        description="the day up to which usage is complete, where the data alone can't tell",
    )
    customer_names: Boolean = Field(
        default=False, description="false: customers are counted, never named"
    )
    mail: MailList | None = Field(
        default=None,
        examples=["{to: [ada@example.com]}"],
        description="whom the report goes to: {to: [ada@example.com], cc: [], attachment: [html]}",
    )
    pdf: Boolean = Field(default=False, description="true: publish the report as PDF too")
    scenario: Scenario | None = Field(
        default=None, description="what a file in params/scenarios/ changes; no other file has it"
    )

    @model_validator(mode="before")
    @classmethod
    def _usage_is_in_one_place(cls, values: Any) -> Any:
        return with_paths_of_sources(values)

    @field_validator("period")
    @classmethod
    def _period_can_be_read(cls, value: str) -> str:
        parse_period(value)
        return value

    @field_validator("compare")
    @classmethod
    def _compared_period_is_as_long(cls, value: str, info: ValidationInfo) -> str:
        # A period that can't be read is a problem of its own.
        if value and "period" in info.data:
            check_compared(parse_period(info.data["period"]), value)
        return value

    @field_validator("scenario", mode="before")
    @classmethod
    def _empty_scenario_is_none(cls, value: Any) -> Any:
        return None if value == {} else value

    @field_validator("budget_versions")
    @classmethod
    def _versions_are_complete(cls, value: tuple[BudgetVersion, ...]) -> tuple[BudgetVersion, ...]:
        return tuple(checked_versions(value))

    @field_validator("materiality")
    @classmethod
    def _materiality_is_a_share(cls, value: Decimal) -> Decimal:
        if value > 1:
            raise BadValue("a fraction above 1", "Write a fraction, such as 0.05 for 5%")
        return value

    @model_validator(mode="after")
    def _usage_can_hold_the_period(self) -> Self:
        if "/" in self.period and any("{period}" in path for path in self.usage):
            rule = "{period} in a path can't be an interval"
            raise BadValue(rule, "Write the file names in `usage`")
        return self

    @model_validator(mode="after")
    def _budgets_are_in_one_place(self) -> Self:
        inline = [key for key in INLINE_BUDGETS if getattr(self, key)]
        if self.budgets and inline:
            both = "both " if len(inline) == 2 else ""
            keys = " and ".join(f"`{key}`" for key in inline)
            fix = f"Keep one of them: remove `budgets`, or remove {both}{keys}"
            raise BadValue(f'budgets are both in this file and in `budgets: "{self.budgets}"`', fix)
        return self

    def further_problems(self) -> Iterator[Problem]:
        """Sources in other currencies, and amounts whose point may stand between thousands.

        Former `budget_versions` were accepted when they were in force.
        """
        yield from currency_problems(self.sources, self.currency)
        for place, invoice in enumerate(self.invoices):
            key = key_text(("invoices", place, "amount"))
            yield from decimals_problems({"": invoice.amount}, self.currency, key)
        for key in ("approval_limit", "materiality_amount"):
            yield from decimals_problems({"": getattr(self, key)}, self.currency, key)
        for key in ("organization_budgets", "product_budgets"):
            yield from decimals_problems(getattr(self, key), self.currency, key)
        if self.scenario:
            for problem in self.scenario.decimals_problems(self.currency):
                yield replace(problem, column=f"scenario.{problem.column}")

    @property
    def each_source(self) -> tuple[Source, ...]:
        """The sources that the report adds up; `usage`, `dialect` and `columns` describe one."""
        short = {key: getattr(self, key) for key in SHORT_FORM_KEYS}
        only = Source.model_construct(name=SHORT_FORM, **short)
        currency = {"currency": self.currency}
        return tuple(each.model_copy(update=currency) for each in self.sources or (only,))

    def with_source(self, source: Source) -> Self:
        """These params with another version of the source of that name, and in its currency."""
        if not self.sources:
            keys = {key: getattr(source, key) for key in (*SHORT_FORM_KEYS, "currency")}
            return self.model_copy(update=keys)
        sources = (source if each.name == source.name else each for each in self.sources)
        return self.model_copy(update={"sources": tuple(sources), "currency": source.currency})

    @property
    def window(self) -> Period:
        """The period as days."""
        return parse_period(self.period)

    @property
    def growth(self) -> Mapping[str, Decimal]:
        """A scenario's growth of usage: fraction by organization."""
        return self.scenario.growth if self.scenario else {}

    @property
    def model_prices(self) -> Mapping[str, Mapping[str, Decimal]]:
        """A scenario's changes of price: fraction by organization, by model."""
        return self.scenario.model_prices if self.scenario else {}

    @property
    def wants_pdf(self) -> bool:
        """The report is published as PDF too."""
        return self.pdf or (self.mail is not None and "pdf" in self.mail.attachment)

    def as_parameters(self) -> dict[str, Any]:
        """Every field except `DELIVERY` as JSON, amounts as text: what papermill passes on.

        `Params(**params.as_parameters())` is equal to `params`, except for `DELIVERY`.
        """
        values = self.model_dump(mode="json", exclude_none=True, exclude=set(DELIVERY))
        sources = [each.model_dump(mode="json", exclude_defaults=True) for each in self.sources]
        usage = [] if sources else list(self.usage)
        values |= {"usage": usage, "sources": sources, "scenario": values.get("scenario", {})}
        # A key without a value is an empty text in the notebook.
        return {name: values.get(name, "") for name in PARAMETERS}

    def parameters_for(self, declared: Collection[str]) -> dict[str, Any]:
        """`as_parameters` for a notebook that declares some of them.

        A notebook from before a key was added does not declare it. It is not passed to such a
        notebook if it has its default, which `read_parameters` uses anyway.
        """
        default = type(self)(period=self.period, usage=self.usage).as_parameters()
        return {
            name: value
            for name, value in self.as_parameters().items()
            if name in declared or value != default[name]
        }

    def shared_parameters(self) -> dict[str, Any]:
        """`as_parameters` as a report may show it: an absolute path is cut to its last part."""
        parameters = self.as_parameters()
        sources = [
            source | {"usage": [_last_part(path) for path in source["usage"]]}
            for source in parameters["sources"]
        ]
        return parameters | {
            "usage": [_last_part(path) for path in parameters["usage"]],
            "sources": sources,
            "budgets": _last_part(self.budgets),
            "drivers": _last_part(self.drivers),
            "mapping": _last_part(self.mapping),
        }


PARAMETERS: Final = tuple(name for name in Params.model_fields if name not in DELIVERY)
"""The keys that are parameters of a notebook too, in the order of the params file."""


def make_params(values: Mapping[str, Any]) -> Params:
    """Params from plain values, as they are in a notebook's cell.

    Args:
        values: by key.

    Raises:
        Refusal: all problems together; each one's `column` is the key, and the name below it after
            a dot.

    Example:
        make_params({"period": "2025-12", "usage": "sample:"})
    """
    return validated(Params, values)


def _last_part(path: str) -> str:
    """The last part of an absolute path; any other path as it is."""
    return path.rsplit("/", 1)[-1] if path.startswith("/") else path
