#!/bin/sh
# SPDX-License-Identifier: MIT
# The machines of ctbench sweep: lets them measure parts of a suite until all are there.
#
#   sweep.sh FOLDER ENGINE HOSTS TRIES NAME each|parts NR
#
# FOLDER/job.sh PART measures a part and writes it to standard output as an archive (tools/sweep-job.sh).
# An archive that is whole becomes FOLDER/NAME-PART; any other is thrown away and its part is measured
# again, up to TRIES times.  HOSTS is a file of machines, for GNU parallel (its --sshloginfile) or a node
# of Slurm a line; "each": line N of it measures part N.  Exit status 0: all parts are there; 1: not all.
set -u
folder=$1 engine=$2 hosts=$3 tries=$4 name=$5 kind=$6 nr=$7
# The engines have characters of their own in paths: there are none in these.
cd "$folder" || exit 2
out=out
running='' watcher=''

stop() {
	trap '' INT TERM HUP
	[ "$engine" = parallel ] || scancel --quiet --name "ctbench-$name"
	for pid in $running $watcher; do
		kill "$pid" 2>/dev/null
	done
	wait
	collect
	exit 130
}

# A line now and then.  The last sleep outlives this script and may not keep its output open.
progress() {
	while sleep 30 >/dev/null 2>&1; do
		back=$(cat "$out"/*.tar.err 2>/dev/null | grep -c ': measured$')
		echo "ctbench: $name: $((nr - $1 + back)) of $nr parts came back" >&2
	done
}

missing() {
	part=1
	while [ "$part" -le "$nr" ]; do
		[ -d "$name-$part" ] || echo "$part"
		part=$((part + 1))
	done
}

# A machine may send anything.  Files and folders alone are unpacked: nothing is written through a symlink
# of the archive.  tar itself refuses .., takes / off, and from standard input it does not decompress.
unpack() { # ARCHIVE FOLDER
	[ -s "$1" ] || return 1
	if tar -tvf - <"$1" 2>/dev/null | grep -qv '^[-d]'; then
		echo "ctbench: $name: part $part: its archive holds more than files and folders: thrown away" >&2
		return 1
	fi
	mkdir "$2" && tar -C "$2" --no-same-owner --no-same-permissions -xf - <"$1" 2>/dev/null
}

# An archive is unpacked, then renamed to its folder.  The messages of a part are passed on.
collect() {
	for part in $(missing); do
		head -c 65536 "$out/$part.tar.err" >&2 2>/dev/null
		new=new
		rm -rf "$new"
		if unpack "$out/$part.tar" "$new" && [ -s "$new/whole" ] &&
			[ -s "$new/$name-$part/benchmark.json" ]; then
			printf '%s\t%s\n' "$part" "$(head -c 200 "$new/whole" | tr -cd '[:graph:]')" >>machines.tsv
			mv "$new/$name-$part" "$name-$part"
		fi
		rm -rf "$new" "$out/$part".tar*
	done
}

# The machines that answer within a minute.  GNU parallel's own --filter-hosts asks each one five things
# and ends with an internal error if any answer takes ten seconds, as it may on a busy machine.
answering() { # --sshloginfile FILE or --sshlogin HOST
	parallel --nonall --plain --tag --timeout 60 "$1" "$2" echo answers 2>"$out/silent" |
		sed -n 's/^\([^\t]*\)\tanswers$/\1/p'
	LC_ALL=C tr -cd '[:print:]\t\n' <"$out/silent" | tr '\t' ' ' | sed 's/^/ctbench: no answer: /' >&2
}

# GNU parallel: a job at a time on each machine; those that do not answer get none.
with_parallel() { # --sshloginfile FILE or --sshlogin HOST, PART...
	live=$(mktemp "$out/answering.XXXXXX") || return
	answering "$1" "$2" >"$live"
	shift 2
	if [ -s "$live" ]; then
		parallel --jobs 1 --sshloginfile "$live" --joblog parallel.log \
			--results "$out/{}.tar" "sh -c \"\$(echo $script | base64 -d)\" sweep {}" ::: "$@" >/dev/null &
		running="$running $!"
	fi
}

# Slurm: an array of jobs, each with a node to itself.  A node that dies has its job requeued by Slurm.
with_slurm() { # PART... [--nodelist=NODE]
	list='' more=''
	for word; do
		case $word in
		-*) more=$word ;;
		*) list=$list,$word ;;
		esac
	done
	sbatch --wait --requeue --exclusive --ntasks=1 --job-name="ctbench-$name" --array="${list#,}" \
		--chdir="$PWD" --output="$out/%a.tar.err" --open-mode=append ${more:+"$more"} <<END >&2 &
#!/bin/sh
exec sh ./job.sh "\$SLURM_ARRAY_TASK_ID" >out/"\$SLURM_ARRAY_TASK_ID".tar
END
	running="$running $!"
}

run_parts() {
	progress $# &
	watcher=$!
	if [ "$kind" = each ]; then
		for part; do
			host=$(grep -v '^[[:space:]]*\(#\|$\)' "$hosts" | sed -n "${part}p")
			case $engine in
			parallel) with_parallel --sshlogin "$host" "$part" ;;
			slurm) with_slurm "$part" "--nodelist=$host" ;;
			esac
		done
	else
		case $engine in
		parallel) with_parallel --sshloginfile "$hosts" "$@" ;;
		slurm) with_slurm "$@" ;;
		esac
	fi
	for pid in $running; do
		wait "$pid"
	done
	running=''
	kill "$watcher"
}

trap stop INT TERM HUP
mkdir -p "$out" || exit 2
script=$(base64 -w 0 job.sh) || exit 2
# Cron and systemd may set neither; GNU parallel complains, and ssh finds its files by itself.
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}" "${SHELL:=/bin/sh}"
export HOME SHELL
# A machine that does not answer is given up after a minute.
: "${PARALLEL_SSH:=ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4}"
export PARALLEL_SSH
collect # what an earlier call left
try=0
while [ -n "$(missing)" ] && [ "$try" -lt "$tries" ]; do
	try=$((try + 1))
	[ "$try" = 1 ] || echo "ctbench: $name: parts that are missing are measured again: $(missing | tr '\n' ' ')" >&2
	# The numbers are words of their own.
	# shellcheck disable=SC2046
	run_parts $(missing)
	collect
done
[ -z "$(missing)" ]
