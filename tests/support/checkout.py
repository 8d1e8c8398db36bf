"""The folder of the checkout that the tests belong to, and that of their helpers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parent.parent.parent
SUPPORT: Final = Path(__file__).parent
