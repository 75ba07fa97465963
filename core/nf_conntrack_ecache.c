/* SPDX-License-Identifier: MIT */
/* Events: see nf_conntrack_ecache.h. */
#include <errno.h>

#include "core/conntrack.h"

int nf_conntrack_register_notifier(struct net *net, struct nf_ct_event_notifier *notifier)
{
	struct nf_ct_event_notifier *none = NULL;

	/* release: pairs with the acquire in notifier_of() */
	if (!atomic_compare_exchange_strong_explicit(&net->ecache.notifier, &none, notifier,
						     memory_order_release, memory_order_relaxed))
		return -EBUSY;
	nf_ct_new_ext_update(net);
	return 0;
}

void nf_conntrack_unregister_notifier(struct net *net)
{
	store_relaxed(&net->ecache.notifier, NULL);
	nf_ct_new_ext_update(net);
}

static struct nf_ct_event_notifier *notifier_of(const struct net *net)
{
	return load_acquire(&net->ecache.notifier);
}

bool nf_ct_ecache_ext_add(struct nf_conn *ct, uint32_t ctmask)
{
	uint32_t mode = load_relaxed(&ct->net->ct.nf_conntrack_events);
	struct nf_conntrack_ecache *e;

	if (!ctmask && (!mode || (mode == 2 && !notifier_of(ct->net))))
		return true;
	e = nf_ct_ext_add(ct, NF_CT_EXT_ECACHE);
	if (!e)
		return false;
	e->ctmask = ctmask ? ctmask : ~0u;
	nf_ct_status_set(ct, CT_ECACHE);
	return true;
}

static struct nf_conntrack_ecache *ecache_find(const struct nf_conn *ct)
{
	return nf_ct_ext_find(ct, NF_CT_EXT_ECACHE);
}

__cold void __nf_conntrack_event_cache(struct nf_conn *ct, enum ip_conntrack_events event)
{
	struct nf_conntrack_ecache *e = ecache_find(ct);

	if (e && notifier_of(ct->net))
		atomic_fetch_or_explicit(&e->cache, 1u << event, memory_order_relaxed);
}

/*
 * Sends the events that are wanted, and those that were not delivered before
 * (__nf_conntrack_eventmask_report).
 */
static int tell(struct nf_ct_event_notifier *n, struct nf_conntrack_ecache *e, uint32_t events,
		uint32_t missed, struct nf_ct_event *item)
{
	struct nf_conn *ct = item->ct;
	int ret;

	if (!((events | missed) & e->ctmask))
		return 0;
	item->priv = n->priv;
	ret = n->ct_event((events & e->ctmask) | missed, item);
	if (ret >= 0 && !missed)
		return 0;
	spin_lock(&ct->lock, CT_LOCK_CONN);
	if (ret < 0)
		store_relaxed(&e->missed, load_relaxed(&e->missed) | (events & e->ctmask));
	else
		store_relaxed(&e->missed, load_relaxed(&e->missed) & ~missed);
	spin_unlock(&ct->lock);
	return ret < 0 ? ret : 0;
}

__cold void nf_ct_deliver_cached_events(struct nf_conn *ct)
{
	struct nf_ct_event_notifier *n = notifier_of(ct->net);
	struct nf_conntrack_ecache *e = ecache_find(ct);
	struct nf_ct_event item = { .ct = ct };
	uint32_t events;

	/* Read first: most packets change nothing, and the cache line stays clean. */
	if (!n || !e || !(load_relaxed(&e->cache) | load_relaxed(&e->missed)))
		return;
	events = atomic_exchange_explicit(&e->cache, 0, memory_order_relaxed);
	/* The DESTROY event is sent by the thread that deletes the entry. */
	if (!nf_ct_is_confirmed(ct) || nf_ct_is_dying(ct))
		return;
	tell(n, e, events, load_relaxed(&e->missed), &item);
}

__cold int nf_conntrack_event_report(struct nf_conn *ct, enum ip_conntrack_events event,
				     uint32_t portid, bool report)
{
	struct nf_ct_event_notifier *n = notifier_of(ct->net);
	struct nf_conntrack_ecache *e = ecache_find(ct);
	struct nf_ct_event item = { .ct = ct, .portid = portid, .report = report };
	uint32_t first;
	int ret;

	if (!n || !e || !nf_ct_is_confirmed(ct))
		return 0;
	/* A DESTROY that is sent again has the portid of the first deletion, and is sent alone. */
	first = load_relaxed(&e->portid);
	if (first)
		item.portid = first;
	ret = tell(n, e, 1u << event, first ? 0 : load_relaxed(&e->missed), &item);
	if (ret < 0 && event == IPCT_DESTROY && !first)
		store_relaxed(&e->portid, portid);
	return ret;
}

__cold void
nf_ct_expect_event(struct nf_conntrack_expect *exp, enum ip_conntrack_expect_events event)
{
	struct nf_ct_event_notifier *n = notifier_of(exp->master->net);
	struct nf_exp_event item = { .exp = exp };

	if (!n || !n->exp_event || !ecache_find(exp->master))
		return;
	item.priv = n->priv;
	n->exp_event(1u << event, &item);
}

/* --- DESTROY events that were not delivered yet --- */

void nf_ct_ecache_keep(struct nf_conn *ct)
{
	struct nf_ct_ecache_net *en = &ct->net->ecache;

	spin_lock(&en->lock, CT_LOCK_LEAF);
	ct->free_next = en->waiting;
	en->waiting = ct;
	en->nr_waiting++;
	spin_unlock(&en->lock);
}

static struct nf_conn *take_waiting(struct net *net)
{
	struct nf_conn *list;

	spin_lock(&net->ecache.lock, CT_LOCK_LEAF);
	list = net->ecache.waiting;
	net->ecache.waiting = NULL;
	net->ecache.nr_waiting = 0;
	spin_unlock(&net->ecache.lock);
	return list;
}

unsigned int nf_conntrack_ecache_work(struct net *net)
{
	struct nf_conn *next;

	for (struct nf_conn *ct = take_waiting(net); ct; ct = next) {
		next = ct->free_next;
		if (nf_conntrack_event_report(ct, IPCT_DESTROY, 0, false) < 0)
			nf_ct_ecache_keep(ct);
		else
			nf_ct_put(ct);
	}
	return nf_ct_ecache_waiting(net);
}

unsigned int nf_ct_ecache_waiting(struct net *net)
{
	unsigned int n;

	spin_lock(&net->ecache.lock, CT_LOCK_LEAF);
	n = net->ecache.nr_waiting;
	spin_unlock(&net->ecache.lock);
	return n;
}

void nf_ct_ecache_net_fini(struct net *net)
{
	struct nf_conn *next;

	for (struct nf_conn *ct = take_waiting(net); ct; ct = next) {
		next = ct->free_next;
		nf_ct_put(ct);
	}
}
