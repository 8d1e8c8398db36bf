"""Times the reading of ten million calls: `finops-nb check`, plain DuckDB and pandas, in turn.

Each is a whole process. `make bench` makes its own tables (seeded) and prints seconds, peak memory
and ratios, each a median of `ROUNDS` rounds. Then `finops-nb check` reads a tenth of the rows, all,
five times as many, and the packaged sample. `ROWS=1000000 make bench` makes it smaller.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import duckdb

ROWS = int(os.environ.get("ROWS", "10_000_000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
BIN = Path(sys.executable).parent
CHECK = "finops-nb check"

Measurement = tuple[float, float]
"""Seconds, and peak memory in MB."""

BARE = """
import duckdb, sys
db = duckdb.connect()
source = sys.argv[1]
names = "organization_id, product_id, feature_id, customer_id"
if source.endswith(".csv"):
    kinds = "{'cost_usd': 'DECIMAL(38,12)', 'timestamp': 'TIMESTAMP'}"
    calls = f"SELECT *, CAST(timestamp AS DATE) AS day FROM read_csv('{source}', types = {kinds})"
    sums = "sum(cost_usd) AS cost, count(*) AS calls"
    db.execute(f"CREATE TEMP TABLE scan AS SELECT grouping(day) AS g, day, {names}, {sums} "
               f"FROM ({calls}) GROUP BY GROUPING SETS ((day), ({names}))")
    db.execute("CREATE TEMP TABLE a AS SELECT * FROM scan WHERE g = 1")
    db.execute("SELECT day, cost, calls FROM scan WHERE g = 0 ORDER BY 1").fetchall()
else:
    db.execute(f"CREATE TEMP TABLE a AS SELECT {names}, sum(cost_usd) AS cost, count(*) AS calls "
               f"FROM '{source}' GROUP BY ALL")
    db.execute("SELECT CAST(timestamp AS DATE), sum(cost_usd), count(*) "
               f"FROM '{source}' GROUP BY 1 ORDER BY 1").fetchall()
for by in ("organization_id", "product_id", "feature_id", "organization_id, product_id"):
    db.execute(f"SELECT {by}, sum(cost), sum(calls), count(DISTINCT customer_id) "
               "FROM a GROUP BY ALL ORDER BY ALL").fetchall()
db.execute("SELECT sum(cost), sum(calls), count(DISTINCT customer_id) FROM a").fetchall()
"""
"""The fastest known way. On Parquet that is two summaries with a scan each. On CSV, where parsing
is slow, it is one scan with grouping sets."""

PANDAS = """
import pandas as pd, sys
columns = ["timestamp", "cost_usd", "organization_id", "product_id", "feature_id", "customer_id"]
source = sys.argv[1]
if source.endswith(".csv"):
    frame = pd.read_csv(source, usecols=columns, parse_dates=["timestamp"])
else:
    frame = pd.read_parquet(source, columns=columns)
frame["cost_usd"] = frame["cost_usd"].astype(float)
for by in (
    ["organization_id"], ["product_id"], ["feature_id"], ["organization_id", "product_id"]
):
    frame.groupby(by).agg(
        cost=("cost_usd", "sum"), calls=("cost_usd", "size"), customers=("customer_id", "nunique")
    )
frame.groupby(frame["timestamp"].dt.date)["cost_usd"].sum()
"""


def make_table(folder: Path, rows: int = ROWS, text: bool = True) -> None:
    """Write calls in December to usage.parquet, and to usage.csv if `text`.

    There are 100,000 customers in 40 organizations. Each customer uses four of 60 features of 12
    products. Costs have six decimals.
    """
    microseconds = "CAST(hash(i, 1) % 2678400000000 AS BIGINT)"
    columns = {
        "timestamp": f"TIMESTAMP '2025-12-01' + to_microseconds({microseconds})",
        "provider": "'openai'",
        "model": "'gpt-' || (hash(i, 2) % 5)",
        "input_tokens": "CAST(hash(i, 3) % 4000 AS INTEGER)",
        "output_tokens": "CAST(hash(i, 4) % 2000 AS INTEGER)",
        "cost_usd": "CAST(CAST(hash(i, 5) % 90000 AS BIGINT) / 1000000 AS DECIMAL(12,6))",
        "latency_ms": "CAST(hash(i, 6) % 5000 AS INTEGER)",
        "customer_id": "'customer-' || customer",
        "organization_id": "'org-' || (hash(customer, 8) % 40)",
        "product_id": "'product-' || (feature // 5)",
        "feature_id": "'feature-' || feature",
        "task_type": "'qa'",
        "subscription_tier": "'pro'",
    }
    customers = f"SELECT i, hash(i, 7) % 100000 AS customer FROM range({rows}) AS t(i)"
    features = f"SELECT *, hash(customer, hash(i, 9) % 4) % 60 AS feature FROM ({customers})"
    select = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    with duckdb.connect() as db:
        db.execute("SET enable_progress_bar = false")
        db.execute(f"COPY (SELECT {select} FROM ({features})) TO '{folder}/usage.parquet'")
        if text:
            db.execute(
                f"COPY (SELECT * FROM '{folder}/usage.parquet') TO '{folder}/usage.csv' "
                "(TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ')"
            )


def measure(*command: str, **environment: str) -> Measurement:
    """Seconds of a process, and its peak memory in MB."""
    before = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    return time.perf_counter() - before, usage.ru_maxrss / 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "params").mkdir()
        _make_in_process(home, ROWS, True)
        for suffix in ("parquet", "csv"):
            write_params(home, f"usage.{suffix}")
            print(f"{suffix}, {ROWS:,} calls")
            _print_ratios(_compare(home, suffix))
        (home / "usage.csv").unlink()
        write_params(home, "usage.parquet")
        for rows in (ROWS // 10, ROWS, 5 * ROWS):
            _make_in_process(home, rows, False)
            print_check(f"parquet, {rows:,} calls", home)
        write_params(home, "sample:")
        print_check("the packaged sample", home)


def write_params(home: Path, usage: str) -> None:
    params = {"period": "2025-12", "usage": usage}
    (home / "params" / "2025-12.yaml").write_text(json.dumps(params))


def _compare(home: Path, suffix: str) -> dict[str, list[Measurement]]:
    """The measurements of each command, in rounds, so that the machine's load is the same."""
    source = f"{home}/usage.{suffix}"
    commands = {
        CHECK: (str(BIN / "finops-nb"), "check", "2025-12", "--json"),
        "plain DuckDB": (sys.executable, "-c", BARE, source),
        "pandas": (sys.executable, "-c", PANDAS, source),
    }
    if suffix == "parquet" and find_spec("pyarrow") is None:
        print("skipped: pandas on Parquet, which needs pyarrow")
        del commands["pandas"]
    measurements: dict[str, list[Measurement]] = {label: [] for label in commands}
    for _ in range(ROUNDS):
        for label, command in commands.items():
            measurements[label].append(measure(*command, FINOPS_NB_HOME=str(home)))
    return measurements


def _print_ratios(measurements: dict[str, list[Measurement]]) -> None:
    check = measurements[CHECK]
    for label, rounds in measurements.items():
        seconds, memory = _medians(rounds)
        time_ratio, memory_ratio = _medians(
            [
                (ours[0] / theirs[0], ours[1] / theirs[1])
                for ours, theirs in zip(check, rounds, strict=True)
            ]
        )
        print(
            f"  {label:16} {seconds:7.2f} s {memory:7.0f} MB   "
            f"check takes {time_ratio:.2f} of its time, {memory_ratio:.2f} of its memory"
        )


def _make_in_process(home: Path, rows: int, text: bool) -> None:
    """Make the table in its own process: a child starts with its parent's peak of memory."""
    code = (
        "import pathlib; from bench.reading import make_table; "
        f"make_table(pathlib.Path({str(home)!r}), {rows}, {text})"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=True)


def print_check(label: str, home: Path) -> None:
    command = (str(BIN / "finops-nb"), "check", "2025-12", "--json")
    rounds = [measure(*command, FINOPS_NB_HOME=str(home)) for _ in range(ROUNDS)]
    seconds, memory = _medians(rounds)
    print(f"{label}: {seconds:.2f} s, {memory:.0f} MB")


def _medians(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    first, second = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(second)


if __name__ == "__main__":
    main()
