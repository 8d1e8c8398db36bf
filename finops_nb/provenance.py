"""Provenance: from which inputs, parameters and versions the figures were made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any, Final

from finops_nb.budgets import Budgets
from finops_nb.edition import Edition
from finops_nb.params import Params
from finops_nb.usage.model import Usage

LIBRARIES: Final = ("finops-nb", "duckdb", "pandas", "matplotlib", "papermill", "nbconvert")


def provenance(usage: Usage, budgets: Budgets, params: Params, edition: Edition) -> dict[str, Any]:
    """What to repeat the report from, as JSON.

    Returns:
        `{key, generated, inputs: [{name, sha256, rows}], rows_read, params, budgets, versions}`; no local path, no user.
    """
    return {
        "key": edition.key,
        "generated": edition.generated,
        "inputs": [{"name": file.name, "sha256": file.sha256, "rows": file.rows} for file in usage.inputs],
        "rows_read": usage.rows_read,
        "budgets": budgets.as_record(),
        "params": params.shared_parameters(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
    }
