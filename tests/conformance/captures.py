# SPDX-License-Identifier: MIT
"""The files of the conformance tools, plain or packed by zstd, and the IP packets of classic pcap files."""
import os
import socket
import struct
import subprocess

from netlink import PROTOCOLS, be16, be32

MAGICS = {b"\xd4\xc3\xb2\xa1": ("<", 1e-6), b"\xa1\xb2\xc3\xd4": (">", 1e-6),
          b"\x4d\x3c\xb2\xa1": ("<", 1e-9), b"\xa1\xb2\x3c\x4d": (">", 1e-9)}
IP_TYPES = (0x0800, 0x86DD)
VLAN_TYPES = (0x8100, 0x88A8, 0x9100)


class Unusable(Exception):
    """An error that the user can correct, as a sentence (exit status 2)."""


def reason(e):
    if isinstance(e, OSError):
        return "zstd is not installed (make deps installs it)" if e.filename == "zstd" else e.strerror
    return str(e)


def slurp(path):
    try:
        if str(path).endswith(".zst"):
            r = subprocess.run(["zstd", "-dcq", path], capture_output=True)
            if r.returncode:
                raise Unusable(f"{path} cannot be unpacked: {r.stderr.decode().strip()}")
            return r.stdout
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        raise Unusable(f"{path} cannot be read: {reason(e)}") from None


def spill(path, data):
    """Writes a file whole, packed if its name ends in .zst."""
    try:
        if str(path).endswith(".zst"):
            data = subprocess.run(["zstd", "-19", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout
        with open(path, "wb") as f:
            f.write(data)
    except (OSError, subprocess.CalledProcessError) as e:
        raise Unusable(f"{path} cannot be written: {reason(e)}") from None


def stem(path):
    """A scenario's name from the name of one of its files: NAME.pcap, NAME.jsonl.zst."""
    name = os.path.basename(path).removesuffix(".zst")
    return os.path.splitext(name)[0]


def _ethernet(p):
    if len(p) < 14:
        return b""
    kind, at = be16(p[12:14]), 14
    while kind in VLAN_TYPES and len(p) >= at + 4:
        kind, at = be16(p[at + 2:at + 4]), at + 4
    if kind == 0x8864:                              # PPPoE, then PPP's protocol
        return p[at + 8:]
    return p[at:] if kind in IP_TYPES else b""


def _raw(p):
    return p


def _typed(at, skip):
    """A header with an Ethernet type at byte at, over after skip bytes."""
    return lambda p: p[skip:] if len(p) >= skip and be16(p[at:at + 2]) in IP_TYPES else b""


LINKS = {0: lambda p: p[4:], 108: lambda p: p[4:], 1: _ethernet,
         9: lambda p: p[4:] if p[:2] == b"\xff\x03" else p[2:],
         12: _raw, 14: _raw, 101: _raw, 228: _raw, 229: _raw, 113: _typed(14, 16), 276: _typed(0, 20)}


def read(path):
    """[(seconds, packet from its IP header on)]; b"" for a packet that is not IP."""
    data = slurp(path)
    if data[:4] not in MAGICS:
        raise Unusable(f"{path} is not a classic pcap file: convert it with editcap -F pcap")
    order, unit = MAGICS[data[:4]]
    if len(data) < 24:
        raise Unusable(f"{path} is cut off in its header")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    if link not in LINKS:
        raise Unusable(f"{path} has link type {link}; these are read: {', '.join(map(str, sorted(LINKS)))}")
    at, out = 24, []
    while at + 16 <= len(data):
        s, u, size, _ = struct.unpack_from(order + "IIII", data, at)
        if at + 16 + size > len(data):
            raise Unusable(f"{path} is cut off in packet {len(out)}")
        out.append((s + u * unit, LINKS[link](data[at + 16:at + 16 + size])))
        at += 16 + size
    return out


# ---------------------------------------------------------------- for people
def _transport(number, body):
    """(the end of the short form, after the addresses; the ports, which stand between them)"""
    if number in (6, 17, 132, 136, 33):
        ports = be16(body[0:2]), be16(body[2:4])
        more = ""
        if number == 6:
            flags = "".join(c for i, c in enumerate("FSRPAUEC") if body[13] >> i & 1)
            more = f" {flags} seq={be32(body[4:8])} ack={be32(body[8:12])} win={be16(body[14:16])}" \
                   f" len={len(body) - (body[12] >> 4) * 4}"
        elif number == 132 and len(body) > 12:
            more = f" chunk={body[12]} vtag={be32(body[4:8])}"
        return ports, more
    if number in (1, 58):
        return None, f" type={body[0]} code={body[1]}"
    return None, ""


def brief(p):
    """(a short name of the packet, is it a fragment)

    One whose transport header cannot be read does not count as a fragment here: replay_known_fragment() in
    harness/replay/oracle.c does the same, so that both call it "drop" or both "stolen"."""
    try:
        if p[0] >> 4 == 4:
            number, body, where = p[9], p[(p[0] & 15) * 4:], be16(p[6:8])
            src, dst = (socket.inet_ntop(socket.AF_INET, p[k:k + 4]) for k in (12, 16))
            frag, offset = bool(where & 0x3FFF), (where & 0x1FFF) * 8
        else:
            number, body, frag, offset = p[6], p[40:], False, 0
            src, dst = (socket.inet_ntop(socket.AF_INET6, p[k:k + 16]) for k in (8, 24))
            while number in (0, 43, 44, 60) and not offset:
                if number == 44:
                    frag, offset = True, be16(body[2:4]) & 0xFFF8
                number, body = body[0], body[8 if number == 44 else body[1] * 8 + 8:]
        name = PROTOCOLS.get(number, str(number))
        if offset:
            return f"{name} {src}>{dst} frag@{offset}", True
        ports, more = _transport(number, body)
        way = f"{src}:{ports[0]}>{dst}:{ports[1]}" if ports else f"{src}>{dst}"
        return f"{name} {way}{more}" + (" frag@0" if frag else ""), frag
    except (IndexError, OSError, ValueError, struct.error):
        return "unparsable", False
