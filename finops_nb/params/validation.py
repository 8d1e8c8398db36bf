"""Validation: values as typed models, and what is wrong with them as problems with a key, a rule and a way out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.params.yaml_file import Document

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: Mapping[str, Any]) -> Model:
    """`values` as a model.

    Raises:
        Refusal: all that is wrong with them; each problem's `column` is the key, and the name below it after a dot.
    """
    problems = _equal_names(values)
    try:
        made = model.model_validate(dict(values))
    except ValidationError as error:
        problems += (_problem(detail, model) for detail in error.errors(include_url=False))
    if problems:
        raise Refusal(problems)
    return made


def validated_document(model: type[Model], document: Document, shown: str) -> Model:
    """A document as a model.

    Args:
        model: what its keys are.
        document: as it was read, with the problems met on the way.
        shown: what messages call the file.

    Raises:
        Refusal: every problem of the file at once, each with its line and key.
    """
    problems = list(document.problems)
    try:
        made = validated(model, document.data)
    except Refusal as refusal:
        problems += (placed(problem, document, shown) for problem in refusal.problems)
    if problems:
        raise Refusal(sorted(problems, key=lambda problem: problem.line or 0))
    return made


def placed(problem: Problem, document: Document, shown: str) -> Problem:
    """The problem with its file, and the line of its key, or of the nearest key around it."""
    around = [
        path for path in document.lines if f"{problem.column}.".startswith(f"{'.'.join(path)}.")
    ]
    path = max(around, key=lambda path: len(".".join(path)), default=())
    return replace(problem, file=shown, line=document.lines[path] if path else None)


def _equal_names(values: Mapping[str, Any]) -> list[Problem]:
    """Names that differ in their Unicode form only, which a reader can't tell apart."""
    problems = []
    for key, names in values.items():
        if isinstance(names, Mapping):
            seen: dict[str, str] = {}
            for name in map(str, names):
                other = seen.setdefault(unicodedata.normalize("NFC", name), name)
                if other != name:
                    problems.append(
                        Problem(
                            "two names that look the same",
                            "Keep one spelling",
                            column=f"{key}.{name}",
                        )
                    )
    return problems


def _problem(detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    place = [str(part) for part in detail["loc"] if part != "[key]"]
    key, kind, found = ".".join(place) or None, detail["type"], detail["input"]
    value = "nothing" if found in (None, (), [], {}) else str(found)
    fields = _fields(model, place)
    field = fields.get(place[-1]) or model.model_fields.get(place[0]) if place else None
    meant = field.description if field else "one `key: value` a line"
    if kind == "extra_forbidden":
        return Problem("an unknown key", did_you_mean(place[-1], fields), column=key)
    if kind == "missing":
        return Problem("the key is missing", f"Write {place[-1]}: {meant}", column=key)
    if kind == "literal_error":
        return Problem(
            "not one of the known",
            did_you_mean(str(found), _choices(detail)),
            column=key,
            value=value,
        )
    if kind == "value_error":
        rule, _, fix = str(detail["ctx"]["error"]).partition("; ")
        whole = isinstance(found, (dict, list, tuple, BaseModel))
        return Problem(rule, fix[:1].upper() + fix[1:], column=key, value=None if whole else value)
    return Problem("not what this key holds", f"Write {meant}", column=key, value=value)


def _fields(model: type[BaseModel], place: list[str]) -> Mapping[str, Any]:
    """The fields among which the last key of `place` stands: the model's, or those of a model in a list; none among names."""
    if len(place) < 2:
        return model.model_fields
    inner = _inner(model, place[0])
    return inner.model_fields if inner else {}


def _inner(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    field = model.model_fields.get(key)
    kinds = get_args(field.annotation) if field else ()
    return next(
        (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None
    )


def _choices(detail: ErrorDetails) -> list[str]:
    """The words of a Literal, as pydantic lists them: "'calls', 'focus' or 'litellm'"."""
    return [word.strip(" '") for word in detail["ctx"]["expected"].replace(" or ", ",").split(",")]
