"""What a test needs of the machine."""

from __future__ import annotations

import os
from typing import Final, NoReturn

import pytest

BROWSER: Final = "FINOPS_NB_BROWSER"
PDF: Final = "FINOPS_NB_PDF"
"""Variables of the environment that are `required` where a test must not be skipped."""


def without(reason: str, variable: str) -> NoReturn:
    """Skip the test and print why; or fail it, where the environment says that what is missing is required."""
    if os.environ.get(variable) == "required":
        pytest.fail(reason)
    pytest.skip(reason)
