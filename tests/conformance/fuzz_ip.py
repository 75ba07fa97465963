# SPDX-License-Identifier: MIT
"""How fuzz.py changes datagrams on their way: extension headers, options, fragments, damage,
and ICMP errors about earlier packets."""
import struct

from packets import ICMP, ICMPV6, checksum, icmp_bytes, ip, ip4, ip6


# ---------------------------------------------------------------- headers between IP and transport
def hop_options(r):
    out = b""
    for _ in range(r.choice([1, 1, 2, 3])):
        out += r.choice([b"\1\0", b"\0", b"\1\4\0\0\0\0", b"\5\2\0\0", b"\x1e\2ab", b"\x3e\1a", b"\1\2\0\0"])
    if r.random() < .1:
        out += r.choice([b"\x7e\1a", b"\xbe\0", b"\xfe\0", b"\1\xff", b"\x1e\x30", b"\xc2\4\0\1\0\0", b"\1\2\0\1", b"\5\3abc", b"\x26\2ab"])
    return out


def padded(out):
    """Pads to units of 8 bytes, with the 2 bytes of header that precede it."""
    left = -(len(out) + 2) % 8
    return out + (b"" if not left else b"\0" if left == 1 else struct.pack(">BB", 1, left - 2) + b"\0" * (left - 2))


def extension(r, kind, ident=0):
    if kind == 44:
        return kind, struct.pack(">BBHI", 0, 0, 0, r.choice([ident, r.getrandbits(32)]))       # atomic
    if kind == 51:
        n = r.choice([1, 2, 4])
        return kind, struct.pack(">BBHII", 0, n + 1, 0, 1, 1) + b"\0" * 4 * n
    if kind == 43:
        return kind, bytes([0, 2, r.choice([0, 2, 3, 4]), r.randrange(2)]) + b"\0" * 20
    body = padded(hop_options(r))
    return kind, bytes([0, (len(body) + 2) // 8 - 1]) + body


def extensions(w):
    """Headers in plausible order; sometimes in any order, sometimes one with a wrong length."""
    r, out = w.r, []
    if r.random() < .3:
        out.append(0)
    out += [k for k in (60, 43, 44, 51, 60) if r.random() < .25]
    if r.random() < .1:
        r.shuffle(out)
    if r.random() < .05:
        out.append(r.choice([59, 135, 139, 140, 0, 44]))
    out = [extension(r, k) for k in out]
    if out and r.random() < .06:
        i = r.randrange(len(out))
        kind, body = out[i]
        out[i] = kind, bytes([0, r.choice([0, 1, 5, 30, 200, 255])]) + body[2:]
    return out


def options4(r):
    out = r.choice([b"\1\1\1\1", b"\1\1\1\0", b"\7\7\4\0\0\0\0\0", b"\x44\x0c\5\0" + b"\0" * 8, b"\x94\4\0\0", b"\x83\7\4\1\2\3\4\0",
                    b"\x89\3\4\0", b"\7\3\5\0", b"\x44\4\5\xf0", b"\x99\4ab", b"\x99\1\0\0", b"\x99\x28\0\0", b"\x82\x0b" + b"\0" * 10,
                    b"\1" * 40, b"\7\x27\4" + b"\0" * 37])
    return out + b"\0" * (-len(out) % 4)


# ---------------------------------------------------------------- fragments
def faults(r, cuts):
    """Damages a packet's pieces (offset, length, more)."""
    for _ in range(r.choice([0, 0, 0, 1, 2])):
        if not cuts:
            break
        i = r.randrange(len(cuts))
        o, n, m = cuts[i]
        fault = r.randrange(9)
        if fault == 0:
            cuts.insert(r.randrange(len(cuts) + 1), (o, n, m))              # a duplicate
        elif fault == 1:
            cuts.append((max(0, o - 8), n, m))                              # an overlap
        elif fault == 2:
            cuts.insert(r.randrange(len(cuts) + 1), (o, n + 8 * r.randrange(1, 4), m))
        elif fault == 3:
            cuts[i] = (o, n, 1 - m)                                         # two ends, or none
        elif fault == 4:
            cuts[i] = (o, max(1, n - r.randrange(1, 8)), m)                 # not a multiple of 8
        elif fault == 5:
            cuts.append((o, 0, m))                                          # nothing in it
        elif fault == 6:
            cuts.append((r.choice([65528, 65520, 64000]), r.choice([7, 8, 16, 1600]), r.randrange(2)))
        elif fault == 7 and i + 1 < len(cuts):
            j = r.randrange(i + 1, len(cuts))                               # data that another piece has too
            cuts.append((o, cuts[j][0] + cuts[j][1] - o, cuts[j][2]))
        else:
            del cuts[i]                                                     # is never sent
    return cuts


def pieces(w, src, dst, proto, data):
    """The fragments of one packet, in the order of sending."""
    r, six = w.r, len(src) == 16
    ident = r.choice([1, 2, r.getrandbits(16)])
    ttl, df, tos = 64, r.random() < .2, r.choice([0, 0, 0, 1, 2])
    ext = [extension(r, r.choice([0, 60, 43, 60]))] if six and r.random() < .2 else []
    options = b"\1" * r.choice([4, 8, 40]) if not six and r.random() < .1 else b""
    step = r.choice([8, 16, 24, 64, 512, 1480])
    if len(data) // step > 60:
        step = 512
    cuts, at = [], 0
    while at < len(data) or not cuts:
        n = step if r.random() < .7 else 8 * r.randrange(1, 1 + step // 8)
        cuts.append((at, min(n, len(data) - at)))
        at += n
    cuts = faults(r, [(o, n, int(o + n < len(data))) for o, n in cuts])
    how = r.random()
    if how < .35:
        r.shuffle(cuts)
    elif how < .5:
        cuts.reverse()
    out = []
    for o, n, m in cuts:
        t = r.choice([0, 1, 2, 3]) if r.random() < .03 else tos | (3 if tos and r.random() < .1 else 0)
        if n < 0 or n > 3200:
            continue
        body = (data[o:o + n] + b"y" * n)[:n]
        if six:
            out.append(ip6(src, dst, proto if r.random() < .98 else 99, body, tos=t, ttl=ttl, ext=ext, frag=(o, m, ident)))
        else:
            out.append(ip4(src, dst, proto, body, ttl=ttl, ident=ident, tos=t, off=o, more=bool(m), df=df and r.random() < .9, options=options))
    return out


# ---------------------------------------------------------------- breakages
def mend_length(p):
    """Corrects the IP header's length and checksum."""
    if p[0] >> 4 == 6:
        return p[:4] + struct.pack(">H", max(0, len(p) - 40)) + p[6:]
    ihl = (p[0] & 15) * 4
    h = p[:2] + struct.pack(">H", len(p)) + p[4:10] + b"\0\0" + p[12:ihl]
    return h[:10] + struct.pack(">H", checksum(h)) + h[12:] + p[ihl:]


def broken(w, p):
    """One error in the packet. Its IP header stays complete, because the oracle identifies the packet by it."""
    r, x = w.r, w.r.random()
    six = p[0] >> 4 == 6
    base = 40 if six else (p[0] & 15) * 4
    if x < .25 and len(p) > base:           # shorter, with the right length
        return mend_length(p[:r.randrange(base, len(p))])
    if x < .35:                             # shorter than its length
        return p[:r.randrange(40 if six else 20, len(p) + 1)]
    if x < .45:                             # the link's padding
        return p + b"\0" * r.choice([1, 4, 18])
    if x < .75 and len(p) > base:           # a byte of the transport header
        at = min(base + r.randrange(24), len(p) - 1)
        return p[:at] + bytes([p[at] ^ r.choice([1, 2, 4, 8, 16, 32, 64, 128, 255])]) + p[at + 1:]
    if x < .85:                             # a TTL that ends
        at, v = (7, r.choice([0, 1])) if six else (8, r.choice([0, 1]))
        p = p[:at] + bytes([v]) + p[at + 1:]
        return p if six else mend_length(p)
    if six:
        n = r.choice([0, 1, 8, len(p) - 41 if len(p) > 41 else 0, len(p) - 40 + 1, 65535])
        return p[:4] + struct.pack(">H", n & 0xFFFF) + p[6:]
    if x < .92:
        return p[:10] + bytes([p[10] ^ 1]) + p[11:]
    at = r.choice([0, 2, 3])
    p = p[:at] + bytes([p[at] ^ r.choice([1, 2, 4, 8] if at == 0 else [1, 4, 16, 64, 128])]) + p[at + 1:]
    h = p[:10] + b"\0\0" + p[12:]
    return p[:10] + struct.pack(">H", checksum(h[:max(20, (p[0] & 15) * 4)])) + p[12:]


# ---------------------------------------------------------------- errors
def error(w, quoted):
    """An ICMP error about that packet to its sender, sometimes with a small mistake."""
    r = w.r
    six = quoted[0] >> 4 == 6
    if len(quoted) < (40 if six else 20):
        return None
    src, dst = (quoted[8:24], quoted[24:40]) if six else (quoted[12:16], quoted[16:20])
    to = r.choices([src, dst, w.address(six, 0, 0)], [20, 1, 1])[0]
    by = r.choices([dst, w.address(six, 1, 77), src], [10, 8, 1])[0]
    keep = quoted[:r.choices([len(quoted), 28, 48, 36, 60, 88, r.randrange(len(quoted) + 1)], [6, 4, 6, 2, 4, 2, 4])[0]]
    if r.random() < .06:                    # the other direction's packet
        keep = keep[:8] + dst + src + keep[40:] if six else keep[:12] + dst + src + keep[20:]
    if r.random() < .06:
        at = r.randrange(len(keep)) if keep else 0
        keep = keep[:at] + bytes([keep[at] ^ r.choice([1, 16, 255])]) + keep[at + 1:] if keep else keep
    kind = r.choice([1, 1, 2, 3, 4, 0, 5, 100, 127, 137]) if six else r.choice([3, 3, 3, 4, 5, 11, 12, 0, 8, 18, 19])
    code = r.choice([0, 0, 1, 2, 3, 4, 13])
    rest = r.choice([b"\0\0\0\0", b"\0\0\5\xdc", bytes(by[-4:])])
    if kind == 137 and six:                 # a redirect: only from the link
        rest, keep, code = b"\0\0\0\0", dst + dst + r.choice([b"\4\6\0\0\0\0\0\0", b"\1\1abcdef", b"\4\0\0\0\0\0\0\0"]) + keep, r.choice([0, 0, 1])
        by = bytes([0xfe, 0x80]) + b"\0" * 13 + b"\7" if r.random() < .5 else by
    bad = 1 if r.random() < .03 else 0
    l4 = icmp_bytes(by, to, kind, code, rest, keep, bad)
    return by, to, ICMPV6 if six else ICMP, l4
