# SPDX-License-Identifier: MIT
"""Scenarios of the table: zones, untracked packets, the maximum, held packets and their clashes, flush, accounting."""
from packets import (ACK, ESP, FIN, PSH, RST, SYN, Scenario, chunk, echo, fragments, gre, icmp, ip, sctp, tcp, udp,
                     udp_bytes, udplite)

A, B = "10.1.0.1", "10.2.0.1"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"
INIT = b"\0\0\0\x63\0\0\5\xdc\0\1\0\1\0\0\0\1"


def kinds(a=A, b=B):
    """(name, a packet, its answer)"""
    return [("udp", udp(a, b, 1, 53), udp(b, a, 53, 1)),
            ("udplite", udplite(a, b, 2, 53, as_udp=True), udplite(b, a, 53, 2, as_udp=True)),
            ("tcp", tcp(a, b, 3, 80, 100, 0, SYN), tcp(b, a, 80, 3, 900, 101, SYN | ACK)),
            ("echo", echo(a, b, 4), echo(b, a, 4, reply=True)),
            ("sctp", sctp(a, b, 5, 36412, 0, [chunk(1, INIT)]), sctp(b, a, 36412, 5, 0x63, [chunk(2, INIT)])),
            ("gre", gre(a, b, data=b"x" * 9), gre(b, a, data=b"x" * 9)),
            ("esp", ip(a, b, ESP, b"12345678"), ip(b, a, ESP, b"12345678")),
            ("other", ip(a, b, 99, b"12345678"), ip(b, a, 99, b"12345678"))]


# ---------------------------------------------------------------- zones
def zones_all():
    s = Scenario("one tuple of each protocol in three zones, answered in each, and in a zone without a request")
    s.zone(1, 1)
    s.zone(2, 65535)
    for a, b in ((A, B), (A6, B6)):
        for _, there, back in kinds(a, b):
            for dev in (0, 1, 2):
                s.add(there, dev)
            for dev in (0, 1, 2):
                s.add(back, dev)
            s.add(there, 1)
    return s


def zones_orig():
    s = Scenario("a zone in the original direction alone: replies have no zone and match any connection with their tuple")
    s.zone(1, 1, "original")
    s.zone(2, 2, "original")
    for n, (_, there, back) in enumerate(kinds()):
        s.add(there, 1)
        s.add(back, 0)
        s.add(there, 1)
        s.add(there, 2)                         # its answer is another's: a clash
        s.add(there, 0)
        s.add(back, 1)
    return s


def zones_reply():
    s = Scenario("a zone in the reply direction alone: the same question by two devices is one connection")
    s.zone(1, 1, "reply")
    s.zone(2, 2, "reply")
    for _, there, back in kinds():
        s.add(there, 1)
        s.add(back, 1)
        s.add(there, 2)
        s.add(back, 2)
        s.add(back, 0)
        s.add(there, 0)
    return s


def zones_errors():
    s = Scenario("errors find the connection in their own zone only")
    s.zone(1, 1)
    s.zone(2, 2, "original")
    for dev in (0, 1, 2):
        p = udp(A, B, 10 + dev, 53)
        s.add(p, dev)
        for other in (0, 1, 2):
            s.add(icmp(B, A, 3, 1, data=p), other)
            s.add(icmp(A, B, 3, 1, data=udp(B, A, 53, 10 + dev)), other)
    return s


def zones_fragments():
    s = Scenario("fragments of one packet by devices of different zones")
    s.zone(1, 1)
    s.zone(2, 2)
    for n, devs in enumerate(((0, 0, 1), (1, 1, 1), (1, 2, 1), (2, 1, 0), (1, 1, 2))):
        data = udp_bytes(A, B, 100 + n, 53, b"x" * 160)
        for p, dev in zip(fragments(A, B, 17, data, 64, n + 1), devs):
            s.add(p, dev)
    return s


def notrack_kinds():
    s = Scenario("untracked packets make no connection and belong to none; answers that are tracked begin one")
    s.notrack(1)
    for a, b in ((A, B), (A6, B6)):
        for _, there, back in kinds(a, b):
            s.add(there, 1)
            s.add(back, 1)
            s.add(back, 0)
            s.add(there, 1)
            s.add(there, 0)
    s.add(icmp(B, A, 3, 1, data=udp(A, B, 1, 53)), 1)
    s.add(icmp(B, A, 3, 1, data=udp(A, B, 1, 53)), 0)
    return s


def notrack_and_zone():
    s = Scenario("a device in a zone and one untracked, fragments and broken packets among them")
    s.zone(1, 5)
    s.notrack(2)
    for dev in (0, 1, 2, 1, 0):
        s.add(udp(A, B, 1, 53), dev)
        s.add(udp(A, B, 1, 53, udp_length=5), dev)
        s.add(udp(A, B, 2, 53, ttl=1), dev)
        s.add(tcp(A, B, 3, 80, flags=0), dev)
    return s


# ---------------------------------------------------------------- full
def full(most, title):
    s = Scenario(title)
    s.conf["global"] = {"nf_conntrack_max": most}
    for k in range(most + 2):
        s.add(udp(A, B, 100 + k, 53))
    s.add(udp(B, A, 53, 100))
    s.add(echo(A, B, 9))
    s.add(tcp(A, B, 1, 80, 1, 0, SYN))
    s.add(icmp(B, A, 3, 1, data=udp(A, B, 100, 53)))        # makes none
    s.add(ip(A, B, 99, b"x" * 8))
    s.after("flush")
    for k in range(most + 1):
        s.add(udp(A, B, 200 + k, 53))
    return s


def max_one():
    return full(1, "nf_conntrack_max 1: known connections go on, new ones are dropped, until a flush")


def max_several():
    return full(7, "nf_conntrack_max 7")


def max_none():
    s = Scenario("nf_conntrack_max 0 is no limit")
    s.conf["global"] = {"nf_conntrack_max": 0}
    for k in range(20):
        s.add(udp(A, B, 100 + k, 53))
    return s


def max_room_again():
    s = Scenario("a full table has room again when a connection ends: by a reset, by time")
    s.conf["global"] = {"nf_conntrack_max": 2}
    s.conf["sysctl"] = {"nf_conntrack_udp_timeout": 1}
    s.add(tcp(A, B, 1, 80, 1, 0, SYN))
    s.add(udp(A, B, 1, 53))
    s.add(udp(A, B, 2, 53))
    s.add(tcp(B, A, 80, 1, 0, 2, RST | ACK))
    s.add(udp(A, B, 3, 53))
    s.add(udp(A, B, 4, 53))
    return s


def max_held():
    s = Scenario("held packets count before they are confirmed")
    s.conf["global"] = {"nf_conntrack_max": 2}
    s.add(udp(A, B, 1, 53), hold=True)
    s.add(udp(A, B, 2, 53), hold=True)
    s.add(udp(A, B, 3, 53))
    s.after(0)
    s.add(udp(A, B, 3, 53))
    s.after(1)
    s.add(udp(B, A, 53, 1))
    return s


# ---------------------------------------------------------------- held packets
def clash_same():
    s = Scenario("two unconfirmed packets of one connection, of each protocol: the second joins if its protocol allows it, else it is dropped")
    for _, there, _ in kinds():
        i = s.add(there, hold=True)
        k = s.add(there, hold=True)
        s.after(i)
        s.after(k)
        s.add(there)
    return s


def clash_later():
    s = Scenario("a held packet is released after a later one was confirmed, of each protocol; and its reply")
    for _, there, back in kinds():
        i = s.add(there, hold=True)
        s.add(there)
        s.add(back)
        s.after(i)
        s.add(there)
        s.add(back)
    return s


def clash_reverse():
    s = Scenario("both ends send at once, neither confirmed, of each protocol: each tuple is the other's reverse")
    for _, there, back in [*kinds()[:1], *kinds()[1:2], *kinds()[5:],
                           ("tcp", tcp(A, B, 3, 80, 1, 0, SYN), tcp(B, A, 80, 3, 9, 0, SYN)),
                           ("sctp", sctp(A, B, 5, 6, 0, [chunk(1, INIT)]), sctp(B, A, 6, 5, 0, [chunk(1, INIT)])),
                           ("echo", echo(A, B, 4), echo(B, A, 4))]:
        i = s.add(there, hold=True)
        k = s.add(back, hold=True)
        s.after(i)
        s.after(k)
        s.add(there)
        s.add(back)
    return s


def clash_three():
    s = Scenario("three packets of one connection, released in reverse order; and one in the other direction")
    for _, there, back in kinds()[:2] + kinds()[5:]:
        i = [s.add(p, hold=True) for p in (there, there, back)]
        s.after(i[2])
        s.after(i[1])
        s.after(i[0])
        s.add(there)
        s.add(back)
    return s


def clash_zones_none():
    s = Scenario("held packets and others between other ends are no clash")
    i = s.add(udp(A, B, 1, 53), hold=True)
    k = s.add(udp(A, B, 2, 53), hold=True)
    m = s.add(udp(A, "10.2.0.2", 1, 53), hold=True)
    for x in (k, m, i):
        s.after(x)
    s.add(udp(B, A, 53, 1))
    return s


def clash_one_way():
    s = Scenario("a zone of one direction lets one direction alone clash: the loser's answers find it, for a second; of each protocol")
    s.zone(1, 1, "original")
    for _, there, back in [*kinds()[:2], *kinds()[5:], ("tcp", tcp(A, B, 3, 80, 1, 0, SYN), tcp(B, A, 80, 3, 9, 0, SYN))]:
        i = s.add(there, hold=True)
        k = s.add(there, hold=True)
        s.add(back, 1)                          # its answers are where the held packet's questions are
        s.after(i)                              # reply-only
        s.after(k)                              # joins that
        s.add(there)                            # an answer to the packet from the other device
        s.add(back)                             # to the loser
        s.add(back, 1)
        s.add(back)
        s.add(there)
    s.after("flush")
    i = s.add(udp(A, B, 9, 53), hold=True)
    s.add(udp(B, A, 53, 9), 1)
    s.after(i)
    s.add(udp(B, A, 53, 9))
    s.wait(1.5)
    s.add(udp(B, A, 53, 9))                     # gone: begins one
    s.add(udp(B, A, 53, 9), 1)
    return s


def hold_established():
    s = Scenario("packets of known connections held: the state went on meanwhile")
    s.add(tcp(A, B, 3, 80, 100, 0, SYN))
    s.add(tcp(B, A, 80, 3, 900, 101, SYN | ACK), hold=True)
    s.add(tcp(A, B, 3, 80, 101, 901, ACK))
    s.add(tcp(A, B, 3, 80, 101, 901, FIN | ACK))
    s.after(1)
    s.add(tcp(B, A, 80, 3, 901, 102, RST | ACK), hold=True)
    s.add(tcp(A, B, 3, 80, 102, 901, ACK))
    s.after(4)
    s.add(udp(A, B, 1, 53))
    i = s.add(udp(B, A, 53, 1), hold=True)
    s.after("flush")
    s.after(i)
    s.add(udp(B, A, 53, 1))
    return s


def hold_killed():
    s = Scenario("a held SYN whose connection a reset ends meanwhile; a held answer whose connection is gone")
    i = s.add(tcp(A, B, 3, 80, 100, 0, SYN), hold=True)
    s.add(tcp(B, A, 80, 3, 0, 101, RST | ACK))
    s.after(i)
    s.add(tcp(A, B, 4, 80, 100, 0, SYN))
    i = s.add(tcp(A, B, 4, 80, 100, 0, SYN), hold=True)
    s.add(tcp(B, A, 80, 4, 0, 101, RST | ACK))
    s.after(i)
    s.add(tcp(A, B, 4, 80, 100, 0, SYN))
    return s


def hold_errors():
    s = Scenario("an error about a connection that is not confirmed is invalid; behind confirm it is related; held itself")
    i = s.add(udp(A, B, 1, 53), hold=True)
    s.add(icmp(B, A, 3, 1, data=udp(A, B, 1, 53)))
    s.after(i)
    k = s.add(icmp(B, A, 3, 1, data=udp(A, B, 1, 53)), hold=True)
    s.after("flush")
    s.after(k)
    s.add(icmp(B, A, 3, 1, data=udp(A, B, 1, 53)))
    return s


def hold_untracked():
    s = Scenario("packets without a connection can be held too: invalid packets")
    i = s.add(tcp(A, B, 3, 80, flags=0), hold=True)
    k = s.add(udp(A, B, 1, 53, bad=1), hold=True)
    s.after(k)
    s.after(i)
    return s


def hold_never():
    s = Scenario("packets held and never released; their connections are not in the table")
    s.add(udp(A, B, 1, 53), hold=True)
    s.add(udp(A, B, 1, 53))
    s.add(udp(B, A, 53, 1), hold=True)
    s.add(udp(A, B, 2, 53), hold=True)
    return s


# ---------------------------------------------------------------- the rest
def flushes():
    s = Scenario("a flush while connections are open: which go on, which are picked up again, which are invalid")
    for a, b in ((A, B), (A6, B6)):
        for _, there, back in kinds(a, b):
            s.add(there)
            s.add(back)
        s.after("flush")
        for _, there, back in kinds(a, b):
            s.add(back)
            s.add(there)
        s.add(tcp(a, b, 3, 80, 101, 901, ACK))
        s.add(icmp(b, a, 3 if a == A else 1, 0, data=udp(a, b, 7, 7)))
        s.after("flush")
        s.after("flush")
        s.add(tcp(a, b, 3, 80, 101, 901, PSH | ACK, b"x"))
    return s


def accounting():
    s = Scenario("nf_conntrack_acct: packets and bytes of both directions, of errors and invalid packets too",
                 sysctl={"nf_conntrack_acct": 1})
    for a, b in ((A, B), (A6, B6)):
        for _, there, back in kinds(a, b):
            s.add(there)
            s.add(back)
            s.add(there)
        s.add(udp(a, b, 1, 53, b"x" * 1000))
        s.add(udp(a, b, 1, 53, b"x" * 1000, bad=1))
        s.add(icmp(b, a, 3 if a == A else 1, 0, data=udp(a, b, 1, 53)))
        s.add(tcp(b, a, 80, 3, 901, 101, ACK))
        s.add(tcp(a, b, 3, 80, 70000, 901, ACK, b"x" * 10))
    return s


def accounting_clash():
    s = Scenario("the loser of a clash adds its packets and bytes to the winner's", sysctl={"nf_conntrack_acct": 1})
    i = s.add(udp(A, B, 1, 53, b"x" * 10), hold=True)
    k = s.add(udp(A, B, 1, 53, b"x" * 100), hold=True)
    m = s.add(udp(B, A, 53, 1, b"x" * 1000), hold=True)
    for x in (i, k, m):
        s.after(x)
    s.add(udp(A, B, 1, 53))
    return s


def timestamps():
    s = Scenario("nf_conntrack_timestamp changes nothing in these answers", sysctl={"nf_conntrack_timestamp": 1})
    for _, there, back in kinds():
        s.add(there)
        s.add(back)
    return s


ALL = [zones_all, zones_orig, zones_reply, zones_errors, zones_fragments, notrack_kinds, notrack_and_zone, max_one,
       max_several, max_none, max_room_again, max_held, clash_same, clash_later, clash_reverse, clash_three,
       clash_zones_none, clash_one_way, hold_established, hold_killed, hold_errors, hold_untracked, hold_never, flushes, accounting,
       accounting_clash, timestamps]
