#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Follows the recipes of docs/EXTENDING.md exactly: in a copy of the tree it makes the files and
# changes that they show, a commit for each recipe, builds, and runs their commands.  It prints what
# each commit changed, and fails if that is more files than the table at the top of the document says.
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

# STEP.line has the line, the comment's words and the recipe's title, STEP.text the block.
awk -v steps="$steps" '
	/^##+ / { title = $0; sub(/^## /, "", title) }
	/^<!-- (create|append|after|before|run)/ {
		name = sprintf("%s/%03d", steps, ++n)
		text = $0
		gsub(/^<!-- | -->$/, "", text)
		print NR > (name ".line")
		print text > (name ".line")
		print title > (name ".line")
		printf "" > (name ".text")
		inside = 1
		seen = blank = 0
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
# The copy's own repository: none of this reaches the one that it was copied from.
# Global settings of git, such as signatures or hooks, must not affect it.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git init -q .
commit() {
	git add -A
	git diff --cached --quiet ||
		git -c user.name=recipes -c user.email=recipes@localhost commit -q -m "$1"
}
commit "as copied"

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
before=
for step in "$steps"/*.line; do
	{ read -r line; read -r words; read -r title; } <"$step"
	[ "$title" = "$before" ] || commit "$before"
	before=$title
	block=${step%.line}.text
	[ -s "$block" ] || fail "$line: no indented block follows"
	case $words in
	create\ *)
		[ ! -e "${words#create }" ] || fail "$line: ${words#create } exists already"
		mkdir -p "$(dirname "${words#create }")"
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
		commands+=("$line $block $title")
		;;
	*) fail "$line: unknown recipe '$words'" ;;
	esac
done

commit "$before"

# Without optimisation: a seventh of the time, and nothing here is measured.  `make build` of a recipe
# takes the options from CMAKE_ARGS.
# gcc then knows less about lengths of texts, and warns of more.
options=(-DCTBENCH_WERROR=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG= -DCMAKE_CXX_FLAGS_DEBUG= -DCMAKE_C_FLAGS=-Wno-format-truncation)
command -v mold >/dev/null && options+=(-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold)
if command -v ccache >/dev/null; then
	options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
mkdir -p build
export CMAKE_ARGS="${options[*]}"
if ! { cmake --preset release "${options[@]}" && cmake --build --preset release -j "$jobs"; } >build/make.log 2>&1; then
	grep -E 'error|Error' build/make.log | head -20
	fail "1: the recipes do not build; see $copy/build/make.log"
fi

export PATH="$copy/build/release:$PATH"
for entry in "${commands[@]}"; do
	read -r line block title <<<"$entry"
	sh -e "$block" >build/run.log 2>&1 || { tail -20 build/run.log; fail "$line: a command of this block failed"; }
	commit "$title" # a command may have made a file of the recipe
done

# At most as many files as the table says; "its folder and 2" does not count files of a new folder.
status=0
while read -r title; do
	[[ $title != "#"* ]] || continue # part of a recipe that the table does not count
	anchor=$(tr 'A-Z ' 'a-z-' <<<"$title" | tr -d ',:')
	says=$(sed -n "s/^| [^|]*| \([^|]*[0-9]\)[^|]*| \[[^|]*(#$anchor) |\$/\1/p" $doc)
	[ -n "$says" ] || fail "1: the table has no number of files for '$title'"
	mapfile -t changed < <(git log --grep="^$title\$" --format= --name-only | sort -u)
	counted=0
	for file in "${changed[@]}"; do
		if [[ $says == *folder* ]] && ! git ls-tree --name-only HEAD~"$(git rev-list --count HEAD^)" "$(dirname "$file")/" | grep -q .; then
			continue
		fi
		counted=$((counted + 1))
	done
	printf '\n%s: %d files, the table says %s\n' "$title" ${#changed[@]} "$says"
	git log --reverse --grep="^$title\$" --format= --stat
	if [ $counted -gt "${says##* }" ]; then
		echo "check-recipes: $doc: '$title' changes $counted files, but the table says $says" >&2
		status=1
	fi
done < <(for step in "$steps"/*.line; do sed -n 3p "$step"; done | uniq)
[ $status -eq 0 ] || exit 1
echo
echo "recipes: $(ls "$steps"/*.line | wc -l) steps of $doc work"
