#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a truncated capture routable, so that a kernel can be asked about it.

Published captures are often cut after the headers. Each IP packet is padded with zeros
to its IP length, gets a TTL (hop limit) of 64 and a right IPv4 header checksum; packets that a router does not
forward - from or to no address, loopback, multicast, broadcast, the link - are left out. The result is raw
IP with the old times. Checksums of the payload are wrong then: ask the kernel with nf_conntrack_checksum off.
"""
import argparse
import ipaddress
import struct
import sys

from captures import Unusable, read
from packets import checksum, write_pcap

LARGEST = 65000         # a TUN device accepts this and some more


def routable(packed):
    a = ipaddress.ip_address(packed)
    return not (a.is_multicast or a.is_loopback or a.is_unspecified or a.is_link_local
                or (a.version == 4 and packed[0] in (0, *range(224, 256))))


def padded(p):
    """The padded packet, or None if a router would not forward it."""
    version = p[0] >> 4 if p else 0
    if version == 4 and len(p) >= 20:
        head, total = (p[0] & 15) * 4, struct.unpack_from(">H", p, 2)[0]
        if head < 20 or len(p) < head or total < head or total > LARGEST:
            return None
        if not (routable(p[12:16]) and routable(p[16:20])):
            return None
        h = p[:8] + b"\x40" + p[9:10] + b"\0\0" + p[12:head]
        h = h[:10] + struct.pack(">H", checksum(h)) + h[12:]
        return h + p[head:total] + b"\0" * (total - len(p))
    if version == 6 and len(p) >= 40:
        total = 40 + struct.unpack_from(">H", p, 4)[0]
        if total > LARGEST or not (routable(p[8:24]) and routable(p[24:40])):
            return None
        return p[:7] + b"\x40" + p[8:total] + b"\0" * (total - len(p))
    return None


def pad(path, most=None):
    """([(seconds, packet)], number left out) of the first `most` packets that can be forwarded."""
    out, left = [], 0
    for t, p in read(path):
        if most is not None and len(out) >= most:
            break
        q = padded(p)
        if q is None:
            left += 1
        else:
            out.append((t, q))
    return out, left


def main():
    first, more = __doc__.split("\n", 1)
    ap = argparse.ArgumentParser(description=first, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("capture", help="pcap, or pcap.zst")
    ap.add_argument("out", help="the pcap to write")
    ap.add_argument("most", nargs="?", type=int, default=10000, help="write at most that many (default 10000)")
    a = ap.parse_args()
    try:
        out, left = pad(a.capture, a.most)
        write_pcap(a.out, out)
    except (Unusable, OSError) as e:
        print(f"pad_pcap.py: {e}", file=sys.stderr)
        return 2
    print(f"{a.out}: {len(out)} packets, {left} left out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
