"""Scaffold: a home laid out for a repository of one's own, and the params of the next month."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal
from finops_nb.home import CHECKOUT, PACKAGE, Home, packaged_notebooks
from finops_nb.params.model import load_params
from finops_nb.params.yaml_file import Document, read_document
from finops_nb.period import MONTH

STARTER: Final = PACKAGE / "commands" / "starter"
OF_ITS_MONTH: Final = ("approvals", "notes", "as_of")
"""Keys that say something of one month; the next one does not take them over."""
BUDGETS: Final = ("organization_budgets", "product_budgets")
DROPPED: Final = ("budget_versions",)
"""Keys whose history is the old month's; what is in force stands under the budgets and goes on."""
IGNORED: Final = """\
# Not for a repository: addresses and mails, kernels at work, locks.
/.mail/
/.staging/
/.runs/.*.lock
"""
CARRIED: Final = "# carried over from"


def lay_out(folder: Path) -> list[str]:
    """Lay out a home that runs: params of a month, its ten-row CSV, the notebooks, an outputs/ of which git sees no addresses.

    Returns:
        What was made and what to do next, as lines.

    Raises:
        Refusal: something of it is there already; nothing is written then.
    """
    files = {Path("params") / "README.md": CHECKOUT / "params" / "README.md"}
    # In a wheel, the params' README stands in the starter itself.
    files |= {
        path.relative_to(STARTER): path for path in sorted(STARTER.rglob("*")) if path.is_file()
    }
    files |= {
        Path("notebooks") / path.name: path
        for path in sorted(packaged_notebooks().iterdir())
        if path.suffix in (".ipynb", ".md")
    }
    there = [name for name in files if (folder / name).exists()]
    if there or (folder.exists() and not folder.is_dir()):
        raise Refusal(
            [
                Problem(
                    "is there already",
                    "Choose another folder, or move it away",
                    file=str(folder / name),
                )
                for name in there
            ]
            or Problem("is not a folder", "Choose another name", file=str(folder))
        )
    try:
        for name, source in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
        (folder / "outputs").mkdir(exist_ok=True)
        if not (ignored := folder / "outputs" / ".gitignore").exists():
            ignored.write_text(IGNORED, encoding="utf-8")
    except OSError as error:
        raise Refusal(
            Problem(
                f"cannot be written: {error.strerror}",
                "Choose a folder you may write to",
                file=str(folder),
            )
        ) from error
    month = next(
        name.stem for name in files if name.parts[0] == "params" and name.suffix == ".yaml"
    )
    return [*(str(folder / name) for name in files), f"Next: cd {folder} && finops-nb run {month}"]


def new_month(home: Home, month: str) -> Path:
    """Write `params/MONTH.yaml` from the newest official month before it, comments and all.

    The period is rolled, in `usage` too; budgets are marked as carried over; approvals, notes and `as_of` of the old
    month stay as comments.

    Returns:
        The new file.

    Raises:
        Refusal: `month` is none, has a file already, or there is no month to start from.
    """
    target = home.params_file(month)
    if not MONTH.fullmatch(month):
        raise Refusal(Problem("not a month", "Write it as 2026-01", column="YYYY-MM", value=month))
    if target.exists():
        raise Refusal(
            Problem("is there already", "Edit it, or remove it first", file=home.shown(target))
        )
    earlier = [name for name in reversed(home.names()) if MONTH.fullmatch(name) and name < month]
    last = next((name for name in earlier if load_params(home, name).period == name), None)
    if last is None:
        raise Refusal(
            Problem(
                f"there is no month before {month} to start from",
                "Write the file; params/README.md explains every key",
                file=home.shown(target),
            )
        )
    text = _rolled(
        read_document(home.params_file(last), home.shown(home.params_file(last))), last, month
    )
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
        if load_params(home, month).period != month:
            raise Refusal(
                Problem(
                    "the period has no line of its own",
                    "Write each key on its own line",
                    file=f"params/{last}.yaml",
                )
            )
    except (OSError, Refusal) as error:
        target.unlink(missing_ok=True)
        raise Refusal(
            Problem(
                f"could not be written: {error}", "Mend it and try again", file=home.shown(target)
            )
        ) from error
    return target


def _rolled(document: Document, last: str, month: str) -> str:
    """The text of the next month's file: its own lines, rolled, marked or commented out by the key they belong to."""
    starts = {line: path[0] for path, line in document.lines.items() if len(path) == 1}
    lines, key = [], ""
    for number, line in enumerate(document.text.splitlines(), start=1):
        key = starts.get(number, key)
        if line.startswith(CARRIED) or (
            key in DROPPED and (number in starts or line.startswith((" ", "-")))
        ):
            continue
        if key in BUDGETS and number in starts:
            lines.append(f"{CARRIED} {last}: confirm or change")
        spoken = line.strip() and not line.lstrip().startswith("#")
        if spoken and key in OF_ITS_MONTH:
            lines.append(f"# {last}: {line}")
        else:
            lines.append(
                line.replace(last, month) if spoken and key in ("period", "usage") else line
            )
    return "\n".join(lines) + "\n"
