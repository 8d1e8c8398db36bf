"""The machine's own configuration: K01, folders, files, variables and limits that reach a run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from faults.bench import FAILED, Bench
from faults.home import NAME
from faults.oracle import digest

TEMPLATES = ("html_shell", "base", "report")
"""Names of template folders: ours now, nbconvert's, and ours before."""

EXEC_LINES = (
    "c.InteractiveShellApp.exec_lines = ['import decimal; decimal.getcontext().prec = 5']\n"
)
STARTUP = "import decimal, pandas\ndecimal.getcontext().prec = 5\npandas.DataFrame.sum = None\n"
CUSTOMIZE = """\
import decimal
decimal.DefaultContext.prec = 5
decimal.DefaultContext.rounding = decimal.ROUND_UP
decimal.setcontext(decimal.DefaultContext.copy())
"""
MATPLOTLIBRC = "text.usetex: True\nsvg.fonttype: path\nfont.size: 40\naxes.prop_cycle: nonsense\n"
EXPORTER = "c.TemplateExporter.exclude_output = True\nc.HTMLExporter.template_name = 'classic'\n"
CLIENT = {"NbClientApp": {"timeout": 1}, "NotebookClient": {"timeout": 1, "allow_errors": True}}


class Setting(NamedTuple):
    """A machine's own configuration.

    Args:
        name: in messages.
        files: text by path, in a folder of the machine.
        variables: of the environment; `{}` stands for that folder.
        patch: Python that the command runs first.
        cwd: the working folder, in the folder of the machine.
    """

    name: str
    files: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}
    patch: str = ""
    cwd: str = ""


def settings() -> Iterator[Setting]:
    """Every variant: a run publishes what it publishes without, or is refused with a sentence."""
    yield from _templates()
    yield from _jupyter()
    yield from _drawing()
    yield from _language()
    yield from _python()
    yield from _limits()


def configured(bench: Bench) -> None:
    """K01: a run ignores the machine's configuration, or is refused; the last report stands."""
    expected = digest(bench.templates.root / "after" / "outputs" / NAME)
    for setting in bench.chosen([*settings()], 4):
        home = bench.home()
        machine = home.root / "machine"
        for path, text in setting.files.items():
            file = machine / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        end = home.run(patch=setting.patch, **_surroundings(setting, machine, home.root))
        bench.judge(setting.name, home, end, codes=(0, 1), left=None if end.code else FAILED)
        if end.code == 0:
            bench.expect(f"{setting.name}, bytes", digest(home.folder) == expected, "others")


def _surroundings(setting: Setting, machine: Path, root: Path) -> dict[str, str]:
    """The environment and the working folder of a run."""
    cwd = machine / setting.cwd if setting.cwd else root
    values = {name: text.replace("{}", str(machine)) for name, text in setting.variables.items()}
    return {**values, "cwd": str(cwd)}


def _templates() -> Iterator[Setting]:
    """Template folders that Jupyter finds before those of the package, each an empty page."""
    for name in TEMPLATES:
        files = {
            f"nbconvert/templates/{name}/{file}": "nothing"
            for file in ("index.html.j2", "display_priority.j2", "base.html.j2")
        } | {f"nbconvert/templates/{name}/conf.json": json.dumps({"base_template": name})}
        for place, variables in {
            "data": {"JUPYTER_PATH": "{}/data"},
            "own": {"JUPYTER_DATA_DIR": "{}/own"},
            ".local/share/jupyter": {"HOME": "{}"},
        }.items():
            there = {f"{place}/{path}": text for path, text in files.items()}
            yield Setting(f"templates {name} in {place}", there, variables)


def _jupyter() -> Iterator[Setting]:
    """Configuration of nbconvert, nbclient and IPython, and files that IPython runs."""
    folder = {"JUPYTER_CONFIG_DIR": "{}/jupyter", "JUPYTER_CONFIG_PATH": "{}/jupyter"}
    yield Setting("nbconvert's", {"jupyter/jupyter_nbconvert_config.py": EXPORTER}, folder)
    client = {"jupyter/jupyter_nbclient_config.json": json.dumps(CLIENT)}
    yield Setting("nbclient's", client, folder)
    everywhere = {f".jupyter/jupyter_{each}config.py": EXPORTER for each in ("", "nbconvert_")}
    yield Setting("Jupyter's in ~", everywhere, {"HOME": "{}"})
    config, startup = "profile_default/ipython_config.py", "profile_default/startup/00.py"
    ipython = {"IPYTHONDIR": "{}/ipython"}
    yield Setting("IPython's", {f"ipython/{config}": EXEC_LINES}, ipython)
    yield Setting("IPython's startup", {f"ipython/{startup}": STARTUP}, ipython)
    in_home = {f".ipython/{config}": EXEC_LINES, f".ipython/{startup}": STARTUP}
    yield Setting("IPython's in ~", in_home, {"HOME": "{}"})


def _drawing() -> Iterator[Setting]:
    """Settings of matplotlib, in every place where it looks."""
    rc = {"mpl/matplotlibrc": MATPLOTLIBRC}
    yield Setting("matplotlibrc here", rc, cwd="mpl")
    yield Setting("$MATPLOTLIBRC", rc, {"MATPLOTLIBRC": "{}/mpl/matplotlibrc"})
    styles = {"mpl/stylelib/default.mplstyle": MATPLOTLIBRC}
    yield Setting("$MPLCONFIGDIR", rc | styles, {"MPLCONFIGDIR": "{}/mpl"})
    config = {".config/matplotlib/matplotlibrc": MATPLOTLIBRC}
    yield Setting("~/.config/matplotlib", config, {"HOME": "{}", "XDG_CONFIG_HOME": "{}/.config"})
    yield Setting("$MPLBACKEND", {}, {"MPLBACKEND": "no-such-backend"})


def _language() -> Iterator[Setting]:
    """Languages and encodings, whether this machine knows them or not."""
    yield Setting("German", {}, {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"})
    yield Setting("Turkish", {}, {"LANG": "tr_TR.UTF-8", "LANGUAGE": "tr", "LC_ALL": ""})
    yield Setting("ASCII", {}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})


def _python() -> Iterator[Setting]:
    """Modules in front of others, modules that Python runs as it starts, and its variables."""
    path = {"PYTHONPATH": "{}/first"}
    for module in ("pandas", "decimal", "jinja2"):
        yield Setting(f"a {module}.py", {f"first/{module}.py": "Decimal = float\n"}, path)
    for module in ("sitecustomize", "usercustomize"):
        yield Setting(module, {f"first/{module}.py": CUSTOMIZE}, path)
    yield Setting("computing", {}, {"PYTHONOPTIMIZE": "2", "PYTHONINTMAXSTRDIGITS": "640"})
    yield Setting("time zones", {}, {"PYTHONTZPATH": "{}/zones", "TZ": "Asia/Kathmandu"})
    yield Setting("warnings", {}, {"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"})
    packages = {"NETWORKX_BACKEND_PRIORITY": "none", "PANDAS_COPY_ON_WRITE": "0"}
    yield Setting("other packages' variables", {}, packages | {"PYTHONSTARTUP": "{}/x.py"})


def _limits() -> Iterator[Setting]:
    """Limits of a shell: `ulimit -n`, `-v`, `-u` and the mask of new files."""
    limit = "import resource\nresource.setrlimit(resource.{}, ({}, {}))"
    for name, most in (
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_NOFILE", 32),
        ("RLIMIT_AS", 900_000_000),
        ("RLIMIT_CORE", 0),
    ):
        yield Setting(f"{name} {most}", patch=limit.format(name, most, most))
    yield Setting("umask", patch="import os\nos.umask(0o077)")
