# What a person runs. Everything is installed into .venv, from the hash-locked lists in requirements/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# One more than there are cores: tests wait more than they work.
WORKERS ?= -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help demo serve test faults check bench audit lock clean

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp ## start the service with stand-ins for the outside world and open the dashboard
	@exec $(BIN)/tracker demo $(ARGS)

serve: $(VENV)/run.stamp ## start the service alone
	@exec $(BIN)/tracker serve $(ARGS)

test: $(VENV)/dev.stamp web/node_modules/.stamp ## run the whole suite, browser tests included
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

faults: $(VENV)/dev.stamp web/node_modules/.stamp ## run the tests of the catalogue of faults and write docs/faults.md anew
	$(BIN)/python -m pytest $(WORKERS) -k "_F2 or _F3" --fault-report docs/faults.md $(ARGS)

check: $(VENV)/dev.stamp web/node_modules/.stamp ## lint, format, types, and the browser's third-party files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if [ -d web/node_modules/esbuild ]; then npm run --silent --prefix web vendor:check && npm run --silent --prefix web types; fi

bench: $(VENV)/bench.stamp ## measure; results belong in docs/performance.md
	$(BIN)/python -m bench $(ARGS)

audit: $(VENV)/dev.stamp ## look what the service is made of up in the advisories; needs the internet
	$(BIN)/uv tool run --quiet --from 'pip-audit>=2.9,<3' pip-audit --disable-pip --require-hashes --requirement requirements/run.txt

lock: $(VENV)/dev.stamp ## renew requirements/ from pyproject.toml
	$(BIN)/python requirements/lock.py

clean: ## remove what the targets above made
	rm -rf $(VENV) web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

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

$(VENV)/bench.stamp: $(VENV)/dev.stamp requirements/bench.txt
	@echo "Installing what draws the figures ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

# Development only: the service needs no node. Without npm the checks of the dashboard's types and bundle are left out.
web/node_modules/.stamp: web/package-lock.json
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --prefix web; \
	else echo "npm is not installed: types, bundle and accessibility of the dashboard are not checked"; fi
	@mkdir -p $(@D) && touch $@
