# Every command the README and the contract name. `make help` lists them.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do command -v $$p >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
MODE ?= embedded
export PORT SANDBOX_PORT DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help run test unit test-again demo lint bench soak up down install install-dev install-gm lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/.installed ## everything on one machine, nothing but Python needed; Ctrl-C stops it
	@exec $(BIN)/python -m services

test: $(VENV)/.installed-dev ## install what the tests need and run all of them
	@$(BIN)/python -m compileall -qq services shared tests clients/python/src  # once, not in each process
	@rm -f .pytest_cache/v/cache/lastfailed  # of files that are gone since, too
	@exec $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

unit: $(VENV)/.installed-dev ## the unit tests alone: seconds
	@exec $(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile tests/unit

test-again: $(VENV)/.installed-dev ## what failed in the last run, once more and alone
	@exec $(BIN)/python -m tests.harness.again

demo: $(VENV)/.installed$(if $(filter kafka,$(MODE)),-dev) ## one listing's whole life, with a timeline (MODE=embedded|kafka)
	@exec $(BIN)/python -m tests.e2e.demo --mode $(MODE)

lint: $(VENV)/.installed-dev ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(VENV)/.installed-dev ## benchmarks into bench/results/
	@exec $(BIN)/python -m bench

soak: $(VENV)/.installed-dev ## long randomised runs (SOAK_SECONDS each, default 600)
	@exec env SCHEMATHESIS_SECONDS=$${SOAK_SECONDS:-600} $(BIN)/python -m pytest tests -m "soak or longer" --run-soak

up: ## the production shape in containers
	docker compose up --build --detach --wait

down: ## stop the containers, keep their data
	docker compose down

install: $(VENV)/.installed ## only install

install-gm: $(VENV)/.installed ## what SM2 signatures need, too
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-gm.lock

install-dev: $(VENV)/.installed-dev ## install with what the tests need

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml requirements.lock
	@echo "installing (first start only)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

lock: ## renew the hash-pinned lock files from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --extra dev pyproject.toml -o requirements-dev.lock
	@sed -n '/^gmssl-pyx==/,/^[a-z].*==/{/^gmssl-pyx==/p;/^ /p}' requirements-dev.lock > requirements-gm.lock

clean: ## remove the environment and caches, never the data
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
