"""The kernel of a run ignores IPython's configuration on the machine."""

from __future__ import annotations

import pytest
from ipykernel.kernelapp import IPKernelApp
from IPython.core.profiledir import ProfileDir

from finops_nb.notebook.kernel_app import KernelApp

CONFIG = "c.InteractiveShellApp.exec_lines = ['import decimal; decimal.getcontext().prec = 5']\n"


@pytest.mark.parametrize(("application", "lines"), [(IPKernelApp, 1), (KernelApp, 0)])
def test_it_reads_no_configuration_of_the_machine(tmp_path, application, lines):
    """A file that IPython's own kernel reads, wherever it is, is not read."""
    (tmp_path / "ipython_config.py").write_text(CONFIG)
    app = application(config_file_paths=[str(tmp_path)])
    app.load_config_file()

    assert len(app.config.InteractiveShellApp.get("exec_lines", [])) == lines


@pytest.mark.parametrize(("application", "runs"), [(IPKernelApp, ["a.py"]), (KernelApp, [])])
def test_it_runs_no_startup_file(tmp_path, monkeypatch, application, runs):
    """Nor is a startup file run."""
    monkeypatch.setattr("IPython.core.shellapp.ENV_CONFIG_DIRS", [str(tmp_path)])
    (tmp_path / "startup").mkdir()
    (tmp_path / "startup" / "a.py").touch()
    app = application(profile_dir=ProfileDir.create_profile_dir(str(tmp_path / "profile")))
    files: list[str] = []
    monkeypatch.setattr(app, "_exec_file", lambda file: files.append(file.rsplit("/", 1)[-1]))
    app._run_startup_files()

    assert files == runs
