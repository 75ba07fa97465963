# SPDX-License-Identifier: MIT
#
# Only calls tools/ and CMake; the builds are CMake presets (cmake --list-presets).

SUITE ?= default
NAME ?=
ARGS ?=
BUILDS ?= release asan-ubsan tsan
JOBS ?= $(shell nproc)
DEPS ?= yes
SEEDS ?= 10
FUZZ_SECONDS ?= 60
TORTURE_SECONDS ?= 60
SOAK_SECONDS ?= 3600
SOAK_VARIANTS ?= nulls_rcu_jhash2_scale_seqcount flowline_qsbr
CAPTURES ?=
CMAKE_ARGS ?=
PREFIX ?= /usr/local
DESTDIR ?=

# The tests that `make check` runs with clang's build: the core, and the baseline's table.
CHECKED = ^(checksum|hash|bucket|tcp|pipeline|tuple|stats|conformance\.nulls_rcu_jhash2_scale_seqcount.*)$$

# One target at a time; each uses all CPUs.
.NOTPARALLEL:
# CMake's makefiles must not inherit make's options and variables.
unexport MAKEFLAGS MFLAGS

.PHONY: help deps deps-check build install deb bench test check check-format check-tidy check-clang format conformance mutants fuzz faults torture soak aarch64 reference-pages clean \
	$(addprefix build-,release debug asan-ubsan tsan clang)

help:
	@echo 'ctbench: the cost or gain of each choice in a connection-tracking hash table'
	@echo
	@echo '  make bench     build, measure, print tables and verdicts, write results and plots'
	@echo '                   SUITE=default  or smoke (seconds), self (the harness), power (what this machine can tell apart),'
	@echo '                   full (long), or a workload file'
	@echo '                   NAME=...       the folder in results/runs/ (default: time and suite)'
	@echo '                   ARGS="..."     options for ctbench run, such as --threads 1'
	@echo '  make test      build without and with sanitizers, run every test in each build'
	@echo '                   BUILDS="release asan-ubsan tsan"   or some of these'
	@echo '                   ARGS="..."     options for ctest, such as -R pool'
	@echo '  make check     formatting, clang-tidy, a build with clang and a few of its tests; warnings are errors'
	@echo '  make format    format the C and C++ files in place'
	@echo '  make conformance  compare every variant with stored answers of Linux; as root on Linux 6.18 also'
	@echo '                 with this kernel: scenarios, random packets, captures'
	@echo '                   SEEDS=10       runs of 3000 random packets'
	@echo '                   CAPTURES=DIR   a folder of captures'
	@echo '                   ARGS="..."     options for tests/conformance/live.py, such as --keep DIR'
	@echo '  make reference-pages  unpack results/reference into build/reference and make its pages and plots'
	@echo '  make mutants   plant bugs, one at a time, and check that a test finds each (half an hour)'
	@echo '                   ARGS="NAME ..." only these; --report FILE writes the table as Markdown'
	@echo '  make fuzz      feed random bytes to everything that reads files and packets (clang, libFuzzer)'
	@echo '                   FUZZ_SECONDS=60  for each target'
	@echo '                   ARGS="NAME ..." only these of tests/fuzz/fuzz_NAME.c'
	@echo '  make torture   do everything to each table at once, for a minute each: does it keep its promises?'
	@echo '                   TORTURE_SECONDS=60  for each table'
	@echo '                   ARGS="VARIANT ..." some of them'
	@echo '  make soak      churn, resizes and floods: does memory, or what waits to be freed, grow?'
	@echo '                   SOAK_SECONDS=3600   for each table'
	@echo '                   SOAK_VARIANTS="..." figures and plots go into build/soak'
	@echo '  make aarch64   cross-compile some tables and run their tests under qemu-user'
	@echo '                   ARGS="..."     options for ctest'
	@echo '  make faults    let allocations and other calls fail, each place in turn (half an hour)'
	@echo '  make build     build only the program: build/release/ctbench'
	@echo '  make install   install the program, manual pages, completion for shells, and documents'
	@echo '                   PREFIX=/usr/local   or another folder, such as $$HOME/.local'
	@echo '                   DESTDIR=DIR         put DIR before that folder'
	@echo '  make deb       make a Debian package in build/; lintian checks it if installed'
	@echo '  make deps      only install the missing packages of packages.txt'
	@echo '  make clean     remove build/ and keep the results'
	@echo
	@echo 'All except clean name the missing packages and install them first, with apt-get (and sudo if not'
	@echo 'root). DEPS=no skips that. JOBS=N builds with N processes. CMAKE_ARGS=... are options for cmake.'
	@echo 'Then try: build/release/ctbench --help'

deps:
ifneq ($(DEPS),no)
	@tools/deps.sh
endif

deps-check:
ifneq ($(DEPS),no)
	@tools/deps.sh --check
endif

# Configures preset $(1); cmake's output is shown only when it fails.
configure = said=$$(cmake --preset $(1) $(CMAKE_ARGS) 2>&1) || { echo "$$said"; exit 1; }
compile = cmake --build --preset $(1) -j $(JOBS) $(2) -- --no-print-directory

build: deps
	@$(call configure,release)
	@$(call compile,release,--target ctbench)

# The program does not need the source or any other installed file.
install: build
	@DESTDIR='$(if $(DESTDIR),$(abspath $(DESTDIR)))' cmake --install build/release --strip \
		--prefix '$(abspath $(PREFIX))'

deb: build
	@set -e; deb=$$(tools/deb.sh build/release build); \
		if command -v lintian >/dev/null; then lintian --fail-on error,warning "$$deb"; fi; \
		echo "$$deb"

# Program and tests.
build-clang: deps-check
build-release build-debug build-asan-ubsan build-tsan build-clang: build-%: deps
	@$(call configure,$*)
	@$(call compile,$*)

bench: build
	build/release/ctbench run $(SUITE) $(if $(NAME),--name '$(NAME)') $(ARGS)

test: $(addprefix build-,$(BUILDS))
	@tools/test.sh -j $(JOBS) $(BUILDS) $(if $(ARGS),-- $(ARGS))

check-format: deps-check
	@tools/check-format.sh

# The cheap checks first.  Each says how long it takes.
check: check-format check-tidy check-clang

check-tidy: deps-check
	@$(call configure,clang)
	@$(call compile,clang,--target revision)
	@tools/check-tidy.sh

check-clang: build-clang
	@tools/test.sh -j $(JOBS) clang -- -R '$(CHECKED)'

format: deps-check
	@tools/check-format.sh --fix

reference-pages: build
	@tools/reference-pages.sh

conformance: build-release
	@tools/conformance.sh build/release --seeds '$(SEEDS)' $(if $(CAPTURES),--captures '$(CAPTURES)') $(ARGS)

mutants: deps
	@tests/mutants/mutants.py run --jobs $(JOBS) $(ARGS)

fuzz: deps-check
	@$(call configure,fuzz)
	@$(call compile,fuzz,--target fuzz_targets)
	@tools/fuzz.sh build/fuzz --seconds '$(FUZZ_SECONDS)' $(ARGS)

torture: build
	build/release/ctbench torture --seconds '$(TORTURE_SECONDS)' $(ARGS)

soak: build
	@tools/soak.sh build/release/ctbench build/soak '$(SOAK_SECONDS)' $(SOAK_VARIANTS)

aarch64:
	@JOBS=$(JOBS) tools/aarch64.sh build/aarch64 $(ARGS)

faults: build-release
	FAULTS=all build/release/tests/test_faults

clean:
	rm -rf build
