"""The kit's own notebooks are clean, short and safe to start from."""

from __future__ import annotations

import pytest
from support.checkout import CHECKOUT
from support.notebook_hygiene import CODE_LINES, LINE_LENGTH, problems_of

from finops_nb import api
from finops_nb.params.model import PARAMETERS

NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_every_notebook_is_clean(file):
    """It has no output, at most 3 lines in a code cell, and at most 100 characters in a line."""
    assert (CODE_LINES, LINE_LENGTH) == (3, 100)
    assert problems_of(file.read_bytes(), file.name) == []


def test_the_api_shadows_no_parameter():
    """`from finops_nb.api import *` runs below the parameters and must not overwrite one."""
    assert set(api.__all__) & set(PARAMETERS) == set()
