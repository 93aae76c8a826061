# `make demo` and `make test` work on a fresh machine with Python 3.11+; they create .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= auto

.PHONY: demo test soak mutants check format bench clean

.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: .venv/.installed
	$(BIN)/hmsplan demo

test: check
	sh scripts/system.sh
	sh scripts/judges
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term:skip-covered

# Kills hmsplan with SIGKILL at fault points and at random moments, and prints what was found afterwards.
soak: export HMSPLAN_SOAK_KILLS ?= 2000
soak: .venv/.installed
	$(BIN)/python -m pytest -n $(JOBS) --no-cov tests/kills

# Breaks diff, plan and the create protocol in a thousand small ways, and lists the ways that no test notices.
mutants: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut>=3.8'
	$(BIN)/mutmut run
	$(BIN)/mutmut results

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
	rm -rf .venv .judges .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
