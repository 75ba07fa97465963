/* SPDX-License-Identifier: MIT */
/*
 * Reads connections and chains, and what conntrack's hooks are about to read.  Takes no reference
 * and changes nothing.
 */
#include <stdlib.h>

#include "harness/explain/see.h"

#include "harness/base/array.h"

/* --- The state of a connection --- */

void see_connection(struct explain_ct *to, const struct replay *r, const struct nf_conn *ct)
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
	to->timeout =
		to->status & IPS_CONFIRMED ? nf_ct_expires(ct, now) : load_relaxed(&ct->timeout);
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

struct nf_conn *packet_ct(const struct sk_buff *skb)
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

	if (!array_room(to->nodes, to->nr)) {
		walking->x->failed = true;
		return;
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

/* What nf_conntrack_find_get() would do with the tuple: a lookup, and perhaps a second. */
static const struct nf_conn *
see_lookup(struct explain *x, struct explain_hook *h, const struct nf_conntrack_tuple *tuple,
	   enum explain_purpose purpose)
{
	uint16_t orig = nf_ct_zone_id(&h->zone, IP_CT_DIR_ORIGINAL);
	uint16_t reply = nf_ct_zone_id(&h->zone, IP_CT_DIR_REPLY);
	const struct nf_conn *ct = see_chain(x, add_walk(h, purpose), tuple, &h->zone, orig);

	if (!ct && orig != reply)
		ct = see_chain(x, add_walk(h, EXPLAIN_LOOKUP_AGAIN), tuple, &h->zone, reply);
	return ct;
}

const struct nf_conn *find_again(struct explain *x, const struct explain_hook *h)
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

/* The offset of the packet that an ICMP error quotes; 0: it quotes none. */
static unsigned int
quoted_at(const struct sk_buff *skb, uint8_t pf, uint8_t protonum, unsigned int dataoff)
{
	const struct icmphdr_view *ih = skb_header_pointer(skb, dataoff, sizeof(*ih));
	const unsigned int redirect = sizeof(*ih) + 32;
	const uint8_t *opt;

	if (!ih)
		return 0;
	if (pf == NFPROTO_IPV4 && protonum == IPPROTO_ICMP)
		return ih->type == 3 || ih->type == 4 || ih->type == 5 || ih->type == 11 ||
				       ih->type == 12
			       ? dataoff + (unsigned int)sizeof(*ih)
			       : 0;
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

void see_in(struct explain *x, struct explain_hook *h, const struct nf_hook_state *state,
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

void see_confirm(struct explain *x, struct explain_hook *h)
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

void see_inserted(struct explain *x, struct explain_hook *h)
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
