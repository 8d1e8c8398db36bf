"""Times the reading of ten million calls: `finops-nb check` against bare DuckDB and against pandas, whole processes in turn.

`make bench`: it makes its tables itself (seeded), prints seconds, peak memory and ratios, each a median of `ROUNDS` rounds. Then
`finops-nb check` on a tenth of the rows, on all, and on five times as many, and on the packaged sample. `ROWS=1000000` makes it smaller.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import duckdb

ROWS = int(os.environ.get("ROWS", "10_000_000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
BIN = Path(sys.executable).parent

BARE = """
import duckdb, sys
db = duckdb.connect()
source = sys.argv[1]
names = "organization_id, product_id, feature_id, customer_id"
if source.endswith(".csv"):
    kinds = "{'cost_usd': 'DECIMAL(38,12)', 'timestamp': 'TIMESTAMP'}"
    db.execute(f"CREATE TEMP TABLE scan AS SELECT grouping(day) AS g, day, {names}, sum(cost_usd) AS cost, count(*) AS calls FROM "
               f"(SELECT *, CAST(timestamp AS DATE) AS day FROM read_csv('{source}', types = {kinds})) "
               f"GROUP BY GROUPING SETS ((day), ({names}))")
    db.execute("CREATE TEMP TABLE a AS SELECT * FROM scan WHERE g = 1")
    db.execute("SELECT day, cost, calls FROM scan WHERE g = 0 ORDER BY 1").fetchall()
else:
    db.execute(f"CREATE TEMP TABLE a AS SELECT {names}, sum(cost_usd) AS cost, count(*) AS calls FROM '{source}' GROUP BY ALL")
    db.execute(f"SELECT CAST(timestamp AS DATE), sum(cost_usd), count(*) FROM '{source}' GROUP BY 1 ORDER BY 1").fetchall()
for by in ("organization_id", "product_id", "feature_id", "organization_id, product_id"):
    db.execute(f"SELECT {by}, sum(cost), sum(calls), count(DISTINCT customer_id) FROM a GROUP BY ALL ORDER BY ALL").fetchall()
db.execute("SELECT sum(cost), sum(calls), count(DISTINCT customer_id) FROM a").fetchall()
"""
"""The fastest that was found: on Parquet two summaries of a scan each, on CSV, where parsing is dear, one scan with grouping sets."""

PANDAS = """
import pandas as pd, sys
columns = ["timestamp", "cost_usd", "organization_id", "product_id", "feature_id", "customer_id"]
source = sys.argv[1]
if source.endswith(".csv"):
    frame = pd.read_csv(source, usecols=columns, parse_dates=["timestamp"])
else:
    frame = pd.read_parquet(source, columns=columns)
frame["cost_usd"] = frame["cost_usd"].astype(float)
for by in (["organization_id"], ["product_id"], ["feature_id"], ["organization_id", "product_id"]):
    frame.groupby(by).agg(cost=("cost_usd", "sum"), calls=("cost_usd", "size"), customers=("customer_id", "nunique"))
frame.groupby(frame["timestamp"].dt.date)["cost_usd"].sum()
"""


def make_table(folder: Path, rows: int = ROWS, text: bool = True) -> None:
    """Calls of December: 100,000 customers of 40 organizations, each with four features of 60, of 12 products; costs of six decimals."""
    day = "TIMESTAMP '2025-12-01' + to_microseconds(CAST(hash(i, 1) % 2678400000000 AS BIGINT))"
    query = f"""
        SELECT {day} AS timestamp, 'openai' AS provider, 'gpt-' || (hash(i, 2) % 5) AS model,
        CAST(hash(i, 3) % 4000 AS INTEGER) AS input_tokens, CAST(hash(i, 4) % 2000 AS INTEGER) AS output_tokens,
        CAST(CAST(hash(i, 5) % 90000 AS BIGINT) / 1000000 AS DECIMAL(12,6)) AS cost_usd, CAST(hash(i, 6) % 5000 AS INTEGER) AS latency_ms,
        'customer-' || (hash(i, 7) % 100000) AS customer_id, 'org-' || (hash(hash(i, 7) % 100000, 8) % 40) AS organization_id,
        'product-' || (habit // 5) AS product_id, 'feature-' || habit AS feature_id, 'qa' AS task_type, 'pro' AS subscription_tier
        FROM (SELECT i, hash(hash(i, 7) % 100000, hash(i, 9) % 4) % 60 AS habit FROM range({rows}) AS t(i))"""
    with duckdb.connect() as db:
        db.execute("SET enable_progress_bar = false")
        db.execute(f"COPY ({query}) TO '{folder}/usage.parquet'")
        if text:
            db.execute(
                f"COPY (SELECT * FROM '{folder}/usage.parquet') TO '{folder}/usage.csv' (TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ')"
            )


def measured(*command: str, **environment: str) -> tuple[float, float]:
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
        _made(home, ROWS, True)
        for kind in ("parquet", "csv"):
            (home / "params" / "2025-12.yaml").write_text(
                json.dumps({"period": "2025-12", "usage": f"usage.{kind}"})
            )
            commands = {
                "finops-nb check": (str(BIN / "finops-nb"), "check", "2025-12", "--json"),
                "bare DuckDB": (sys.executable, "-c", BARE, f"{home}/usage.{kind}"),
                "pandas": (sys.executable, "-c", PANDAS, f"{home}/usage.{kind}"),
            }
            if kind == "parquet" and find_spec("pyarrow") is None:
                print("skipped: pandas on Parquet, which needs pyarrow")
                del commands["pandas"]
            taken: dict[str, list[tuple[float, float]]] = {label: [] for label in commands}
            for _ in range(ROUNDS):
                for label, command in commands.items():
                    taken[label].append(measured(*command, FINOPS_NB_HOME=str(home)))
            print(f"{kind}, {ROWS:,} calls")
            for label, each in taken.items():
                seconds, memory = (statistics.median(part) for part in zip(*each, strict=True))
                ratio = statistics.median(
                    ours[0] / theirs[0]
                    for ours, theirs in zip(taken["finops-nb check"], each, strict=True)
                )
                share = statistics.median(
                    ours[1] / theirs[1]
                    for ours, theirs in zip(taken["finops-nb check"], each, strict=True)
                )
                print(
                    f"  {label:16} {seconds:7.2f} s {memory:7.0f} MB   check takes {ratio:.2f} of its time, {share:.2f} of its memory"
                )
        (home / "usage.csv").unlink()
        (home / "params" / "2025-12.yaml").write_text(
            json.dumps({"period": "2025-12", "usage": "usage.parquet"})
        )
        for rows in (ROWS // 10, ROWS, 5 * ROWS):
            _made(home, rows, False)
            _checked(f"parquet, {rows:,} calls", home)
        (home / "params" / "2025-12.yaml").write_text(
            json.dumps({"period": "2025-12", "usage": "sample:"})
        )
        _checked("the packaged sample", home)


def _made(home: Path, rows: int, text: bool) -> None:
    """Make the table in a process of its own: a child begins with its parent's peak of memory."""
    code = f"import pathlib; from bench.reading import make_table; make_table(pathlib.Path({str(home)!r}), {rows}, {text})"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=True)


def _checked(label: str, home: Path) -> None:
    each = [
        measured(str(BIN / "finops-nb"), "check", "2025-12", "--json", FINOPS_NB_HOME=str(home))
        for _ in range(ROUNDS)
    ]
    seconds, memory = (statistics.median(part) for part in zip(*each, strict=True))
    print(f"{label}: {seconds:.2f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
