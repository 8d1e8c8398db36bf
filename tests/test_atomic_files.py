"""Files that are complete or absent, and that nobody else may read where that matters."""

from __future__ import annotations

import os
import stat

import pytest

from finops_nb.atomic_files import make_private, private_folder, replace_file, write_file


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o027], ids=oct)
def umask(request):
    """What the user's umask takes away."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_private_folder_is_for_its_owner_alone(tmp_path, umask):
    """So are the folders between it and the outer one, which is made as the umask has it."""
    outer = tmp_path / "outputs"
    private_folder(outer / ".mail" / "scenarios" / "more", outer)
    folders = [outer, outer / ".mail", outer / ".mail/scenarios", outer / ".mail/scenarios/more"]
    assert [mode(folder) for folder in folders] == [0o777 & ~umask, 0o700, 0o700, 0o700]


def test_a_folder_of_an_earlier_version_is_closed(tmp_path):
    """Its owner's rights stay."""
    (tmp_path / ".runs").mkdir()
    (tmp_path / ".runs").chmod(0o775)
    private_folder(tmp_path / ".runs", tmp_path)
    assert mode(tmp_path / ".runs") == 0o700


def test_a_folder_that_a_link_points_to_is_left_alone(tmp_path):
    """It may be somebody's shared folder."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / ".runs").symlink_to(shared)
    private_folder(tmp_path / "outputs" / ".runs", tmp_path / "outputs")
    assert mode(shared) == 0o755


def test_a_new_file_is_as_the_umask_has_it(tmp_path, umask):
    """A published file and a params file are for whom the user admits; a private one is not."""
    write_file(tmp_path / "page.html", b"x")
    replace_file(tmp_path / "params.yaml", b"x", lambda draft: None)
    replace_file(tmp_path / "message.eml", b"x", lambda draft: None, private=True)
    assert mode(tmp_path / "page.html") == mode(tmp_path / "params.yaml") == 0o666 & ~umask
    assert mode(tmp_path / "message.eml") == 0o600


@pytest.mark.parametrize("before", [0o600, 0o640, 0o664, 0o444])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, before):
    """A params file that its owner closed stays closed; its draft was never wider than it."""
    file = tmp_path / "2025-12.yaml"
    file.write_bytes(b"old")
    file.chmod(before)
    drafts = []
    replace_file(file, b"new", lambda draft: drafts.append(mode(draft)))
    assert (file.read_bytes(), mode(file), drafts) == (b"new", before, [0o600])


def test_a_private_file_closes_one_that_was_open(tmp_path):
    """A mail of an earlier version is closed when it is written again."""
    file = tmp_path / "message.eml"
    file.write_bytes(b"old")
    file.chmod(0o644)
    replace_file(file, b"new", lambda draft: None, private=True)
    assert mode(file) == 0o600


def test_an_open_file_is_closed_to_others(tmp_path):
    """A lock of an earlier version is closed by who opens it."""
    file = tmp_path / ".2025-12.lock"
    file.touch(0o644)
    handle = os.open(file, os.O_RDWR)
    make_private(handle)
    os.close(handle)
    assert mode(file) == 0o600
