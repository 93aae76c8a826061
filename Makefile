# `make demo` and `make test` work on a fresh machine with Python 3.11+; they create .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= auto

.PHONY: demo test check format bench clean

.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: .venv/.installed
	$(BIN)/hmsplan demo

test: check
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term:skip-covered

check: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
