/* SPDX-License-Identifier: MIT */
/* Reference counts like the kernel's refcount_t, without its saturation. */
#ifndef CTBENCH_CORE_REFCOUNT_H
#define CTBENCH_CORE_REFCOUNT_H

#include "core/compiler.h"

typedef struct {
	_Atomic uint32_t refs;
} refcount_t;

/* The caller already holds a reference or a lock that keeps one alive. */
static __always_inline void refcount_inc(refcount_t *r)
{
	fetch_add(&r->refs, 1, memory_order_relaxed);
}

/*
 * Take a reference unless there is none left.  Acquire on success: on memory
 * that is only type-stable the caller reads the object again to check that it
 * is still the one it looked for; that read must not return data from before the
 * count.  Pairs with the release store of the new object's first count in
 * nf_conntrack_set_live() and with refcount_dec_and_test().
 */
static __always_inline bool refcount_inc_not_zero(refcount_t *r)
{
	uint32_t old = load_relaxed(&r->refs);

	if (CT_UNSHARED) {
		store_relaxed(&r->refs, old + !!old);
		return old;
	}
	do {
		if (unlikely(!old))
			return false;
	} while (unlikely(!atomic_compare_exchange_weak_explicit(
		&r->refs, &old, old + 1, memory_order_acquire, memory_order_relaxed)));
	return true;
}

/*
 * True if this was the last reference: the caller frees the object.  Release: all
 * uses of the object stay before the count; the acquire fence of the last one orders
 * the freeing after the uses of all threads.
 */
static __always_inline bool refcount_dec_and_test(refcount_t *r)
{
	if (likely(fetch_sub(&r->refs, 1, memory_order_release) != 1))
		return false;
	/* a load instead of a fence: the same order here, and known to TSan */
	(void)load_acquire(&r->refs);
	return true;
}

#endif
