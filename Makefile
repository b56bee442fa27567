.DEFAULT_GOAL := help
.PHONY: help setup run demo test lint format migration lock clean

# Compiled once and kept: the tests start the program some hundred times.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Arguments for the tests: `make test PYTEST_ARGS="-x tests/test_settings.py"`.
# Three processes for each core of a small machine, for many tests wait for others. Those of a file stay together,
# and the longest files begin (tests/conftest.py). Each process has its own ports and database server.
PYTEST_ARGS ?= -n 6 --dist loadfile --no-loadscope-reorder
# Arguments for the demo: `make demo DEMO_ARGS="--language en"`.
DEMO_ARGS ?=
# `make lock` keeps the versions that still fit; `make lock LOCK_ARGS=--upgrade` takes the newest.
LOCK_ARGS ?=
LOCK_TOOL := pip-tools==7.6.2

help:  ## List the commands
	@grep -E '^[a-z]+: .*## |^[a-z]+:  ## ' $(MAKEFILE_LIST) \
		| sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(READY)  ## Make .venv from the pinned lock

# The first of the usual names that is Python 3.11 or later, unless PYTHON says which.
$(READY): requirements-dev.lock pyproject.toml
	@set -e; \
	if [ ! -x $(BIN)/python ]; then \
		found=""; \
		for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
			if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "Huifang needs Python 3.11 or later, and none was found. Install it, or name it: make setup PYTHON=/path/to/python3" >&2; \
			exit 1; \
		fi; \
		if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "$$found cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; \
			exit 1; \
		fi; \
		echo "Making $(VENV) with $$("$$found" --version)"; \
		"$$found" -m venv $(VENV); \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY)  ## Start the bot with the settings in .env
	$(BIN)/python -m bot run

demo: $(READY)  ## Show the bot at work, without a token and without the network
	$(BIN)/python -m bot demo $(DEMO_ARGS)

test: lint  ## Run every check and every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(READY)  ## Check style, types and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## Put the code into its usual form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

migration: $(READY)  ## Write the migration for changed tables: make migration m="what changes"
	$(BIN)/python -m models.migrations "$(m)"

# Made with the oldest supported Python: what only that one needs must be in the lock too.
lock:  ## Write the locks anew from pyproject.toml
	@set -e; \
	tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(or $(PYTHON),python3) -m venv "$$tools"; \
	"$$tools/bin/pip" install --quiet --disable-pip-version-check "$(LOCK_TOOL)"; \
	compile() { \
		CUSTOM_COMPILE_COMMAND="make lock" "$$tools/bin/pip-compile" --quiet --generate-hashes --strip-extras \
			--no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(LOCK_ARGS) "$$@" pyproject.toml; \
	}; \
	compile --extra dev --allow-unsafe --output-file requirements-dev.lock; \
	compile --constraint requirements-dev.lock --output-file requirements.lock

clean:  ## Remove what make made; data/ and .env stay
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find bot handlers models templates tests -name __pycache__ -type d -prune -exec rm -rf {} +
