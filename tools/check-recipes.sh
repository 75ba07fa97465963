#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Follows the recipes of docs/EXTENDING.md exactly: in a copy of the tree it makes the files and
# changes that they show, builds, and runs their commands.
#
#   tools/check-recipes.sh [-j JOBS] [FOLDER]     FOLDER: of the copy, replaced; default: build/recipes
#
# A comment before an indented block says what to do with the block:
#   <!-- create FILE -->                 the whole of a new file
#   <!-- append FILE -->                 lines to add at its end
#   <!-- after "TEXT" in FILE -->        lines to add after the first line with TEXT; also: before
#   <!-- run -->                         commands to run after everything was built
#
# Exit status: 0; 1 a recipe does not work, with its line; 2 something is missing, with a remedy.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
[ "${1:-}" != -j ] || { jobs=$2; shift 2; }
copy=${1:-build/recipes}
doc=docs/EXTENDING.md
steps=$(mktemp -d)
trap 'rm -rf "$steps"' EXIT

fail() {
	echo "check-recipes: $doc:$1" >&2
	exit 1
}

# STEP.line has the line and the comment's words, STEP.text the block.
awk -v steps="$steps" '
	/^<!-- (create|append|after|before|run)/ {
		name = sprintf("%s/%03d", steps, ++n)
		text = $0
		gsub(/^<!-- | -->$/, "", text)
		print NR > (name ".line")
		print text > (name ".line")
		printf "" > (name ".text")
		inside = 1
		seen = 0
		next
	}
	inside && /^    /  { for (; blank; blank--) print "" > (name ".text"); print substr($0, 5) > (name ".text"); seen = 1; next }
	inside && /^$/     { if (seen) blank++; next }
	{ inside = blank = 0 }
' $doc

rm -rf "$copy"
mkdir -p "$copy"
copy=$(cd "$copy" && pwd)
# All files in git, with local changes.
git ls-files -z | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
	tar -c --null -T - | tar -x -C "$copy"
cd "$copy"

change() {
	local line=$1 place=$2 text=$3 file=$4 block=$5
	[ -f "$file" ] || fail "$line: there is no file $file"
	grep -qF -- "$text" "$file" || fail "$line: $file has no line with '$text'"
	awk -v place="$place" -v text="$text" -v block="$block" '
		!done && index($0, text) {
			done = 1
			if (place == "after") print
			while ((getline more < block) > 0) print more
			if (place == "before") print
			next
		}
		{ print }' "$file" >"$file.new"
	mv "$file.new" "$file"
}

commands=()
for step in "$steps"/*.line; do
	{ read -r line; read -r words; } <"$step"
	block=${step%.line}.text
	[ -s "$block" ] || fail "$line: no indented block follows"
	case $words in
	create\ *)
		[ ! -e "${words#create }" ] || fail "$line: ${words#create } exists already"
		cp "$block" "${words#create }"
		;;
	append\ *)
		[ -f "${words#append }" ] || fail "$line: there is no file ${words#append }"
		cat "$block" >>"${words#append }"
		;;
	after\ \"*\"\ in\ * | before\ \"*\"\ in\ *)
		text=${words#* \"}
		change "$line" "${words%% *}" "${text%%\" in *}" "${words##*\" in }" "$block"
		;;
	run)
		commands+=("$line $block")
		# Files that commands make are built into the program too.
		;;
	*) fail "$line: unknown recipe '$words'" ;;
	esac
done

options=(-DCTBENCH_WERROR=ON)
if command -v ccache >/dev/null; then
	options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
if ! { cmake --preset release "${options[@]}" && cmake --build --preset release -j "$jobs"; } >build.log 2>&1; then
	grep -E 'error|Error' build.log | head -20
	fail "1: the recipes do not build; see $copy/build.log"
fi

export PATH="$copy/build/release:$PATH"
for entry in "${commands[@]}"; do
	read -r line block <<<"$entry"
	sh -e "$block" >run.log 2>&1 || { tail -20 run.log; fail "$line: a command of this block failed"; }
done
echo "recipes: $(ls "$steps"/*.line | wc -l) steps of $doc work"
