"""Nothing is written or removed through a symbolic link in outputs/."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal
from finops_nb.home import runs_of
from finops_nb.outputs.other_account import refuse_other_account

RULE: Final = "a symbolic link; nothing is written or removed through it"


def refuse_links(outputs: Path, path: Path) -> None:
    """See that no part of a path in the folder of outputs is a symbolic link.

    That folder itself may be one if reports were published in the folder it leads to, or somebody
    agreed to it by a `.runs` there: a link alone may have come with files of someone else.

    Args:
        outputs: the folder of outputs.
        path: in it, or the folder itself; need not exist.

    Raises:
        Refusal: it has a link.
        Failure: it is in a folder that another account alone may enter.
    """
    runs = runs_of(outputs)
    if outputs.is_symlink() and (runs.is_symlink() or not runs.is_dir()):
        fix = (
            "Put a folder in its place; or, to publish in the folder that it leads to, "
            f"agree once with mkdir {outputs.name}/{runs.name}"
        )
        raise Refusal(Problem(RULE, fix, outputs.name))
    place = outputs
    for part in path.relative_to(outputs).parts:
        place = place / part
        if _is_link(place, runs):
            shown = f"{outputs.name}/{place.relative_to(outputs).as_posix()}"
            raise Refusal(Problem(RULE, "Remove the link, then run again", shown))


def _is_link(place: Path, runs: Path) -> bool:
    try:
        return place.is_symlink()
    except PermissionError:
        refuse_other_account(runs)
        raise


def remove_folder(folder: Path, outputs: Path, ignore_errors: bool = False) -> None:
    """Remove a folder in the folder of outputs and all that is in it; links are not followed.

    Args:
        folder: in `outputs`.
        outputs: the folder of outputs.
        ignore_errors: what can't be removed stays, without an error.

    Raises:
        Refusal: a link leads there.
        OSError: it can't be removed.
    """
    refuse_links(outputs, folder)
    shutil.rmtree(folder, ignore_errors=ignore_errors)
