"""Pages of Parquet files are compared with their checksums, so that damage is no other number.

`checked_pages_v1.parquet` and `_v2` are from pyarrow 26 (`write_page_checksum=True`, data pages of
version 1 and 2, snappy): 200 calls of December 2025 of 5 organizations in two groups of rows, with
and without dictionaries. Organizations cost 24,085.499151 + 21,645.905423 + 24,603.264153 +
13,990.627426 + 22,591.944079 = 106,917.240232.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random

import duckdb
import pytest
from support.checkout import SUPPORT
from support.properties import cases
from support.usage_files import call, costs, read, write, write_parquet

from finops_nb.errors import Failure, Refusal
from finops_nb.usage.sources.discovery import SourceFile
from finops_nb.usage.sources.parquet_pages import Chunk, check_pages

FILES = ("checked_pages_v1.parquet", "checked_pages_v2.parquet")


def chunks_of(file: Path) -> list[Chunk]:
    """Where the pages of each column are, as DuckDB reads it."""
    rows = duckdb.sql(
        "SELECT path_in_schema, coalesce(dictionary_page_offset, data_page_offset), "
        f"total_compressed_size FROM parquet_metadata('{file}')"
    ).fetchall()
    return [Chunk(column, start, start + size) for column, start, size in rows]


@pytest.mark.parametrize("name", FILES)
def test_a_sound_file_is_read(name):
    usage = read(SUPPORT / name)
    assert (usage.cost, usage.rows_read) == (Decimal("106917.240232"), 200)


@pytest.mark.parametrize("name", FILES)
def test_each_flipped_bit_of_a_page_is_found(tmp_path, name):
    """One bit of each page is flipped: every one differs from its checksum."""
    whole = (SUPPORT / name).read_bytes()
    file = tmp_path / "u.parquet"
    for chunk in chunks_of(SUPPORT / name):
        data = bytearray(whole)
        data[chunk.end - 1] ^= 4  # the last byte of the last page of the column
        file.write_bytes(data)
        with pytest.raises(Refusal, match=rf"^u, {chunk.column}: a page differs from its checksum"):
            check_pages(SourceFile("u", file, ".parquet"), [chunk])


@pytest.mark.slow
@pytest.mark.hypothesis
@pytest.mark.parametrize("name", FILES)
def test_no_flipped_bit_is_read_as_another_number(tmp_path, name):
    """Of flips anywhere in the file, a third were other numbers without the checksums."""
    flips = cases(120)
    whole, random = (SUPPORT / name).read_bytes(), Random(2)
    good, found = costs(read(SUPPORT / name), "organization"), 0
    for _ in range(flips):
        data = bytearray(whole)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        try:
            assert costs(read(write(tmp_path / "u.parquet", bytes(data))), "organization") == good
        except Refusal as refusal:
            found += "checksum" in str(refusal)
        except Failure:
            pass
    assert found > flips // 3


def test_pages_without_checksums_are_read(tmp_path):
    """DuckDB writes none; what cannot be understood in such a header is no reason to refuse."""
    file = write_parquet(tmp_path / "u.parquet", [call()] * 3)
    assert read(file).cost == 3
    check_pages(SourceFile("u", file, ".parquet"), [Chunk("x", 5, len(file.read_bytes()))])


@pytest.mark.parametrize("junk", [b"\xff" * 64, b"\x1b" * 64, b"\x15" * 64, b"\x19\xff" * 32])
def test_a_header_that_is_none_ends_the_check(tmp_path, junk):
    """Where other pages have checksums, it is damage."""
    plain = write(tmp_path / "plain", junk)
    check_pages(SourceFile("u", plain, ".parquet"), [Chunk("x", 0, 64)])
    whole = (SUPPORT / FILES[0]).read_bytes()
    broken = write(tmp_path / "broken", whole + junk)
    chunks = [*chunks_of(SUPPORT / FILES[0]), Chunk("x", len(whole), len(whole) + 64)]
    with pytest.raises(Refusal, match=r"^u, x: a page whose header can't be read"):
        check_pages(SourceFile("u", broken, ".parquet"), chunks)
