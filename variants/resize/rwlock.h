/* SPDX-License-Identifier: MIT */
/*
 * (table, size) under a reader-writer lock, held during the whole walk or change: no
 * thread ever sees a table that is being replaced, but every operation of every CPU
 * writes twice to one shared cache line.
 */
#define CT_RESIZE_NAME		 "rwlock"
#define CT_RESIZE_EXCLUDES_WALKS 1

#include "variants/resize/view.inc.h"

struct ct_resize {
	rwlock_t lock __cacheline_aligned;
	/* relaxed: ordered by the lock; atomic because some threads read the size without it */
	_Atomic uint32_t size __cacheline_aligned;
	_Atomic(struct ct_bucket *) buckets;
};

static __always_inline struct ct_view resize_read_begin(struct ct_resize *r)
{
	read_lock(&r->lock);
	return (struct ct_view){ .buckets = load_relaxed(&r->buckets),
				 .size = load_relaxed(&r->size) };
}

static __always_inline void resize_read_end(struct ct_resize *r)
{
	read_unlock(&r->lock);
}

static __always_inline bool
resize_changed(const struct ct_resize *r __maybe_unused, const struct ct_view *v __maybe_unused)
{
	return false;
}

static inline void resize_write_begin(struct ct_resize *r)
{
	write_lock(&r->lock);
}

static inline void resize_publish(struct ct_resize *r, struct ct_bucket *buckets, uint32_t size)
{
	store_relaxed(&r->size, size);
	store_relaxed(&r->buckets, buckets);
}

static inline void resize_write_end(struct ct_resize *r)
{
	write_unlock(&r->lock);
}
