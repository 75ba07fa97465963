#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares an implementation's answer for each packet with the kernel's.

Both files have the oracle's format (README.md). The comparison is strict: a field that only one of them
has is a difference, the packets must be the same in the same order, and the tables at the end must have
the same entries. Each side numbers connections in its own way, so "ct" is compared up to a one-to-one
renaming. The kernel's clock runs between a packet and the query of its entry, so the kernel may report one
second less than an implementation whose clock stands still; with running clocks one more or less.
Other differences that are allowed are in excuses.json, by scenario and packet, each with its reason.

Exit status: 0 the same; 1 different; 2 an error that you can correct.
"""
import argparse
import json
import os
import sys

from captures import Unusable, slurp, stem

PACKET = ("verdict", "state", "dir", "ctinfo", "ct", "ct_after", "status_in", "status", "proto_state", "timeout",
          "tcp_flags", "wscale", "vtag", "events")
ROW = ("orig", "reply", "status", "proto_state", "zone", "helper", "master", "acct", "timeout", "ct")
NUMBERS = ("ct", "ct_after")
BASELINE = "nulls_rcu_jhash2_scale_seqcount"
EXCUSES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "excuses.json")


class Excuses:
    """What may differ: a rule without "packets", "fields" or "variants" holds for all of them."""

    def __init__(self, scenario, variant=BASELINE, path=EXCUSES):
        with open(path) as f:
            self.rules = [r for r in json.load(f)
                          if scenario in r["scenarios"] and variant in r.get("variants", [variant])]

    def cover(self, where, field):
        return any(where in r.get("packets", [where]) and field in r.get("fields", [field]) for r in self.rules)


class Renaming:
    """A one-to-one map between two numberings of connections."""

    def __init__(self):
        self.there, self.back = {}, {}

    def same(self, a, b):
        if a is None or b is None:
            return a is b
        return self.there.setdefault(a, b) == b and self.back.setdefault(b, a) == a


def parse(text, name):
    """(lines, the final one)"""
    try:
        lines = [json.loads(line) for line in text.splitlines()]
    except ValueError as e:
        raise Unusable(f"{name} is not JSON lines: {e}") from None
    if not lines or not lines[-1].get("final"):
        raise Unusable(f"{name} is not complete: its last line is not the final one")
    return lines[:-1], lines[-1]


def same(field, a, b, names, slack):
    if field in NUMBERS:
        return names.same(a, b)
    if field == "timeout" and a is not None and b is not None:
        return -1 <= a - b <= slack
    return a == b


def lines_differ(want, got, names, slack):
    """(where, field, the kernel's, ours) of all packets; where: the packet's number or a text."""
    if len(want) != len(got):
        yield "the file", "lines", len(want), len(got)
    for w, g in zip(want, got):
        where = w.get("i", "an action")
        for f in ("i", "released", "do"):
            if w.get(f) != g.get(f):
                yield where, f, w.get(f), g.get(f)
        if "do" in w:
            continue
        for f in PACKET:
            if not same(f, w.get(f), g.get(f), names, slack):
                yield where, f, w.get(f), g.get(f)


def tables_differ(want, got, names, slack):
    def by_key(table):
        return {json.dumps([r["orig"], r.get("zone"), r["reply"].get("zone")], sort_keys=True): r for r in table}

    a, b = by_key(want["table"]), by_key(got["table"])
    for key in sorted(a.keys() | b.keys()):
        if key not in a or key not in b:
            yield "table", "entry", a.get(key), b.get(key)
            continue
        for f in ROW:
            if f == "ct" and a[key].get(f) is None:
                continue                # an entry to which no packet belonged when it was read
            if not same(f, a[key].get(f), b[key].get(f), names, slack):
                yield "table", f"table.{f} of {json.dumps(a[key]['orig'])}", a[key].get(f), b[key].get(f)


def compare(want, got, slack=0, table=True, excuses=None):
    """Differences between two texts: (where, field, the kernel's, ours)."""
    (wl, wf), (gl, gf) = parse(want, "what the kernel said"), parse(got, "what is compared with it")
    names = Renaming()
    unlike = list(lines_differ(wl, gl, names, slack))
    if table:
        unlike += tables_differ(wf, gf, names, slack)
        stats = wf.get("stats", {})
        unlike += [("table", "stats." + k, v, gf.get("stats", {}).get(k)) for k, v in stats.items()
                   if v != gf.get("stats", {}).get(k)]
    return [d for d in unlike if not (excuses and excuses.cover(d[0], d[1].split(" ")[0]))]


def report(unlike, want, show=10, words=("Linux says", "not")):
    """The first differences, with the packet's short form, and how many there are by field."""
    packets = {j["i"]: j.get("pkt", "") for j in map(json.loads, want.splitlines()) if "pkt" in j}
    fields = {}
    for n, (where, field, w, g) in enumerate(unlike):
        fields[field.split(" ")[0]] = fields.get(field.split(" ")[0], 0) + 1
        if n < show:
            place = f"packet {where} ({packets.get(where, '')})" if isinstance(where, int) else where
            print(f"{place}: {field}: {words[0]} {json.dumps(w)}, {words[1]} {json.dumps(g)}")
    if unlike:
        print("different: " + ", ".join(f"{f} {n} times" for f, n in sorted(fields.items())))


def main():
    first, more = __doc__.split("\n", 1)
    ap = argparse.ArgumentParser(description=first, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("expected", help="what the kernel said")
    ap.add_argument("got", help="answers of the implementation")
    ap.add_argument("--no-table", action="store_true", help="do not compare the table and the counters at the end")
    ap.add_argument("--moving", action="store_true", help="both clocks ran: allow a second more or less")
    ap.add_argument("--show", type=int, default=10, metavar="N", help="differences to print (default 10)")
    ap.add_argument("--scenario", metavar="NAME", help="apply the excuses of this scenario (default: the name of EXPECTED)")
    ap.add_argument("--variant", metavar="NAME", default=BASELINE, help="apply the excuses of this table")
    a = ap.parse_args()
    try:
        want, got = slurp(a.expected).decode(), slurp(a.got).decode()
        name = a.scenario or stem(a.expected)
        unlike = compare(want, got, a.moving, not a.no_table, Excuses(name, a.variant))
    except (OSError, Unusable) as e:
        print(f"compare.py: {e}", file=sys.stderr)
        return 2
    report(unlike, want, a.show)
    if not unlike:
        print("same")
    return 1 if unlike else 0


if __name__ == "__main__":
    sys.exit(main())
