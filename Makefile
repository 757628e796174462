# Two commands: `make up` tries a stack out on the sandbox, `make test` runs every check.
# Each installs what it needs into .venv, from the package registry only.
PYTHON ?= python3.11
STACK ?= dev
BIN := .venv/bin

.PHONY: up test check clean

up: .venv/installed
	@$(BIN)/python -m cfscim up --stack $(STACK)

test: .venv/installed-dev check
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright

.venv/bin/python:
	@$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	@echo "Installing into .venv, once; this takes about a minute."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "Installing the test tools into .venv, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv
