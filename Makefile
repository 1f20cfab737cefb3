# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Needs Python, make and a package registry; all else is installed into .cache, and nothing is written outside it.

SHELL := /bin/sh
TOOLS := .cache/tools
NOX = $(TOOLS)/bin/nox
READY := $(TOOLS)/.ready

# The newest Python that runs, from PATH or pyenv. Another one: make demo PYTHON=/path/to/python
ifndef PYTHON
PYTHON = $(shell for v in 3.13 3.12 3.11; do for p in python$$v "$$HOME"/.pyenv/versions/$$v.*/bin/python$$v; do \
  "$$p" -c 'import sys, venv, ensurepip; print(sys.executable)' 2>/dev/null && exit; done; done; echo python3)
endif

export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/pycache

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench emulator clean

help:  ## this text
	@echo "daas.https: turn on HTTPS for a whole platform on Alibaba Cloud. Everything here runs on an embedded cloud, on loopback only."
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: $(READY)  ## the main job, twice, on the embedded cloud; KEEP=1 leaves its endpoints open for openssl or a browser
	@$(NOX) -s demo

test: $(READY)  ## all checks: lint, ansible-test sanity on three ansible-core versions, unit and end-to-end tests
	@$(TOOLS)/bin/python tests/support/check.py

lint: $(READY)  ## static checks only, in a minute or two
	@$(NOX) -s lint

bench: $(READY)  ## what a rerun costs that finds nothing to do
	@$(NOX) -s bench

emulator: $(READY)  ## the embedded cloud alone, until Ctrl-C; ARGS="--scenario empty --calm" are passed on
	@$(NOX) -s emulator -- $(ARGS)

clean:  ## remove .cache, where everything is that these commands made
	rm -rf .cache

$(READY): tests/constraints.txt
	@python=$(PYTHON); "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "daas.https: needs Python 3.10 or newer (3.12 is better), and $$python is not. Say which: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)" >&2; exit 1; }; \
	echo "daas.https: installing tools into $(TOOLS) with $$python"; \
	"$$python" -m venv --clear $(TOOLS) || \
	  { echo "daas.https: $$python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }; \
	$(TOOLS)/bin/pip install --quiet --constraint tests/constraints.txt nox uv
	@touch $@
