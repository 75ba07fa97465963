# SPDX-License-Identifier: MIT
#
# What ctbench sweep does on a machine: measure one part of a suite, and write its folder to standard
# output as an archive whose last file, "whole", says that nothing is missing.  Standard error gets a line
# of what happened.  ctbench sweep sets in front: program, build, work, name, parts and measure().
part=$1
node=${SLURMD_NODENAME:-${PARALLEL_SSHHOST:-:}}
[ "$node" != : ] || node=$(uname -n)
say() {
	echo "ctbench: $name: part $part of $parts on $node: $*" >&2
}

cd "$work" || exit 2
if [ "$("$program" --version | head -n 1)" != "$build" ]; then
	say "'$program' is missing or another build there: put the same program on every machine"
	exit 2
fi

# One part at a time measures on a machine, also where one was cut off and still goes on: ctbench inherits
# the lock.  So folders that are there now were left by a machine that died.
here=${TMPDIR:-/tmp}/ctbench-sweep-$(id -u)
exec 9>>"$here.lock" || exit 2
flock 9
rm -rf "$here".??????
folder=$(mktemp -d "$here.XXXXXX") || exit 2
trap 'rm -rf "$folder"' EXIT
status=0
measure --results "$folder" --name "$name-$part" >"$folder/log" 2>&1 </dev/null &
trap 'kill $!; wait; exit 130' HUP INT TERM
wait $! || status=$?
trap 'exit 130' HUP INT TERM

# 1 and 5 are results, too: a check that failed, or nothing but void measurements.
case $status in
0 | 1 | 5) [ -s "$folder/$name-$part/benchmark.json" ] || status=2 ;;
esac
case $status in
0 | 1 | 5) ;;
*)
	say "not measured (status $status): $(tail -n 1 "$folder/log")"
	exit "$status"
	;;
esac
echo "$node" >"$folder/whole"
tar -C "$folder" -cf - "$name-$part" whole || exit 2
say "measured"
