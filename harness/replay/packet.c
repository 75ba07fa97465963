/* SPDX-License-Identifier: MIT */
/* Passes one packet through the hooks: see replay.h. */
#include <stdlib.h>
#include <string.h>

#include "core/nf_conntrack_extend.h"
#include "harness/replay/clock.h"

#include "harness/base/array.h"

#define OUT_DEVICE  (SCENARIO_DEVICES + 1) /* not one of a scenario's "in" */
#define HOLD_DEVICE SCENARIO_DEVICES

uint32_t replay_connections(const struct replay *r)
{
	return nf_conntrack_count(r->net) - r->nr_templates;
}

uint32_t replay_number(const struct replay *r, const struct nf_conn *ct)
{
	const uint32_t *n;

	if (!r->options.numbers || r->number_ext < 0)
		return 0;
	n = nf_ct_ext_find(ct, (unsigned int)r->number_ext);
	return n ? *n : 0;
}

/* Unconfirmed and without a number: created by this packet. */
static void give_number(struct replay *r, struct nf_conn *ct)
{
	uint32_t *n;

	if (!r->options.numbers || r->number_ext < 0 || nf_ct_is_confirmed(ct) ||
	    replay_number(r, ct))
		return;
	n = nf_ct_ext_add(ct, (unsigned int)r->number_ext);
	if (n)
		*n = ++r->last_number;
}

/*
 * Chosen by the packet's destination port and not the connection's, as a firewall rule behind
 * conntrack would.  Without memory the connection gets no helper.
 */
static void give_helper(struct replay *r, const struct replay_result *res)
{
	const struct nf_conntrack_helper *helper;
	uint8_t protonum;
	int port;

	if (!res->ct || !r->scenario || !r->scenario->nr_helpers || nf_ct_is_confirmed(res->ct))
		return;
	port = replay_rule_port(&res->skb, &protonum);
	helper = port < 0 ? NULL : scenario_helper(r->scenario, protonum, (uint16_t)port);
	if (helper)
		nf_ct_helper_assign(res->ct, helper);
}

static void look_behind_pre_routing(struct replay *r, struct replay_result *res)
{
	struct nf_conn *ct = nf_ct_get(&res->skb, &res->ctinfo);

	res->ct = ct;
	if (!ct) {
		res->state = res->skb._nfct ? REPLAY_UNTRACKED : REPLAY_INVALID;
		return;
	}
	give_number(r, ct);
	res->state = REPLAY_TRACKED;
	res->status_in = nf_ct_status(ct);
	res->number = replay_number(r, ct);
}

static void look_behind_post_routing(struct replay *r, struct replay_result *res)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(&res->skb, &ctinfo);

	res->ct = ct;
	if (!ct)
		return;
	res->status = nf_ct_status(ct);
	res->number_after = replay_number(r, ct);
	res->killed = res->status & IPS_DYING;
}

static unsigned int
hook(struct replay *r, enum nf_inet_hooks place, struct sk_buff *skb, uint16_t in, uint16_t out)
{
	if (r->watch)
		return nf_hook_watched(r->net, place, skb, in, out, r->watch);
	return r->core->ops->hook(r->net, place, skb, in, out);
}

/* A hook keeps the packet, and with it its references and bytes. */
static void let_go(struct sk_buff *skb)
{
	skb->_nfct = 0;
	skb->ahead = NULL;
	skb->own_data = false;
}

/* Everything after PRE_ROUTING: forward and confirm. */
static void go_on(struct replay *r, struct replay_result *res)
{
	uint16_t in = res->skb.dev;
	struct nf_conn *before = res->ct;
	bool fresh = before && !nf_ct_is_confirmed(before);
	enum replay_route route = r->options.router ? replay_route(&res->skb) : REPLAY_FORWARD;
	unsigned int verdict;

	res->verdict = REPLAY_DROP_CONFIRM;
	if (route == REPLAY_LOST)
		return;
	if (route == REPLAY_LOCAL) {
		/* confirmed, but not forwarded */
		if (hook(r, NF_INET_LOCAL_IN, &res->skb, in, 0) == NF_ACCEPT)
			look_behind_post_routing(r, res);
		return;
	}
	verdict = hook(r, NF_INET_FORWARD, &res->skb, in, OUT_DEVICE);
	if (verdict == NF_ACCEPT)
		verdict = hook(r, NF_INET_POST_ROUTING, &res->skb, in, OUT_DEVICE);
	if (verdict != NF_ACCEPT) {
		/* the hook that kept or dropped it may have changed its data pointers */
		res->ct = NULL;
		if (verdict == NF_DROP) {
			enum ip_conntrack_info ctinfo;

			res->ct = nf_ct_get(&res->skb, &ctinfo);
		} else {
			res->verdict = REPLAY_STOLEN;
			let_go(&res->skb);
		}
		return;
	}
	res->verdict = REPLAY_ACCEPT;
	look_behind_post_routing(r, res);
	res->made = fresh && res->ct == before && res->status & IPS_CONFIRMED;
}

static bool hold(struct replay *r, const struct replay_result *res)
{
	if (!array_room(r->held, r->nr_held))
		return false;
	r->held[r->nr_held++] = (struct replay_held){ .i = res->i, .skb = res->skb };
	return true;
}

static void look_for_protocol(struct replay_result *res)
{
	const uint8_t pf = res->skb.protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6;
	unsigned int dataoff;
	uint8_t protonum;

	if (get_l4proto(&res->skb, 0, pf, &dataoff, &protonum))
		return;
	res->protocol = protonum;
}

/*
 * Was a packet dropped because there was no memory for its connection?  The core counts a drop, and
 * neither calls the packet invalid nor is its table full.
 */
static bool refused(const struct replay *r, const struct nf_ct_stat_sum *before)
{
	const uint32_t max = load_relaxed(&r->core->max);
	struct nf_ct_stat_sum now;

	nf_ct_stat_sum(r->net, &now);
	return now.drop != before->drop && now.invalid == before->invalid &&
	       now.error == before->error && (!max || nf_conntrack_count(r->net) < max);
}

/*
 * Everything from the first hook on.  *traced: does the oracle see the packet's fate
 * after PRE_ROUTING?
 */
static void
pass(struct replay *r, const struct capture_packet *p, struct replay_result *res, bool *traced)
{
	struct nf_ct_stat_sum before;
	unsigned int verdict;

	nf_ct_stat_sum(r->net, &before);
	verdict = hook(r, NF_INET_PRE_ROUTING, &res->skb, res->skb.dev, OUT_DEVICE);
	if (verdict == NF_STOLEN || verdict == NF_QUEUE) {
		res->verdict = REPLAY_STOLEN;
		let_go(&res->skb);
		return;
	}
	if (verdict != NF_ACCEPT) {
		r->refused += refused(r, &before);
		res->verdict = REPLAY_DROP;
		return;
	}
	*traced = replay_traced(&res->skb);
	if (res->skb.own_data) /* the datagram that a fragment completed */
		look_for_protocol(res);
	look_behind_pre_routing(r, res);
	give_helper(r, res);
	if (r->scenario && scenario_holds(r->scenario, p->index) && hold(r, res)) {
		res->verdict = REPLAY_HELD;
		let_go(&res->skb);
		return;
	}
	go_on(r, res);
}

/* The same as the oracle reports it, which does not see everything. */
static void
say_as_oracle(const struct capture_packet *p, bool arrival, bool traced, struct replay_result *res)
{
	if (res->verdict == REPLAY_HELD || traced)
		return;
	res->state = REPLAY_NO_STATE;
	res->verdict = !arrival			  ? REPLAY_UNSEEN
		       : replay_known_fragment(p) ? REPLAY_STOLEN
						  : REPLAY_DROP;
}

/* What was found for packet i; the caller gets the reference. */
static struct nf_conntrack_tuple_hash *take_ahead(struct replay *r, uint64_t i)
{
	struct nf_conntrack_tuple_hash *found = NULL;

	for (unsigned int k = 0; k < r->nr_ahead; k++) {
		if (r->ahead[k].i != i)
			continue;
		found = r->ahead[k].found;
		r->ahead[k].found = NULL;
	}
	return found;
}

void replay_forget_ahead(struct replay *r)
{
	for (unsigned int k = 0; k < r->nr_ahead; k++)
		if (r->ahead[k].found)
			r->core->ops->put(nf_ct_tuplehash_to_ctrack(r->ahead[k].found));
	r->nr_ahead = 0;
}

void replay_look_ahead(struct replay *r, const struct capture_packet *p, unsigned int nr)
{
	struct sk_buff skb[CT_BURST];
	unsigned int n = 0;

	replay_forget_ahead(r);
	for (unsigned int k = 0; k < nr; k++) {
		if (!p[k].l3proto || !replay_receive(&p[k], &r->options, &skb[n]))
			continue;
		r->ahead[n++].i = p[k].index;
	}
	r->core->ops->find_ahead(r->net, skb, n);
	for (unsigned int k = 0; k < n; k++)
		r->ahead[k].found = skb[k].ahead;
	r->nr_ahead = n;
}

void replay_packet(struct replay *r, const struct capture_packet *p, struct replay_result *res)
{
	bool arrival, traced = false;

	memset(res, 0, sizeof(*res));
	r->nr_events = 0;
	res->i = p->index;
	res->protocol = -1;
	replay_clock_follow(r, p);
	if (!p->l3proto) {
		res->verdict = REPLAY_NOT_IP;
		return;
	}
	if (!replay_receive(p, &r->options, &res->skb)) {
		res->verdict = REPLAY_UNSEEN;
		return;
	}
	res->skb.ahead = take_ahead(r, p->index);
	if (r->scenario) /* held packets arrive by a separate device, as in the oracle */
		res->skb.dev = scenario_holds(r->scenario, p->index)
				       ? HOLD_DEVICE
				       : scenario_in(r->scenario, p->index);
	look_for_protocol(res);
	arrival = replay_traced(&res->skb);
	pass(r, p, res, &traced);
	if (r->options.router)
		say_as_oracle(p, arrival, traced, res);
}

bool replay_release(struct replay *r, uint64_t i, struct replay_result *res)
{
	for (size_t k = 0; k < r->nr_held; k++) {
		if (r->held[k].i != i)
			continue;
		memset(res, 0, sizeof(*res));
		r->nr_events = 0;
		res->i = i;
		res->released = true;
		res->skb = r->held[k].skb;
		r->held[k] = r->held[--r->nr_held];
		res->ct = nf_ct_get(&res->skb, &res->ctinfo);
		go_on(r, res);
		return true;
	}
	return false;
}

void replay_finish(struct replay *r, struct replay_result *res)
{
	if (res->skb._nfct || res->skb.own_data || res->skb.ahead)
		r->core->ops->release(&res->skb);
	res->ct = NULL;
}
