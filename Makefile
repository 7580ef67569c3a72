# make audit   audit the reference pass and torch's own pass (ARGS=--search-only leaves out mutants and examples)
# make campaign  20,000 programs through every front end under our pass alone (half an hour)
# make test    the test suite
# make bench   the benchmarks
# make soak    kills a search at 100 random moments and compares its report (about half an hour)
# make coverage  which branches of torch's pass and of ours generated programs reach
# make test-browser   the tests of the page in a real browser
# make docs    the pages of the commands, from their help
# make recall  within how many programs random search finds public faults of the pass again
# make regressions  records the verdicts of properties/campaign/corpus anew; review them with git diff (ARGS=--check writes nothing)
# make selfcheck  finds every seeded fault of the pass, and mutates our own code (MODULES, MINUTES)
# make lint    style and types
# make wheels  fetch what make audit-cuda needs into wheels/, on a machine with a network
# make audit-cuda  audit on a CUDA device, without a network: PYTHON has torch with CUDA, wheels/ was carried along
# make clean   remove what make made
#
# Variables: PYTHON (3.11 or newer), OUT (folder of the report), ARGS (passed on to the command); for wheels
# and audit-cuda also WHEELS (the folder), WHEELS_PYTHON and WHEELS_MACHINE (what the wheels are for), CUDA_PROGRAMS.

PYTHON ?= python3
OUT ?= audit-out
ARGS ?=
WHEELS ?= wheels
WHEELS_PYTHON ?= 3.12
WHEELS_MACHINE ?= x86_64
CUDA_PROGRAMS ?= 200
VENV := .venv
TORCH := $(shell sed -n "s/^torch==//p" constraints.txt)
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: audit publish campaign test bench soak coverage recall regressions selfcheck lint wheels audit-cuda clean venv test-browser docs
.DELETE_ON_ERROR:

audit: $(STAMP)
	$(BIN)/runtime-assert audit --output $(OUT) $(ARGS)

# The published audit of the pinned torch: our pass and torch's through every front end (see docs/audits).
publish: $(STAMP)
	$(BIN)/runtime-assert audit --frontend all --output docs/audits/torch-$(TORCH) $(ARGS)

campaign: $(STAMP)
	$(BIN)/runtime-assert audit --subject reference --frontend all --programs-scale 6 --search-only --output $(OUT) $(ARGS)

test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(ARGS)

bench: $(STAMP)
	set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; OMP_NUM_THREADS=1 $(BIN)/python "$$script" $(ARGS); done

soak: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.soak.kills $(ARGS)

coverage: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/coverage_of_pass.py $(ARGS)

# Needs Chromium (Debian: apt-get install chromium); the suite skips these tests where there is none, this does not.
test-browser: $(STAMP)
	@command -v chromium || command -v chromium-browser || command -v google-chrome || test -n "$$CHROMIUM" || { echo "make: no Chromium found (Debian: apt-get install chromium, or set CHROMIUM)"; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser $(ARGS)

# The pages of docs/commands, from the commands' own help.
docs: $(STAMP)
	$(BIN)/python -m reports.cli.manual docs/commands

recall: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.quality.recall $(ARGS)

regressions: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.regressions $(ARGS)

# Who checks the checker: seeded faults of the pass, and mutants of our own code, so many MINUTES of them at a time. A mutant
# that survives without a reason in tests/quality/survivors.toml is an error, and so is a run in which none was tried.
MODULES ?= properties.solver.normal properties.solver.query properties.solver.skeleton
MINUTES ?= 20
selfcheck: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/runtime-assert selfcheck $(ARGS)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.quality.mutation --minutes $(MINUTES) $(MODULES)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# Pure Python as far as possible; torch, and what comes with it, is the target's own.
wheels:
	$(PYTHON) -m pip download --quiet --no-deps --only-binary=:all: -c constraints.txt -r requirements-offline.txt \
		--dest $(WHEELS) --python-version $(WHEELS_PYTHON) --implementation cp \
		--abi cp$(subst .,,$(WHEELS_PYTHON)) --abi abi3 --abi none --platform manylinux2014_$(WHEELS_MACHINE) \
		$(foreach n,17 24 27 28 31 34 35 39,--platform manylinux_2_$(n)_$(WHEELS_MACHINE))
	@ls $(WHEELS)

# A venv made by a python that is in a venv itself does not see that one's torch, so the wheels go into a folder of
# their own, and the sources run where they are.
CUDA_SITE := .cuda-site
CUDA_RUN = PYTHONPATH=$(CURDIR)/$(CUDA_SITE):$(CURDIR) $(PYTHON)

$(CUDA_SITE)/.installed: requirements-offline.txt
	@$(PYTHON) -c 'import torch' 2>/dev/null || { echo 'make: $(PYTHON) has no torch; set PYTHON= to one that has it'; exit 2; }
	@ls $(WHEELS)/*.whl >/dev/null 2>&1 || { echo 'make: $(WHEELS) has no wheels; run make wheels where there is a network, and carry the folder along'; exit 2; }
	rm -rf $(CUDA_SITE)
	$(PYTHON) -m pip install --quiet --no-index --find-links $(WHEELS) --no-deps --target $(CUDA_SITE) -r requirements-offline.txt
	@touch $@

# Exit status 1 (findings), 4 and 5 are results, and leave a report: cuda.json is written for them, too.
audit-cuda: $(CUDA_SITE)/.installed
	@$(CUDA_RUN) -c 'from properties.devices import why_not_run as why; import torch; print("torch", torch.__version__, "on", why("cuda") and "no CUDA device" or torch.cuda.get_device_name())'
	$(CUDA_RUN) -m reports audit --search-only --device cuda --frontend shape_env --frontend make_fx --frontend export --frontend compile \
		--backend aot_eager --backend inductor --programs $(CUDA_PROGRAMS) --output $(OUT)-cuda $(ARGS); \
		status=$$?; $(CUDA_RUN) -m reports.joining $(OUT)-cuda cuda.json && echo "wrote cuda.json" || exit $$status; exit $$status

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
	rm -rf $(VENV) $(CUDA_SITE) $(OUT) $(OUT)-cuda build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
