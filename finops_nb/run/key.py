"""The key of a run: equal where everything that a report is made of is equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from finops_nb import __version__
from finops_nb.params.budgets import Budgets
from finops_nb.outputs.manifest import Kind
from finops_nb.home import PACKAGE
from finops_nb.params.model import Params
from finops_nb.outputs.months import PublishedMonth

Fingerprint = tuple[tuple[str, str], ...]
"""Name, as a reader may see it, and SHA-256 of each input file."""

NOT_CODE: Final = ("sample", "notebooks", "__pycache__")
"""Folders of the package that are inputs, with their own place in the key, or made by Python."""


def run_key(
    name: str, kind: Kind, params: Params, budgets: Budgets, months: Iterable[PublishedMonth], inputs: Fingerprint, notebook: bytes
) -> str:
    """64 hexadecimal digits for what goes into a report.

    Args:
        name: its NAME.
        kind: its kind.
        params: all of them.
        budgets: what they are, wherever they come from.
        months: the months before, as they were published; only their figures count, not what made them.
        inputs: the files of usage.
        notebook: the notebook's file.
    """
    parts = {
        "name": name,
        "kind": str(kind),
        "params": params.as_parameters(),
        "budgets": budgets.as_record(),
        "inputs": sorted(inputs),
        "version": __version__,
    }
    return _digest(parts | origin_of(notebook, months))


def origin_of(notebook: bytes, months: Iterable[PublishedMonth]) -> dict[str, Any]:
    """What goes into a report beside params, budgets and usage: `notebook` and `code`, and `months` by name, each as SHA-256.

    Args:
        notebook: its file.
        months: the months before, as they were published.
    """
    sha256 = hashlib.sha256(notebook).hexdigest()
    return {"notebook": sha256, "code": code_digest(), "months": {month.name: _digest(month.as_record()) for month in months}}


@cache
def code_digest() -> str:
    """Of the package's own files: in a checkout the code moves while its version stands still."""
    digest = hashlib.sha256()
    for file in sorted(_code(PACKAGE)):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def _code(folder: Path) -> Iterable[Path]:
    return (
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part in NOT_CODE or part.startswith(".") for part in file.relative_to(folder).parts)
    )
