#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes scenarios of differences that fuzz.py found, and some of its runs: fuzz_found.py DIRECTORY.

Each scenario is the smallest that shows a difference, since repaired. After a change of a scenario, ask a
kernel again; after a change of fuzz.py, ask it again about all the runs.
"""
import os
import struct
import sys

from fuzz import World
from packets import ACK, PSH, UDP, Scenario, fragments, icmp, ip4, ip6, tcp, tcp_bytes, udp, udp_bytes

A, B = "10.1.0.1", "10.2.0.1"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"


def icmp_types():
    s = Scenario("every defined type of ICMP and ICMPv6 and some undefined ones; replies with another code")
    for x, y, kinds in ((A, B, [*range(44), 255]), (A6, B6, [0, 1, 2, 3, 4, 5, 100, 127, *range(128, 162), 200, 255])):
        for kind in kinds:
            s.add(icmp(x, y, kind, 0, struct.pack(">HH", 7, 1)))
            s.add(icmp(y, x, kind, 1, struct.pack(">HH", 7, 1)))
    return s


def frag_devices():
    s = Scenario("fragments of one packet by different devices: they matter only for link-local and multicast addresses")
    s.zone(2, 7)
    s.zone(3, 8, "original")
    s.zone(4, 8, "reply")
    n = 10
    for x, y in ((A, B), (A6, B6)):
        for first, second in ((0, 1), (0, 2), (2, 0), (2, 3), (3, 4), (0, 4), (1, 4), (2, 2), (3, 3), (0, 0)):
            n += 1
            f = fragments(x, y, UDP, udp_bytes(x, y, n, 6, b"z" * 40), 24, ident=n)
            s.add(f[0], first)
            s.add(f[1], second)
    for y in ("fe80::9", "ff05::9", "ff02::9"):
        for dev in (0, 1):
            n += 1
            f = fragments(A6, y, UDP, udp_bytes(A6, y, n, 6, b"z" * 40), 24, ident=n)
            s.add(f[0], 0)
            s.add(f[1], dev)
    return s


def frag_tiny():
    s = Scenario("first fragments too short for their transport header, in all sizes")
    n = 0
    for x, y in ((A, B), (A6, B6)):
        for size in (8, 16, 24):
            n += 1
            l4 = tcp_bytes(x, y, 1000 + n, 80, n, 0)
            for f in fragments(x, y, 6, l4, size, ident=n):
                s.add(f)
        for size in (8, 16):
            n += 1
            for f in fragments(x, y, UDP, udp_bytes(x, y, n, 6, b"z" * 20), size, ident=n):
                s.add(f)
    return s


def zones_one_way():
    s = Scenario("zones for one direction: equal tuples exist side by side without a clash")
    s.zone(1, 1, "reply")
    s.zone(2, 1, "original")
    s.zone(3, 1)
    s.zone(4, 2, "reply")
    for n, devs in enumerate(((0, 1), (0, 2), (1, 0), (1, 2), (2, 1), (0, 3), (1, 3), (2, 3), (3, 1), (3, 2), (3, 0), (1, 4), (4, 1), (2, 4), (4, 2))):
        p = 1000 + n
        for there, back in (devs, devs):
            s.add(udp(A, B, p, 53), there)
            s.add(udp(B, A, 53, p), back)
            s.add(udp(B, A, 53, p), there)
            s.add(udp(A, B, p, 53), back)
    return s


def zone_ftp():
    s = Scenario("a master in a zone for one direction: its tuple is reported without the zone")
    s.zone(1, 2, "original")
    s.helper_ftp()
    sides, port, at = (A, B), (40000, 21), [100, 200]

    def say(d, flags, data=b""):
        s.add(tcp(sides[d], sides[1 - d], port[d], port[1 - d], at[d], at[1 - d] if flags & ACK else 0, flags, data), dev=1 - d)
        at[d] += len(data) + (flags >> 1 & 1)

    say(0, 2)
    say(1, 2 | ACK)
    say(0, ACK)
    say(1, PSH | ACK, b"220 x\r\n")
    say(1, PSH | ACK, b"227 (10,2,0,1,200,10)\r\n")
    s.add(tcp(A, B, 45000, 51210, 7), dev=1)
    s.add(tcp(A, B, 45001, 51210, 7), dev=1)
    return s


def ext_beyond():
    s = Scenario("extension headers that reach beyond the packet, of each kind, and no next header")
    l4 = udp_bytes(A6, B6, 1, 2, b"data")
    for kind in (0, 43, 60, 51):
        for length in (0, 1, 2, 3, 5, 255):
            s.add(ip6(A6, B6, UDP, l4, ext=[(kind, bytes([0, length, 1, 4]) + b"\0" * 20)]))
            s.add(ip6(A6, B6, UDP, l4, ext=[(60, b"\0\0\1\4\0\0\0\0"), (kind, bytes([0, length, 1, 4]) + b"\0" * 20)]))
            s.add(ip6(A6, B6, UDP, l4, ext=[(kind, bytes([0, length, 1, 4]) + b"\0" * 4), (51, b"\0\1\0\0" + b"\0" * 8)]))
    for ext in ((59,), (60, 59), (51, 59), (51,), (51, 60), (60, 51)):
        s.add(ip6(A6, B6, UDP, l4, ext=[(k, b"\0\1\1\x0c" + b"\0" * (8 if k == 51 else 12)) for k in ext]))
    return s


def pair(n, size=40, step=24):
    return fragments(A6, B6, UDP, udp_bytes(A6, B6, n, 6, b"z" * size), step, ident=n)


def frag6_time():
    s = Scenario("IPv6 fragments after their time-out, counted from the first: earlier ones are discarded",
                 sysctl={"nf_conntrack_frag6_timeout": 1})
    a, b = pair(1)                      # in time
    s.add(a)
    s.wait(.7)
    s.add(b)
    a, b = pair(2)                      # too late; later fragments wait again
    s.add(a)
    s.wait(1.3)
    s.add(b)
    s.add(a)
    a, b = pair(3)                      # a duplicate does not prolong the wait
    s.add(a)
    s.wait(.6)
    s.add(a)
    s.wait(.7)
    s.add(b)
    s.add(a)
    a, b, c = pair(4, 60)               # nor does another fragment
    s.add(a)
    s.wait(.6)
    s.add(b)
    s.wait(.6)
    for p in (c, a, b):
        s.add(p)
    return s


def frag6_none():
    s = Scenario("no memory for IPv6 fragments: none is kept, not even a whole one",
                 sysctl={"nf_conntrack_frag6_low_thresh": 0, "nf_conntrack_frag6_high_thresh": 0})
    for n in (1, 2):
        for p in pair(n):
            s.add(p)
    s.add(ip6(A6, B6, UDP, udp_bytes(A6, B6, 7, 8), frag=(0, False, 9)))
    s.add(udp(A6, B6, 1, 2))
    return s


def frag4_distance():
    s = Scenario("IPv4 fragments with others of the same source in between: after more than 64 the earlier ones are discarded")
    for n, between in enumerate((63, 64), 1):
        a, b = fragments(A, B, UDP, udp_bytes(A, B, n, 6, b"z" * 40), 24, ident=n)
        s.add(a)
        for k in range(between):
            s.add(ip4(A, "10.2.0.9" if k % 2 else B, 99, b"12345678", off=8, more=True, ident=n * 1000 + k))
        s.add(b)
        s.add(a)
    a, b = fragments(A, B, UDP, udp_bytes(A, B, 3, 6, b"z" * 40), 24, ident=3)
    s.add(a)
    for k in range(66):                 # fragments of another source do not count
        s.add(ip4("10.1.0.2", B, 99, b"12345678", off=8, more=True, ident=3000 + k))
    s.add(b)
    return s


ALL = [icmp_types, frag_devices, frag_tiny, frag4_distance, frag6_time, frag6_none, zones_one_way, zone_ftp, ext_beyond]

# Runs of fuzz.py with all its kinds: (name, seed, packets, kinds).
WILD = [
    ("tcp", 1, 160, "tcp,sysctl"),
    ("sctp", 2, 140, "sctp"),
    ("others", 3, 140, "udp,udplite,icmp,gre,other"),
    ("frag", 4, 200, "tcp,udp,sctp,icmp,frag"),
    ("icmperr", 5, 140, "tcp,udp,icmp,sctp,icmperr"),
    ("v6ext", 6, 150, "tcp,udp,icmp,v6ext"),
    ("v6frag", 7, 150, "udp,icmp,v6ext,frag,broken"),
    ("zones", 8, 130, "tcp,udp,icmp,zones"),
    ("held", 9, 130, "tcp,udp,gre,held,flush"),
    ("ftp", 10, 150, "ftp,held,zones"),
    ("broken", 11, 150, "tcp,udp,icmp,sctp,broken,options"),
]


def main():
    for make in ALL:
        make().write(os.path.join(sys.argv[1], "fuzz_" + make.__name__))
    for name, seed, count, kinds in WILD:
        w = World("%d %s" % (seed, kinds), kinds.split(","))
        w.run(count)
        w.scenario.write(os.path.join(sys.argv[1], "fuzz_wild_" + name))


if __name__ == "__main__":
    main()
