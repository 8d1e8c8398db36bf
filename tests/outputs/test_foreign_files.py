"""A person's files in a published folder are kept, wherever a run is cut off."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.failing_calls import FailingCalls

from finops_nb.errors import Refusal
from finops_nb.outputs import foreign_files
from finops_nb.outputs.artifacts import HTML, LEDGER, PDF, RESULTS
from finops_nb.outputs.foreign_files import copy_beside, foreign_names, move_beside, retire
from finops_nb.outputs.publish import exchange
from finops_nb.outputs.revisions import History

NAME = "2025-12"
MINE = "signed off by the controller"
KEYS = ("aa" * 32, "bb" * 32, "cc" * 32)


@pytest.fixture(autouse=True)
def new_year(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")


def publish(outputs: Path, key: str, official: bool = True) -> list[str]:
    """What a run does when its files are ready."""
    history = History(outputs, NAME)
    said = history.settle()
    revision = history.upcoming(key, official)
    folder = outputs / ".staging" / NAME / "new"
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    about = {"key": key, "generated": revision.generated, "revision": {"number": revision.number}}
    results = {"kind": "official" if official else "analysis", "provenance": about}
    (folder / RESULTS).write_text(json.dumps(results))
    (folder / HTML).write_text(f"page of {key}")
    if official:
        (folder / LEDGER).write_text(f"ledger of {key}")
    return said + history.publish(folder, revision)


def contents(outputs: Path) -> list[str]:
    """The text of every file that is not the kit's."""
    files = [file for file in outputs.rglob("*") if file.is_file()]
    return [text for file in files if (text := file.read_text()).startswith(MINE)]


@pytest.mark.parametrize("official", [True, False], ids=["official", "analysis"])
@pytest.mark.parametrize("again", [True, False], ids=["same key", "another key"])
def test_a_file_of_a_person_is_moved_beside(tmp_path, official, again):
    """It is in outputs/_kept/NAME, the run says so, and the folder is all that was published."""
    publish(tmp_path, KEYS[0], official)
    (tmp_path / NAME / "signed-off.txt").write_text(MINE)
    (tmp_path / NAME / "notes").mkdir()
    (tmp_path / NAME / "notes" / "a.txt").write_text(f"{MINE} 2")
    (tmp_path / NAME / ".DS_Store").write_text("positions of icons")
    assert [text.split(" ")[0] for text in History(tmp_path, NAME).foreign()] == [
        f"outputs/{NAME}/notes",
        f"outputs/{NAME}/signed-off.txt",
    ]
    said = publish(tmp_path, KEYS[0] if again else KEYS[1], official)
    assert said == [
        f"notes and signed-off.txt in outputs/{NAME} were not published by a run, "
        f"so they are now in outputs/_kept/{NAME}."
    ]
    kept = tmp_path / "_kept" / NAME
    assert (kept / "signed-off.txt").read_text() == MINE
    assert (kept / "notes" / "a.txt").read_text() == f"{MINE} 2"
    assert {RESULTS, HTML} <= {file.name for file in (tmp_path / NAME).iterdir()}
    assert History(tmp_path, NAME).foreign() == History(tmp_path, NAME).altered() == []
    assert publish(tmp_path, KEYS[2], official) == []


def test_a_file_with_the_name_of_a_report_is_a_persons_if_no_run_published_it(tmp_path):
    """A PDF saved from the browser beside a report without PDF is kept."""
    publish(tmp_path, KEYS[0])
    (tmp_path / NAME / PDF).write_text(MINE)
    publish(tmp_path, KEYS[0])
    assert (tmp_path / "_kept" / NAME / PDF).read_text() == MINE


def test_a_second_file_of_a_name_does_not_replace_the_first(tmp_path):
    """Three files of one name are kept under three names."""
    publish(tmp_path, KEYS[0])
    for number in range(3):
        (tmp_path / NAME / "note.txt").write_text(f"{MINE} {number}")
        publish(tmp_path, KEYS[0])
    kept = {file.name: file.read_text() for file in (tmp_path / "_kept" / NAME).iterdir()}
    assert kept == {
        "note.txt": f"{MINE} 0",
        "note (2).txt": f"{MINE} 1",
        "note (3).txt": f"{MINE} 2",
    }


@pytest.mark.parametrize("official", [True, False], ids=["official", "analysis"])
def test_a_published_file_that_a_person_changed_is_copied(tmp_path, official):
    """Comments in a published file are not lost where a run publishes it again."""
    publish(tmp_path, KEYS[0], official)
    for _ in range(2):
        (tmp_path / NAME / HTML).write_text(MINE)
        said = publish(tmp_path, KEYS[0], official)
        assert (tmp_path / NAME / HTML).read_text() == f"page of {KEYS[0]}"
    assert said == []  # the second time, the copy is there
    assert [file.name for file in (tmp_path / "_kept" / NAME).iterdir()] == [HTML]
    assert (tmp_path / "_kept" / NAME / HTML).read_text() == MINE


def test_a_folder_that_no_run_made_is_emptied_into_the_kept_one(tmp_path):
    """A person's own folder in the place of a report is kept as a whole."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "budget.xlsx").write_text(MINE)
    publish(tmp_path, KEYS[0])
    assert (tmp_path / "_kept" / NAME / "budget.xlsx").read_text() == MINE
    assert "budget.xlsx" not in {file.name for file in (tmp_path / NAME).iterdir()}


def test_a_link_is_moved_and_not_followed(tmp_path):
    """A person's link, also one of a published file's name, moves; where it leads, all stays."""
    outputs, elsewhere = tmp_path / "outputs", tmp_path / "elsewhere"
    publish(outputs, KEYS[0], official=False)
    elsewhere.mkdir()
    (elsewhere / "file").write_text(MINE)
    (outputs / NAME / "shared").symlink_to(elsewhere)
    (outputs / NAME / HTML).unlink()
    (outputs / NAME / HTML).symlink_to(elsewhere / "file")
    publish(outputs, KEYS[1], official=False)
    assert (elsewhere / "file").read_text() == MINE
    assert (outputs / "_kept" / NAME / "shared").readlink() == elsewhere
    assert (outputs / "_kept" / NAME / HTML).is_symlink()


@pytest.mark.slow
@pytest.mark.parametrize("persistent", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("key", KEYS[:2], ids=["same key", "another key"])
@pytest.mark.parametrize("official", [True, False], ids=["official", "analysis"])
def test_no_file_is_lost_whichever_call_fails(tmp_path, official, key, persistent):
    """After the failure, and after the next run, a person's two files exist once each."""
    for fail_at in range(1, 1000):
        outputs = tmp_path / f"{fail_at}"
        publish(outputs, KEYS[0], official)
        (outputs / NAME / "signed-off.txt").write_text(MINE)
        (outputs / NAME / PDF).write_text(f"{MINE} 2")
        with pytest.MonkeyPatch.context() as patch:
            failing = FailingCalls(patch, outputs, fail_at, persistent)
            patch.setattr(foreign_files, "move", failing.wrapped(foreign_files.move, outputs))
            try:
                publish(outputs, key, official)
            except Exception as error:
                assert isinstance(error, OSError) or "could not be written" in str(error)
        assert sorted(contents(outputs)) == [MINE, f"{MINE} 2"], fail_at
        publish(outputs, key, official)
        assert sorted(contents(outputs)) == [MINE, f"{MINE} 2"], fail_at
        assert sorted(file.read_text() for file in (outputs / "_kept" / NAME).iterdir()) == [
            MINE,
            f"{MINE} 2",
        ]
        assert not (outputs / ".runs" / NAME / ".replaced").exists()
        if failing.calls < fail_at:
            break
    assert fail_at > 10


@pytest.mark.parametrize("official", [True, False], ids=["official", "analysis"])
@pytest.mark.parametrize("step", ["exchange", "move", "unlink", "rmdir"])
def test_no_file_is_lost_if_the_run_is_killed(tmp_path, monkeypatch, official, step):
    """Killed right before or after each step, the next run keeps the file."""

    class Killed(BaseException):
        pass

    for when in ("before", "after"):
        outputs = tmp_path / when
        publish(outputs, KEYS[0], official)
        (outputs / NAME / "signed-off.txt").write_text(MINE)

        def killed(call, when=when):
            def caught(*args, **options):
                if when == "after":
                    call(*args, **options)
                raise Killed

            return caught

        with pytest.MonkeyPatch.context() as patch:
            if step == "exchange":
                patch.setattr("finops_nb.outputs.publish.exchange", killed(exchange))
            elif step == "move":
                patch.setattr(foreign_files, "move", killed(foreign_files.move))
            else:
                patch.setattr(os, step, killed(getattr(os, step)))
            with pytest.raises(Killed) if step in ("exchange", "move") else MayRaise(Killed):
                publish(outputs, KEYS[1], official)
        publish(outputs, KEYS[1], official)
        assert contents(outputs) == [MINE]
        assert (outputs / "_kept" / NAME / "signed-off.txt").read_text() == MINE
        page = (outputs / NAME / HTML).read_text()
        assert page == f"page of {KEYS[1]}"


class MayRaise:
    """A block that may raise this exception."""

    def __init__(self, kind: type[BaseException]):
        self.kind = kind

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, *_) -> bool:
        return kind is not None and issubclass(kind, self.kind)


def test_a_file_that_comes_while_the_folder_is_removed_is_kept(tmp_path, monkeypatch):
    """Somebody saves a file in the folder that was just replaced: it is found and moved."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / HTML).write_text("page")
    unlink = Path.unlink

    def late(path, *args, **options):
        (folder / "late.txt").write_text(MINE)
        unlink(path, *args, **options)

    monkeypatch.setattr(Path, "unlink", late)
    assert retire(folder, [HTML], tmp_path, NAME) == ["late.txt"]
    assert (tmp_path / "_kept" / NAME / "late.txt").read_text() == MINE
    assert not folder.exists()


def test_a_file_that_cannot_be_moved_stays(tmp_path, monkeypatch):
    """The error is the caller's, and nothing is removed."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "mine.txt").write_text(MINE)

    def fails(path, new):
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr(foreign_files, "move", fails)
    with pytest.raises(OSError, match="Input/output error"):
        retire(folder, [], tmp_path, NAME)
    assert (folder / "mine.txt").read_text() == MINE


def test_kept_files_are_not_written_through_a_link(tmp_path):
    """Where outputs/_kept is a link, nothing is moved or copied, and where it leads, all stays."""
    outputs, elsewhere = tmp_path / "outputs", tmp_path / "elsewhere"
    folder = outputs / NAME
    for each in (folder, elsewhere):
        each.mkdir(parents=True)
    (folder / "mine.txt").write_text(MINE)
    (outputs / "_kept").symlink_to(elsewhere)
    for act in (move_beside, copy_beside):
        with pytest.raises(Refusal, match=r"^outputs/_kept: a symbolic link"):
            act(folder, ["mine.txt"], outputs, NAME)
    assert (folder / "mine.txt").read_text() == MINE
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "file", "file of the NAME"])
@pytest.mark.parametrize("key", KEYS[:2], ids=["same key", "another key"])
@pytest.mark.parametrize("step", ["settle", "publish"])
def test_without_a_place_for_it_a_persons_file_stays_where_it_is(tmp_path, kind, key, step):
    """It is refused before the exchange; once the place is free, the file is kept there."""
    publish(tmp_path, KEYS[0])
    (tmp_path / NAME / "mine.txt").write_text(MINE)
    published = (tmp_path / NAME / RESULTS).read_bytes()
    kept = tmp_path / "_kept"

    def in_the_way() -> None:
        if kind == "link":
            kept.symlink_to(tmp_path / "elsewhere")
        elif kind == "file":
            kept.write_text("a note")
        else:
            kept.mkdir()
            (kept / NAME).write_text("a note")

    with pytest.MonkeyPatch.context() as patch:
        if step == "settle":
            in_the_way()
        else:
            upcoming = History.upcoming
            patch.setattr(History, "upcoming", lambda *args: (in_the_way(), upcoming(*args))[1])
        with pytest.raises(Refusal, match=r"_kept.*: (a symbolic link|not a folder)"):
            publish(tmp_path, key)
    assert (tmp_path / NAME / "mine.txt").read_text() == MINE
    assert (tmp_path / NAME / RESULTS).read_bytes() == published
    (kept / NAME if kind == "file of the NAME" else kept).unlink()
    publish(tmp_path, key)
    assert (kept / NAME / "mine.txt").read_text() == MINE


def test_a_file_in_the_folder_before_is_named(tmp_path):
    """A killed run left it in .runs, where nobody would look for it."""
    publish(tmp_path, KEYS[0])
    replaced = tmp_path / ".runs" / NAME / ".replaced"
    shutil.copytree(tmp_path / NAME, replaced)
    assert History(tmp_path, NAME).foreign() == []
    (replaced / "mine.txt").write_text(MINE)
    assert History(tmp_path, NAME).foreign() == [
        f"outputs/.runs/{NAME}/.replaced/mine.txt was not published by a run. "
        f"The next run that publishes {NAME} moves it to outputs/_kept/{NAME}."
    ]


names = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1, max_size=9
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)


@given(st.dictionaries(names, st.text(max_size=5), max_size=5), st.sets(names, max_size=3))
def test_a_folder_is_its_published_files_and_the_foreign_ones(tmp_path_factory, files, published):
    """Whatever a person calls a file, it is kept with its content, and no other."""
    outputs = tmp_path_factory.mktemp("outputs")
    folder = outputs / NAME
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    written = {file.name: file.read_bytes() for file in folder.iterdir()}
    foreign = foreign_names(folder, published)
    unowned = {*published, *foreign_files.OF_FILE_BROWSERS}
    assert foreign == sorted(written.keys() - unowned)
    retire(folder, published, outputs, NAME)
    assert not folder.exists()
    kept = outputs / "_kept" / NAME
    found = {file.name: file.read_bytes() for file in kept.iterdir()} if foreign else {}
    assert found == {name: written[name] for name in foreign}
