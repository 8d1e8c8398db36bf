"""Tests that need a tool: skipped without it, or failing where it is required."""

from __future__ import annotations

import os
from typing import Final, NoReturn

import pytest

BROWSER: Final = "FINOPS_NB_BROWSER"
PDF: Final = "FINOPS_NB_PDF"
"""Environment variables; the value `required` means that a test must not be skipped."""


def without(reason: str, variable: str) -> NoReturn:
    """Skip the test and print why, or fail it where the environment requires the tool."""
    if os.environ.get(variable) == "required":
        pytest.fail(reason)
    pytest.skip(reason)
