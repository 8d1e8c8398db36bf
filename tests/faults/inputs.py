"""Other surroundings, other inputs and altered files: R17, R18, R20-R22, C11, O01, O02, O04, O06 and D01."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from faults.bench import Bench
from faults.home import CHECKOUT, NAME, TRUTHS, FaultHome, calls_of
from faults.oracle import Lost, Wrong, digest, read_folder
from support.checkout import SUPPORT
from support.homes import FILES
from support.usage_files import call, write_calls, write_parquet

from finops_nb.outputs.revisions import History

CONTRACT = json.loads((SUPPORT / "results_contract.json").read_text(encoding="utf-8"))
TABLES = ("chargeback_by_organization", "chargeback_by_product", "budget_tracking", "rows")
"""Those whose columns are the same whatever the usage."""

RENAMED = """\
_records = type(rows).records
type(rows).records = lambda table: [
    {("spend" if name == "cost" else name): value for name, value in line.items()} for line in _records(table)
]"""


def surroundings(bench: Bench) -> None:
    """R17: the same run in another zone, language, hash seed, working folder and user's home publishes the same bytes."""
    zones = ["Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu", "UTC"]
    here = bench.templates.root / "after" / "outputs" / NAME
    if bench.full:
        one = bench.home("real")
        bench.judge("here", one, one.run(), codes=(0,))
        here = one.folder
    for number, zone in enumerate(bench.chosen(zones, 1)):
        other, folder = bench.home("real"), bench.templates.root / f"user-{number}"
        folder.mkdir()
        names = {
            "TZ": zone,
            "LANG": "de_DE.UTF-8",
            "LC_ALL": "C",
            "PYTHONHASHSEED": str(number + 7),
            "HOME": str(folder),
            "USER": "ann",
        }
        bench.judge(f"in {zone}", other, other.run(cwd=folder, **names), codes=(0,))
        bench.expect(f"in {zone}", digest(here) == digest(other.folder), "other bytes")


def reshaped(bench: Bench) -> None:
    """R18: rows shuffled, in seven files, zipped or as Parquet: the same results but for where they come from."""
    expected = _figures(bench.templates.root / "after" / "outputs" / NAME)
    for shape in ("seven files", "gzip", "parquet"):
        for _ in range(bench.some(1, 5)):
            home = bench.home()
            usage = home.root / "usage"
            shutil.rmtree(usage)
            calls = calls_of(NAME, cents=1)
            bench.random.shuffle(calls)
            if shape == "seven files":
                cuts = [0, *sorted(bench.random.sample(range(1, len(calls)), 6)), len(calls)]
                for number, (start, end) in enumerate(pairwise(cuts)):
                    write_calls(usage / f"{number}.csv", *calls[start:end])
            elif shape == "gzip":
                write_calls(usage / "calls.csv.gz", *calls)
            else:
                usage.mkdir()
                write_parquet(
                    usage / "calls.parquet",
                    calls,
                    timestamp="TIMESTAMPTZ",
                    cost_usd="DECIMAL(38, 12)",
                    input_tokens="BIGINT",
                )
            params = home.home.params_file(NAME)
            params.write_text(params.read_text().replace('"usage/{period}.csv"', '"usage/"'))
            if bench.full or shape == "seven files":
                bench.judge(shape, home, home.run(), codes=(0,))
                found = _figures(home.folder)
            else:
                found = expected | json.loads(home.run("check", NAME, "--json").out)
            if found != expected:
                bench.tally.wrong.append(f"{shape}: other results")


def _figures(folder: Path) -> dict:
    """The results but for what they were made from."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    del results["provenance"], results["tables"]["parameters"]
    return results


def broken_kernelspec(bench: Bench) -> None:
    """R20: the machine's python3 kernel is broken; a run takes this interpreter."""
    home = bench.home()
    spec = home.root / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps(
            {
                "argv": ["/bin/false", "{connection_file}"],
                "display_name": "broken",
                "language": "python",
            }
        )
    )
    bench.judge(
        "a broken kernelspec", home, home.run(JUPYTER_PATH=str(home.root / "jupyter")), codes=(0,)
    )


def clock(bench: Bench) -> None:
    """R21: the clock jumps to a leap day, and back by years: the period is that of the params."""
    home = bench.home()
    moments = [datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)]
    for moment in bench.chosen(moments, 1):
        end = home.run("run", NAME, "--force", SOURCE_DATE_EPOCH=str(int(moment.timestamp())))
        bench.judge(f"in {moment:%Y}", home, end, codes=(0,))
    bench.tally.injected += 1
    home.write_params("2028-02")
    days = ("2028-02-01T00:00:00Z", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z")
    write_calls(
        home.root / "usage" / "2028-02.csv", *(call(timestamp=day, cost_usd="1.50") for day in days)
    )
    checked = home.run("check", "2028-02", "--json")
    total = Decimal(json.loads(checked.out)["total"]) if checked.code == 0 else checked
    if total != Decimal("1.50") * 2:
        bench.tally.wrong.append(f"February 2028 costs {total}")


def upgraded(bench: Bench) -> None:
    """R22: another version of the package makes a new revision, which says so."""
    home = bench.home(cents=0)
    place = home.root / "upgraded"
    shutil.copytree(
        CHECKOUT / "finops_nb", place / "finops_nb", ignore=shutil.ignore_patterns("__pycache__")
    )
    module = place / "finops_nb" / "__init__.py"
    module.write_text(module.read_text().replace('__version__ = "', '__version__ = "9.'))
    metadata(place, "finops-nb", "9.9")
    bench.judge(
        "another version", home, home.run(PYTHONPATH=str(place)), codes=(0,), stands=("old",)
    )
    [*_, last] = History(home.home.outputs, NAME).revisions()
    changes = _made_of(home)["revision"]["changes"]
    bench.expect(
        "another version",
        last.number == 2 and any("version" in change["causes"] for change in changes),
        changes,
    )


def metadata(place: Path, name: str, version: str) -> None:
    """What makes Python believe that a package is installed in a version."""
    folder = place / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def _made_of(home: FaultHome) -> dict:
    return json.loads((home.folder / "results.json").read_text(encoding="utf-8"))["provenance"]


def edited_meanwhile(bench: Bench) -> None:
    """C11: params are edited while the run goes on: it keeps to what it read. Usage that changes meanwhile is not published."""
    place = "import os, pathlib\n_home = pathlib.Path(os.environ['FINOPS_NB_HOME'])\n"
    home = bench.home()
    home.append(
        place
        + f"_ = (_home / 'params' / '{NAME}.yaml').write_text('period: \"2025-11\"\\nusage: other.csv\\n')"
    )
    bench.judge("params edited meanwhile", home, home.run(), codes=(0,))
    made = _made_of(home)["params"]
    bench.expect(
        "params edited meanwhile",
        (made["period"], made["organization_budgets"]["org-alpha"]) == (NAME, "600"),
        made,
    )
    home = bench.home(bench.failing)
    home.append(place + f"_ = (_home / 'usage' / '{NAME}.csv').open('a').write('\\n')", cell=-2)
    end = home.run()
    bench.judge("usage edited meanwhile", home, end, said="The usage changed while", left=None)


def again(bench: Bench) -> None:
    """O01: the same run once more changes nothing."""
    home = bench.home(cents=0)
    before = {
        file: file.stat().st_mtime_ns
        for file in home.root.joinpath("outputs").rglob("*")
        if not file.name.endswith(".lock")
    }
    bench.judge("the same again", home, home.run(), codes=(0,), stands=("old",))
    after = {
        file: file.stat().st_mtime_ns
        for file in home.root.joinpath("outputs").rglob("*")
        if not file.name.endswith(".lock")
    }
    staging = home.root / "outputs" / ".staging"
    changed = [
        file
        for file in {**before, **after}
        if before.get(file) != after.get(file) and file not in (staging, home.root / "outputs")
    ]
    bench.expect("the same again", not changed, changed)


def one_cent(bench: Bench) -> None:
    """O02: one cent more is a second revision that says so; the first is kept whole."""
    home = bench.home("real" if bench.full else "after")
    before = digest(bench.templates.root / "real" / "outputs" / NAME)
    bench.judge("one cent more", home, home.run(), codes=(0,))
    [first, second] = History(home.home.outputs, NAME).revisions()
    bench.expect("the revisions", (first.number, second.number) == (1, 2), (first, second))
    if digest(home.root / "outputs" / ".runs" / NAME / "revision-1") != before:
        bench.tally.lost.append("the first revision is not as it was published")
    [change] = _made_of(home)["revision"]["changes"]
    bench.expect(
        "the difference",
        (Decimal(change["money"]), change["causes"]) == (Decimal("0.01"), ["usage"]),
        change,
    )
    said = home.run("what-changed", NAME)
    bench.expect("what-changed", said.code == 0 and "+$0.01" in said.out, said)


def altered(bench: Bench) -> None:
    """O04: one digit of a published file is edited: `status --verify` names the file. The oracle of this program sees it too."""
    for name in bench.chosen(FILES, 2):
        home = bench.home(cents=0)
        file = home.folder / name
        data = bytearray(file.read_bytes())
        places = [place for place, byte in enumerate(data) if chr(byte).isdigit()]
        place = bench.random.choice(places)
        data[place] = ord("1") if data[place] != ord("1") else ord("2")
        file.write_bytes(data)
        end = home.run("status", "--verify")
        bench.expect(
            f"byte {place} of {name}", end.code == 1 and f"outputs/{NAME}/{name}" in end.out, end
        )
    _oracle_bites(bench)


def _oracle_bites(bench: Bench) -> None:
    """Without which the rest of this program would prove nothing."""
    total = TRUTHS[NAME]["old"].total
    for name, find in (
        ("results.json", b'"total": "'),
        ("chargeback.csv", b",chat,"),
        ("organizational_alignment.html", b"Total Spend</strong>: <b>$"),
    ):
        home = bench.home(cents=0)
        file = home.folder / name
        data = bytearray(file.read_bytes())
        place = data.index(find) + len(find)
        data[place] = ord("9") if data[place] != ord("9") else ord("8")
        file.write_bytes(data)
        with suppress(Lost, Wrong):
            bench.expect(f"the oracle on {name}", False, f"{read_folder(home.folder)}, of {total}")


def contract(bench: Bench) -> None:
    """O06: a column of the results has another name: the contract of the tests says so."""
    home = bench.home()
    bench.expect(
        "the contract",
        not _broken(bench.templates.root / "after" / "outputs" / NAME),
        "does not hold as it is",
    )
    home.append(RENAMED, cell=-2)
    end = home.run()
    bench.expect(
        "a renamed column",
        end.code == 0 and "rows" in _broken(home.folder),
        end.err or "the contract holds",
    )


def _broken(folder: Path) -> list[str]:
    tables = json.loads((folder / "results.json").read_text(encoding="utf-8"))["tables"]
    return [name for name in TABLES if list(tables[name][0]) != CONTRACT["tables"][name]]


def old_dependency(bench: Bench) -> None:
    """D01: a package is below the version that is needed: the doctor names it."""
    home = bench.home()
    metadata(home.root / "below", "pandas", "0.1")
    end = home.run("status", "--doctor", PYTHONPATH=str(home.root / "below"))
    bench.expect("pandas 0.1", end.code == 1 and "pandas is 0.1" in end.out, end)
