"""Exact columns: columns of a frame that keep amounts, days and None as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd


def exact_column(values: Iterable[Any], beside: pd.DataFrame | pd.Series) -> pd.Series:
    """The values as a column of objects, which pandas turns into neither floats nor NaN.

    Args:
        values: one for each row.
        beside: the frame, or a column of it, whose rows the values belong to.
    """
    return pd.Series(list(values), index=beside.index, dtype=object)
