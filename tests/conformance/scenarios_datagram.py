# SPDX-License-Identifier: MIT
"""Scenarios of UDP, UDP-Lite, and of protocols that conntrack knows only by their addresses."""
import struct

from packets import DCCP, ESP, Scenario, ip, udp, udplite

A, B = "10.1.0.1", "10.2.0.1"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"


def udp_streams():
    s = Scenario("a UDP flow becomes a stream when both sides talk for two seconds; then it is assured")
    flows = [(A, B, 1), (A6, B6, 2), (A, B, 3)]
    for a, b, p in flows:
        s.add(udp(a, b, p, 53))
        s.add(udp(b, a, 53, p))
    s.wait(1.2)
    for a, b, p in flows:
        s.add(udp(a, b, p, 53))
    s.wait(1.2)
    s.add(udp(A, B, 1, 53))                     # asks
    s.add(udp(B6, A6, 53, 2))                   # answers
    s.add(udp(A, B, 3, 53, bad=1))              # does not count
    s.wait(0.7)
    for a, b, p in flows:
        s.add(udp(b, a, 53, p))
        s.add(udp(a, b, p, 53))
    return s


def udp_expires():
    s = Scenario("a UDP flow that is over: the next packet begins another, from either side",
                 sysctl={"nf_conntrack_udp_timeout": 1, "nf_conntrack_udp_timeout_stream": 2})
    s.add(udp(A, B, 1, 53))
    s.add(udp(A, B, 2, 53))
    s.wait(1.6)
    s.add(udp(A, B, 1, 53))
    s.add(udp(B, A, 53, 2))
    s.add(udp(A, B, 2, 53))
    s.wait(1.6)
    s.add(udp(A, B, 2, 53))
    return s


def udp_headers():
    s = Scenario("UDP lengths: too long, too short, below the header; packets cut in the header; no checksum; port 0")
    for a, b in ((A, B), (A6, B6)):
        for n in (0, 7, 8, 9, 11, 12, 13, 1000, 65535):
            s.add(udp(a, b, 1000 + n % 1000, 53, udp_length=n))
        for n in range(0, 9):
            s.add(ip(a, b, 17, struct.pack(">HHHH", 2000 + n, 53, 8, 0)[:n]))
        s.add(udp(a, b, 3000, 53, nosum=True))      # allowed only over IPv4
        s.add(udp(b, a, 53, 3000, nosum=True))
        s.add(udp(a, b, 0, 53))
        s.add(udp(a, b, 4000, 0))
        s.add(udp(a, b, 0, 0))
        s.add(udp(a, b, 5000, 53, b""))
        s.add(udp(a, b, 5001, 53, b"x" * 3001, bad=1))
        s.add(udp(a, b, 5001, 53, b"x" * 3001))
    return s


def udp_checksum_off():
    s = Scenario("UDP with wrong checksums and nf_conntrack_checksum off", sysctl={"nf_conntrack_checksum": 0})
    for a, b in ((A, B), (A6, B6)):
        s.add(udp(a, b, 1, 53, bad=1))
        s.add(udp(b, a, 53, 1, bad=1))
        s.add(udp(a, b, 2, 53, udp_length=5))
        s.add(udp(a, b, 3, 53, nosum=True))
    return s


def udp_same_ports():
    s = Scenario("equal ports, equal addresses, both sides at once: which direction is original")
    s.add(udp(A, B, 53, 53))
    s.add(udp(B, A, 53, 53))
    s.add(udp(A, A, 1, 2))
    s.add(udp(A, A, 2, 1))
    s.add(udp(A, A, 7, 7))                      # its own answer
    s.add(udp(A, A, 7, 7))
    s.add(udp(A6, A6, 7, 7))
    s.add(udp(A6, A6, 7, 7))
    return s


def udp_timeouts():
    s = Scenario("UDP's time-outs are those that were set",
                 sysctl={"nf_conntrack_udp_timeout": 41, "nf_conntrack_udp_timeout_stream": 42})
    for f in (udp, udplite):
        s.add(f(A, B, 1, 53))
        s.add(f(B, A, 53, 1))
        s.add(f(A, B, 1, 53))
    s.wait(2.2)
    for f in (udp, udplite):
        s.add(f(A, B, 1, 53))
        s.add(f(B, A, 53, 1))
    return s


def udplite_coverage():
    s = Scenario("UDP-Lite: coverage none, all, part, impossible; wrong checksums within and beyond it")
    for a, b in ((A, B), (A6, B6)):
        for n, cover in enumerate((0, 8, 9, 12, 20, 28, 29, 100, 1, 7)):
            s.add(udplite(a, b, 1000 + n, 53, b"x" * 20, cover=cover, as_udp=True))
            s.add(udplite(b, a, 53, 1000 + n, b"x" * 20, cover=cover))
            s.add(udplite(a, b, 2000 + n, 53, b"x" * 20, cover=cover, as_udp=True, bad=1))
        s.add(udplite(a, b, 3000, 53, nosum=True))
        p = udplite(a, b, 3001, 53, b"x" * 20, cover=12, as_udp=True)
        s.add(p[:-1] + b"y")                    # what is not covered may change
        p = udplite(a, b, 3002, 53, b"x" * 20, cover=20, as_udp=True)
        s.add(p[:-20] + b"y" + p[-19:])         # what is covered may not
    return s


def udplite_checksum_off():
    s = Scenario("UDP-Lite with nf_conntrack_checksum off", sysctl={"nf_conntrack_checksum": 0})
    for n, cover in enumerate((0, 8, 12, 7, 100)):
        s.add(udplite(A, B, 1000 + n, 53, cover=cover, bad=1))
        s.add(udplite(B, A, 53, 1000 + n, cover=cover, nosum=True))
    return s


def generic_kinds():
    s = Scenario("protocols known by their addresses alone: one connection for all packets, answered by any")
    for n, proto in enumerate((2, 4, 41, 46, 89, 99, 103, 112, 115, 137, 253, 255, ESP, 51, 0)):
        for a, b in ((f"10.1.1.{n + 1}", B), (f"2001:db8:1::{n + 1:x}", B6)):
            if proto in (0, 51) and ":" in a:
                continue                        # extension headers there
            s.add(ip(a, b, proto, b"12345678" * 3))
            s.add(ip(b, a, proto, b""))
            s.add(ip(a, b, proto, b"x"))
    return s


def generic_timeout():
    s = Scenario("nf_conntrack_generic_timeout", sysctl={"nf_conntrack_generic_timeout": 33})
    for proto in (ESP, 99, 4):
        s.add(ip(A, B, proto, b"12345678"))
        s.add(ip(B, A, proto, b"12345678"))
    return s


def generic_tunnels():
    s = Scenario("a tunnel's packets are its own: IP in IP, IPv6 in IPv4 and back, with connections inside")
    inner = udp("192.168.0.1", "192.168.0.2", 1, 2)
    for a, b, proto, data in ((A, B, 4, inner), (A, B, 41, udp(A6, B6, 1, 2)), (A6, B6, 41, udp(A6, B6, 1, 2)),
                              (A6, B6, 4, inner)):
        s.add(ip(a, b, proto, data))
        s.add(ip(b, a, proto, data))
    s.add(inner)
    return s


def dccp_packet(a, b, sport, dport, kind, reset=0, doff=None):
    size = {0: 20, 1: 24, 7: 28}.get(kind, 24) // 4
    return ip(a, b, DCCP, struct.pack(">HHBBHBBHI", sport, dport, size if doff is None else doff, 0, 0,
                                      kind << 1 | 1, 0, 0, 7) + b"\0" * 12)


def dccp_walk():
    s = Scenario("DCCP from request to reset: by addresses alone where the kernel has no tracker for it")
    for a, b in ((A, B), (A6, B6)):
        for d, kind in ((0, 0), (1, 1), (0, 2), (1, 3), (0, 4), (1, 5), (0, 6), (1, 7), (0, 9)):
            ends = (a, b, 1000, 5001) if not d else (b, a, 5001, 1000)
            s.add(dccp_packet(*ends, kind))
        s.add(dccp_packet(a, b, 1001, 5001, 2))
        s.add(dccp_packet(a, b, 1002, 5001, 0, doff=1))
        s.add(ip(a, b, DCCP, b"\0\1\0"))
    return s


ALL = [udp_streams, udp_expires, udp_headers, udp_checksum_off, udp_same_ports, udp_timeouts, udplite_coverage,
       udplite_checksum_off, generic_kinds, generic_timeout, generic_tunnels, dccp_walk]
