"""Packed CSV: gzip and zstd are read completely or refused, and zip bombs are refused early."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.properties import cases
from support.usage_files import call, csv_text, packed, read, refused, write

from finops_nb.errors import Refusal
from finops_nb.usage.sources import csv_text as csv_text_module
from finops_nb.usage.sources.csv_shape import measure_shape
from finops_nb.usage.sources.csv_text import BUFFER, ZSTD, open_bytes
from finops_nb.usage.sources.discovery import SourceFile

NAMES = ["u.csv.gz", "u.csv.zst"]
CONTENT = csv_text([call(cost_usd=cost) for cost in ("1.25", "20.5")]).encode()
HEADER, FIRST, LAST = CONTENT.splitlines(keepends=True)


def unpacked(path: Path) -> bytes | None:
    """All bytes of the text; None if they are refused."""
    try:
        with open_bytes(SourceFile(path.name, path, f".csv{path.suffix}")) as raw:
            return raw.read()
    except Refusal as refusal:
        (problem,) = refusal.problems
        assert problem.file == path.name
        assert problem.rule.startswith(("not a complete gzip file: ", "not a complete zstd file: "))
        return None


def plain_file(tmp_path: Path, name: str, data: bytes) -> Path:
    """A file with exactly these bytes, whatever its name says."""
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_cut_at_any_byte_it_is_refused(tmp_path, name):
    """The last bytes are checksum and length, whose absence DuckDB does not notice."""
    whole = packed(CONTENT, name)
    assert unpacked(plain_file(tmp_path, name, whole)) == CONTENT
    for cut in range(1, len(whole)):
        assert unpacked(plain_file(tmp_path, name, whole[:cut])) is None
    for cut in (1, len(whole) // 2, len(whole) - 4, len(whole) - 1):
        (problem,) = refused(plain_file(tmp_path, name, whole[:cut]))
        assert problem.rule.startswith("not a complete ")
    (problem,) = refused(plain_file(tmp_path, name, b""))
    assert problem.rule.startswith(("the file is empty", "not a complete zstd file: "))


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path, name):
    """Some bits of the head do not matter: the time, the system, the level."""
    whole = packed(CONTENT, name)
    harmless = 0
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        content = unpacked(plain_file(tmp_path, name, bytes(flipped)))
        assert content in (None, CONTENT)
        harmless += content is not None
    assert harmless < 8 * 10


@pytest.mark.parametrize("name", NAMES)
def test_of_several_parts_every_one_is_read_or_the_file_is_refused(tmp_path, name):
    """Cut between two parts, it is a sound file with the first part."""
    parts = [packed(part, name) for part in (HEADER + FIRST[:9], FIRST[9:], LAST)]
    whole = b"".join(parts)
    assert read(plain_file(tmp_path, name, whole)).cost == Fraction("21.75")
    for cut in range(1, len(whole)):
        content = unpacked(plain_file(tmp_path, name, whole[:cut]))
        assert content == {
            len(parts[0]): HEADER + FIRST[:9],
            len(whole) - len(parts[2]): HEADER + FIRST,
        }.get(cut)
    assert read(plain_file(tmp_path, name, parts[0] + parts[1])).cost == Fraction("1.25")


@pytest.mark.slow
@settings(max_examples=cases(25))
@given(st.data(), st.sampled_from(NAMES), st.integers(1, 400))
def test_however_it_is_packed_the_same_is_read(tmp_path_factory, data, name, rows):
    """Parts may have any size, be empty, or hold more rows than the engine's buffer."""
    content = HEADER + (FIRST + LAST) * rows
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=5)))
    parts = [
        content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)
    ]
    path = plain_file(
        tmp_path_factory.getbasetemp(), name, b"".join(packed(part, name) for part in parts)
    )
    usage = read(path)
    assert (usage.rows_read, usage.cost) == (2 * rows, rows * Fraction("21.75"))


@pytest.mark.slow
@pytest.mark.parametrize("checksum", [0, 1])
def test_zstd_of_more_than_the_engines_buffers_is_read_whole(tmp_path, checksum):
    """With a checksum or without, in a frame of 60 MB and one of 30 MB."""
    zstd = import_module(ZSTD)
    options = {zstd.CompressionParameter.checksum_flag: checksum}
    body = (FIRST + LAST) * 200_000
    frames = [zstd.compress(part, options=options) for part in (HEADER + body * 2, body)]
    usage = read(plain_file(tmp_path, "u.csv.zst", b"".join(frames)))
    assert (usage.rows_read, usage.cost) == (1_200_000, 600_000 * Fraction("21.75"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("how", "data"),
    [
        ("not packed", CONTENT),
        ("packed by the other", None),
        ("garbage after it", b"garbage"),
        ("a checksum after it", b"\x01\x02\x03\x04"),
    ],
)
def test_what_is_not_packed_as_its_name_says_is_refused(tmp_path, name, how, data):
    other = NAMES[NAMES.index(name) - 1]
    bodies = {"not packed": CONTENT, "packed by the other": packed(CONTENT, other)}
    (problem,) = refused(
        plain_file(tmp_path, name, bodies.get(how) or packed(CONTENT, name) + data)
    )
    assert problem.rule.startswith("not a complete ")
    assert problem.fix.startswith("Compress or copy it again")


def test_a_file_that_is_gzipped_twice_is_refused(tmp_path):
    (problem,) = refused(plain_file(tmp_path, "u.csv.gz", gzip.compress(gzip.compress(CONTENT))))
    assert (problem.rule, problem.fix) == (
        "not CSV but gzipped",
        "Rename it to .csv.gz, and gzip it only once",
    )


def test_a_window_larger_than_memory_should_be_asked_for_is_refused(tmp_path):
    """`zstd --long=31` makes a reader keep 2 GB in memory."""
    zstd = import_module(ZSTD)
    options = {
        zstd.CompressionParameter.window_log: 30,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    with zstd.open(tmp_path / "u.csv.zst", "wb", options=options) as file:
        file.write(HEADER + FIRST * 100_000)
        file.flush(file.FLUSH_BLOCK)
        file.write(FIRST)
    (problem,) = refused(tmp_path / "u.csv.zst")
    assert "too much memory" in problem.rule


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("piece", [b"\n", FIRST], ids=["empty lines", "rows"])
def test_a_zip_bomb_is_refused_early_with_its_figures(tmp_path, monkeypatch, name, piece):
    """20 MB of one row, or of empty lines, is refused after 2 MB and at most one buffer more."""
    monkeypatch.setattr(csv_text_module, "LARGE", 2 << 20)
    monkeypatch.setattr(csv_text_module, "RATIO", 50)
    data = HEADER + piece * (20_000_000 // len(piece))
    (problem,) = refused(write(tmp_path / name, data))
    assert problem.rule.startswith("possible zip bomb: ")
    before, after = (
        int(word.replace(",", "")) for word in problem.rule.split() if word[0].isdigit()
    )
    assert max(2 << 20, 50 * before) < after <= max(2 << 20, 50 * before) + BUFFER
    assert problem.fix == "Export it again, or unpack it yourself if you trust it"
    assert len(packed(data, name)) < len(data) / 50


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_only_large_or_only_repetitive_is_not_a_zip_bomb(
    tmp_path, monkeypatch, name
):
    """50,000 equal rows are below the size limit; 20,000 different rows are below the ratio."""
    assert read(write(tmp_path / name, HEADER + FIRST * 50_000)).rows_read == 50_000
    monkeypatch.setattr(csv_text_module, "LARGE", 1000)
    numbers = random.Random(6)
    calls = [call(customer_id=f"c{numbers.random()}") for _ in range(20_000)]
    assert read(write(tmp_path / name, csv_text(calls))).rows_read == 20_000


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("start", "piece", "rule", "line"),
    [
        (HEADER + FIRST, b"\0", "a line of more than 2,000,000 bytes", 3),
        (HEADER + FIRST[:-1], b',"', "a line of more than 2,000,000 bytes", 2),
        (b"", b"\0", "not text: it has NUL bytes", None),
        (b"", b"a", "the header has more than 131,072 characters", 1),
        (b'"', b"\n", "the header has more than 131,072 characters", 1),
        (b"", b",", "the header has more than 131,072 characters", 1),
    ],
)
def test_a_line_without_end_is_refused_in_little_memory(tmp_path, name, start, piece, rule, line):
    """A line of 100 MB is refused with less than 50 MB of memory."""
    path = write(tmp_path / name, start + piece * (100_000_000 // len(piece)))
    tracemalloc.start()
    try:
        (problem,) = refused(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (problem.rule, problem.line) == (rule, line)
    assert peak < 50_000_000


def test_the_longest_line_is_read(tmp_path):
    """A longer line is refused, in plain CSV, too."""
    row = csv_text([call(product_id="x" * 1_999_000)]).encode()
    assert read(write(tmp_path / "u.csv", row)).rows_read == 1
    (problem,) = refused(write(tmp_path / "v.csv", row.replace(b"x", b"xx") + FIRST))
    assert (problem.line, problem.rule) == (2, "a line of more than 2,000,000 bytes")


def test_plain_csv_is_not_a_zip_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text_module, "LARGE", 0)
    monkeypatch.setattr(csv_text_module, "RATIO", 0)
    path = write(tmp_path / "u.csv", CONTENT)
    assert measure_shape(SourceFile("u.csv", path, ".csv"), 13).records == 3


@pytest.mark.parametrize("name", ["u.csv", *NAMES])
def test_a_folder_of_that_name_or_a_file_that_is_gone_is_refused(tmp_path, name):
    path = tmp_path / name
    path.mkdir()
    for there, reason in (
        (path, "Is a directory"),
        (tmp_path / "gone" / name, "No such file or directory"),
    ):
        with pytest.raises(Refusal, match=f"{name}: cannot be read: {reason}"):
            open_bytes(
                SourceFile(name, there, f".csv{path.suffix}" if name != "u.csv" else ".csv")
            ).read()
