/* SPDX-License-Identifier: MIT */
/*
 * What this ctbench is: version, git revision, compiler, flags and allocator, for --version and
 * for every result.  Constant for the life of the process; any thread.
 */
#ifndef CTBENCH_HARNESS_BASE_ABOUT_H
#define CTBENCH_HARNESS_BASE_ABOUT_H

const char *about_version(void);
/* The revision it was built from, with "-dirty" if the tree had changes; "unknown" outside git. */
const char *about_revision(void);
const char *about_compiler(void); /* "gcc 12.2.0" */
const char *about_build(void);	  /* "Release, -O2 -g", and sanitizers if there are any */
/*
 * The allocator that serves malloc() in this process, preloaded or linked:
 * "jemalloc 5.3.0-0-g54ea", "glibc 2.36".
 */
const char *about_allocator(void);

#endif
