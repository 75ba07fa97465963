#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""frag_fuzz.py SEED COUNT OUT.pcap: fragments of a few packets, in every order and with every fault.

Packets of both families are cut at random places and sent in order, shuffled,
twice, overlapping, with a wrong end, another ECN, DF, in three sizes of pieces,
through other extension headers, mixed with each other; some are sent whole.
Depends on nothing but its arguments.
"""
import random
import socket
import struct
import sys


def csum(b):
    b += b"\0" * (len(b) & 1)
    s = sum(struct.unpack(">%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


class Flow:
    def __init__(self, r, k):
        self.r, self.six = r, r.random() < .5
        form = ("2001:db8:1::%x", "2001:db8:2::%x") if self.six else ("10.1.0.%d", "10.2.0.%d")
        family = socket.AF_INET6 if self.six else socket.AF_INET
        self.addr = [socket.inet_pton(family, f % (k + 1)) for f in form]
        self.kind, self.k = r.choice(["udp"] * 4 + ["icmp", "other"]), k

    def ip(self, d, proto, data, ident=0, frag=None, tos=0, df=False, ttl=64, ext=b"", first=None, opts=b""):
        """frag: (offset, more), first: the extension header before the fragment header."""
        s, t = self.addr[d], self.addr[1 - d]
        if self.six:
            if frag:
                data = struct.pack(">BBHI", proto, 0, frag[0] | frag[1], ident) + data
                proto = 44
            if first is not None:
                data = bytes([proto]) + ext[1:] + data
                proto = first
            return struct.pack(">IHBB", 6 << 28 | tos << 20, len(data), proto, ttl) + s + t + data
        off, more = frag or (0, 0)
        h = struct.pack(">BBHHHBBH", 0x45 + len(opts) // 4, tos, 20 + len(opts) + len(data), ident,
                        off // 8 | more << 13 | df << 14, ttl, proto, 0) + s + t + opts
        return h[:10] + struct.pack(">H", csum(h)) + h[12:] + data

    def payload(self, d):
        r = self.r
        n = r.choice([0, 8, 16, 24, 40, 60, 100, 1000, 3000])
        body = bytes(r.getrandbits(8) for _ in range(min(n, 64))) + b"x" * max(0, n - 64)
        s, t = self.addr[d], self.addr[1 - d]
        if self.kind == "other":
            return 99, body + b"12345678"
        if self.kind == "udp":
            p = (40000 + self.k, 53)[:: 1 - 2 * d]
            proto, l4, at = 17, struct.pack(">HHHH", *p, 8 + n, 0) + body, 6
        else:
            proto = 58 if self.six else 1
            ty = (128 + d) if self.six else 8 * (1 - d)
            l4, at = struct.pack(">BBHHH", ty, 0, 0, self.k + 1, 1) + body, 2
        ph = s + t + struct.pack(">I", len(l4)) + bytes([0, 0, 0, proto]) if proto != 1 else b""
        c = csum(ph + l4)
        if r.random() < .03:
            c ^= 1
        return proto, l4[:at] + struct.pack(">H", c) + l4[at + 2:]

    def pieces(self):
        """The fragments of one packet as (bytes), in the order of sending."""
        r, d = self.r, self.r.random() < .3
        proto, data = self.payload(d)
        ident = r.choice([1, 2, r.getrandbits(16)])
        kw = {"ttl": 64, "df": r.random() < .2}
        if self.six and r.random() < .2:
            kw["first"], kw["ext"] = r.choice([0, 60]), b"\0\0\1\4\0\0\0\0"
        if not self.six and r.random() < .1:
            kw["opts"] = b"\1" * r.choice([4, 8, 40])
        tos = r.choice([0, 0, 0, 1, 2])
        if r.random() < .08:                        # whole, or (IPv6) an atomic fragment
            return [self.ip(d, proto, data, ident, (0, 0) if r.random() < .5 else None, tos, **kw)]
        step = r.choice([8, 16, 24, 64, 512, 1480])
        if len(data) // step > 60:
            step = 512
        cuts, at = [], 0
        while at < len(data):
            n = step if r.random() < .7 else 8 * r.randrange(1, 1 + step // 8)
            cuts.append((at, min(n, len(data) - at)))
            at += n
        cuts = [(o, n, int(o + n < len(data))) for o, n in cuts]
        for _ in range(r.choice([0, 0, 0, 1, 2])):  # faults
            i = r.randrange(len(cuts))
            o, n, m = cuts[i]
            fault = r.randrange(9)
            if fault == 0:
                cuts.insert(r.randrange(len(cuts) + 1), (o, n, m))              # a duplicate
            elif fault == 1:
                cuts.append((max(0, o - 8), n, m))                              # an overlap
            elif fault == 2:
                cuts.insert(r.randrange(len(cuts) + 1), (o, n + 8 * r.randrange(1, 4), m))
            elif fault == 3:
                cuts[i] = (o, n, 1 - m)                                         # two ends, or none
            elif fault == 4:
                cuts[i] = (o, max(1, n - r.randrange(1, 8)), m)                 # not a multiple of 8
            elif fault == 5:
                cuts.append((o, 0, m))                                          # nothing in it
            elif fault == 6:
                cuts.append((r.choice([65528, 65520, 64000]), r.choice([7, 8, 16, 1600]), r.randrange(2)))
            elif fault == 7 and i + 1 < len(cuts):
                j = r.randrange(i + 1, len(cuts))                               # what a run holds, again
                cuts.append((o, cuts[j][0] + cuts[j][1] - o, cuts[j][2]))
            else:
                del cuts[i]                                                     # never comes
                if not cuts:
                    break
        how = r.random()
        if how < .35:
            r.shuffle(cuts)
        elif how < .5:
            cuts.reverse()
        out = []
        for o, n, m in cuts:
            t = r.choice([0, 1, 2, 3]) if r.random() < .03 else tos | (3 if tos and r.random() < .1 else 0)
            if n < 0 or n > 3200:
                continue
            body = (data[o:o + n] + b"y" * n)[:n]
            out.append(self.ip(d, proto, body, ident, (o, m), t, kw["df"] and r.random() < .9,
                               **{k: v for k, v in kw.items() if k != "df"}))
        return out


def main():
    seed, count, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    r = random.Random(seed)
    flows = [Flow(r, k) for k in range(r.choice([1, 2, 4, 16]))]
    going, sent = [], 0
    width = r.choice([1, 1, 2, 8, 40])
    with open(out, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        while sent < count:
            while len(going) < width:
                p = r.choice(flows).pieces()
                if p:
                    going.append(p)
            g = r.choice(going)
            p = g.pop(0)
            if not g:
                going.remove(g)
            f.write(struct.pack("<IIII", 1000000000 + sent // 1000, sent % 1000 * 1000, len(p), len(p)) + p)
            sent += 1


if __name__ == "__main__":
    main()
