/* SPDX-License-Identifier: MIT */
/*
 * Events: changes of connections, sent to one subscriber per namespace
 * (include/net/netfilter/nf_conntrack_ecache.h).
 *
 * The changes that a packet makes to its connection are noted as bits in the
 * connection's extension and sent once, after confirm.  The end of a connection is
 * sent at once, before it leaves the table.  A connection has the extension if there
 * was a subscriber when it was created (nf_conntrack_events = 2, the default),
 * always (1) or never (0).
 *
 * Without the extension an event costs a test of a status bit that the packet has
 * read anyway (CT_ECACHE), and only if something changes.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_ECACHE_H
#define CTBENCH_CORE_NF_CONNTRACK_ECACHE_H

#include "core/nf_conntrack.h"

struct net;
struct nf_conntrack_expect;

/* The kernel's names and numbers (uapi nf_conntrack_common.h): bits in a set of events. */
enum ip_conntrack_events {
	IPCT_NEW,
	IPCT_RELATED, /* like NEW, for a connection that was expected */
	IPCT_DESTROY,
	IPCT_REPLY, /* the first packet of the other direction */
	IPCT_ASSURED,
	IPCT_PROTOINFO, /* the protocol's state */
	IPCT_HELPER,	/* it has a helper; sent with NEW */
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
	uint32_t portid; /* the sender of the request for the change; 0: none */
	bool report;	 /* report it to that sender even if it did not subscribe */
};

struct nf_exp_event {
	struct nf_conntrack_expect *exp;
	void *priv;
	uint32_t portid;
	bool report;
};

/*
 * A subscriber.  Called from the packet path and by threads that delete, many at
 * once, with a reference to the connection and no lock of a table (expectations:
 * under net->expect.lock).  Must not block.
 */
struct nf_ct_event_notifier {
	/*
	 * events: a set of 1 << IPCT_*.  Negative: not delivered.  They are sent
	 * again with the connection's next event; a DESTROY by
	 * nf_conntrack_ecache_work(), and the connection stays dying until then.
	 */
	int (*ct_event)(unsigned int events, const struct nf_ct_event *item);
	/* events: a set of 1 << IPEXP_*; NULL: not wanted */
	int (*exp_event)(unsigned int events, const struct nf_exp_event *item);
	void *priv;
};

/* A connection's part: extension NF_CT_EXT_ECACHE. */
struct nf_conntrack_ecache {
	_Atomic uint32_t cache;	 /* events not sent yet */
	_Atomic uint32_t missed; /* events that were not delivered; under the connection's lock */
	_Atomic uint32_t
		portid;	 /* on whose behalf it was deleted, while its DESTROY is not delivered */
	uint32_t ctmask; /* the events that are wanted; set while unconfirmed */
};

/*
 * One per namespace: 0 or -EBUSY.  Any thread, while packets flow; connections
 * created before send no events (unless nf_conntrack_events is 1).
 */
int nf_conntrack_register_notifier(struct net *net, struct nf_ct_event_notifier *notifier);
/* The notifier must stay valid until every packet that is in the hooks now has left them. */
void nf_conntrack_unregister_notifier(struct net *net);

/*
 * For the owner of an unconfirmed connection: events of ctmask (0: all) will be
 * sent, if nf_conntrack_events and a subscriber require it (or ctmask is not 0).
 * False without memory.
 */
bool nf_ct_ecache_ext_add(struct nf_conn *ct, uint32_t ctmask);

/* Sends undelivered DESTROY events again; returns how many are still undelivered. */
unsigned int nf_conntrack_ecache_work(struct net *net);

void __nf_conntrack_event_cache(struct nf_conn *ct, enum ip_conntrack_events event);

/* Notes an event of ct; for holders of a reference. */
static __always_inline void
nf_conntrack_event_cache(struct nf_conn *ct, enum ip_conntrack_events event)
{
	if (unlikely(nf_ct_status(ct) & CT_ECACHE))
		__nf_conntrack_event_cache(ct, event);
}

/* Sends the noted events; after confirm, for a connection with CT_ECACHE. */
void nf_ct_deliver_cached_events(struct nf_conn *ct);
/* Sends an event now: 0, or the subscriber's negative result.  Nothing for unconfirmed ones. */
int nf_conntrack_event_report(struct nf_conn *ct, enum ip_conntrack_events event, uint32_t portid,
			      bool report);
void nf_ct_expect_event(struct nf_conntrack_expect *exp, enum ip_conntrack_expect_events event);

/* It has become assured: the event is sent once. */
static inline void nf_ct_set_assured(struct nf_conn *ct)
{
	if (!nf_ct_status_test_and_set(ct, IPS_ASSURED))
		nf_conntrack_event_cache(ct, IPCT_ASSURED);
}

/*
 * For nf_ct_delete: ct, whose DESTROY was not delivered, waits for
 * nf_conntrack_ecache_work() and keeps the table's reference.
 */
void nf_ct_ecache_keep(struct nf_conn *ct);
/* The number of waiting connections. */
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
