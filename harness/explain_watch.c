/* SPDX-License-Identifier: MIT */
/*
 * Gathers a packet's story: looks at packet, connection, chains and counters
 * before and after every hook.  Nothing here takes a reference or changes what
 * it looks at, so that the watched packet goes the way of the unwatched.
 */
#include <stdlib.h>

#include "core/nf_defrag.h"
#include "harness/explain.h"

static struct explain *explain_of(struct nf_hook_watch *w)
{
	return container_of(w, struct explain, watch);
}

struct explain_step *explain_step(struct explain *x, enum explain_what what)
{
	static struct explain_step nowhere;

	if (x->nr == x->max) {
		size_t max = x->max ? x->max * 2 : 16;
		struct explain_step *steps = realloc(x->steps, max * sizeof(*steps));

		if (!steps) {
			x->failed = true;
			return &nowhere;
		}
		x->steps = steps;
		x->max = max;
	}
	memset(&x->steps[x->nr], 0, sizeof(x->steps[x->nr]));
	x->steps[x->nr].what = what;
	return &x->steps[x->nr++];
}

/* --- A connection at a moment --- */

static void see_connection(struct explain_ct *to, const struct replay *r, const struct nf_conn *ct)
{
	const uint32_t now = nfct_time_stamp(r->core);
	const struct nf_conntrack_l4proto *l4;

	memset(to, 0, sizeof(*to));
	if (!ct)
		return;
	l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	to->there = true;
	to->address = (uintptr_t)ct;
	to->number = replay_number(r, ct);
	to->status = nf_ct_status(ct);
	to->use = load_relaxed(&ct->use.refs);
	to->timeout = to->status & IPS_CONFIRMED ? nf_ct_expires(ct, now) : load_relaxed(&ct->timeout);
	to->expired = to->status & IPS_CONFIRMED && nf_ct_is_expired(ct, now);
	to->zone = nf_ct_zone(ct);
	to->tuple[0] = *nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	to->tuple[1] = *nf_ct_tuple(ct, IP_CT_DIR_REPLY);
	memcpy((void *)&to->proto, (const void *)&ct->proto, sizeof(to->proto));
	if (l4->state_name)
		snprintf(to->state, sizeof(to->state), "%s", l4->state_name(ct));
	if (nf_ct_helper_of(ct))
		to->helper = nf_ct_helper_of(ct)->name;
	if (ct->master && !(to->status & IPS_TEMPLATE))
		to->master = replay_number(r, ct->master);
}

/* The packet's connection; none for a template, which only names a zone. */
static struct nf_conn *packet_ct(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && !(nf_ct_status(ct) & IPS_TEMPLATE) ? ct : NULL;
}

/* --- Chains --- */

struct walking {
	struct ct_walk walk;
	struct explain *x;
	struct explain_walk *to;
	const struct nf_conn *match;
};

static void see_node(struct ct_walk *w, const struct nf_conntrack_tuple_hash *h,
		     const struct nf_conn *ct, enum ct_look look)
{
	struct walking *walking = container_of(w, struct walking, walk);
	struct explain_walk *to = walking->to;
	const struct replay *r = walking->x->replay;
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	struct explain_node *n;

	if (to->nr == to->max) {
		size_t max = to->max ? to->max * 2 : 16;

		n = realloc(to->nodes, max * sizeof(*n));
		if (!n) {
			walking->x->failed = true;
			return;
		}
		to->nodes = n;
		to->max = max;
	}
	n = &to->nodes[to->nr];
	*n = (struct explain_node){
		.address = (uintptr_t)ct,
		.number = replay_number(r, ct),
		.dir = NF_CT_DIRECTION(h),
		.look = look,
		.beyond = walking->match,
		.tuple = h->tuple,
		.zone_id = nf_ct_zone_id(&zone, NF_CT_DIRECTION(h)),
		.net_id = load_relaxed(&ct->net_id),
		.left = (int32_t)(load_relaxed(&ct->timeout) - nfct_time_stamp(r->core)),
	};
	if (look == CT_LOOK_MATCH && !walking->match) {
		walking->match = ct;
		to->match = (int)to->nr;
	}
	to->nr++;
}

static void see_nothing(struct ct_walk *w __maybe_unused,
			const struct nf_conntrack_tuple_hash *h __maybe_unused,
			const struct nf_conn *ct __maybe_unused, enum ct_look look __maybe_unused)
{
}

/* The chain of that tuple as it is now; the match, or NULL. */
static const struct nf_conn *
see_chain(struct explain *x, struct explain_walk *to, const struct nf_conntrack_tuple *tuple,
	  const struct nf_conntrack_zone *zone, uint32_t zone_id)
{
	struct walking w = { .x = x, .to = to };

	w.walk.find.key.tuple = *tuple;
	ct_find_init(&w.walk.find, x->replay->net, zone);
	w.walk.zone_id = zone_id;
	w.walk.insertion = to->purpose == EXPLAIN_CONFIRM;
	w.walk.node = see_node;
	to->tuple = *tuple;
	to->zone_id = zone_id;
	to->match = to->inserted_at = -1;
	x->replay->core->ops->walk(x->replay->net, &w.walk);
	to->told = w.walk;
	if (zone_id) {
		w.walk.zone_id = 0;
		w.walk.node = see_nothing;
		x->replay->core->ops->walk(x->replay->net, &w.walk);
		to->zone_in_hash = w.walk.hash != to->told.hash;
	}
	return w.match;
}

static struct explain_walk *add_walk(struct explain_hook *h, enum explain_purpose purpose)
{
	struct explain_walk *w = &h->walks[h->nr_walks++];

	w->purpose = purpose;
	return w;
}

/* What nf_conntrack_find_get() would do with the tuple: a look, and perhaps a second. */
static const struct nf_conn *see_lookup(struct explain *x, struct explain_hook *h,
					const struct nf_conntrack_tuple *tuple,
					enum explain_purpose purpose)
{
	uint16_t orig = nf_ct_zone_id(&h->zone, IP_CT_DIR_ORIGINAL);
	uint16_t reply = nf_ct_zone_id(&h->zone, IP_CT_DIR_REPLY);
	const struct nf_conn *ct = see_chain(x, add_walk(h, purpose), tuple, &h->zone, orig);

	if (!ct && orig != reply)
		ct = see_chain(x, add_walk(h, EXPLAIN_LOOKUP_AGAIN), tuple, &h->zone, reply);
	return ct;
}

/* The same again, only for its end: what is found behind the hook. */
static const struct nf_conn *find_again(struct explain *x, const struct explain_hook *h)
{
	const struct nf_conn *ct = NULL;

	for (unsigned int i = 0; i < h->nr_walks && !ct; i++) {
		struct explain_walk again = { .purpose = h->walks[i].purpose };

		ct = see_chain(x, &again, &h->walks[i].tuple, &h->zone, h->walks[i].zone_id);
		free(again.nodes);
	}
	return ct;
}

/* --- Before conntrack's hook: what it will read --- */

/* Where the packet begins that an ICMP error quotes; 0: it is none that quotes. */
static unsigned int quoted_at(const struct sk_buff *skb, uint8_t pf, uint8_t protonum,
			      unsigned int dataoff)
{
	const struct icmphdr_view *ih = skb_header_pointer(skb, dataoff, sizeof(*ih));
	const unsigned int redirect = sizeof(*ih) + 32;
	const uint8_t *opt;

	if (!ih)
		return 0;
	if (pf == NFPROTO_IPV4 && protonum == IPPROTO_ICMP)
		return ih->type == 3 || ih->type == 4 || ih->type == 5 || ih->type == 11 ||
			ih->type == 12 ? dataoff + (unsigned int)sizeof(*ih) : 0;
	if (pf != NFPROTO_IPV6 || protonum != IPPROTO_ICMPV6)
		return 0;
	if (ih->type < 128)
		return dataoff + (unsigned int)sizeof(*ih);
	if (ih->type != 137 || ih->code)
		return 0;
	opt = skb_header_pointer(skb, dataoff + redirect, 2);
	return opt && opt[0] == 4 ? dataoff + redirect + 8 : 0;
}

static void see_quoted(struct explain *x, struct explain_hook *h, const struct sk_buff *skb,
		       uint8_t pf, unsigned int inner)
{
	struct nf_conntrack_tuple answer;
	union ct_tuple_words quoted;
	unsigned int dataoff;
	uint8_t protonum;

	h->quoting = true;
	if (get_l4proto(skb, inner, pf, &dataoff, &protonum) ||
	    !nf_ct_get_tuple(skb, inner, dataoff, pf, protonum, &quoted))
		return;
	h->has_tuple = true;
	h->quoted = quoted.tuple;
	h->has_answer = nf_ct_invert_tuple(&answer, &quoted.tuple);
	if (!h->has_answer)
		return;
	h->tuple = answer;
	see_connection(&h->found, x->replay, see_lookup(x, h, &answer, EXPLAIN_QUOTED));
}

static void see_in(struct explain *x, struct explain_hook *h, const struct nf_hook_state *state,
		   const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *tmpl = nf_ct_get(skb, &ctinfo);
	struct nf_conntrack_tuple answer;
	union ct_tuple_words key;
	unsigned int dataoff, inner;
	uint8_t protonum;

	h->protonum = -1;
	h->zone = tmpl ? nf_ct_zone(tmpl) : nf_ct_zone_dflt;
	h->skipped = skb->_nfct && (!tmpl || !(nf_ct_status(tmpl) & IPS_TEMPLATE));
	h->count = replay_connections(x->replay);
	h->max = load_relaxed(&x->replay->core->max);
	if (h->skipped || get_l4proto(skb, 0, state->pf, &dataoff, &protonum))
		return;
	h->protonum = protonum;
	inner = quoted_at(skb, state->pf, protonum, dataoff);
	if (inner) {
		see_quoted(x, h, skb, state->pf, inner);
		return;
	}
	h->has_tuple = nf_ct_get_tuple(skb, 0, dataoff, state->pf, protonum, &key);
	if (!h->has_tuple)
		return;
	h->tuple = key.tuple;
	h->has_answer = nf_ct_invert_tuple(&answer, &key.tuple);
	see_connection(&h->found, x->replay, see_lookup(x, h, &key.tuple, EXPLAIN_LOOKUP));
}

/* --- Before and after confirm --- */

static void see_confirm(struct explain *x, struct explain_hook *h)
{
	const struct explain_ct *ct = &h->before;

	if (!ct->there || ct->status & IPS_CONFIRMED)
		return;
	for (unsigned int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		struct explain_walk *w = add_walk(h, EXPLAIN_CONFIRM);

		w->dir = dir;
		see_chain(x, w, &ct->tuple[dir], &ct->zone, nf_ct_zone_id(&ct->zone, dir));
	}
}

static void see_inserted(struct explain *x, struct explain_hook *h)
{
	for (unsigned int i = 0; i < h->nr_walks; i++) {
		struct explain_walk *w = &h->walks[i];
		struct explain_walk now = { .purpose = EXPLAIN_CONFIRM };

		see_chain(x, &now, &w->tuple, &h->before.zone, w->zone_id);
		w->nr_after = now.nr;
		for (size_t k = 0; k < now.nr; k++)
			if (now.nodes[k].address == h->before.address && now.nodes[k].dir == w->dir)
				w->inserted_at = (int)k;
		free(now.nodes);
	}
}

/* --- Hooks --- */

/* Conntrack's hooks are known by place and priority, the scenario's by who it is. */
static void name_hook(const struct replay *r, struct explain_hook *h,
		      const struct nf_hook_state *state, const struct nf_hook_entry *entry)
{
	const struct nf_conntrack_ops *ops = r->core->ops;
	const bool ipv4 = state->pf == NFPROTO_IPV4;
	const char *name = "a hook of somebody else";

	h->kind = EXPLAIN_OTHER;
	if (entry->ops >= r->marks && entry->ops < r->marks + ARRAY_SIZE(r->marks)) {
		h->kind = EXPLAIN_MARK;
		name = "the scenario's raw rules";
	} else if (entry->ops >= ops->hooks && entry->ops < ops->hooks + ops->nr_hooks) {
		name = "a hook of conntrack's";
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

	/* Behind PRE_ROUTING the scenario may have given the connection a helper. */
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
		return;		/* the packet is no longer ours to look at */
	h->nfct_after = skb->_nfct;
	h->whole = skb->own_data;
	see_connection(&h->after, r, packet_ct(skb));
	if (h->kind == EXPLAIN_IN && !h->skipped) {
		/* numbers are given behind PRE_ROUTING: this will be the next one */
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

/* How conntrack sees it, by what its hook left in the packet. */
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
		x->verdict = last->state.hook == NF_INET_PRE_ROUTING ? REPLAY_DROP :
								       REPLAY_DROP_CONFIRM;
	else if (last && last->hook->verdict != NF_ACCEPT)
		x->verdict = REPLAY_STOLEN;
	else if (res->verdict == REPLAY_HELD)
		return;
	else
		x->verdict = explain_came_to(x, NF_INET_POST_ROUTING) ? REPLAY_ACCEPT :
									REPLAY_DROP_CONFIRM;
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
		h->events[h->nr_events++] = (struct explain_event){
			expectation, ct ? replay_number(x->replay, ct) : 0, events
		};
}

static int on_event(unsigned int events, const struct nf_ct_event *item)
{
	hear(item->priv, false, item->ct, events);
	return 0;
}

static int on_expectation(unsigned int events, const struct nf_exp_event *item)
{
	hear(item->priv, true, item->exp->master, events);
	return 0;
}

int explain_listen(struct explain *x, struct replay *r)
{
	x->replay = r;
	x->notifier = (struct nf_ct_event_notifier){ on_event, on_expectation, x };
	return nf_conntrack_register_notifier(r->net, &x->notifier);
}

void explain_deafen(struct explain *x)
{
	if (x->notifier.ct_event)
		nf_conntrack_unregister_notifier(x->replay->net);
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
