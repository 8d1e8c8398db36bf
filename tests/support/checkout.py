"""Where the checkout is that the tests are of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parent.parent.parent
SUPPORT: Final = Path(__file__).parent
