# One small network: `make help` lists what there is.
# Every target sets up what it needs by itself, in .venv.

PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
TWO := -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help book pdf test test-slow lab notebooks benchmark lighthouse sweeps format \
	clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

book: .venv/installed  ## build the site and say where to open it
	$(BIN)/jupyter-book build . --all -W --keep-going
	@echo "Open $(CURDIR)/_build/html/index.html in a browser."

pdf: book  ## print the whole book into one file, through Chromium
	$(BIN)/python book/print.py

# Two files at a time; plain `pytest` and `pytest --nbval book/` do the same in more time.
test: .venv/installed  ## run every check: style, unit tests, the site, every notebook
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest $(TWO)
	$(BIN)/pytest --nbval book/ $(TWO)

test-slow: .venv/installed  ## run the checks that take minutes: sweeps, retraining, every page
	$(BIN)/pytest -m slow $(TWO) --ignore tests/tuning/test_sweep.py
	$(BIN)/pytest -m slow tests/tuning/test_sweep.py  # takes all cores by itself

lab: .venv/installed  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab book

notebooks: .venv/installed  ## run every notebook from top to bottom and store the outputs
	$(BIN)/python book/execute.py

benchmark: book  ## measure time and memory
	$(BIN)/python benchmarks/main_line.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/recognition.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/drawing.py

lighthouse: .venv/installed  ## judge the built site with Lighthouse (needs Node)
	$(BIN)/python benchmarks/lighthouse.py

sweeps: .venv/installed  ## complete the stored results that take longer than a notebook may
	$(BIN)/python benchmarks/sweeps.py
	$(BIN)/python benchmarks/others.py
	$(BIN)/python benchmarks/whole_numbers.py
	$(BIN)/python benchmarks/wider.py

format: .venv/installed  ## put code and notebooks into the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove everything that can be made again
	rm -rf .venv _build .pytest_cache .ruff_cache .hypothesis *.egg-info

.venv/installed: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none is \
	on the PATH; install one of them and try again."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.txt
	touch $@
