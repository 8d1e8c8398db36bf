"""The keys of a params file, which are the parameters of the notebook: typed, complete, and refused when misspelt."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.home import Home
from finops_nb.money import ZERO
from finops_nb.param_types import Boolean, Budget, Day, Fraction, Name, Text, Texts
from finops_nb.period import Period, parse_period
from finops_nb.strict_yaml import Document, read_document

SAMPLE: Final = "sample:"
CURRENCY: Final = re.compile(r"[A-Z][A-Z0-9]{1,11}", re.ASCII)
DIALECTS: Final = ("calls",)
COLUMNS: Final = (
    "timestamp",
    "cost",
    "organization",
    "product",
    "feature",
    "customer",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
)
"""Our names for what a source column may mean; the keys of `columns`."""


class Params(BaseModel):
    """What one report is asked for. Every key of a params file is a field here, and a parameter of the notebook.

    Amounts are `Decimal` in `currency`, ratios are fractions, unknown keys are refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    period: str = Field(description="month 2025-12, quarter 2025-Q4, year 2025, or interval 2025-11-18/2025-12-18 (second day exclusive)")
    usage: Texts = Field(
        min_length=1,
        description="a path, glob, folder or a list of them, relative to the home; {period} is the period, sample: the packaged sample",
    )
    dialect: Literal[DIALECTS] = Field("calls", description="what the usage looks like: calls is one row a call")  # type: ignore[valid-type]
    columns: dict[Literal[COLUMNS], Text] = Field(
        default_factory=dict, description="our name of a column and the source's, where they differ"
    )  # type: ignore[valid-type]
    timezone: str = Field("UTC", description="zone of the period's days, and of timestamps without a zone")
    organization_budgets: dict[Name, Budget] = Field(default_factory=dict, description="budget of the period by organization")
    product_budgets: dict[Name, Budget] = Field(default_factory=dict, description="budget of the period by product")
    currency: str = Field("USD", description="a label, never a conversion")
    at_risk: Fraction = Field(Decimal("0.80"), description="share of budget from which a running period is AT RISK")
    alert_thresholds: tuple[Fraction, ...] = Field(
        (Decimal("0.5"), Decimal("0.8"), Decimal("1.0")), description="shares of budget whose crossing is reported"
    )
    approval_limit: Budget = Field(Decimal(1000), description="spend of a product in a calendar month that needs an approval")
    approvals: dict[Name, Text] = Field(default_factory=dict, description="recorded approvals: product, and who approved")
    owners: dict[Name, Text] = Field(default_factory=dict, description="who answers for an organization or a product")
    materiality: Fraction = Field(
        Decimal("0.01"), description="fraction of the whole below which, with the next, a difference is no finding"
    )
    materiality_amount: Budget = Field(Decimal(50), description="amount below which, with the one before, a difference is no finding")
    notes: dict[Name, Text] = Field(default_factory=dict, description="commentary by organization or product, printed beside its line")
    as_of: Day = Field(None, description="the day up to which usage is complete, where the data alone can't tell")
    customer_names: Boolean = Field(False, description="false: customers are counted, never named")

    @field_validator("period")
    @classmethod
    def _period_is_one(cls, value: str) -> str:
        parse_period(value)
        return value

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            if value in ("localtime", "posixrules"):
                raise KeyError(value)  # what this machine is set to is no zone of a report
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("not a time zone; write one of the IANA names, such as UTC or Europe/Berlin") from None
        return value

    @field_validator("currency")
    @classmethod
    def _currency_is_a_code(cls, value: str) -> str:
        if not CURRENCY.fullmatch(value):
            raise ValueError("not a currency; write a code of capital letters, such as USD")
        return value

    @field_validator("at_risk")
    @classmethod
    def _at_risk_is_a_share(cls, value: Decimal) -> Decimal:
        if not ZERO < value <= 1:
            raise ValueError("not between 0 and 1; write 0.80 for 80%")
        return value

    @model_validator(mode="after")
    def _usage_can_hold_the_period(self) -> Self:
        if "/" in self.period and any("{period}" in place for place in self.usage):
            raise ValueError("an interval can't stand for {period} in a path; write the files in `usage` out")
        return self

    @property
    def window(self) -> Period:
        """The period as days."""
        return parse_period(self.period)

    def with_budgets(self, organizations: Mapping[str, Any] | None = None, products: Mapping[str, Any] | None = None) -> Params:
        """These params with some budgets changed: to play with, in a notebook.

        Args:
            organizations: amount by name; those not named keep theirs.
            products: likewise.

        Raises:
            Refusal: an amount is none.
        """
        values = self.as_parameters()
        values["organization_budgets"] |= organizations or {}
        values["product_budgets"] |= products or {}
        return make_params(values)

    def as_parameters(self) -> dict[str, Any]:
        """Every field as JSON scalars, amounts as text: what papermill passes on; `Params(**it)` is equal to this."""
        return self.model_dump(mode="json") | {"usage": list(self.usage), "as_of": str(self.as_of or "")}

    def shared_parameters(self) -> dict[str, Any]:
        """`as_parameters` as a report may show it: of a path outside the home, only the last part."""
        places = [place.rsplit("/", 1)[-1] if place.startswith("/") else place for place in self.usage]
        return self.as_parameters() | {"usage": places}


def load_params(home: Home, name: str) -> Params:
    """The params of a NAME, read strictly.

    Raises:
        Refusal: every problem of the file at once, each with its line and key.
    """
    file = home.params_file(name)
    shown = home.shown(file)
    document = read_document(file, shown)
    problems = list(document.problems)
    try:
        params = make_params(document.data)
    except Refusal as refusal:
        problems += (_placed(problem, document, shown) for problem in refusal.problems)
    if problems:
        raise Refusal(sorted(problems, key=lambda problem: problem.line or 0))
    return params


def make_params(values: Mapping[str, Any]) -> Params:
    """Params from plain values, of a file or of the notebook's cell.

    Raises:
        Refusal: all that is wrong with them; each problem's `column` is the key, and the name below it after a dot.
    """
    problems = _equal_names(values)
    try:
        params = Params.model_validate(dict(values))
    except ValidationError as error:
        problems += (_problem(detail) for detail in error.errors(include_url=False))
    if problems:
        raise Refusal(problems)
    return params


def _equal_names(values: Mapping[str, Any]) -> list[Problem]:
    """Names that differ in their Unicode form only, which a reader can't tell apart."""
    problems = []
    for key, names in values.items():
        if isinstance(names, Mapping):
            seen: dict[str, str] = {}
            for name in map(str, names):
                other = seen.setdefault(unicodedata.normalize("NFC", name), name)
                if other != name:
                    problems.append(Problem("two names that look the same", "Keep one spelling", column=f"{key}.{name}"))
    return problems


def _problem(detail: ErrorDetails) -> Problem:
    place = [str(part) for part in detail["loc"] if part != "[key]"]
    key, kind, found = ".".join(place) or None, detail["type"], detail["input"]
    value = "nothing" if found is None else str(found)
    if kind == "extra_forbidden":
        return Problem("an unknown key", did_you_mean(place[-1], Params.model_fields), column=key)
    if kind == "missing":
        return Problem("the key is missing", f"Write {key}: {Params.model_fields[place[0]].description}", column=key)
    if kind == "literal_error":
        return Problem(
            "not one of the known", did_you_mean(str(found), COLUMNS if place[0] == "columns" else DIALECTS), column=key, value=value
        )
    if kind == "value_error":
        rule, _, fix = str(detail["ctx"]["error"]).partition("; ")
        return Problem(rule, fix[:1].upper() + fix[1:], column=key, value=None if isinstance(found, (dict, Params)) else value)
    meant = Params.model_fields[place[0]].description if place else "one `key: value` a line"
    return Problem("not what this key holds", f"Write {meant}", column=key, value=value)


def _placed(problem: Problem, document: Document, shown: str) -> Problem:
    """The problem with its file, and the line of its key, or of the nearest key around it."""
    path = next((path for path in document.lines if ".".join(path) == problem.column), ())
    return replace(problem, file=shown, line=document.lines[path] if path else None)
