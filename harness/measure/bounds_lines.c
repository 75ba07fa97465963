/* SPDX-License-Identifier: MIT */
/*
 * Random lines of memory whose addresses are known beforehand, like those of a burst's lookups:
 * read without a prefetch, read after a prefetch, and changed by an atomic addition, like a
 * reference count.  The best distance and hint of prefetches depend on the CPU, so all are
 * measured.
 */
#include <math.h>

#include "harness/measure/bounds_internal.h"

enum hint { HINT_NONE, HINT_T0, HINT_T1, HINT_NTA, HINT_WRITE };

static __always_inline void prefetch(const void *p, const enum hint hint)
{
	switch (hint) {
	case HINT_T0:
		__builtin_prefetch(p, 0, 3);
		break;
	case HINT_T1:
		__builtin_prefetch(p, 0, 2);
		break;
	case HINT_NTA:
		__builtin_prefetch(p, 0, 0);
		break;
	case HINT_WRITE:
		__builtin_prefetch(p, 1, 3);
		break;
	case HINT_NONE:
		break;
	}
}

static __always_inline void lines(struct bounds_work *w, const enum hint hint, const bool update)
{
	struct bounds_line *const line = w->lines;
	const uint32_t ahead = w->ahead;
	uint64_t sum = 0;

	for (uint32_t left = BOUNDS_BATCH; left;) {
		const uint32_t rest = w->nr_lines - w->pos, n = left < rest ? left : rest;
		const uint32_t *order = w->order + w->pos;

		for (uint32_t i = 0; i < n; i++) {
			prefetch(&line[order[i + ahead]], hint);
			if (update)
				add_relaxed(&line[order[i]].count, 1);
			else
				sum += (uintptr_t)line[order[i]].next;
		}
		left -= n;
		w->pos = n == rest ? 0 : w->pos + n;
	}
	w->sum += sum;
	w->ops += BOUNDS_BATCH;
}

#define LINES(name, hint, update) \
	static void name(struct bounds_work *w) \
	{ \
		lines(w, hint, update); \
	}
LINES(read_plain, HINT_NONE, false)
LINES(read_t0, HINT_T0, false)
LINES(read_t1, HINT_T1, false)
LINES(read_nta, HINT_NTA, false)
LINES(update_plain, HINT_NONE, true)
LINES(update_write, HINT_WRITE, true)

const struct bounds_lines bounds_lines[] = {
	{ "random", NULL, read_plain },		 { "prefetched", "t0", read_t0 },
	{ "prefetched", "t1", read_t1 },	 { "prefetched", "nta", read_nta },
	{ "random_update", NULL, update_plain }, { "prefetched_update", "write", update_write },
};
const size_t nr_bounds_lines = ARRAY_SIZE(bounds_lines);
