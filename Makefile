# What a fresh machine needs is make. `make demo` runs the whole system here, `make test` proves it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help build demo test bench

# The pinned Node comes first, whatever the machine has.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

help:
	@echo 'make demo    the whole system on this machine, with a seeded installation; Ctrl-C ends it'
	@echo 'make build   what the others need: Debian packages and node_modules; does nothing when all is there'
	@echo 'make test    types, lint, and all tests; ends with "N passed, N failed"'
	@echo 'make bench   the figures of docs/measurements.md'

build: node_modules/.package-lock.json
	@scripts/apt-packages

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

demo: build
	@bin/parkway lab up

test: build
	@scripts/test

bench: build
	@node bench/main.ts
