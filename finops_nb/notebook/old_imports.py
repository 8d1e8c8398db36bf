"""The import that notebooks of earlier versions have, and what to write instead of it.

It imports nothing of the kit, so that the runner can ask before it loads a notebook, and
`finops_nb.workbench` can say the same where the notebook is run by hand.
"""

from __future__ import annotations

import re
from typing import Final

INSTEAD: Final = (
    "This notebook imports finops_nb.workbench, which will be removed: import finops_nb.api "
    "and write its calls as in the notebooks that `finops-nb init` creates."
)
# In the file, a line may follow an escaped line end: \\nfrom finops_nb.workbench import *
OLD_IMPORT: Final = re.compile(
    rb"(?:\b|\\n)"
    rb"(?:from finops_nb\.workbench import\b"
    rb"|import finops_nb\.workbench\b"
    rb"|from finops_nb import workbench\b)"
)


def imports_workbench(notebook: bytes) -> bool:
    """Whether a notebook's file imports the module of earlier versions.

    Example:
        from finops_nb.workbench import *
    """
    return OLD_IMPORT.search(notebook) is not None
