# Two commands for a newcomer: `make demo` and `make test`. The others are for those who work on quorate.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench clean

demo: $(VENV)/.demo
	$(BIN)/python examples/run_demo.py

test: $(VENV)/.dev
	@sh tests/needs.sh
	$(BIN)/ruff check src tests verifier examples bench environment.py
	$(BIN)/ruff format --check src tests verifier examples bench environment.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh tests/terminals.sh $(BIN)/pytest -n 2 --dist worksteal

bench: $(VENV)/.dev
	@sh tests/needs.sh
	@sh bench/needs.sh
	$(BIN)/python -m bench $(PARTS)

# An environment of our own, from PyPI. Where Debian's python3-venv is missing, pip is fetched by the environment's own
# means; if that fails too, one line says what to install.
$(VENV)/.made:
	@$(PYTHON) environment.py $(VENV)
	@touch $@

$(VENV)/.demo: pyproject.toml $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[paper]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[lint,paper,import,dev]'
	@touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) demo demo-root-zone build dist
