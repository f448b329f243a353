# What a fresh machine needs is make. `make demo` runs the whole system here, `make test` proves it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help build demo test bench

# The pinned Node comes first, whatever the machine has.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

# The web app, where its sources are.
WEB := $(if $(wildcard src/web/index.html),dist/web/index.html)

help:
	@echo 'make demo    the whole system on this machine, with a seeded installation; Ctrl-C ends it'
	@echo 'make build   what the others need: Debian packages, node_modules and the web app; does nothing when all is there'
	@echo 'make test    types, lint, and all tests; ends with "N passed, N failed"'
	@echo 'make bench   the figures of docs/measurements.md'

build: node_modules/.package-lock.json $(WEB)
	@scripts/apt-packages

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

dist/web/index.html: node_modules/.package-lock.json $(wildcard vite.config.ts) $(shell find $(wildcard src/web) src/wire src/net -type f)
	npm run build:web
	@node scripts/compress-web.ts dist/web/assets

demo: build
	@bin/parkway lab up

test: build
	@scripts/test

bench: build
	@node bench/main.ts
