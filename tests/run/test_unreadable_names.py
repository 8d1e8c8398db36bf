"""A NAME that can't be read, or a current folder that is gone, stops no other report."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from support.homes import NAME, make_home

from finops_nb.cli import main
from finops_nb.commands.names import select
from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.run.run import run

pytestmark = pytest.mark.usefixtures("one_code")

CANNOT = "can't be read: a folder, pipe or broken link, or in a folder you may not enter"


def unreadable(home: Home, kind: str) -> str:
    """Put a params file in the home that can't be read; its NAME."""
    file = home.params / "odd.yaml"
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "link":
        file.symlink_to("nothing")
    elif kind == "blank":
        file = home.params / "od d.yaml"
        file.write_text("")
    elif kind == "latin":
        file = Path(os.fsdecode(os.fsencode(home.params) + b"/od\xe9.yaml"))
        file.write_text("")
    else:
        file.write_bytes(b"\xff\xfe period")
    return file.stem


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "blank", "latin", "bytes"])
def test_the_others_still_run(tmp_path, monkeypatch, capfdbinary, kind):
    """`run --all` publishes the month, names the other one, and exits with 1."""
    home = make_home(tmp_path)
    odd = unreadable(home, kind)
    monkeypatch.setenv("FINOPS_NB_HOME", str(home.root))
    run(NAME, home)
    assert select([], home, everything=True) == [NAME, odd]
    with pytest.raises(SystemExit) as end:
        main(["run", "--all"])
    assert end.value.code == 1
    out, err = (text.decode(errors="replace") for text in capfdbinary.readouterr())
    assert out == f"{home.outputs / NAME / 'organizational_alignment.html'}\n"
    assert "failed" in err
    if kind in ("folder", "pipe", "link"):
        assert f"params/odd.yaml: {CANNOT}. Put a params file" in err


def test_a_folder_that_may_not_be_entered_is_named(home, monkeypatch):
    """Its files are listed, and none of them can be seen."""
    (home.params / "locked").mkdir()
    (home.params / "locked" / "x.yaml").write_text('period: "2025-12"\nusage: x\n')
    is_file = Path.is_file

    def refused(path: Path) -> bool:
        if path.parent.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refused)
    with pytest.raises(Refusal, match=rf"^params/locked/x\.yaml: {CANNOT}"):
        home.check_name("locked/x")


def test_a_run_works_where_the_current_folder_was_deleted(tmp_path, monkeypatch):
    """The home is named, so nothing needs the folder that the shell is in."""
    home = make_home(tmp_path / "home")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    shutil.rmtree(gone)
    try:
        assert run(NAME, home).is_file()
    finally:
        os.chdir(tmp_path)
