# Two commands matter: `make demo` and `make test`. Each does its own set-up.

PYTHON ?= python3
BIN := .venv/bin
TARGETS := $(PYTHON) tests/targets/targets.py
SUITES ?= bullseye bookworm trixie
BUILD := $(PYTHON) tests/services/build.py
EACH := $(addprefix --suite ,$(SUITES))
MAKEFLAGS += --no-print-directory

.PHONY: help demo test check soak bench docs clean \
        static venv engine images programs format lint sanity units

help: ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: venv ## Deploy a real program to two systemd hosts, and see its first request start it
	@$(PYTHON) demo/run.py

test: venv ## Every test, on real systemd
	@$(MAKE) -j2 -Otarget static programs
	@tests/run all

static: lint sanity docs

check: venv lint units docs ## The quick loop: formatting, lint, unit tests, documentation

soak: programs ## The full counts of the long tests
	@tests/run soak

bench: programs ## Ratios measured side by side
	@tests/run bench

clean: ## Remove this project's containers, images and builds, and nothing else
	@$(TARGETS) clean
	@rm -rf .build .venv

# -- the parts --------------------------------------------------------------------

venv:
	@$(PYTHON) tests/setup/venv.py

engine:
	@$(TARGETS) engine

images: engine
	@$(TARGETS) images $(SUITES)

programs: venv images
	@$(TARGETS) build-images $(SUITES)
	@$(BUILD) hello --version 1.0.0 $(EACH) >/dev/null
	@$(BUILD) hello --version 1.1.0 $(EACH) >/dev/null
	@$(BUILD) lunchd --version 1.0.0 $(EACH) >/dev/null
	@$(BUILD) lunchd --version 1.1.0 --suite $(lastword $(SUITES)) >/dev/null

format: venv ## Write the code as the formatter has it
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

lint: venv
	@echo "==> formatting and lint"
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary -p ansible_collections.activated.services.plugins
	@$(BIN)/mypy --no-error-summary tests/targets tests/services tests/setup demo
	@$(BIN)/yamllint -s .
	@tests/lint-ansible

sanity: venv
	@tests/sanity

units: venv
	@echo "==> unit tests"
	@$(BIN)/python -m pytest -q --no-header tests/unit

docs: venv
	@tests/docs
