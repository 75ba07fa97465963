/* SPDX-License-Identifier: MIT */
/*
 * What the hot path and a table say to each other while an entry is looked
 * for or put in.  Every table uses these, so that "equal", "expired" and
 * "confirmed" mean the same in all of them.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_FIND_H
#define CTBENCH_CORE_NF_CONNTRACK_FIND_H

#include "core/conntrack.h"

#define CT_EXPIRED_MAX 4

/* What a lookup looks for, and what it met on its way. */
struct ct_find {
	union ct_tuple_words key;
	uint32_t zone_id[IP_CT_DIR_MAX]; /* that a node of that direction must have */
	uint16_t net_id;
	uint32_t now;
	uint32_t restarts; /* search_restart */
	unsigned int nr_expired;
	/* each with a reference, to be killed by the caller */
	struct nf_conn *expired[CT_EXPIRED_MAX];
};

/* Lookups that are made together: no more than that many, as DPDK's rte_hash takes. */
#define CT_BURST 64

struct ct_burst {
	unsigned int nr;
	uint32_t hash[CT_BURST];
	struct nf_conntrack_tuple_hash *found[CT_BURST];
	union ct_tuple_words key[CT_BURST];
};

#define CT_FIND_NO_ZONE (1u << 16) /* no node has it */

/*
 * From now on f looks where that direction's zone leads to.  The kernel hashes
 * the zone, so that there it meets nodes which are filed under that zone, and no
 * others; a hash that leaves the zone out brings them together, but they must
 * not be taken for each other.  Only zones for one direction can differ in this.
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
 * The ORIGINAL node of an entry that lost a clash in that direction alone: nobody is to find
 * it, for another has its tuple (nf_ct_resolve_clash_harder; the kernel leaves it out of the
 * table, which looks the same).
 */
static __always_inline bool nf_ct_is_hidden(uint32_t status, enum ip_conntrack_dir dir)
{
	return status & IPS_NAT_CLASH && dir == IP_CT_DIR_ORIGINAL;
}

static __always_inline bool
nf_ct_key_words_equal(const struct nf_conntrack_tuple_hash *h, const struct ct_find *f)
{
	/*
	 * Written out, for -O2 leaves a loop of four a loop; one branch, for the words come
	 * together.
	 */
	return !((load_relaxed(&h->tuple_w[0]) ^ f->key.w[0]) |
		 (load_relaxed(&h->tuple_w[1]) ^ f->key.w[1]) |
		 (load_relaxed(&h->tuple_w[2]) ^ f->key.w[2]) |
		 (load_relaxed(&h->tuple_w[3]) ^ f->key.w[3]) |
		 ((load_relaxed(&h->tuple_w[4]) ^ f->key.w[4]) & ct_tuple_last_mask()));
}

/* Does the rest of the key, beside h's tuple, make it what is looked for?  status is ct's. */
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
 * Is h, a node of ct, the entry that is looked for (nf_ct_key_equal), and alive?  May run on
 * memory that is being reused: then the answer counts only after a reference was taken and the
 * memory is known to be the same connection still (variants/recheck/).
 */
static __always_inline bool nf_ct_key_equal(const struct nf_conntrack_tuple_hash *h,
					    const struct nf_conn *ct, const struct ct_find *f)
{
	return nf_ct_key_words_equal(h, f) && nf_ct_key_state_equal(h, ct, f, nf_ct_status(ct));
}

/*
 * The walk met an expired entry (nf_ct_gc_expired).  The kernel kills it there
 * and then; here the walk only takes a reference and the caller kills after
 * it, because a table whose readers hold a lock could not take the other
 * direction's lock now.  A full list is no loss: the next walk finds the rest.
 */
static __maybe_unused __cold void ct_find_expired(struct ct_find *f, struct nf_conn *ct)
{
	if (f->nr_expired < CT_EXPIRED_MAX && !nf_ct_is_dying(ct) &&
	    refcount_inc_not_zero(&ct->use))
		f->expired[f->nr_expired++] = ct;
}

/*
 * Insertion, in the table's own critical section and after the checks: the
 * life of the entry starts now and the table gets its reference.
 */
static __always_inline void nf_ct_insert_commit(struct nf_conn *ct, uint32_t now)
{
	store_relaxed(&ct->timeout, load_relaxed(&ct->timeout) + now);
	if (unlikely(ct->ext) && nf_conn_tstamp_find(ct))
		store_relaxed(&nf_conn_tstamp_find(ct)->start, now);
	refcount_inc(&ct->use);
}

/*
 * Both nodes are in: from here on lookups may find the entry.  Release: who
 * sees CONFIRMED through a lookup that needs no lock sees both nodes in place.
 */
static __always_inline void nf_ct_insert_publish(struct nf_conn *ct)
{
	atomic_fetch_or_explicit(&ct->status, IPS_CONFIRMED, memory_order_release);
}

/* What table_insert() says beside its error. */
struct ct_insert {
	/* -EEXIST: the entry that is there already, with a reference; NULL if it was going */
	struct nf_conntrack_tuple_hash *clash;
};

/* Entries picked out of the table by a walk, each with a reference. */
struct ct_collect {
	bool (*want)(const struct nf_conntrack_tuple_hash *h, struct nf_conn *ct,
		     const struct ct_collect *c);
	const struct net *net; /* for want */
	uint32_t now;	       /* for want */
	struct nf_conn **v;
	size_t nr, max;
	bool grow;	/* v is malloc's and may be enlarged */
	bool truncated; /* entries were left out: no room */
};

/* For tables: the walk is at h.  Under the bucket's lock or in a read-side section. */
void ct_collect_visit(struct ct_collect *c, const struct nf_conntrack_tuple_hash *h,
		      struct nf_conn *ct);

#endif
