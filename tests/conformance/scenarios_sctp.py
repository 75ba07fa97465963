# SPDX-License-Identifier: MIT
"""Scenarios of SCTP."""
import struct

from packets import SCTP, Scenario, chunk, ip, sctp, sctp_bytes

A, B = "10.1.0.1", "10.2.0.1"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"
DATA, INIT, INIT_ACK, SACK, HEARTBEAT, HEARTBEAT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK, ERROR, COOKIE_ECHO, COOKIE_ACK, \
    ECNE, CWR, SHUTDOWN_COMPLETE = range(15)
AUTH, ASCONF_ACK, ASCONF, FORWARD_TSN = 15, 128, 193, 192


class Association:
    """Side 0 opens it. A chunk goes out with the tag the other side has asked for, unless given."""

    def __init__(self, s, port=5000, a=A, b=B, tags=(0x1111, 0x2222)):
        self.s, self.addr, self.port, self.tag = s, (a, b), (port, 36412), tags

    def send(self, side, *kinds, vtag=None, tag=None, flags=0, bad=0):
        out = []
        for k in kinds:
            value = b"x" * 12
            if k in (INIT, INIT_ACK):
                value = struct.pack(">IIHHI", self.tag[side] if tag is None else tag, 1500, 1, 1, 1)
            out.append(k if isinstance(k, bytes) else chunk(k, value, flags))
        if vtag is None:
            vtag = 0 if INIT in kinds else self.tag[1 - side]
        self.s.add(sctp(self.addr[side], self.addr[1 - side], self.port[side], self.port[1 - side], vtag, out, bad))

    def open(self):
        self.send(0, INIT)
        self.send(1, INIT_ACK)
        self.send(0, COOKIE_ECHO)
        self.send(1, COOKIE_ACK)
        return self


REACH = [("cookie_wait", ((0, INIT),)), ("cookie_wait2", ((0, INIT), (1, INIT_ACK))),
         ("cookie_echoed", ((0, INIT), (1, INIT_ACK), (0, COOKIE_ECHO))),
         ("established", ((0, INIT), (1, INIT_ACK), (0, COOKIE_ECHO), (1, COOKIE_ACK))),
         ("shutdown_sent", ((0, INIT), (1, INIT_ACK), (0, COOKIE_ECHO), (1, COOKIE_ACK), (0, SHUTDOWN))),
         ("shutdown_recd", ((0, INIT), (1, INIT_ACK), (0, COOKIE_ECHO), (1, COOKIE_ACK), (1, SHUTDOWN))),
         ("shutdown_ack", ((0, INIT), (1, INIT_ACK), (0, COOKIE_ECHO), (1, COOKIE_ACK), (0, SHUTDOWN),
                           (1, SHUTDOWN_ACK))),
         ("closed", ((0, INIT), (1, INIT_ACK), (0, COOKIE_ECHO), (1, COOKIE_ACK), (0, ABORT))),
         ("heartbeat", ((0, HEARTBEAT),))]


def each_state(title, what):
    s = Scenario(title)
    for n, (_, steps) in enumerate(REACH):
        for side in (0, 1):
            t = Association(s, 5000 + n, f"10.1.{side}.{n + 1}")
            for k in steps:
                t.send(*k)
            what(t, side)
    return s


def chunks_in_each_state():
    s = Scenario("each chunk in each state, from both sides")
    for n, (_, steps) in enumerate(REACH):
        for k in (*range(15), 255):
            for side in (0, 1):
                t = Association(s, 5000 + k, f"10.1.{2 * n + side}.1")
                for step in steps:
                    t.send(*step)
                t.send(side, k)
                t.send(1 - side, DATA)
    return s


def init_collision():
    s = Scenario("both sides send INIT: answered by both, in each order; and again after the association is there")
    for n in range(4):
        t = Association(s, 5000 + n)
        t.send(0, INIT)
        t.send(1, INIT, tag=0x3333)
        t.send(1, INIT_ACK)
        if n & 1:
            t.send(0, INIT_ACK, vtag=0x3333)
        if n & 2:
            t.send(1, COOKIE_ECHO)
            t.send(0, COOKIE_ACK, vtag=0x3333)
            t.send(0, COOKIE_ACK)
        t.send(0, COOKIE_ECHO)
        t.send(1, COOKIE_ACK)
        t.send(0, DATA)
        t.send(1, SACK)
        t.send(1, SACK, vtag=0x3333)
    return s


def restart():
    s = Scenario("an association restarted while it is open, by either side, with the same tags and others")
    for n, (side, tag) in enumerate([(0, 0x1111), (0, 0x9999), (1, 0x2222), (1, 0x8888)]):
        t = Association(s, 5000 + n).open()
        t.send(side, INIT, tag=tag)
        new = (tag, 0x7777)
        t.send(1 - side, INIT_ACK, vtag=tag, tag=0x7777)
        t.send(side, COOKIE_ECHO, vtag=new[1])
        t.send(1 - side, COOKIE_ACK, vtag=tag)
        t.send(side, DATA, vtag=new[1])
        t.send(1 - side, SACK, vtag=tag)
        t.send(1 - side, SACK)
    return s


def vtag_wrong():
    def what(t, side):
        for k in (DATA, COOKIE_ECHO, COOKIE_ACK, SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE, ABORT, HEARTBEAT, INIT_ACK):
            t.send(side, k, vtag=0xBAD)
            t.send(side, k, vtag=0)
        t.send(side, ABORT, vtag=t.tag[side], flags=1)          # with the tag reflected (T bit)
        t.send(side, DATA)
    return each_state("wrong verification tags, and none, in each state", what)


def abort_and_complete():
    def what(t, side):
        t.send(side, ABORT)
        t.send(1 - side, SHUTDOWN_COMPLETE)
        t.send(side, DATA)
        t.send(side, INIT)
    return each_state("ABORT and SHUTDOWN COMPLETE in each state, and a new INIT behind them", what)


def reflected_tags():
    def what(t, side):
        t.send(side, ABORT, vtag=t.tag[side])
        t.send(side, SHUTDOWN_COMPLETE, vtag=t.tag[side], flags=1)
        t.send(side, SHUTDOWN_COMPLETE, vtag=t.tag[side])
        t.send(side, ABORT, vtag=t.tag[side], flags=1)
    return each_state("ABORT and SHUTDOWN COMPLETE with the sender's own tag, T bit set and not", what)


def shutdown_walk():
    s = Scenario("an association shut down, by either side, by both at once, with data still on its way")
    for n in range(4):
        t = Association(s, 5000 + n).open()
        t.send(0, DATA)
        t.send(1, SACK)
        first = n & 1
        t.send(first, SHUTDOWN)
        if n & 2:
            t.send(1 - first, SHUTDOWN)
            t.send(first, SHUTDOWN_ACK)
        t.send(1 - first, DATA)
        t.send(1 - first, SHUTDOWN_ACK)
        t.send(1 - first, SHUTDOWN_ACK)
        t.send(first, SHUTDOWN_COMPLETE)
        t.send(first, SHUTDOWN_COMPLETE)
        t.send(0, INIT, tag=0x4444)
    return s


def heartbeats():
    s = Scenario("a heartbeat begins an association set up on another path; replies, from each side; then data and an INIT")
    for n in range(4):
        t = Association(s, 5000 + n)
        t.send(0, HEARTBEAT)
        if n & 1:
            t.send(1, HEARTBEAT_ACK)
        if n & 2:
            t.send(1, HEARTBEAT)
            t.send(0, HEARTBEAT_ACK)
        t.send(0, DATA)
        t.send(1, SACK)
        t.send(0, HEARTBEAT, vtag=0xBAD)
        t.send(0, INIT)
    t = Association(s, 5010)
    t.send(0, HEARTBEAT, vtag=0)
    t.send(0, HEARTBEAT_ACK)
    t.send(0, DATA)
    t.open()
    t.send(0, HEARTBEAT)
    t.send(1, HEARTBEAT_ACK)
    return s


def first_chunks():
    s = Scenario("what begins an association, and what does not: each chunk first, alone and with others")
    for k in (*range(15), AUTH, FORWARD_TSN, ASCONF, ASCONF_ACK, 64, 255):
        for vtag in (0, 0x2222):
            Association(s, 5000 + k, f"10.1.{1 + bool(vtag)}.1").send(0, k, vtag=vtag)
    for n, kinds in enumerate([(INIT, DATA), (DATA, INIT), (COOKIE_ECHO, DATA), (AUTH, COOKIE_ECHO), (ABORT, INIT),
                               (INIT_ACK, INIT), (SHUTDOWN_COMPLETE, INIT), (HEARTBEAT, DATA), (DATA, HEARTBEAT),
                               (INIT, INIT)]):
        Association(s, 6000 + n).send(0, *kinds)
    return s


def bundles():
    s = Scenario("several chunks in a packet: the state goes through all of them")
    t = Association(s)
    t.send(0, INIT)
    t.send(1, INIT_ACK)
    t.send(0, COOKIE_ECHO, DATA)
    t.send(1, COOKIE_ACK, SACK, DATA)
    t.send(0, SACK, SHUTDOWN)
    t.send(1, SACK, SHUTDOWN_ACK)
    t.send(0, DATA, SHUTDOWN_COMPLETE)
    u = Association(s, 5001).open()
    u.send(0, SHUTDOWN, ABORT)
    v = Association(s, 5002).open()
    v.send(0, HEARTBEAT, DATA, HEARTBEAT_ACK)
    v.send(1, ERROR, ECNE, CWR)
    v.send(0, AUTH, ASCONF)
    v.send(1, AUTH, ASCONF_ACK)
    return s


def chunks_broken():
    s = Scenario("chunks whose length is nothing, too short, too long; a packet that ends in a header; wrong checksums")
    for n, c in enumerate([chunk(DATA, b"x" * 12, length=0), chunk(DATA, b"x" * 12, length=3),
                           chunk(DATA, b"x" * 12, length=4), chunk(DATA, b"x" * 12, length=1000), b"\0\0", b"\0\0\0",
                           chunk(DATA, b"x" * 13) + chunk(SHUTDOWN), chunk(DATA, b"x")[:-3] + b"\0", b"",
                           chunk(DATA) + chunk(SHUTDOWN, length=2), chunk(COOKIE_ACK, length=65535)]):
        t = Association(s, 5000 + n).open()
        t.send(0, c)
        t.send(1, SACK)
        Association(s, 6000 + n).send(0, c)
    for n in range(0, 13):
        s.add(ip(A, B, SCTP, sctp_bytes(7000 + n, 9, 0, [])[:n]))
    for n in range(0, 17):
        whole = sctp_bytes(7100 + n, 9, 0, [chunk(INIT, struct.pack(">IIHHI", 5, 1500, 1, 1, 1))])
        s.add(ip(A, B, SCTP, whole[:12 + n]))
    t = Association(s, 7200)
    t.send(0, INIT, bad=1)
    t.open()
    t.send(0, ABORT, bad=1)
    t.send(0, DATA)
    return s


def init_tag_none():
    s = Scenario("an INIT with a verification tag, one with initiate tag 0, one with the tag of another association")
    t = Association(s)
    t.send(0, INIT, vtag=5)
    t.send(0, INIT, tag=0)
    t.send(1, INIT_ACK)
    t.send(0, COOKIE_ECHO)
    u = Association(s, 5001)
    u.send(0, INIT)
    u.send(1, INIT_ACK, vtag=0)
    u.send(1, INIT_ACK, tag=0)
    u.send(0, INIT)
    u.send(0, COOKIE_ECHO)
    return s


def six():
    s = Scenario("SCTP over IPv6, from beginning to end")
    t = Association(s, a=A6, b=B6).open()
    t.send(0, DATA)
    t.send(1, SACK)
    t.send(1, SHUTDOWN)
    t.send(0, SHUTDOWN_ACK)
    t.send(1, SHUTDOWN_COMPLETE)
    return s


def timeouts():
    names = ("closed", "cookie_wait", "cookie_echoed", "established", "shutdown_sent", "shutdown_recd",
             "shutdown_ack_sent", "heartbeat_sent")
    s = each_state("each SCTP time-out is the one that was set", lambda t, side: None)
    s.conf["sysctl"] = {f"nf_conntrack_sctp_timeout_{n}": 50 + i for i, n in enumerate(names)}
    return s


def checksum_off():
    s = Scenario("SCTP with wrong checksums and nf_conntrack_checksum off", sysctl={"nf_conntrack_checksum": 0})
    t = Association(s)
    t.send(0, INIT, bad=1)
    t.send(1, INIT_ACK, bad=9)
    return s


ALL = [chunks_in_each_state, init_collision, restart, vtag_wrong, abort_and_complete, reflected_tags, shutdown_walk,
       heartbeats, first_chunks, bundles, chunks_broken, init_tag_none, six, timeouts, checksum_off]
