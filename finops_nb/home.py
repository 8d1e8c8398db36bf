"""Where things are: the home folder of an analyst's params, notebooks and outputs, and the NAMEs in it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finops_nb.errors import Problem, Refusal, did_you_mean
from finops_nb.period import MONTH

VARIABLE: Final = "FINOPS_NB_HOME"
PACKAGE: Final = Path(__file__).resolve().parent
CHECKOUT: Final = PACKAGE.parent
LONGEST: Final = 200
"""Characters of a NAME; file systems take 255 of a file's name."""
WORDS: Final = ("last-month",)
"""What commands understand beside NAMEs."""
SEGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds `params/` and, mostly, `notebooks/` and `outputs/`."""

    root: Path

    @property
    def params(self) -> Path:
        return self.root / "params"

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def runs(self) -> Path:
        """Locks, revisions and records of runs."""
        return runs_of(self.outputs)

    @property
    def staging(self) -> Path:
        """Where runs work before they publish."""
        return self.outputs / ".staging"

    def params_file(self, name: str) -> Path:
        return self.params / f"{name}.yaml"

    def notebook(self, stem: str) -> Path:
        """The home's own notebook of that name, else the packaged one."""
        own = self.root / "notebooks" / f"{stem}.ipynb"
        return own if own.is_file() else packaged_notebooks() / f"{stem}.ipynb"

    def shown(self, path: Path) -> str:
        """`path` as a reader of an artefact may see it: relative to the home, or its bare name outside of it."""
        try:
            return path.absolute().relative_to(self.root).as_posix()
        except ValueError:
            return path.name

    def names(self) -> list[str]:
        """Every NAME that has a params file, sorted."""
        files = self.params.rglob("*.yaml")
        return sorted(file.relative_to(self.params).with_suffix("").as_posix() for file in files)

    def check_name(self, name: str) -> str:
        """`name` itself, if a params file can be run under it.

        Args:
            name: a params file's path under `params/`, without suffix. `params/2025-12.yaml` is understood too.

        Raises:
            Refusal: it leaves `params/`, has characters a folder should not have, or no such file exists.
        """
        plain = bare(name)
        if len(plain) > LONGEST or not all(SEGMENT.fullmatch(part) for part in plain.split("/")):
            raise Refusal(
                Problem(
                    f"a NAME is a params file's path under params/, of at most {LONGEST} letters, digits, dots, dashes and underscores",
                    "Move the file under params/ and call it by its path there without .yaml, such as 2025-12 or analysis/2025-Q4",
                    column="NAME",
                    value=name[:LONGEST],
                )
            )
        if not self.params_file(plain).is_file():
            known = [*self.names(), *WORDS]
            way = (
                did_you_mean(plain, known)
                if known != [*WORDS]
                else "finops-nb init FOLDER lays out a first one"
            )
            months = [each for each in known if MONTH.fullmatch(each)]
            if months and MONTH.fullmatch(plain):  # another month is not what was meant
                way = f"There are params of {len(months)} month{'s' * (len(months) > 1)}, {min(months)} to {max(months)}."
                way += (
                    f" `finops-nb new {plain}` writes those of this one"
                    if plain > min(months)
                    else ""
                )
            raise Refusal(
                Problem(
                    "there is no such params file", way.rstrip("."), file=f"params/{plain}.yaml"
                )
            )
        outer = next(
            (parent for parent in Path(plain).parents if self.params_file(str(parent)).is_file()),
            None,
        )
        if outer is not None or (self.params / plain).is_dir():
            raise Refusal(
                Problem(
                    f"outputs/{outer or plain} would hold both a report and other reports' folders",
                    "Rename the params file or the folder beside it, so that no NAME lies inside another",
                    file=f"params/{plain}.yaml",
                )
            )
        return plain


def runs_of(outputs: Path) -> Path:
    """The folder of locks, revisions and records of runs, in a folder of outputs."""
    return outputs / ".runs"


def mail_of(outputs: Path, name: str) -> Path:
    """The folder of the mail of a NAME, in a folder of outputs."""
    return outputs / ".mail" / name


def find_home(start: Path | None = None) -> Home:
    """The home for a command or a notebook started in `start`.

    `$FINOPS_NB_HOME` if set; else the nearest folder upward that holds `params/` and `notebooks/`; else, where the
    package is used from a checkout, that checkout.

    Args:
        start: the folder to start from; the working directory if None.

    Raises:
        Refusal: none of these is there.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not (Path(named) / "params").is_dir():
            raise Refusal(
                Problem(
                    "the folder has no params/",
                    "Name a folder that `finops-nb init FOLDER` laid out",
                    column=f"${VARIABLE}",
                    value=named,
                )
            )
        return Home(Path(named).resolve())
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:
        raise Refusal(
            Problem(
                "the folder that you are in was deleted", f"Go to a home, or name it in ${VARIABLE}"
            )
        ) from None
    for folder in (here, *here.parents, CHECKOUT):
        if (folder / "params").is_dir() and (folder / "notebooks").is_dir():
            return Home(folder)
    raise Refusal(
        Problem(
            "neither this folder nor one above it holds params/ and notebooks/",
            f"Lay out a home with `finops-nb init FOLDER` and work inside it, or name it in ${VARIABLE}",
        )
    )


def packaged_notebooks() -> Path:
    """The folder of the notebooks that came with the package; in a checkout, the checkout's."""
    inside = PACKAGE / "notebooks"
    return inside if inside.is_dir() else CHECKOUT / "notebooks"


def bare(name: str) -> str:
    """A NAME as it is meant, where its file was named: `params/2025-12.yaml` is `2025-12`."""
    return name.removeprefix("./").removesuffix(".yaml").removeprefix("params/")
