"""Files that people write are read only if they are files, and no further than they may be."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from support.usage_files import call, write_calls

from finops_nb.errors import Refusal
from finops_nb.params.budgets import read_budgets
from finops_nb.params.csv_file import read_text
from finops_nb.params.drivers import read_drivers
from finops_nb.params.model import make_params
from finops_nb.params.organizations import FORM, read_mapping
from finops_nb.params.params_file import load_params
from finops_nb.params.text_file import read_bytes
from finops_nb.params.yaml_file import read_document


@pytest.fixture(params=["zero", "full", "pipe", "link to zero", "folder", "socket"])
def special(request, tmp_path) -> Path:
    """What is no file: a device, a pipe that nobody writes to, a link to one, a folder."""
    kind = request.param
    if kind in ("zero", "full"):
        return Path(f"/dev/{kind}")
    path = tmp_path / "special.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to zero":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    return path


def test_what_is_no_file_is_refused_and_not_waited_for(special):
    """/dev/zero has no end, and nobody may ever write to a pipe."""
    for read in (
        lambda: read_bytes(special, "x", 10, "Shorten it"),
        lambda: read_text(special, "x", FORM),
        lambda: read_document(special, "x"),
    ):
        with pytest.raises(Refusal, match=r"^x: cannot be read: .*\. Check the path"):
            read()


def test_each_file_that_the_params_name_is_guarded(home, special):
    """Mapping, budgets and drivers are read by one reader, as the params and scenarios are."""
    keys = {"period": "2025-12", "usage": str(write_calls(home.root / "u.csv", call()))}
    with pytest.raises(Refusal, match="cannot be read"):
        read_mapping(make_params(keys | {"mapping": str(special)}), home)
    with pytest.raises(Refusal, match="cannot be read"):
        read_budgets(make_params(keys | {"budgets": str(special)}), home)
    with pytest.raises(Refusal, match="cannot be read"):
        read_drivers(make_params(keys | {"drivers": str(special)}), home)


@pytest.mark.parametrize("name", ["2025-12", "scenarios/s"])
def test_a_params_file_or_scenario_that_is_none_is_refused(home, name, special):
    (home.params / "scenarios").mkdir()
    (home.params / f"{name}.yaml").symlink_to(special)
    with pytest.raises(Refusal):
        load_params(home, name)


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(tmp_path):
    """The message has the whole size, of which only 11 bytes were read."""
    file = tmp_path / "f"
    file.write_bytes(b"x" * 10)
    assert read_bytes(file, "f", 10, "Shorten it") == b"x" * 10
    file.write_bytes(b"x" * 12_345)
    with pytest.raises(Refusal, match=r"^f: too large: 12,345 bytes\. Shorten it\."):
        read_bytes(file, "f", 10, "Shorten it")
