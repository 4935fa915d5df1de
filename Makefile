# make alone prints what there is.

# Captures whose truth is known from elsewhere; held against the program when they are there.
KNOWN_CAPTURES ?= ../shared/captures
FUZZ_SECONDS ?= 30
CARGO ?= cargo

.PHONY: help deps demo build test lint doc unit known bench fuzz lab load
# one cargo at a time
.NOTPARALLEL:

help:
	@echo 'make demo   build regscope and show it on the capture of the incident'
	@echo 'make test   everything that has to pass: format, lints, documentation, tests'
	@echo 'make bench  benchmarks of the screen on 100,000 DNs'
	@echo 'make fuzz   each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make lab    make the captures again, with real programs in network namespaces (root, Debian;'
	@echo '            CASES="incident moved" for some of them, UPDATE=1 to replace those in captures/)'
	@echo 'make load   live capture under load beside tcpdump and sngrep (root, ten minutes; PART="rates media soak")'
	@echo 'make deps   install what a build needs and is missing'

deps:
	@.ci/deps build

build: deps
	$(CARGO) build --release --locked

demo: build
	target/release/regscope report captures/incident/input.pcap

test: lint doc unit known

lint:
	@.ci/deps test
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --locked -- -D warnings
	$(CARGO) clippy --all-targets --no-default-features --locked -- -D warnings

doc: deps
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --document-private-items --locked

unit: deps
	$(CARGO) test --locked

known: deps
	@if [ -d '$(KNOWN_CAPTURES)' ]; then \
	  set -ex; \
	  $(CARGO) build --release --locked; \
	  '$(KNOWN_CAPTURES)/check.py' --bin target/release/regscope --with-keys '$(KNOWN_CAPTURES)/lab'; \
	  .ci/known-messages '$(KNOWN_CAPTURES)' target/release/regscope; \
	else \
	  echo 'no $(KNOWN_CAPTURES) here: that part is left out'; \
	fi

bench: deps
	$(CARGO) bench --locked

fuzz:
	@.ci/deps fuzz
	FUZZ_SECONDS=$(FUZZ_SECONDS) .ci/fuzz

lab:
	tests/lab/run $(if $(UPDATE),--update) $(CASES)

load: build
	tests/load/run --binary target/release/regscope $(PART)
