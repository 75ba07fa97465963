#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The contents of captures, as rows of the table in README.md: count.py FILE...

Reads classic pcap (plain, or zstd by the zstd program) of Ethernet, raw IP or
Linux cooked v2.  A flow is what conntrack would see as one connection only by its
addresses: protocol and both ends of TCP and UDP, the identifier of an
ICMP echo; errors and later fragments count as packets only.
"""
import os
import struct
import subprocess
import sys

ETHERNET, RAW, SLL2 = 1, 101, 276


def ports(protocol, data, flows, ends):
    if protocol in (6, 17) and len(data) >= 4:
        flows.add((protocol, *sorted(zip(ends, struct.unpack("!HH", data[:4])))))
        return {6: "TCP", 17: "UDP"}[protocol]
    if protocol in (1, 58):
        name = "ICMP" if protocol == 1 else "ICMPv6"
        echo = (0, 8) if protocol == 1 else (128, 129)
        if len(data) >= 6 and data[0] in echo:
            flows.add((protocol, *sorted(ends), data[4:6]))
        elif data and (data[0] in (3, 4, 11, 12) if protocol == 1 else data[0] < 128):
            return name + " errors"
        return name
    return "other IP"


def packet(data, ether, flows):
    if ether == 0x0800 and len(data) >= 20:
        ends = data[12:16], data[16:20]
        if struct.unpack("!H", data[6:8])[0] & 0x1FFF:
            return "later fragments"
        return ports(data[9], data[(data[0] & 15) * 4:], flows, ends)
    if ether == 0x86DD and len(data) >= 40:
        ends, protocol, data = (data[8:24], data[24:40]), data[6], data[40:]
        while protocol in (0, 43, 44, 60) and len(data) >= 8:
            if protocol == 44 and struct.unpack("!H", data[2:4])[0] & 0xFFF8:
                return "later fragments"
            size = 8 if protocol == 44 else 8 + data[1] * 8
            protocol, data = data[0], data[size:]
        return ports(protocol, data, flows, ends)
    return "not IP"


def count(path):
    if path.endswith(".zst"):
        data = subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    else:
        data = open(path, "rb").read()
    link = struct.unpack("<I", data[20:24])[0]
    at, flows, kinds, times, wire, versions = 24, set(), {}, [], 0, {4: 0, 6: 0}
    while at < len(data):
        sec, usec, caplen, length = struct.unpack("<IIII", data[at:at + 16])
        frame = data[at + 16:at + 16 + caplen]
        at += 16 + caplen
        times.append(sec + usec / 1e6)
        wire += length
        if link == ETHERNET:
            ether, frame = struct.unpack("!H", frame[12:14])[0], frame[14:]
        elif link == SLL2:
            ether, frame = struct.unpack("!H", frame[0:2])[0], frame[20:]
        else:
            ether = 0x0800 if frame[0] >> 4 == 4 else 0x86DD
        if ether in (0x0800, 0x86DD):
            versions[4 if ether == 0x0800 else 6] += 1
        kind = packet(frame, ether, flows)
        kinds[kind] = kinds.get(kind, 0) + 1
    total = len(times)
    ip = max(1, versions[4] + versions[6])
    print("| %s | %s | %d | %s | %d | %d | %.0f | %d/%d | %s |" % (
        os.path.basename(path), {ETHERNET: "Ethernet", RAW: "raw IP", SLL2: "cooked v2"}[link],
        os.path.getsize(path), format(total, ","), wire, len(flows),
        max(times) - min(times), round(100 * versions[4] / ip), round(100 * versions[6] / ip),
        ", ".join("%s %s" % (name, format(n, ","))
                  for name, n in sorted(kinds.items(), key=lambda kn: -kn[1]))))


print("| file | link type | bytes | packets | bytes on the wire | flows | seconds "
      "| IPv4/IPv6 % | packets by protocol |")
print("|---|---|---:|---:|---:|---:|---:|---|---|")
for name in sys.argv[1:]:
    count(name)
