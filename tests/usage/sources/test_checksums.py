"""Checksums next to usage files: a copy that differs from them is refused."""

from __future__ import annotations

import hashlib
import random
import subprocess
from pathlib import Path

import pytest
from support.usage_files import call, read, refused, write_calls, write_parquet

RULE = "its SHA-256 differs from SHA256SUMS"


def sums(*files: Path) -> str:
    """What `sha256sum` prints of these files."""
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files
    )


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """A CSV file with 1.00 and a Parquet file with 2.00."""
    return [
        write_calls(tmp_path / "a.csv", call()),
        write_parquet(tmp_path / "b.parquet", [call(cost_usd="2")]),
    ]


def test_files_that_match_the_list_are_read(files, tmp_path):
    """1.00 + 2.00 is read without a notice, also with a list from `sha256sum --binary`."""
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


@pytest.mark.slow
def test_every_flipped_bit_is_found(files, tmp_path):
    """Each of 200 copies with one flipped bit is refused, in CSV and in Parquet."""
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


def test_a_file_may_have_its_own_checksum_file(files, tmp_path):
    """`a.csv.sha256` is read, with or without the file name in it."""
    own = tmp_path / "a.csv.sha256"
    for text in (sums(files[0]), sums(files[0]).split()[0]):
        own.write_text(text)
        assert read(tmp_path).notices == ()
    own.write_text("0" * 64)
    [problem] = refused(*files)
    assert (problem.file, problem.rule) == ("a.csv", "its SHA-256 differs from a.csv.sha256")


def test_a_file_that_is_not_in_the_list_is_refused(files, tmp_path):
    """The file may have been added or renamed after the list was made."""
    (tmp_path / "SHA256SUMS").write_text(sums(files[0]))
    [problem] = refused(*files)
    assert (problem.file, problem.rule, problem.fix) == (
        "b.parquet",
        "no checksum for this file in SHA256SUMS",
        "Add it: sha256sum b.parquet >> SHA256SUMS",
    )


def test_a_line_that_is_not_a_checksum_is_refused(files, tmp_path):
    """The refusal names the line."""
    (tmp_path / "SHA256SUMS").write_text(sums(*files) + "\nabc  c.csv\n")
    problem = refused(*files)[0]
    assert (problem.file, problem.line, problem.rule, problem.value) == (
        "SHA256SUMS",
        4,
        "not a checksum",
        "abc  c.csv",
    )


@pytest.mark.parametrize("text", ["{bad}  a.csv\n{good}  a.csv\n", "{good}  old/a.csv\n"])
def test_only_the_digest_of_the_file_itself_counts(files, tmp_path, text):
    """One of two digests is not enough, nor is that of a file with this name in another folder."""
    good = sums(files[0]).split()[0]
    (tmp_path / "SHA256SUMS").write_text(text.format(bad="0" * 64, good=good))
    assert [problem.file for problem in refused(files[0])] == ["a.csv"]


def test_a_checksum_file_that_is_not_a_file_is_refused(files, tmp_path):
    """A list that is gone is not skipped."""
    (tmp_path / "SHA256SUMS").symlink_to(tmp_path / "gone")
    assert refused(files[0])[0].rule == "not a readable checksum file"


@pytest.mark.parametrize("name", ["a\\b.csv", "a\\nb.csv", "\\.csv", "a b.csv", "it's.csv"])
def test_a_name_that_sha256sum_escapes_is_read(tmp_path, name):
    """The list that the command itself writes fits; the advice to add a file works as printed."""
    file = write_calls(tmp_path / name, call())
    (tmp_path / "SHA256SUMS").write_text("")
    [problem] = refused(tmp_path)
    command = problem.fix.removeprefix("Add it: ")
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    line = (tmp_path / "SHA256SUMS").read_text()
    assert line.startswith("\\") == ("\\" in name)
    assert read(tmp_path).cost == 1
    file.write_text(file.read_text().replace("1.00", "2.00"))
    assert [problem.rule for problem in refused(tmp_path)] == [RULE]


def test_a_backslash_of_an_unescaped_line_is_one(tmp_path):
    """Other programs write the name as it is."""
    file = write_calls(tmp_path / "a\\nb.csv", call())
    (tmp_path / "SHA256SUMS").write_text(sums(file))
    assert read(tmp_path).cost == 1
