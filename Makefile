# nast-fx on Linux and macOS. Every target makes what it needs first: .venv, packages, sounds.
#
# PYTHON names the Python (3.11 or newer) that makes .venv:  make PYTHON=python3.12 test
# TORCH_INDEX names one more package index. On Linux PyPI's torch carries CUDA (gigabytes); without an
# NVIDIA card take the small one:  make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
PYTHON ?= python3
TORCH_INDEX ?=

BIN := .venv/bin
INSTALL = $(BIN)/python -m pip install -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: help demo test slow lint screenshots package system clean
.NOTPARALLEL:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: system .venv/installed ## render the demonstration into demo/ and say where the files are
	$(BIN)/nast-fx demo -o demo

test: system lint ## lint and the fast tests (minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not slow"

slow: system .venv/installed-test ## the slow tests, on real music (up to an hour)
	$(BIN)/python -m pytest -m slow

lint: .venv/installed-test ## style, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --platform win32
	$(BIN)/mypy --platform darwin
	$(BIN)/lint-imports

screenshots: .venv/installed ## pictures of every view of the app, into build/screenshots/
	$(BIN)/python -m nast_fx_gui.screenshots build/screenshots

package: .venv/installed-package ## wheel, sdist, the app, a .deb, what is in it: into dist/, and tried (minutes)
	$(BIN)/python packaging/make.py

system: ## Debian packages for the tests: install them (as root) or print the line to type
	@sh packaging/system.sh

clean: ## remove .venv, caches and build files (demo/ stays)
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are younger than what they were installed from, so a second `make` installs nothing.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "nast-fx needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make environments; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: pyproject.toml constraints.txt | .venv/made
	$(INSTALL) -e .
	@touch $@

.venv/installed-package: pyproject.toml constraints.txt | .venv/made
	$(INSTALL) -e '.[package]'
	@touch .venv/installed $@

.venv/installed-test: pyproject.toml constraints.txt | .venv/made
	$(INSTALL) -e '.[test]'
	@touch .venv/installed $@
