/* SPDX-License-Identifier: MIT */
/*
 * How errors are reported.
 *
 * A function whose failure the user should understand takes a struct ct_error, writes one sentence
 * into it with ct_fail(), and returns the negative errno that ct_fail() returned.
 * The caller that handles the error prints it with ct_error_print(), which returns the exit
 * status.
 */
#ifndef CTBENCH_HARNESS_BASE_ERROR_H
#define CTBENCH_HARNESS_BASE_ERROR_H

#include <errno.h>

/* Exit statuses of ctbench, the same for every command. */
enum ct_exit {
	CT_EXIT_OK = 0,
	CT_EXIT_INTERNAL = 1,	/* a fault of ctbench, or a check that failed */
	CT_EXIT_USER = 2,	/* the user can mend it: input, options, permission, memory */
	CT_EXIT_REGRESSION = 3, /* a proven regression (compare) */
	CT_EXIT_BLIND = 4,	/* too insensitive for --require-power (compare) */
	CT_EXIT_VOID = 5,	/* every measurement was void: the machine is disturbed */
	CT_EXIT_SKIP = 77,	/* this machine cannot do it */
};

struct ct_error {
	int status;	 /* enum ct_exit; 0: no error so far */
	char text[1024]; /* one sentence, without a newline */
};

/*
 * Record the sentence and the exit status.  Only the first error is recorded, so that unwinding
 * code cannot hide the cause.  Returns code (a negative errno).
 */
__attribute__((format(printf, 4, 5))) int
ct_fail(struct ct_error *e, int code, enum ct_exit status, const char *fmt, ...);

/* Flushes stdout, prints "ctbench: SENTENCE" on stderr, and returns the exit status. */
int ct_error_print(const struct ct_error *e);

/* For clang's analyzer, which sees one file at a time: ct_fail() returns an error, never 0. */
#if defined(__clang_analyzer__) && !defined(CT_ERROR_DEFINES)
#define ct_fail(e, code, ...) (ct_fail(e, code, __VA_ARGS__), -1)
#endif

/* The common case: the user can mend it. */
#define ct_user_error(e, ...) ct_fail((e), -EINVAL, CT_EXIT_USER, __VA_ARGS__)

#endif
