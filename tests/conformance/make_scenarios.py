#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the scenarios of scenarios_*.py into a folder: NAME.pcap.zst and NAME.json.

    ./make_scenarios.py scenarios                    all of them
    ./make_scenarios.py scenarios tcp_fast_open ...  these
    sudo ./oracle.py -d expected scenarios/tcp_fast_open.pcap.zst

After changing one, ask a kernel again. Each scenarios_AREA.py has its functions in a list ALL.
fuzz_found.py writes those that fuzz.py found. The programs of the folder's other scenarios are gone.
"""
import argparse
import importlib
import os
import sys

from captures import Unusable

# Each scenarios_AREA.py, and what its scenarios' names begin with.
AREAS = {"tcp": "tcp_", "tcp_window": "tcp_", "datagram": "", "icmp": "icmp_", "sctp": "sctp_", "gre": "gre_",
         "ip": "ip_", "table": "table_", "ftp": "ftp_"}


def made():
    """{name: function}"""
    return {prefix + f.__name__: f for area, prefix in AREAS.items()
            for f in importlib.import_module("scenarios_" + area).ALL}


def main():
    first, more = __doc__.split("\n", 1)
    ap = argparse.ArgumentParser(description=first, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder")
    ap.add_argument("name", nargs="*", help="which (default: all)")
    a = ap.parse_args()
    functions = made()
    unknown = [n for n in a.name if n not in functions]
    if unknown:
        print(f"make_scenarios.py: unknown scenario {unknown[0]}: use one of {', '.join(sorted(functions))}",
              file=sys.stderr)
        return 2
    for name in a.name or functions:
        try:
            functions[name]().write(os.path.join(a.folder, name))
        except (OSError, Unusable) as e:
            print(f"make_scenarios.py: {e}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
