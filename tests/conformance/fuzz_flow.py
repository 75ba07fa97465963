# SPDX-License-Identifier: MIT
"""The common part of the flows of fuzz.py, and the flows of simple protocols.

A flow's step() gives the next datagram: (side, protocol, transport bytes), or a whole packet as
(side, bytes); fuzz.py gives it an IP header, cuts it up, breaks it, holds it.
"""
import struct

from packets import (DCCP, ESP, GRE, ICMP, ICMPV6, SCTP, UDP, UDPLITE, chunk, gre_bytes, icmp_bytes,
                     sctp_bytes, udp_bytes, udplite_bytes)


class Flow:
    port_far = 53

    def __init__(self, w, k):
        self.w, self.r, self.k = w, w.r, k
        r = self.r
        self.six = r.random() < w.six
        self.addr = [w.address(self.six, side, r.randrange(w.hosts)) for side in (0, 1)]
        self.port_near = w.port()
        self.devs = w.devices()

    def ends(self, d):
        return self.addr[d], self.addr[1 - d]

    def ports(self, d):
        p = (self.port_near, self.port_far)
        return p[d], p[1 - d]

    def turn(self):
        """The other side begins."""
        self.addr.reverse()
        self.devs.reverse()
        self.port_near, self.port_far = self.port_far, self.port_near

    def bad(self):
        """The value to xor into a checksum."""
        return self.r.choice([1, 0x8000, 0xFFFF]) if self.r.random() < .01 else 0


class Udp(Flow):
    def step(self):
        r, d = self.r, self.r.randrange(2)
        data = b"d" * r.choice([0, 1, 4, 100, 1400])
        kw = {"length": r.choice([0, 7, 8, 9, len(data) + 9, len(data) + 7, 65535])} if r.random() < .03 else {}
        if r.random() < .1 and not kw:
            kw["nosum"] = True
        if r.random() < .05:
            self.port_near = self.w.port()
        return d, UDP, udp_bytes(*self.ends(d), *self.ports(d), data, bad=self.bad(), **kw)


class UdpLite(Flow):
    def step(self):
        r, d = self.r, self.r.randrange(2)
        data = b"l" * r.choice([0, 1, 4, 100])
        cover = r.choice([0, 0, 8, 8 + len(data), 7, 1, 9 + len(data), 8 + len(data) // 2])
        return d, UDPLITE, udplite_bytes(*self.ends(d), *self.ports(d), data, cover, bad=self.bad(),
                                         as_udp=r.random() < .8, nosum=r.random() < .05)


class Ping(Flow):
    """Requests of all types, their replies, and other types."""

    def step(self):
        r, d = self.r, self.r.randrange(2)
        if self.six:
            kind = r.choice([128, 129] * 6 + [139, 140] * 3 + [130, 131, 132, 133, 134, 135, 136, 137, 138, 141, 142, 143, 144, 147, 151, 155, 200, 255])
        else:
            kind = r.choice([8, 0] * 6 + [13, 14, 15, 16, 17, 18] * 2 + [9, 10, 1, 2, 6, 7, 19, 30, 40, 42, 255])
        code = r.choice([0, 0, 0, 0, 0, 0, 1, 2])
        l4 = icmp_bytes(*self.ends(d), kind, code, struct.pack(">HH", self.port_near & 3, r.randrange(9)), b"p" * r.choice([0, 8, 56]), bad=self.bad())
        if r.random() < .02:
            l4 = l4[:r.randrange(9)]
        return d, ICMPV6 if self.six else ICMP, l4


class Gre(Flow):
    def step(self):
        r, d = self.r, self.r.randrange(2)
        version = r.choices([0, 1, 2, 7, 0x81, 0x80], [10, 10, 1, 1, 1, 1])[0]
        l4 = gre_bytes(r.choice([0x880B] * 6 + [0x0800, 0x86DD, 0x6558, 0]), version, r.choice([0, 0, 0x80, 0x10, 0x40]),
                       r.choice([None, 1, 2]), r.choice([0, 1, 2]), b"g" * r.choice([0, 4, 40]))
        return d, GRE, l4 if r.random() > .05 else l4[:r.randrange(len(l4) + 1)]


class Other(Flow):
    """Protocols that have no tracker; conntrack sees only their number."""

    def __init__(self, w, k):
        super().__init__(w, k)
        self.proto = self.r.choice([DCCP, DCCP, ESP, ESP, 51, 2, 4, 41, 89, 99, 103, 112, 115, 253, 255, 59])
        if self.six and self.proto in (51, 59):
            self.proto = ESP

    def step(self):
        r, d = self.r, self.r.randrange(2)
        return d, self.proto, struct.pack(">HHII", *self.ports(d), r.getrandbits(32), 1)[:r.choice([12, 12, 12, 8, 4, 3, 0])]


DATA, INIT, INIT_ACK, SACK, HB, HB_ACK, ABORT, SHUT, SHUT_ACK, ERROR, ECHO, ECHO_ACK, ECNE, CWR, DONE, AUTH = range(16)


class Sctp(Flow):
    """An association: tags of both ends, a handshake, and errors in both."""

    port_far = 3868

    def __init__(self, w, k):
        super().__init__(w, k)
        self.begin()

    def begin(self):
        r = self.r
        self.tag = [r.choice([r.getrandbits(32), 1, 2]), r.choice([r.getrandbits(32), 1, 2])]      # the tag that each end expects
        self.old = [r.getrandbits(32), 0]
        self.phase = r.choice(["new"] * 8 + ["open", "path"])

    def pkt(self, d, chunks, vtag=None):
        r = self.r
        if vtag is None:
            vtag = self.tag[1 - d]
        if r.random() < .03:
            vtag = r.choice([0, self.tag[d], self.old[0], self.old[1], r.getrandbits(32)])
        if r.random() < .06:                # more chunks, at some place
            more = [self.any(d) for _ in range(r.choice([1, 1, 2, 5]))]
            at = r.randrange(len(chunks) + 1)
            chunks = chunks[:at] + more + chunks[at:]
        if r.random() < .01:
            chunks = chunks + [chunk(r.randrange(256), b"", length=r.choice([0, 1, 3, 4, 5, 8, 1000, 65535]))]
        l4 = sctp_bytes(*self.ports(d), vtag, chunks, bad=self.bad())
        if r.random() < .015:
            n = r.randrange(len(l4) + 1)    # cut, but with a right checksum
            l4 = sctp_bytes(*self.ports(d), vtag, [l4[12:n]]) if n > 12 else l4[:n]
        return d, SCTP, l4

    def init(self, d, ack=False):
        tag = self.tag[d]
        if self.r.random() < .1:
            self.old[d], tag = tag, self.r.choice([self.r.getrandbits(32), 0, self.old[d]])
            if self.r.random() < .5:
                self.tag[d] = tag
        return chunk(INIT_ACK if ack else INIT, struct.pack(">IIHHI", tag, 65536, 5, 5, 1) + (b"\0\7\0\x08cook" if ack else b""))

    def any(self, d, kind=None):
        r = self.r
        kind = r.choice([DATA, DATA, SACK, HB, HB_ACK, ABORT, SHUT, SHUT_ACK, ERROR, ECHO, ECHO_ACK, ECNE, CWR, DONE, AUTH, INIT, INIT_ACK,
                         0x80, 0xC0, 0xC1, 0x81, 63, 255]) if kind is None else kind
        if kind in (INIT, INIT_ACK):
            return self.init(d, kind == INIT_ACK)
        value = {DATA: b"\0\0\0\1\0\0\0\0\0\0\0\0" + b"d" * r.choice([1, 4, 50]), SACK: b"\0" * 12, HB: b"\0\1\0\x08info", HB_ACK: b"\0\1\0\x08info",
                 SHUT: b"\0\0\0\1", ECHO: b"cookie!!"[:r.choice([4, 8, 7])], ERROR: b"\0\1\0\4"}.get(kind, b"")
        return chunk(kind, value, flags=r.choice([0, 0, 1, 3]) if kind in (ABORT, DONE, DATA) else 0)

    def step(self):
        if self.r.random() < .12:
            return self.chaos()
        return getattr(self, "in_" + self.phase)()

    def in_new(self):
        self.phase = "init"
        return self.pkt(0, [self.init(0)], 0)

    def in_init(self):
        x = self.r.random()
        if x < .15:
            return self.pkt(0, [self.init(0)], 0)
        if x < .25:                         # both begin
            return self.pkt(1, [self.init(1)], 0)
        if x < .3:
            self.phase = "gone"
            return self.pkt(1, [self.any(1, ABORT)], self.tag[0])
        self.phase = "acked"
        return self.pkt(1, [self.init(1, True)])

    def in_acked(self):
        x = self.r.random()
        if x < .1:
            return self.pkt(1, [self.init(1, True)])
        if x < .2:
            return self.pkt(0, [self.init(0, True)])
        self.phase = "echoed"
        return self.pkt(0, [self.any(0, ECHO)] + ([self.any(0, DATA)] if x < .5 else []))

    def in_echoed(self):
        x = self.r.random()
        if x < .1:
            return self.pkt(self.r.randrange(2), [self.any(0, ECHO)])
        if x < .15:
            return self.pkt(1, [self.any(1, ERROR)])
        self.phase = "open"
        return self.pkt(1, [self.any(1, ECHO_ACK)] + ([self.any(1, DATA)] if x < .5 else []))

    def in_open(self):
        r, d, x = self.r, self.r.randrange(2), self.r.random()
        if x < .85:
            return self.pkt(d, [self.any(d, r.choice([DATA, DATA, SACK, HB, HB_ACK, ERROR])) for _ in range(r.choice([1, 1, 2, 3]))])
        if x < .95:
            self.phase, self.first = "closing", d
            return self.pkt(d, [self.any(d, SHUT)])
        self.phase = "gone"
        return self.pkt(d, [self.any(d, ABORT)])

    def in_closing(self):
        r, x, d = self.r, self.r.random(), getattr(self, "first", 0)
        if x < .2:
            return self.pkt(d, [self.any(d, SHUT)])
        if x < .5:
            return self.pkt(1 - d, [self.any(1 - d, r.choice([SHUT_ACK, SHUT_ACK, DATA, SHUT]))])
        if x < .8:
            self.phase = "gone"
            return self.pkt(d, [self.any(d, DONE)])
        return self.pkt(r.randrange(2), [self.any(d, r.choice([SHUT, SHUT_ACK, DONE, HB]))])

    def in_gone(self):
        r, x, d = self.r, self.r.random(), self.r.randrange(2)
        if x < .3:
            return self.pkt(d, [self.any(d, r.choice([DATA, ABORT, DONE, SHUT_ACK, HB]))])
        if x < .4:
            self.port_near = self.w.port()
        self.old = list(self.tag)
        self.begin()
        if x < .6:
            self.turn()
            self.tag.reverse()
        return self.step()

    def in_path(self):
        """A further path of an association: it begins with a heartbeat."""
        r, d = self.r, self.r.randrange(2)
        if r.random() < .1:
            self.phase = "open"
        return self.pkt(d, [self.any(d, r.choice([HB, HB_ACK, HB, HB_ACK, DATA]))])

    def chaos(self):
        r, d = self.r, self.r.randrange(2)
        if r.random() < .1:                 # the far end starts again
            self.old[d], self.tag[d] = self.tag[d], r.getrandbits(32)
        vtag = r.choices([self.tag[1 - d], self.tag[d], 0, self.old[1 - d], self.old[d], r.getrandbits(32)], [8, 3, 3, 1, 1, 1])[0]
        return self.pkt(d, [self.any(d) for _ in range(r.choice([1, 1, 1, 2, 3]))], vtag)
