"""What a compressed file lacks or has too much: a checksum, or zeros behind its end."""

from __future__ import annotations

import zlib
from io import SEEK_CUR
from typing import Final

from finops_nb.params.text_file import open_regular
from finops_nb.usage.sources.discovery import SourceFile

BLOCK: Final = 1 << 16

ZSTD_FRAME: Final = b"\x28\xb5\x2f\xfd"
SKIPPED_FRAME: Final = b"\x2a\x4d\x18"
"""The first bytes of a frame with data, and the second to fourth of a frame without."""

HAS_CHECKSUM: Final = 1 << 2
"""The bit of a frame's first byte that says that a checksum follows the data."""


def lacks_checksum(source: SourceFile) -> bool:
    """Whether a zstd file has no checksum, so that damage may read as other text.

    Its first frame tells: https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1.1.
    """
    if source.format != ".csv.zst":
        return False
    with open_regular(source.path) as packed:
        while (magic := packed.read(4))[1:] == SKIPPED_FRAME:
            packed.seek(int.from_bytes(packed.read(4), "little"), SEEK_CUR)
        descriptor = packed.read(1)
    return magic == ZSTD_FRAME and bool(descriptor) and not descriptor[0] & HAS_CHECKSUM


def has_zeros_behind(source: SourceFile) -> bool:
    """Whether zero bytes follow the data of a gzip file: Python skips them, DuckDB does not."""
    if source.format != ".csv.gz":
        return False
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    is_begun = False
    with open_regular(source.path) as packed:
        while block := packed.read(BLOCK):
            while block:
                if not is_begun and block.startswith(b"\0"):
                    return True
                unpacker.decompress(block)
                is_begun, block = not unpacker.eof, unpacker.unused_data
                if unpacker.eof:
                    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    return False
