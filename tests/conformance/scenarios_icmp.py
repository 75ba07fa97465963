# SPDX-License-Identifier: MIT
"""Scenarios of ICMP and ICMPv6: requests and answers, errors and what they quote, neighbours, multicast."""
import struct

from packets import (ACK, ESP, ICMP, ICMPV6, SCTP, SYN, TCP, UDP, UDPLITE, Scenario, checksum, chunk, echo, gre, icmp,
                     ip, ip4, ip6, sctp, tcp, udp, udplite)

A, B, R = "10.1.0.1", "10.2.0.1", "10.9.9.9"
A6, B6, R6 = "2001:db8:1::1", "2001:db8:2::1", "2001:db8:9::9"
ERRORS4, ERRORS6 = (3, 4, 5, 11, 12), (1, 2, 3, 4)


def error(src, dst, quoted, kind=None, code=0, rest=b"\0\0\0\0", **kw):
    """An error about the packet quoted, which began with an IP header."""
    kind = (3 if len(src) < 16 and ":" not in src else 1) if kind is None else kind
    return icmp(src, dst, kind, code, rest, quoted, **kw)


def requests():
    s = Scenario("every ICMP type with four codes, as a first packet and as a reply")
    for kind in (*range(0, 20), 30, 37, 40, 42, 43, 255):
        for code in (0, 1, 4, 15):
            a = f"10.1.{kind}.{code + 1}"
            s.add(icmp(a, B, kind, code, struct.pack(">HH", 77, 1), b"x" * 8))
            s.add(icmp(B, a, kind, code, struct.pack(">HH", 77, 1), b"x" * 8))
    return s


def requests6():
    s = Scenario("ICMPv6 types with their codes, as first packets and as replies")
    for kind in (0, 1, 2, 3, 4, 5, 99, 100, 127, *range(128, 162), 200, 201, 255):
        for code in (0, 1, 7):
            a = f"2001:db8:1::{kind:x}:{code + 1}"
            s.add(icmp(a, B6, kind, code, struct.pack(">HH", 77, 1), b"x" * 8))
            s.add(icmp(B6, a, kind, code, struct.pack(">HH", 77, 1), b"x" * 8))
    return s


def inverses():
    s = Scenario("requests that have an answer of another type: time stamp, information, mask; node information")
    for n, (q, r) in enumerate(((8, 0), (13, 14), (15, 16), (17, 18))):
        rest = struct.pack(">HH", 10 + n, 1)
        for kind, src, dst in ((r, B, A), (q, A, B), (r, B, A), (q, A, B), (q, B, A), (r, A, B)):
            s.add(icmp(src, dst, kind, 0, rest, b"x" * 12))
    for n, (q, r) in enumerate(((128, 129), (139, 140), (130, 131), (144, 145))):
        rest = struct.pack(">HH", 10 + n, 1)
        for kind, src, dst in ((r, B6, A6), (q, A6, B6), (r, B6, A6), (q, A6, B6), (q, B6, A6), (r, A6, B6)):
            s.add(icmp(src, dst, kind, 0, rest, b"x" * 12))
    return s


def short_and_wrong():
    s = Scenario("ICMP cut in its header, with wrong checksums, in the other family")
    for a, b, proto, kind in ((A, B, ICMP, 8), (A6, B6, ICMPV6, 128)):
        for n in range(0, 9):
            s.add(ip(a, b, proto, struct.pack(">BBHHH", kind, 0, ~(kind << 8) & 0xFFFF, 0, 0)[:n]))
        s.add(echo(a, b, 5, bad=1))
        s.add(echo(a, b, 6))
        s.add(echo(b, a, 6, reply=True, bad=1))
        s.add(echo(b, a, 6, reply=True))
        s.add(ip(a, b, ICMPV6 if proto == ICMP else ICMP, struct.pack(">BBHHH", kind, 0, 0, 9, 9)))
        s.add(ip(b, a, ICMPV6 if proto == ICMP else ICMP, struct.pack(">BBHHH", kind, 0, 0, 9, 9)))
    return s


def zeros():
    s = Scenario("a reply of zeros with checksum 0 is correct, because the sum covers IPv4's header")
    for n in (4, 8, 60):
        s.add(echo(A, B, 0, 0, data=b"x"))
        s.add(ip(B, A, ICMP, bytes(n)))
        s.add(ip(B, A, ICMP, b"\0\0\xff\xff" + bytes(n - 4)))
        s.add(ip(B, A, ICMP, bytes(n), options=b"\1\1\1\0"))
    s.add(echo(A6, B6, 0, 0))
    s.add(ip(B6, A6, ICMPV6, bytes(8)))
    s.add(ip(B6, A6, ICMPV6, b"\x81\0\0\0" + bytes(4)))
    return s


def checksum_off():
    s = Scenario("ICMP with wrong checksums and nf_conntrack_checksum off", sysctl={"nf_conntrack_checksum": 0})
    for a, b in ((A, B), (A6, B6)):
        s.add(echo(a, b, 5, bad=1))
        s.add(echo(b, a, 5, reply=True, bad=1))
        p = udp(a, b, 1, 2)
        s.add(p)
        s.add(error(b, a, p, bad=1))
    return s


def timeouts():
    s = Scenario("nf_conntrack_icmp_timeout and nf_conntrack_icmpv6_timeout",
                 sysctl={"nf_conntrack_icmp_timeout": 21, "nf_conntrack_icmpv6_timeout": 22})
    for a, b in ((A, B), (A6, B6)):
        s.add(echo(a, b, 5))
        s.add(echo(b, a, 5, reply=True))
        s.add(echo(a, b, 5, 2))
    return s


def quoted(a, b):
    """One packet of each protocol, and its answer."""
    yield udp(a, b, 1, 53), udp(b, a, 53, 1)
    yield udplite(a, b, 2, 53, as_udp=True), udplite(b, a, 53, 2, as_udp=True)
    yield tcp(a, b, 3, 80, 100, 0, SYN), tcp(b, a, 80, 3, 900, 101, SYN | ACK)
    yield echo(a, b, 4), echo(b, a, 4, reply=True)
    yield sctp(a, b, 5, 36412, 0, [chunk(1, struct.pack(">IIHHI", 99, 1500, 1, 1, 1))]), \
        sctp(b, a, 36412, 5, 99, [chunk(2, struct.pack(">IIHHI", 98, 1500, 1, 1, 1))])
    yield gre(a, b, key=7, data=b"x" * 20), gre(b, a, key=7, data=b"x" * 20)
    yield ip(a, b, ESP, b"12345678" * 2), ip(b, a, ESP, b"12345678" * 2)
    yield ip(a, b, 99, b"12345678" * 2), ip(b, a, 99, b"12345678" * 2)


def errors_quote_all():
    s = Scenario("errors about a packet of each protocol: before it is known, after it, about its answer; from the other "
                 "end and from a router on the way")
    for a, b, r in ((A, B, R), (A6, B6, R6)):
        for there, back in quoted(a, b):
            s.add(error(b, a, there))           # without a request
            s.add(there)
            s.add(error(b, a, there))
            s.add(error(r, a, there))
            s.add(error(a, b, back))            # about an answer that did not come
            s.add(back)
            s.add(error(a, b, back))
            s.add(error(r, b, back))
            s.add(error(b, a, there))
            s.add(error(a, b, there))           # sent the way the packet went
            s.add(there)
    return s


def errors_all_types():
    s = Scenario("every type of error, with its codes, about a UDP packet")
    for a, b, r, kinds in ((A, B, R, ERRORS4), (A6, B6, R6, (*ERRORS6, 5, 100, 127))):
        p = udp(a, b, 1, 53)
        s.add(p)
        for kind in kinds:
            for code in (0, 1, 2, 3, 4, 13, 15, 16, 255):
                s.add(error(r, a, p, kind, code, struct.pack(">I", 1280)))
        s.add(udp(b, a, 53, 1))
        for kind in kinds:
            s.add(error(r, a, p, kind))
    return s


def errors_truncated():
    s = Scenario("errors that quote too little: every length up to the ports and a little more")
    for a, b, r, proto in ((A, B, R, TCP), (A6, B6, R6, TCP), (A, B, R, UDP), (A6, B6, R6, UDP)):
        p = tcp(a, b, 3, 80, 100, 0, SYN) if proto == TCP else udp(a, b, 1, 53)
        s.add(p)
        head = 20 if a == A else 40
        for n in (0, 1, head - 1, *range(head, head + 10), len(p)):
            s.add(error(r, a, p[:n]))
    return s


def errors_odd_quotes():
    s = Scenario("errors that quote what cannot be: options, wrong header lengths and versions, fragments, errors, another "
                 "family, themselves")
    p = udp(A, B, 1, 53)
    s.add(p)
    s.add(error(R, A, ip4(A, B, UDP, p[20:], options=b"\1" * 8)))       # with options it is the same packet
    for ihl in (0, 4, 6, 15):
        s.add(error(R, A, ip4(A, B, UDP, p[20:], ihl=ihl)))
    s.add(error(R, A, ip4(A, B, UDP, p[20:], version=6)))
    s.add(error(R, A, ip4(A, B, UDP, p[20:], length=9)))
    s.add(error(R, A, ip4(A, B, UDP, p[20:], bad_ip=1)))
    s.add(error(R, A, ip4(A, B, UDP, p[20:], more=True)))
    s.add(error(R, A, ip4(A, B, UDP, p[20:], off=8)))
    s.add(error(R, A, ip4(A, B, UDP, p[20:], off=8, more=True)))
    s.add(error(R, A, udp(A6, B6, 1, 53)))
    e = error(R, A, p)
    s.add(error(A, R, e))                                               # an error about an error
    s.add(error(A, R, echo(R, A, 9)))
    s.add(error(R, A, ip4(A, B, ICMP, b"\x05\0\0\0")))
    p6 = udp(A6, B6, 1, 53)
    s.add(p6)
    ext = [(0, b"\0\0\1\4\0\0\0\0"), (60, b"\0\0\1\4\0\0\0\0")]
    s.add(error(R6, A6, ip6(A6, B6, UDP, p6[40:], ext=ext)))
    s.add(error(R6, A6, ip6(A6, B6, UDP, p6[40:], frag=(0, 0, 7))))
    s.add(error(R6, A6, ip6(A6, B6, UDP, p6[40:], frag=(0, 1, 7))))
    s.add(error(R6, A6, ip6(A6, B6, UDP, p6[40:], frag=(8, 1, 7))))
    s.add(error(R6, A6, ip6(A6, B6, 59, b"")))
    s.add(error(R6, A6, ip6(A6, B6, UDP, p6[40:], version=4)))
    s.add(error(R6, A6, p))
    s.add(error(A6, R6, error(R6, A6, p6)))
    return s


def errors_wrong_checksum():
    s = Scenario("an error with a wrong checksum is invalid; one that quotes a wrong checksum is not")
    for a, b, r in ((A, B, R), (A6, B6, R6)):
        p = udp(a, b, 1, 53)
        s.add(p)
        s.add(error(r, a, p, bad=1))
        s.add(error(r, a, udp(a, b, 1, 53, bad=5)))
        s.add(error(r, a, p))
    return s


def errors_to_others():
    s = Scenario("an error addressed to neither end of the quoted packet, or from a third host")
    p = tcp(A, B, 3, 80, 100, 0, SYN)
    s.add(p)
    s.add(tcp(B, A, 80, 3, 900, 101, SYN | ACK))
    s.add(error(R, "10.1.0.77", p))
    s.add(error("10.1.0.77", B, p))
    s.add(error(B, "10.1.0.77", p))
    s.add(error(A, B, p))
    s.add(error(B, A, p))
    p = udp(A6, B6, 1, 53)
    s.add(p)
    s.add(error(R6, "2001:db8:1::77", p))
    s.add(error(A6, B6, p))
    return s


def errors_do_not_refresh():
    s = Scenario("an error neither prolongs a connection nor counts as a reply; an echo reply does both")
    s.add(udp(A, B, 1, 53))
    s.add(echo(A, B, 4))
    s.wait(2.5)
    s.add(error(B, A, udp(A, B, 1, 53)))
    s.add(error(B, A, echo(A, B, 4)))
    s.wait(1.5)
    s.add(error(R, A, udp(A, B, 1, 53)))
    s.add(echo(B, A, 4, reply=True))
    s.add(error(R, A, udp(A, B, 1, 53)))
    return s


def neighbours():
    s = Scenario("neighbour discovery and MLD are not tracked, from any sender, whole, cut, with a wrong checksum")
    for kind in (130, 131, 132, 133, 134, 135, 136, 137, 143, 148, 149, 151):
        for n, kw in enumerate(({}, {"ttl": 255}, {"bad": 1})):
            s.add(icmp(f"2001:db8:1::{n + 1}", B6, kind, 0, b"\0" * 4, b"\0" * 16, **kw))
        s.add(icmp(A6, B6, kind, 1, b"\0" * 4))
        body = struct.pack(">BBH", kind, 0, 0)
        ph = bytes.fromhex("20010db8000100000000000000000001" "20010db8000200000000000000000001") \
            + struct.pack(">II", len(body), ICMPV6)
        s.add(ip6(A6, B6, ICMPV6, body[:2] + struct.pack(">H", checksum(ph + body))))
    return s


def redirects():
    s = Scenario("redirects are errors over IPv4, and neighbour discovery over IPv6")
    p = udp(A, B, 1, 53)
    s.add(p)
    s.add(error(R, A, p, 5, 1, bytes((10, 9, 9, 8))))
    p6 = udp(A6, B6, 1, 53)
    s.add(p6)
    s.add(icmp(R6, A6, 137, 0, b"\0" * 4, b"\0" * 32 + p6))
    return s


def echo_ids():
    s = Scenario("echo: by its number, not its sequence; both ways at once; over SCTP-like ports of other protocols")
    for a, b in ((A, B), (A6, B6)):
        s.add(echo(a, b, 1, 1))
        s.add(echo(a, b, 1, 2))
        s.add(echo(b, a, 1, 1))                 # the other's own
        s.add(echo(b, a, 1, 1, reply=True))
        s.add(echo(a, b, 1, 1, reply=True))
        s.add(echo(b, a, 2, 1, reply=True))     # without a request
        s.add(echo(a, b, 2, 1))
        s.add(echo(a, a, 3))
        s.add(echo(a, a, 3, reply=True))
    return s


ALL = [requests, requests6, inverses, short_and_wrong, zeros, checksum_off, timeouts, errors_quote_all, errors_all_types,
       errors_truncated, errors_odd_quotes, errors_wrong_checksum, errors_to_others, errors_do_not_refresh, neighbours,
       redirects, echo_ids]
