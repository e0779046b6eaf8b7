# Everything a newcomer or CI needs: `make demo`, `make test`. The environment is .venv, made from uv.lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
# How often 'make fuzz' tries each of its tests.
TRIES  ?= 5000
# Where the benchmark keeps its data and the peers it installs.
FOLDER ?= $(HOME)/.cache/headway-bench
# xdist workers; two cores are the machine we plan for.
JOBS   ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test lint check fuzz bench format browser npm alertmanager lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

# uv is itself installed from PyPI into the environment that it then fills, so nothing else is needed by hand.
$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv

$(VENV)/.runtime: uv.lock pyproject.toml | $(BIN)/uv
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv sync --quiet --frozen --no-dev --inexact --active --compile-bytecode
	@touch $@

$(VENV)/.dev: uv.lock pyproject.toml | $(BIN)/uv
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv sync --quiet --frozen --inexact --active --compile-bytecode
	@touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime  ## compute the example organisation and serve its pages on 127.0.0.1
	@$(BIN)/headway demo $(ARGS)

browser:
	@./.ci/browser

npm:
	@./.ci/npm $(VENV)/node

alertmanager:
	@./.ci/alertmanager

test: $(VENV)/.dev browser npm alertmanager  ## install what the tests need, run them all
	$(BIN)/pytest -n $(JOBS) --dist loadgroup $(ARGS)

lint: $(VENV)/.dev  ## format, lint, types, import contract
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## everything that a commit keeps green

faults: $(VENV)/.dev  ## kill -9 at 200 random points of a run, some twenty minutes
	HEADWAY_KILLS=$(or $(KILLS),200) $(BIN)/pytest -n 0 -s tests/e2e/test_faults_killed.py

format: $(VENV)/.dev  ## rewrite the code in the house style
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

fuzz: $(VENV)/.dev  ## look longer for texts that the catalogue's reader cannot bear (TRIES=5000)
	HEADWAY_FUZZ=$(TRIES) $(BIN)/pytest -n $(JOBS) tests/fuzz $(ARGS)

bench: $(VENV)/.dev  ## measure: active people beside peers and floors (ARGS="--events 50M"), then what has a limit in seconds
	$(BIN)/python -m bench activity --folder $(FOLDER) $(ARGS)
	$(BIN)/python -m bench

lock: | $(BIN)/uv  ## renew uv.lock
	$(BIN)/uv lock --upgrade

clean:  ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
