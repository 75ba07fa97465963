#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Makes the captures in this folder: real programs talk to each other in
# network namespaces, and tcpdump records on the router between them.
#
#	sudo ./make.sh [NAME...]	all of them, or some: office http dns ...
#
# The script runs in its own network, mount, PID, host-name and IPC namespaces:
# no packet leaves the machine, its processes end with it, and its mounts are
# invisible to others.  It stops after at most MINUTES minutes.
#
#	c1..c5 --- switch --- router === wan === isp --- server
#	192.0.2.0/24      .1        10 to 15 ms RTT, 198.51.100.0/24
#	2001:db8:1::/64             0.3 % loss       2001:db8:2::/64
#
# The MTU of the link between router and isp is 1400, so that path MTU discovery
# happens.  tcpdump records on the router's client side, except where the function of
# a capture names another device.
set -eu

MINUTES=10
PROGRAMS="tcpdump ip ethtool iperf3 dnsmasq dig curl nginx sshd ssh ssh-keygen traceroute ping
	socat python3 zstd unshare timeout"
PACKAGES="tcpdump iproute2 ethtool iperf3 dnsmasq-base bind9-dnsutils curl nginx-light
	openssh-server openssh-client traceroute iputils-ping socat python3 zstd util-linux coreutils"

here=$(cd "$(dirname "$0")" && pwd)
all="office http dns bulk icmp ssh wan cooked"

if [ "${1:-}" != --inside ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "make.sh: network namespaces need root: sudo $0" >&2
		exit 2
	fi
	for program in $PROGRAMS; do
		if ! command -v "$program" >/dev/null; then
			echo "make.sh: $program is missing; apt-get install" $PACKAGES >&2
			exit 2
		fi
	done
	for name in "$@"; do
		case " $all " in
		*" $name "*) ;;
		*) echo "make.sh: no capture is called $name; there are: $all" >&2; exit 2 ;;
		esac
	done
	status=0
	timeout --kill-after=10 "${MINUTES}m" unshare --net --mount --pid --uts --ipc --fork \
		--kill-child --mount-proc --propagation private "$0" --inside "$@" || status=$?
	[ $status != 124 ] || echo "make.sh: not done after $MINUTES minutes, stopped" >&2
	exit $status
fi
shift

# ---- files: all in a tmpfs that is removed at the end

mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/sshd /run/scratch
cd /run/scratch
hostname ctbench
exec </dev/null 2>log
at_exit()
{
	local status=$?

	[ $status = 0 ] || { tail -20 /run/scratch/log; echo "make.sh: failed"; }
	exit $status
}
trap at_exit EXIT

in_ns() { local ns=$1; shift; ip netns exec "$ns" "$@"; }
quiet() { "$@" >/dev/null 2>&1 || true; }

new_ns()
{
	ip netns add "$1"
	ip -n "$1" link set lo up
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
}

# A cable between two namespaces.  Offloads are off, so that captures show packets as on
# a wire: no segment larger than the MTU, complete checksums.
mac=0
cable()
{
	local ns1=$1 dev1=$2 ns2=$3 dev2=$4

	ip -n "$ns1" link add "$dev1" type veth peer name "$dev2" netns "$ns2"
	for end in "$ns1 $dev1" "$ns2 $dev2"; do
		mac=$((mac + 1))
		set -- $end
		ip -n "$1" link set "$2" address "$(printf '02:00:00:00:00:%02x' $mac)"
		quiet in_ns "$1" ethtool -K "$2" tx off sg off tso off gso off gro off
		ip -n "$1" link set "$2" up
	done
}

build_network()
{
	for ns in switch router isp server c1 c2 c3 c4 c5; do
		new_ns $ns
	done
	for ns in router isp; do
		in_ns $ns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	done

	ip -n switch link add br0 type bridge
	ip -n switch link set br0 up
	cable switch port0 router lan
	ip -n switch link set port0 master br0
	ip -n router addr add 192.0.2.1/24 dev lan
	ip -n router addr add 2001:db8:1::1/64 dev lan
	for i in 1 2 3 4 5; do
		cable switch port$i c$i eth0
		ip -n switch link set port$i master br0
		ip -n c$i addr add 192.0.2.$((10 + i))/24 dev eth0
		ip -n c$i addr add 2001:db8:1::$((10 + i))/64 dev eth0
		ip -n c$i route add default via 192.0.2.1
		ip -n c$i route add default via 2001:db8:1::1
	done

	ip -n router tuntap add wan mode tun
	ip -n router addr add 203.0.113.1/30 dev wan
	ip -n router addr add 2001:db8:ff::1/64 dev wan
	ip -n isp tuntap add wan mode tun
	ip -n isp addr add 203.0.113.2/30 dev wan
	ip -n isp addr add 2001:db8:ff::2/64 dev wan
	ip -n router link set wan up mtu 1400
	ip -n isp link set wan up mtu 1400
	ip -n router route add default via 203.0.113.2
	ip -n router route add default via 2001:db8:ff::2
	python3 "$here/wan.py" router wan isp wan 5 0.15 &

	cable isp lan server eth0
	ip -n isp addr add 198.51.100.1/24 dev lan
	ip -n isp addr add 2001:db8:2::1/64 dev lan
	ip -n isp route add 192.0.2.0/24 via 203.0.113.1
	ip -n isp route add 2001:db8:1::/64 via 2001:db8:ff::1
	# unreachable destinations: two that answer with ICMP errors, and one that is silent
	ip -n isp route add unreachable 203.0.113.64/26
	ip -n isp route add prohibit 203.0.113.128/26
	ip -n isp route add blackhole 203.0.113.192/26
	ip -n isp route add unreachable 2001:db8:aaaa::/48
	ip -n isp route add prohibit 2001:db8:bbbb::/48
	for i in 10 20 30; do
		ip -n server addr add 198.51.100.$i/24 dev eth0
		ip -n server addr add 2001:db8:2::$i/64 dev eth0
	done
	ip -n server route add default via 198.51.100.1
	ip -n server route add default via 2001:db8:2::1
}

# ---- servers

start_servers()
{
	mkdir -p web
	for size in 1 3 8 20 60; do
		head -c ${size}000 /dev/zero | tr '\0' x >web/$size.html
	done
	cat >nginx.conf <<-CONF
		daemon off; master_process off; user root; pid /run/scratch/nginx.pid;
		error_log stderr; events { }
		http { access_log off; keepalive_timeout 4s; server_tokens off;
			client_body_temp_path /run/scratch/t1; proxy_temp_path /run/scratch/t2;
			fastcgi_temp_path /run/scratch/t3; uwsgi_temp_path /run/scratch/t4;
			scgi_temp_path /run/scratch/t5;
			server { listen 80; listen [::]:80; root /run/scratch/web; } }
	CONF
	in_ns server nginx -e stderr -c /run/scratch/nginx.conf &
	in_ns server python3 -m http.server --bind :: --directory web 8000 >&2 &

	printf '%s\n' 'nameserver 198.51.100.20' 'nameserver 2001:db8:2::20' 'options timeout:2' \
		>resolv.conf
	mount --bind resolv.conf "$(readlink -f /etc/resolv.conf)"
	{
		echo "198.51.100.10 www.example.net"
		echo "2001:db8:2::10 www.example.net"
		echo "198.51.100.30 shell.example.net"
		echo "2001:db8:2::30 shell.example.net"
		for i in $(seq 400); do
			echo "198.51.100.$((i % 250)) host$i.example.net"
			[ $((i % 3)) = 0 ] || echo "2001:db8:2::$i host$i.example.net"
		done
	} >names
	in_ns server dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts \
		--addn-hosts=names --local=/example.net/ --user=root --pid-file= --cache-size=0 &

	# bound to one address each: a UDP server must reply from the address that received the request
	in_ns server iperf3 -s -p 5201 -B 198.51.100.30 >&2 &
	in_ns server iperf3 -s -p 5202 -B 2001:db8:2::30 >&2 &
	in_ns server iperf3 -s -p 5203 -B 198.51.100.30 >&2 &
	in_ns server socat TCP6-LISTEN:7,fork,reuseaddr,ipv6only=0 EXEC:cat &
	in_ns server socat UDP4-LISTEN:7,bind=198.51.100.30,fork,reuseaddr EXEC:cat &
	in_ns server socat 'UDP6-LISTEN:7,bind=[2001:db8:2::30],fork,reuseaddr' EXEC:cat &

	ssh-keygen -q -t ed25519 -N '' -f hostkey
	ssh-keygen -q -t ed25519 -N '' -C throw-away -f userkey
	cat >sshd_config <<-CONF
		HostKey /run/scratch/hostkey
		AuthorizedKeysFile /run/scratch/userkey.pub
		PermitRootLogin yes
		StrictModes no
		UsePAM no
		PrintMotd no
		PrintLastLog no
		PidFile none
	CONF
	in_ns server "$(command -v sshd)" -D -e -f sshd_config &

	for try in $(seq 50); do
		if in_ns c5 curl -m 3 -so /dev/null http://www.example.net/1.html &&
		   in_ns c5 curl -m 3 -so /dev/null http://www.example.net:8000/1.html &&
		   [ "$(run_ssh c5 -4 echo yes)" = yes ]; then
			return
		fi
		sleep 0.2
	done
	echo "make.sh: the servers do not answer" >&2
	exit 1
}

# ---- tcpdump

# record NAMESPACE DEVICE SNAPLEN [FILTER...]: start; $recording is the raw capture
record()
{
	local ns=$1 dev=$2 snaplen=$3
	shift 3
	recording=/run/scratch/recording.pcap
	: >tcpdump.log
	ip netns exec "$ns" tcpdump -i "$dev" -s "$snaplen" -B 16384 --immediate-mode -Z root -n \
		-w $recording "$@" 2>tcpdump.log &
	recorder=$!
	until grep -q 'listening on' tcpdump.log; do
		kill -0 $recorder || { cat tcpdump.log >&2; exit 1; }
		sleep 0.05
	done
	sleep 0.2
}

# save FILE: stop, and store the capture as FILE in this folder, compressed if it ends in .zst
save()
{
	sleep 1.5	# the kernel delivers packets in blocks, at the latest after a second
	kill -INT $recorder
	wait $recorder || true
	grep -q '^0 packets dropped' tcpdump.log || { cat tcpdump.log >&2; exit 1; }
	case $1 in
	*.zst) zstd -q -f -19 -o "$here/$1" $recording ;;
	*) cp $recording "$here/$1" ;;
	esac
	[ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID:${SUDO_GID:-0}" "$here/$1"
	echo "made $1"
}

# ---- actions of clients; the first argument is the client's namespace

# pages CLIENT COUNT [curl option...]: a connection and a DNS lookup for each page
pages()
{
	local ns=$1 count=$2 sizes=(1 3 8 1 3 20 1 8 3 60)
	shift 2
	for i in $(seq "$count"); do
		quiet in_ns "$ns" curl -s -m 10 "$@" \
			"http://www.example.net/${sizes[$((i % 10))]}.html"
	done
}

# one connection, many pages
keepalive()
{
	local ns=$1
	shift
	quiet in_ns "$ns" curl -s -m 20 "$@" http://www.example.net/{1,3,8,1,3,1,8,3,1,3}.html
}

# many connections at a time
burst()
{
	local ns=$1
	shift
	quiet in_ns "$ns" curl -s -m 20 --parallel --parallel-immediate --parallel-max 12 "$@" \
		"http://www.example.net:8000/1.html?[1-24]"
}

# lookups CLIENT FIRST LAST [dig option...]: a new source port for each, as resolvers do
lookups()
{
	local ns=$1 i
	shift
	for i in $(seq "$1" "$2"); do
		local type=A
		[ $((i % 4)) != 1 ] || type=AAAA
		quiet in_ns "$ns" dig "${@:3}" +tries=2 +time=1 host$i.example.net $type
	done
}

run_ssh()
{
	local ns=$1
	shift
	in_ns "$ns" ssh -F /dev/null -i userkey -o UserKnownHostsFile=/dev/null \
		-o StrictHostKeyChecking=no -o IdentityAgent=none -o BatchMode=yes \
		-o ConnectTimeout=5 "$1" root@shell.example.net "${@:2}"
}

# shell CLIENT -4|-6 COMMANDS PAUSE: an interactive session with pauses
shell()
{
	local i
	for i in $(seq "$3"); do
		echo "seq $((i * 17 % 40))"
		sleep "$4"
		[ "$i" != "$3" ] || echo exit
	done | quiet run_ssh "$1" "$2" -tt "env -i PS1='$ ' bash --norc --noprofile"
}

# chat CLIENT ADDRESS LINES PAUSE: a TCP connection that sends a line from time to time
chat()
{
	local i
	for i in $(seq "$3"); do
		echo "line $i"
		sleep "$4"
	done | quiet in_ns "$1" socat -t 1 - "TCP:$2:7"
}

# the same over UDP, which has no end of a connection
datagrams()
{
	local i
	for i in $(seq "$3"); do
		echo "datagram $i"
		sleep "$4"
	done | quiet in_ns "$1" socat -t 0.5 - "UDP:$2:7"
}

pings() { quiet in_ns "$1" ping -n -i 0.2 "${@:2}"; }

# common failures: closed ports, no route, no answer, a client that gives up early
failures()
{
	local ns=$1
	quiet in_ns "$ns" curl -s -m 3 http://198.51.100.10:81/
	quiet in_ns "$ns" curl -s -m 3 'http://[2001:db8:2::10]:81/'
	quiet in_ns "$ns" curl -s -m 3 http://203.0.113.70/
	quiet in_ns "$ns" curl -s -m 3 http://203.0.113.130/
	quiet in_ns "$ns" curl -s -m 4 http://203.0.113.200/
	quiet in_ns "$ns" curl -s -m 3 'http://[2001:db8:aaaa::1]/'
	quiet in_ns "$ns" curl -s -m 3 'http://[2001:db8:bbbb::1]/'
	quiet in_ns "$ns" curl -s -m 0.05 http://www.example.net/60.html
	quiet in_ns "$ns" dig +tries=1 +time=1 @198.51.100.30 -p 5300 host1.example.net
	quiet in_ns "$ns" dig +tries=1 +time=1 @2001:db8:2::30 -p 5300 host1.example.net
	quiet in_ns "$ns" dig +tries=2 +time=1 @203.0.113.201 host1.example.net
	quiet in_ns "$ns" dig +tries=1 nosuchname.example.net
}

traces()
{
	quiet in_ns "$1" traceroute -n -q 2 -m 6 -w 1 198.51.100.10
	quiet in_ns "$1" traceroute -n -q 2 -m 6 -w 1 -I 198.51.100.20
	quiet in_ns "$1" traceroute -n -q 1 -m 6 -w 1 -T -p 80 198.51.100.10
	quiet in_ns "$1" traceroute -6 -n -q 2 -m 6 -w 1 2001:db8:2::10
	quiet in_ns "$1" traceroute -6 -n -q 1 -m 6 -w 1 -I 2001:db8:2::20
}

# ---- the captures

make_http()
{
	record router lan 128
	pages c1 25 -4 & local p1=$!
	pages c2 25 -6 & local p2=$!
	burst c3 -4 & local p3=$!
	burst c4 -6 & local p4=$!
	{ keepalive c5 -4; keepalive c5 -6; } & local p5=$!
	wait $p1 $p2 $p3 $p4 $p5
	save http.pcap.zst
}

make_dns()
{
	record router lan 160
	lookups c1 1 150 @198.51.100.20 & local p1=$!
	lookups c2 100 249 @2001:db8:2::20 & local p2=$!
	lookups c3 200 240 +tcp @198.51.100.20 & local p3=$!
	lookups c4 380 420 @198.51.100.20 & local p4=$!	# from 401 on: names that do not exist
	{
		# A and AAAA from one port at once, as libc does
		for i in $(seq 60); do
			quiet in_ns c5 getent ahosts host$i.example.net
		done
	} & local p5=$!
	wait $p1 $p2 $p3 $p4 $p5
	save dns.pcap.zst
}

make_bulk()
{
	local server4=198.51.100.30 server6=2001:db8:2::30

	record router lan 96
	quiet in_ns c1 iperf3 -c $server4 -p 5201 -n 1500K & local p1=$!
	quiet in_ns c2 iperf3 -c $server6 -p 5202 -n 1500K -R & local p2=$!
	quiet in_ns c3 iperf3 -c $server4 -p 5203 -n 1M -P 4 & local p3=$!
	wait $p1 $p2 $p3
	quiet in_ns c4 iperf3 -c $server4 -p 5201 -u -b 8M -l 1200 -n 600K & local p4=$!
	quiet in_ns c5 iperf3 -c $server6 -p 5202 -u -b 8M -l 1200 -n 600K -R & local p5=$!
	wait $p4 $p5
	save bulk.pcap.zst
}

make_icmp()
{
	record router lan 256
	pings c1 -c 30 198.51.100.10 & local p1=$!
	pings c2 -c 30 2001:db8:2::10 & local p2=$!
	{
		pings c3 -c 5 -s 3000 198.51.100.20	# fragments
		pings c3 -c 5 -s 3000 2001:db8:2::20
		pings c3 -c 3 -M do -s 1400 198.51.100.20	# larger than the MTU behind the router
		pings c3 -c 3 -M do -s 1420 2001:db8:2::20
		pings c3 -c 3 -t 1 198.51.100.20	# time exceeded
		pings c3 -c 3 203.0.113.70
		pings c3 -c 3 203.0.113.130
		pings c3 -c 3 2001:db8:aaaa::1
		pings c3 -c 3 2001:db8:bbbb::1
		pings c3 -c 3 192.0.2.77	# no such host: the client's own ARP fails
	} & local p3=$!
	traces c4 & local p4=$!
	failures c5 & local p5=$!
	wait $p1 $p2 $p3 $p4 $p5
	save icmp.pcap.zst
}

make_ssh()
{
	record router lan 128
	shell c1 -4 40 0.5 & local p1=$!
	shell c2 -6 40 0.5 & local p2=$!
	chat c3 198.51.100.30 60 0.3 & local p3=$!
	chat c4 '[2001:db8:2::30]' 60 0.3 & local p4=$!
	# copy a file, run a command, three times
	for i in 1 2 3; do
		quiet run_ssh c5 -4 head -c 40000 /dev/zero
		quiet run_ssh c5 -6 true
		sleep 4
	done
	wait $p1 $p2 $p3 $p4
	save ssh.pcap.zst
}

# Between router and isp: raw IP, no Ethernet.
make_wan()
{
	record router wan 128
	pages c1 5 -4 & local p1=$!
	pages c2 5 -6 & local p2=$!
	pings c3 -c 5 198.51.100.10 & local p3=$!
	lookups c4 1 20 @2001:db8:2::20 & local p4=$!
	wait $p1 $p2 $p3 $p4
	save wan.pcap
}

# On all devices of a client, with loopback: Linux cooked capture, version 2.
make_cooked()
{
	record c1 any 128
	quiet pings c1 -c 3 127.0.0.1
	quiet pings c1 -c 3 ::1
	pages c1 5 -4
	pages c1 5 -6
	lookups c1 1 20 @198.51.100.20
	save cooked.pcap
}

# A mixture: all clients at once, each with other applications, for half a minute.
make_office()
{
	local jobs=()

	record router lan 128
	shell c1 -4 40 0.6 & jobs+=($!)
	shell c2 -6 25 0.9 & jobs+=($!)
	chat c3 198.51.100.30 50 0.5 & jobs+=($!)
	datagrams c4 '[2001:db8:2::30]' 50 0.5 & jobs+=($!)
	datagrams c5 198.51.100.30 40 0.6 & jobs+=($!)
	pings c1 -c 60 198.51.100.10 & jobs+=($!)
	pings c2 -c 60 2001:db8:2::10 & jobs+=($!)
	for c in 1 2 3 4 5; do
		{
			sleep $c
			pages c$c 12 -$((c % 2 * 2 + 4))
			lookups c$c $((c * 60)) $((c * 60 + 50))
			keepalive c$c -6
			sleep 2
			pages c$c 10
		} & jobs+=($!)
	done
	{ sleep 3; burst c4 -4; burst c5 -6; } & jobs+=($!)
	{ sleep 6; failures c3; } & jobs+=($!)
	{ sleep 8; traces c5; } & jobs+=($!)
	{ sleep 10; quiet in_ns c1 iperf3 -c 198.51.100.30 -p 5201 -n 300K; } & jobs+=($!)
	{ sleep 12; quiet in_ns c2 iperf3 -c 2001:db8:2::30 -p 5202 -n 300K -R; } & jobs+=($!)
	{
		sleep 14
		quiet in_ns c4 iperf3 -c 198.51.100.30 -p 5203 -u -b 2M -l 1000 -n 200K
	} & jobs+=($!)
	{ sleep 16; pings c3 -c 5 -s 3000 198.51.100.20; } & jobs+=($!)
	wait "${jobs[@]}"
	save office.pcap.zst
}

build_network
start_servers
for name in ${*:-$all}; do
	make_$name
done
python3 "$here/count.py" "$here"/*.pcap*
