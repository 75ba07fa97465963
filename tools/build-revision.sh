#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds another git revision of ctbench with the options of this build, for ctbench compare --against.
#
#   build-revision.sh BUILD REVISION
#
# BUILD is the build folder of the present program.  The revision gets a separate work tree and build
# folder in BUILD/against/, with the same CMake options, and stays there for later use.  Prints the path
# of its program; or, with exit status 2, a sentence that says what is wrong.
set -u
build=$1 revision=$2
cache=$build/CMakeCache.txt
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

fail() {
	printf '%s\n' "$*"
	exit 2
}

[ -r "$cache" ] || fail "this ctbench is not in a build folder ($cache is missing): build '$revision' yourself and" \
	"name it with --program PATH"
source=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$cache")
git -C "$source" rev-parse --git-dir >/dev/null 2>&1 ||
	fail "'$source' is not a git repository: build the other revision yourself and name it with --program PATH"
commit=$(git -C "$source" rev-parse --verify --quiet --end-of-options "$revision^{commit}") ||
	fail "'$revision' is not a revision of '$source': git log lists them; a shallow clone needs git fetch --unshallow"

# The options of the present build, without those that CMake detected.
options=$(sed -n -E '/:(INTERNAL|STATIC)=/d
	s/^((CMAKE_BUILD_TYPE|CMAKE_C(XX)?_COMPILER|CMAKE_C(XX)?_FLAGS(_[A-Z]+)?|CMAKE_EXE_LINKER_FLAGS|CMAKE_C(XX)?_COMPILER_LAUNCHER|CTBENCH_[A-Z_]+):[A-Z]+=.*)$/-D\1/p' "$cache")
generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$cache")
short=$(printf %.12s "$commit")-$(printf '%s%s' "$options" "$generator" | cksum | cut -d' ' -f1)
folder=$build/against/$short
mkdir -p "$folder" || fail "cannot make the folder '$folder'"
log=$folder/log
if [ ! -e "$folder/source/CMakeLists.txt" ]; then
	rm -rf "$folder/source"
	git -C "$source" worktree prune
	git -C "$source" worktree add --force --detach "$folder/source" "$commit" >"$log" 2>&1 ||
		fail "git cannot check out '$revision' in '$folder/source': $(tail -n 1 "$log")"
fi

# How far the build is: on a terminal a line that changes, else a line every 30 seconds.  It ends by itself
# if this script is killed, and does not keep its output open.
progress() {
	began=$(date +%s) next=30
	while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
		spent=$(($(date +%s) - began))
		far=$(sed -n -E 's/^\[ *([0-9]+%|[0-9]+\/[0-9]+)\] .*/\1/p' "$log" | tail -n 1)
		text="building '$revision': ${far:-configuring}, $((spent / 60)) min $((spent % 60)) s so far"
		if [ -t 2 ]; then
			printf '\r%-78.78s' "ctbench: $text" >&2
		elif [ "$spent" -ge "$next" ]; then
			echo "ctbench: $text" >&2
			next=$((spent + 30))
		fi
	done
}

watcher=
built() {
	kill "$watcher" 2>/dev/null
	[ ! -t 2 ] || printf '\r%78s\r' '' >&2
}

if [ ! -x "$folder/build/ctbench" ]; then
	echo "ctbench: building '$revision', which takes minutes; its messages: '$log'" >&2
	: >"$log"
	progress >/dev/null &
	watcher=$!
	trap built EXIT
	set --
	while IFS= read -r option; do
		[ -z "$option" ] || set -- "$@" "$option"
	done <<END
$options
END
	{ cmake -S "$folder/source" -B "$folder/build" -G "$generator" "$@" &&
		cmake --build "$folder/build" --target ctbench -j "$(nproc)"; } >>"$log" 2>&1 ||
		fail "'$revision' does not build with the options of this ctbench: see '$log'"
fi
printf '%s\n' "$folder/build/ctbench"
