"""Doctor: whether this machine and this home can make a report, before a run is due."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from finops_nb import __version__
from finops_nb.errors import FinopsError, Refusal
from finops_nb.home import Home, packaged_notebooks
from finops_nb.report.format import count
from finops_nb.run.failures import failure_text

ROOM: Final = 200_000_000
"""Bytes that the disk should have free: a year of reports with their PDFs, and the one that is being made."""
SAMPLES: Final = {"Chinese": "部", "Arabic": "ع", "Hebrew": "ש", "emoji": "🚀"}
"""A letter that a chart's font may lack, by what it is a letter of."""


class Diagnosis(NamedTuple):
    """One thing that was looked at.

    Args:
        well: True; None where a report can be made, and somebody may miss something; False where none can.
        text: what is so, and the way out where it is not well.
    """

    well: bool | None
    text: str

    def __str__(self) -> str:
        return f"{ {True: 'ok', None: 'note', False: 'BAD'}[self.well]:5}{self.text}"


def doctor(home: Home) -> Iterator[Diagnosis]:
    """What was found, one thing after the other: versions, kernel, PDF, fonts, folders, disk, notebooks."""
    yield from versions()
    yield _kernel()
    yield _pdf()
    yield from _fonts()
    yield from _folders(home)
    yield from notebooks(home)


def versions(required: list[str] | None = None) -> Iterator[Diagnosis]:
    """Python and each package against the lowest version that finops_nb works with.

    Args:
        required: requirements as packages write them; those of the installed finops_nb if None.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield Diagnosis(sys.version_info >= (3, 11), f"Python {python} (needs 3.11)")
    below = []
    wanted = [
        Requirement(text)
        for text in (metadata.requires("finops-nb") or [] if required is None else required)
    ]
    for each in wanted:
        if each.marker and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(each.name)
            if not each.specifier.contains(Version(found), prereleases=True):
                below.append(f"{each.name} is {found}, and {each.specifier} is needed")
        except metadata.PackageNotFoundError:
            below.append(f"{each.name} is not installed")
        except InvalidVersion:
            below.append(f"{each.name} has no version that can be read")
    if below:
        yield from (
            Diagnosis(False, f'{text}: pip install --upgrade "finops-nb=={__version__}" brings it')
            for text in below
        )
    else:
        yield Diagnosis(True, f"finops_nb {__version__} and the packages it needs")


def _kernel() -> Diagnosis:
    import nbformat

    from finops_nb.notebook.execute import execute
    from finops_nb.notebook.kernel import running_kernel

    try:
        with tempfile.TemporaryDirectory() as folder, running_kernel(Path(folder), {}) as kernel:
            done = execute(
                nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")]), {}, kernel
            )
        said = done.stopped or done.notebook.cells[-1].outputs[0].data["text/plain"]
    except (OSError, RuntimeError, LookupError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}"
    return Diagnosis(
        said == "42",
        "a kernel starts and computes" if said == "42" else f"no kernel computes here: {said}",
    )


def _pdf() -> Diagnosis:
    from finops_nb.report.pdf import check_pdf

    try:
        check_pdf()
    except Refusal as refusal:
        return Diagnosis(None, f"no PDF can be made: {refusal.problems[0].fix}.")
    return Diagnosis(True, "PDFs can be made")


def _fonts() -> Iterator[Diagnosis]:
    from finops_nb.report.theme import undrawable

    missing = [name for name, letter in SAMPLES.items() if undrawable(letter)]
    if missing:
        way = "on Debian or Ubuntu, fonts-noto-core, fonts-noto-cjk and fonts-noto-color-emoji have them"
        yield Diagnosis(
            None,
            f"no font of this machine draws {', '.join(missing)}; in a mail's pictures such names are numbered: {way}",
        )
    else:
        yield Diagnosis(True, f"fonts for {', '.join(SAMPLES)}")


def _folders(home: Home) -> Iterator[Diagnosis]:
    from finops_nb.outputs.publish import probe

    places = [home.outputs, *(home.runs, home.staging)]
    if in_the_way := [place for place in places if place.exists() and not place.is_dir()]:
        yield from (
            Diagnosis(False, f"{home.shown(place)} is no folder. Move it away.")
            for place in in_the_way
        )
        return
    try:
        home.outputs.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.outputs, prefix=".doctor-") as folder:
            probe(Path(folder), home.outputs / ".doctor")
        yield Diagnosis(True, f"{home.outputs.name}/ takes a report in one step")
    except (FinopsError, OSError) as error:
        yield Diagnosis(
            False, failure_text(error, home) if isinstance(error, OSError) else str(error)
        )
        return
    free = shutil.disk_usage(home.outputs).free
    yield Diagnosis(
        free >= ROOM,
        f"{count(free // 10**6)} MB free"
        + ("" if free >= ROOM else f"; make room for {count(ROOM // 10**6)} MB"),
    )


def notebooks(home: Home) -> Iterator[Diagnosis]:
    """The home's own notebooks beside the packaged ones: which of them run, and whether a newer one came with the package."""
    own = home.root / "notebooks"
    for packaged in sorted(packaged_notebooks().glob("*.ipynb")):
        mine = own / packaged.name
        if not mine.is_file() or mine.samefile(packaged):
            yield Diagnosis(True, f"{packaged.name}: the packaged one runs")
        elif fault := _unreadable(mine, home):
            yield Diagnosis(False, fault)
        elif mine.read_bytes() == packaged.read_bytes():
            yield Diagnosis(True, f"{packaged.name}: the home's own runs; it is as packaged")
        elif _version(mine) < _version(packaged):
            way = "compare the two, or remove yours to run the packaged one"
            yield Diagnosis(
                None,
                f"{packaged.name}: the home's own runs; the packaged one is newer, of finops_nb {_version(packaged)}: {way}",
            )
        else:
            yield Diagnosis(True, f"{packaged.name}: the home's own runs; it was edited")


def _unreadable(notebook: Path, home: Home) -> str:
    """Why a notebook can't be run; empty where it can."""
    from finops_nb.notebook.preflight import read_notebook

    try:
        read_notebook(notebook.read_bytes(), home.shown(notebook))
    except FinopsError as error:
        return str(error)
    return ""


def _version(notebook: Path) -> Version:
    """Of the finops_nb that a notebook came with; the lowest there is where it does not say."""
    try:
        return Version(json.loads(notebook.read_bytes())["metadata"]["finops_nb"]["version"])
    except (ValueError, LookupError, TypeError):
        return Version("0")
