"""Other surroundings, inputs and changed files: R17, R18, R20 to R22, C11, S11, O01 to O06, D01."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from faults.bench import FAILED, Bench
from faults.home import CHECKOUT, NAME, TRUTHS, FaultHome, calls_of
from faults.oracle import Lost, Wrong, digest, read_folder
from support.checkout import SUPPORT
from support.homes import FILES
from support.stray_quotes import read_otherwise
from support.usage_files import call, write_calls, write_parquet

from finops_nb.outputs.revisions import History

CONTRACT = json.loads((SUPPORT / "results_contract.json").read_text(encoding="utf-8"))
TABLES = ("chargeback_by_organization", "chargeback_by_product", "budget_tracking", "rows")
"""Tables whose columns are the same whatever the usage."""

RENAMED = """\
from finops_nb.report.table import Table as _Table
_records = _Table.records
_name = lambda name: "spend" if name == "cost" else name
_renamed = lambda line: {_name(name): value for name, value in line.items()}
_Table.records = lambda table: [_renamed(line) for line in _records(table)]"""
"""A last line of a cell that gives a column another name."""
EDIT_PARAMS = f"""\
import os, pathlib
_home = pathlib.Path(os.environ['FINOPS_NB_HOME'])
_ = (_home / 'params' / '{NAME}.yaml').write_text('period: "2025-11"\\nusage: other.csv\\n')"""
EDIT_USAGE = f"""\
import os, pathlib
_home = pathlib.Path(os.environ['FINOPS_NB_HOME'])
_ = (_home / 'usage' / '{NAME}.csv').open('a').write('\\n')"""
"""Lines of a cell that edit what the run has read."""


def surroundings(bench: Bench) -> None:
    """R17: zone, language, hash seed, working folder and user do not change the bytes."""
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
    """R18: rows shuffled, in seven files, zipped or as Parquet: the same figures."""
    expected = _figures(bench.templates.root / "after" / "outputs" / NAME)
    for shape in ("seven files", "gzip", "parquet"):
        for _ in range(bench.some(1, 5)):
            home = bench.home()
            _write_shuffled(bench, home.root / "usage", shape)
            params = home.home.params_file(NAME)
            params.write_text(params.read_text().replace('"usage/{period}.csv"', '"usage/"'))
            if bench.full or shape == "seven files":
                bench.judge(shape, home, home.run(), codes=(0,))
                figures = _figures(home.folder)
            else:
                figures = expected | json.loads(home.run("check", NAME, "--json").out)
            if figures != expected:
                bench.tally.wrong.append(f"{shape}: other results")


def _write_shuffled(bench: Bench, usage: Path, shape: str) -> None:
    """The same rows in another order and shape."""
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


def _figures(folder: Path) -> dict:
    """The results without what they were made from."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    del results["provenance"], results["tables"]["parameters"]
    return results


def broken_kernelspec(bench: Bench) -> None:
    """R20: the machine's python3 kernel is broken; a run uses this interpreter."""
    home = bench.home()
    spec = home.root / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    broken = {"argv": ["/bin/false", "{connection_file}"], "display_name": "broken"}
    spec.write_text(json.dumps(broken | {"language": "python"}))
    end = home.run(JUPYTER_PATH=str(home.root / "jupyter"))
    bench.judge("a broken kernelspec", home, end, codes=(0,))


def clock(bench: Bench) -> None:
    """R21: the clock jumps to a leap day, or back by years; the period is that of the params."""
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
    """R22: another version of the package makes a new revision that says so."""
    home = bench.home(cents=0)
    place = home.root / "upgraded"
    shutil.copytree(
        CHECKOUT / "finops_nb", place / "finops_nb", ignore=shutil.ignore_patterns("__pycache__")
    )
    module = place / "finops_nb" / "__init__.py"
    module.write_text(module.read_text().replace('__version__ = "', '__version__ = "9.'))
    metadata(place, "finops-nb", "9.9")
    end = home.run(PYTHONPATH=str(place))
    bench.judge("another version", home, end, codes=(0,), allowed=("old",))
    [*_, last] = History(home.home.outputs, NAME).revisions()
    changes = _made_of(home)["revision"]["changes"]
    bench.expect(
        "another version",
        last.number == 2 and any("version" in change["causes"] for change in changes),
        changes,
    )


def metadata(place: Path, name: str, version: str) -> None:
    """The metadata by which Python takes a package for installed in a version."""
    folder = place / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def _made_of(home: FaultHome) -> dict:
    return json.loads((home.folder / "results.json").read_text(encoding="utf-8"))["provenance"]


def edited_meanwhile(bench: Bench) -> None:
    """C11: edited params do not change a run that has read them; edited usage makes it fail."""
    home = bench.home()
    home.append(EDIT_PARAMS)
    bench.judge("params edited meanwhile", home, home.run(), codes=(0,))
    made = _made_of(home)["params"]
    bench.expect(
        "params edited meanwhile",
        (made["period"], made["organization_budgets"]["org-alpha"]) == (NAME, "600"),
        made,
    )
    home = bench.home(bench.failing)
    home.append(EDIT_USAGE, cell=-2)
    end = home.run()
    message = f"inputs changed during the run: usage/{NAME}"
    bench.judge("usage edited meanwhile", home, end, message=message, left=None)


def swallowed(bench: Bench) -> None:
    """S11: two stray quotes in a file; it is refused, or read as it was meant."""
    for seed in range(bench.some(100, 10_000)):
        bench.tally.injected += 1
        if read_otherwise(bench.templates.root, seed):
            bench.tally.wrong.append(f"two quotes, file {seed}: other figures")


def again(bench: Bench) -> None:
    """O01: the same run again changes nothing."""
    home = bench.home(cents=0)
    outputs = home.root / "outputs"
    before = _times(outputs)
    bench.judge("the same again", home, home.run(), codes=(0,), allowed=("old",))
    after = _times(outputs)
    differing = [file for file in before | after if before.get(file) != after.get(file)]
    changed = [file for file in differing if file not in (outputs, outputs / ".staging")]
    bench.expect("the same again", not changed, changed)


def _times(folder: Path) -> dict[Path, int]:
    """When each file was last written, but the locks."""
    files = [file for file in folder.rglob("*") if not file.name.endswith(".lock")]
    return {file: file.stat().st_mtime_ns for file in files}


def one_cent(bench: Bench) -> None:
    """O02: one cent more is a second revision that says so; the first is kept."""
    home = bench.home("real" if bench.full else "after")
    before = digest(bench.templates.root / "real" / "outputs" / NAME)
    bench.judge("one cent more", home, home.run(), codes=(0,))
    [first, second] = History(home.home.outputs, NAME).revisions()
    bench.expect("the revisions", (first.number, second.number) == (1, 2), (first, second))
    if digest(home.root / "outputs" / ".runs" / NAME / "revision-1") != before:
        bench.tally.lost.append("the first revision was changed")
    [change] = _made_of(home)["revision"]["changes"]
    bench.expect(
        "the difference",
        (Decimal(change["money"]), change["causes"]) == (Decimal("0.01"), ["usage"]),
        change,
    )
    end = home.run("what-changed", NAME)
    bench.expect("what-changed", end.code == 0 and "+$0.01" in end.out, end)


def altered(bench: Bench) -> None:
    """O04: `status --verify` names a file with one digit edited, and the oracle sees it too."""
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
    _oracle_finds_changes(bench)


def _oracle_finds_changes(bench: Bench) -> None:
    """The oracle finds a changed figure; if it did not, this program would prove nothing."""
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
            report = read_folder(home.folder)
            bench.expect(f"the oracle on {name}", False, f"{report}, total {total}")


def contract(bench: Bench) -> None:
    """O06: a renamed column of the results is not published, and the tests' contract finds it."""
    home = bench.home()
    bench.expect(
        "the contract",
        not _broken(bench.templates.root / "after" / "outputs" / NAME),
        "does not hold as it is",
    )
    home.append(RENAMED, cell=-2)
    # The page has the column under its old name, so the gate finds the other one.
    bench.judge("a renamed column", home, home.run(), message="results.json", left=FAILED)
    results = home.folder / "results.json"
    results.write_text(results.read_text().replace('"cost":', '"spend":'))
    bench.expect("a renamed column", "rows" in _broken(home.folder), "the contract holds")


def _broken(folder: Path) -> list[str]:
    tables = json.loads((folder / "results.json").read_text(encoding="utf-8"))["tables"]
    return [name for name in TABLES if list(tables[name][0]) != CONTRACT["tables"][name]]


def old_dependency(bench: Bench) -> None:
    """D01: the doctor names a package that is too old."""
    home = bench.home()
    metadata(home.root / "below", "pandas", "0.1")
    end = home.run("status", "--doctor", PYTHONPATH=str(home.root / "below"))
    bench.expect("pandas 0.1", end.code == 1 and "pandas is 0.1" in end.out, end)
