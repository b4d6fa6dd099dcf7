# consentgate: every command makes the virtual environment it needs, in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCALE := src/consentgate/i18n/locale

.DEFAULT_GOAL := help
.PHONY: help demo test lint types docs messages screenshots servers fuzz mutants bench wheel clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

demo: $(VENV)/demo ## Set up .venv, then serve the demo portal on loopback, at port 8000 or, if that is taken, another (PORT=... for one)
	@echo "Serving the demo portal; its own cookies only, on this machine only."
	@$(BIN)/consentgate demo $(if $(PORT),--port $(PORT))

test: $(VENV)/test ## Set up .venv, then run every test, doctests included, and ask for 100 % of branches
	@echo "Running every test; what is skipped is listed at the end, with the reason."
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	@$(BIN)/coverage combine -q
	$(BIN)/coverage report

lint: $(VENV)/check ## Check style and layout
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/check ## Check types, the public API's as a user would use it
	$(BIN)/mypy

docs: $(VENV)/test ## Run what the documentation and the examples show
	$(BIN)/python -m pytest tests/site/test_docs.py tests/site/test_portal.py tests/site/test_frameworks.py
	$(BIN)/python -m pytest --doctest-modules src

messages: $(VENV)/test ## Gather our texts into locale/, update the translations and compile them
	$(BIN)/pybabel -q extract -F pyproject.toml -k N_plural:1,2 -k say -k plain -k say_plain --no-location --sort-output \
	    --project consentgate --copyright-holder "The consentgate developers" -o $(LOCALE)/consentgate.pot src/consentgate
	$(BIN)/pybabel -q update -D consentgate -i $(LOCALE)/consentgate.pot -d $(LOCALE) --no-fuzzy-matching --ignore-obsolete
	$(BIN)/pybabel -q compile -D consentgate -d $(LOCALE)

screenshots: $(VENV)/test ## Draw docs/screenshots anew; needs Debian's chromium and chromium-driver
	$(BIN)/python -m tools.screenshots docs/screenshots

servers: $(VENV)/servers ## Try the gate under every server that can be installed; bjoern wants libev-dev, mod_wsgi apache2-dev
	SERVERS="wsgiref waitress gunicorn-sync gunicorn-gthread gunicorn-gevent cheroot uwsgi granian bjoern mod_wsgi" \
	    $(BIN)/python -m pytest tests/gate/test_servers.py

fuzz: $(VENV)/fuzz ## Fuzz every parser, each for SECONDS=60, from the corpus in fuzz/corpus
	for target in $$($(BIN)/python -c 'from fuzz.targets import TARGETS; print(*TARGETS)'); do \
	    echo "fuzzing $$target"; \
	    $(BIN)/python -W ignore -m fuzz $$target -max_total_time=$(or $(SECONDS),60) -max_len=400 -verbosity=0 || exit 1; \
	done

mutants: $(VENV)/mutants ## Change floors 0 to 5 in every small way there is, and list what no test notices; takes an hour
	HYPOTHESIS_PROFILE=mutants $(BIN)/mutmut run
	$(BIN)/mutmut results

bench: $(VENV)/bench ## Print what the gate costs, beside a floor and everything else there is (PART=all for growth, memory, ...)
	$(BIN)/python -m benchmarks $(or $(PART),table)

wheel: $(VENV)/check ## Build the wheel and the source archive in dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist

clean: ## Remove what these commands made
	rm -rf $(VENV) dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/demo: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/test: $(VENV)/demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/servers: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[servers]'
	for server in bjoern mod_wsgi; do $(BIN)/python -m pip install --quiet --disable-pip-version-check $$server || true; done
	@touch $@

$(VENV)/bench: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(VENV)/mutants: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutants]'
	@touch $@

$(VENV)/fuzz: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@touch $@

$(VENV)/check: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lint,types]' build
	@touch $@
