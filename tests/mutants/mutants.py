#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants bugs, one at a time, and asks the tests that should find them.

    mutants.py check              each mutation still fits the source (quick)
    mutants.py run [NAME ...]     plant, build, test; all, or those named
    mutants.py list               list them
    mutants.py report             only write the table of the last run in that folder (--report)

Options of run:
    --build DIR       where the copy of the tree is built   (default: build/mutants)
    --jobs N          compiler processes                    (default: the CPUs)
    --report FILE     write the table as Markdown
    --list FILE       other mutations than those in mutants.list
    --resume          go on where the last run in that folder ended

The mutations are in mutants.list beside this file: see its head.  A mutant is found if one of its
tests fails, crashes or takes longer than its budget.  Exit status 1 if one is not found.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUDGET = 60     # seconds for each test, unless the mutation says otherwise
TORTURE_SECONDS = 5


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


# Only these variants are built, and those that the tests to be run name, in their own names or in
# their code.  Compiling all for each mutant would take a day.
VARIANTS = ["nulls_rcu_jhash2_scale_seqcount", "locked_jhash2_scale_seqcount", "nulls_rcu_cap64",
            "linux_6_18", "cds_lfht", "ck_hs", "flowline_qsbr", "null"]


def quoted_words(path, words, seen):
    """Adds the words between quotes in a test's source and in the fixtures that it includes."""
    if path in seen or not os.path.exists(path):
        return
    seen.add(path)
    with open(path) as f:
        text = f.read()
    words.update(re.findall(r'"(\w+)"', text))
    for fixture in re.findall(r'#include "(tests/fixture/\w+\.h)"', text):
        quoted_words(os.path.join(ROOT, fixture), words, seen)


def named_variants(tests):
    with open(os.path.join(ROOT, "variants", "variants.def")) as f:
        known = set(re.findall(r"VARIANT\((\w+)", f.read()))
    sources = {"test_%s.c" % t.split(".")[0] for t in tests}
    words = {word for t in tests for word in t.split(".") + [t.split("interleave_")[-1]]}
    seen = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in sources.intersection(files):
            quoted_words(os.path.join(folder, name), words, seen)
    return sorted(words & known - set(VARIANTS))


class Tree:
    """A copy of the tree that git tracks, and its build."""

    def __init__(self, folder, jobs, tests):
        self.source, self.build = os.path.join(folder, "tree"), os.path.join(folder, "build")
        self.log, self.jobs = os.path.join(folder, "log"), jobs
        os.makedirs(self.source, exist_ok=True)
        open(self.log, "w").close()
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE,
                                check=True).stdout.decode().split("\0")
        for name in listed:
            if name and not name.startswith("results/"):
                self.restore(name)
        variants = VARIANTS + named_variants(tests)
        faster = []
        if shutil.which("ccache"):
            faster += ["-DCMAKE_%s_COMPILER_LAUNCHER=ccache" % lang for lang in ("C", "CXX")]
        if shutil.which("mold"):
            faster += ["-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold"]
        # it sees at once that little has changed
        if shutil.which("ninja"):
            faster += ["-GNinja"]
        self.must(["cmake", "-S", self.source, "-B", self.build, "-DCMAKE_BUILD_TYPE=Mutant",
                   "-DCTBENCH_ONLY=" + ";".join(variants),
                   # a moment is too short for races
                   "-DCTBENCH_TORTURE_SECONDS=%d" % TORTURE_SECONDS,
                   # quick to compile; the tests do not measure
                   "-DCMAKE_C_FLAGS=-O0", "-DCMAKE_CXX_FLAGS=-O0"] + faster)

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
        """The programs of these ctests: test_NAME, or test_FAMILY[_PART] of FAMILY.VARIANT[.PART];
        torture and soak are commands."""
        parts = [t.split(".") for t in tests]
        return sorted({"ctbench" if p[0] in ("torture", "soak") else "_".join(["test", p[0]] + p[2:])
                       for p in parts})

    def compile(self, tests):
        command = ["cmake", "--build", self.build, "-j", str(self.jobs), "--target"]
        return run_command(command + self.targets(tests), self.log) == 0

    def test(self, name, budget):
        """None if it passes, else how it failed."""
        pattern = "^%s$" % re.escape(name)
        status = run_command(["ctest", "-R", pattern, "--no-tests=error", "--timeout",
                              "%.0f" % budget], self.log,
                             budget + 10, self.build)
        if status == 0:
            return None
        with open(self.log, "rb") as f:
            tail = f.read()[-2000:].decode(errors="replace")
        return "hangs" if status is None or "Timeout" in tail else "fails"


class Results:
    """What was found so far, a line each in a file, so that a run can be resumed."""

    def __init__(self, folder, resume):
        os.makedirs(folder, exist_ok=True)
        self.path, self.found = os.path.join(folder, "results.tsv"), {}
        if resume and os.path.exists(self.path):
            with open(self.path) as lines:
                for line in lines:
                    name, found, seconds = line.rstrip("\n").split("\t")
                    self.found[name] = found, seconds
        else:
            open(self.path, "w").close()

    def add(self, name, found, seconds):
        self.found[name] = found, seconds
        with open(self.path, "a") as out:
            out.write("%s\t%s\t%s\n" % (name, found, seconds))


NOT_FOUND, NOT_BUILT = "NOT FOUND", "DOES NOT COMPILE"


def plant(tree, m, usual):
    """
    Who finds it, and the seconds that took; the compiler is not a test.  On a busy machine a test is
    slow, which is not a hang: it has five times what it took without a bug.
    """
    path = os.path.join(tree.source, m.file)
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(mutated(text, m))
    try:
        begin = time.monotonic()
        for t in filter(usual.get, m.tests):
            # Only this test: the first usually finds it.
            if not tree.compile([t]):
                return NOT_BUILT, ""
            begin = time.monotonic()
            how = tree.test(t, max(m.budget, 5 * usual[t]))
            if how:
                return t + (" (hangs)" if how == "hangs" else ""), "%.1f" % (time.monotonic() - begin)
        return NOT_FOUND, "%.1f" % (time.monotonic() - begin)
    finally:
        tree.restore(m.file)


def run(mutants, options):
    begin = time.monotonic()
    results = Results(options.build, options.resume)
    again = [NOT_FOUND, NOT_BUILT]
    todo = [m for m in mutants
            if not m.equivalent and results.found.get(m.name, again)[0] in again]
    wanted = sorted({t for m in todo for t in m.tests})
    tree = Tree(options.build, options.jobs, wanted)
    print("building %d tests without a mutant" % len(wanted), flush=True)
    if wanted and not tree.compile(wanted):
        sys.exit("the tree does not build: see %s" % tree.log)
    usual = {}
    for t in wanted:
        for _ in range(2):  # some tests measure, which fails now and then on a busy machine
            before = time.monotonic()
            how = tree.test(t, 600)
            if not how:
                usual[t] = time.monotonic() - before
                break
        else:
            print("%s %s without a mutant, so it is not asked: see %s" % (t, how, tree.log),
                  flush=True)
    for m in todo:
        found, seconds = plant(tree, m, usual)
        results.add(m.name, found, seconds)
        print("%-36s %-50s %6s s" % (m.name, found, seconds), flush=True)
    bad = [m.name for m in mutants
           if not m.equivalent and not results.found[m.name][1]
           or results.found.get(m.name, ("", ""))[0] == NOT_FOUND]
    print("%d mutants, %d argued to be equivalent, %d not found%s; %.0f minutes" % (
        len(mutants), sum(1 for m in mutants if m.equivalent), len(bad),
        ": " + " ".join(bad) if bad else "", (time.monotonic() - begin) / 60))
    if options.report:
        with open(options.report, "w") as out:
            report(mutants, results, out)
    return len(bad)


def report(mutants, results, out):
    out.write("# Planted bugs\n\n"
              "`make mutants` plants each of these bugs alone, builds, and runs the tests that "
              "should find it.\n`tests/mutants/mutants.py report` writes this table from the results "
              "so far. The mutations are in\n[tests/mutants/mutants.list]"
              "(../tests/mutants/mutants.list). \"not run\": since it was written.\n\n"
              "| bug | where | found by | seconds |\n|---|---|---|---:|\n")
    for m in mutants:
        found, seconds = ("equivalent: " + m.equivalent, "") if m.equivalent else \
            results.found.get(m.name, ("not run", ""))
        out.write("| %s | `%s` | %s | %s |\n" % (m.why, m.file, found, seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "run", "list", "report"])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "mutants"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--report")
    parser.add_argument("--list", default=os.path.join(HERE, "mutants.list"))
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    mutants = read(options.list)
    unknown = set(options.names) - {m.name for m in mutants}
    if unknown:
        sys.exit("there is no mutant '%s': mutants.py list names them" % sorted(unknown)[0])
    if options.names:
        mutants = [m for m in mutants if m.name in options.names]
    if options.command == "list":
        for m in mutants:
            print("%-40s %s" % (m.name, m.why))
        return 0
    if check(mutants, os.path.relpath(options.list)):
        return 1
    if options.command == "report":
        with open(options.report or os.path.join(ROOT, "docs", "MUTANTS.md"), "w") as out:
            report(mutants, Results(options.build, True), out)
        return 0
    return 0 if options.command == "check" else min(run(mutants, options), 1)


if __name__ == "__main__":
    sys.exit(main())
