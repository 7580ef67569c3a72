# make audit   audit the reference pass and torch's own pass (about two minutes on two cores)
# make test    the test suite
# make bench   the benchmarks
# make coverage  which branches of torch's pass and of ours generated programs reach
# make lint    style and types
# make clean   remove what make made
#
# Variables: PYTHON (3.11 or newer), OUT (folder of the report), ARGS (passed on to the command).

PYTHON ?= python3
OUT ?= audit-out
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: audit test bench coverage lint clean venv
.DELETE_ON_ERROR:

audit: $(STAMP)
	$(BIN)/runtime-assert audit --output $(OUT) $(ARGS)

test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(ARGS)

bench: $(STAMP)
	set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; OMP_NUM_THREADS=1 $(BIN)/python "$$script" $(ARGS); done

coverage: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/coverage_of_pass.py $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

venv: $(STAMP)

# The stamp is written last, so that an interrupted installation is taken up again, and a finished one is
# repeated only when what it depends on has changed.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make: Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + " (set PYTHON=...)")'
	@echo "setting up $(VENV) (once; most of the time goes into fetching torch)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
