/* SPDX-License-Identifier: MIT */
/*
 * Hardware counters of the calling thread, by perf_event_open(2).  Virtual machines often have
 * none, and the kernel may refuse them.  Each counter that is not available has a reason instead.
 *
 * If the CPU has fewer counters than requested, the kernel multiplexes them.  Values are then
 * scaled to the whole time, and `shared` is set.
 *
 * Thread-safety: a set belongs to the thread that opened it.
 */
#ifndef CTBENCH_HARNESS_MACHINE_PERF_H
#define CTBENCH_HARNESS_MACHINE_PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

enum perf_counter {
	PERF_CYCLES,
	PERF_INSTRUCTIONS,
	PERF_LLC_MISSES,
	PERF_DTLB_MISSES,
	PERF_PAGE_FAULTS, /* the kernel's own count: there on every machine */
	NR_PERF
};

struct perf_set {
	int fd[NR_PERF];    /* -1: none */
	int error[NR_PERF]; /* and why: errno */
};

struct perf_values {
	double count[NR_PERF]; /* in user space */
	bool known[NR_PERF];
	bool shared; /* a counter was not running all the time */
};

/* Open the available counters; they count from now on. */
void perf_open(struct perf_set *set);
void perf_close(struct perf_set *set); /* a zeroed one is not accepted: perf_open() it */
/* What was counted since perf_open().  A system call for each. */
void perf_read(const struct perf_set *set, struct perf_values *values);

const char *perf_name(enum perf_counter c); /* "cycles", ... */
/* Why there is no such counter, and what to do, as a sentence without its end; returns buf. */
const char *perf_reason(int error, char *buf, size_t size);

/* perf_event_open(2), which glibc does not have; tests put another in its place. */
struct perf_event_attr;
extern int (*perf_event_open_fn)(struct perf_event_attr *attr);

#endif
