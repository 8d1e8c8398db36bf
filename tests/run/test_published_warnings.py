"""After a run, its warnings are printed, as `check` prints them."""

from __future__ import annotations

import json

import pytest
from support.scenario_homes import make_scenario_home

from finops_nb.cli import main
from finops_nb.run.published_warnings import warnings_text


@pytest.mark.slow
def test_a_run_prints_the_warnings_of_its_report(tmp_path, monkeypatch, capsys):
    """A budget of a misspelled name is a warning on stderr; stdout has the page alone."""
    home = make_scenario_home(tmp_path)
    file = home.params_file("2025-12")
    file.write_text(file.read_text().replace("org-b:", "org-bb:"))
    monkeypatch.setenv("FINOPS_NB_HOME", str(home.root))
    with pytest.raises(SystemExit, match="0"):
        main(["run", "2025-12", "--kernel", "plain"])
    printed = capsys.readouterr()
    page = home.outputs / "2025-12" / "organizational_alignment.html"
    assert printed.out == f"{page}\n"
    warnings = json.loads((page.parent / "results.json").read_text())["warnings"]
    assert f"Published with {len(warnings)} warning" in printed.err
    assert any("org-bb" in line for line in printed.err.splitlines())
    with pytest.raises(SystemExit, match="0"):
        main(["check", "2025-12"])
    checked = capsys.readouterr().out
    assert all(f"Warning: {warning}" in checked for warning in warnings)


@pytest.mark.parametrize(
    ("count", "lines"),
    [
        (0, []),
        (1, ["Published with 1 warning:", "  w0"]),
        (3, ["Published with 3 warnings:", "  w0", "  w1", "  w2"]),
        (5, ["Published with 5 warnings:", "  w0", "  w1", "  w2", "  and 2 more, on the page"]),
    ],
)
def test_the_first_three_are_printed_and_the_others_counted(tmp_path, count, lines):
    """One a line."""
    warnings = [f"w{number}" for number in range(count)]
    (tmp_path / "results.json").write_text(json.dumps({"warnings": warnings, "provenance": {}}))
    assert warnings_text(tmp_path).splitlines() == lines
