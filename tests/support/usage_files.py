"""Usage written to files, as CSV text and as Parquet, and read back."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

import duckdb

from finops_nb.errors import Problem, Refusal
from finops_nb.params.model import make_params
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import read_usage
from finops_nb.usage.sources.csv_text import ZSTD

COLUMNS = [
    "timestamp",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "latency_ms",
    "customer_id",
    "organization_id",
    "product_id",
    "feature_id",
    "task_type",
    "subscription_tier",
]
"""The header of the dialect `calls`."""


def call(**values: str) -> dict[str, str]:
    """One call on 31 December that cost 1.00, with the given columns changed."""
    plain = {
        "timestamp": "2025-12-31 10:00:00",
        "provider": "p",
        "model": "m",
        "input_tokens": "1",
        "output_tokens": "1",
        "cost_usd": "1.00",
        "latency_ms": "5",
        "customer_id": "c1",
        "organization_id": "org-a",
        "product_id": "chat",
        "feature_id": "ask",
        "task_type": "qa",
        "subscription_tier": "pro",
    }
    return plain | values


def csv_text(
    calls: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS, **options
) -> str:
    """CSV of these calls, with their header."""
    text = io.StringIO()
    writer = csv.writer(text, **{"lineterminator": "\n"} | options)
    writer.writerow(columns)
    writer.writerows([of[name] for name in columns] for of in calls)
    return text.getvalue()


def write(path: Path, content: str | bytes) -> Path:
    """A file of that content, packed as its name says."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed(data, path.name))
    return path


def packed(data: bytes, name: str) -> bytes:
    """The bytes as a file of that name holds them; zstd adds a checksum, as its command does."""
    if name.endswith(".zst"):
        zstd = import_module(ZSTD)
        return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})
    return gzip.compress(data, 1, mtime=0) if name.endswith(".gz") else data


def write_calls(path: Path, *calls: Mapping[str, str], **options) -> Path:
    """A CSV file of these calls."""
    return write(path, csv_text(calls, **options))


def write_parquet(path: Path, calls: Iterable[Mapping[str, str]], **types: str) -> Path:
    """A Parquet file of these calls: text, except for columns with a given type; empty is NULL."""
    rows = [[of[name] or None for name in COLUMNS] for of in calls]
    select = ", ".join(
        f"CAST({name} AS {types.get(name, 'VARCHAR')}) AS {name}" for name in COLUMNS
    )
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute(f"CREATE TABLE calls ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})")
        db.executemany(f"INSERT INTO calls VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        db.execute(f"COPY (SELECT {select} FROM calls) TO '{path}' (FORMAT parquet)")
    return path


def read(*files: Path, **params) -> Usage:
    """The usage of December 2025 in these files."""
    return read_usage(
        make_params({"period": "2025-12", "usage": [str(file) for file in files]} | params)
    )


def refused(*files: Path, **params) -> list[Problem]:
    """The problems for which these files are refused."""
    try:
        usage = read(*files, **params)
    except Refusal as refusal:
        assert refusal.count >= len(refusal.problems) > 0
        return list(refusal.problems)
    raise AssertionError(f"read as {usage.cost}")


def costs(usage: Usage, *keys: str) -> dict[str, str]:
    """Cost by name, as text without trailing zeros."""
    frame = usage.groups[keys]
    names = frame[list(keys)].astype(str).agg("/".join, axis=1)
    return {
        name: format(cost.normalize(), "f") for name, cost in zip(names, frame["cost"], strict=True)
    }
