# SPDX-License-Identifier: MIT
"""TCP scenarios: which sequence numbers and acknowledgments are in the window."""
import struct

from packets import ACK, FIN, RST, SYN, Scenario
from scenarios_tcp import MSS, SACK_OK, Talk, scale, stamp


def sack(*blocks):
    return b"\1\1\5" + bytes([2 + 8 * len(blocks)]) + b"".join(
        struct.pack(">II", a & 0xFFFFFFFF, b & 0xFFFFFFFF) for a, b in blocks)


def window_scaling_options():
    s = Scenario("window scaling said by one side, both, above 14, twice, not in a SYN; the window of SYNs is unscaled")
    for n, (a, b) in enumerate([(scale(7), scale(2)), (scale(7), b""), (b"", scale(7)), (scale(15), scale(200)),
                                (scale(3) + scale(9), scale(1)), (scale(0), scale(0)),
                                (MSS + SACK_OK + stamp(1, 0) + scale(10), MSS + SACK_OK + stamp(2, 1) + scale(4))]):
        t = Talk(s, 40000 + n, win=1000)
        t.open((a, b))
        t.ack(1)
        for end in (1000, 1001, 2000, 4001, 9000, 128000, 128001, 1024001, 16384001):
            t.send(0, ACK, b"x", seq=t.next[0] + end - 1)
            t.send(1, ACK, b"x", seq=t.next[1] + end - 1)
        t.ack(0, options=scale(14))
        t.send(1, ACK, b"x", seq=t.next[1] + 60000)
    return s


def mid_stream_scaling():
    s = Scenario("picked up in mid-stream the scale is not known: any window fits; a SYN later says one")
    for n, (first, win) in enumerate([(0, 100), (1, 100), (0, 0), (0, 65535)]):
        t = Talk(s, 40000 + n, win=win)
        t.ack(first)
        t.ack(1 - first)
        for size in (1000, 3000, 6500):
            t.send(first, ACK, b"x" * size)
            t.ack(1 - first)
            t.send(1 - first, ACK, b"x" * size)
            t.ack(first)
        t.send(first, ACK, seq=t.next[first] + (1 << 21))
        t.send(first, ACK, seq=t.next[first] - (1 << 21))
        t.send(1 - first, ACK, ack=t.next[first] + (1 << 21))
    return s


def be_liberal():
    s = Scenario("nf_conntrack_tcp_be_liberal: out of the window, but for resets, passes as valid",
                 sysctl={"nf_conntrack_tcp_be_liberal": 1})
    t = Talk(s).open()
    t.say(0)
    t.ack(1)
    t.send(0, ACK, b"x" * 100, seq=t.next[0] + 500000)
    t.send(1, ACK, ack=t.next[0] + 500000)
    t.send(1, ACK, ack=t.next[0] - 500000)
    t.send(0, ACK, seq=t.next[0] - 500000)
    t.say(0)
    t.ack(1)
    t.send(0, RST, seq=t.next[0] + 500000)
    t.send(0, FIN | ACK, seq=t.next[0] + 500000)
    t.send(1, RST, seq=t.next[1] - 500000)
    t.send(1, RST)
    u = Talk(s, 40001)
    u.send(0, SYN)
    u.send(1, SYN | ACK, ack=77)
    u.ack(0)
    return s


def out_of_window_edges():
    s = Scenario("the edges of the window, to the byte: the four limits, before and behind")
    n = 0
    for side in (0, 1):
        for what in ("seq", "ack"):
            for off in (-70000, -66001, -66000, -8193, -8192, -8191, -1, 0, 1, 100, 101, 8191, 8192, 8193, 66000,
                        70000, 1 << 31, (1 << 31) - 1):
                t = Talk(s, 30000 + n, client=f"10.1.1.{n % 200 + 1}").open()
                n += 1
                t.say(0)
                t.say(1)
                t.ack(0)
                if what == "seq":
                    t.send(side, ACK, b"z", seq=t.next[side] + off)
                else:
                    t.send(side, ACK, ack=t.next[1 - side] + off)
                t.ack(1 - side)
    return s


def zero_window():
    s = Scenario("a window of zero, its probes, and its opening again")
    t = Talk(s).open()
    t.say(0)
    t.send(1, ACK, win=0)
    t.send(0, ACK, b"p", seq=t.next[0])
    t.send(0, ACK, b"pp", seq=t.next[0])
    t.send(0, ACK, b"", seq=t.next[0] - 1)
    t.send(1, ACK, win=0)
    t.send(1, ACK, win=100)
    t.send(0, ACK, b"x" * 101, seq=t.next[0])
    t.say(0)
    t.send(1, ACK, win=20)
    t.send(0, ACK, b"x" * 9000)
    t.ack(1)
    return s


def sack_edges():
    s = Scenario("SACK blocks: what they let pass, several, reversed, cut off, beyond what was sent, not agreed upon")
    both = (MSS + SACK_OK, MSS + SACK_OK)
    for n, (agreed, blocks) in enumerate([
            (both, [(1101, 1201)]), (both, [(1101, 1201), (1301, 1401), (1501, 1601)]),
            (both, [(1201, 1101)]), (both, [(90000, 90100)]), (both, [(500, 600)]),
            (both, [(1101, 1201), (9000, 9100)]), ((MSS, MSS), [(1101, 1201)]), ((MSS + SACK_OK, MSS), [(1101, 1201)]),
            (both, [(1101, 1201 + (1 << 31))])]):
        t = Talk(s, 40000 + n).open(agreed)
        t.say(0)
        t.say(0)
        t.say(0)
        t.send(1, ACK, ack=1001, options=sack(*blocks))
        t.send(1, ACK, ack=1101, options=sack(*blocks) if len(blocks) < 3 else sack(*blocks[:2]))
        t.say(0)
        t.send(0, ACK, b"x" * 8000, seq=t.next[0])
        t.ack(1)
    t = Talk(s, 40100).open(both)
    t.say(0)
    for o in (b"\5\x0a", b"\5\2\1\1", b"\5\x0a\0\0\0\1\0\0", b"\1\1\5\x0b" + b"\0" * 9):
        t.send(1, ACK, options=o)
    t.send(1, ACK, options=stamp(5, 6) + sack((1001, 1101)))
    t.send(1, ACK, options=stamp(5, 6))
    return s


def sequence_wrap():
    s = Scenario("sequence numbers that wrap around, of each side, in the window's calculation")
    for n, isn in enumerate([(0xFFFFFFF0, 0xFFFFFFFE), (0xFFFFFFFF, 0x7FFFFFFF), (0x7FFFFFFE, 0x80000000)]):
        t = Talk(s, 40000 + n, isn=isn).open()
        for _ in range(3):
            t.say(0, b"x" * 1000)
            t.ack(1)
            t.say(1, b"y" * 3000)
            t.ack(0)
        t.send(0, ACK, seq=t.next[0] - 9000)
        t.send(1, ACK, seq=t.next[1] + 9000)
        t.close(1)
    return s


ALL = [window_scaling_options, mid_stream_scaling, be_liberal, out_of_window_edges, zero_window, sack_edges,
       sequence_wrap]
