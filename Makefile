# What a person runs. Everything is installed into .venv, from the hash-locked lists in requirements/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help demo serve test check bench lock clean

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp ## start the service with stand-ins for the outside world and open the dashboard
	@exec $(BIN)/tracker demo $(ARGS)

serve: $(VENV)/run.stamp ## start the service alone
	@exec $(BIN)/tracker serve $(ARGS)

test: $(VENV)/dev.stamp ## run the whole suite, browser tests included
	$(BIN)/python -m pytest $(ARGS)
	@if command -v node >/dev/null; then node --test tests/web/*.test.mjs; \
	else echo "node is not installed: the unit tests of the dashboard's modules did not run"; fi

check: $(VENV)/dev.stamp ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev.stamp ## measure; results belong in docs/performance.md
	$(BIN)/python -m bench $(ARGS)

lock: $(VENV)/dev.stamp ## renew requirements/ from pyproject.toml
	$(BIN)/python requirements/lock.py

clean: ## remove what the targets above made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/run.stamp: $(VENV)/bin/python requirements/run.txt pyproject.toml
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@echo "Installing what tests and checks need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
