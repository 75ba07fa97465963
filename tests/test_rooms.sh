#!/bin/sh
# SPDX-License-Identifier: MIT
# The rooms of harness/ and which others each may include; core/ is open to all.  A violation is
# printed as file:line, with the reason.  Usage: test_rooms.sh [TREE]
cd "${1:-$(dirname "$0")/..}" || exit 2
grep -rnoE '^#[[:space:]]*include "(harness|variants)/[^"]*"' harness --include='*.[ch]' --include='*.cc' |
awk -F'[:"]' '
BEGIN {	below = "base numbers"
	may["base"] = may["numbers"] = below
	may["machine"] = below = below " machine"
	may["workload"] = below " variants"
	may["traffic"] = below " workload"
	below = below " workload traffic"
	may["measure"] = below " variants"; may["results"] = below
	may["judge"] = below = below " measure results"
	may["show"] = below " judge"; may["replay"] = below " judge variants"
	may["torture"] = "base numbers machine workload traffic variants"
	may["run"] = below " judge show replay"; may["explain"] = may["run"] " variants"
	may["cli"] = may["main.c"] = may["explain"] " run explain torture cli"
	# Structures and memory, without the register of tables.
	split("inside.h latency.h mem.h work.h", list, " ")
	for (i in list) plain["variants/" list[i]] = 1 }
{	split($1, from, "/"); split($4, to, "/"); room = from[2]
	other = to[1] == "variants" ? "variants" : to[2]
	if (!(room in may)) { print $1 ":" $2 ": " room " is no room of tests/test_rooms.sh"; bad = 1 }
	else if (other != room && !($4 in plain) && index(" " may[room] " ", " " other " ") == 0) {
		print $1 ":" $2 ": " room " must not include " $4; bad = 1 } }
END {	exit bad || NR < 300 }'
