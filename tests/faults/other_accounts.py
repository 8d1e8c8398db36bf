"""Another account of the machine, which reads, locks and connects to whatever it can: U01."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from faults.bench import Bench
from faults.disks import WITHOUT_POWER
from faults.home import NAME, FaultHome, ended
from support.homes import processes_of
from support.other_accounts import open_to_others, opened_to_all

NOBODY = 65534
ATTACK = f"""\
import fcntl, os, sys
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
opened = []
for folder, folders, files in os.walk(sys.argv[1]):
    for path in (folder, *(os.path.join(folder, name) for name in files)):
        try:
            opened.append(handle := os.open(path, os.O_RDONLY))
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        print(os.path.relpath(path, sys.argv[1]), flush=True)
print("", flush=True)
sys.stdin.read()
"""
"""Opens and locks what it can below a folder, prints the paths, and keeps them until its end."""
PRIVATE = (".runs", ".mail", ".staging")


def another_account(bench: Bench) -> None:
    """U01: it reads no mail, journal, lock, earlier revision or notebook, and stops no run."""
    for earlier in (False, True):
        home = bench.home()
        if earlier:
            opened_to_all(home.root / "outputs")
        what = "outputs of an earlier version" if earlier else "outputs of this version"
        _while_it_runs(bench, what, home)
        _after_a_mail(bench, what, home)
    _after_a_failure(bench)
    if os.geteuid():
        bench.skip("attacks by another account: needs root")
        return
    _attacks(bench)
    _reports_of_another(bench)


def _while_it_runs(bench: Bench, what: str, home: FaultHome) -> None:
    """A run with a kernel: no TCP port is open at any moment; then its folders are closed."""
    process, ports = home.start(), set()
    while process.poll() is None:
        ports |= set(_ports(home))
        time.sleep(0.05)
    bench.judge(what, home, ended(process), codes=(0,))
    bench.expect(f"{what}, open ports", not ports, ports)
    after = open_to_others(home.root / "outputs")
    bench.expect(f"{what}, open to others", not _private(after), _private(after))


def _ports(home: FaultHome) -> Iterator[str]:
    """The addresses at which a run's processes listen."""
    for process in processes_of(home.home):
        try:
            for each in process.net_connections("inet"):
                if each.status == psutil.CONN_LISTEN:
                    yield f"{each.laddr} of {process.pid}"
        except psutil.Error:  # it has ended
            continue


def _private(paths: list[str]) -> list[str]:
    return [path for path in paths if path.startswith(PRIVATE)]


def _after_a_mail(bench: Bench, what: str, home: FaultHome) -> None:
    """A mail that is written, with the report attached."""
    end = home.run("mail", NAME, "--to", "ada@example.com")
    bench.expect(f"{what}, a mail", end.code == 0, end)
    found = _private(open_to_others(home.root / "outputs"))
    bench.expect(f"{what}, open to others after a mail", not found, found)
    modes = {path.stat().st_mode & 0o077 for path in (home.root / "outputs/.mail").rglob("*")}
    bench.expect(f"{what}, permissions of a mail", modes == {0}, modes)


def _after_a_failure(bench: Bench) -> None:
    home = bench.home(bench.failing)
    home.append("1 / 0", cell=-1)
    end = home.run()
    bench.expect("a failed run", end.code == 1 and "as far as it ran" in end.err, end)
    found = _private(open_to_others(home.root / "outputs"))
    bench.expect("a failed run, open to others", not found, found)


def _attacks(bench: Bench) -> None:
    """It opens and locks all it can, and then the owner runs, mails and looks."""
    home = bench.home()
    home.run("mail", NAME, "--to", "ada@example.com", "--allow")
    with _attack(home) as opened:
        bench.expect("an attack, opened", not _private(opened), _private(opened))
        bench.expect("an attack, the report", f"{NAME}/results.json" in opened, opened)
        bench.judge("a run under attack", home, home.run(patch=bench.quick), codes=(0,), left=None)
        end = home.run("mail", NAME, "--to", "ada@example.com")
        bench.expect("a mail under attack", end.code == 0, end)
        end = home.run("status")
        bench.expect("a status under attack", end.code == 0 and "being" not in end.out, end)


@contextmanager
def _attack(home: FaultHome) -> Iterator[list[str]]:
    """What another account opens below `outputs/`, and has locked during the block."""
    for folder in (home.root.parent, home.root):
        folder.chmod(0o755)
    attack = [sys.executable, "-c", ATTACK, str(home.root / "outputs")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(attack, cwd="/", **pipes) as attacker:
        yield list(iter(lambda: attacker.stdout.readline().strip(), ""))
        attacker.stdin.close()


def _reports_of_another(bench: Bench) -> None:
    """The reports belong to another account: the run is refused, and says whose they are."""
    home = bench.home()
    runs = home.root / "outputs" / ".runs"
    for path in (runs, *runs.glob(".*.lock")):
        os.chown(path, NOBODY, NOBODY)
    end = home.run(patch=WITHOUT_POWER)
    status = home.run("status", patch=WITHOUT_POWER)
    for path in (runs, *runs.glob(".*.lock")):
        os.chown(path, os.geteuid(), os.getegid())
    message = r"^outputs/\.runs belongs to \w+, and only that account .*Run the command as \w+, or"
    bench.judge("reports of another account", home, end, message=message)
    crashed = "Internal" in status.err or "Traceback" in status.err
    bench.expect("status of another account's reports", not crashed, status)
