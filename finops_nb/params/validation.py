"""Validation: values as typed models, and what is wrong with them as problems with key and line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from finops_nb.errors import BadValue, Problem, Refusal, did_you_mean, nearest
from finops_nb.params.yaml_file import Document, KeyPath, key_text
from finops_nb.params.yaml_slips import NO_SPACE, TIGHT_COLON

Model = TypeVar("Model", bound=BaseModel)

SHAPES: Final = {
    "list_type": "not a list",
    "tuple_type": "not a list",
    "dict_type": "not `key: value` pairs",
    "model_type": "not `key: value` pairs",
    "model_attributes_type": "not `key: value` pairs",
    "string_type": "not text",
}
"""What pydantic's errors say about a list, a mapping or text where another of them is due."""


VERY_NEAR: Final = 0.8
"""How similar a key must be to one of ours to be a slip: team is as near to timestamp as 0.62."""


class CheckedModel(BaseModel):
    """A model with rules on several of its keys together."""

    def further_problems(self) -> Iterable[Problem]:
        """What breaks these rules; each problem's `column` is its key."""
        return ()


def validated(model: type[Model], values: Mapping[str, Any]) -> Model:
    """`values` as a model.

    Args:
        model: what its keys are; a field's description completes "Write …" in messages,
            and its first example, as YAML, shows how.
        values: by key, as text, or as Python has them in a notebook.

    Raises:
        Refusal: all problems together; each one's `column` is the key, and the name below it after
            a dot.

    Example:
        validated(Params, {"period": "2025-12", "usage": "sample:"})
    """
    problems = list(_equal_names(values))
    try:
        result = model.model_validate(dict(values))
        if isinstance(result, CheckedModel):
            problems += result.further_problems()
    except ValidationError as error:
        problems += (_problem(detail, model) for detail in error.errors(include_url=False))
    if problems:
        raise Refusal(problems)
    return result


def validated_document(model: type[Model], document: Document, shown: str) -> Model:
    """A document as a model.

    Args:
        model: what its keys are.
        document: as it was read, with the problems found then.
        shown: the file's name in messages.

    Raises:
        Refusal: all problems of the file together, each with its line and key.
    """
    problems = list(document.problems)
    try:
        result = validated(model, document.data)
    except Refusal as refusal:
        problems += (placed(problem, document, shown) for problem in refusal.problems)
    if problems:
        raise Refusal(sorted(problems, key=lambda problem: problem.line or 0))
    return result


def placed(problem: Problem, document: Document, shown: str) -> Problem:
    """The problem with its file, and the line of its key, or of the nearest key around it.

    Args:
        problem: `column` is its key, such as organization_budgets.org-a. A list or a mapping in
            brackets is its value as it was written.
        document: the file as it was read.
        shown: the file's name in messages.
    """
    path = _nearest_path(f"{problem.column}", document)
    value, line = problem.value, document.lines[path] if path else None
    if value and value[0] in "[{" and path in document.spans and key_text(path) == problem.column:
        value = document.text[slice(*document.spans[path])]
    return replace(problem, file=shown, line=line, value=value)


def _nearest_path(column: str, document: Document) -> KeyPath:
    """The longest path of the document that a column begins with; () if there is none."""
    texts = {path: key_text(path) for path in document.lines}
    around = [
        path
        for path, text in texts.items()
        if column == text or column.startswith((f"{text}.", f"{text}, "))
    ]
    return max(around, key=lambda path: len(texts[path]), default=())


def _equal_names(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Names that differ only in their Unicode form, so that a reader can't tell them apart."""
    for key, names in values.items():
        if not isinstance(names, Mapping):
            continue
        first: dict[str, str] = {}
        for name in map(str, names):
            if first.setdefault(unicodedata.normalize("NFC", name), name) != name:
                rule, fix = "two names that look the same", "Keep one spelling"
                yield Problem(rule, fix, column=f"{key}.{name}")


def _problem(detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    """One error of pydantic in the words of a params file."""
    path = tuple(part for part in detail["loc"] if part != "[key]")
    place = [str(part) for part in path]
    column, kind, content = key_text(path) or None, detail["type"], detail["input"]
    fields = _fields(model, place)
    if kind == "extra_forbidden":
        return Problem("an unknown key", did_you_mean(place[-1], fields), column=column)
    if kind == "missing":
        return Problem("the key is missing", _addition(model, fields, place), column=column)
    if kind == "value_error":
        return _value_problem(detail, column)
    value = None if content in (None, "", (), [], {}) else _as_written(content)
    rule, fix = SHAPES.get(kind, "wrong kind of value"), f"Write {_meaning(model, fields, place)}"
    if "pairs" in rule and isinstance(content, str) and TIGHT_COLON.match(content):
        return Problem(*NO_SPACE, column=column, value=content)
    if kind == "literal_error" and detail["loc"][-1:] == ("[key]",):
        fix = _our_name(str(content), _choices(detail), _example(model, fields, place))
        return Problem("not one of our names", fix, column=column, value=value)
    if kind == "literal_error":
        rule, fix = "unknown value", did_you_mean(str(content), _choices(detail))
    elif kind in SHAPES and (example := _example(model, fields, place)):
        fix = f"Write {'it' if place[-1] in fields else place[0]} as {example}"
    return Problem(rule if value else "no value", fix, column=column, value=value)


def _our_name(key: str, ours: Sequence[str], example: str | None) -> str:
    """What to write instead of an unknown key, which may be a name from the source."""
    if near := nearest(key, ours, VERY_NEAR):
        return f'Did you mean "{near}"?'
    return f"Write our name first, then yours: {example}. Ours are {', '.join(ours)}"


def _value_problem(detail: ErrorDetails, column: str | None) -> Problem:
    """What a validator of params raised, at its key."""
    error, content = detail["ctx"]["error"], detail["input"]
    assert isinstance(error, BadValue), "the validators of params raise nothing else"
    is_key = detail["loc"][-1:] == ("[key]",)
    if content in (None, "") and not is_key:
        rule = "no value" if error.rule.startswith("not ") else error.rule
        return Problem(rule, error.fix, column=column)
    # Rules on several items together name them; the whole list would only hide the names.
    is_many = isinstance(content, (dict, list, tuple, BaseModel))
    value = None if is_many and error.rule != SHAPES["string_type"] else _as_written(content)
    return error.problem(column=column, value=value)


def _as_written(content: Any) -> str:
    """A value as a params file has it on one line.

    >>> _as_written({"org-a": ["1", "2"]})
    '{org-a: [1, 2]}'
    """
    if isinstance(content, Mapping):
        pairs = (f"{key}: {_as_written(value)}" for key, value in content.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(content, (list, tuple)):
        return f"[{', '.join(map(_as_written, content))}]"
    return "" if content is None else str(content)


def _addition(model: type[BaseModel], fields: Mapping[str, Any], place: Sequence[str]) -> str:
    """How to add a key that is missing."""
    example = _example(model, fields, place)
    if example:
        return f"Add it, such as {place[-1]}: {example}"
    return f"Add it: {_meaning(model, fields, place)}"


def _example(model: type[BaseModel], fields: Mapping[str, Any], place: Sequence[str]) -> str | None:
    """The example of the last key of `place`, or of the key around it; None if it has none."""
    if not place:
        return None
    field = fields.get(place[-1]) or model.model_fields.get(place[0])
    return field.examples[0] if field and field.examples else None


def _meaning(model: type[BaseModel], fields: Mapping[str, Any], place: Sequence[str]) -> str:
    """The description of the last key of `place`, or of the key around it."""
    if not place:
        return "one `key: value` per line"
    field = fields.get(place[-1]) or model.model_fields.get(place[0])
    return (field.description if field else None) or "another value"


def _fields(model: type[BaseModel], place: Sequence[str]) -> Mapping[str, Any]:
    """The fields that the last key of `place` may be: the model's, or those of a model inside it.

    There are none where the key is a name, such as an organization's.
    """
    if len(place) < 2:
        return model.model_fields
    inner = _inner(model, place[0])
    return inner.model_fields if inner else {}


def _inner(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of the items of a key."""
    field = model.model_fields.get(key)
    for kind in get_args(field.annotation) if field else ():
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _choices(detail: ErrorDetails) -> list[str]:
    """The words of a Literal, as pydantic lists them: "'calls', 'focus' or 'litellm'"."""
    words = detail["ctx"]["expected"].replace(" or ", ",").split(",")
    return [word.strip(" '") for word in words]
