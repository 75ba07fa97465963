/* SPDX-License-Identifier: MIT */
/* Run another program and read its output, which must be short and come soon. */
#ifndef CTBENCH_HARNESS_BASE_OUTPUT_OF_H
#define CTBENCH_HARNESS_BASE_OUTPUT_OF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Run path with argv.  in: its standard input, -1: nothing.  Its standard error is ours or, if
 * quiet, nothing.  What it prints goes to buf, terminated by a zero.  After that many seconds (0:
 * never) it is ended by SIGALRM, unless it resets that.  Returns its exit status, 128 + N if signal
 * N ended it, -E2BIG if it printed size bytes or more (it is ended then), or another negative
 * errno.
 */
int output_of(const char *path, char *const argv[], int in, bool quiet, unsigned int seconds,
	      char *buf, size_t size);

#endif
