/* SPDX-License-Identifier: MIT */
/*
 * Another program that works for us (gnuplot), under control: it is found by its absolute path, has
 * a time limit and a limit on its output, and ends when this process ends, for whatever reason.
 *
 * One thread.  Between interrupt_catch() and interrupt_restore() a wait ends when a signal comes.
 */
#ifndef CTBENCH_HARNESS_BASE_HELPER_H
#define CTBENCH_HARNESS_BASE_HELPER_H

#include <stddef.h>
#include <sys/types.h>

struct helper {
	pid_t pid;	 /* 0: none; also its process group */
	int says;	 /* its standard output and error */
	double deadline; /* on a clock that never goes back */
	char words[512]; /* the last it said */
	size_t nr_words;
};

/*
 * The absolute path of a program, of PATH_MAX bytes, from $PATH.  Entries that are not absolute
 * ("." or empty) depend on the current folder, which may not be trusted: they are skipped.
 * 0 or -ENOENT.
 */
int helper_find(char *path, const char *name);

/*
 * Start path, an absolute one, in a folder.  Environment variables whose names begin with drop
 * are not passed to it (NULL: all are passed).  0 or a negative errno.
 */
int helper_start(struct helper *h, const char *path, char *const argv[], const char *folder,
		 const char *drop, double seconds);

/*
 * Wait for its end; none of its processes runs afterwards.  0 with its wait status; -ETIMEDOUT
 * if it took too long, -EINTR if a signal came.
 */
int helper_wait(struct helper *h, int *status);

/* The last line of its output; "" if none. */
const char *helper_last_line(struct helper *h);

#endif
