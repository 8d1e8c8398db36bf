"""Doctor: whether this machine and this home can make a report, checked before one is due."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from finops_nb import __version__
from finops_nb.errors import FinopsError, Refusal
from finops_nb.home import Home, packaged_notebooks
from finops_nb.notebook.process_limits import possible_limit
from finops_nb.report.format import count
from finops_nb.run.failures import failure_text
from finops_nb.temporary_folders import temporary_folder
from finops_nb.words import listing

MARKS: Final = {True: "ok", None: "note", False: "BAD"}
OLDEST_PYTHON: Final = (3, 11)
FREE_BYTES: Final = 200_000_000
"""What the disk should have free: a year of reports with their PDFs, and the one being made."""
SAMPLES: Final = {"Chinese": "部", "Arabic": "ع", "Hebrew": "ש", "emoji": "🚀"}
"""A character of each script that a chart's font may lack."""
FONT_PACKAGES: Final = ("fonts-noto-core", "fonts-noto-cjk", "fonts-noto-color-emoji")


class Diagnosis(NamedTuple):
    """The result of one test.

    Args:
        ok: True; None where a report can be made but lacks something; False where none can be made.
        text: what was found, and how to fix it where it is not ok.

    Example:
        `str(Diagnosis(False, "0 MB free"))` is `"BAD  0 MB free"`.
    """

    ok: bool | None
    text: str

    def __str__(self) -> str:
        return f"{MARKS[self.ok]:5}{self.text}"


def doctor(home: Home) -> Iterator[Diagnosis]:
    """Test versions, the kernel, PDFs, fonts, folders, the disk and notebooks, in that order."""
    yield from versions()
    yield _kernel()
    yield _pdf()
    yield _fonts()
    yield from _folders(home)
    yield from notebooks(home)


def versions(required: Sequence[str] | None = None) -> Iterator[Diagnosis]:
    """Python and each package against the lowest version that finops_nb works with.

    Args:
        required: such as "pandas>=2.2"; if None, what the installed finops_nb requires.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    oldest = ".".join(map(str, OLDEST_PYTHON))
    text = f"Python {python} (needs {oldest} or later)"
    yield Diagnosis(sys.version_info >= OLDEST_PYTHON, text)

    if required is None:
        required = metadata.requires("finops-nb") or []
    faults = [fault for text in required if (fault := _package_fault(Requirement(text)))]
    if not faults:
        yield Diagnosis(True, f"finops_nb {__version__} and its packages")
    for fault in faults:
        fix = f'pip install --upgrade "finops-nb=={__version__}" fixes it'
        yield Diagnosis(False, f"{fault}: {fix}")


def notebooks(home: Home) -> Iterator[Diagnosis]:
    """For each packaged notebook: whether the home has its own copy, and which one is newer."""
    for packaged in sorted(packaged_notebooks().glob("*.ipynb")):
        yield _notebook(packaged, home.root / "notebooks" / packaged.name, home)


def _package_fault(requirement: Requirement) -> str:
    """What is wrong with an installed package; empty where it is fine, or not needed here."""
    if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
        return ""
    name, specifier = requirement.name, requirement.specifier
    try:
        version = metadata.version(name)
        if specifier.contains(Version(version), prereleases=True):
            return ""
    except metadata.PackageNotFoundError:
        return f"{name} is not installed"
    except InvalidVersion:
        return f"{name} has a version that can't be read"
    return f"{name} is {version}, needs {specifier}"


def _kernel() -> Diagnosis:
    import nbformat

    from finops_nb.notebook.execute import execute
    from finops_nb.notebook.kernel import running_kernel

    cell = nbformat.v4.new_code_cell("6 * 7")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    try:
        with temporary_folder() as folder, running_kernel(folder, {}) as kernel:
            done = execute(notebook, {}, kernel)
        result = done.stopped or done.notebook.cells[-1].outputs[0].data["text/plain"]
    except FinopsError as error:
        return Diagnosis(False, f"no notebook kernel works here: {error}")
    except (OSError, RuntimeError, LookupError, AttributeError) as error:
        result = f"{type(error).__name__}: {error}"
    if result == "42":
        return Diagnosis(True, "a notebook kernel starts and computes")
    limit = possible_limit(result)
    return Diagnosis(False, f"no notebook kernel works here: {result} {limit}".rstrip())


def _pdf() -> Diagnosis:
    from finops_nb.report.pdf import check_pdf

    try:
        check_pdf()
    except Refusal as refusal:
        return Diagnosis(None, str(refusal))
    return Diagnosis(True, "PDFs can be made")


def _fonts() -> Diagnosis:
    from finops_nb.report.theme import undrawable

    missing = [script for script, character in SAMPLES.items() if undrawable(character)]
    if not missing:
        return Diagnosis(True, f"fonts cover {listing(SAMPLES)}")
    return Diagnosis(
        None,
        f"no installed font covers {listing(missing)}; "
        "charts in emails show numbers in place of such names. "
        f"On Debian or Ubuntu, install {listing(FONT_PACKAGES)}",
    )


def _folders(home: Home) -> Iterator[Diagnosis]:
    """Whether outputs/ can take a report, and the disk has room for it."""
    folders = (home.outputs, home.runs, home.staging)
    files = [path for path in folders if path.exists() and not path.is_dir()]
    for path in files:
        yield Diagnosis(False, f"{home.shown(path)} is not a folder. Move it away, then run again.")
    if files:
        return
    if fault := _publishing_fault(home):
        yield Diagnosis(False, fault)
        return
    yield Diagnosis(True, f"{home.outputs.name}/ can be written, each report in one step")
    yield _disk(home)


def _publishing_fault(home: Home) -> str:
    """Why no report can be published to outputs/; empty where one can."""
    from finops_nb.outputs.links import refuse_links
    from finops_nb.outputs.publish import probe

    try:
        for used in (home.runs, home.staging):
            refuse_links(home.outputs, used)
        home.outputs.mkdir(exist_ok=True)
        with temporary_folder(str(home.outputs)) as folder:
            probe(folder, home.outputs / ".doctor")
    except FinopsError as error:
        return str(error)
    except OSError as error:
        return failure_text(error, home)
    return ""


def _disk(home: Home) -> Diagnosis:
    free = shutil.disk_usage(home.outputs).free
    text = f"{count(free // 10**6)} MB free on the disk"
    if free >= FREE_BYTES:
        return Diagnosis(True, text)
    return Diagnosis(False, f"{text}; free up at least {count(FREE_BYTES // 10**6)} MB")


def _notebook(packaged: Path, own: Path, home: Home) -> Diagnosis:
    """Which notebook runs: the packaged one, or the home's own copy of it.

    Args:
        packaged: the packaged notebook.
        own: where the home's own copy would be.
        home: the home.
    """
    name = packaged.name
    if not own.is_file() or own.samefile(packaged):
        return Diagnosis(True, f"{name}: the packaged notebook is used")
    if fault := _notebook_fault(own, home):
        return Diagnosis(False, fault)
    if own.read_bytes() == packaged.read_bytes():
        return Diagnosis(True, f"{name}: your copy is used; it is the same as the packaged one")
    if _version(own) < _version(packaged):
        return Diagnosis(
            None,
            f"{name}: your copy is used; the packaged one is newer "
            f"(finops_nb {_version(packaged)}). Compare them, or remove yours",
        )
    return Diagnosis(True, f"{name}: your edited copy is used")


def _notebook_fault(notebook: Path, home: Home) -> str:
    """Why a notebook can't be run; empty where it can."""
    from finops_nb.notebook.preflight import read_notebook

    try:
        read_notebook(notebook.read_bytes(), home.shown(notebook))
    except FinopsError as error:
        return str(error)
    return ""


def _version(notebook: Path) -> Version:
    """The version of finops_nb that a notebook came with; 0 where it does not say."""
    try:
        return Version(json.loads(notebook.read_bytes())["metadata"]["finops_nb"]["version"])
    except (ValueError, LookupError, TypeError):
        return Version("0")
