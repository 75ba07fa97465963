/* SPDX-License-Identifier: MIT */
/*
 * Expectations: connections that another one has announced, such as the data
 * connection that an FTP client and its server agree on over their control
 * connection (include/net/netfilter/nf_conntrack_expect.h).
 *
 * A helper makes one for a connection, its master.  The first packet of a new
 * connection that fits becomes RELATED, gets IPS_EXPECTED, the master with a
 * reference, and its mark.  That uses the expectation up unless it is
 * permanent; else it goes when its time is over or with its master.
 *
 * Thread-safety: all that links expectations, here and in nf_conn_help, is
 * under the namespace's net->expect.lock, which is taken last but for a node
 * pool's lock.  An expectation has no reference on its master: the master
 * takes its expectations with it, under that lock, before its memory goes.
 * Only the number of expectations is read without the lock, by every new
 * connection; so that a namespace that expects nothing pays for one load.
 *
 * There are no timers: whoever holds the lock first throws out what is over, to
 * the tick.  The kernel's timers run late: Linux 6.18 still had one of 300 s
 * after 305 s.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_EXPECT_H
#define CTBENCH_CORE_NF_CONNTRACK_EXPECT_H

#include "core/nf_conntrack.h"

struct net;
struct nf_conntrack_helper;

/* Which bits of the source count; the destination, l3 and l4 protocol always do. */
struct nf_conntrack_tuple_mask {
	union nf_inet_addr u3;
	uint16_t port;
};

enum nf_ct_expect_flags {
	NF_CT_EXPECT_PERMANENT = 1 << 0, /* stays when a connection came that it expected */
	NF_CT_EXPECT_INACTIVE = 1 << 1,	 /* counts and expires, but matches nothing */
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

	/* set by who makes it, then constant */
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
	uint32_t next_expiry; /* nothing is over before that; valid while count is not 0 */
	struct nf_conntrack_expect **hash; /* allocated with the first one */
};

/*
 * For the holder of a reference on master, which has a helper: an expectation
 * that nobody sees yet, cleared, with one reference; NULL without memory.
 */
struct nf_conntrack_expect *nf_ct_expect_alloc(struct nf_conn *master);
void nf_ct_expect_put(struct nf_conntrack_expect *exp);

/*
 * What is expected: a connection of that class, from saddr (NULL: from any
 * address) and sport (NULL: any) to daddr and dport, network byte order.
 * Addresses are read as l3num says.
 */
void nf_ct_expect_init(struct nf_conntrack_expect *exp, unsigned int class, uint16_t l3num,
		       const union nf_inet_addr *saddr, const union nf_inet_addr *daddr,
		       uint8_t protonum, const uint16_t *sport, const uint16_t *dport);

/*
 * From now on it is expected (nf_ct_expect_related); the namespace takes a
 * reference of its own.  The same one of the same master is replaced, and so
 * is the oldest where the class is full.  0, or -EBUSY (another one would fit
 * the same connection), -EALREADY (the master's own of another class does),
 * -EMFILE (nf_conntrack_expect_max), -ESHUTDOWN (the
 * master has no helper), -EINVAL (no such class), -ENOMEM.
 */
int nf_ct_expect_related(struct nf_conntrack_expect *exp);

/* No longer; false if it was not (any more).  The caller has a reference. */
bool nf_ct_unexpect_related(struct nf_conntrack_expect *exp);

/* All of ct's expectations.  For a connection that ends, with CT_HELP set. */
void nf_ct_remove_expectations(struct nf_conn *ct);

/* How many the namespace has that are not over; any registered thread. */
uint32_t nf_ct_expect_count(struct net *net);

/*
 * The packet path's part of a new connection, before its first reference: is
 * it expected?  Then it is given what an expected one gets, and the
 * expectation is returned with a reference, for nf_ct_expect_arrived() behind
 * nf_conntrack_set_live().
 */
struct nf_conntrack_expect *
nf_ct_expect_attach(struct nf_conn *ct, const struct nf_conntrack_zone *zone,
		    const struct nf_conntrack_tuple *tuple);
void nf_ct_expect_arrived(struct nf_conn *ct, struct nf_conntrack_expect *exp);

/* The namespace goes; its connections are gone. */
void nf_ct_expect_net_fini(struct net *net);

#endif
