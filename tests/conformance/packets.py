# SPDX-License-Identifier: MIT
"""Packets, captures and scenarios for the conformance tools, made only from arguments.

    c = Scenario("a question and its answer")
    c.add(udp("10.1.0.1", "10.2.0.1", 40000, 53, b"?"))
    c.add(udp("10.2.0.1", "10.1.0.1", 53, 40000, b"!"), dev=1)
    c.write("scenarios/udp_question")            # .pcap.zst, and .json with devices, zones and more

An address is text or the packed bytes; its length gives the family. Transport functions return the
whole IP packet, with right checksums unless `bad` is not 0 (it is xored into the checksum); further
keywords are passed to ip(). The functions that end in _bytes return the transport header and data alone,
for fragments and for what an ICMP error quotes.
"""
import json
import socket
import struct

from captures import spill

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
ICMP, TCP, UDP, DCCP, GRE, ESP, AH, ICMPV6, SCTP, UDPLITE = 1, 6, 17, 33, 47, 50, 51, 58, 132, 136


def addr(a):
    """The packed form of an address."""
    if isinstance(a, bytes):
        return a
    return socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a)


def checksum(b):
    """The internet checksum (RFC 1071)."""
    b += b"\0" * (len(b) & 1)
    s = sum(struct.unpack(">%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def _crc_table():
    out = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        out.append(n)
    return out


CRC = _crc_table()


def crc32c(b):
    """SCTP's checksum (RFC 9260, appendix A)."""
    c = 0xFFFFFFFF
    for x in b:
        c = c >> 8 ^ CRC[(c ^ x) & 255]
    return ~c & 0xFFFFFFFF


def pseudo(src, dst, proto, length):
    """The pseudo header, which the checksums of TCP, UDP and ICMPv6 cover too."""
    if len(src) == 4:
        return src + dst + struct.pack(">BBH", 0, proto, length & 0xFFFF)
    return src + dst + struct.pack(">IBBBB", length, 0, 0, 0, proto)


def _sum_at(src, dst, proto, l4, at, bad, covered=None):
    src, dst = addr(src), addr(dst)
    head = b"" if proto == ICMP else pseudo(src, dst, proto, len(l4))
    c = checksum(head + l4[:covered]) ^ bad
    if proto in (UDP, UDPLITE) and not c:
        c = 0xFFFF
    return l4[:at] + struct.pack(">H", c) + l4[at + 2:]


# ---------------------------------------------------------------- IP
def ip4(src, dst, proto, data, ttl=64, ident=1, tos=0, off=0, more=False, df=False, options=b"",
        ihl=None, length=None, version=4, bad_ip=0):
    """IPv4; off in bytes. ihl (in words), length and version set wrong values."""
    ihl = 5 + len(options) // 4 if ihl is None else ihl
    length = 20 + len(options) + len(data) if length is None else length
    h = struct.pack(">BBHHHBBH", version << 4 | ihl, tos, length & 0xFFFF, ident,
                    off // 8 | more << 13 | df << 14, ttl, proto, 0) + addr(src) + addr(dst) + options
    return h[:10] + struct.pack(">H", checksum(h) ^ bad_ip) + h[12:] + data


def ip6(src, dst, proto, data, ttl=64, tos=0, ext=(), frag=None, length=None, version=6):
    """IPv6. ext: headers in order, each (type, its bytes, the first of which is filled in here);
    frag: (offset, more, identification) of a fragment header behind them."""
    if frag:
        off, more, ident = frag
        ext = [*ext, (44, struct.pack(">BBHI", 0, 0, off | bool(more), ident))]
    for kind, body in reversed(ext):
        data, proto = bytes([proto]) + body[1:] + data, kind
    length = len(data) if length is None else length
    return struct.pack(">IHBB", version << 28 | tos << 20, length & 0xFFFF, proto, ttl) \
        + addr(src) + addr(dst) + data


def ip(src, dst, proto, data, **kw):
    """IPv4 or IPv6, by the address."""
    return (ip4 if len(addr(src)) == 4 else ip6)(src, dst, proto, data, **kw)


# ---------------------------------------------------------------- transport
def tcp_bytes(src, dst, sport, dport, seq=0, ack=0, flags=SYN, data=b"", win=8192, options=b"",
              doff=None, urgent=0, bad=0):
    """options are padded with end-of-list bytes, not NOPs; doff (in words) sets a wrong value."""
    options += b"\0" * (-len(options) % 4)
    doff = 5 + len(options) // 4 if doff is None else doff
    l4 = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, doff << 4 & 0xFF,
                     flags, win, 0, urgent) + options + data
    return _sum_at(src, dst, TCP, l4, 16, bad)


def udp_bytes(src, dst, sport, dport, data=b"data", length=None, bad=0, nosum=False):
    l4 = struct.pack(">HHHH", sport, dport, 8 + len(data) if length is None else length, 0) + data
    return l4 if nosum else _sum_at(src, dst, UDP, l4, 6, bad)


def udplite_bytes(src, dst, sport, dport, data=b"data", cover=0, bad=0, as_udp=False, nosum=False):
    """as_udp: the checksum with UDP's number in the pseudo header, as Linux verifies it."""
    l4 = struct.pack(">HHHH", sport, dport, cover, 0) + data
    return l4 if nosum else _sum_at(src, dst, UDP if as_udp else UDPLITE, l4, 6, bad, cover or None)


def icmp_bytes(src, dst, kind, code=0, rest=b"\0\0\0\0", data=b"", bad=0):
    """ICMP or ICMPv6, by the address; rest: the header's last four bytes."""
    proto = ICMP if len(addr(src)) == 4 else ICMPV6
    return _sum_at(src, dst, proto, struct.pack(">BBH", kind, code, 0) + rest + data, 2, bad)


def chunk(kind, value=b"", flags=0, length=None):
    """An SCTP chunk, padded; length sets a wrong value."""
    length = 4 + len(value) if length is None else length
    return struct.pack(">BBH", kind, flags, length & 0xFFFF) + value + b"\0" * (-len(value) % 4)


def sctp_bytes(sport, dport, vtag, chunks, bad=0):
    l4 = struct.pack(">HHII", sport, dport, vtag, 0) + b"".join(chunks)
    return l4[:8] + struct.pack("<I", crc32c(l4) ^ bad) + l4[12:]


def gre_bytes(protocol=0x0800, version=0, flags=0, key=None, call=0, data=b""):
    """GRE; version 1 is PPTP's, with a call id."""
    if version == 1:
        return struct.pack(">BBHHH", flags | 0x20, version, protocol, len(data), call) + data
    if key is not None:
        flags, data = flags | 0x20, struct.pack(">I", key) + data
    return struct.pack(">BBH", flags, version, protocol) + data


def _split(kw, names):
    return {k: kw.pop(k) for k in list(kw) if k in names}


def tcp(src, dst, sport, dport, seq=0, ack=0, flags=SYN, data=b"", win=8192, options=b"", **kw):
    own = _split(kw, ("doff", "urgent", "bad"))
    return ip(src, dst, TCP, tcp_bytes(src, dst, sport, dport, seq, ack, flags, data, win, options, **own), **kw)


def udp(src, dst, sport, dport, data=b"data", **kw):
    own = _split(kw, ("bad", "nosum")) | ({"length": kw.pop("udp_length")} if "udp_length" in kw else {})
    return ip(src, dst, UDP, udp_bytes(src, dst, sport, dport, data, **own), **kw)


def udplite(src, dst, sport, dport, data=b"data", **kw):
    own = _split(kw, ("cover", "bad", "as_udp", "nosum"))
    return ip(src, dst, UDPLITE, udplite_bytes(src, dst, sport, dport, data, **own), **kw)


def icmp(src, dst, kind, code=0, rest=b"\0\0\0\0", data=b"", bad=0, **kw):
    proto = ICMP if len(addr(src)) == 4 else ICMPV6
    return ip(src, dst, proto, icmp_bytes(src, dst, kind, code, rest, data, bad), **kw)


def echo(src, dst, ident, seq=1, reply=False, **kw):
    """A ping, or its answer."""
    kind = (8, 0) if len(addr(src)) == 4 else (128, 129)
    return icmp(src, dst, kind[reply], 0, struct.pack(">HH", ident, seq), **kw)


def sctp(src, dst, sport, dport, vtag, chunks, bad=0, **kw):
    return ip(src, dst, SCTP, sctp_bytes(sport, dport, vtag, chunks, bad), **kw)


def gre(src, dst, **kw):
    own = _split(kw, ("protocol", "version", "flags", "key", "call", "data"))
    return ip(src, dst, GRE, gre_bytes(**own), **kw)


def fragments(src, dst, proto, data, size, ident=1, **kw):
    """The packet in pieces of size bytes (a multiple of 8)."""
    out = []
    for at in range(0, max(len(data), 1), size):
        more = at + size < len(data)
        where = {"off": at, "more": more, "ident": ident} if len(addr(src)) == 4 else {"frag": (at, more, ident)}
        out.append(ip(src, dst, proto, data[at:at + size], **where, **kw))
    return out


# ---------------------------------------------------------------- captures and scenarios
def write_pcap(path, packets):
    """packets: (seconds, bytes) in order. Raw IP, microseconds."""
    data = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
    for t, p in packets:
        us = round(t * 1000000)
        data += struct.pack("<IIII", us // 1000000, us % 1000000, len(p), len(p)) + p
    spill(path, data)


class Scenario:
    """Packets one millisecond apart, and their scenario file.

    Zones, notrack and helpers reach the implementation by those keys and the kernel by rules; both are
    written. Held packets are IPv4 (the oracle's queue is)."""

    def __init__(self, title=None, **keys):
        """keys: sysctl, and global for settings that only the first namespace has."""
        self.conf = ({"title": title} if title else {}) | keys
        self.packets, self.devs, self.now = [], [], 1000000000.0

    def add(self, packet, dev=0, hold=False):
        """The packet's number."""
        i = len(self.packets)
        self.packets.append((self.now, packet))
        self.devs.append(dev)
        self.now += 0.001
        if hold:
            self.conf.setdefault("hold", []).append(i)
        return i

    def wait(self, seconds):
        """Let real time pass before the next packet."""
        self.conf["realtime"] = True
        self.now += seconds

    def after(self, what, packet=None):
        """After packet (default: the last one): release a held packet, by its number, or "flush"."""
        i = len(self.packets) - 1 if packet is None else packet
        self.conf.setdefault("after", {}).setdefault(str(i), []).append(what)

    def zone(self, dev, zone, direction=None):
        """Packets that arrive by dev belong to that zone, in both directions or in one."""
        self.conf.setdefault("zones", {})[str(dev)] = \
            {"id": zone} | ({"dir": direction} if direction else {})
        way = direction + " " if direction else ""
        self.conf.setdefault("nft_raw", []).append(f'iifname "in{dev}" ct {way}zone set {zone}')

    def notrack(self, dev):
        self.conf.setdefault("notrack", []).append(dev)
        self.conf.setdefault("nft_raw", []).append(f'iifname "in{dev}" notrack')

    def helper_ftp(self, ports=(21,)):
        self.conf["helpers"] = {"ftp": list(ports)}
        rules = "".join('tcp dport %d ct helper set "f"; ' % p for p in ports)
        self.conf["nft"] = "".join(
            'table %s h { ct helper f { type "ftp" protocol tcp; }; chain p { type filter hook prerouting '
            'priority -150; %s}; }\n' % (t, rules) for t in ("ip", "ip6"))

    def write(self, path, end=".pcap.zst"):
        """PATH.pcap.zst and PATH.json."""
        write_pcap(path + end, self.packets)
        if any(self.devs):
            self.conf["in"] = self.devs
        with open(path + ".json", "w") as f:
            json.dump(self.conf, f, indent=None if "in" in self.conf else 1)
            f.write("\n")
