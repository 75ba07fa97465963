/* SPDX-License-Identifier: MIT */
/*
 * After the reference was taken one word is compared: the status, which counts how often its
 * memory was reused ("lives").  If the count is unchanged, the memory is still the connection
 * whose key was compared, because a key does not change from confirm to the
 * end of a life.
 *
 * Why this is enough.  Let s1 be the status read before the key (acquire), with CONFIRMED and
 * without DYING, s2 the status read after the reference, with the same count.
 *  - s1 with CONFIRMED was stored by nf_ct_insert_publish() (release), after the whole key of its
 *    life; so the reader saw that key or a later life's.
 *  - The reference was taken in some life L.  The count of L was stored before the release in
 *    nf_conntrack_set_live(), with which refcount_inc_not_zero() (acquire) synchronizes.  So s2 is
 *    at least of L; it is not of a later life, for L cannot end before the reader puts its
 *    reference.  With equal counts s1 is of L, too.
 *  - A key word of a later life than L would have been read before the put after which it was
 *    written.  So the whole key was L's.
 * A status read between nf_conntrack_set_live() and nf_ct_insert_publish() has no CONFIRMED, so it
 * is refused, whatever the key is (in this gap the count is new and the key may be old).
 *
 * The count has 12 bits, unused ones of the status, so it wraps after 4096 lives.  No reader may
 * miss a whole round: after the last life of a round the memory waits for a grace period before it
 * is reused, and a reader is in one read-side section from s1 to s2.
 *
 * tests/litmus (recheck, recheck_torn) runs this code under the C++ memory model.
 */
#define CT_RECHECK_NAME	  "incarnation"
#define CT_RECHECK_COUNTS 1

#include "core/nf_conntrack_find.h"

/* The bits that count.  A table may take the highest for itself (frontier/flowline.inc.h). */
#ifndef CT_LIVES
#define CT_LIVES CT_INCARNATION
#endif

static __always_inline bool
recheck_equal(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
	      const struct ct_find *f, uint32_t *before)
{
	*before = load_acquire(&ct->status); /* pairs with nf_ct_insert_publish() */
	return nf_ct_key_words_equal(h, f) && nf_ct_key_state_equal(h, ct, f, *before);
}

static __always_inline bool
recheck_same(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
	     const struct ct_find *f, uint32_t before)
{
	const uint32_t moved = before ^ nf_ct_status(ct);

	if (likely(!(moved & (CT_INCARNATION | IPS_CONFIRMED | IPS_DYING))))
		return true;
	/* Another life may have the same key; then it is the right entry. */
	return nf_ct_key_equal(h, ct, f);
}

static __always_inline uint32_t recheck_new_life(const struct nf_conn *ct)
{
	return (nf_ct_status(ct) + CT_INCARNATION_ONE) & CT_LIVES;
}

/* Is this the last life of a round: must ct wait for a grace period? */
static __always_inline bool recheck_waits(const struct nf_conn *ct)
{
	return (nf_ct_status(ct) & CT_LIVES) == CT_LIVES;
}
