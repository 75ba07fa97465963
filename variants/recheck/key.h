/* SPDX-License-Identifier: MIT */
/*
 * After the reference the whole key is compared again, as the kernel does (____nf_conntrack_find
 * and nf_ct_key_equal).
 */
#define CT_RECHECK_NAME	  "key"
#define CT_RECHECK_COUNTS 0 /* 1: each connection counts its lives */

#include "core/nf_conntrack_find.h"

/* nf_ct_key_equal(); *before: data of this first comparison for recheck_same(). */
static __always_inline bool
recheck_equal(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
	      const struct ct_find *f, uint32_t *before __maybe_unused)
{
	return nf_ct_key_equal(h, ct, f);
}

/* Is h, a node of ct, on which the reader holds a reference now, still the entry it compared? */
static __always_inline bool
recheck_same(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
	     const struct ct_find *f, uint32_t before __maybe_unused)
{
	return nf_ct_key_equal(h, ct, f);
}

/* The count with which a connection's status begins a new life. */
static __always_inline uint32_t recheck_new_life(const struct nf_conn *ct __maybe_unused)
{
	return 0;
}
