/* SPDX-License-Identifier: MIT */
/*
 * The interface between the hot path and a table for lookup and insertion.  Every
 * table uses these functions, so that "equal", "expired" and "confirmed" mean the
 * same in all of them.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_FIND_H
#define CTBENCH_CORE_NF_CONNTRACK_FIND_H

#include "core/conntrack.h"

#define CT_EXPIRED_MAX 4

/* The key of a lookup, and what it found on its way. */
struct ct_find {
	union ct_tuple_words key;
	uint32_t zone_id[IP_CT_DIR_MAX]; /* the zone that a node of that direction must have */
	uint16_t net_id;
	uint32_t now;
	uint32_t restarts; /* search_restart */
	unsigned int nr_expired;
	/* each with a reference, to be killed by the caller */
	struct nf_conn *expired[CT_EXPIRED_MAX];
};

/* The maximum number of lookups made together, as in DPDK's rte_hash. */
#define CT_BURST 64

struct ct_burst {
	unsigned int nr;
	uint32_t hash[CT_BURST];
	struct nf_conntrack_tuple_hash *found[CT_BURST];
	union ct_tuple_words key[CT_BURST];
};

#define CT_FIND_NO_ZONE (1u << 16) /* no node has it */

/*
 * From now on f looks up with that direction's zone.  The kernel hashes the zone, so
 * its lookup finds only nodes that were inserted with that zone.  With a hash that
 * excludes the zone they share a chain, but must not be mistaken for each other.
 * This matters only with zones for one direction.
 */
static inline void
ct_find_under(struct ct_find *f, const struct nf_conntrack_zone *zone, enum ip_conntrack_dir dir)
{
	uint16_t id = nf_ct_zone_id(zone, dir);

	f->zone_id[dir] = id;
	f->zone_id[!dir] = nf_ct_zone_id(zone, !dir) == id ? id : CT_FIND_NO_ZONE;
}

static __always_inline void
ct_find_init(struct ct_find *f, const struct net *net, const struct nf_conntrack_zone *zone)
{
	f->zone_id[IP_CT_DIR_ORIGINAL] = f->zone_id[IP_CT_DIR_REPLY] = zone->id;
	if (unlikely(zone->dir != NF_CT_DEFAULT_ZONE_DIR))
		ct_find_under(f, zone, IP_CT_DIR_ORIGINAL);
	f->net_id = net->id;
	f->now = nfct_time_stamp(net->core);
	f->restarts = 0;
	f->nr_expired = 0;
}

/*
 * The ORIGINAL node of an entry that lost a clash in that direction only: no lookup may find it,
 * because another entry has its tuple (nf_ct_resolve_clash_harder; the kernel does not insert it
 * into the table, which has the same effect).
 */
static __always_inline bool nf_ct_is_hidden(uint32_t status, enum ip_conntrack_dir dir)
{
	return status & IPS_NAT_CLASH && dir == IP_CT_DIR_ORIGINAL;
}

static __always_inline bool
nf_ct_key_words_equal(const struct nf_conntrack_tuple_hash *h, const struct ct_find *f)
{
	/*
	 * Unrolled by hand, because -O2 does not unroll a loop of four; one branch, because the
	 * words arrive together.
	 */
	return !((load_relaxed(&h->tuple_w[0]) ^ f->key.w[0]) |
		 (load_relaxed(&h->tuple_w[1]) ^ f->key.w[1]) |
		 (load_relaxed(&h->tuple_w[2]) ^ f->key.w[2]) |
		 (load_relaxed(&h->tuple_w[3]) ^ f->key.w[3]) |
		 ((load_relaxed(&h->tuple_w[4]) ^ f->key.w[4]) & ct_tuple_last_mask()));
}

/* Does the rest of the key, without the tuple, match?  status is ct's. */
static __always_inline bool
nf_ct_key_state_equal(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
		      const struct ct_find *f, uint32_t status)
{
	enum ip_conntrack_dir dir;
	uint16_t zone;

	if (unlikely((status & (IPS_CONFIRMED | IPS_DYING)) != IPS_CONFIRMED))
		return false;
	dir = NF_CT_DIRECTION(h);
	zone = load_relaxed(&ct->zone_id);
	if (unlikely(status & (CT_ZONE_ORIG_ONLY | CT_ZONE_REPLY_ONLY | IPS_NAT_CLASH))) {
		if (nf_ct_is_hidden(status, dir))
			return false;
		if (status & (CT_ZONE_ORIG_ONLY | CT_ZONE_REPLY_ONLY) &&
		    !(status &
		      (dir == IP_CT_DIR_ORIGINAL ? CT_ZONE_ORIG_ONLY : CT_ZONE_REPLY_ONLY)))
			zone = NF_CT_DEFAULT_ZONE_ID;
	}
	return zone == f->zone_id[dir] && load_relaxed(&ct->net_id) == f->net_id;
}

/*
 * True if h, a node of ct, matches (nf_ct_key_equal) and is alive.  May read memory that is being
 * reused.  Therefore the answer is valid only if, after a reference was taken, the memory is still
 * the same connection (variants/recheck/).
 */
static __always_inline bool nf_ct_key_equal(const struct nf_conntrack_tuple_hash *h,
					    const struct nf_conn *ct, const struct ct_find *f)
{
	return nf_ct_key_words_equal(h, f) && nf_ct_key_state_equal(h, ct, f, nf_ct_status(ct));
}

/*
 * Called when a walk meets an expired entry (nf_ct_gc_expired).  The kernel kills it
 * immediately.  Here the walk only takes a reference and the caller kills it
 * afterwards, because a table whose readers hold a lock could not take the other
 * direction's lock now.  A full list does no harm: the next walk finds the rest.
 */
static __maybe_unused __cold void ct_find_expired(struct ct_find *f, struct nf_conn *ct)
{
	if (f->nr_expired < CT_EXPIRED_MAX && !nf_ct_is_dying(ct) &&
	    refcount_inc_not_zero(&ct->use))
		f->expired[f->nr_expired++] = ct;
}

/*
 * Insertion, inside the table's critical section and after the checks: the
 * entry's lifetime starts now, and the table gets its reference.
 */
static __always_inline void nf_ct_insert_commit(struct nf_conn *ct, uint32_t now)
{
	store_relaxed(&ct->timeout, load_relaxed(&ct->timeout) + now);
	if (unlikely(ct->ext) && nf_conn_tstamp_find(ct))
		store_relaxed(&nf_conn_tstamp_find(ct)->start, now);
	refcount_inc(&ct->use);
}

/*
 * Both nodes are linked: from here on lookups may find the entry.  Release: a
 * thread that sees CONFIRMED in a lock-free lookup also sees both nodes linked.
 */
static __always_inline void nf_ct_insert_publish(struct nf_conn *ct)
{
	fetch_or(&ct->status, IPS_CONFIRMED, memory_order_release);
}

/* What table_insert() returns in addition to its error. */
struct ct_insert {
	/* -EEXIST: the existing entry, with a reference; NULL if it was being removed */
	struct nf_conntrack_tuple_hash *clash;
};

/* Entries collected from the table by a walk, each with a reference. */
struct ct_collect {
	bool (*want)(const struct nf_conntrack_tuple_hash *h, struct nf_conn *ct,
		     const struct ct_collect *c);
	const struct net *net; /* for want */
	uint32_t now;	       /* for want */
	struct nf_conn **v;
	size_t nr, max;
	bool grow;	/* v is malloc's and may be enlarged */
	bool truncated; /* some entries were left out: no room */
};

/* For tables: the walk is at h.  Under the bucket's lock or in a read-side section. */
void ct_collect_visit(struct ct_collect *c, const struct nf_conntrack_tuple_hash *h,
		      struct nf_conn *ct);

#endif
