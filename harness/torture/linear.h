/* SPDX-License-Identifier: MIT */
/*
 * Is a history of operations on one key linearizable?  That is, does a sequential order give the
 * same results, in which no operation comes before one that had ended when it began (Herlihy and
 * Wing, TOPLAS 1990)?
 *
 * The model is a set of connections with one key: insert if absent, find, delete exactly this
 * connection.  Operations on different keys are independent, so each key is checked alone (Horn and
 * Kroening, 2015).  The search is that of Wing and Gong (1993) with Lowe's cache of states (2017).
 */
#ifndef CTBENCH_HARNESS_TORTURE_LINEAR_H
#define CTBENCH_HARNESS_TORTURE_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINEAR_THREADS 4u
#define LINEAR_OPS     1000u /* of one thread on one key */

enum linear_kind { LINEAR_INSERT, LINEAR_FIND, LINEAR_DELETE };

struct linear_op {
	uint64_t begin, end; /* by one clock of all threads; all differ */
	enum linear_kind kind;
	/*
	 * The connection: inserted (0: there was one already), found (0: none), or the one to
	 * delete.  Every connection has its own number.
	 */
	uint32_t id;
	bool done; /* of a delete: it was there */
};

struct linear_history {
	const struct linear_op *ops[LINEAR_THREADS]; /* by begin; a thread's do not overlap */
	uint32_t nr[LINEAR_THREADS];
	uint32_t first; /* the connection that is there at the beginning; 0: none */
};

/*
 * 1: linearizable; 0: not, and stuck has how many operations of each thread the longest order
 * contains; -ENOMEM; -EINVAL: more operations than LINEAR_OPS.
 */
int linear_check(const struct linear_history *h, uint32_t stuck[LINEAR_THREADS]);

#endif
