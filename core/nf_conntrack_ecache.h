/* SPDX-License-Identifier: MIT */
/*
 * Events: what happens to connections, told to one subscriber a namespace
 * (include/net/netfilter/nf_conntrack_ecache.h).
 *
 * What a packet does to its connection is noted as bits in the connection's
 * extension and told once, when the packet is through (behind confirm); the
 * end of a connection is told at once, before it leaves the table.  A
 * connection has the extension if there was a subscriber when it was made
 * (nf_conntrack_events = 2, the default), always (1) or never (0).
 *
 * Without it an event costs a test of a status bit that the packet has read
 * anyway (CT_ECACHE); and only where something changes.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_ECACHE_H
#define CTBENCH_CORE_NF_CONNTRACK_ECACHE_H

#include "core/nf_conntrack.h"

struct net;
struct nf_conntrack_expect;

/* The kernel's names and numbers (uapi nf_conntrack_common.h): bits in a set of events. */
enum ip_conntrack_events {
	IPCT_NEW,
	IPCT_RELATED, /* as NEW, of a connection that was expected */
	IPCT_DESTROY,
	IPCT_REPLY, /* the first packet of the other direction */
	IPCT_ASSURED,
	IPCT_PROTOINFO, /* the protocol's state */
	IPCT_HELPER,	/* it has a helper; told with NEW */
	IPCT_MARK,
	IPCT_SEQADJ,
	IPCT_SECMARK,
	IPCT_LABEL,
	IPCT_SYNPROXY,
};

enum ip_conntrack_expect_events {
	IPEXP_NEW,
	IPEXP_DESTROY,
};

struct nf_ct_event {
	struct nf_conn *ct;
	void *priv;	 /* the notifier's */
	uint32_t portid; /* who asked for the change, 0: nobody */
	bool report;	 /* that one is to be told even if it asked for nothing */
};

struct nf_exp_event {
	struct nf_conntrack_expect *exp;
	void *priv;
	uint32_t portid;
	bool report;
};

/*
 * A subscriber.  Called from the packet path and from whoever deletes, on many
 * threads at once, with a reference on the connection and no lock of a table
 * (expectations: under net->expect.lock).  Must not block.
 */
struct nf_ct_event_notifier {
	/*
	 * events: a set of 1 << IPCT_*.  Negative: not told.  Then they come
	 * again with the connection's next event; a DESTROY by
	 * nf_conntrack_ecache_work(), until when the connection stays dying.
	 */
	int (*ct_event)(unsigned int events, const struct nf_ct_event *item);
	/* events: a set of 1 << IPEXP_*; NULL: not wanted */
	int (*exp_event)(unsigned int events, const struct nf_exp_event *item);
	void *priv;
};

/* What a connection has: extension NF_CT_EXT_ECACHE. */
struct nf_conntrack_ecache {
	_Atomic uint32_t cache;	 /* events not told yet */
	_Atomic uint32_t missed; /* told in vain; under the connection's lock */
	_Atomic uint32_t portid; /* who deleted it, while its DESTROY is missing */
	uint32_t ctmask;	 /* which events are wanted of it; set while unconfirmed */
};

/*
 * One a namespace: 0 or -EBUSY.  Any thread, while packets flow; connections
 * made before tell nothing (unless nf_conntrack_events is 1).
 */
int nf_conntrack_register_notifier(struct net *net, struct nf_ct_event_notifier *notifier);
/* The notifier must stay until every packet on its way now is through. */
void nf_conntrack_unregister_notifier(struct net *net);

/*
 * For the owner of an unconfirmed connection: events of ctmask (0: all) will be
 * told, if nf_conntrack_events and a subscriber say so (or ctmask is not 0).
 * False without memory.
 */
bool nf_ct_ecache_ext_add(struct nf_conn *ct, uint32_t ctmask);

/* Tries again to tell what could not be told of connections that ended; how many are left. */
unsigned int nf_conntrack_ecache_work(struct net *net);

void __nf_conntrack_event_cache(struct nf_conn *ct, enum ip_conntrack_events event);

/* Something happened to ct; whoever holds a reference. */
static __always_inline void
nf_conntrack_event_cache(struct nf_conn *ct, enum ip_conntrack_events event)
{
	if (unlikely(nf_ct_status(ct) & CT_ECACHE))
		__nf_conntrack_event_cache(ct, event);
}

/* Tell what was noted; behind confirm, for a connection with CT_ECACHE. */
void nf_ct_deliver_cached_events(struct nf_conn *ct);
/* Tell it now: 0, or the subscriber's negative answer.  Nothing of unconfirmed ones. */
int nf_conntrack_event_report(struct nf_conn *ct, enum ip_conntrack_events event, uint32_t portid,
			      bool report);
void nf_ct_expect_event(struct nf_conntrack_expect *exp, enum ip_conntrack_expect_events event);

/* Has become assured: told once. */
static inline void nf_ct_set_assured(struct nf_conn *ct)
{
	if (!nf_ct_status_test_and_set(ct, IPS_ASSURED))
		nf_conntrack_event_cache(ct, IPCT_ASSURED);
}

/*
 * nf_ct_delete's part: ct, whose DESTROY could not be told, waits for
 * nf_conntrack_ecache_work() with the table's reference.
 */
void nf_ct_ecache_keep(struct nf_conn *ct);
/* How many wait. */
unsigned int nf_ct_ecache_waiting(struct net *net);

/* A namespace's part. */
struct nf_ct_ecache_net {
	_Atomic(struct nf_ct_event_notifier *) notifier;
	spinlock_t lock;	 /* below */
	struct nf_conn *waiting; /* linked by free_next */
	unsigned int nr_waiting;
};
void nf_ct_ecache_net_fini(struct net *net);

#endif
