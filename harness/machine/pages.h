/* SPDX-License-Identifier: MIT */
/*
 * The pages that a table's memory is really on, from /proc/self/smaps: madvise() is only a request.
 */
#ifndef CTBENCH_HARNESS_MACHINE_PAGES_H
#define CTBENCH_HARNESS_MACHINE_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/error.h"
#include "variants/inside.h"

struct pages_ranges {
	struct ct_range *list;
	size_t nr;
};

/* For nf_conntrack_ops.ranges; without memory a range is left out. */
void pages_add(const struct ct_range *range, void *arg);

struct pages_seen {
	uint64_t bytes;	   /* of the ranges */
	uint64_t resident; /* of them, in memory (of a mapping that is only partly theirs: its
			      share) */
	uint64_t thp;	   /* on transparent huge pages */
	uint64_t hugetlb;  /* on pages of the pool of huge pages */
};

/*
 * Add up what a text in the form of smaps says about the ranges that are at
 * least min_bytes long.  0, or -EIO if it is no such text.
 */
int pages_scan(FILE *smaps, const struct pages_ranges *ranges, size_t min_bytes,
	       struct pages_seen *seen);

/*
 * Does the pool of huge pages have that many (of CT_HUGE_PAGE bytes) free?  If not, the sentence in
 * e says how the administrator can reserve them.  what: what they are needed for.
 */
int pages_check_pool(uint64_t need, const char *what, struct ct_error *e);

#endif
