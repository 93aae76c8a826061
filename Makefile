# `make demo` and `make test` work on a fresh machine with Python 3.11+; they create .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
JOBS ?= auto
# What is installed: `locked`, the releases of requirements/dev.lock, or `newest`, which is for one job of CI that may fail.
RELEASES ?= locked

.PHONY: demo test golden soak mutants check format lock bench clean

.venv/.installed: pyproject.toml requirements/dev.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(MAKE) --no-print-directory $(RELEASES)
	touch $@

.PHONY: locked newest
# The build backend stands in the lock too, so nothing is downloaded whose hash is not known.
locked:
	$(PIP) --require-hashes --requirement requirements/dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .

newest:
	$(PIP) --upgrade --upgrade-strategy eager --editable '.[dev]'

demo: .venv/.installed
	$(BIN)/hmsplan demo

.PHONY: unit
# For the moment before a commit: no server, no browser, nothing beside .venv.
unit: .venv/.installed
	$(BIN)/python -m pytest -n $(JOBS) -q -m "not system" tests/unit tests/test_golden.py

# Everything. Outside of CI a server or a browser may be missing, whose tests are then skipped: less has to be covered.
# What is checked and installed first is done side by side. The tests run in one process more than there are cores, for
# many of them wait; and each may keep what it compiles, for hundreds of them start hmsplan.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/.installed
	$(MAKE) --no-print-directory -j check system judges
	PYTEST_XDIST_AUTO_NUM_WORKERS=$$(($$(getconf _NPROCESSORS_ONLN) + 1)) $(BIN)/python -m pytest -n $(JOBS) --dist worksteal \
		--cov --cov-report=term:skip-covered $(if $(CI),,--cov-fail-under=95)

.PHONY: system judges
system:
	sh scripts/system.sh

judges: .venv/.installed
	sh scripts/judges

# Writes what golden tests expect, and shows what changed: it is reviewed like code.
golden: .venv/.installed
	$(BIN)/python -m pytest -q -n $(JOBS) --no-cov --update-golden tests/test_golden.py tests/test_golden_apply.py \
		tests/test_golden_drift.py tests/test_golden_pull.py tests/test_golden_history.py tests/test_golden_large.py \
		tests/unit/config/test_broken_stacks.py tests/cli/test_cli_broken.py
	git add --intent-to-add tests/golden tests/broken
	git --no-pager diff --stat -- tests/golden tests/broken
	git --no-pager diff -- tests/golden tests/broken

# Kills hmsplan with SIGKILL at fault points and at random moments, breaks every call in every way, and lets people act
# beside 2,000 lives of an organization; prints what was found afterwards.
soak: export HMSPLAN_SOAK_KILLS ?= 2000
soak: export HMSPLAN_SOAK_LIVES ?= 2000
soak: .venv/.installed
	$(BIN)/python -m pytest -n $(JOBS) --no-cov tests/kills tests/faults/test_every_call.py \
		tests/properties/test_beside_people.py

# Breaks diff, plan and the create protocol in a thousand small ways, and lists the ways that no test notices.
mutants: .venv/.installed
	$(PIP) --require-hashes --requirement requirements/tools.lock
	rm -rf .mutants && git clone --quiet . .mutants
	rm .mutants/tests/broken/link_to_nothing/shop # mutmut copies all tests, and cannot copy a link to nothing
	cd .mutants && ../$(BIN)/mutmut run && ../$(BIN)/mutmut results

check: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Writes the locks: the newest releases that pyproject.toml allows, with hashes, for every Python and system; and what the
# programs of scripts/judged-by/editor need.
COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command 'make lock'

lock: .venv/.installed
	$(PIP) --require-hashes --requirement requirements/tools.lock
	$(COMPILE) --extra dev --output-file requirements/dev.lock pyproject.toml
	$(COMPILE) --constraint requirements/dev.lock --extra dask --extra emulator --extra language --extra mcp --extra object-store \
		--extra policies --extra postgres --output-file requirements/run.lock pyproject.toml
	$(COMPILE) --constraint requirements/dev.lock --output-file requirements/tools.lock requirements/tools.in
	cd scripts/judged-by/editor && npm install --package-lock-only --no-audit --no-fund --omit-lockfile-registry-resolved

# Writes what is generated from the code; a test finds it out of date.
.PHONY: docs
docs: .venv/.installed
	$(BIN)/python scripts/kinds_page.py
	$(BIN)/python scripts/rules_pages.py
	$(BIN)/python scripts/mistakes_page.py
	$(BIN)/python scripts/page_output.py
	$(BIN)/python scripts/completion_words.py

# Builds the documentation into site/; to read and search it: python -m http.server --directory site
.PHONY: site
site: export NO_MKDOCS_2_WARNING = 1
site: .venv/.installed
	$(BIN)/mkdocs build --strict

# What a release publishes: an sdist, and the wheel that it makes, so that nothing else in this folder gets into it.
.PHONY: dist
dist: .venv/.installed
	sh scripts/judges distribution
	rm -rf dist
	$(BIN)/hatchling build --target sdist --directory dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --no-cache-dir --wheel-dir dist dist/hmsplan-*.tar.gz
	sh scripts/judge_dist.sh dist

bench: .venv/.installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv site .judges dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
