#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends the packets of a capture through the running Linux kernel and writes nf_conntrack's answers.

A line of JSON for each packet and one for the table at the end (README.md describes them).
NAME.json next to NAME.pcap is its scenario. Needs root, ip, nft, /dev/net/tun, and a kernel whose
nf_tables trace carries the conntrack state (Linux 6.18 does). Everything happens in network
namespaces made for it; only a scenario's "global" settings change the machine, while the scenario runs.

  sudo ./oracle.py scenarios/tcp_basic.pcap            answers on standard output
  sudo ./oracle.py -d expected scenarios/*.pcap        stored: expected/NAME.jsonl
  sudo ./oracle.py --check expected scenarios/*.pcap   are they this kernel's answers?

Exit status: 0; 1 if --check found a difference; 2 an error that you can correct; 77 if this machine's kernel
cannot be asked, with the reason.
"""
import argparse
import contextlib
import fcntl
import json
import os
import sys
import time

import compare
from captures import Unusable, read, slurp, spill, stem
from kernel import SYSCTL, CannotAsk, Kernel, put, refuse_unless_able, set_sysctl

LOCK = "/run/lock/ctbench-oracle"


def load_scenario(path):
    """A scenario file, or {} where there is none."""
    try:
        with open(path) as f:
            conf = json.load(f)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as e:
        raise Unusable(f"{path} cannot be read: {e}") from None
    if not isinstance(conf, dict):
        raise Unusable(f"{path}: a scenario is a JSON object")
    return conf


def _in_child(work):
    """Runs work(file) in a separate process, and so in a separate namespace; returns what it wrote.

    The child is reaped only when the next one starts: removing a namespace takes the kernel most
    of a second, which then overlaps."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(r)
        with os.fdopen(w, "w") as f:
            try:
                work(f)
                f.write("\0done")
            except (CannotAsk, Unusable) as e:
                f.write(f"\0{type(e).__name__}\0{e}")
            except BaseException:
                import traceback
                traceback.print_exc()
        os._exit(0)
    os.close(w)
    with os.fdopen(r) as f:
        text, _, end = f.read().partition("\0")
    if end == "done":
        return text
    kind, _, sentence = end.partition("\0")
    if kind == "CannotAsk":
        raise CannotAsk(sentence)
    if kind == "Unusable":
        raise Unusable(sentence)
    raise RuntimeError("the process that asks the kernel failed: see its message above")


@contextlib.contextmanager
def _machine(settings):
    """A scenario with settings of the first namespace runs alone; those without may run side by side."""
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if settings else fcntl.LOCK_SH)
        saved = {}
        try:
            for name, value in settings.items():
                with contextlib.suppress(FileNotFoundError):
                    with open(SYSCTL + name) as f:
                        saved[name] = f.read()
                set_sysctl(name, value)
            yield
        finally:
            for name, value in saved.items():
                put(SYSCTL + name, value)


def ask(packets, conf, query=True, times=None):
    """The kernel's lines about [(seconds, packet)] in this scenario, as text.

    query False: not every packet's entry is read (no protocol state, no timeout). times: a list
    that is given the seconds from the first packet to each, as they were."""
    dev, hold, after = conf.get("in", []), set(conf.get("hold", [])), conf.get("after", {})
    for i in [*hold, *map(int, after)]:
        if i >= len(packets):
            raise Unusable(f"the scenario names packet {i}, but the last one is {len(packets) - 1}")

    def work(f):
        kernel, before, start = Kernel(conf), None, time.monotonic()
        for i, (t, p) in enumerate(packets):
            if conf.get("realtime") and before is not None and t - before >= 0.5:
                time.sleep(t - before)
            before, now = t, time.monotonic() - start
            lines = [kernel.packet(i, p, dev[i] if i < len(dev) else 0, i in hold, query)]
            if times is not None:
                lines[0]["at"] = now
            for what in after.get(str(i), []):
                lines.append(kernel.do(what) if isinstance(what, str) else kernel.release(what))
            f.writelines(json.dumps(j) + "\n" for j in lines)
        f.write(json.dumps({"final": True, "stats": kernel.stats(), "table": kernel.table()}) + "\n")

    with _machine(conf.get("global", {})):
        text = _in_child(work)
    if times is None:
        return text
    lines = [json.loads(line) for line in text.splitlines()]
    times.extend(j.pop("at") for j in lines if "at" in j)
    return "".join(json.dumps(j) + "\n" for j in lines)


def ask_file(pcap, conf_path=None, **kw):
    return ask(read(pcap), load_scenario(conf_path or os.path.join(os.path.dirname(pcap), stem(pcap) + ".json")), **kw)


def can_ask():
    """Asks about one packet; raises CannotAsk, with a sentence, if that fails."""
    from packets import udp
    refuse_unless_able()
    ask([(0, udp("10.1.0.1", "10.2.0.1", 1, 2))], {})


def check(name, folder, text, show=10):
    """Compares text with DIR/NAME.jsonl.zst and prints whether they are equal."""
    want = slurp(os.path.join(folder, name + ".jsonl.zst")).decode()
    unlike = compare.compare(want, text, slack=1, excuses=compare.Excuses(name))
    print(("DIFF " if unlike else "ok   ") + name)
    compare.report(unlike, want, show, words=("stored is", "now it says"))
    return not unlike


def main():
    first, more = __doc__.split("\n", 1)
    ap = argparse.ArgumentParser(description=first, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("pcap", nargs="+")
    ap.add_argument("-c", "--conf", metavar="FILE", help="the scenario (default: PCAP's name with .json)")
    ap.add_argument("-d", "--outdir", metavar="DIR", help="write DIR/NAME.jsonl.zst instead of to standard output")
    ap.add_argument("--check", metavar="DIR", help="compare with DIR/NAME.jsonl.zst")
    ap.add_argument("--fast", action="store_true", help="no query for each packet: no protocol state, no timeout")
    a = ap.parse_args()
    good = True
    try:
        refuse_unless_able()
        for pcap in a.pcap:
            name = stem(pcap)
            text = ask_file(pcap, a.conf, query=not a.fast)
            if a.check:
                good &= check(name, a.check, text)
            elif a.outdir:
                spill(os.path.join(a.outdir, name + ".jsonl.zst"), text.encode())
            else:
                sys.stdout.write(text)
    except CannotAsk as e:
        print(f"oracle.py: {e}", file=sys.stderr)
        return 77
    except (Unusable, OSError) as e:
        print(f"oracle.py: {e}", file=sys.stderr)
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
