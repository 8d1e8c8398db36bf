# Everything runs from .venv, which the first target sets up: nothing to activate, no kernel to register.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile
# Without pip's warnings on root and on PATH: nothing here needs either.
PIP_INSTALL := PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip install --quiet \
  --disable-pip-version-check --no-warn-script-location

.PHONY: help report test slow browser coverage lab bench faults faults-smoke lint clean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

report: $(STAMP)  ## set up, then publish the sample month's report; the last line is its path
	@$(BIN)/finops-nb run 2025-12

test: lint  ## set up, then lint, the tests, and the notebooks as they are committed
	@$(PYTEST) -m "not browser and not slow"
	@$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout 120 notebooks

slow: $(STAMP)  ## the long tests: every case of each property, signals, whole batches
	@FINOPS_NB_PROPERTIES=all $(PYTEST) -m "(slow or hypothesis) and not browser"

browser: $(STAMP)  ## the tests that need Chromium, playwright and .ci's npm tools (see .ci/run)
	@$(BIN)/python -m pytest -m browser

coverage: $(STAMP)  ## all tests without a browser, and the lines of the package that none of them runs
	@$(PYTEST) -m "not browser" --cov=finops_nb --cov-report=term:skip-covered

lab: $(STAMP)  ## JupyterLab on the notebooks, params and outputs
	@$(BIN)/finops-nb lab

bench: $(STAMP)  ## time a run, a year of runs, ten million calls, and other formats
	@PYTHONPATH=tests $(BIN)/python -m bench.one_run
	@PYTHONPATH=tests $(BIN)/python -m bench.twelve_months
	@PYTHONPATH=tests $(BIN)/python -m bench.reading
	@PYTHONPATH=tests $(BIN)/python -m bench.formats

faults: $(STAMP)  ## inject every fault into real runs and read back what is published
	@PYTHONPATH=tests $(BIN)/python -m faults --full

faults-smoke: $(STAMP)  ## the same with a few cases of each fault
	@PYTHONPATH=tests $(BIN)/python -m faults

lint: $(STAMP)  ## ruff, and mypy's strict checks on the package
	@$(BIN)/ruff check finops_nb tests notebooks
	@$(BIN)/ruff format --check finops_nb tests
	@$(BIN)/mypy

clean:  ## remove .venv and all caches
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "finops_nb needs Python 3.11 or newer. Name one: make PYTHON=python3.12 report" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "This Python has no venv. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; \
	  exit 1; }
	@echo "Installing into .venv (about a minute, once)" >&2
	@$(PYTHON) -m venv .venv
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $(STAMP)
