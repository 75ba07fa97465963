# SPDX-License-Identifier: MIT
"""nfnetlink for the conformance tools: messages, attributes, and connections in ctnetlink's format."""
import os
import socket
import struct

NETLINK_NETFILTER, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, SO_RCVBUFFORCE = 12, 270, 1, 33
REQUEST, ACK, DUMP = 1, 4, 0x300                # message flags
ERROR, DONE = 2, 3                              # message types
SUB_CT, SUB_QUEUE, SUB_LOG, SUB_NFT = 1, 3, 4, 10
GROUP_CT = (1, 2, 3)                            # new, update, destroy
GROUP_TRACE = 9

STATUS = ["expected", "seen_reply", "assured", "confirmed", "src_nat", "dst_nat", "seq_adjust",
          "src_nat_done", "dst_nat_done", "dying", "fixed_timeout", "template", "nat_clash", "helper",
          "offload", "hw_offload"]
TCP_STATES = ["NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK",
              "TIME_WAIT", "CLOSE", "SYN_SENT2"]
SCTP_STATES = ["NONE", "CLOSED", "COOKIE_WAIT", "COOKIE_ECHOED", "ESTABLISHED", "SHUTDOWN_SENT",
               "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT"]
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 58: "icmpv6", 132: "sctp",
             136: "udplite"}


def be16(b):
    return struct.unpack(">H", b)[0]


def be32(b):
    return struct.unpack(">I", b)[0]


def attrs(buf):
    """The attributes of buf as {type: bytes}, without their flags."""
    out, at = {}, 0
    while at + 4 <= len(buf):
        length, kind = struct.unpack_from("=HH", buf, at)
        if length < 4:
            break
        out[kind & 0x3FFF] = buf[at + 4:at + length]
        at += (length + 3) & ~3
    return out


def attr(kind, data, nest=False):
    length = len(data) + 4
    return struct.pack("=HH", length, kind | (0x8000 if nest else 0)) + data + b"\0" * (-length & 3)


def text(b):
    """A string attribute."""
    return b.rstrip(b"\0").decode()


def message(kind, family, body, flags=0, seq=0, res_id=0):
    """A whole nfnetlink message."""
    return struct.pack("=IHHII", 20 + len(body), kind, REQUEST | flags, seq, 0) \
        + struct.pack(">BBH", family, 0, res_id) + body


class Netlink:
    """A socket of the network namespace in which it was made, with these multicast groups."""

    def __init__(self, *groups):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.sock.bind((0, 0))
        for g in groups:
            self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, g)
        self.seq = 0

    def send(self, kind, family, body, flags=0):
        self.seq += 1
        self.sock.send(message(kind, family, body, flags, self.seq))

    def messages(self, wait=False):
        """(type, flags, family, payload) of all messages that are there; wait: waits for the first."""
        how = 0 if wait else socket.MSG_DONTWAIT
        while True:
            try:
                buf = self.sock.recv(1 << 17, how)
            except BlockingIOError:
                return
            at = 0
            while at + 16 <= len(buf):
                length, kind, flags, _, _ = struct.unpack_from("=IHHII", buf, at)
                if length < 16:
                    break
                if kind in (ERROR, DONE):
                    yield kind, flags, 0, buf[at + 16:at + length]
                else:
                    yield kind, flags, buf[at + 16], buf[at + 20:at + length]
                at += (length + 3) & ~3
            if wait:
                how = socket.MSG_DONTWAIT

    def ask(self, kind, family, body):
        """Sends and waits for the acknowledgement; raises OSError if the kernel refuses."""
        self.send(kind, family, body, flags=ACK)
        for kind, _, _, p in self.messages(wait=True):
            if kind == ERROR:
                err = -struct.unpack_from("=i", p)[0]
                if err:
                    raise OSError(err, os.strerror(err))
                return


# ---------------------------------------------------------------- connections
def status_bits(v):
    return [name for i, name in enumerate(STATUS) if v >> i & 1]


def tuple_json(buf):
    """A CTA_TUPLE_*."""
    a = attrs(buf)
    ip, proto = attrs(a.get(1, b"")), attrs(a.get(2, b""))
    number = proto[1][0] if 1 in proto else 0
    t = {"l4": PROTOCOLS.get(number, number)}
    for first, family in ((1, socket.AF_INET), (3, socket.AF_INET6)):
        if first in ip:
            t["src"], t["dst"] = (socket.inet_ntop(family, ip[k]) for k in (first, first + 1))
    for k, name in ((2, "sport"), (3, "dport"), (4, "id"), (7, "id")):
        if k in proto:
            t[name] = be16(proto[k])
    for k, name in ((5, "type"), (6, "code"), (8, "type"), (9, "code")):
        if k in proto:
            t[name] = proto[k][0]
    if 3 in a:
        t["zone"] = be16(a[3])
    return t


def connection_json(payload, timeouts):
    """(a line's fields of a connection, its attributes).

    timeouts: the settings in seconds. ctnetlink rounds the time left down, so a timeout that was
    just set is reported a second shorter."""
    a = attrs(payload)
    r = {"orig": tuple_json(a[1]), "reply": tuple_json(a[2])}
    if 3 in a:
        r["status"] = status_bits(be32(a[3]))
    info = attrs(a.get(4, b""))
    if 1 in info:
        t = attrs(info[1])
        r["proto_state"] = TCP_STATES[t[1][0]]
        if 2 in t:
            r["wscale"] = [t[2][0], t[3][0]]
        if 4 in t:
            r["tcp_flags"] = [t[4][0], t[5][0]]
    elif 3 in info:
        t = attrs(info[3])
        r["proto_state"] = SCTP_STATES[t[1][0]]
        r["vtag"] = [be32(t[2]), be32(t[3])]
    if 7 in a:
        v = be32(a[7])
        r["timeout"] = v + 1 if v not in timeouts and v + 1 in timeouts else v
    if 18 in a:
        r["zone"] = be16(a[18])
    helper = attrs(a.get(5, b""))
    if 1 in helper:
        r["helper"] = text(helper[1])
    if 9 in a and 10 in a:              # packets and bytes of both directions
        r["acct"] = [[int.from_bytes(attrs(a[k])[n], "big") for n in (1, 2)] for k in (9, 10)]
    if 14 in a:
        r["master"] = tuple_json(a[14])
    return r, a
