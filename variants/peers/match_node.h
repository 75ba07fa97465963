/* SPDX-License-Identifier: MIT */
/* peer_match() (match.h) inline for tables in C, and the result of a clash at insertion. */
#ifndef CTBENCH_VARIANTS_PEERS_MATCH_NODE_H
#define CTBENCH_VARIANTS_PEERS_MATCH_NODE_H

#include <errno.h>

#include "core/nf_conntrack_find.h"

/*
 * A test runs another thread at these steps of a reader
 * (tests/variants/test_interleave_peers.c).
 */
#ifndef PEER_POINT
#define PEER_POINT(point) ((void)0)
#endif

/* For a lookup: is h, which is in the table, alive, and does it match f? */
static inline bool peer_is_live(const struct nf_conntrack_tuple_hash *h, struct ct_find *f)
{
	struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

	if (unlikely(nf_ct_is_expired(ct, f->now)) && nf_ct_is_confirmed(ct)) {
		ct_find_expired(f, ct);
		return false;
	}
	return nf_ct_key_equal(h, ct, f);
}

/*
 * Insertion checks entries that are in the table and those being inserted: only the tuple
 * matters, and dying entries are ignored.
 */
static inline bool
peer_is_taken(const struct nf_conntrack_tuple_hash *h, const struct nf_conntrack_tuple_hash *mine)
{
	const struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);
	const struct nf_conn *my_ct = nf_ct_tuplehash_to_ctrack(mine);
	const struct nf_conntrack_zone zone = nf_ct_zone(ct), my_zone = nf_ct_zone(my_ct);
	struct ct_find f;

	ct_find_under(&f, &my_zone, NF_CT_DIRECTION(mine));
	if (nf_ct_is_hidden(nf_ct_status(ct), NF_CT_DIRECTION(h)) ||
	    nf_ct_is_hidden(nf_ct_status(my_ct), NF_CT_DIRECTION(mine)))
		return false;
	/* if both ends are equal it is its own answer; its own node is no clash */
	return ct != my_ct && nf_ct_tuple_equal(&h->tuple, &mine->tuple) && !nf_ct_is_dying(ct) &&
	       nf_ct_zone_id(&zone, NF_CT_DIRECTION(h)) == f.zone_id[NF_CT_DIRECTION(h)] &&
	       load_relaxed(&ct->net_id) == load_relaxed(&my_ct->net_id);
}

/* Stores the clashing entry, with a reference unless it was being removed; returns -EEXIST. */
static inline int peer_clash(struct nf_conntrack_tuple_hash *h, struct ct_insert *ins)
{
	if (refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(h)->use))
		ins->clash = h;
	return -EEXIST;
}

/* For a table that chooses its number of buckets: any request is allowed. */
static inline const char *peer_bucket_rule(uint64_t n)
{
	if (!n)
		return "a table has at least one bucket";
	return n > UINT64_C(1) << 31 ? "a table has at most 2147483648 buckets" : NULL;
}

#endif
