# SPDX-License-Identifier: MIT
"""TCP scenarios: flags, options, resets, reuse, settings; and what scenarios_tcp_window.py needs too."""
import struct

from packets import ACK, CWR, ECE, FIN, PSH, RST, SYN, TCP, UDP, URG, Scenario, ip4, tcp, tcp_bytes, udp_bytes

MSS = b"\2\4\5\xb4"
SACK_OK = b"\4\2\1\1"
FAST_OPEN = b"\x22\x0a" + b"cookie!!" + b"\1\1"


def scale(n):
    return b"\1\3\3" + bytes([n])


def stamp(value, echo):
    return b"\1\1\x08\x0a" + struct.pack(">II", value, echo)


class Talk:
    """A connection; side 0 opens it. Sequence numbers advance by themselves unless given."""

    def __init__(self, s, port=40000, client="10.1.0.1", server="10.2.0.1", service=80, isn=(1000, 500000), win=8192):
        self.s, self.addr, self.port, self.next = s, (client, server), (port, service), list(isn)
        self.win = [win, win]

    def send(self, side, flags, data=b"", seq=None, ack=None, **kw):
        """seq and ack where they are given; else in order."""
        n = self.next[side] if seq is None else seq
        a = (self.next[1 - side] if flags & ACK else 0) if ack is None else ack
        kw.setdefault("win", self.win[side])
        self.s.add(tcp(self.addr[side], self.addr[1 - side], self.port[side], self.port[1 - side], n, a, flags,
                       data, **kw))
        if seq is None:
            self.next[side] = (n + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF

    def open(self, options=(b"", b"")):
        self.send(0, SYN, options=options[0])
        self.send(1, SYN | ACK, options=options[1])
        self.send(0, ACK)
        return self

    def say(self, side, data=b"x" * 100, **kw):
        self.send(side, PSH | ACK, data, **kw)

    def ack(self, side, **kw):
        self.send(side, ACK, **kw)

    def close(self, first=0):
        self.send(first, FIN | ACK)
        self.ack(1 - first)
        self.send(1 - first, FIN | ACK)
        self.ack(first)
        return self


def reach(t, state):
    """The shortest way of a connection into each state."""
    if state == "syn_sent":
        t.send(0, SYN)
    elif state == "syn_sent2":
        t.send(0, SYN)
        t.send(1, SYN)
    elif state == "syn_recv":
        t.send(0, SYN)
        t.send(1, SYN | ACK)
    else:
        t.open()
        if state == "established":
            t.say(0)
            t.ack(1)
        elif state in ("fin_wait", "close_wait", "last_ack", "time_wait"):
            t.send(0, FIN | ACK)
            if state != "fin_wait":
                t.ack(1)
            if state in ("last_ack", "time_wait"):
                t.send(1, FIN | ACK)
            if state == "time_wait":
                t.ack(0)
        elif state == "close":
            t.send(1, RST | ACK)
    return t


STATES = ("syn_sent", "syn_sent2", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait",
          "close")


def each_state(title, what, **keys):
    """what(talk) in each state, both sides."""
    s = Scenario(title, **keys)
    for n, state in enumerate(STATES):
        for side in (0, 1):
            what(reach(Talk(s, 41000 + n * 2 + side, client=f"10.1.{n}.{side + 1}"), state), side)
    return s


def fast_open():
    s = Scenario("TCP fast open: data in the SYN, and in the SYN-ACK; the cookie alone; data without a cookie")
    for n, (opt, first, second) in enumerate([(FAST_OPEN, b"x" * 300, b""), (FAST_OPEN, b"x" * 300, b"y" * 500),
                                              (b"\x22\2\1\1", b"", b""), (b"", b"x" * 100, b""),
                                              (b"\xfe\4\xf9\x89", b"x" * 10, b"y")]):
        t = Talk(s, 40000 + n)
        t.send(0, SYN, first, options=MSS + opt)
        t.send(1, SYN | ACK, second, options=MSS)
        t.ack(0)
        t.say(0)
        t.ack(1)
        t.close()
    t = Talk(s, 40010)
    t.send(0, SYN, b"x" * 100, options=MSS + FAST_OPEN)
    t.send(1, SYN | ACK, ack=1001)              # the data was not taken
    t.send(0, ACK, b"x" * 100, seq=1001)
    t.ack(1)
    return s


def rst_in_each_state():
    return each_state("a reset in order, in each state, from both sides; and what comes behind it",
                      lambda t, side: (t.send(side, RST | ACK), t.ack(1 - side), t.say(side)))


def rst_off_in_each_state():
    def what(t, side):
        t.send(side, RST, seq=t.next[side] + 5000)      # in the window
        t.send(side, RST, seq=t.next[side] - 100000)    # far before it
        t.send(side, RST, seq=t.next[side] + 200000)    # far behind
        t.send(side, RST, seq=0)
        t.send(1 - side, ACK)
        t.send(side, RST)                               # exact
    return each_state("resets beside the window, in each state, from both sides; then an exact one", what)


def ignore_invalid_rst():
    def what(t, side):
        t.send(side, RST, seq=t.next[side] - 100000)
        t.send(side, RST, seq=t.next[side] + 200000)
        t.send(1 - side, ACK)
        t.say(side)
    return each_state("the same with nf_conntrack_tcp_ignore_invalid_rst", what,
                      sysctl={"nf_conntrack_tcp_ignore_invalid_rst": 1})


def syn_in_each_state():
    return each_state("a SYN with other numbers, in each state, from both sides, and the challenge ACK",
                      lambda t, side: (t.send(side, SYN, seq=70000 + side), t.ack(1 - side),
                                       t.send(side, RST, seq=t.next[side]), t.say(1 - side)))


def synack_in_each_state():
    return each_state("a SYN-ACK with other numbers, in each state, from both sides",
                      lambda t, side: (t.send(side, SYN | ACK, seq=70000), t.ack(1 - side),
                                       t.send(side, SYN | ACK, seq=t.next[side] - 1), t.say(1 - side)))


def fin_in_each_state():
    return each_state("a FIN, in each state, from both sides, and again; with data; without ACK",
                      lambda t, side: (t.send(side, FIN | ACK), t.send(side, FIN | ACK, seq=t.next[side] - 1),
                                       t.ack(1 - side), t.send(1 - side, FIN | PSH | ACK, b"bye"),
                                       t.send(side, FIN), t.ack(side)))


def ack_in_each_state():
    def what(t, side):
        t.send(side, ACK)
        t.send(side, ACK, seq=t.next[side] - 1)         # a keepalive
        t.send(side, ACK, ack=t.next[1 - side] + 100000)
        t.send(side, ACK, ack=t.next[1 - side] - 100000)
        t.send(1 - side, ACK, b"x" * 9000)              # more than the window
        t.send(side, ACK)
    return each_state("acknowledgements of data not sent, and of very old data, in each state", what)


def flags_all():
    s = Scenario("all 256 combinations of flags as a first packet, and on an open connection")
    for f in range(256):
        s.add(tcp("10.1.0.1", "10.2.0.1", 20000 + f, 80, 5000, 6000, f))
    t = Talk(s, 40000).open()
    t.say(0)
    t.ack(1)
    for f in range(256):
        if not f & (SYN | RST | FIN):
            t.send(f & 1, f, seq=t.next[f & 1])
    for f in range(256):
        if f & (SYN | RST | FIN) and bin(f & (SYN | RST | FIN)).count("1") > 1:
            t.send(f & 1, f, seq=t.next[f & 1])
    t.say(0)
    return s


def headers_broken():
    s = Scenario("headers that are cut off, or whose length is beyond the packet or too short; options cut")
    t = Talk(s).open()
    for n in (0, 1, 4, 8, 13, 19):
        s.add(ip4("10.1.0.1", "10.2.0.1", TCP, tcp_bytes("10.1.0.1", "10.2.0.1", 40000, 80, 1001, 500001, ACK)[:n]))
    for doff in (0, 1, 4, 6, 15):
        t.send(0, ACK, doff=doff, seq=1001)
    t.send(0, ACK, seq=1001, options=b"\2\0\1\1")           # an option of no length
    t.send(0, ACK, seq=1001, options=b"\x05\x01\1\1")
    t.send(0, ACK, seq=1001, options=b"\x05\x0a\0\0")       # reaches beyond the header
    t.send(0, ACK, seq=1001, options=b"\1\1\1\x05")
    t.send(0, ACK, seq=1001, options=b"\0\5\x0a\0")         # the list ends before
    u = Talk(s, 40001)
    u.send(0, SYN, options=b"\2\0\1\1")
    u = Talk(s, 40002)
    u.send(0, SYN, options=b"\3\3")
    u.send(1, SYN | ACK, options=b"\3\2\1\1")
    u.ack(0)
    u = Talk(s, 40003)
    u.send(0, SYN, options=b"\1" * 39 + b"\3")
    u.send(1, SYN | ACK, options=b"\1" * 37 + b"\3\3\x0f")
    u.ack(0)
    return s


def mid_stream_kinds():
    s = Scenario("which packets pick a connection up in mid-stream, and which do not")
    for n, f in enumerate((ACK, PSH | ACK, FIN | ACK, RST | ACK, RST, SYN | ACK, FIN, 0, URG | ACK, ACK | ECE | CWR)):
        for side in (0, 1):
            t = Talk(s, 40000 + 2 * n + side)
            t.send(side, f, seq=3000, ack=9000)
            t.send(1 - side, ACK, seq=9000, ack=3001)
            t.send(side, ACK, seq=3001, ack=9000)
            t.send(1 - side, ACK, seq=9000, ack=3001)
    return s


def mid_stream_kinds_strict():
    s = mid_stream_kinds()
    s.conf = {"title": "the same with nf_conntrack_tcp_loose off", "sysctl": {"nf_conntrack_tcp_loose": 0}}
    return s


def simultaneous_open_variants():
    s = Scenario("both sides send SYNs at once: answered by both, by one, with other numbers, with resets")
    for n in range(6):
        t = Talk(s, 40000 + n)
        t.send(0, SYN, options=MSS + scale(2))
        t.send(1, SYN, options=MSS + scale(3))
        if n in (0, 1):
            t.send(0, SYN | ACK, seq=1000, options=MSS + scale(2))
        if n == 0:
            t.send(1, SYN | ACK, seq=500000, options=MSS + scale(3))
        if n == 2:
            t.send(1, SYN | ACK, seq=500000)
        if n == 3:
            t.send(0, SYN, seq=1000)
            t.send(1, SYN, seq=500000)
        if n == 4:
            t.send(1, RST | ACK)
        if n == 5:
            t.send(0, SYN | ACK, seq=99999)
            t.send(1, SYN | ACK, seq=99999)
        t.ack(0)
        t.ack(1)
        t.say(0)
        t.say(1)
    return s


def simultaneous_close():
    s = Scenario("both sides send FINs at once, with and without data, acknowledged in each order; half closed and talking")
    for n in range(5):
        t = Talk(s, 40000 + n).open()
        t.say(0)
        t.ack(1)
        a, b = t.next
        data = b"last" if n == 1 else b""
        t.send(0, FIN | ACK, data, ack=b)
        t.send(1, FIN | ACK, data, ack=a)
        if n != 2:
            t.ack(0)
        if n != 3:
            t.ack(1)
        t.send(0, ACK, seq=t.next[0] - 1)
        t.send(1, FIN | ACK, seq=t.next[1] - 1)
        if n == 4:
            t.say(0)
            t.send(0, RST)
    t = Talk(s, 40100).open()
    t.send(0, FIN | ACK)
    for _ in range(4):
        t.say(1)
        t.ack(0)
    t.say(0)                                    # from the side that closed
    t.send(1, FIN | ACK)
    t.ack(0)
    return s


def time_wait_reuse(side, title):
    s = Scenario(title)
    for n, seq in enumerate([5000, 1000000, 100, 1 << 31, 3000000000]):
        t = reach(Talk(s, 40000 + n), "time_wait")
        t.send(side, SYN, seq=seq)
        t.send(1 - side, SYN | ACK, seq=800000, ack=seq + 1)
        t.send(side, ACK, seq=seq + 1, ack=800001)
        t.send(1 - side, ACK, seq=800001, ack=seq + 1)
    t = reach(Talk(s, 41000), "time_wait")
    t.send(side, SYN | ACK, seq=7)
    t.send(side, ACK, seq=7)
    t.send(side, SYN, seq=10, options=MSS + scale(4))
    t.send(side, SYN, seq=10, options=MSS + scale(4))
    t.send(side, SYN, seq=20)
    return s


def time_wait_reuse_orig():
    return time_wait_reuse(0, "a port used again in TIME_WAIT by the side that opened: a connection of its own, NEW")


def time_wait_reuse_reply():
    return time_wait_reuse(1, "a port used again in TIME_WAIT from the other side: the old one goes, NEW the other way round")


def close_reuse():
    s = Scenario("a port used again after a reset (CLOSE), by either side, at once and behind stray packets")
    for n, (closer, opener) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        for stray in (0, 1):
            t = Talk(s, 40000 + 2 * n + stray).open()
            t.say(0)
            t.ack(1)
            t.send(closer, RST | ACK)
            if stray:
                t.ack(0)
                t.say(1)
            t.next = [700000, 900000]
            t.send(opener, SYN)
            t.send(1 - opener, SYN | ACK)
            t.ack(opener)
    return s


def syn_challenge():
    s = Scenario("a SYN on a living connection: the challenge ACK of the other side, and the reset that answers it")
    t = Talk(s).open()
    t.say(0)
    t.ack(1)
    t.send(0, SYN, seq=900000)
    t.send(1, ACK)                              # the challenge
    t.send(0, RST, seq=t.next[0])
    t.send(0, SYN, seq=900000)
    t.send(1, SYN | ACK, seq=77, ack=900001)
    t.send(0, ACK, seq=900001, ack=78)
    u = Talk(s, 40001).open()
    u.send(0, SYN, seq=900000)
    u.send(1, SYN | ACK, seq=4000000, ack=900001)   # the server had forgotten it: a new connection
    u.send(0, ACK, seq=900001, ack=4000001)
    u.send(1, PSH | ACK, b"hello", seq=4000001, ack=900001)
    v = Talk(s, 40002)
    v.send(0, SYN)
    v.send(1, ACK, seq=5, ack=99)               # an old connection's answer to a SYN
    v.send(0, RST, seq=99)
    v.send(0, SYN, seq=1000)
    v.send(1, SYN | ACK)
    v.ack(0)
    return s


def max_retrans_settings():
    s = Scenario("data sent again and again: nf_conntrack_tcp_max_retrans of 1; and of 0 for none",
                 sysctl={"nf_conntrack_tcp_max_retrans": 1, "nf_conntrack_tcp_timeout_max_retrans": 77})
    t = Talk(s).open()
    for _ in range(4):
        t.say(0, seq=t.next[0])
    t.next[0] += 100
    t.ack(1)
    t.say(0)
    t.ack(1)
    for _ in range(3):
        t.send(1, ACK)                          # the same acknowledgement
    for _ in range(3):
        t.send(0, FIN | ACK, seq=t.next[0])
    u = Talk(s, 40001)
    for _ in range(4):
        u.send(0, SYN, seq=1000)
    u.send(1, SYN | ACK, ack=1001)
    for _ in range(3):
        u.send(1, SYN | ACK, seq=500000, ack=1001)
    return s


def max_retrans_none():
    s = Scenario("nf_conntrack_tcp_max_retrans 0", sysctl={"nf_conntrack_tcp_max_retrans": 0})
    t = Talk(s).open()
    for _ in range(4):
        t.say(0, seq=t.next[0])
    return s


def unacknowledged():
    s = Scenario("unacknowledged data shortens the time-out: nf_conntrack_tcp_timeout_unacknowledged",
                 sysctl={"nf_conntrack_tcp_timeout_unacknowledged": 55})
    t = Talk(s).open()
    t.say(0)
    t.say(0)
    t.send(1, ACK, ack=t.next[0] - 100)
    t.ack(1)
    t.say(1)
    t.ack(0)
    t.send(0, FIN | ACK)
    t.say(1)
    u = Talk(s, 40001)
    u.ack(0)
    u.say(0)
    u.ack(1)
    u.say(1)
    u.ack(0)
    return s


TIMEOUTS = {f"nf_conntrack_tcp_timeout_{n}": v for n, v in dict(
    syn_sent=101, syn_recv=102, established=103, fin_wait=104, close_wait=105, last_ack=106, time_wait=107, close=108,
    max_retrans=109, unacknowledged=110).items()}


def timeouts():
    s = Scenario("each TCP time-out is the one that was set", sysctl=TIMEOUTS)
    for n, state in enumerate(STATES):
        reach(Talk(s, 40000 + n), state)
    t = Talk(s, 41000).open()
    t.say(0)
    for _ in range(5):
        t.say(0, seq=1001)
    return s


def timeouts_short():
    s = Scenario("time-outs above those of their group: the shorter one holds",
                 sysctl={"nf_conntrack_tcp_timeout_max_retrans": 600, "nf_conntrack_tcp_timeout_unacknowledged": 900,
                         "nf_conntrack_tcp_timeout_established": 500})
    t = Talk(s).open()
    t.say(0)
    for _ in range(5):
        t.say(0, seq=1001)
    t.ack(1)
    t.close()
    return s


def checksum_off():
    s = Scenario("wrong checksums with nf_conntrack_checksum off: they are not checked", sysctl={"nf_conntrack_checksum": 0})
    t = Talk(s)
    t.send(0, SYN, bad=1)
    t.send(1, SYN | ACK, bad=2)
    t.send(0, ACK, bad=3)
    return s


def checksum_wrong():
    s = Scenario("wrong checksums, in each state: invalid, and the state does not change")
    t = Talk(s)
    t.send(0, SYN, bad=1, seq=1000)
    t.send(0, SYN)
    t.send(1, SYN | ACK, bad=1, seq=500000)
    t.send(1, SYN | ACK)
    t.send(0, ACK, bad=0x8000)
    t.ack(0)
    t.send(1, RST | ACK, bad=1)
    t.send(0, FIN | ACK, bad=1, seq=t.next[0])
    t.ack(0)
    six = Talk(s, client="2001:db8:1::1", server="2001:db8:2::1")
    six.send(0, SYN, bad=1, seq=1000)
    six.open()
    return s


def rst_sent_again():
    s = Scenario("a reset answered, sent again, and by both; RST-ACK to a SYN kills at once; a RST to a SYN-ACK")
    t = Talk(s)
    t.send(0, SYN)
    t.send(1, RST | ACK, ack=1001, seq=0)
    t.send(0, SYN, seq=1000)
    t.send(1, RST, seq=0)
    t.send(1, RST | ACK, seq=0, ack=7)
    t.send(1, SYN | ACK)
    t.send(0, RST, seq=1001)
    t.send(0, RST, seq=1001)
    t.send(0, SYN, seq=2000)
    t.send(1, RST | ACK, seq=0, ack=2001)
    return s


def urgent_and_ecn():
    s = Scenario("urgent data, ECN's flags and the reserved bits change nothing")
    t = Talk(s)
    t.send(0, SYN | ECE | CWR)
    t.send(1, SYN | ACK | ECE)
    t.send(0, ACK | URG, b"now", urgent=3)
    t.send(1, ACK | ECE)
    t.send(0, ACK | CWR | PSH, b"x")
    t.send(1, FIN | ACK | URG, b"bye", urgent=1)
    t.send(0, FIN | ACK | ECE)
    t.send(1, ACK | CWR)
    return s


def offload():
    s = Scenario("segmentation offload: total length 0 is the whole packet, in TCP alone; IPv6 payload length 0 is nothing")
    t = Talk(s)
    t.open()
    t.say(0, b"x" * 4000, length=0)
    t.ack(1)
    t.say(1, b"y" * 3000, length=0)
    t.ack(0)
    s.add(ip4("10.1.0.1", "10.2.0.1", UDP, udp_bytes("10.1.0.1", "10.2.0.1", 7, 53, b"x" * 2000), length=0))
    t.close()
    t = Talk(s, client="2001:db8:1::1", server="2001:db8:2::1")
    t.open()
    t.say(0, b"x" * 4000, length=0)
    t.ack(1)
    return s


ALL = [offload, fast_open, rst_in_each_state, rst_off_in_each_state, ignore_invalid_rst, syn_in_each_state,
       synack_in_each_state, fin_in_each_state, ack_in_each_state, flags_all, headers_broken, mid_stream_kinds,
       mid_stream_kinds_strict, simultaneous_open_variants, simultaneous_close, time_wait_reuse_orig,
       time_wait_reuse_reply, close_reuse, syn_challenge, max_retrans_settings, max_retrans_none, unacknowledged,
       timeouts, timeouts_short, checksum_off, checksum_wrong, rst_sent_again, urgent_and_ecn]
