# SPDX-License-Identifier: MIT
"""Scenarios of GRE, plain and PPTP's."""
from packets import Scenario, gre, gre_bytes, ip

A, B = "10.1.0.1", "10.2.0.1"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"


def walk():
    s = Scenario("GRE: with and without a key, other keys, sequence and checksum, and its answer")
    for a, b in ((A, B), (A6, B6)):
        s.add(gre(a, b, data=b"x" * 20))
        s.add(gre(b, a, data=b"x" * 20))
        for key in (7, 8, 0, 0x12340007):
            s.add(gre(a, b, key=key, data=b"x" * 20))
            s.add(gre(b, a, key=key, data=b"x" * 20))
            s.add(gre(b, a, key=key ^ 1, data=b"x" * 20))
        for flags in (0x80, 0x10, 0x40, 0xB0, 0x08):
            s.add(gre(a, b, flags=flags, data=b"\0" * 24))
        for protocol in (0x86DD, 0x6558, 0x88BE, 0, 0xFFFF):
            s.add(gre(a, b, protocol=protocol, data=b"\0" * 24))
    return s


def pptp():
    s = Scenario("GRE version 1 (PPTP) by its call ids; other protocols in it; undefined versions")
    for a, b in ((A, B), (A6, B6)):
        for version in (1, 2, 7):
            for call in (0, 5, 6):
                s.add(gre(a, b, version=version, protocol=0x880B, call=call, data=b"x" * 20))
                s.add(gre(b, a, version=version, protocol=0x880B, call=call, data=b"x" * 20))
            s.add(gre(a, b, version=version, protocol=0x0800, call=5, data=b"x" * 20))
    return s


def short():
    s = Scenario("GRE cut in its header, of both versions")
    for a, b in ((A, B), (A6, B6)):
        for n in range(0, 13):
            s.add(ip(a, b, 47, gre_bytes(key=7, data=b"x" * 4)[:n]))
            s.add(ip(a, b, 47, gre_bytes(version=1, protocol=0x880B, call=9, data=b"x" * 4)[:n]))
    return s


def timeouts():
    s = Scenario("GRE's time-outs are those that were set",
                 sysctl={"nf_conntrack_gre_timeout": 61, "nf_conntrack_gre_timeout_stream": 62})
    for key in (None, 7):
        s.add(gre(A, B, key=key))
        s.add(gre(B, A, key=key))
        s.add(gre(A, B, key=key))
    return s


ALL = [walk, pptp, short, timeouts]
