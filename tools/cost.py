#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a packet costs in two revisions, in one interleaved run.

    tools/cost.py OLD [--rounds 15] [--variants A,B] [--threads 1]

Builds revision OLD (in build/cost/, from a work tree of its own) and what lies
here, then measures both in turn, in random order within each round: packets of
established connections in the original and in the reply direction, and packets
that make new connections (workloads/packets.yaml, which both must understand).
Each measurement is a process of its own.

Printed are medians in ns a packet; of the rounds' ratios the median with an
interval of at least 95 % by their order, which asks nothing of their
distribution; and beside it the same for one build against itself, from the
control that every run has: a change below that is noise.  Needs git, cmake and
a quiet machine.
"""
import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(TOP, "build", "cost")
CASES = [  # what, options of ctbench run
    ("established", ["--flows", "16Ki", "--reply-share", "0"]),
    ("reply", ["--flows", "16Ki", "--reply-share", "1"]),
    ("new", ["--flows", "256Ki", "--kind", "fill"]),
]


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        sys.exit("%s failed:\n%s" % (" ".join(command), done.stdout[-3000:]))
    return done.stdout


def build(source, out):
    """The program built from source, optimised as what is measured is."""
    options = ["-DCMAKE_BUILD_TYPE=Release"]
    if shutil.which("ccache"):
        options.append("-DCMAKE_C_COMPILER_LAUNCHER=ccache")
    run("cmake", "-S", source, "-B", out, *options)
    run("cmake", "--build", out, "-j", str(os.cpu_count()), "--target", "ctbench")
    return os.path.join(out, "ctbench")


def build_revision(rev):
    commit = run("git", "-C", TOP, "rev-parse", "--verify", rev + "^{commit}").strip()
    source = os.path.join(WORK, "source-" + commit[:12])
    if not os.path.isdir(source):
        run("git", "-C", TOP, "worktree", "prune")
        run("git", "-C", TOP, "worktree", "add", "--detach", source, commit)
    return build(source, os.path.join(WORK, "build-" + commit[:12]))


def measure(program, options, folder):
    """{cell's name: ns a packet} of one run; the control's name ends in /control."""
    run(program, "run", os.path.join(TOP, "workloads", "packets.yaml"), *options, "--repeats", "1",
        "--results", folder, "--name", "run", cwd=TOP)
    with open(os.path.join(folder, "run", "cells.tsv")) as f:
        head = f.readline().rstrip("\n").split("\t")
        rows = [dict(zip(head, line.rstrip("\n").split("\t"))) for line in f]
    shutil.rmtree(folder)
    return {r["name"]: float(r["ns_per_op"]) for r in rows if r["ns_per_op"]}


def variant_of(cell):
    return cell.split("/")[1]


def interval(values):
    """Median and the narrowest interval by order with at least 95 % (sign test)."""
    v, n, below = sorted(values), len(values), 0.0
    rank, p = 0, 0.5 ** len(values)
    while below + p <= 0.025 and rank < n // 2:
        below += p
        rank += 1
        p = p * (n - rank + 1) / rank
    rank = max(rank - 1, 0)
    return statistics.median(v), v[rank], v[n - 1 - rank]


def percent(values):
    return "%+5.1f %% [%+.1f, %+.1f]" % tuple(100 * (x - 1) for x in interval(values))


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0],
                                 epilog="See the top of this file for what is measured and printed.")
    ap.add_argument("old", metavar="OLD", help="the revision to compare with, such as a commit or a tag")
    ap.add_argument("--rounds", type=int, default=15, help="of measurements (default 15; at least 6)")
    ap.add_argument("--variants", default="nulls_rcu_jhash2_scale_seqcount,nulls_rcu_siphash",
                    help="that both revisions have; default: %(default)s")
    ap.add_argument("--threads", default="1", help="as for ctbench run (default 1)")
    a = ap.parse_args()
    if a.rounds < 6:
        ap.error("fewer than 6 rounds have no interval of 95 %")
    print("building %s and what is here ..." % a.old, file=sys.stderr)
    programs = {"old": build_revision(a.old), "now": build(TOP, os.path.join(WORK, "build-now"))}
    samples = {}
    for i in range(a.rounds):
        for what, options in CASES:
            turn = sorted(programs)
            random.shuffle(turn)
            for which in turn:
                with tempfile.TemporaryDirectory(prefix="cost-") as tmp:
                    cells = measure(programs[which], options + ["--variants", a.variants,
                                    "--threads", a.threads], os.path.join(tmp, "r"))
                for name, ns in cells.items():
                    key = (what, variant_of(name), name.endswith("/control"))
                    samples.setdefault(key, {"old": [], "now": []})[which].append(ns)
            if sys.stderr.isatty():
                print("\rround %d of %d" % (i + 1, a.rounds), end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr)

    print("%-12s %-34s %9s %9s  %-25s %s" % ("packet", "variant", "old ns", "now ns",
                                             "change", "one build with itself"))
    for what, _ in CASES:
        for variant in a.variants.split(","):
            s = samples.get((what, variant, False))
            if not s or len(s["old"]) != len(s["now"]):
                sys.exit("%s of %s was not measured every time; see ctbench run" % (what, variant))
            same = samples.get((what, variant, True))
            change = percent([n / o for n, o in zip(s["now"], s["old"])])
            noise = percent([n / o for w in ("old", "now") for n, o in zip(same[w], s[w])]) if same else "-"
            print("%-12s %-34s %9.1f %9.1f  %-25s %s" % (what, variant, statistics.median(s["old"]),
                                                         statistics.median(s["now"]), change, noise))


if __name__ == "__main__":
    main()
