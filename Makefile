# consentgate: every command makes the virtual environment it needs, in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCALE := src/consentgate/i18n/locale

.DEFAULT_GOAL := help
.PHONY: help demo test lint types docs reference links messages screenshots servers fuzz mutants bench wheel address clean

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

docs: $(VENV)/docs ## Build the documentation site in docs/_build/html, warnings as errors; make test runs what it shows
	$(BIN)/sphinx-build -n -W --keep-going -q -b html docs docs/_build/html

reference: $(VENV)/test ## Write the tables of docs/ that come from the code
	$(BIN)/python -m tools.reference

links: $(VENV)/docs ## Ask every address that the documentation names; needs the network
	$(BIN)/sphinx-build -q -b linkcheck docs docs/_build/links

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

mutants: $(VENV)/mutants ## Change the modules of only_mutate (pyproject.toml) in every small way there is, and list what no test notices; takes an hour or more
	HYPOTHESIS_PROFILE=mutants $(BIN)/mutmut run
	$(BIN)/mutmut results

bench: $(VENV)/bench ## Print what the gate costs, beside a floor and everything else there is (PART=all for growth, memory, ...)
	$(BIN)/python -m benchmarks $(or $(PART),table)

wheel: $(VENV)/release ## Build the wheel and the source archive in dist/, and check what the index will show
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*

address: ## Write the documentation site's address into README.md and pyproject.toml: make address URL=https://.../
	sed -i 's|https://pypi.org/project/consentgate/docs/|$(URL)|g' README.md pyproject.toml

clean: ## Remove what these commands made
	rm -rf $(VENV) dist docs/_build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/demo: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# Groups are not published, and need a newer pip than Python 3.11 and 3.12 bring.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[testing]'

$(VENV)/test: $(VENV)/demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(INSTALL) --group test
	@touch $@

$(VENV)/servers: $(VENV)/test
	$(INSTALL) --group servers
	for server in bjoern mod_wsgi; do $(BIN)/python -m pip install --quiet --disable-pip-version-check $$server || true; done
	@touch $@

$(VENV)/bench: $(VENV)/test
	$(INSTALL) --group bench
	@touch $@

$(VENV)/mutants: $(VENV)/test
	$(INSTALL) --group mutants
	@touch $@

$(VENV)/fuzz: $(VENV)/test
	$(INSTALL) --group fuzz
	@touch $@

$(VENV)/check: $(VENV)/test
	$(INSTALL) --group lint --group types
	@touch $@

$(VENV)/docs: $(VENV)/test
	$(INSTALL) --group docs
	@touch $@

$(VENV)/release: $(VENV)/test
	$(INSTALL) --group release
	@touch $@
