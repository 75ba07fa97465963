#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares ctbench replay with this machine's kernel, packet by packet.

Compares three things:

  the scenarios  does this kernel still give the answers in expected/?
  random packets from every *fuzz.py here, by seed: fuzz.py SEED COUNT OUT.pcap (and perhaps OUT.json)
  captures       of --captures DIR, made routable as pad_pcap.py does, checksums off

The kernel's clock is real. So the replay gets each packet with the time at which the kernel got it, and
after a difference the kernel is asked again. If its second answer equals ctbench's, the answer depends on
the clock and is reported as such; everything else is a difference.

Needs root; see oracle.py --help. Exit status: 0 no difference; 1 differences; 2 an error that you can correct;
77 if this machine's kernel cannot be asked, with the reason.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import compare
import oracle
from captures import Unusable, read, slurp, stem
from kernel import CannotAsk
from pad_pcap import pad
from packets import write_pcap

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EPOCH = 1000000000              # any time that is not in 1970


class Session:
    """One run: the program, the folders and the counts."""

    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.asked = self.packets = self.differ = self.timed = 0
        self.start = self.said = time.monotonic()

    def progress(self, what, i, n):
        """Prints progress after two seconds, on a terminal."""
        now = time.monotonic()
        if sys.stderr.isatty() and now - self.start > 2 and now - self.said > 0.5:
            self.said = now
            print(f"\r{what}: {i} of {n}, {self.packets} packets\033[K", end="\r", file=sys.stderr, flush=True)

    def clear(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def replay(self, packets, times, conf):
        """ctbench's answers for these packets at those times."""
        pcap, scenario = (os.path.join(self.folder, n) for n in ("asked.pcap", "asked.json"))
        write_pcap(pcap, [(EPOCH + t, p) for t, (_, p) in zip(times, packets)])
        with open(scenario, "w") as f:
            json.dump({k: v for k, v in conf.items() if k != "realtime"}, f)
        command = [self.args.ctbench, "replay", "--json", "--clock", "trace", "--scenario", scenario, pcap]
        r = subprocess.run(command, capture_output=True, text=True)
        if r.returncode:
            raise Unusable(f"{' '.join(command)}: {r.stderr.strip()}")
        return r.stdout

    def once(self, packets, conf):
        """(the kernel's answers, ours, differences)"""
        times = []
        want = oracle.ask(packets, conf, times=times)
        got = self.replay(packets, times, conf)
        return want, got, compare.compare(want, got, slack=1)

    def ask(self, name, packets, conf):
        """Gives the same packets to both; prints differences, and keeps them with --keep."""
        want, got, unlike = self.once(packets, conf)
        self.asked += 1
        self.packets += len(packets)
        if unlike:
            _, _, unlike2 = self.once(packets, conf)
            both = {d[:2] for d in unlike} & {d[:2] for d in unlike2}
            by_clock = [d for d in unlike if d[:2] not in both]
            if by_clock:
                self.timed += 1
                self.clear()
                print(f"{name}: {len(by_clock)} answers depend on the kernel's clock (asked again it said "
                      f"what we say), from packet {by_clock[0][0]} on")
            unlike = [d for d in unlike if d[:2] in both]
        if unlike:
            self.differ += 1
            self.clear()
            print(f"DIFF {name}")
            compare.report(unlike, want)
            if self.args.keep:
                self.keep(name, packets, conf, want, got)

    def keep(self, name, packets, conf, want, got):
        base = os.path.join(self.args.keep, name.replace("/", "_").replace(" ", "_"))
        write_pcap(base + ".pcap", packets)
        for end, text in ((".json", json.dumps(conf)), (".jsonl", want), (".got.jsonl", got)):
            with open(base + end, "w") as f:
                f.write(text)

    def scenarios(self):
        """Compares this kernel's answers with the stored ones."""
        names = sorted(glob.glob(os.path.join(self.args.scenarios, "*.pcap.zst")))
        good = 0
        for i, pcap in enumerate(names):
            self.progress("scenarios", i, len(names))
            name = stem(pcap)
            want = slurp(os.path.join(HERE, "expected", name + ".jsonl.zst")).decode()
            excuses = compare.Excuses(name)
            for _ in range(2):              # the clock may cause one difference
                unlike = compare.compare(want, oracle.ask_file(pcap), slack=1, excuses=excuses)
                if not unlike:
                    good += 1
                    break
            else:
                self.differ += 1
                self.clear()
                print(f"DIFF {name}: this kernel's answers differ from the stored ones")
                compare.report(unlike, want, words=("stored is", "now it says"))
        self.clear()
        print(f"scenarios: {good} of {len(names)} stored answers equal those of Linux {os.uname().release}")

    def fuzz(self, program):
        """Random packets by seed."""
        name, n = os.path.basename(program)[:-3], self.args.seeds
        before = self.differ
        out = os.path.join(self.folder, "fuzz")
        for i in range(n):
            seed = self.args.first + i
            self.progress(name, i, n)
            for end in (".pcap", ".json"):
                if os.path.exists(out + end):
                    os.unlink(out + end)
            r = subprocess.run([sys.executable, program, str(seed), str(self.args.packets), out + ".pcap"],
                               capture_output=True, text=True)
            if r.returncode:
                raise Unusable(f"{program} {seed}: {r.stderr.strip()}")
            self.ask(f"{name} {seed}", read(out + ".pcap"), oracle.load_scenario(out + ".json"))
        self.clear()
        print(f"{name}: {n} seeds of {self.args.packets} packets, {self.differ - before} with differences")

    def captures(self):
        """Every capture below the folder, of each the first packets."""
        names = sorted(p for ext in ("pcap", "pcap.zst", "cap") for p in
                       glob.glob(os.path.join(self.args.captures, "**", "*." + ext), recursive=True))
        if not names:
            raise Unusable(f"{self.args.captures} has no captures (*.pcap, *.pcap.zst)")
        before, skipped = self.differ, 0
        for i, path in enumerate(names):
            self.progress("captures", i, len(names))
            try:
                packets, _ = pad(path, self.args.most)
            except Unusable as e:
                self.clear()
                print(f"skipped: {e}")
                packets = []
            if not packets:
                skipped += 1
                continue
            self.ask(os.path.relpath(path, self.args.captures), packets, {"sysctl": {"nf_conntrack_checksum": 0}})
        self.clear()
        print(f"captures: {len(names) - skipped} asked about ({skipped} have nothing a router forwards), "
              f"{self.differ - before} with differences")


def main():
    first, more = __doc__.split("\n", 1)
    ap = argparse.ArgumentParser(description=first, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ctbench", default=os.path.join(ROOT, "build/release/ctbench"), metavar="PROGRAM")
    ap.add_argument("--scenarios", default=os.path.join(HERE, "scenarios"), metavar="DIR")
    ap.add_argument("--no-scenarios", action="store_true", help="skip the scenarios")
    ap.add_argument("--seeds", type=int, default=10, metavar="N", help="of random packets (default 10; 0: none)")
    ap.add_argument("--first", type=int, default=1, metavar="SEED", help="the first of them (default 1)")
    ap.add_argument("--packets", type=int, default=3000, metavar="N", help="for each seed (default 3000)")
    ap.add_argument("--captures", metavar="DIR", help="real captures to ask about, with what is below DIR")
    ap.add_argument("--most", type=int, default=10000, metavar="N", help="packets of a capture (default 10000)")
    ap.add_argument("--keep", metavar="DIR", help="keep there the packets and both answers of differences")
    args = ap.parse_args()
    try:
        if not os.access(args.ctbench, os.X_OK):
            raise Unusable(f"{args.ctbench} does not exist: build it (make build), or give its path with --ctbench")
        if args.captures and not os.path.isdir(args.captures):
            raise Unusable(f"--captures {args.captures}: there is no such folder")
        if args.keep:
            os.makedirs(args.keep, exist_ok=True)
        oracle.can_ask()
        with tempfile.TemporaryDirectory(prefix="ctbench-live-") as folder:
            s = Session(args, folder)
            if not args.no_scenarios:
                s.scenarios()
            for program in sorted(glob.glob(os.path.join(HERE, "*fuzz.py"))) if args.seeds else []:
                s.fuzz(program)
            if args.captures:
                s.captures()
    except CannotAsk as e:
        print(f"live.py: {e}", file=sys.stderr)
        return 77
    except (Unusable, OSError) as e:
        print(f"live.py: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 1 if s.differ else 0


if __name__ == "__main__":
    sys.exit(main())
