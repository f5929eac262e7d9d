# Needs CPython >= 3.11 with venv, and make; everything else comes from the hash-pinned locks.
PORT ?= 8000
MAIL_PORT ?= 2525
DATA ?= var
PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
# $(1) is a lock. uv takes seconds; where it cannot work, pip does the same with the same hashes.
install = { $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r $(1) || $(BIN)/pip install -q --require-hashes -r $(1); } \
	&& $(BIN)/pip install -q --no-deps --no-build-isolation -e .

.PHONY: run test check bench long storm lock sbom audit identity

run: .venv/.run
	@PORT='$(PORT)' MAIL_PORT='$(MAIL_PORT)' DATA='$(DATA)' exec $(BIN)/portal up --with-parent

test: .venv/.dev
	$(BIN)/pytest -n 2 $(ARGS)

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.laws.dangerous
	$(BIN)/bandit -q -c pyproject.toml -r portal services channels
	$(BIN)/portal check --languages en,fr,es,ar

bench: .venv/.dev
	$(BIN)/python -m tests.bench

long: .venv/.dev
	$(BIN)/python -m tests.long

# SECONDS= of storms altogether, SEED= to repeat one, FAULTS= to choose some; LEVEL=release counts what a release must have gone through, SHARE=0.1 a tenth of it; OUT= another file.
storm: .venv/.dev
	@$(BIN)/python -m tests.storm $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(if $(filter release,$(LEVEL)),--release) $(if $(SHARE),--share $(SHARE)) $(if $(OUT),--out $(OUT)) $(FAULTS)

# Makes the style sheets and the script of the pages again, from portal/pages/identity; needs npm.
identity:
	mkdir -p build/identity && cp portal/pages/identity/* build/identity/
	cd build/identity && npm install --silent --no-package-lock && npm run --silent all

# What it is made of, and whether a weakness of that is known; 2 where nobody could say.
sbom: .venv/.dev
	$(BIN)/python deploy/sbom.py requirements.lock build/sbom.cyclonedx.json

audit: .venv/.dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python deploy/audit.py requirements.lock

lock: .venv/.dev
	$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --extra local --group build -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements.lock --extra local --extra otel --extra s3 --group build --group dev -o requirements-dev.lock
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > requirements-uv.lock

.venv/.made: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("CPython 3.11 or newer is needed; name one: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --require-hashes -r requirements-uv.lock || echo "uv cannot be installed here: pip does the work, more slowly"
	@touch $@

.venv/.run: .venv/.made requirements.lock pyproject.toml
	@$(call install,requirements.lock)
	@touch $@

.venv/.dev: .venv/.made requirements-dev.lock pyproject.toml
	@$(call install,requirements-dev.lock)
	@touch $@ .venv/.run
