# The targets of the README. `make demo` and `make test` need Python 3.10+, pip and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find volplugins symbols docs/schema -type f -not -name '*.pyc' 2>/dev/null) pyproject.toml

.PHONY: demo test test-all lint types schema bench clean

demo: $(VENV)/installed
	@$(BIN)/volplugins demo

# tests of one file stay in one process (`loadfile`): they share what they made
test: $(VENV)/dev
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-all: $(VENV)/dev
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

# after a change of columns: they are declared in volplugins/vol/commands/*/row.py
schema: $(VENV)/dev
	$(BIN)/python -m volplugins.vol.commands.schema docs/schema/rows.schema.json

bench: $(VENV)/dev
	@$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation ".[judges]" || true
	@set -f; $(BIN)/python -m tests.bench $(FIGURES)

# venv is a package of its own on Debian; virtualenv from PyPI stands in where it is missing
$(VENV)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  $(PYTHON) -m pip install -q --target .venv-tool virtualenv && \
	  PYTHONPATH=.venv-tool $(PYTHON) -m virtualenv -q $(VENV); }
	$(BIN)/pip install -q --disable-pip-version-check "setuptools>=69" wheel
	@touch $@

# the installed wheel is what the tests of the command line run: it follows the sources
$(VENV)/installed: $(VENV)/python $(SOURCES)
	@rm -rf build
	$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation .
	@rm -rf build
	@touch $@

$(VENV)/dev: $(VENV)/installed
	$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation ".[dev]"
	$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation ".[more]" \
	  || echo "pandas, shtab, mcp or twine cannot be had here: the tests that need them skip"
	@rm -rf build
	@touch $@

clean:
	rm -rf $(VENV) .venv-tool build dist *.egg-info
