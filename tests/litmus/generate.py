#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The project's headers as C++ over the verifier's atomics (shim.h).

    generate.py SOURCE OUT

Changes only what C++ writes differently: atomic types, thread-local variables, and assertions
on sizes, because the verifier's atomics are larger.  From files with much other code only single
functions are taken, unchanged.
"""
import os
import re
import sys

HEADERS = ["core/refcount.h", "core/lock_order.h", "core/spinlock.h", "core/ticks.h", "variants/chain/links.inc.h",
           "variants/stored/none.h",
           "variants/chain/nulls_rcu.h", "variants/resize/seqcount.h", "variants/resize/rwlock.h",
           "variants/recheck/incarnation.h", "variants/resize/view.inc.h", "variants/lock/striped.h",
           "variants/frontier/flowline.h"]
FUNCTIONS = {
    "core/spinlock.c": ["spin_lock_slowly", "read_lock_slowly"],
    "core/conntrack_new.inc.h": ["nf_conntrack_set_live"],
    "core/nf_conntrack_find.h": ["nf_ct_insert_publish"],
    "variants/frontier/flowline.c": ["fl_set_depth", "fl_reverse", "fl_deal", "fl_look_ahead",
                                     "fl_grow", "fl_shrink"],
}


def translate(text):
    text = re.sub(r"_Atomic\(([^)]*)\)", r"litmus_atomic<\1>", text)
    text = re.sub(r"_Atomic (\w+)", r"litmus_atomic<\1>", text)
    text = text.replace("_Thread_local ", "")
    text = re.sub(r"^#error.*$", "", text, flags=re.M)  # "this is not C++"
    # A thousand locks are too many to verify; two are as good.
    text = text.replace("#define CONNTRACK_LOCKS\t  1024u", "#define CONNTRACK_LOCKS 2u")
    return re.sub(r"^_Static_assert\(.*?\);$", "", text, flags=re.M | re.S)


def function(text, name, path):
    """The function's text, from its first line to the closing brace, with the constants before it."""
    found = re.search(r"^(?:static|void)[^;{}#]*\b%s\([^;{}]*\)\n\{.*?^\}\n" % name, text,
                      re.M | re.S)
    if not found:
        sys.exit("%s has no function %s()" % (path, name))
    return found.group(0)


def main():
    source, out = sys.argv[1:]

    def write(name, text):
        path = os.path.join(out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    for name in HEADERS:
        with open(os.path.join(source, name)) as f:
            write(name, translate(f.read()))
    write("core/compiler.h", '#include "shim.h"\n')
    write("core/nf_conntrack_find.h", "/* litmus.cc replaces it */\n")
    extracted = {}
    for name, functions in FUNCTIONS.items():
        with open(os.path.join(source, name)) as f:
            text = f.read()
        constants = "".join(re.findall(r"^#define FL_AHEAD.*\n", text, re.M))
        extracted[name] = constants + "\n".join(function(text, f, name) for f in functions)
    for name, text in extracted.items():
        write("extracted/" + os.path.basename(name), translate(text))


main()
