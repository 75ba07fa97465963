# SPDX-License-Identifier: MIT
"""The running kernel as a router, packet by packet, and what its nf_conntrack reports.

A fresh network namespace routes everything from TUN devices in0, in1, ... to another, out0. Everything that
is requested happens before a system call returns, so the order is exact:

  * a write() on a TUN device without NAPI runs the whole receive, forward and transmit path. A virtio
    header precedes each packet. It marks IPv4 TCP whose total length is 0 as segmentation offload (GSO);
    the kernel drops such a packet otherwise;
  * `meta nftrace set 1` makes the kernel report every chain that a packet meets, and recent kernels (6.18
    does, 6.1 does not) report the connection's id, direction, status and state with it. Three chains:
    before defragmentation (-450), right behind conntrack (-199), and at egress, behind confirm;
  * ctnetlink: events, a query for each packet's entry, and a dump at the end;
  * nf_conntrack_log_invalid through NFLOG gives the reason why a packet is INVALID.

What the kernel itself would send (resets, ICMP, MLD) is dropped in OUTPUT, untracked.
"""
import ctypes
import errno
import fcntl
import json
import os
import shutil
import struct
import subprocess

import netlink as nl
from captures import Unusable, brief
from netlink import Netlink, attr, attrs, be32

CLONE_NEWNET = 0x40000000
SYSCTL = "/proc/sys/net/netfilter/"
STATS = ("entries", "found", "invalid", "insert", "insert_failed", "drop", "early_drop", "icmp_error",
         "search_restart", "clashres", "chaintoolong")
CTINFO = ["ESTABLISHED", "RELATED", "NEW", "ESTABLISHED_REPLY", "RELATED_REPLY"]
STATES = {2: ("established", 0), 4: ("related", 1), 8: ("new", 2)}      # trace's bit: name, ctinfo
STATE, CT_ID, DIRECTION, STATUS = 21, 18, 19, 20        # trace's attributes


class CannotAsk(Exception):
    """This machine's kernel cannot be asked, for the reason in the sentence (exit status 77)."""


def refuse_unless_able():
    """Raises CannotAsk if the process or the machine lacks something; the trace is checked elsewhere."""
    if os.geteuid():
        raise CannotAsk("asking the kernel needs root: run it with sudo")
    for program, package in (("ip", "iproute2"), ("nft", "nftables")):
        if not shutil.which(program):
            raise CannotAsk(f"there is no program {program}: install the package {package}")
    if not os.path.exists("/dev/net/tun"):
        raise CannotAsk("there is no /dev/net/tun: load the module tun, or give the container that device")


def put(path, value):
    with open(path, "w") as f:
        f.write(str(value))


def set_sysctl(name, value):
    try:
        put(SYSCTL + name, value)
    except FileNotFoundError:
        raise Unusable(f"this kernel has no setting net.netfilter.{name}") from None
    except OSError as e:
        raise Unusable(f"net.netfilter.{name} cannot be {value}: {e.strerror}") from None


IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 1, 0x1000, 0x4000


def _tun(name, flags=0):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI | flags))
    return fd


def virtio_header(p):
    """The 10 bytes before a packet (struct virtio_net_hdr). They matter for IPv4 TCP of total length 0."""
    ihl = (p[0] & 15) * 4
    if p[0] >> 4 != 4 or ihl < 20 or len(p) < ihl + 20 or p[9] != 6 or p[2:4] != b"\0\0":
        return bytes(10)
    segment = max(1, (len(p) - ihl - 20) // 2)      # of the data after the header; the kernel needs more than one byte
    return struct.pack("=BBHHHH", 1, 1, ihl + (p[ihl + 12] >> 4) * 4, segment, ihl, 16)


def _pipe_to(command, text):
    r = subprocess.run(command, input=text, text=True, capture_output=True)
    if r.returncode:
        raise CannotAsk(f"{command[0]} refuses what the oracle needs: {r.stderr.strip().splitlines()[0]}")


RULES = """
%s
table inet oracle {
  chain early { type filter hook prerouting priority -450; meta nftrace set 1 accept; }
  %s
  chain seen  { type filter hook prerouting priority -199; %s accept; }
  chain own   { type filter hook output priority -310; notrack drop; }
  chain useit { ct state new; }
}
table netdev oracle {
  chain sent { type filter hook egress device "out0" priority 0; accept; }
}
"""
RULES_HOLD = """
table ip hold {
  chain q { }
  chain holder { type filter hook forward priority 0; iifname "inq" goto q; }
}
"""


class Kernel:
    """Moves the calling process into a new namespace: one process, one Kernel."""

    def __init__(self, conf):
        """conf: a scenario; its "global" settings must be made by the caller."""
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            e = ctypes.get_errno()
            raise CannotAsk(f"no network namespace can be made here: {os.strerror(e)}")
        devices = 1 + max(conf.get("in", [0]), default=0)
        hold = bool(conf.get("hold"))
        for k in ("all", "default"):
            put(f"/proc/sys/net/ipv4/conf/{k}/rp_filter", 0)
        put("/proc/sys/net/ipv6/conf/default/addr_gen_mode", 1)
        put("/proc/sys/net/ipv6/conf/default/accept_dad", 0)
        names = [f"in{i}" for i in range(devices)] + ["inq"] * hold
        try:
            self.ins = [_tun(n, IFF_VNET_HDR) for n in names]
            self.out = _tun("out0")
        except OSError as e:
            raise CannotAsk(f"no TUN device can be made here: {e.strerror}") from None
        self._rules(conf, hold)
        put("/proc/sys/net/ipv4/ip_forward", 1)
        put("/proc/sys/net/ipv6/conf/all/forwarding", 1)
        _pipe_to(["ip", "-batch", "-"],
                 "".join(f"link set {n} mtu 65535 txqueuelen 10000 up\n" for n in ["lo", "out0", *names])
                 + "route add 0.0.0.0/0 dev out0\nroute add ::/0 dev out0\n")
        self._settings(conf)
        self._listen(hold)
        self.held, self.flows, self.nr_flows, self.tuples = {}, {}, 0, {}
        self._collect({})                           # discard events of the set-up

    def _rules(self, conf, hold):
        raw = conf.get("nft_raw", [])
        early = "chain raw { type filter hook prerouting priority -300; %s; }" % "; ".join(raw) if raw else ""
        seen = "".join(x + "; " for x in conf.get("nft_seen", []))
        _pipe_to(["nft", "-f", "-"], RULES % (conf.get("nft", ""), early, seen) + (RULES_HOLD if hold else ""))

    def _settings(self, conf):
        set_sysctl("nf_conntrack_events", 1)
        set_sysctl("nf_conntrack_log_invalid", 255)
        for k, v in conf.get("sysctl", {}).items():
            set_sysctl(k, v)
        self.timeouts = set()
        for name in os.listdir(SYSCTL):
            if "_timeout" in name and name.startswith("nf_conntrack_"):
                with open(SYSCTL + name) as f:
                    self.timeouts.add(int(f.read()))
        for family in (2, 10):
            put(f"{SYSCTL}nf_log/{family}", "nfnetlink_log")

    def _listen(self, hold):
        self.log = Netlink()
        self.log.ask(nl.SUB_LOG << 8 | 1, 0, attr(1, b"\x01"))                      # bind group 0
        self.log.ask(nl.SUB_LOG << 8 | 1, 0, attr(2, struct.pack(">IBB", 0, 1, 0))  # meta data,
                     + attr(5, struct.pack(">I", 1)))                               # at once
        self.trace, self.events, self.query = Netlink(nl.GROUP_TRACE), Netlink(*nl.GROUP_CT), Netlink()
        if hold:
            self._queue()

    def _queue(self):
        """Queue what reaches chain q: a packet held between PRE_ROUTING and confirm.

        Through xt_NFQUEUE, which a kernel without nft_queue may have; nft cannot write such a rule."""
        def string(kind, s):
            return attr(kind, s.encode() + b"\0")

        expr = string(1, "target") + attr(2, string(1, "NFQUEUE") + attr(2, struct.pack(">I", 0))
                                          + attr(3, struct.pack("=H6x", 0)), True)
        rule = string(1, "hold") + string(2, "q") + attr(4, attr(1, expr, True), True)
        sock = Netlink()
        sock.sock.send(nl.message(16, 0, b"", 0, 1, nl.SUB_NFT)                     # a batch of one
                       + nl.message(nl.SUB_NFT << 8 | 6, 2, rule, 0xC04, 1)
                       + nl.message(17, 0, b"", 0, 1, nl.SUB_NFT))
        for kind, _, _, p in sock.messages(wait=True):
            if kind == nl.ERROR and struct.unpack_from("=i", p)[0]:
                raise CannotAsk("this kernel has no NFQUEUE target, which held packets need")
        self.queue = Netlink()
        self.queue.ask(nl.SUB_QUEUE << 8 | 2, 0, attr(1, struct.pack(">BBH", 1, 0, 2)))
        self.queue.ask(nl.SUB_QUEUE << 8 | 2, 0, attr(2, struct.pack(">IB", 0, 1)))

    # ------------------------------------------------------------ actions
    def packet(self, i, p, dev=0, hold=False, query=True):
        """Packet i arrives by that device. Returns its line."""
        name, fragment = brief(p)
        r = {"i": i, "pkt": name}
        try:
            os.write(self.ins[-1 if hold else dev], virtio_header(p) + p)
        except OSError as e:
            r["verdict"] = "unsent:" + errno.errorcode[e.errno]
            return r
        self._collect(r, fragment, query)
        if hold:
            for kind, _, _, m in self.queue.messages():
                if kind == nl.SUB_QUEUE << 8:
                    self.held[i] = be32(attrs(m)[1][:4])
                    r["verdict"] = "held"
        if r["verdict"] == "accept" and not r["sent"]:
            r["verdict"] = "drop_confirm"           # passed PRE_ROUTING, refused by confirm
        return r

    def release(self, i):
        """Releases held packet i. Returns its second line."""
        r = {"i": i, "released": True}
        if i in self.held:                          # otherwise it was dropped before the queue
            self.queue.send(nl.SUB_QUEUE << 8 | 1, 0, attr(2, struct.pack(">II", 1, self.held.pop(i))))
        self._collect(r)
        return r

    def do(self, what):
        """An action between packets: "flush"."""
        if what != "flush":
            raise Unusable(f"a scenario's \"after\" can release packets and \"flush\", not \"{what}\"")
        self.query.ask(nl.SUB_CT << 8 | 2, 0, b"")
        r = {"do": what}
        self._collect(r)
        del r["verdict"], r["sent"]
        return r

    def table(self):
        """Every entry."""
        rows, done = [], False
        self.query.send(nl.SUB_CT << 8 | 1, 0, b"", nl.DUMP)
        while not done:
            for kind, _, _, p in self.query.messages(wait=True):
                if kind in (nl.DONE, nl.ERROR):
                    done = True
                elif kind == nl.SUB_CT << 8:
                    j, a = nl.connection_json(p, self.timeouts)
                    j["ct"] = self.flows.get(a.get(12))
                    rows.append(j)
        rows.sort(key=lambda j: (j["ct"] or 0, json.dumps(j["orig"])))
        return rows

    def stats(self):
        """The namespace's counters."""
        with open("/proc/net/stat/nf_conntrack") as f:
            head = f.readline().split()
            rows = [[int(x, 16) for x in line.split()] for line in f]
        s = {h: sum(r[i] for r in rows) for i, h in enumerate(head)}
        s["entries"] = rows[0][0]                   # each row has all of them
        return {k: s[k] for k in STATS if k in s}

    # ------------------------------------------------------------ messages from the kernel
    def _traces(self):
        """The first message of each chain: it has the packet and the connection."""
        first = {}
        for kind, _, _, p in self.trace.messages():
            if kind == (nl.SUB_NFT << 8 | 17):
                a = attrs(p)
                first.setdefault(nl.text(a[2]), a)
        return first.get("early"), first.get("seen"), first.get("sent")

    def _events(self):
        """(names, ids of deleted connections)"""
        names, gone = [], []
        for kind, flags, family, p in self.events.messages():
            if kind >> 8 != nl.SUB_CT:
                continue
            a = attrs(p)
            if kind & 255 == 2:
                names.append("DESTROY")
                gone.append(a.get(12))
                continue
            names.append("NEW" if flags & 0x600 else "UPDATE")
            self.tuples[a.get(12)] = family, attr(1, a[1], True) + (attr(18, a[18]) if 18 in a else b"")
            if a.get(12) in gone:                   # the address is used again
                gone.remove(a.get(12))
        return names, gone

    def _sent(self):
        n = 0
        while True:
            try:
                os.read(self.out, 65536)
                n += 1
            except BlockingIOError:
                return n

    def _collect(self, r, fragment=False, query=True):
        """Adds to r everything that the last system call caused."""
        early, seen, sent = self._traces()
        events, gone = self._events()
        why = [nl.text(attrs(p)[10]).strip(" :") for kind, _, _, p in self.log.messages()
               if kind == nl.SUB_LOG << 8 and 10 in attrs(p)]
        packets = self._sent()
        released = r.get("released")
        if "NEW" in events and seen is not None and STATE not in seen and not released:
            raise CannotAsk(f"the nf_tables trace of this kernel ({os.uname().release}) does not carry the "
                            "conntrack state: boot Linux 6.18 or later")
        if released:
            r["verdict"] = "accept" if sent else "drop"
        elif early is None and seen is None:
            r["verdict"] = "unseen"                 # died before the first hook
        elif seen is None:
            r["verdict"] = "stolen" if fragment else "drop"
        else:
            r["verdict"] = "accept"
            r.update(self._state(seen, "status_in"))
        if sent is not None:
            s = self._state(sent, "status")
            if s.get("ct") != r.get("ct"):
                r["ct_after"] = s.get("ct")         # of a released packet; or a clash swapped it
            r["status"] = s.get("status", [])
        a = sent or seen
        if query and a and a.get(CT_ID) in self.tuples:
            self._look(r, a[CT_ID])
        if why:
            r["why"] = why
        if events:
            r["events"] = events
        r["sent"] = packets
        for cid in gone:
            # its number stays: a held packet may have it still, and of a new entry with this id the
            # first packet, unconfirmed, tells (_ctinfo)
            self.tuples.pop(cid, None)

    def _look(self, r, cid):
        """The entry as it is now."""
        family, tuple_attr = self.tuples[cid]
        self.query.send(nl.SUB_CT << 8 | 1, family, tuple_attr)
        for kind, _, _, p in self.query.messages(wait=True):
            if kind == nl.SUB_CT << 8:
                j, a = nl.connection_json(p, self.timeouts)
                if a.get(12) == cid:
                    r.update((k, j[k]) for k in ("proto_state", "timeout", "tcp_flags", "wscale", "vtag")
                             if k in j)
            break

    def _state(self, a, key):
        """What a trace message reports about the packet's connection; its status bits under that key."""
        if STATE not in a:
            return {"state": "invalid"}
        if CT_ID not in a:
            return {"state": "untracked"}
        cid, reply = a[CT_ID], a[DIRECTION][0]
        bits = be32(a[STATUS]) if STATUS in a else 0
        if key == "status_in" and not bits >> 3 & 1:
            self.flows.pop(cid, None)               # unconfirmed: certainly a new object
        if cid not in self.flows:
            self.nr_flows += 1
            self.flows[cid] = self.nr_flows
        name, info = STATES[be32(a[STATE])]
        return {"state": name, "dir": "reply" if reply else "orig", "ctinfo": CTINFO[info + 3 * bool(reply)],
                "ct": self.flows[cid], key: nl.status_bits(bits)}
