"""What every test has: usage made by hand, params, and a check of what this machine can do."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings
from support import required
from support.lab import Visit, browser
from support.made_usage import SIX, usage_of
from support.properties import cases

from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.params.model import Params, make_params
from finops_nb.report.pdf import check_pdf
from finops_nb.usage.model import Usage

RULES = {"approval_limit": "1000", "materiality_amount": "50"}
"""The rules that the sample's params set; without them there are none."""

# A slow machine is no defect: properties have no deadline, and the same cases on every machine.
settings.register_profile("finops_nb", deadline=None, derandomize=True, max_examples=cases(60))
settings.load_profile("finops_nb")


def pytest_configure() -> None:
    """Signals as at a terminal: under `nohup`, or in a job in the background, some are ignored.

    What a parent ignores, its children ignore too, and tests send signals to children.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="module", name="visit")
def _visit() -> Iterator[Callable[..., Visit]]:
    """A browser, which opens a page of a width for each call."""
    with browser() as visit:
        yield visit


@pytest.fixture(scope="session", name="weasyprint")
def _weasyprint() -> None:
    """A machine that can make PDFs.

    Elsewhere the test is skipped, or fails if the environment requires PDFs.
    """
    try:
        check_pdf()
    except Refusal as refusal:
        required.without(str(refusal), required.PDF)


@pytest.fixture
def home(tmp_path) -> Home:
    """An empty home, with `params/` and `outputs/`, in the test's own folder."""
    home = Home(tmp_path)
    home.params.mkdir()
    home.outputs.mkdir()
    return home


@pytest.fixture
def six() -> Usage:
    return usage_of(SIX)


@pytest.fixture(scope="session", name="usage_of")
def _usage_of() -> Callable[..., Usage]:
    """`usage_of`, for tests with calls of their own."""
    return usage_of


@pytest.fixture(scope="session")
def params() -> Callable[..., Params]:
    """Params of December 2025 with the sample's rules, and the given keys changed."""

    def make(**keys) -> Params:
        return make_params({"period": "2025-12", "usage": "sample:"} | RULES | keys)

    return make
