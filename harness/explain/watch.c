/* SPDX-License-Identifier: MIT */
/*
 * Records packet, connection, chains and counters before and after every hook.  Nothing here takes
 * a reference or changes what it reads, so a watched packet is treated like any other.
 */
#include <stdlib.h>

#include "core/nf_defrag.h"
#include "harness/explain/see.h"

#include "harness/base/array.h"

static struct explain *explain_of(struct nf_hook_watch *w)
{
	return container_of(w, struct explain, watch);
}

struct explain_step *explain_step(struct explain *x, enum explain_what what)
{
	static struct explain_step nowhere;

	if (!array_room(x->steps, x->nr)) {
		x->failed = true;
		return &nowhere;
	}
	memset(&x->steps[x->nr], 0, sizeof(x->steps[x->nr]));
	x->steps[x->nr].what = what;
	return &x->steps[x->nr++];
}

/* --- Hooks --- */

/* Conntrack's hooks are recognised by hook point and priority, the scenario's by their address. */
static void name_hook(const struct replay *r, struct explain_hook *h,
		      const struct nf_hook_state *state, const struct nf_hook_entry *entry)
{
	const struct nf_conntrack_ops *ops = r->core->ops;
	const bool ipv4 = state->pf == NFPROTO_IPV4;
	const char *name = "an unknown hook";

	h->kind = EXPLAIN_OTHER;
	if (entry->ops >= r->marks && entry->ops < r->marks + ARRAY_SIZE(r->marks)) {
		h->kind = EXPLAIN_MARK;
		name = "the scenario's raw rules";
	} else if (entry->ops >= ops->hooks && entry->ops < ops->hooks + ops->nr_hooks) {
		name = "a hook of conntrack";
		switch (entry->priority) {
		case NF_IP_PRI_CONNTRACK_DEFRAG:
			h->kind = EXPLAIN_DEFRAG;
			name = ipv4 ? "ipv4_conntrack_defrag" : "ipv6_defrag";
			break;
		case NF_IP_PRI_CONNTRACK:
			h->kind = EXPLAIN_IN;
			name = ipv4 ? "ipv4_conntrack_in" : "ipv6_conntrack_in";
			break;
		case NF_IP_PRI_CONNTRACK_HELPER:
			h->kind = EXPLAIN_HELP;
			name = "nf_conntrack_helper";
			break;
		case NF_IP_PRI_CONNTRACK_CONFIRM:
			h->kind = EXPLAIN_CONFIRMS;
			name = "nf_conntrack_confirm";
			break;
		}
	}
	snprintf(h->name, sizeof(h->name), "%s", name);
}

static void on_place(struct nf_hook_watch *w, const struct nf_hook_state *state,
		     struct sk_buff *skb, unsigned int hooks)
{
	struct explain *x = explain_of(w);
	struct explain_step *step;
	struct explain_ct now;

	/* After PRE_ROUTING the scenario may have given the connection a helper. */
	if (state->hook != NF_INET_PRE_ROUTING) {
		see_connection(&now, x->replay, packet_ct(skb));
		if (now.there && now.helper && x->passed.there && !x->passed.helper &&
		    now.address == x->passed.address) {
			step = explain_step(x, EXPLAIN_HELPER);
			snprintf(step->helper, sizeof(step->helper), "%s", now.helper);
		}
		x->passed = now;
	}
	step = explain_step(x, EXPLAIN_PLACE);
	step->state = *state;
	step->hooks = hooks;
}

static void before_hook(struct nf_hook_watch *w, const struct nf_hook_state *state,
			const struct nf_hook_entry *entry, struct sk_buff *skb)
{
	struct explain *x = explain_of(w);
	struct replay *r = x->replay;
	struct explain_hook *h = calloc(1, sizeof(*h));
	struct explain_step *step;

	x->running = h;
	if (!h) {
		x->failed = true;
		return;
	}
	name_hook(r, h, state, entry);
	h->priority = entry->priority;
	h->nfct_before = skb->_nfct;
	see_connection(&h->before, r, packet_ct(skb));
	h->expected_before = load_relaxed(&r->net->expect.count);
	h->kept_before = nf_defrag_memory(r->net, state->pf);
	if (h->kind == EXPLAIN_IN)
		see_in(x, h, state, skb);
	else if (h->kind == EXPLAIN_CONFIRMS)
		see_confirm(x, h);
	step = explain_step(x, EXPLAIN_HOOK);
	step->state = *state;
	step->hook = h;
	nf_ct_stat_sum(r->net, &x->counters);
}

static void after_hook(struct nf_hook_watch *w, const struct nf_hook_state *state,
		       const struct nf_hook_entry *entry, struct sk_buff *skb, unsigned int verdict)
{
	struct explain *x = explain_of(w);
	struct explain_hook *h = x->running;
	struct replay *r = x->replay;

	(void)entry;
	x->running = NULL;
	if (!h)
		return;
	nf_ct_stat_sum(r->net, &h->counters);
#define CT_STAT_FIELD(name) h->counters.name -= x->counters.name;
	CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
	h->verdict = verdict;
	h->expected_after = load_relaxed(&r->net->expect.count);
	h->kept_after = nf_defrag_memory(r->net, state->pf);
	if (verdict == NF_STOLEN)
		return; /* the packet is no longer ours to read */
	h->nfct_after = skb->_nfct;
	h->whole = skb->own_data;
	see_connection(&h->after, r, packet_ct(skb));
	if (h->kind == EXPLAIN_IN && !h->skipped) {
		/* numbers are assigned after PRE_ROUTING: this will be the next one */
		if (h->after.there && !h->after.number)
			h->after.number = r->last_number + 1;
		see_connection(&h->found_after, r, find_again(x, h));
	}
	if (h->kind == EXPLAIN_CONFIRMS)
		see_inserted(x, h);
	if (h->kind == EXPLAIN_MARK && skb->_nfct & NFCT_PTRMASK)
		h->zone = nf_ct_zone((struct nf_conn *)(skb->_nfct & NFCT_PTRMASK));
	x->passed = h->after;
}

bool explain_came_to(const struct explain *x, unsigned int place)
{
	for (size_t i = 0; i < x->nr; i++)
		if (x->steps[i].what == EXPLAIN_PLACE && x->steps[i].state.hook == place)
			return true;
	return false;
}

/* Conntrack's state of the packet, from what its hook stored in it. */
static void conclude_state(struct explain *x, const struct explain_hook *in)
{
	if (in->after.there) {
		x->state = REPLAY_TRACKED;
		x->ctinfo = in->nfct_after & NFCT_INFOMASK;
	} else if (in->verdict == NF_ACCEPT) {
		x->state = in->nfct_after ? REPLAY_UNTRACKED : REPLAY_INVALID;
	}
}

void explain_conclude(struct explain *x, const struct replay_result *res)
{
	const struct explain_step *last = NULL;

	x->verdict = res->verdict;
	if (!res->released)
		x->state = res->state;
	if (!x->nr)
		return;
	for (size_t i = 0; i < x->nr; i++) {
		if (x->steps[i].what != EXPLAIN_HOOK)
			continue;
		last = &x->steps[i];
		if (last->hook->kind == EXPLAIN_IN)
			conclude_state(x, last->hook);
	}
	if (last && last->hook->verdict == NF_DROP)
		x->verdict =
			last->state.hook == NF_INET_PRE_ROUTING ? REPLAY_DROP : REPLAY_DROP_CONFIRM;
	else if (last && last->hook->verdict != NF_ACCEPT)
		x->verdict = REPLAY_STOLEN;
	else if (res->verdict == REPLAY_HELD)
		return;
	else
		x->verdict = explain_came_to(x, NF_INET_POST_ROUTING) ? REPLAY_ACCEPT
								      : REPLAY_DROP_CONFIRM;
	x->untold = x->verdict != res->verdict;
}

static void on_invalid(void *priv, const char *why)
{
	struct explain *x = priv;
	struct explain_hook *h = x->running;

	if (h && h->nr_reasons < EXPLAIN_REASONS)
		snprintf(h->reasons[h->nr_reasons++], sizeof(h->reasons[0]), "%s", why);
}

static void hear(struct explain *x, bool expectation, const struct nf_conn *ct, unsigned int events)
{
	struct explain_hook *h = x->running;

	if (h && h->nr_events < EXPLAIN_EVENTS)
		h->events[h->nr_events++] =
			(struct explain_event){ expectation, ct ? replay_number(x->replay, ct) : 0,
						events };
}

/* The replay listens too: pass the event on to it. */
static int on_event(unsigned int events, const struct nf_ct_event *item)
{
	struct explain *x = item->priv;
	struct nf_ct_event_notifier *replay = &x->replay->notifier;
	struct nf_ct_event same = *item;

	hear(x, false, item->ct, events);
	same.priv = replay->priv;
	return replay->ct_event ? replay->ct_event(events, &same) : 0;
}

static int on_expectation(unsigned int events, const struct nf_exp_event *item)
{
	struct explain *x = item->priv;
	struct nf_ct_event_notifier *replay = &x->replay->notifier;
	struct nf_exp_event same = *item;

	hear(x, true, item->exp->master, events);
	same.priv = replay->priv;
	return replay->exp_event ? replay->exp_event(events, &same) : 0;
}

int explain_listen(struct explain *x, struct replay *r)
{
	x->replay = r;
	x->notifier = (struct nf_ct_event_notifier){ on_event, on_expectation, x };
	if (r->notifier.ct_event)
		nf_conntrack_unregister_notifier(r->net);
	return nf_conntrack_register_notifier(r->net, &x->notifier);
}

void explain_deafen(struct explain *x)
{
	if (!x->notifier.ct_event)
		return;
	nf_conntrack_unregister_notifier(x->replay->net);
	if (x->replay->notifier.ct_event)
		nf_conntrack_register_notifier(x->replay->net, &x->replay->notifier);
	x->notifier.ct_event = NULL;
}

void explain_watch(struct explain *x, struct replay *r)
{
	x->watch = (struct nf_hook_watch){ on_place, before_hook, after_hook };
	r->watch = &x->watch;
	r->net->log_invalid = on_invalid;
	r->net->log_priv = x;
}

void explain_unwatch(struct explain *x)
{
	if (!x->replay)
		return;
	x->replay->watch = NULL;
	x->replay->net->log_invalid = NULL;
}

void explain_free(struct explain *x)
{
	for (size_t i = 0; i < x->nr; i++) {
		struct explain_hook *h = x->steps[i].hook;

		for (unsigned int k = 0; h && k < h->nr_walks; k++)
			free(h->walks[k].nodes);
		free(h);
	}
	free(x->steps);
	free(x->parts);
	memset(x, 0, sizeof(*x));
}
