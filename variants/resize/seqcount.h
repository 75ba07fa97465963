/* SPDX-License-Identifier: MIT */
/*
 * (table, size) under a sequence counter, like nf_conntrack_generation: readers
 * read counter, pair, counter, and start again if it was odd or has changed;
 * they write nothing.  The writer excludes other writers by the table's resize
 * mutex (Lameter's seqlocks; Boehm, "Can seqlocks get along with programming
 * language memory models?", MSPC 2012, for the orders).
 *
 * Readers spin while a resize moves the nodes, as in the kernel.
 */
#define CT_RESIZE_NAME		 "seqcount"
#define CT_RESIZE_EXCLUDES_WALKS 0

#include "core/ticks.h"
#include "variants/resize/view.inc.h"

struct ct_resize {
	_Atomic uint32_t generation; /* odd: a resize moves the nodes */
	_Atomic uint32_t size;
	_Atomic(struct ct_bucket *) buckets;
} __cacheline_aligned;

/* Reads counter, pair, counter once: false if a resize is under way. */
static __always_inline bool resize_try_read(struct ct_resize *r, struct ct_view *v)
{
	v->generation = load_acquire(&r->generation);
	if (unlikely(v->generation & 1))
		return false;
	/*
	 * Acquire on both: the second read of the counter stays after them, and
	 * a thread that sees a new value here also sees the odd counter before
	 * it (release in resize_publish()).
	 */
	v->size = load_acquire(&r->size);
	v->buckets = load_acquire(&r->buckets);
	return likely(load_relaxed(&r->generation) == v->generation);
}

/* Waits until the resize is done and counts the wait. */
static __cold struct ct_view resize_read_slowly(struct ct_resize *r)
{
	uint64_t begin = ct_ticks();
	unsigned int spins = 0;
	struct ct_view v;

	do
		spin_wait(&spins);
	while (!resize_try_read(r, &v));
	ct_waits.resizes++;
	ct_waits.resize_ticks += ct_ticks() - begin;
	return v;
}

static __always_inline struct ct_view resize_read_begin(struct ct_resize *r)
{
	struct ct_view v;

	return likely(resize_try_read(r, &v)) ? v : resize_read_slowly(r);
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
	/* release: after the odd counter, and after the new array's nodes */
	store_release(&r->size, size);
	store_release(&r->buckets, buckets);
}

static inline void resize_write_end(struct ct_resize *r)
{
	store_release(&r->generation, load_relaxed(&r->generation) + 1);
}
