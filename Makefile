# make alone prints what there is.

# Captures whose truth is known from elsewhere; checked against the program when they are there.
KNOWN_CAPTURES ?= ../shared/captures
# Logs whose truth is known from elsewhere.
KNOWN_LOGS ?= ../shared/logs
FUZZ_SECONDS ?= 30
# Captures of the benchmark: where they are kept (some 8 GB), and of which part of the full sizes they are.
BENCH_DIR ?= target/bench
BENCH_FACTOR ?= 1
CARGO ?= cargo
# Release builds name no directory of the machine they were made on.
REMAP = --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo
# The build of the tests; one of them is named so that their dependencies are built as for all of them.
DEV_BUILD = $(CARGO) build --locked --bins --test cases
DEV_BINARY = $(or $(CARGO_TARGET_DIR),target)/debug/regscope
RELEASE = RUSTFLAGS='$(RUSTFLAGS) $(REMAP)' $(CARGO) build --release --locked

.PHONY: help deps demo build test lint doc unit known bench counts fuzz attack lab field-cases load
# one cargo at a time
.NOTPARALLEL:

help:
	@echo 'make demo   build regscope and print what its screen shows of an incident'
	@echo 'make test   everything that has to pass: format, lints, documentation, tests'
	@echo 'make bench  regscope on large captures beside other programs, into docs/PERFORMANCE.md (half an hour and 8 GB in'
	@echo '            BENCH_DIR=$(BENCH_DIR); BENCH_FACTOR=0.1 for a tenth, printed only); cargo bench has the parts'
	@echo 'make counts instructions a message on small captures against benches/counts.json (KEEP=1 to replace that)'
	@echo 'make fuzz   each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make attack attacks on the program, its fence called from inside among them (root, network namespaces)'
	@echo 'make lab    make the captures again, with real programs in network namespaces (root, Debian;'
	@echo '            CASES="incident moved" for some of them, UPDATE=1 to replace those in captures/)'
	@echo 'make field-cases'
	@echo '            make captures/field-… again from tests/field/scenarios (CASES="own-words at-risk" for some of them)'
	@echo 'make load   live capture under load beside tcpdump and sngrep (root, ten minutes; PART="rates media soak")'
	@echo 'make deps   install what a build needs and is missing'

deps:
	@.ci/deps build

build: deps
	$(RELEASE)

demo: deps
	@echo 'building: some minutes the first time'
	$(CARGO) build --profile demo --locked --bins --example screen
	@target/demo/examples/screen captures/incident/input.pcap
	@echo
	@echo 'This is the screen; open it with  target/demo/regscope captures/incident/input.pcap'
	@echo 'and the report in text with       target/demo/regscope report captures/incident/input.pcap'

test: lint doc unit known

lint:
	@.ci/deps test
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --locked -- -D warnings
	$(CARGO) clippy --all-targets --no-default-features --locked -- -D warnings
	@# the fuzz targets are a workspace of their own
	$(CARGO) check --manifest-path fuzz/Cargo.toml --target-dir $(or $(CARGO_TARGET_DIR),target) --locked
	@# licenses, registries and refused crates are held to deny.toml by tests/dependencies.rs, too
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
	  set -ex; \
	  $(CARGO) deny --offline check bans licenses sources; \
	  if $(CARGO) deny fetch db; then $(CARGO) deny check advisories; \
	  else echo 'the database of advisories cannot be had: they are not looked for'; fi; \
	else \
	  echo 'cargo-deny is not installed: advisories are not looked for'; \
	fi

doc: deps
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --document-private-items --locked

unit: deps
	$(CARGO) test --locked

# the build that the tests use: it checks its sums and assertions, too
known: deps
	@if [ -d '$(KNOWN_CAPTURES)' ]; then \
	  set -ex; \
	  $(DEV_BUILD); \
	  '$(KNOWN_CAPTURES)/check.py' --bin $(DEV_BINARY) --with-keys '$(KNOWN_CAPTURES)/lab'; \
	  .ci/known-messages '$(KNOWN_CAPTURES)' $(DEV_BINARY); \
	  '$(KNOWN_CAPTURES)/check_field.py' --bin $(DEV_BINARY) '$(KNOWN_CAPTURES)/field'; \
	else \
	  echo 'no $(KNOWN_CAPTURES) here: that part is left out'; \
	fi
	@if [ -d '$(KNOWN_LOGS)' ]; then \
	  set -ex; \
	  $(DEV_BUILD); \
	  '$(KNOWN_LOGS)/check_logs.py' --bin $(DEV_BINARY) --parts verdicts,messages,sources,statements,never,cluster \
	    '$(KNOWN_LOGS)' '$(KNOWN_LOGS)/real' '$(KNOWN_LOGS)/real/captures'; \
	  '$(KNOWN_LOGS)/check_logs.py' --bin $(DEV_BINARY) --parts times '$(KNOWN_LOGS)/real'; \
	  '$(KNOWN_LOGS)/check_logs.py' --bin $(DEV_BINARY) '$(KNOWN_LOGS)/real/pairs'; \
	else \
	  echo 'no $(KNOWN_LOGS) here: that part is left out'; \
	fi

bench: build
	@.ci/deps bench
	$(RELEASE) --example generate
	python3 -B benches/bench.py --binary target/release/regscope --generator target/release/examples/generate \
	  --directory '$(BENCH_DIR)' --factor $(BENCH_FACTOR) $(if $(filter 1,$(BENCH_FACTOR)),--keep docs/PERFORMANCE.md)

counts: build
	@.ci/deps counts
	$(RELEASE) --example generate
	python3 -B benches/counts.py --binary target/release/regscope --generator target/release/examples/generate \
	  --counts benches/counts.json $(if $(KEEP),--keep)

fuzz:
	@.ci/deps fuzz
	FUZZ_SECONDS=$(FUZZ_SECONDS) .ci/fuzz

# each script says what it tried; one that cannot run here says so and ends with success
attack: build
	@set -e; for script in tests/attack/*; do \
	  if [ -f "$$script" ] && [ -x "$$script" ]; then \
	    echo "== $$script"; REGSCOPE=target/release/regscope "$$script"; \
	  fi; \
	done

lab:
	tests/lab/run $(if $(UPDATE),--update) $(CASES)

field-cases:
	tests/field/make $(CASES)

load: build
	tests/load/run --binary target/release/regscope $(PART)
