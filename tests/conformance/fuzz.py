#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes random packets of plausible connections, some of them broken, for a kernel and ctbench.

    fuzz.py SEED COUNT OUT.pcap [--kind KIND,...]

Writes OUT.pcap and OUT.json, which has the devices, zones, held packets, helpers and settings. The same
arguments give the same files.

What is in it:   tcp udp udplite icmp sctp gre other ftp
What is done to it: frag icmperr zones held v6ext options broken sysctl flush full
all (the default) draws some of each for every seed. The kernel's clock is real: keep COUNT below
some 3000, so that UDP's two seconds do not pass between first and last packet.
"""
import argparse
import os
import random
import sys

import fuzz_ip
from fuzz_flow import Gre, Other, Ping, Sctp, Udp, UdpLite
from fuzz_tcp import Ftp, Tcp
from packets import Scenario, addr, ip

FLOWS = {"tcp": Tcp, "udp": Udp, "udplite": UdpLite, "icmp": Ping, "sctp": Sctp, "gre": Gre, "other": Other, "ftp": Ftp}
DONE = ["frag", "icmperr", "zones", "held", "v6ext", "options", "broken", "sysctl", "flush", "full"]
ROOM = 3        # "full": the maximum of connections


class World:
    """The hosts, the datagrams on their way between them, and the packets these become."""

    def __init__(self, seed, kinds):
        r = self.r = random.Random(seed)
        if "all" in kinds:
            kinds = r.sample(sorted(FLOWS), r.choice([1, 2, 4])) + [k for k in DONE if k != "full" and r.random() < .35]
        self.kinds = set(kinds)
        flows = [k for k in FLOWS if k in self.kinds] or (
            ["tcp", "udp", "icmp", "sctp"] if self.kinds - {"v6ext"} else ["tcp", "udp", "icmp"])
        self.six = .9 if "v6ext" in self.kinds else .4
        self.hosts = r.choice([1, 2, 4])
        self.nr_ports = r.choice([1, 2, 8])
        self.scenario = Scenario("random: seed %s, %s" % (seed, ",".join(sorted(self.kinds))))
        self.settings()
        self.flows = [FLOWS[r.choice(flows)](self, k) for k in range(r.choice([1, 2, 4, 12]))]
        self.going, self.recent, self.held = [], [], []
        self.width = r.choice([1, 1, 2, 8, 40]) if "frag" in self.kinds else 1

    # -- for the flows
    def address(self, six, side, n):
        return addr(("2001:db8:%d::%x" if six else "10.%d.0.%d") % (side + 1, n + 1))

    def port(self):
        return 40000 + self.r.randrange(self.nr_ports)

    def devices(self):
        """The device by which each side's packets arrive."""
        if "zones" not in self.kinds:
            return [0, 0]
        return [self.r.randrange(self.nr_devs), self.r.randrange(self.nr_devs)]

    @staticmethod
    def of(flow, datagram):
        """Marks a datagram as another flow's; a step() may return it."""
        return flow, datagram

    # -- the scenario
    def settings(self):
        r, s, has = self.r, self.scenario, self.kinds
        self.nr_devs = 1
        if "zones" in has:
            self.nr_devs = r.choice([2, 3, 5])
            ids = r.choice([[1], [1, 2], [1, 2, 3, 65535], [0, 1]])
            for dev in range(1, self.nr_devs):
                if r.random() < .1:
                    s.notrack(dev)
                elif r.random() < .9:
                    s.zone(dev, r.choice(ids), r.choice([None, None, "original", "reply"]))
        if "ftp" in has:
            s.helper_ftp()
        if "full" in has:
            s.conf["global"] = {"nf_conntrack_max": ROOM}
        if "sysctl" in has:
            s.conf["sysctl"] = self.sysctls()

    def sysctls(self):
        r = self.r
        flags = {"tcp_loose": [0, 0, 1], "tcp_be_liberal": [1, 1, 0], "tcp_ignore_invalid_rst": [1, 1, 0], "tcp_max_retrans": [0, 1, 2, 7, 255],
                 "checksum": [0], "acct": [1], "timestamp": [1]}
        out = {"nf_conntrack_" + k: r.choice(v) for k, v in flags.items() if r.random() < .4}
        for k in ["tcp_timeout_" + x for x in ("syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait",
                                               "close", "max_retrans", "unacknowledged")] + \
                 ["udp_timeout", "udp_timeout_stream", "icmp_timeout", "icmpv6_timeout", "generic_timeout", "gre_timeout", "gre_timeout_stream"] + \
                 ["sctp_timeout_" + x for x in ("closed", "cookie_wait", "cookie_echoed", "established", "shutdown_sent", "shutdown_recd",
                                                "shutdown_ack_sent", "heartbeat_sent")]:
            if r.random() < .3:
                out["nf_conntrack_" + k] = r.randrange(20, 1000)
        return out

    # -- a datagram's way
    def datagram(self, src, dst, proto, l4):
        """The packets it becomes."""
        r, has, kw = self.r, self.kinds, {}
        if "frag" in has and r.random() < .6:
            return fuzz_ip.pieces(self, src, dst, proto, l4)
        if len(src) == 16:
            if "v6ext" in has and r.random() < .5:
                kw["ext"] = fuzz_ip.extensions(self)
        elif "options" in has and r.random() < .2:
            kw["options"] = fuzz_ip.options4(r)
        return [ip(src, dst, proto, l4, **kw)]

    def next(self):
        """(packets, device) of a new datagram."""
        r = self.r
        if self.recent and r.random() < (.3 if "icmperr" in self.kinds else .02):
            quoted, dev = r.choice(self.recent[-8:])
            made = fuzz_ip.error(self, quoted)
            if made:
                return self.datagram(*made), r.randrange(self.nr_devs) if r.random() < .5 else dev
        flow = r.choice(self.flows)
        step = flow.step()
        while isinstance(step[0], (Tcp, Ftp)):
            flow, step = step
        d, proto, l4 = step
        dev = flow.devs[d] if r.random() < .95 else r.randrange(self.nr_devs)
        return self.datagram(*flow.ends(d), proto, l4), dev

    def arrives(self, packet):
        """Does it reach the queue for certain? The oracle's queue is for IPv4 only."""
        return packet[0] == 0x45 and packet[8] > 1 and not packet[6] & 0x3F and not packet[7] and "full" not in self.kinds

    def send(self, packet, dev):
        r, s, has = self.r, self.scenario, self.kinds
        hold = "held" in has and len(self.held) < 60 and r.random() < .25 and self.arrives(packet)
        if not hold and "broken" in has and r.random() < .15:
            packet = fuzz_ip.broken(self, packet)
        i = s.add(packet, dev, hold)
        if hold:
            self.held.append(i)
        self.recent = self.recent[-15:] + [(packet, dev)]
        while self.held and r.random() < .22:
            s.after(self.held.pop(r.randrange(len(self.held)) if r.random() < .5 else 0))
        if "flush" in has and r.random() < .004:
            s.after("flush")

    def run(self, count):
        r = self.r
        while len(self.scenario.packets) < count:
            while len(self.going) < self.width:
                packets, dev = self.next()
                if packets:
                    self.going.append((packets, dev))
            g = r.choice(self.going)
            self.send(g[0].pop(0), g[1])
            if not g[0]:
                self.going.remove(g)
        for i in self.held:
            self.scenario.after(i)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("seed", type=int)
    ap.add_argument("count", type=int)
    ap.add_argument("out", metavar="OUT.pcap")
    ap.add_argument("--kind", default="all")
    a = ap.parse_args()
    kinds = a.kind.split(",")
    for k in kinds:
        if k not in FLOWS and k not in DONE and k != "all":
            sys.exit("fuzz.py: unknown kind %s: use %s or all" % (k, ", ".join([*FLOWS, *DONE])))
    w = World("%d %s" % (a.seed, a.kind), kinds)
    w.run(a.count)
    w.scenario.write(os.path.splitext(a.out)[0], ".pcap")


if __name__ == "__main__":
    main()
