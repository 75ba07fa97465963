# SPDX-License-Identifier: MIT
#
# The front door.  It only calls tools/ and CMake: whoever prefers CMake finds
# the same builds as presets (cmake --list-presets).

SUITE ?= default
NAME ?=
ARGS ?=
BUILDS ?= release asan-ubsan tsan
JOBS ?= $(shell nproc)
DEPS ?= yes
SEEDS ?= 10
CAPTURES ?=
CMAKE_ARGS ?=

# Builds and tests one after the other; each uses all CPUs by itself.
.NOTPARALLEL:
# make's own options and variables are not those of CMake's makefiles.
unexport MAKEFLAGS MFLAGS

.PHONY: help deps build bench test conformance clean $(addprefix build-,release debug asan-ubsan tsan)

help:
	@echo 'ctbench: what does a choice in a connection-tracking hash table cost or gain?'
	@echo
	@echo '  make bench     install what is missing, build, measure, print a table, leave results and plots'
	@echo '                   SUITE=default  or smoke (seconds), self (the harness itself), full (an evening);'
	@echo '                                  or any workload file'
	@echo '                   NAME=...       of the folder in results/runs/ (default: time and suite)'
	@echo '                   ARGS="..."     more options for ctbench run, such as --threads 1'
	@echo '  make test      install what is missing, build plain and with sanitizers, run every test in each'
	@echo '                   BUILDS="release asan-ubsan tsan"   or some of them'
	@echo '                   ARGS="..."     more options for ctest, such as -R pool'
	@echo '  make conformance  is it what Linux does? stored answers over every variant; as root on a kernel'
	@echo '                   that can tell (6.18) also live: scenarios, random packets, captures'
	@echo '                   SEEDS=10       of random packets, 3000 each'
	@echo '                   CAPTURES=DIR   real captures to ask about'
	@echo '                   ARGS="..."     more options for tests/conformance/live.py, such as --keep DIR'
	@echo '  make build     the program alone: build/release/ctbench'
	@echo '  make deps      install the packages of packages.txt that are missing, nothing else'
	@echo '  make clean     remove build/; results stay'
	@echo
	@echo 'Packages are installed with apt-get (through sudo when not root), after saying which.'
	@echo 'DEPS=no leaves that out; JOBS=N builds with N processes; CMAKE_ARGS=... goes to cmake.'
	@echo 'Then try: build/release/ctbench --help'

deps:
ifneq ($(DEPS),no)
	@tools/deps.sh
endif

# Configures preset $(1); what cmake says is shown only when it fails.
configure = said=$$(cmake --preset $(1) $(CMAKE_ARGS) 2>&1) || { echo "$$said"; exit 1; }
compile = cmake --build --preset $(1) -j $(JOBS) $(2) -- --no-print-directory

build: deps
	@$(call configure,release)
	@$(call compile,release,--target ctbench)

# With the tests.
build-release build-debug build-asan-ubsan build-tsan: build-%: deps
	@$(call configure,$*)
	@$(call compile,$*)

bench: build
	build/release/ctbench run $(SUITE) $(if $(NAME),--name '$(NAME)') $(ARGS)

test: $(addprefix build-,$(BUILDS))
	@tools/test.sh -j $(JOBS) $(BUILDS) $(if $(ARGS),-- $(ARGS))

conformance: build-release
	@tools/conformance.sh build/release --seeds '$(SEEDS)' $(if $(CAPTURES),--captures '$(CAPTURES)') $(ARGS)

clean:
	rm -rf build
