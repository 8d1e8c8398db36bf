"""The kind of a copy of the report (official, analysis, scenario or draft), and where it writes.

Only the runner makes anything but a draft: it writes `manifest.json` into its staging folder and
names that folder in the environment of the kernel.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from finops_nb.period import MONTH

VARIABLE: Final = "FINOPS_NB_STAGING"
FILE: Final = "manifest.json"


class Kind(StrEnum):
    OFFICIAL = "official"
    ANALYSIS = "analysis"
    SCENARIO = "scenario"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One copy of the report.

    Args:
        kind: only an official one has a ledger; all others are stamped.
        name: the NAME of its params file; empty in a draft.
        key: hash of inputs, params, notebook and code; empty in a draft.
        generated: when this key was first run, as ISO 8601 text in UTC; empty in a draft.
        staging: where `results.write_results` writes; None in a draft.
        revision: the revision number of an official month, from 1; 0 for every other kind.
        reason: why a revision was made, if a reason was given.
        origin: what it is made from besides usage, params and budgets; from `job.origin_of`.
    """

    kind: Kind = Kind.DRAFT
    name: str = ""
    key: str = ""
    generated: str = ""
    staging: Path | None = None
    revision: int = 0
    reason: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write `manifest.json` for a kernel whose environment names `folder`."""
        record = {name: value for name, value in asdict(self).items() if name != "staging"}
        (folder / FILE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def kind_of(name: str, period: str) -> Kind:
    """The kind of report that the runner makes from the params file `name`.

    >>> kind_of("2025-12", "2025-12"), kind_of("2025-12", "2025-11")
    (<Kind.OFFICIAL: 'official'>, <Kind.ANALYSIS: 'analysis'>)
    >>> kind_of("scenarios/x", "2025-12")
    <Kind.SCENARIO: 'scenario'>
    """
    if name.startswith("scenarios/"):
        return Kind.SCENARIO
    return Kind.OFFICIAL if name == period and MONTH.fullmatch(name) else Kind.ANALYSIS


def current_manifest() -> Manifest:
    """The manifest of the run in whose kernel this is called; elsewhere that of a draft."""
    named = os.environ.get(VARIABLE)
    if not named:
        return Manifest()
    folder = Path(named)
    record = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return Manifest(**record | {"kind": Kind(record["kind"]), "staging": folder})
