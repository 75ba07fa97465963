/* SPDX-License-Identifier: MIT */
/*
 * (table, size) under a sequence counter, as nf_conntrack_generation: readers
 * read counter, pair, counter, and start again if it was odd or has moved;
 * they write nothing.  The writer excludes other writers by the table's resize
 * mutex (Lameter's seqlocks; Boehm, "Can seqlocks get along with programming
 * language memory models?", MSPC 2012, for the orders).
 *
 * Readers spin while a resize moves the nodes, as in the kernel.
 */
#define CT_RESIZE_NAME "seqcount"
#define CT_RESIZE_EXCLUDES_WALKS 0

#include "variants/resize/view.inc.h"

struct ct_resize {
	_Atomic uint32_t generation;	/* odd: a resize moves the nodes */
	_Atomic uint32_t size;
	_Atomic(struct ct_bucket *) buckets;
} __cacheline_aligned;

static __always_inline struct ct_view resize_read_begin(struct ct_resize *r)
{
	unsigned int spins = 0;
	struct ct_view v;

	for (;;) {
		v.generation = load_acquire(&r->generation);
		if (likely(!(v.generation & 1))) {
			/*
			 * Acquire on both: the second look at the counter stays
			 * behind them, and whoever sees a new value here sees
			 * the odd counter before it (release in resize_publish()).
			 */
			v.size = load_acquire(&r->size);
			v.buckets = load_acquire(&r->buckets);
			if (likely(load_relaxed(&r->generation) == v.generation))
				return v;
		}
		spin_wait(&spins);
	}
}

static __always_inline void resize_read_end(struct ct_resize *r __maybe_unused)
{
}

/* Has the table been replaced, or is it being replaced, since v was read? */
static __always_inline bool resize_changed(const struct ct_resize *r, const struct ct_view *v)
{
	return load_acquire(&r->generation) != v->generation;
}

static inline void resize_write_begin(struct ct_resize *r)
{
	store_relaxed(&r->generation, load_relaxed(&r->generation) + 1);
}

static inline void resize_publish(struct ct_resize *r, struct ct_bucket *buckets, uint32_t size)
{
	/* release: behind the odd counter, and behind the new array's nodes */
	store_release(&r->size, size);
	store_release(&r->buckets, buckets);
}

static inline void resize_write_end(struct ct_resize *r)
{
	store_release(&r->generation, load_relaxed(&r->generation) + 1);
}
