"""JupyterLab on this machine and a browser's page of a notebook, for tests; what is started here ends here, by its process id."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from support import required

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    *(
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
    ),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)
PATIENCE: Final = 60
"""Seconds that the server, and then a notebook, may take to start."""

CONNECTED: Final = """() => {
  const [kernel, state] = [".jp-KernelName", ".jp-Notebook-ExecutionIndicator"].map((each) => document.querySelector(each));
  return kernel && !kernel.textContent.includes("No Kernel") && state?.dataset.status === "idle";
}"""
"""The state alone does not say it: it is idle also before there is a kernel, and a command given then is dropped or asks for one."""
PROMPTS: Final = (
    "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(each => each.textContent)"
)
RUN: Final = rf"{PROMPTS}.every(said => /\d/.test(said))"


@dataclass(frozen=True)
class Server:
    """A JupyterLab that runs on a folder: where, and its key to the door."""

    url: str
    token: str

    def address(self, place: str) -> str:
        """The address of a page: `lab/tree/notebooks/x.ipynb`, `files/outputs/x.html`."""
        return f"{self.url}{place}?token={self.token}"


@dataclass
class Visit:
    """A browser's page, and what it did behind the reader's back.

    Args:
        page: Playwright's.
        asked: the address of everything that was asked for.
        complaints: the console's errors, and what was thrown.
    """

    page: Any
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open_notebook(self, server: Server, place: str) -> None:
        """Open a notebook, run every cell and wait for the end of the last."""
        self.page.goto(server.address(f"lab/tree/{place}") + "&reset")
        self.page.wait_for_function(CONNECTED, timeout=PATIENCE * 1000)
        self.page.click('.lm-MenuBar-itemLabel:text-is("Run")')
        self.page.click('.lm-Menu-item[data-command="runmenu:run-all"]')
        self.page.wait_for_function(RUN, timeout=PATIENCE * 1000)


@contextmanager
def running_lab(root: Path, own: Path, theme: str = "Light") -> Iterator[Server]:
    """A JupyterLab of a folder, with settings of its own.

    Args:
        root: the folder that it shows.
        own: an empty folder for all that it writes.
        theme: Light or Dark.
    """
    settings = (
        own / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    )
    config = own / "config" / "labconfig" / "page_config.json"
    _write(settings, {"theme": f"JupyterLab {theme}"})
    _write(config, {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        "--port=0",
        f"--ServerApp.root_dir={root}",
    ]
    command = [sys.executable, "-m", "jupyterlab", *options]
    with (
        (own / "log").open("wb") as log,
        subprocess.Popen(
            command, cwd=root, env=_environment(own), stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield _server(own, process)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def browser() -> Iterator[Callable[..., Visit]]:
    """A browser; each call gives a page, of the width and height given.

    Where there is none the test is skipped, or fails if the environment says that it is required.
    """
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        required.without(
            f"no browser is installed: none of {', '.join(BROWSERS)}", required.BROWSER
        )
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        required.without(
            "playwright is not installed: pip install 'finops-nb[browser]'", required.BROWSER
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(FLAGS))

        def visit(width: int = 1280, height: int = 900, **context: Any) -> Visit:
            visit = Visit(
                chromium.new_context(
                    viewport={"width": width, "height": height}, **context
                ).new_page()
            )
            visit.watch()
            return visit

        yield visit
        chromium.close()


def _environment(own: Path) -> dict[str, str]:
    """This environment with nothing of who runs the tests: no settings, no kernels, no home of finops_nb."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "FINOPS_NB"))
    }
    folders = {
        "HOME": "home",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
    }
    folders |= {
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    for folder in folders.values():
        (own / folder).mkdir(parents=True, exist_ok=True)
    return (
        kept
        | {name: str(own / folder) for name, folder in folders.items()}
        | {"JUPYTER_PLATFORM_DIRS": "1"}
    )


def _server(own: Path, process: subprocess.Popen) -> Server:
    """What the server says of itself once it has a port."""
    until = time.monotonic() + PATIENCE
    said = own / "runtime" / f"jpserver-{process.pid}.json"
    while time.monotonic() < until and process.poll() is None:
        try:
            about = json.loads(said.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):  # not written, or half of it
            time.sleep(0.1)
        else:
            return Server(about["url"], about["token"])
    raise AssertionError(
        "JupyterLab did not start:\n"
        + (own / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
    )


def _write(file: Path, content: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
