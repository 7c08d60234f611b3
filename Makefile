# Everything runs in .venv, which the first command makes from the pinned versions.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# make setup LOCK=cpu or LOCK=cuda installs from a lock, with hashes; the choice is kept in .venv/.ready.
MADE := $(strip $(shell cat $(READY) 2>/dev/null))
LOCK ?= $(MADE)
# Where torch for the CPU lies for Linux; elsewhere the usual index has it.
CPU_INDEX ?= https://download.pytorch.org/whl/cpu
ifeq ($(LOCK),)
  PINS := .requirements.txt
  INSTALL := -r .requirements.txt
else ifneq ($(filter $(LOCK),cpu cuda),)
  PINS := .requirements-$(LOCK).lock
  INSTALL := --require-hashes -r $(PINS)
  ifeq ($(LOCK)$(shell uname),cpuLinux)
    INSTALL += $(addprefix --extra-index-url ,$(CPU_INDEX))
  endif
else
  $(error LOCK is cpu or cuda, not $(LOCK))
endif

# Data that is already on this machine is used from where it lies.
ifeq ($(strip $(METAAD_DATA)),)
  ifneq ($(wildcard ../shared/data),)
    export METAAD_DATA := $(abspath ../shared/data)
  endif
endif
# One thread for each process: lessons run side by side, and sums come out the same on any number of cores.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# Caches and IPython's profile stay inside the environment; the reader's own are neither used nor changed.
export IPYTHONDIR := $(CURDIR)/$(VENV)/ipython
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib
export PYDEVD_DISABLE_FILE_VALIDATION := 1
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup notebooks test unit nbval seeds lint lab student teacher verify report sbom slides site lite grade full nightly refresh benchmarks clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## make .venv with the pinned versions; LOCK=cpu: with hashes, and the small PyTorch
	@[ "$(LOCK)" = "$$(cat $(READY))" ] || { echo "$(VENV) was made otherwise; for LOCK=$(LOCK): make clean, then this again."; exit 1; }

$(READY): $(PINS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "metaad needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 setup")'
	@echo "Making $(VENV) (PyTorch is large: a few minutes the first time) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(INSTALL)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo $(LOCK) > $(READY)

notebooks: $(READY) ## execute every lesson, quick profile, into data/runs/
	@$(ONE_THREAD) $(BIN)/python tests/tools/run_notebooks.py --jobs $(WORKERS)

test: $(READY) lint unit nbval seeds ## unit tests, every lesson's outputs reproduced, claims at another seed

unit: $(READY) ## tests of the package and of the lessons' structure
	@$(ONE_THREAD) $(BIN)/python -m pytest tests -n $(WORKERS) --dist loadfile

nbval: $(READY) ## every stored output of every lesson, figures included, compared with a fresh run
	@$(ONE_THREAD) $(BIN)/python -m pytest --nbval notebooks -n $(WORKERS) --dist loadscope

seeds: $(READY) ## every lesson at seed 1, offline, with no data but the bundled: all claims must hold
	@$(ONE_THREAD) $(BIN)/python tests/tools/run_notebooks.py --seed 1 --offline --jobs $(WORKERS) --out data/runs/seed1

lint: $(READY) ## style and form of the code
	@$(BIN)/ruff check && $(BIN)/ruff format --check --quiet metaad tests

lab: $(READY) ## open your own copy of the course, in work/, in JupyterLab
	@$(BIN)/python tests/tools/editions.py lab

student: $(READY) ## the students' edition, without outputs and solutions, into build/student
	@$(BIN)/python tests/tools/editions.py student

teacher: $(READY) ## the teacher's edition, with solutions and known wrong answers, into build/teacher
	@$(BIN)/python tests/tools/editions.py teacher

verify: $(READY) ## every finding on this machine against the stored one: build/verify/report.html
	@$(ONE_THREAD) $(BIN)/python tests/tools/verify.py --jobs $(WORKERS)

report: $(READY) ## the findings of the runs that are at hand, one page: build/report.html
	@mkdir -p build && $(BIN)/python -m metaad report --html build/report.html || true

sbom: $(READY) ## what is installed, with versions and licences: build/sbom.json
	@mkdir -p build && $(BIN)/cyclonedx-py environment $(BIN)/python -o build/sbom.json

slides: $(READY) ## slides of every lesson, with the speaker's notes, into build/slides
	@$(BIN)/python tests/tools/slides.py

site: $(READY) ## the course as a site, into build/site; asks no other machine for anything
	@$(BIN)/python tests/tools/build_site.py

lite: $(READY) ## lessons 01 to 03 that run in the browser, into build/site/lite, linked from the site; npm is needed
	@$(BIN)/python tests/tools/lite.py

grade: $(READY) ## points and reasons for students' notebooks: make grade SUBMITTED=folder
	@$(ONE_THREAD) $(BIN)/python tests/tools/grade.py "$(SUBMITTED)" --workers $(WORKERS)

full: $(READY) ## every lesson on all of the data; goes on where it stopped; results are recorded in data/results/
	@$(BIN)/python tests/tools/run_notebooks.py --profile full --resume --out data/runs/full

nightly: $(READY) ## every lesson at seeds 2 to 21 and with each parameter at both ends; recorded in data/results/seeds.json
	@$(ONE_THREAD) $(BIN)/python tests/tools/run_notebooks.py --seeds 2:21 --parameter-bounds --resume --jobs $(WORKERS) --out data/runs/nightly

refresh: $(READY) ## execute the lessons in place: an unchanged lesson gives an unchanged file
	@$(ONE_THREAD) $(BIN)/python tests/tools/run_notebooks.py --refresh --jobs $(WORKERS)

benchmarks: $(READY) ## speed, as ratios measured side by side in one run
	@for file in tests/benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean: ## remove the environment and everything the lessons wrote
	rm -rf $(VENV) data/runs data/results/quick build
