/* SPDX-License-Identifier: MIT */
/* Runs another program and reads its output, which must be short. */
#ifndef CTBENCH_HARNESS_BASE_OUTPUT_OF_H
#define CTBENCH_HARNESS_BASE_OUTPUT_OF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Run path with argv.  in: its standard input; -1: /dev/null.  Its standard error is ours or, if
 * quiet, /dev/null.  Its output goes to buf, terminated by a zero.  After that many seconds (0:
 * never) SIGALRM ends it, unless it catches that.  Returns its exit status, 128 + N if signal
 * N ended it, -E2BIG if it printed size bytes or more (it is killed then), or another negative
 * errno.
 */
int output_of(const char *path, char *const argv[], int in, bool quiet, unsigned int seconds,
	      char *buf, size_t size);

#endif
