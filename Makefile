# Two commands: `make test` and `make rehearse`. Both install what they need beyond the compilers into .cache/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

ENV := source tests/tools/env.sh;

.PHONY: help
help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | column -t -s $$'\t'

.PHONY: test
test: ## every check: format, lints, unit and wire tests, workflows, schemas, dependencies, Terraform
	tests/tools/setup.sh lint act python deny image
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	rm -rf target/github-requests
	$(ENV) WORLD_RECORD_DIR="$(CURDIR)/target/github-requests" cargo test --workspace --locked
	tests/foreign/github.sh target/github-requests
	$(ENV) tests/tools/lint.sh
	$(ENV) cargo deny --all-features --locked check bans licenses sources

.PHONY: bless
bless: ## write what is generated: action.yml files and the tables of the README files
	KECS_BLESS=1 cargo test --test it contract

.PHONY: rehearse
rehearse: ## play the pipeline on this machine; BREAK=access-denied or BREAK=bad-jar shows a fault
	tests/tools/setup.sh act image
	cargo build --locked --bins --workspace
	$(ENV) cargo run --quiet --locked -p world --bin rehearse -- $(if $(BREAK),--break $(BREAK))

.PHONY: dist
dist: ## the binaries as they are shipped, in one archive
	cargo build --locked --profile dist --bins
	mkdir -p dist
	tar -C target/dist -cf - $(notdir $(basename $(wildcard src/bin/*.rs))) | xz -9e > dist/keycloak-ecs-actions.tar.xz
	ls -l dist
