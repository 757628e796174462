# `make up` tries a stack out on the sandbox, `make test` runs every check. Each installs what it
# needs into .venv, from the package registry only, and only what the lists have a hash of.
STACK ?= dev
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# The first that runs and is 3.11 or newer, looked for once and only when it is wanted;
# PYTHON=… names another.
runs = $(if $(shell $(1) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(1))
PYTHON ?= $(eval PYTHON := $(or $(call runs,python3.11),$(call runs,python3.12),$(call runs,python3.13),\
	$(call runs,python3.14),$(call runs,python3.15),$(call runs,python3.16),$(call runs,python3),\
	$(call runs,python)))$(PYTHON)

.PHONY: up install sandbox test tests bench check lint types audit requirements published release clean

up: .venv/installed-sandbox
	@$(BIN)/python -m cfscim up --stack $(STACK)

install: .venv/installed

sandbox: .venv/installed-sandbox

# The longest files begin first (tests/conftest.py); the types are checked beside them.
test: .venv/installed-dev lint
	@$(MAKE) --no-print-directory --jobs=2 types tests

tests: .venv/installed-dev
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: .venv/installed-dev
	@$(BIN)/python -m bench.run $(RUNS)

check: lint types

lint: .venv/installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/installed-dev
	@$(BIN)/pyright

.venv/bin/python:
	@$(or $(PYTHON),echo) -c 'import sys; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1 \
		&& test -n "$(PYTHON)" || { echo "make: no Python from 3.11 on:" \
		"$(if $(PYTHON),$(PYTHON) is missing or older,none of python3.11 to python3.16 or python3 is here);" \
		"nothing was installed; install one, or write make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/installed: requirements.txt | .venv/bin/python
	@deploy/install

.venv/installed-sandbox: requirements-sandbox.txt .venv/installed
	@$(PIP) -r requirements-sandbox.txt
	@$(BIN)/python -m compileall -q sandbox
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed-sandbox
	@echo "Installing the test tools into .venv, once."
	@$(PIP) -r requirements-dev.txt
	@touch $@

# Known holes in what is pinned; asks pypi.org.
audit: .audit/installed
	@for list in requirements.txt requirements-sandbox.txt requirements-dev.txt; do \
		.audit/bin/pip-audit --disable-pip --require-hashes -r $$list || exit 1; done

.audit/installed: requirements-audit.txt | .venv/bin/python
	@$(BIN)/python -m venv .audit
	@.audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# After a change of a .in file: pins and hashes of all platforms anew. What is pinned stays, unless
# UPGRADE=<package> names it.
requirements: .venv/installed-dev
	@for list in requirements requirements-sandbox requirements-dev requirements-audit; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-annotate --custom-compile-command "make requirements" \
		$(if $(UPGRADE),--upgrade-package $(UPGRADE)) $$list.in -o $$list.txt || exit 1; done

# What is made from cfscim/config/models.py: the schema for editors, the tables in the docs.
published: .venv/installed
	@$(BIN)/python -m cfscim schema --stack-file > schema/stack.schema.json
	@$(BIN)/python -m cfscim schema --page docs/configuration.md
	@$(BIN)/python -m cfscim schema --page docs/console-checklist.md

# The tag of the version in pyproject.toml, once the changelog agrees; docs/contributing.md.
release: .venv/installed
	@$(BIN)/python -m cfscim.gitops release

clean:
	rm -rf .venv .audit
