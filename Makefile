# One environment, .venv, made once and used by every target. Needs python3 >= 3.11, make and gcc.
# `make help` lists the targets.

PYTHON ?= python3
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.heatrouter-env
DOCS_STAMP := $(VENV)/.heatrouter-docs

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env demo test test-all mutation validate check format bench bench-peers reference docs release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

env: $(STAMP) ## make the environment .venv (some minutes, once)

# torch goes first and alone: its wheel is most of the download, and it is the pin that matters.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "heatrouter needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name one: make PYTHON=python3.12 env")'
	@test -x $(BIN)/python || { echo "[1/3] creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "[2/3] installing torch (the largest download)"
	@$(PIP) install --quiet -c constraints.txt torch
	@echo "[3/3] installing heatrouter and what it needs (about two minutes)"
	@$(PIP) install --quiet -c constraints.txt -e '.[train,deploy,io,dev]'
	@touch $@
	@echo "ready: $(BIN)/heatrouter --help"

demo: $(STAMP) ## simulate, train, judge, export and serve a small district, end to end
	$(BIN)/heatrouter demo --out runs/demo

test: $(STAMP) ## the fast tests
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

test-all: $(STAMP) ## all tests
	$(BIN)/python -m pytest -n $(WORKERS)

mutation: $(STAMP) ## change guard, modes and validity a little: does a test notice? writes runs/mutation.json
	nice -n 10 $(BIN)/python benchmarks/mutate_safety.py --json runs/mutation.json

validate: $(STAMP) ## against measurements and other tools: make validate DATA=folder
	$(BIN)/heatrouter validate all $(if $(DATA),--data $(DATA))

check: $(STAMP) ## style, format, types, directions of import
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## apply the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The peers are compared even where a time of our own is missed; both decide how make ends.
bench: $(STAMP) ## time the hot paths, then compare with peers; writes runs/bench.json, runs/peers.json
	@missed=0; \
	$(BIN)/python benchmarks/run.py --out runs/bench.json || missed=1; \
	$(BIN)/python benchmarks/run_peers.py --out runs/peers.json || missed=1; \
	exit $$missed

bench-peers: $(STAMP) ## compare with named peers in environments of their own; writes runs/peers.json
	$(BIN)/python benchmarks/run_peers.py --out runs/peers.json

reference: $(STAMP) ## write docs/reference/ from the code
	$(BIN)/python docs/generate.py

docs: $(DOCS_STAMP) ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir site

$(DOCS_STAMP): $(STAMP)
	@echo "installing the documentation builder"
	@$(PIP) install --quiet -c constraints.txt -e '.[docs]'
	@touch $@

release: $(STAMP) ## build wheel and sdist, try each extra in an empty environment; writes dist/
	PYTHONPATH=. $(BIN)/python release/make_release.py --out dist

clean: ## remove what the targets made, except .venv and runs/
	rm -rf build dist site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find envs agents training deploy tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
