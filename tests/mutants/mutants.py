#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants bugs, one at a time, and asks the tests that should find them.

    mutants.py check              each mutation still fits the source (quick)
    mutants.py run [NAME ...]     plant, build, test; all, or those named
    mutants.py list               what there is

Options of run:
    --build DIR       where the copy of the tree is built   (default: build/mutants)
    --jobs N          compiler processes                    (default: the CPUs)
    --report FILE     write the table as Markdown

The mutations are in mutants.list beside this file: see its head.  A mutant is found if one of its
tests fails, crashes or takes longer than its budget.  Exit status 1 if one is not found.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUDGET = 60     # seconds for each test, unless the mutation says otherwise


class Mutant:
    def __init__(self, name, line):
        self.name, self.line = name, line
        self.file, self.why, self.tests, self.equivalent = None, "", [], None
        self.budget, self.old, self.new = BUDGET, [], []


def read(path):
    mutants, current = [], None
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            key, _, rest = line.partition(" ")
            if key == "=":
                current = Mutant(rest, number)
                mutants.append(current)
            elif line[0] == "-":
                current.old.append(line[1:])
            elif line[0] == "+":
                current.new.append(line[1:])
            elif key == "file":
                current.file = rest
            elif key == "why":
                current.why += (" " if current.why else "") + rest
            elif key == "tests":
                current.tests += rest.split()
            elif key == "budget":
                current.budget = float(rest)
            elif key == "equivalent":
                current.equivalent = rest
            else:
                sys.exit("%s:%d: '%s' is not a key (see the head of the file)" % (path, number, key))
    return mutants


def mutated(text, mutant):
    """The text with the bug in it, or None where the old lines do not occur exactly once."""
    old, new = "\n".join(mutant.old) + "\n", "".join(line + "\n" for line in mutant.new)
    return text.replace(old, new) if text.count(old) == 1 else None


def check(mutants, path):
    bad = 0
    names = set()
    for m in mutants:
        wrong = None
        if m.name in names:
            wrong = "another mutant has that name"
        elif not m.file or not m.old or not m.why:
            wrong = "file, why or the old lines are missing"
        elif not m.tests and not m.equivalent:
            wrong = "neither tests nor equivalent"
        else:
            with open(os.path.join(ROOT, m.file)) as f:
                text = f.read()
            if mutated(text, m) is None:
                wrong = "its old lines occur %d times in %s" % (
                    text.count("\n".join(m.old) + "\n"), m.file)
        names.add(m.name)
        if wrong:
            bad += 1
            print("%s:%d: %s: %s" % (path, m.line, m.name, wrong), file=sys.stderr)
    if not bad:
        print("%d mutants fit the source" % len(mutants))
    return bad


def run_command(command, log, timeout=None, cwd=None):
    """The exit status, or None if it took too long; all its processes are gone then."""
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                   cwd=cwd, start_new_session=True)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


class Tree:
    """A copy of the tree that git tracks, and its build."""

    def __init__(self, folder, jobs):
        self.source, self.build = os.path.join(folder, "tree"), os.path.join(folder, "build")
        self.log, self.jobs = os.path.join(folder, "log"), jobs
        os.makedirs(self.source, exist_ok=True)
        open(self.log, "w").close()
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE,
                                check=True).stdout.decode().split("\0")
        for name in listed:
            if name and not name.startswith("results/"):
                self.restore(name)
        launcher = []
        if subprocess.run(["sh", "-c", "command -v ccache"], stdout=subprocess.DEVNULL,
                          check=False).returncode == 0:
            launcher = ["-DCMAKE_%s_COMPILER_LAUNCHER=ccache" % lang for lang in ("C", "CXX")]
        self.must(["cmake", "-S", self.source, "-B", self.build, "-DCMAKE_BUILD_TYPE=Release",
                   # quick to compile; the tests do not measure
                   "-DCMAKE_C_FLAGS_RELEASE=-O1", "-DCMAKE_CXX_FLAGS_RELEASE=-O1"] + launcher)

    def must(self, command):
        if run_command(command, self.log):
            sys.exit("%s failed: see %s" % (command[0], self.log))

    def restore(self, name):
        source, target = os.path.join(ROOT, name), os.path.join(self.source, name)
        if not os.path.exists(source):
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(source, "rb") as f:
            data = f.read()
        if os.path.exists(target) and open(target, "rb").read() == data:
            return
        with open(target, "wb") as f:
            f.write(data)
        os.chmod(target, os.stat(source).st_mode)

    @staticmethod
    def targets(tests):
        """The programs of these ctests: test_NAME, or test_FAMILY[_PART] of FAMILY.VARIANT[.PART]."""
        parts = [t.split(".") for t in tests]
        return sorted({"_".join(["test", p[0]] + p[2:]) for p in parts})

    def compile(self, tests):
        command = ["cmake", "--build", self.build, "-j", str(self.jobs), "--target"]
        return run_command(command + self.targets(tests), self.log) == 0

    def test(self, name, budget):
        """None if it passes, else how it failed."""
        pattern = "^%s$" % re.escape(name)
        status = run_command(["ctest", "-R", pattern, "--timeout", str(budget)], self.log,
                             budget + 10, self.build)
        if status == 0:
            return None
        with open(self.log, "rb") as f:
            tail = f.read()[-2000:].decode(errors="replace")
        return "hangs" if status is None or "Timeout" in tail else "fails"


def run(mutants, options):
    tree = Tree(options.build, options.jobs)
    rows, survived = [], 0
    wanted = sorted({t for m in mutants for t in m.tests})
    print("building %d tests without a mutant" % len(wanted), flush=True)
    if not tree.compile(wanted):
        sys.exit("the tree does not build: see %s" % tree.log)
    for t in wanted:
        how = tree.test(t, 600)
        if how:
            sys.exit("%s %s without a mutant: see %s" % (t, how, tree.log))
    for m in mutants:
        if m.equivalent:
            rows.append((m, "equivalent: " + m.equivalent, ""))
            print("%-40s equivalent" % m.name, flush=True)
            continue
        path = os.path.join(tree.source, m.file)
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(mutated(text, m))
        found, begin = None, time.monotonic()
        if not tree.compile(m.tests):
            found = "the compiler"
        for t in m.tests if not found else []:
            begin = time.monotonic()
            how = tree.test(t, m.budget)
            if how:
                found = "%s (%s)" % (t, how) if how == "hangs" else t
                break
        seconds = "%.1f" % (time.monotonic() - begin)
        tree.restore(m.file)
        survived += not found
        rows.append((m, found or "NOT FOUND", seconds))
        print("%-40s %-45s %6s s" % (m.name, found or "NOT FOUND", seconds), flush=True)
    print("%d mutants, %d not found" % (len(mutants), survived))
    if options.report:
        with open(options.report, "w") as out:
            report(rows, out)
    return survived


def report(rows, out):
    out.write("# Planted bugs\n\n"
              "`make mutants` plants each of these bugs alone, builds, and runs the tests that "
              "should find it.\nThis table is its last result (`ARGS=\"--report docs/MUTANTS.md\"` "
              "writes it). The mutations are in\n[tests/mutants/mutants.list]"
              "(../tests/mutants/mutants.list).\n\n"
              "| bug | where | found by | seconds |\n|---|---|---|---:|\n")
    for m, found, seconds in rows:
        out.write("| %s | `%s` | %s | %s |\n" % (m.why, m.file, found, seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "run", "list"])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "mutants"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--report")
    options = parser.parse_args()
    path = os.path.join(HERE, "mutants.list")
    mutants = read(path)
    unknown = set(options.names) - {m.name for m in mutants}
    if unknown:
        sys.exit("there is no mutant '%s': mutants.py list names them" % sorted(unknown)[0])
    if options.names:
        mutants = [m for m in mutants if m.name in options.names]
    if options.command == "list":
        for m in mutants:
            print("%-40s %s" % (m.name, m.why))
        return 0
    if check(mutants, os.path.relpath(path)):
        return 1
    return 0 if options.command == "check" else min(run(mutants, options), 1)


if __name__ == "__main__":
    sys.exit(main())
