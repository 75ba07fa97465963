# SPDX-License-Identifier: MIT
"""Scenarios of the FTP helper: what it reads, what it expects, and what follows.

The packets are so short that the tables below are easier to read than a capture.
"""
import packets
from packets import ACK, FIN, PSH, RST, SYN, tcp


class Scenario(packets.Scenario):
    def __init__(self, title, **keys):
        super().__init__(title, **keys)
        self.helper_ftp()

    def syn(self, src, dst, sport, dport, seq=70000):
        """The first packet of a data connection."""
        self.add(tcp(src, dst, sport, dport, seq, 0, SYN))


class Control:
    """A control connection of client and server; side 0 is the client."""

    def __init__(self, s, client="10.1.0.1", server="10.2.0.1", port=40000, greet=True):
        self.s, self.addr, self.port, self.next = s, (client, server), (port, 21), [1000000, 5000000]
        self.send(0, b"", SYN)
        self.send(1, b"", SYN | ACK)
        self.send(0, b"", ACK)
        if greet:           # the helper looks from the second line on
            self.say(1, b"220 hello\r\n")
            self.say(0, b"USER x\r\n")

    def send(self, side, data, flags=PSH | ACK, at=None):
        seq = self.next[side] if at is None else at
        ack = self.next[1 - side] if flags & ACK else 0
        self.s.add(tcp(self.addr[side], self.addr[1 - side], self.port[side], self.port[1 - side], seq, ack,
                       flags, data))
        if at is None:
            self.next[side] = (seq + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF

    def say(self, side, line):
        self.send(side, line)
        self.send(1 - side, b"", ACK)


def active():
    s = Scenario("PORT and EPRT over IPv4: the server connects, from any port, once")
    c = Control(s)
    c.say(0, b"PORT 10,1,0,1,200,10\r\n")
    s.syn("10.2.0.2", "10.1.0.1", 20, 51210)        # not that server
    s.syn("10.2.0.1", "10.1.0.1", 20, 51211)        # not that port
    s.syn("10.2.0.1", "10.1.0.1", 1234, 51210)      # it
    s.syn("10.2.0.1", "10.1.0.1", 1235, 51210)      # used up
    c.say(0, b"eprt !1!10.1.0.1!51300!\r\n")
    s.syn("10.2.0.1", "10.1.0.1", 20, 51300)
    return s


def passive():
    s = Scenario("227 and 229 over IPv4: the client connects")
    c = Control(s)
    c.say(1, b"227 Entering Passive Mode (10,2,0,1,200,10).\r\n")
    s.syn("10.1.0.1", "10.2.0.1", 45000, 51210)
    c.say(1, b"227 =10,2,0,1,200,11\r\n")
    s.syn("10.1.0.1", "10.2.0.1", 45001, 51211)
    c.say(1, b"229 Entering Extended Passive Mode (|||51212|)\r\n")
    s.syn("10.1.0.1", "10.2.0.1", 45002, 51212)
    c.say(1, b"228 no such thing (10,2,0,1,200,13)\r\n")
    s.syn("10.1.0.1", "10.2.0.1", 45003, 51213)
    return s


def ipv6():
    s = Scenario("EPRT and EPSV over IPv6; a family that is not the control connection's is dropped")
    a, b = "2001:db8:1::1", "2001:db8:2::1"
    c = Control(s, a, b)
    c.say(0, b"EPRT |2|2001:db8:1::1|51210|\r\n")
    s.syn(b, a, 20, 51210)
    c.say(1, b"229 Entering Extended Passive Mode (|||51212|)\r\n")
    s.syn(a, b, 45002, 51212)
    c.say(0, b"EPRT |2|2001:DB8:1:0:0:0:0.0.0.1|51214|\r\n")
    s.syn(b, a, 20, 51214)
    c.say(0, b"EPRT |2|2001:db8:1::2|51216|\r\n")   # not its own address
    s.syn(b, "2001:db8:1::2", 20, 51216)
    s.syn(b, a, 20, 51216)
    c.send(0, b"EPRT |1|10.1.0.1|51218|\r\n")       # dropped
    s.syn(b, a, 20, 51218)
    return s


def several():
    s = Scenario("one expectation for each master: a newer one replaces the older; two masters have one each")
    c, d = Control(s), Control(s, client="10.1.0.2")
    c.say(0, b"PORT 10,1,0,1,200,10\r\n")
    c.say(0, b"PORT 10,1,0,1,200,11\r\n")
    d.say(0, b"PORT 10,1,0,2,200,10\r\n")
    s.syn("10.2.0.1", "10.1.0.1", 20, 51210)        # evicted
    s.syn("10.2.0.1", "10.1.0.1", 20, 51211)
    s.syn("10.2.0.1", "10.1.0.2", 20, 51210)
    c.say(0, b"PORT 10,1,0,1,200,12\r\n")
    c.say(1, b"227 (10,2,0,1,200,12)\r\n")          # one for both directions together
    s.syn("10.2.0.1", "10.1.0.1", 20, 51212)
    s.syn("10.1.0.1", "10.2.0.1", 45000, 51212)
    return s


def retransmitted():
    s = Scenario("a PORT that is sent again expects again; a line out of place does not")
    c = Control(s)
    at = c.next[0]
    port = b"PORT 10,1,0,1,200,10\r\n"
    c.send(0, port)
    c.send(0, port, at=at)                          # again before it was used
    s.syn("10.2.0.1", "10.1.0.1", 20, 51210)
    c.send(0, port, at=at)                          # and after
    s.syn("10.2.0.1", "10.1.0.1", 21, 51210)
    c.send(1, b"", ACK)
    c.say(0, b"NOOP\r\n")
    c.say(0, b"NOOP\r\n")
    c.send(0, port, at=at)                          # too long ago
    s.syn("10.2.0.1", "10.1.0.1", 22, 51210)
    c.say(0, b"SITE ")                              # no end of line
    c.say(0, b"PORT 10,1,0,1,200,11\r\n")           # so this begins none
    s.syn("10.2.0.1", "10.1.0.1", 20, 51211)
    c.say(0, b"PORT 10,1,0,1,200,12\r\n")           # but ended one
    s.syn("10.2.0.1", "10.1.0.1", 20, 51212)
    return s


def split():
    s = Scenario("commands in pieces: the first piece is dropped, until it comes whole; one that comes first is not seen")
    c = Control(s, greet=False)
    c.say(0, b"PORT 10,1,0,1,200,9\r\n")            # the first line ever
    s.syn("10.2.0.1", "10.1.0.1", 20, 51209)
    at = c.next[0]
    c.send(0, b"PO", at=at)                         # dropped
    c.send(0, b"PORT", at=at)                       # dropped
    c.send(0, b"PORT 10,1,0", at=at)                # dropped
    c.send(0, b"PORT 10,1,0,1,200,10", at=at)       # dropped
    c.send(0, b"PORT 10,1,0,1,200,10\r", at=at)     # enough, but no line
    s.syn("10.2.0.1", "10.1.0.1", 20, 51210)
    c.send(0, b"PORT 10,1,0,1,200,11\r\n", at=at)
    s.syn("10.2.0.1", "10.1.0.1", 20, 51211)
    c.next[0] = at + 22
    c.send(1, b"", ACK)
    c.say(0, b"NOOP\r\nPORT 10,1,0,1,200,12\r\n")   # only the packet's first line
    s.syn("10.2.0.1", "10.1.0.1", 20, 51212)
    c.say(1, b"220 a\r\n")
    c.send(1, b"227 (10,2,0,1,2", at=c.next[1])     # dropped
    c.send(1, b"2", at=c.next[1])                   # dropped
    c.say(1, b"227 (10,2,0,1,200,13)\r\n")
    s.syn("10.1.0.1", "10.2.0.1", 45000, 51213)
    return s


def odd():
    s = Scenario("what looks like a command: numbers too large, too few, empty, other ends, other delimiters")
    c = Control(s)
    for n, (side, line, port) in enumerate([            # the port it would mean
        (0, b"PORT 10,1,0,2,200,10\r\n", 51210),        # not its own address
        (0, b"PORT 10,0,256,1,200,11\r\n", 51211),      # 256 spills into what is before it
        (0, b"PORT 10,1,0,1,0,0\r\n", 0),
        (0, b"PORT 10,1,0,1,300,1\r\n", 300 * 256 + 1 & 65535),
        (0, b"PORT 10,1,,1,200,14\r\n", 51214),
        (0, b"PORT 10,1,0,1,,15\r\n", 15),
        (0, b"PORTER\r\n", 51215),
        (0, b"PORT\r\n", 51215),
        (0, b"PORT \r\n", 51215),
        (0, b"PORT x 10,1,0,1,200,15\r\n", 51215),
        (0, b"PORT  10,1,0,1,200,15\r\n", 51215),
        (0, b"PORTLY 10,1,0,1,200,15\r\n", 51215),
        (0, b"PORT 10,1,0,1,200,16\n", 51216),
        (0, b"PORT 10,1,0,1,200,17 \r\n", 51217),
        (0, b"PORT 10,1,0,1,200,18,1\r\n", 51218),
        (0, b"EPRT |1|10.1.0.1|0|\r\n", 0),
        (0, b"EPRT |1|10.1.0.1|116746|\r\n", 51210),    # wraps
        (0, b"EPRT |1|10.1.0.1|51221\r\n", 51221),
        (0, b"EPRT 11110.1.0.11512221\r\n", 51222),
        (0, b"EPRT |2|2001:db8::1|51223|\r\n", 51223),
        (0, b"EPRT |1|10.1.0|51224|\r\n", 51224),
        (0, b"EPRT |1|10.1.0.1.1|51224|\r\n", 51224),
        (0, b"EPRT \x7f1\x7f10.1.0.1\x7f51225\x7f\r\n", 51225),
        (0, b"EPRT ~1~10.1.0.1~51226~\r\n", 51226),
        (0, b"EPRT |1", 51226),
        (0, b"E", 51226),
        (1, b"227 no numbers\r\n", 51227),
        (1, b"227 10,2,0,1,200,25\r\n", 51225),
        (1, b"227 10,2,0,2,200,26\r\n", 51226),
        (1, b"227-(10,2,0,1,200,27)\r\n", 51227),
        (1, b"227 1 (10,2,0,1,200,27)\r\n", 51227),
        (1, b"227 10,2,0,1,200,28", 51228),
        (1, b"229 |||51229|\r\n", 51229),
        (1, b"229 (|||51230)\r\n", 51230),
        (1, b"229 (||x51231|)\r\n", 51231),
        (1, b"229 (|||51232x|)\r\n", 51232),
        (1, b"229 ($$$51233$)\r\n", 51233),
        (1, b"229 (|||51234|", 51234),
        (1, b"229 (", 51234),
        (1, b"229 x (", 51234),
        (1, b"229 x", 51234),
        (1, b"229 ", 51234),
        (1, b"\n", 51234),
        (1, b"22", 51234),
    ]):
        c.say(side, line)
        c.say(side, b"200 so\r\n")                      # the next one begins a line in any case
        s.syn(c.addr[1 - side], c.addr[side], 10000 + n, port)
    return s


def delimiters():
    s = Scenario("EPRT and 229 whose delimiters differ, are digits, blanks or control characters; the other family's number")
    a6, b6 = "2001:db8:1::1", "2001:db8:2::1"
    c4, c6 = Control(s), Control(s, a6, b6)
    for n, (c, side, line) in enumerate([
        (c4, 0, b"EPRT |1!10.1.0.1|51210|\r\n"), (c4, 0, b"EPRT |1|10.1.0.1!51210|\r\n"),
        (c4, 0, b"EPRT |1|10.1.0.1|51210!\r\n"), (c4, 0, b"EPRT !1|10.1.0.1|51210|\r\n"),
        (c4, 0, b"EPRT  1 10.1.0.1 51210 \r\n"), (c4, 0, b"EPRT \x1f1\x1f10.1.0.1\x1f51210\x1f\r\n"),
        (c4, 0, b"EPRT \xa11\xa110.1.0.1\xa151210\xa1\r\n"), (c4, 0, b"EPRT |2|10.1.0.1|51210|\r\n"),
        (c4, 0, b"EPRT |3|10.1.0.1|51210|\r\n"), (c4, 0, b"EPRT 91910.1.0.1951210" b"9\r\n"),
        (c6, 0, b"EPRT |1|2001:db8:1::1|51210|\r\n"), (c6, 0, b"EPRT |2!2001:db8:1::1|51210|\r\n"),
        (c6, 0, b"EPRT |2|2001:db8:1::1!51210|\r\n"), (c6, 0, b"EPRT 9292001:db8:1::1951210" b"9\r\n"),
        (c6, 0, b"EPRT  2 2001:db8:1::1 51210 \r\n"), (c6, 0, b"EPRT !2!2001:db8:1::1!51210!\r\n"),
        (c4, 1, b"229 (|!|51210|)\r\n"), (c4, 1, b"229 (||!51210|)\r\n"), (c4, 1, b"229 (!||51210|)\r\n"),
        (c4, 1, b"229 (|||51210!)\r\n"), (c4, 1, b"229 (   51210 )\r\n"), (c4, 1, b"229 (777512107)\r\n"),
        (c4, 1, b"229 (\x01\x01\x0151210\x01)\r\n"), (c4, 1, b"229 (~~~51210~)\r\n"),
    ]):
        c.say(side, line)
        c.say(side, b"200 so\r\n")
        s.syn(c.addr[1 - side], c.addr[side], 10000 + n, 51210)
    return s


def order():
    s = Scenario("lines sent again and out of order: the two latest places count, whatever came last")
    c = Control(s)
    at = [c.next[0]]
    for n in range(6):
        c.send(0, b"PORT 10,1,0,1,200,%d\r\n" % (10 + n))
        at.append(c.next[0])
    c.send(1, b"", ACK)

    def again(n, port):
        """Line n, from the first one, sent again; and does the helper read it?"""
        c.send(0, b"PORT 10,1,0,1,200,%d\r\n" % port, at=at[n])
        s.syn("10.2.0.1", "10.1.0.1", 1000 + port, 51200 + port)
    for port, n in enumerate((5, 1, 5, 6, 2, 6, 5, 4, 5, 3, 6), 20):
        again(n, port)
    c = Control(s, client="10.1.0.2")
    first, line = c.next[0], b"PORT 10,1,0,2,200,%d\r\n"
    for k, port in ((1, 10), (0, 11), (2, 12), (3, 13), (1, 14), (2, 15), (4, 16), (3, 17)):
        c.send(0, line % port, at=first + 22 * k)       # all are of 22 bytes
        s.syn("10.2.0.1", "10.1.0.2", 2000 + port, 51200 + port)
    return s


def one_sided():
    s = Scenario("picked up in mid-stream: the helper reads nothing before a packet of the other side")
    c = Control.__new__(Control)
    c.s, c.addr, c.port, c.next = s, ("10.1.0.1", "10.2.0.1"), (40000, 21), [1000000, 5000000]
    for n in range(3):
        c.send(0, b"PORT 10,1,0,1,200,%d\r\n" % (10 + n))
        s.syn("10.2.0.1", "10.1.0.1", 20, 51210 + n)
    c.send(1, b"220 hello\r\n")
    for n in range(3, 6):
        c.send(0, b"PORT 10,1,0,1,200,%d\r\n" % (10 + n))
        s.syn("10.2.0.1", "10.1.0.1", 20, 51210 + n)
    return s


def limit():
    s = Scenario("net.netfilter.nf_conntrack_expect_max: without room the packet is dropped", sysctl={})
    s.conf["global"] = {"nf_conntrack_expect_max": 2}
    cs = [Control(s, client="10.1.0.%d" % (i + 1)) for i in range(3)]
    for i, c in enumerate(cs):
        c.send(0, b"PORT 10,1,0,%d,200,10\r\n" % (i + 1), at=c.next[0])
    for i in range(3):
        s.syn("10.2.0.1", "10.1.0.%d" % (i + 1), 20, 51210)
    for i in (2, 2, 0, 1):                          # there is room again; the same takes its own place
        cs[i].send(0, b"PORT 10,1,0,%d,200,11\r\n" % (i + 1), at=cs[i].next[0])
    for i in range(3):
        s.syn("10.2.0.1", "10.1.0.%d" % (i + 1), 20, 51211)
    return s


def master_gone():
    s = Scenario("a flush deletes expectations with their master; connections already expected keep their master", after={})
    c = Control(s)
    c.say(0, b"PORT 10,1,0,1,200,10\r\n")
    s.conf["after"] = {str(len(s.packets) - 1): ["flush"]}
    s.syn("10.2.0.1", "10.1.0.1", 20, 51210)
    d = Control(s, client="10.1.0.2")
    d.say(0, b"PORT 10,1,0,2,200,10\r\n")
    s.syn("10.2.0.1", "10.1.0.2", 20, 51210)        # has the master
    d.send(0, b"PORT 10,1,0,2,200,11\r\n", at=d.next[0])
    d.next[0] += 22
    d.send(1, b"", RST | ACK)                       # the master closes, but is still there
    s.syn("10.2.0.1", "10.1.0.2", 20, 51211)
    return s


def data_talks():
    s = Scenario("the data connection's packets and errors are RELATED until a reply; the same port again")
    c = Control(s)
    c.say(1, b"227 (10,2,0,1,200,10)\r\n")
    s.syn("10.1.0.1", "10.2.0.1", 45000, 51210)
    s.syn("10.1.0.1", "10.2.0.1", 45000, 51210)     # again: the same entry, still RELATED
    s.add(tcp("10.2.0.1", "10.1.0.1", 51210, 45000, 1, 70001, SYN | ACK))
    s.add(tcp("10.1.0.1", "10.2.0.1", 45000, 51210, 70001, 2, ACK))
    s.add(tcp("10.1.0.1", "10.2.0.1", 45000, 51210, 70001, 2, ACK | FIN))
    s.add(tcp("10.2.0.1", "10.1.0.1", 51210, 45000, 2, 70002, ACK | FIN))
    s.add(tcp("10.1.0.1", "10.2.0.1", 45000, 51210, 70002, 3, ACK))
    s.syn("10.1.0.1", "10.2.0.1", 45000, 51210, 90000)      # reused: not announced
    c.say(1, b"227 (10,2,0,1,0,21)\r\n")            # a data connection that looks like a control connection
    s.syn("10.1.0.1", "10.2.0.1", 45001, 21)
    return s


ALL = [active, passive, ipv6, several, retransmitted, split, odd, delimiters, order, one_sided, limit, master_gone, data_talks]
