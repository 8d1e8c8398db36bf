# Everything runs from .venv, which the first target makes: no activation, no kernel to register.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: report test browser coverage lab bench faults faults-smoke lint clean

report: $(STAMP)  ## the sample month's report; the last line is its path
	@$(BIN)/finops-nb run 2025-12

test: lint  ## lint, the tests that need no browser, and the notebooks as they stand
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not browser"
	@$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout 120 notebooks

browser: $(STAMP)  ## the tests that need Chromium, playwright and .ci's npm tools (see .ci/run)
	@$(BIN)/python -m pytest -m browser

coverage: $(STAMP)  ## the tests that need no browser, and the lines of the package that they never run
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not browser" --cov=finops_nb --cov-report=term:skip-covered

lab: $(STAMP)  ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks/budget_what_if.ipynb

bench: $(STAMP)  ## the run against papermill and nbconvert as commands, the reading of ten million calls against bare DuckDB and pandas
	@PYTHONPATH=tests $(BIN)/python -m bench.one_run
	@PYTHONPATH=tests $(BIN)/python -m bench.twelve_months
	@PYTHONPATH=tests $(BIN)/python -m bench.reading

faults: $(STAMP)  ## every fault of the battery, injected into real runs: what was published survives, and adds up
	@PYTHONPATH=tests $(BIN)/python -m faults --full

faults-smoke: $(STAMP)  ## a few cases of each fault
	@PYTHONPATH=tests $(BIN)/python -m faults

lint: $(STAMP)  ## ruff, and mypy's strict checks on the package
	@$(BIN)/ruff check finops_nb tests notebooks
	@$(BIN)/ruff format --check finops_nb tests
	@$(BIN)/mypy

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "finops_nb needs Python 3.11 or newer; name one: make PYTHON=python3.12 report" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv; on Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing into .venv (about a minute, once)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)
