# Two commands: `make test` and `make rehearse`. Both install what they need beyond the compilers into .cache/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

ENV := source tests/tools/env.sh;
FAULTS := access-denied bad-jar crash-loop rollback split-cluster token
TARGET := $(or $(CARGO_TARGET_DIR),target)

ifneq ($(BREAK),)
ifneq ($(words $(BREAK))$(filter-out $(FAULTS),$(BREAK)),1)
$(error BREAK=$(BREAK) is not one of the faults there are: $(FAULTS))
endif
endif

.PHONY: help
help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | column -t -s $$'\t'

.PHONY: test
test: ## every check: format, lints, unit and wire tests, workflows, schemas, dependencies, Terraform
	tests/tools/setup.sh lint act python deny image
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	rm -rf target/recorded
	$(ENV) WORLD_RECORD_DIR="$(CURDIR)/target/recorded" cargo test --workspace --locked
	tests/foreign/github.sh target/recorded
	WORLD_RECORD_DIR="$(CURDIR)/target/recorded" cargo test --quiet --locked --test it policies -- --ignored --nocapture
	$(ENV) tests/tools/lint.sh
	$(ENV) cargo deny --all-features --locked check bans licenses sources
	$(ENV) tests/tools/advisories.sh

.PHONY: test-full
test-full: test ## make test, and what is too long for every run: Docker's builders, every fault rehearsed, what is shipped built twice
	tests/tools/setup.sh full dist
	$(ENV) cargo test --workspace --locked -- --ignored --skip policies::
	$(ENV) PROPTEST_CASES=50000 cargo test --workspace --locked --lib -- domain:: update_tfvar::
	$(ENV) KECS_RACES=100 cargo test --locked --test it update_tfvar::race
	$(ENV) KECS_FUZZ=300000 cargo test --locked --test it verify_providers::hostile
	$(ENV) for fault in $(FAULTS); do code=0; $(TARGET)/debug/rehearse --binaries $(TARGET)/debug --break $$fault || code=$$?; [ $$code = 1 ] || exit 1; done
	tests/tools/dist.sh
	rm -rf target/again && git clone --quiet . target/again && target/again/tests/tools/dist.sh
	diff dist/release.tsv target/again/dist/release.tsv

.PHONY: bless
bless: ## write what is generated: action.yml files and the tables of the README files
	KECS_BLESS=1 cargo test --test it contract

.PHONY: index
index: ## the classes of the pinned Keycloak, which ship with verify-providers
	cargo build --locked --bin verify-providers
	python3 tests/tools/keycloak_index.py $(TARGET)/debug/verify-providers

.PHONY: rehearse
rehearse: ## play the whole pipeline on this machine; BREAK=access-denied|bad-jar|crash-loop|rollback|split-cluster|token shows a fault
	tests/tools/setup.sh act image python
	cargo build --locked --workspace --all-targets
	$(ENV) $(TARGET)/debug/rehearse --binaries $(TARGET)/debug $(if $(BREAK),--break $(BREAK))

.PHONY: bench
bench: ## what the binaries cost beside what people would use instead, as ratios
	tests/tools/setup.sh python
	cargo build --locked --release --bins
	cargo build --locked --workspace --all-targets
	$(ENV) tests/bench/bench.py $(TARGET)/release

.PHONY: dist
dist: ## the static binaries as they are shipped: one archive for each target, and the rows of release.tsv
	tests/tools/setup.sh dist
	tests/tools/dist.sh
