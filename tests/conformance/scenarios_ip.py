# SPDX-License-Identifier: MIT
"""Scenarios of the network layer: extension headers, fragments, headers that a router refuses."""
import struct

from packets import ICMP, ICMPV6, TCP, UDP, Scenario, echo, fragments, icmp_bytes, ip4, ip6, tcp_bytes, udp, udp_bytes

A, B = "10.1.0.1", "10.2.0.1"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"
PAD = b"\0\0\1\4\0\0\0\0"
HOP, ROUTING, FRAGMENT, AH, NONE, DST = 0, 43, 44, 51, 59, 60


def u6(a, b, sport, dport, n=4, **kw):
    return ip6(a, b, UDP, udp_bytes(a, b, sport, dport, b"x" * n), **kw)


def both(s, port, **kw):
    """A question that goes through those headers, and a plain answer."""
    s.add(u6(A6, B6, port, 53, **kw))
    s.add(u6(B6, A6, 53, port))


def ext_headers():
    s = Scenario("IPv6 extension headers of each kind and in many orders before UDP")
    routing = b"\0\2\0\0\0\0\0\0" + b"\0" * 16
    kinds = {"hop": (HOP, PAD), "dst": (DST, PAD), "rt": (ROUTING, routing), "rt4": (ROUTING, b"\0\0\4\0\0\0\0\0"),
             "long": (DST, b"\0\1\1\x0c" + b"\0" * 12), "mob": (135, PAD), "hip": (139, PAD), "shim": (140, PAD)}
    for n, names in enumerate(["hop", "dst", "rt", "rt4", "long", "hop dst", "dst hop", "hop rt dst", "dst dst dst dst",
                               "hop hop", "rt rt", "mob", "hip", "shim", "hop long rt4 dst"]):
        both(s, 1000 + n, ext=[kinds[k] for k in names.split()])
    return s


def ext_ah():
    s = Scenario("headers after an authentication header are read; ESP, no next header and unknown headers end the search")
    ah = b"\0\4\0\0\0\0\0\1\0\0\0\1" + b"\0" * 12
    both(s, 1000, ext=[(AH, ah)])
    both(s, 1001, ext=[(HOP, PAD), (AH, ah), (DST, PAD)])
    s.add(ip4(A, B, AH, b"\x11\4\0\0\0\0\0\1\0\0\0\1" + b"\0" * 12 + udp_bytes(A, B, 1, 53)))
    s.add(ip4(B, A, AH, b"\x11\4\0\0\0\0\0\2\0\0\0\1" + b"\0" * 12 + udp_bytes(B, A, 53, 1)))
    for proto in (NONE, 50, 253, 255):
        s.add(ip6(A6, B6, proto, b"", ext=[(DST, PAD)]))
        s.add(ip6(B6, A6, proto, b"12345678"))
    return s


def ext_cut():
    s = Scenario("extension headers that end with the packet, reach beyond it, or have nothing behind them")
    for n in range(0, 9):
        s.add(ip6(A6, B6, DST, b"\x11\0\1\4\0\0\0\0"[:n]))
    s.add(ip6(A6, B6, DST, b"\x11\1\1\4\0\0\0\0"))
    s.add(ip6(A6, B6, DST, b"\x11\xff\1\4\0\0\0\0" + b"\0" * 100))
    s.add(ip6(A6, B6, DST, b"\x3c\0\1\4\0\0\0\0" * 8))
    s.add(ip6(A6, B6, HOP, b"\x11\0\1\4\0\0\0\0"))
    s.add(u6(A6, B6, 7, 53, ext=[(DST, PAD)] * 20))
    s.add(u6(B6, A6, 53, 7))
    return s


def atomic():
    s = Scenario("atomic fragments: a fragment header around a whole packet")
    for n, kw in enumerate(({}, {"ext": [(HOP, PAD)]}, {"ext": [(DST, PAD), (ROUTING, b"\0\0\4\0\0\0\0\0")]})):
        both(s, 1000 + n, frag=(0, 0, 5), **kw)
        both(s, 1000 + n, frag=(0, 0, 5), **kw)
    s.add(echo(A6, B6, 9, frag=(0, 0, 6)))
    s.add(echo(B6, A6, 9, reply=True))
    s.add(ip6(A6, B6, FRAGMENT, b"\x3c\0\0\0\0\0\0\7" + b"\x11\0\1\4\0\0\0\0" + udp_bytes(A6, B6, 8, 53)))
    s.add(ip6(A6, B6, FRAGMENT, b"\x3b\0\0\0\0\0\0\7"))
    s.add(ip6(A6, B6, FRAGMENT, b"\x11\0\0\0"))
    return s


def pieces(a, b, n=200, size=64, port=1000, ident=1, **kw):
    return fragments(a, b, UDP, udp_bytes(a, b, port, 53, b"x" * n), size, ident, **kw)


def orders():
    s = Scenario("fragments in order, backwards, odd ones first, mixed with another packet's, and the answer to each")
    for a, b in ((A, B), (A6, B6)):
        f = pieces(a, b)
        for n, order in enumerate((f, f[::-1], f[1::2] + f[::2], f[1:] + f[:1], f[-1:] + f[:-1])):
            for k, p in enumerate(order):
                s.add(pieces(a, b, port=1000 + n, ident=n + 1)[f.index(p)])
            s.add(udp(b, a, 53, 1000 + n))
        x, y = pieces(a, b, port=1100, ident=50), pieces(a, b, port=1101, ident=51)
        for p, q in zip(x, y):
            s.add(p)
            s.add(q)
    return s


def duplicates():
    s = Scenario("fragments that come twice: the same, the first, the last, all of them, behind the whole")
    for a, b in ((A, B), (A6, B6)):
        for n, order in enumerate(((0, 0, 1, 2, 3), (0, 1, 1, 2, 3), (3, 3, 2, 1, 0), (0, 1, 2, 3, 3), (0, 1, 2, 3, 0),
                                   (1, 0, 1, 2, 3), (0, 1, 2, 3, 0, 1, 2, 3))):
            f = pieces(a, b, port=1000 + n, ident=n + 1)
            for k in order:
                s.add(f[k])
    return s


def cut(a, b, data, off, n, more, ident, **kw):
    where = {"off": off, "more": more, "ident": ident} if ":" not in a else {"frag": (off, more, ident)}
    return (ip4 if ":" not in a else ip6)(a, b, UDP, data[off:off + n].ljust(n, b"y"), **where, **kw)


def overlaps():
    s = Scenario("fragments that overlap: by eight bytes, inside, around, with another end; no packet results")
    for a, b in ((A, B), (A6, B6)):
        for n, parts in enumerate((
                [(0, 64, 1), (56, 64, 1), (120, 88, 0)], [(0, 64, 1), (64, 64, 1), (72, 8, 1), (128, 80, 0)],
                [(64, 64, 1), (56, 80, 1), (0, 64, 1), (128, 80, 0)], [(0, 64, 1), (128, 80, 0), (64, 72, 1), (64, 64, 1)],
                [(128, 80, 0), (128, 72, 0), (0, 64, 1), (64, 64, 1)], [(0, 128, 1), (120, 88, 0), (128, 80, 0)],
                [(0, 64, 1), (0, 72, 1), (64, 144, 0)], [(0, 64, 1), (0, 64, 0), (64, 144, 0)],
                [(0, 208, 0)], [(0, 64, 1), (64, 144, 1), (208, 8, 0)])):
            data = udp_bytes(a, b, 1000 + n, 53, b"x" * 200)
            for off, size, more in parts:
                s.add(cut(a, b, data, off, size, more, n + 1))
    return s


def odd_sizes():
    s = Scenario("fragments not a multiple of eight, empty, beyond 65535, with an end before others; the last one first")
    for a, b in ((A, B), (A6, B6)):
        for n, parts in enumerate((
                [(0, 63, 1), (64, 144, 0)], [(0, 64, 1), (64, 0, 1), (64, 144, 0)], [(0, 0, 1), (0, 208, 0)],
                [(0, 64, 1), (64, 144, 0), (216, 8, 1)], [(0, 64, 1), (65528, 8, 0), (65528, 7, 0), (65520, 100, 0)],
                [(64, 144, 0), (208, 8, 1)], [(208, 8, 1), (64, 144, 0)], [(0, 7, 0)], [(0, 8, 1), (8, 200, 0)],
                [(0, 4, 0)], [(8, 200, 0), (0, 8, 1)], [(64000, 64, 1), (0, 64, 1)], [(64, 0, 0), (0, 64, 1)])):
            data = udp_bytes(a, b, 1000 + n, 53, b"x" * 200)
            for off, size, more in parts:
                s.add(cut(a, b, data, off, size, more, n + 1))
    return s


def odd_middle():
    s = Scenario("a middle fragment not a multiple of eight: IPv4 shortens it, IPv6 drops the queue and lets it pass")
    for a, b in ((A, B), (A6, B6)):
        for n, parts in enumerate((
                [(0, 64, 1), (64, 63, 1), (64, 144, 0), (0, 64, 1)], [(0, 64, 1), (64, 60, 1), (120, 88, 0), (64, 56, 1)],
                [(0, 64, 1), (64, 68, 1), (128, 80, 0), (64, 64, 1), (0, 64, 1)], [(64, 144, 0), (0, 63, 1), (0, 64, 1)],
                [(64, 144, 0), (8, 57, 1), (0, 64, 1), (64, 144, 0)])):
            data = udp_bytes(a, b, 1000 + n, 53, b"x" * 200)
            for off, size, more in parts:
                s.add(cut(a, b, data, off, size, more, n + 1))
    return s


def incomplete():
    s = Scenario("fragments whose rest never comes; the same identification between other hosts and of another protocol")
    for a, b, c in ((A, B, "10.1.0.2"), (A6, B6, "2001:db8:1::2")):
        x, y = pieces(a, b), pieces(c, b)
        s.add(x[0])
        s.add(y[1])
        s.add(x[2])
        s.add(y[0])
        s.add(y[2])
        s.add(y[3])                             # y is whole
        t = fragments(a, b, TCP, tcp_bytes(a, b, 1, 80) + b"", 8, 1)
        for p in t:
            s.add(p)
        s.add(x[1])                             # x still lacks its end
    return s


def of_protocols():
    s = Scenario("fragments of ICMP, TCP and others: checksums over the whole, headers in pieces, an error in pieces")
    for a, b, proto, kinds in ((A, B, ICMP, (8, 0)), (A6, B6, ICMPV6, (128, 129))):
        rest = struct.pack(">HH", 5, 1)
        for p in fragments(a, b, proto, icmp_bytes(a, b, kinds[0], 0, rest, b"x" * 300), 64, 3):
            s.add(p)
        for p in fragments(b, a, proto, icmp_bytes(b, a, kinds[1], 0, rest, b"x" * 300), 128, 3):
            s.add(p)
        for p in fragments(a, b, proto, icmp_bytes(a, b, kinds[0], 0, rest, b"y" * 300, bad=1), 64, 4):
            s.add(p)
        for p in fragments(a, b, TCP, tcp_bytes(a, b, 1, 80, options=b"\2\4\5\xb4" * 4), 8, 5):
            s.add(p)
        for p in fragments(a, b, 99, b"z" * 40, 16, 6):
            s.add(p)
        for p in fragments(a, b, UDP, udp_bytes(a, b, 1000, 53, b"x" * 100, bad=1), 48, 7):
            s.add(p)
        for p in fragments(a, b, UDP, udp_bytes(a, b, 1001, 53, b"x" * 100, nosum=True), 48, 8):
            s.add(p)
        whole = udp(a, b, 1002, 53, b"x" * 400)
        s.add(whole)
        e = icmp_bytes(b, a, 3 if proto == ICMP else 1, 0, data=whole[:300])
        for p in fragments(b, a, proto, e, 64, 9):
            s.add(p)
    return s


def large():
    s = Scenario("a packet of nearly 64 KB in large pieces, and backwards in many small ones")
    for a, b in ((A, B), (A6, B6)):
        for p in pieces(a, b, 60000, 16000, 1000, 1):
            s.add(p)
        for p in pieces(a, b, 8000, 512, 1001, 2)[::-1]:
            s.add(p)
        for p in pieces(a, b, 600, 8, 1002, 3):
            s.add(p)
    return s


def bits():
    s = Scenario("fragments with DF, with other TOS and ECN bits, other TTLs, options in the first or the others")
    for n, (first, others) in enumerate((({"df": True}, {}), ({}, {"df": True}), ({"df": True}, {"df": True}),
                                         ({"tos": 1}, {"tos": 2}), ({"tos": 2}, {"tos": 3}), ({"tos": 0}, {"tos": 3}),
                                         ({"tos": 3}, {"tos": 3}), ({"ttl": 2}, {"ttl": 64}), ({"tos": 0x20}, {}),
                                         ({"options": b"\1" * 8}, {}), ({}, {"options": b"\1" * 8}))):
        data = udp_bytes(A, B, 1000 + n, 53, b"x" * 200)
        for off in (0, 64, 128, 192):
            s.add(cut(A, B, data, off, 64 if off < 192 else 16, off < 192, n + 1, **(others if off else first)))
    for n, (first, others) in enumerate((({"tos": 1}, {"tos": 2}), ({"tos": 2}, {"tos": 3}), ({"tos": 0}, {"tos": 3}),
                                         ({"ext": [(HOP, PAD)]}, {"ext": [(HOP, PAD)]}), ({}, {"ext": [(DST, PAD)]}),
                                         ({"ext": [(DST, PAD)]}, {}))):
        data = udp_bytes(A6, B6, 1000 + n, 53, b"x" * 200)
        for off in (0, 64, 128, 192):
            s.add(cut(A6, B6, data, off, 64 if off < 192 else 16, off < 192, n + 1, **(others if off else first)))
    return s


def headers_refused():
    s = Scenario("IP headers that a router refuses: length, checksum, TTL; addresses that cannot be")
    for kw in ({"ihl": 4}, {"ihl": 15}, {"length": 10}, {"length": 2000}, {"bad_ip": 1}, {"ttl": 0},
               {"ttl": 1}, {"ttl": 2}, {"length": 22}, {"options": b"\x83\x03\x04\0"}, {"options": b"\x44\x04\5\0"},
               {"options": b"\x94\x04\0\0"}, {"options": b"\x07\x07\4\0\0\0\0\0"}):
        s.add(udp(A, B, 1, 53, **kw))
    for a, b in (("127.0.0.1", B), (A, "127.0.0.1"), ("0.0.0.0", B), (A, "255.255.255.255"), ("224.0.0.1", B),
                 (A, "224.0.0.1"), ("255.255.255.255", B), ("240.0.0.1", B), (A, "240.0.0.1"), (A, "0.0.0.0")):
        s.add(udp(a, b, 2, 53))
    for kw in ({"version": 4}, {"length": 2000}, {"length": 4}, {"length": 0}, {"ttl": 0}, {"ttl": 1}, {"ttl": 2}):
        s.add(udp(A6, B6, 1, 53, **kw))
    for a, b in (("::1", B6), (A6, "::1"), ("::", B6), (A6, "::"), ("ff02::1", B6), (A6, "ff02::1"), (A6, "ff01::1"),
                 ("fe80::1", B6), (A6, "fe80::1"), ("::ffff:10.1.0.1", B6), (A6, "ff0e::1")):
        s.add(udp(a, b, 2, 53))
    return s


def cut_packets():
    s = Scenario("packets cut in their IP header, at every length, and followed by more bytes than their length says")
    for n in range(1, 30):
        s.add(udp(A, B, 1, 53)[:n])
    for n in (1, 8, 39, 40, 41, 44, 47):
        s.add(udp(A6, B6, 1, 53)[:n])
    s.add(udp(A, B, 3, 53) + b"trailer")
    s.add(udp(A6, B6, 3, 53) + b"trailer")
    return s


def lengths():
    s = Scenario("IP's length field: 0, less than the header, more than there is; false jumbo payloads")
    for proto in (UDP, TCP, ICMP, 47, 253):
        data = b"\0\x09\0\x35\0\x1c\0\0" + b"\0" * 4 + b"\x50\x02" + b"\0" * 14
        for n in (0, 1, 19, 20, 27, 28, 40, 41, 48, 49, 1000, 65535):
            s.add(ip4(A, B, proto, data, length=n))
            s.add(ip6(A6, B6, proto, data, length=n))
    for n in (0, 1, 2, 3, 100):                     # segmentation offload, if there is data to cut
        s.add(ip4(A, B, TCP, tcp_bytes(A, B, 100 + n, 80, data=b"x" * n), length=0))
    for ihl in (0, 4, 5, 6, 7, 12, 13, 15):
        s.add(ip4(A, B, UDP, udp_bytes(A, B, 20 + ihl, 53, b"x" * 20), ihl=ihl))
    for version in (4, 6):                          # a TUN device accepts no other
        s.add(ip4(A, B, UDP, udp_bytes(A, B, 40 + version, 53), version=version))
        s.add(ip6(A6, B6, UDP, udp_bytes(A6, B6, 40 + version, 53), version=version))
    for option in (b"\xc2\4\0\0\0\x10", b"\xc2\4\0\0\xff\xff", b"\xc2\4\0\1\0\0", b"\xc2\3\0\1\0\0",
                   b"\xc2\4\xff\xff\xff\xff", b"\1\4\0\0\0\0", b"\x1e\4\0\0\0\0"):
        for n in (0, None):
            s.add(u6(A6, B6, 70, 53, ext=[(HOP, b"\0\0" + option)], length=n))
    return s


ALL = [lengths, ext_headers, ext_ah, ext_cut, atomic, orders, duplicates, overlaps, odd_sizes, odd_middle, incomplete, of_protocols, large,
       bits, headers_refused, cut_packets]
