# SPDX-License-Identifier: MIT
"""TCP connections for fuzz.py: two ends that mostly follow the protocol; and FTP over them."""
import struct

from fuzz_flow import Flow
from packets import ACK, CWR, ECE, FIN, PSH, RST, SYN, TCP, URG, tcp_bytes

M = 0xFFFFFFFF
ODD_FLAGS = [0, FIN, SYN | FIN, SYN | RST, FIN | PSH | URG, SYN | ACK | FIN, SYN | PSH, SYN | URG, RST | FIN, RST | SYN | ACK,
             FIN | RST | ACK, URG, URG | ACK, PSH, ACK | ECE, ACK | CWR, RST | PSH | ACK, 0xFF, RST | URG, FIN | URG | ACK]


class Tcp(Flow):
    """Sequence numbers, windows and options of both ends; `phase` is the state as the ends see it."""

    port_far = 80

    def __init__(self, w, k):
        super().__init__(w, k)
        self.begin()

    def begin(self, after=None):
        """A new connection with the same addresses and ports; after: its numbers begin near this one."""
        r = self.r
        self.seq = [r.choice([r.getrandbits(32), M - r.randrange(3000), 0]) for _ in "ab"]
        if after is not None:
            self.seq[0] = (after + r.choice([0, 1, 2, 70000, 1 << 30, -1, -70000])) & M
        self.got = [0, 0]                   # what each end expects next; what it acknowledges
        self.phase = "new" if r.random() < .9 else "open"
        if self.phase == "open":            # picked up in mid-stream
            self.got = [self.seq[1], self.seq[0]]
        self.wide = [r.random() < .6, r.random() < .6]
        self.scale = [r.choice([0, 1, 2, 7, 14, 15, 200]) if x else 0 for x in self.wide]
        self.sack_ok = [r.random() < .6, r.random() < .6]
        self.stamps = r.random() < .5
        self.win = [r.choice([0, 1, 500, 8192, 65535]) for _ in "ab"]
        self.sent = [[], []]                # (seq, flags, data) for retransmissions
        self.fins = [False, False]

    # -- options
    def options(self, d, syn):
        r, out = self.r, b""
        if syn:
            if r.random() < .7:
                out += struct.pack(">BBH", 2, 4, 1460)
            if self.wide[d]:
                out += r.choice([b"\1", b""]) + struct.pack(">BBB", 3, 3, self.scale[d])
            if self.sack_ok[d]:
                out += b"\4\2"
            if r.random() < .08:
                out += b"\x22" + r.choice([b"\2", b"\x0a12345678", b"\6abcd"])      # fast open
        if self.stamps:
            out += r.choice([b"\1\1", b"", b"\1"]) + struct.pack(">BBII", 8, 10, r.getrandbits(32), r.getrandbits(32))
        if not syn and self.sack_ok[0] and self.sack_ok[1] and r.random() < .25:
            out += self.sack(d)
        if r.random() < .03:
            out += r.choice([b"\x13\x12" + b"m" * 16, b"\xfd\4ab", b"\x1e\3x", b"\xfe\2"])
        if r.random() < .02:                # broken
            out += r.choice([b"\2", b"\3\0", b"\4\1", b"\5\xff", b"\3\x28", b"\5\2", b"\3\3", b"\0", b"\0\3\3\7",
                             b"\5\5abc", b"\3\4\1\2", b"\4\3\1", b"\xff"])
        return out[:40]

    def sack(self, d):
        r, out = self.r, b""
        for _ in range(r.choice([1, 1, 2, 3])):
            at = (self.got[d] + r.choice([1, 100, 1000, 5000, -500, 0, 1 << 20])) & M
            out += struct.pack(">II", at, (at + r.choice([1, 100, 1000, 0, -100])) & M)
        return r.choice([b"\1\1", b""]) + struct.pack(">BB", 5, 2 + len(out)) + out

    # -- segments
    def seg(self, d, flags, data=b"", seq=None, ack=None, win=None, keep=True, **kw):
        """A segment; the next in sequence if seq is None, and then it usually arrives."""
        r = self.r
        at = self.seq[d] if seq is None else seq & M
        ack = self.got[d] if ack is None else ack & M
        if not flags & ACK:
            ack = 0 if r.random() < .95 else r.getrandbits(32)
        if win is None:
            win = self.win[d] if r.random() < .93 else r.choice([0, 1, 100, 65535])
        if r.random() < .01:
            kw["doff"] = r.choice([0, 4, 5, 15, 6])
        if r.random() < .01:
            kw["urgent"] = 1
        options = self.options(d, bool(flags & SYN))
        out = tcp_bytes(*self.ends(d), *self.ports(d), at, ack, flags, data, win, options, bad=self.bad(), **kw)
        if seq is None:
            self.seq[d] = (at + len(data) + bool(flags & SYN) + bool(flags & FIN)) & M
            if keep:
                self.sent[d] = self.sent[d][-5:] + [(at, flags, data)]
            if r.random() < .96 and not flags & RST:
                self.got[1 - d] = self.seq[d]
        return d, TCP, out

    def data(self):
        return b"x" * self.r.choice([1, 1, 10, 100, 536, 1460])

    def step(self):
        r = self.r
        if r.random() < .1:
            return self.chaos()
        return getattr(self, "in_" + self.phase)()

    def syn(self, d=0):
        flags = SYN | (ECE | CWR if self.r.random() < .1 else 0)
        return self.seg(d, flags, b"tfo" if self.r.random() < .05 else b"")

    def in_new(self):
        self.phase = "syn"
        return self.syn()

    def in_syn(self):
        r, x = self.r, self.r.random()
        if x < .15:                         # again
            return self.seg(0, SYN, seq=self.seq[0] - 1)
        if x < .22:                         # both at once
            self.phase = "both"
            return self.seg(1, SYN)
        if x < .27:
            self.phase = "closed"
            return self.seg(1, RST | ACK, seq=0)
        self.phase = "synack"
        return self.seg(1, SYN | ACK | (ECE if r.random() < .1 else 0), b"early" if r.random() < .03 else b"")

    def in_both(self):
        r, d = self.r, self.r.randrange(2)
        if r.random() < .3:
            self.phase = "open"
        return self.seg(d, r.choice([SYN | ACK, SYN | ACK, ACK]), seq=self.seq[d] - 1)

    def in_synack(self):
        x = self.r.random()
        if x < .1:
            return self.seg(1, SYN | ACK, seq=self.seq[1] - 1)
        if x < .15:
            return self.seg(0, SYN, seq=self.seq[0] - 1)
        self.phase = "open"
        return self.seg(0, ACK, self.data() if x < .3 else b"")

    def in_open(self):
        r, d, x = self.r, self.r.randrange(2), self.r.random()
        if x < .45:
            return self.seg(d, ACK | r.choice([0, PSH]), self.data())
        if x < .7:
            return self.seg(d, ACK, keep=False)
        if x < .78 and self.sent[d]:
            seq, flags, data = r.choice(self.sent[d])
            return self.seg(d, flags | (ACK if not flags & SYN else 0), data, seq=seq)
        if x < .82:                         # keep-alive
            return self.seg(d, ACK, r.choice([b"", b"k"]), seq=self.seq[d] - 1)
        if x < .86:                         # the same acknowledgement again
            return self.seg(d, ACK, ack=self.got[d] - r.choice([0, 0, 100]), keep=False)
        if x < .9:                          # ahead: something was lost
            return self.seg(d, ACK, self.data(), seq=self.seq[d] + r.choice([1460, 100, 5000]))
        if x < .97:
            self.phase = "closing"
            self.fins[d] = True
            return self.seg(d, FIN | ACK, b"bye" if r.random() < .2 else b"")
        self.phase = "closed"
        return self.seg(d, RST | r.choice([0, ACK]))

    def in_closing(self):
        r, x = self.r, self.r.random()
        d = r.randrange(2)
        if x < .35:
            return self.seg(d, ACK, keep=False)
        if x < .5 and not self.fins[d]:
            return self.seg(d, ACK | PSH, self.data())
        if x < .6 and self.fins[d]:
            return self.seg(d, FIN | ACK, seq=self.seq[d] - 1)
        if not self.fins[d]:
            self.fins[d] = True
            return self.seg(d, FIN | ACK)
        if all(self.fins) and x < .9:
            self.phase = "closed"
        return self.seg(d, ACK, keep=False)

    def in_closed(self):
        r, d, x = self.r, self.r.randrange(2), self.r.random()
        if x < .15:
            return self.seg(d, ACK, keep=False)
        if x < .25 and self.sent[d]:
            seq, flags, data = r.choice(self.sent[d])
            return self.seg(d, flags, data, seq=seq)
        if x < .32:
            return self.seg(d, RST, seq=self.seq[d] + r.choice([0, 1, -1, 100]))
        if x < .4:
            self.port_near = self.w.port()
        self.begin(self.seq[0])
        if x < .5:                          # from the other side
            self.turn()
        return self.step()

    def chaos(self):
        """Segments that neither end would send now, or not in this form."""
        r, d, x = self.r, self.r.randrange(2), self.r.random()
        off = r.choice([0, 1, -1, 500, -500, 66000, -66000, 1 << 20, 1 << 31, -(1 << 30)])
        if x < .2:                          # a SYN in any state
            return self.seg(d, SYN, seq=self.seq[d] + off)
        if x < .3:
            return self.seg(d, SYN | ACK, seq=self.seq[d] + off, ack=self.got[d] + r.choice([0, 0, 1, -1]))
        if x < .45:
            return self.seg(d, RST | r.choice([0, ACK]), seq=self.got[1 - d] + off)
        if x < .5:
            return self.seg(d, RST | ACK, seq=0)
        if x < .6:
            return self.seg(d, r.choice(ODD_FLAGS), r.choice([b"", b"y"]), seq=self.seq[d] + off)
        if x < .7:
            return self.seg(d, ACK | r.choice([0, FIN, PSH]), self.data(), seq=self.seq[d] + off)
        if x < .8:
            return self.seg(d, ACK, ack=self.got[d] + off)
        if x < .85:                         # zero window and its probe
            self.win[d] = r.choice([0, 0, 1000, 65535])
            return self.seg(d, ACK, win=self.win[d])
        if x < .9:
            return self.seg(d, ACK | PSH, b"z" * 1460, win=0)
        if x < .94:
            self.begin(self.seq[0])
            return self.step()
        if x < .97:                         # both directions' numbers mixed up
            return self.seg(d, ACK, seq=self.seq[1 - d], ack=self.got[1 - d])
        _, proto, l4 = self.seg(d, r.choice([SYN, ACK, RST]), seq=self.seq[d])
        return d, proto, l4[:r.randrange(len(l4) + 1)]


GREETING = [b"220 hello\r\n", b"220-a\r\n220 b\r\n", b"220 no end"]
TALK = [b"NOOP\r\n", b"USER x\r\n", b"PASS", b" y\r\n", b"200 so\r\n", b"331 more\r\n", b"LIST\r\n", b"150 here\r\n", b"226 done\r\n", b"\n", b"a\nb",
        b"QUIT\r\n", b"port\r\n", b"229\r\n", b"227 \r\n", b"PORT\n"]


class Ftp(Tcp):
    """A control connection and the data connections that it announces, whose packets are steps too."""

    port_far = 21

    def __init__(self, w, k):
        super().__init__(w, k)
        self.announced, self.lines, self.cut = [], [[], []], None

    def text(self, six, host, port):
        """How a command writes an address and port, sometimes wrongly."""
        r = self.r
        if six:
            name = ":".join("%x" % x for x in struct.unpack(">8H", host))
            if r.random() < .5:
                import ipaddress
                name = str(ipaddress.ip_address(host))
            d = r.choice("||||!~a1 \x7f")
            out = "%s2%s%s%s%d%s" % (d, d, name, d, port, d)
        else:
            name = ".".join(str(x) for x in host)
            d = r.choice("|||||!~a1 ")
            out = "%s1%s%s%s%d%s" % (d, d, name, d, port, d)
        return out

    def command(self):
        """(who sends it, the line)"""
        r, six = self.r, self.six
        port = r.choice([51210, 51211, 51212, 51213, 1, 21, 0, 65535, 80, r.randrange(65536)])
        d = r.randrange(2)
        mine = self.addr[d] if r.random() < .9 else self.addr[1 - d]
        pair = ",".join(str(x) for x in mine[-4:]) + ",%d,%d" % (port >> 8, port & 255)
        if r.random() < .03:
            pair = r.choice([pair + ",1", pair[:-3], pair.replace(",", ".", 1), pair + "999", "256," + pair, pair.replace(",", ", ", 1), ",,,,,"])
        if d == 0:
            line = r.choice(["PORT %s" % pair] * (1 if six else 3) + ["EPRT " + self.text(six, mine, port)] * 2
                            + ["port %s" % pair, "EPRT  " + self.text(six, mine, port), "EPRT " + self.text(not six, (mine * 4)[:16 if not six else 4], port)])
        else:
            line = r.choice(["227 Entering Passive Mode (%s)." % pair, "227 (%s)" % pair, "227 =%s" % pair, "229 Entering (|||%d|)" % port,
                             "229 (|||%d|)" % port, "229 x(!!!%d!) more" % port, "229 |||%d|" % port, "228 (%s)" % pair])
        end = r.choices(["\r\n", "\n", "", "\r"], [20, 2, 1, 1])[0]
        self.announced = self.announced[-3:] + [(d, port)]
        return d, (line + end).encode("latin1")

    def say(self, d, line):
        self.lines[d] = self.lines[d][-3:] + [(self.seq[d], line)]
        return self.seg(d, ACK | PSH, line)

    def in_open(self):
        r, x = self.r, self.r.random()
        if self.cut:                        # the rest of a command in pieces, or the whole of it
            d, seq, line = self.cut
            self.cut = None
            return self.seg(d, ACK | PSH, line, seq=seq) if r.random() < .5 else self.say(d, line)
        if x < .3:
            d, line = self.command()
            if r.random() < .1:
                n = r.randrange(1, len(line))
                self.cut = (d, self.seq[d], line) if r.random() < .5 else (d, None, line[n:])
                line = line[:n]
                return self.seg(d, ACK | PSH, line, seq=self.seq[d] if self.cut[1] is not None else None)
            return self.say(d, line)
        if x < .45:
            return self.say(r.randrange(2), r.choice(TALK + GREETING))
        if x < .52:
            d = r.randrange(2)
            if self.lines[d]:
                seq, line = r.choice(self.lines[d])
                return self.seg(d, ACK | PSH, line, seq=seq)
        if x < .72 and self.announced:
            return self.data_syn()
        if x < .93:
            return self.seg(r.randrange(2), ACK, keep=False)
        return super().in_open()

    def data_syn(self):
        """The announced connection, sometimes with other addresses; from then on a separate flow."""
        r = self.r
        d, port = r.choice(self.announced)
        flow = Tcp(self.w, self.k)
        flow.six, flow.addr, flow.devs = self.six, [self.addr[1 - d], self.addr[d]], [self.devs[1 - d], self.devs[d]]
        flow.port_near, flow.port_far = r.choice([20, 45000 + r.randrange(3)]), port
        if r.random() < .08:
            flow.addr[0] = self.w.address(self.six, 0, r.randrange(4))
        flow.phase = "new"
        self.w.flows.append(flow)
        if len(self.w.flows) > 24:
            self.w.flows.pop(r.randrange(4, len(self.w.flows)))
        flow.phase = "syn"
        return self.w.of(flow, flow.syn())
