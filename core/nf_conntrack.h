/* SPDX-License-Identifier: MIT */
/*
 * struct nf_conn: one connection, and its two nodes in the table.
 *
 * 256 bytes, aligned to 128, so that
 *   - all that a lookup compares is in the first two cache lines, and
 *   - the connection a table node belongs to is found by masking the node's
 *     address: the kernel reads the direction from the node first, which makes
 *     a miss on the connection's header wait for a miss on the node.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_H
#define CTBENCH_CORE_NF_CONNTRACK_H

#include "core/nf_conntrack_tuple.h"
#include "core/nf_conntrack_zones.h"
#include "core/refcount.h"
#include "core/spinlock.h"

struct net;
struct nf_ct_ext;

/*
 * Two words that belong to the table: next and back pointers of a chain in our
 * tables, other data in tables by others.  Before confirm, the REPLY node's second
 * word holds the ORIGINAL direction's hash, as the kernel's back pointer does.
 */
struct ct_table_node {
	_Atomic uintptr_t next;
	_Atomic uintptr_t pprev;
};

/*
 * A connection in one direction.  The memory may be reused for another
 * connection while a reader still compares it, so the tuple of an entry that
 * others can see is read and written by atomic words (relaxed: the reference
 * count makes the result valid, see nf_conntrack_find_get()).
 */
struct nf_conntrack_tuple_hash {
#ifdef CT_LAYOUT_LINUX
	struct ct_table_node hnnode;
#endif
	union {
		struct nf_conntrack_tuple tuple; /* for holders of a reference */
		_Atomic uint64_t tuple_w[CT_TUPLE_WORDS];
	};
#ifndef CT_LAYOUT_LINUX
	struct ct_table_node hnnode;
#endif
}
#ifdef CT_LAYOUT_APART
__attribute__((aligned(64))) /* with 8 bytes free at its end */
#endif
;

/* Per-protocol state, under nf_conn.lock. */
struct ip_ct_tcp_state {
	uint32_t td_end;    /* highest seq + len seen */
	uint32_t td_maxend; /* highest ack + max(win, 1) */
	uint32_t td_maxwin; /* largest window seen, scaled */
	uint32_t td_maxack; /* highest ack */
	uint8_t td_scale;
	uint8_t flags; /* IP_CT_TCP_FLAG_* */
};

struct ip_ct_tcp {
	struct ip_ct_tcp_state seen[IP_CT_DIR_MAX];
	_Atomic uint8_t state; /* enum tcp_conntrack; dumps read it without the lock */
	uint8_t last_dir;
	uint8_t retrans;
	uint8_t last_index; /* the kind of the last packet (enum tcp_bit_set) */
	uint32_t last_seq, last_ack, last_end;
	uint16_t last_win;
	uint8_t last_wscale, last_flags;
};

struct ip_ct_sctp {
	_Atomic uint8_t state; /* enum sctp_conntrack; dumps read it without the lock */
	uint8_t last_dir;      /* of the last heartbeat with an unexpected tag */
	uint8_t flags;
	uint8_t init[IP_CT_DIR_MAX];  /* an INIT was seen in that direction */
	uint32_t vtag[IP_CT_DIR_MAX]; /* verification tag of packets in that direction */
};

union nf_conntrack_proto {
	struct ip_ct_tcp tcp;
	struct ip_ct_sctp sctp;
	struct {
		_Atomic uint32_t stream_ts;
	} udp; /* from when on it counts as a stream */
	struct {
		uint32_t stream_timeout, timeout;
	} gre;
};

#define CT_NO_LIST UINT16_MAX

/*
 * Line 0 has what a lookup compares for the original direction: count, timeout, status, zone, the
 * key and the pointer to the next entry.  Linux's struct has each pointer before its key, so that
 * the first key's last word is in line 1: CT_LAYOUT_LINUX does that, too.  In both orders the
 * reference count, which every hit writes, shares a cache line with the first key, which every walk
 * along the chain reads, also on other CPUs.  CT_LAYOUT_APART separates them: one key in each of
 * the first two lines, with the fields that walks read; the fields that hits write in the third.
 * docs/FINDINGS.md has the gain of each.
 */
struct nf_conn {
#ifndef CT_LAYOUT_APART
	/* --- Line 0 and 1: what lookups read. --- */
	refcount_t use; /* 0: free memory; the table has one while the entry is in it */
	/*
	 * Unconfirmed: its lifetime from confirm on.  Confirmed: when it expires, on the
	 * clock of nfct_time_stamp().
	 */
	_Atomic uint32_t timeout;
	_Atomic uint32_t status; /* enum ip_conntrack_status_bit */
	_Atomic uint16_t zone_id;
	_Atomic uint16_t net_id; /* struct net.id: comparing needs no other memory */
	struct nf_conntrack_tuple_hash tuplehash[IP_CT_DIR_MAX];

	/* --- Line 2 and 3: what packets of the connection change. --- */
	_Atomic uint32_t mark;
#else
	union {
		struct nf_conntrack_tuple_hash tuplehash[IP_CT_DIR_MAX];
		struct { /* at the ends of the lines of both keys */
			char key_0[56];
			_Atomic uint32_t timeout;
			_Atomic uint16_t zone_id, net_id;
			char key_1[56];
			_Atomic uint32_t mark, free_bytes;
		};
	};
	refcount_t use;
	_Atomic uint32_t status;
#endif
	spinlock_t lock; /* proto */
	struct net *net; /* set once before the first reference, then constant */
	union {
		struct nf_conn *master; /* set for expected connections, with a reference */
		void *defer_pool;	/* while waiting for a grace period: its pool */
	};
	struct nf_ct_ext *ext; /* the extensions' area; changed only while unconfirmed */
	union {
		struct nf_conn *free_next; /* while in a node pool */
		uintptr_t defer[2];	   /* while waiting for a grace period */
	};
	union nf_conntrack_proto proto;
	uint16_t cpu; /* the CPU whose list it is on outside the table, or CT_NO_LIST */
} __attribute__((aligned(128)));

_Static_assert(sizeof(struct nf_conn) == 256, "a connection is one object of 256 bytes");
_Static_assert(offsetof(struct nf_conn, tuplehash) + sizeof(((struct nf_conn *)0)->tuplehash) ==
		       128,
	       "the fields that a lookup reads fit into the first two cache lines");
_Static_assert(_Alignof(struct nf_conn) > NFCT_INFOMASK,
	       "ctinfo is stored in the pointer's low bits");
/* Is the original direction's key in the first line? */
#define CT_KEY_IN_LINE \
	(offsetof(struct nf_conn, tuplehash[0].tuple) + sizeof(struct nf_conntrack_tuple) <= \
	 CT_CACHE_LINE)
#ifndef CT_LAYOUT_LINUX
_Static_assert(CT_KEY_IN_LINE, "a walk reads one line of each connection");
#endif
#ifdef CT_LAYOUT_APART
_Static_assert(offsetof(struct nf_conn, timeout) == 56 && offsetof(struct nf_conn, mark) == 120,
	       "behind the keys");
#endif

/* The connection that a table node belongs to (nf_ct_tuplehash_to_ctrack). */
static __always_inline struct nf_conn *
nf_ct_tuplehash_to_ctrack(const struct nf_conntrack_tuple_hash *h)
{
	return (struct nf_conn *)((uintptr_t)h & ~(uintptr_t)127);
}

/* Which of its connection's two nodes h is (NF_CT_DIRECTION). */
static __always_inline enum ip_conntrack_dir
NF_CT_DIRECTION(const struct nf_conntrack_tuple_hash *h)
{
	return ((uintptr_t)h & 127) == offsetof(struct nf_conn, tuplehash) ? IP_CT_DIR_ORIGINAL
									   : IP_CT_DIR_REPLY;
}

static __always_inline struct nf_conntrack_tuple_hash *ct_table_node_hash(struct ct_table_node *n)
{
	return container_of(n, struct nf_conntrack_tuple_hash, hnnode);
}

/* For holders of a reference. */
static inline const struct nf_conntrack_tuple *
nf_ct_tuple(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return &ct->tuplehash[dir].tuple;
}

static inline uint8_t nf_ct_protonum(const struct nf_conn *ct)
{
	return nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.protonum;
}

static inline uint16_t nf_ct_l3num(const struct nf_conn *ct)
{
	return nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->src.l3num;
}

static __always_inline uint32_t nf_ct_status(const struct nf_conn *ct)
{
	return load_relaxed(&ct->status);
}

static inline bool nf_ct_is_confirmed(const struct nf_conn *ct)
{
	return nf_ct_status(ct) & IPS_CONFIRMED;
}

static inline bool nf_ct_is_dying(const struct nf_conn *ct)
{
	return nf_ct_status(ct) & IPS_DYING;
}

/* Relaxed: a status bit publishes nothing; the table's links and locks do that. */
static inline void nf_ct_status_set(struct nf_conn *ct, uint32_t bits)
{
	fetch_or(&ct->status, bits, memory_order_relaxed);
}

/* True if the bit was set before. */
static inline bool nf_ct_status_test_and_set(struct nf_conn *ct, uint32_t bit)
{
	return fetch_or(&ct->status, bit, memory_order_acq_rel) & bit;
}

/* The zone that was set when the entry was created; for holders of a reference. */
static inline struct nf_conntrack_zone nf_ct_zone(const struct nf_conn *ct)
{
	uint32_t s = nf_ct_status(ct);
	struct nf_conntrack_zone z = {
		.id = load_relaxed(&ct->zone_id),
		.dir = NF_CT_DEFAULT_ZONE_DIR,
	};

	if (s & (CT_ZONE_ORIG_ONLY | CT_ZONE_REPLY_ONLY))
		z.dir = (s & CT_ZONE_ORIG_ONLY ? NF_CT_ZONE_DIR_ORIG : 0) |
			(s & CT_ZONE_REPLY_ONLY ? NF_CT_ZONE_DIR_REPL : 0);
	return z;
}

/* --- Time: ticks of a 32-bit clock, as the kernel's jiffies. --- */

#define NF_CT_HZ 1000u /* ticks a second */

/* Has it expired at now?  Right for spans below 2^31 ticks (24 days). */
static __always_inline bool nf_ct_is_expired(const struct nf_conn *ct, uint32_t now)
{
	return (int32_t)(load_relaxed(&ct->timeout) - now) <= 0;
}

/* Ticks left of a confirmed entry, 0 if expired (nf_ct_expires). */
static inline uint32_t nf_ct_expires(const struct nf_conn *ct, uint32_t now)
{
	int32_t left = (int32_t)(load_relaxed(&ct->timeout) - now);

	return left > 0 ? (uint32_t)left : 0;
}

#endif
