"""Checksums beside usage: a copy that is not the file of which they are is refused."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from support.usage_files import call, read, refused, write_calls, write_parquet

RULE = "its SHA-256 is not the one in SHA256SUMS"


def sums(*files: Path) -> str:
    """What `sha256sum` prints of these files."""
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files
    )


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """A file of CSV and one of Parquet, of 1.00 each."""
    return [
        write_calls(tmp_path / "a.csv", call()),
        write_parquet(tmp_path / "b.parquet", [call(cost_usd="2")]),
    ]


def test_files_that_are_as_the_list_says_are_read(files, tmp_path):
    """It reads 1.00 + 2.00, says nothing of the list, and takes what `sha256sum --binary` writes."""
    for text in (
        sums(*files),
        sums(*files)
        .replace("  ", " *")
        .upper()
        .replace("A.CSV", "a.csv")
        .replace("B.PARQUET", "b.parquet"),
    ):
        (tmp_path / "SHA256SUMS").write_text(text)
        usage = read(tmp_path)
        assert (usage.cost, usage.notices) == (3, ())


def test_no_bit_that_flips_goes_unseen(files, tmp_path):
    """It refuses each of 200 copies with one bit flipped, of CSV and of Parquet."""
    (tmp_path / "SHA256SUMS").write_text(sums(*files))
    chance = random.Random(1)
    for _ in range(100):
        for file in files:
            sound = file.read_bytes()
            place = chance.randrange(8 * len(sound))
            damaged = bytearray(sound)
            damaged[place // 8] ^= 1 << place % 8
            file.write_bytes(damaged)
            assert (file.name, RULE) in [
                (problem.file, problem.rule) for problem in refused(*files)
            ]
            file.write_bytes(sound)


def test_a_file_may_have_its_own(files, tmp_path):
    """It takes `a.csv.sha256`, with the name or without."""
    own = tmp_path / "a.csv.sha256"
    for text in (sums(files[0]), sums(files[0]).split()[0]):
        own.write_text(text)
        assert read(tmp_path).notices == ()
    own.write_text("0" * 64)
    [problem] = refused(*files)
    assert (problem.file, problem.rule) == ("a.csv", "its SHA-256 is not the one in a.csv.sha256")


def test_a_file_that_the_list_has_not_is_refused(files, tmp_path):
    """It may have been added, or renamed, after the list was made."""
    (tmp_path / "SHA256SUMS").write_text(sums(files[0]))
    [problem] = refused(*files)
    assert (problem.file, problem.rule, problem.fix) == (
        "b.parquet",
        "SHA256SUMS has no checksum of the file",
        "Add it: sha256sum b.parquet >> SHA256SUMS",
    )


def test_a_line_that_is_no_checksum_is_refused(files, tmp_path):
    """It says which."""
    (tmp_path / "SHA256SUMS").write_text(sums(*files) + "\nabc  c.csv\n")
    problem = refused(*files)[0]
    assert (problem.file, problem.line, problem.rule, problem.value) == (
        "SHA256SUMS",
        4,
        "no checksum",
        "abc  c.csv",
    )


@pytest.mark.parametrize("text", ["{bad}  a.csv\n{good}  a.csv\n", "{good}  old/a.csv\n"])
def test_only_the_file_itself_is_meant(files, tmp_path, text):
    """It takes neither one of two sums of a file, nor that of a file of the same name elsewhere."""
    good = sums(files[0]).split()[0]
    (tmp_path / "SHA256SUMS").write_text(text.format(bad="0" * 64, good=good))
    assert [problem.file for problem in refused(files[0])] == ["a.csv"]


def test_checksums_that_are_no_file_are_refused(files, tmp_path):
    """It does not pass over a list that is gone, or a folder of that name."""
    (tmp_path / "SHA256SUMS").symlink_to(tmp_path / "gone")
    assert refused(files[0])[0].rule == "no file of checksums that can be read"
