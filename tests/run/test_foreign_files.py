"""A person's files and links in outputs/: kept, named, never followed and never removed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support.homes import NAME, files_of, make_home

from finops_nb.commands.doctor import doctor
from finops_nb.commands.status import status, verify
from finops_nb.errors import Failure, Refusal
from finops_nb.home import Home
from finops_nb.outputs import publish as publishing
from finops_nb.outputs.lock import holders
from finops_nb.outputs.reports import published_reports
from finops_nb.run import run as running
from finops_nb.run.run import rebuild_index, run

pytestmark = pytest.mark.usefixtures("one_code", "quick")

LINK = "a symbolic link; nothing is written or removed through it"
IN_OUTPUTS = (
    *(".staging", f".staging/{NAME}", ".runs", f".runs/{NAME}", NAME),
    *(f".runs/{NAME}/revisions.json", f".runs/.{NAME}.lock"),
)


@pytest.fixture
def home(tmp_path) -> Home:
    """A home whose December is published."""
    home = make_home(tmp_path / "home")
    run(NAME, home)
    return home


def precious(tmp_path: Path) -> Path:
    """A folder outside the home whose folders have the names that runs use."""
    folder = tmp_path / "precious"
    for each in (f"{NAME}/new", f".staging/{NAME}", f".runs/{NAME}/revision-1"):
        (folder / each).mkdir(parents=True)
        (folder / each / "file").write_text("precious")
    return folder


def all_of(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_run_says_where_a_persons_file_is(home):
    """verify and status name it before and after, and the index and status list no other report."""
    (home.outputs / NAME / "signed-off.txt").write_text("mine")
    [line] = verify(home)[0]
    assert line == (
        f"outputs/{NAME}/signed-off.txt was not published by a run. "
        f"The next run that publishes {NAME} moves it to outputs/_kept/{NAME}."
    )
    notices: list[str] = []
    run(NAME, home, notice=notices.append)  # nothing to publish
    assert notices == []
    (home.outputs / NAME / "results.json").write_text("{}")
    run(NAME, home, force=True, notice=notices.append)
    assert notices == [
        f"results.json in outputs/{NAME} was changed after it was published; "
        f"a copy is now in outputs/_kept/{NAME}.",
        f"signed-off.txt in outputs/{NAME} was not published by a run, "
        f"so it is now in outputs/_kept/{NAME}.",
    ]
    assert files_of(home.outputs / "_kept" / NAME) == {
        "signed-off.txt": b"mine",
        "results.json": b"{}",
    }
    assert verify(home)[0] == []
    [*_, last] = status(home)
    assert last == (
        "outputs/_kept has 2 files that runs found in published folders. "
        "Move or delete what you no longer need there."
    )
    reports, unreadable = published_reports(home.outputs)
    assert unreadable in ([], [NAME])  # the results of this notebook have no tables
    assert len(reports) + len(unreadable) == 1


@pytest.mark.parametrize("place", IN_OUTPUTS)
def test_nothing_is_written_or_removed_through_a_link(home, tmp_path, place):
    """The run is refused, and where the link leads, all stays; without the link, it runs."""
    outside = precious(tmp_path)
    link = home.outputs / place
    aside = tmp_path / "aside"
    if os.path.lexists(link):
        link.rename(aside)
    target = outside / "file" if link.name.endswith((".json", ".lock")) else outside
    if target != outside:
        target.write_text("precious")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    before = all_of(outside)
    with pytest.raises(Refusal, match=rf"^outputs/{place}: {LINK}\. Remove the link") as refusal:
        run(NAME, home, force=True)
    assert refusal.value.exit_code == 1
    assert all_of(outside) == before
    assert link.readlink() == target
    link.unlink()
    if aside.exists() and place == NAME:
        aside.rename(link)
    run(NAME, home, force=True)
    assert all_of(outside) == before


def test_outputs_as_a_link_is_refused_until_somebody_agrees(home, tmp_path):
    """A link that came with somebody's files publishes nothing where it leads."""
    outside = tmp_path / "elsewhere"
    (outside / NAME).mkdir(parents=True)
    (outside / NAME / "file").write_text("precious")
    home.outputs.rename(tmp_path / "aside")
    home.outputs.symlink_to(outside)
    with pytest.raises(Refusal, match=rf"^outputs: {LINK}\."):
        run(NAME, home)
    assert list(outside.iterdir()) == [outside / NAME]
    (home.outputs / ".runs").mkdir()
    run(NAME, home)
    assert (outside / "_kept" / NAME / "file").read_text() == "precious"


def test_the_doctor_names_a_link(home, tmp_path):
    """A folder in which runs work must be a folder."""
    (home.outputs / ".staging").rmdir()
    (home.outputs / ".staging").symlink_to(precious(tmp_path))
    assert [each.text for each in doctor(home) if LINK in each.text]


def test_an_index_that_is_a_link_is_not_written_through(home, tmp_path):
    """The report is published, and a notice says why the index is not."""
    mine = tmp_path / "mine.html"
    mine.write_text("mine")
    (home.outputs / "index.html").unlink()
    (home.outputs / "index.html").symlink_to(mine)
    notices: list[str] = []
    rebuild_index(home, notices.append)
    assert mine.read_text() == "mine"
    [notice] = notices
    assert "outputs/index.html was not updated" in notice
    assert LINK in notice


def test_an_index_of_somebodys_own_is_kept(home):
    """A page that no run made is moved, once."""
    (home.outputs / "index.html").write_text("<p>Our FinOps pages</p>")
    notices: list[str] = []
    for _ in range(2):
        rebuild_index(home, notices.append)
    assert notices == [
        "outputs/index.html was not published by a run, so it is now in outputs/_kept."
    ]
    assert (home.outputs / "_kept" / "index.html").read_text() == "<p>Our FinOps pages</p>"
    assert b".finops" in (home.outputs / "index.html").read_bytes()


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_lock_that_is_no_file_is_refused(home, tmp_path, kind):
    """It is named; `status` does not stop at it."""
    lock = home.runs / f".{NAME}.lock"
    lock.unlink()
    if kind == "link":
        lock.symlink_to(tmp_path / "nothing")
    elif kind == "folder":
        lock.mkdir()
    else:
        os.mkfifo(lock)
    with pytest.raises(Refusal, match=rf"^outputs/\.runs/\.{NAME}\.lock: (a symbolic|not a file)"):
        run(NAME, home)
    assert holders(home.runs) == {}
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_an_error_after_the_exchange_says_that_the_new_report_stands(tmp_path, monkeypatch, again):
    """The disk fails in the sync after the exchange; the next run finishes what is left."""
    home = make_home(tmp_path / "home")
    if again:
        run(NAME, home)
        (home.root / "usage" / "calls.csv").write_text(
            (home.root / "usage" / "calls.csv").read_text() + "2025-12-09T00:00:00Z,1\n"
        )

    def fails(folder):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "sync_folder", fails)
        with pytest.raises(Failure) as failure:
            run(NAME, home)
    assert str(failure.value).endswith(
        f"Input/output error. The new report is published in outputs/{NAME}, "
        "but the run did not finish. Fix this, then run again."
    )
    new = files_of(home.outputs / NAME)
    run(NAME, home)
    assert files_of(home.outputs / NAME) == new
    assert verify(home)[0] == []


def test_an_error_before_the_exchange_says_that_reports_are_intact(home, monkeypatch):
    """Nothing was exchanged."""

    def fails(one, other):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(other))

    before = files_of(home.outputs / NAME)
    monkeypatch.setattr(publishing, "exchange", fails)
    monkeypatch.setattr(running, "probe", lambda *_: None)
    with pytest.raises(Failure, match="Published reports are intact"):
        run(NAME, home, force=True)
    assert files_of(home.outputs / NAME) == before
