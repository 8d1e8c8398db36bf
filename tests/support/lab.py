"""JupyterLab on this machine, and a browser page with a notebook in it, for tests.

Each process that is started here also ends here, by its process id.
"""

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
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE: Final = 60
"""Seconds that the server may take to start; also a notebook."""

CONNECTED: Final = """() => {
  const [kernel, state] = [".jp-KernelName", ".jp-Notebook-ExecutionIndicator"]
    .map((selector) => document.querySelector(selector));
  const isNamed = kernel && !kernel.textContent.includes("No Kernel");
  return isNamed && state?.dataset.status === "idle";
}"""
"""The state is "idle" also before there is a kernel; a command given then is dropped, or asks for
one. So the kernel's name counts too."""

PROMPTS: Final = (
    "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(cell => cell.textContent)"
)
RUN: Final = rf"{PROMPTS}.every(prompt => /\d/.test(prompt))"


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address and its access token."""

    url: str
    token: str

    def address(self, place: str) -> str:
        """The address of a page, such as `lab/tree/notebooks/x.ipynb`."""
        return f"{self.url}{place}?token={self.token}"


@dataclass
class Visit:
    """A browser page, with its requests and errors.

    Args:
        page: Playwright's page.
        requests: address of each request.
        errors: the console's errors, and exceptions.
    """

    page: Any
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("console", self._remember_error)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _remember_error(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def open_notebook(self, server: Server, place: str) -> None:
        """Open a notebook, run all cells and wait for the last one to end."""
        self.page.goto(server.address(f"lab/tree/{place}") + "&reset")
        self.page.wait_for_function(CONNECTED, timeout=PATIENCE * 1000)
        self.page.click('.lm-MenuBar-itemLabel:text-is("Run")')
        self.page.click('.lm-Menu-item[data-command="runmenu:run-all"]')
        self.page.wait_for_function(RUN, timeout=PATIENCE * 1000)


@contextmanager
def running_lab(root: Path, own: Path, theme: str = "Light") -> Iterator[Server]:
    """A JupyterLab that shows a folder, with settings of its own.

    Args:
        root: the folder that it shows.
        own: an empty folder for everything it writes.
        theme: Light or Dark.
    """
    extension = own / "settings" / "@jupyterlab" / "apputils-extension"
    settings = extension / "themes.jupyterlab-settings"
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
    environment = _environment(own)
    with (
        (own / "log").open("wb") as log,
        subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log) as process,
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
    """A browser; each call of the value opens a page of the width and height given.

    Without a browser the test is skipped, or fails if the environment requires one.
    """
    program = _program()
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        reason = "playwright is not installed: pip install 'finops-nb[browser]'"
        required.without(reason, required.BROWSER)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(FLAGS))

        def visit(width: int = 1280, height: int = 900, **context: Any) -> Visit:
            viewport = {"width": width, "height": height}
            visit = Visit(chromium.new_context(viewport=viewport, **context).new_page())
            visit.watch()
            return visit

        yield visit
        chromium.close()


def _program() -> str:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        reason = f"no browser is installed: none of {', '.join(BROWSERS)}"
        required.without(reason, required.BROWSER)
    return program


def _environment(own: Path) -> dict[str, str]:
    """This environment without the user's settings, kernels and home of finops_nb."""
    users = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "FINOPS_NB"))
    }
    folders = {
        "HOME": "home",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    for folder in folders.values():
        (own / folder).mkdir(parents=True, exist_ok=True)
    places = {name: str(own / folder) for name, folder in folders.items()}
    return users | places | {"JUPYTER_PLATFORM_DIRS": "1"}


def _server(own: Path, process: subprocess.Popen) -> Server:
    """The server's address, once it has written it down."""
    until = time.monotonic() + PATIENCE
    file = own / "runtime" / f"jpserver-{process.pid}.json"
    while time.monotonic() < until and process.poll() is None:
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):  # not written yet, or only half
            time.sleep(0.1)
        else:
            return Server(about["url"], about["token"])
    log = (own / "log").read_text(encoding="utf-8", errors="replace")
    raise AssertionError(f"JupyterLab did not start:\n{log[-2000:]}")


def _write(file: Path, content: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
