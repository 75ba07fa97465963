/* SPDX-License-Identifier: MIT */
/*
 * Reassembly of fragments before conntrack sees them (nf_defrag_ipv4,
 * nf_defrag_ipv6), because only the first fragment has ports.
 *
 * Two hooks per family, at priority -400 of PRE_ROUTING and LOCAL_OUT.  A fragment
 * is copied, and its verdict is NF_STOLEN.  The fragment that completes a packet
 * continues as that packet, in newly allocated memory (sk_buff.own_data), which is
 * freed with it.
 *
 * A capture may have only the beginning of each packet.  Lengths and offsets are
 * those of the wire; a reassembled packet has only the bytes before the first
 * missing one (headlen).
 */
#ifndef CTBENCH_CORE_NF_DEFRAG_H
#define CTBENCH_CORE_NF_DEFRAG_H

#include "core/conntrack.h"

/* The hooks; priv is not used.  An unfragmented packet costs one test. */
nf_hookfn ipv4_conntrack_defrag, ipv6_defrag;

/* Called when a namespace is created: 0 or -ENOMEM. */
int nf_defrag_net_init(struct net *net);
/* Frees everything.  No packets may be under way. */
void nf_defrag_net_exit(struct net *net);

/* Frees expired fragments; any thread.  Arriving fragments do it too. */
void nf_defrag_expire(struct net *net);
/* Memory in use for that family (NFPROTO_*), as compared with its high_thresh; any thread. */
uint64_t nf_defrag_memory(struct net *net, uint8_t pf);

/* --- For the two families: incomplete packets --- */

/* The key of a packet's fragments.  Compared and hashed as bytes: clear it first. */
struct frag_key {
	uint32_t saddr[4], daddr[4];
	uint32_t id;
	uint32_t user;	   /* hook << 16 | zone, so that hook points do not mix */
	uint32_t dev;	   /* IPv6 only, for some destinations */
	uint32_t protonum; /* IPv4 only */
};

/* One fragment; the first one with its headers. */
struct frag_piece {
	struct frag_piece *next; /* next of its run */
	uint32_t offset, len;	 /* of the payload, on the wire */
	uint32_t there;		 /* payload bytes that were captured: <= len */
	uint32_t hdrlen;	 /* header bytes before the payload; 0 except in the first */
	uint8_t bytes[];	 /* headers, payload */
};

/*
 * A run: pieces that each arrived directly at the end of the one before.  A piece
 * inside one run is a duplicate, a piece that touches more is an overlap.  Runs and
 * not pieces are compared (inet_frag_queue_insert), so they are the same as in the
 * kernel.
 */
struct frag_run {
	uint32_t offset, len;
	struct frag_piece *first, *last;
};

#define FRAG_FIRST_IN 1u
#define FRAG_LAST_IN  2u

struct frag_queue {
	struct frag_queue *next,
		**pprev; /* of its hash bucket; next is also used in the list of the dead */
	struct frag_queue *older, *younger;
	struct frag_key key;
	uint32_t expires;
	uint32_t len;			/* of the payload, as far as known */
	uint32_t meat;			/* bytes of it that have arrived */
	uint32_t max_size, max_df_size; /* largest fragment, and largest with DF (IPv4) */
	uint32_t mark;			/* the first fragment's */
	uint8_t flags;			/* FRAG_* */
	uint8_t ecn;			/* a bit for each codepoint seen */
	bool verify;			/* checksums of some are to be verified */
	struct frag_peer *peer;		/* counts its source's fragments; NULL: not counted */
	uint32_t rid;			/* its count at the last fragment */
	struct frag_run *runs;		/* by offset */
	uint32_t nr_runs, max_runs;
	uint64_t bytes; /* counted against high_thresh */
};

/* A family's queues, locked: from frag_begin() to frag_end(). */
struct frag_session {
	struct frags *frags;
	struct frag_queue *dead; /* freed after unlocking */
	uint32_t now;
	uint32_t timeout;     /* ticks */
	uint32_t high_thresh; /* bytes */
};

void frag_begin(struct frag_session *s, struct net *net, uint8_t pf);
void frag_end(struct frag_session *s);

/* Finds or makes the queue; NULL: no memory, or more than high_thresh in use (inet_frag_find). */
struct frag_queue *frag_find(struct frag_session *s, const struct frag_key *key);
/* Removes it (inet_frag_kill); it may be read until frag_end(). */
void frag_kill(struct frag_session *s, struct frag_queue *q);
/* Removes it; the caller owns it and calls frag_queue_free(). */
void frag_take(struct frag_session *s, struct frag_queue *q);
void frag_queue_free(struct frag_queue *q);

/*
 * Restarts the queue if so many other fragments of the same source have come since its
 * last one that the same 16-bit id may mean another packet (ip_frag_too_far).
 */
void frag_check_distance(struct frag_session *s, struct frag_queue *q, uint32_t max_dist);

enum frag_insert { FRAG_OK, FRAG_DUP, FRAG_OVERLAP, FRAG_NOMEM };

/* Inserts a piece; the queue owns it after FRAG_OK (inet_frag_queue_insert). */
enum frag_insert
frag_insert(struct frag_session *s, struct frag_queue *q, struct frag_piece *piece);

/* Is the packet complete? */
static inline bool frag_complete(const struct frag_queue *q)
{
	return q->flags == (FRAG_FIRST_IN | FRAG_LAST_IN) && q->meat == q->len;
}

/*
 * A copy of a packet's payload of len bytes from dataoff on, and of its first hdrlen
 * bytes, which must be present.  NULL: no memory.
 */
struct frag_piece *frag_piece_new(const struct sk_buff *skb, unsigned int hdrlen,
				  unsigned int dataoff, uint32_t offset, uint32_t len);

/*
 * Makes one packet in skb from a complete queue that was removed: the headers of the
 * first fragment and all payload.  Returns the headers, for the family to correct;
 * NULL: no memory.
 */
uint8_t *frag_reassemble(const struct frag_queue *q, struct sk_buff *skb, uint32_t *hdrlen);

/* RFC 3168, 5.3: the bits to OR into the ECN field; -1: an illegal mixture (ip_frag_ecn_table). */
int frag_ecn(uint8_t seen);

/* key.user for a packet at that hook (nf_ct_defrag_user). */
uint32_t frag_user(const struct sk_buff *skb, const struct nf_hook_state *state);

/* Should the packet be reassembled?  False if conntrack will ignore it anyway. */
static inline bool frag_wanted(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *tmpl = nf_ct_get(skb, &ctinfo);

	return !skb->_nfct || (tmpl && nf_ct_status(tmpl) & IPS_TEMPLATE);
}

/* The packet was kept or dropped: frees what belongs to it.  Returns NF_STOLEN. */
unsigned int frag_steal(struct sk_buff *skb);

#endif
