/* SPDX-License-Identifier: MIT */
/*
 * Expectations: connections that another one has announced, such as the data
 * connection that an FTP client and its server agree on over their control
 * connection (include/net/netfilter/nf_conntrack_expect.h).
 *
 * A helper creates one for a connection, its master.  The first packet of a new
 * connection that matches becomes RELATED; the connection gets IPS_EXPECTED, a
 * reference to the master, and the master's mark.  That consumes the expectation
 * unless it is permanent.  Otherwise it is removed when it expires or with its
 * master.
 *
 * Thread-safety: all links of expectations, here and in nf_conn_help, are
 * protected by the namespace's net->expect.lock; only a node pool's lock may be
 * taken after it.  An expectation has no reference to its master: the master
 * removes its expectations, under that lock, before its memory is freed.
 * Only the number of expectations is read without the lock, by every new
 * connection, so that a namespace without expectations pays for one load only.
 *
 * There are no timers: every holder of the lock first removes expired
 * expectations, exact to the tick.  The kernel's timers run late: Linux 6.18 still
 * had an expectation of 300 s after 305 s.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_EXPECT_H
#define CTBENCH_CORE_NF_CONNTRACK_EXPECT_H

#include "core/nf_conntrack.h"

struct net;
struct nf_conntrack_helper;

/* The bits of the source that must match; destination, l3 and l4 protocol always must. */
struct nf_conntrack_tuple_mask {
	union nf_inet_addr u3;
	uint16_t port;
};

enum nf_ct_expect_flags {
	NF_CT_EXPECT_PERMANENT = 1 << 0, /* stays after a connection has matched */
	NF_CT_EXPECT_INACTIVE = 1 << 1,	 /* is counted and expires, but matches nothing */
};

#define NF_CT_MAX_EXPECT_CLASSES   4
#define NF_CT_EXPECT_CLASS_DEFAULT 0

/* How many expectations of a class one master may have, and for how long. */
struct nf_conntrack_expect_policy {
	uint8_t max_expected; /* 0: no limit */
	uint32_t timeout;     /* seconds */
};

struct nf_conntrack_expect {
	/* under net->expect.lock */
	struct nf_conntrack_expect *lnext; /* of the same master, the newest first */
	struct nf_conntrack_expect *hnext; /* in the same bucket */
	uint32_t expires;		   /* ticks */
	bool linked;

	/* set by its creator, then constant */
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_tuple_mask mask;
	struct nf_conn *master; /* no reference: see above */
	uint8_t class;
	uint8_t flags;				  /* enum nf_ct_expect_flags */
	const struct nf_conntrack_helper *helper; /* for the expected connection; NULL: none */
	/* Called for the new, unconfirmed connection, which has its first reference; may be NULL.
	 */
	void (*expectfn)(struct nf_conn *ct, struct nf_conntrack_expect *exp);

	refcount_t use;
};

/* A namespace's expectations: part of struct net. */
struct nf_ct_expect_net {
	_Atomic uint32_t count; /* written under the lock */
	spinlock_t lock;
	uint32_t next_expiry; /* nothing expires before that; valid while count is not 0 */
	struct nf_conntrack_expect **hash; /* allocated with the first one */
};

/*
 * For the holder of a reference to master, which has a helper: a new expectation
 * that is not visible yet, cleared, with one reference; NULL without memory.
 */
struct nf_conntrack_expect *nf_ct_expect_alloc(struct nf_conn *master);
void nf_ct_expect_put(struct nf_conntrack_expect *exp);

/*
 * Sets what is expected: a connection of that class, from saddr (NULL: any
 * address) and sport (NULL: any) to daddr and dport, network byte order.
 * l3num is the family of the addresses.
 */
void nf_ct_expect_init(struct nf_conntrack_expect *exp, unsigned int class, uint16_t l3num,
		       const union nf_inet_addr *saddr, const union nf_inet_addr *daddr,
		       uint8_t protonum, const uint16_t *sport, const uint16_t *dport);

/*
 * Activates the expectation (nf_ct_expect_related); the namespace takes its own
 * reference.  It replaces an equal one of the same master, and the oldest one if
 * the class is full.  0, or -EBUSY (another one would match the same connection),
 * -EALREADY (one of the same master and another class would),
 * -EMFILE (nf_conntrack_expect_max), -ESHUTDOWN (the
 * master has no helper), -EINVAL (no such class), -ENOMEM.
 */
int nf_ct_expect_related(struct nf_conntrack_expect *exp);

/* Deactivates it; false if it was not active.  The caller has a reference. */
bool nf_ct_unexpect_related(struct nf_conntrack_expect *exp);

/* Removes all expectations of ct, a connection that ends and has CT_HELP set. */
void nf_ct_remove_expectations(struct nf_conn *ct);

/* The number of unexpired expectations of the namespace; any registered thread. */
uint32_t nf_ct_expect_count(struct net *net);

/*
 * Called by the packet path for a new connection, before its first reference: if it
 * is expected, it becomes an expected connection, and the expectation is returned
 * with a reference, for nf_ct_expect_arrived() after nf_conntrack_set_live().
 */
struct nf_conntrack_expect *
nf_ct_expect_attach(struct nf_conn *ct, const struct nf_conntrack_zone *zone,
		    const struct nf_conntrack_tuple *tuple);
void nf_ct_expect_arrived(struct nf_conn *ct, struct nf_conntrack_expect *exp);

/* Destroys a namespace's part; its connections are gone already. */
void nf_ct_expect_net_fini(struct net *net);

#endif
