/* SPDX-License-Identifier: MIT */
/* A replay's table, its clock, and a packet's way through it. */
#include "harness/replay.h"

#include <stdlib.h>
#include <string.h>

#include "core/nf_conntrack_extend.h"
#include "core/nf_defrag.h"
#include "harness/nearest.h"

#define OUT_DEVICE	(SCENARIO_DEVICES + 1)	/* none of a scenario's "in" */
#define HOLD_DEVICE	SCENARIO_DEVICES
#define CPU		0

/*
 * Where the clock starts: five minutes before it wraps, as the kernel's
 * jiffies do, so that what cannot stand wrapping shows.
 */
#define START_TICKS	(0u - 300 * NF_CT_HZ)
/* Timers of fragments and expectations are looked at that often. */
#define TIMER_TICKS	NF_CT_HZ
/* A silence in which the gc worker runs as it would; after a longer one the table is swept once. */
#define GC_SILENCE	(600u * NF_CT_HZ)
/*
 * The clock's largest step: an entry whose time is over must still look so
 * behind it (nf_ct_is_expired() is right for spans below 2^31 ticks).
 */
#define STEP_TICKS	(1u << 30)

struct number {
	uint32_t number;
};

/* --- Zones and untracked packets, by device, in a hook before conntrack's --- */

static unsigned int
mark_by_device(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct replay *r = priv;

	if (scenario_notrack(r->scenario, state->in)) {
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
		return NF_ACCEPT;
	}
	for (size_t i = 0; i < r->scenario->nr_zones; i++) {
		if (r->scenario->zones[i].dev == state->in) {
			refcount_inc(&r->templates[i]->use);
			nf_ct_set(skb, r->templates[i], IP_CT_NEW);
			break;
		}
	}
	return NF_ACCEPT;
}

/* A connection that only says in which zone a packet is to be looked up (nf_ct_tmpl_alloc). */
static int make_template(struct replay *r, const struct nf_conntrack_zone *zone)
{
	static const struct nf_conntrack_tuple none;
	struct nf_conn *ct;
	int err;

	ct = r->core->ops->alloc(r->net, zone, &none, &none, &err);
	if (!ct)
		return err;
	nf_ct_status_set(ct, IPS_TEMPLATE);
	r->templates[r->nr_templates++] = ct;
	return 0;
}

static int mark_devices(struct replay *r)
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	int err;

	if (!r->scenario->nr_zones && !r->scenario->nr_notrack)
		return 0;
	for (size_t i = 0; i < r->scenario->nr_zones; i++) {
		err = make_template(r, &r->scenario->zones[i].zone);
		if (err)
			return err;
	}
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		r->marks[i] = (struct nf_hook_ops){
			.hook = mark_by_device, .priv = r, .pf = families[i],
			.hooknum = NF_INET_PRE_ROUTING, .priority = NF_IP_PRI_RAW,
		};
	err = nf_register_net_hooks(r->net, r->marks, ARRAY_SIZE(r->marks));
	r->marks_on = !err;
	return err;
}

/* --- A replay from its beginning to its end --- */

int replay_set(struct replay *r, const char *name, uint64_t value, struct ct_error *e)
{
	const char *names[128], *near;
	size_t nr = 0;
	int err = nf_ct_sysctl_set(r->net, name, value);

	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
		while (nr < ARRAY_SIZE(names) && (names[nr] = nf_ct_sysctl_name((unsigned int)nr)))
			nr++;
		near = nearest_name(name, names, nr);
		if (near)
			return ct_user_error(e, "no setting is called %.80s; did you mean %s?",
					     name, near);
		return ct_user_error(e,
				     "no setting is called %.80s; they are those of the kernel's "
				     "/proc/sys/net/netfilter, such as nf_conntrack_tcp_loose",
				     name);
	case -EPERM:
		return ct_user_error(e, "%s can only be read", name);
	case -EOPNOTSUPP:
		return ct_user_error(e, "%s cannot be set: the variant %s does not resize", name,
				     r->options.variant->name);
	case -ENOMEM:
		return ct_user_error(e, "there is no memory for %s=%llu", name,
				     (unsigned long long)value);
	default:
		return ct_user_error(
			e, "%s cannot be %llu: the kernel does not take that value either", name,
			(unsigned long long)value);
	}
}

static int apply_scenario(struct replay *r, struct ct_error *e)
{
	const struct scenario *s = r->scenario;
	int err;

	for (size_t i = 0; i < s->nr_settings; i++) {
		struct ct_error why = { 0 };

		err = replay_set(r, s->settings[i].name, s->settings[i].value, &why);
		if (err)
			return ct_fail(e, err, why.status, "%s: %.900s", s->path, why.text);
	}
	err = mark_devices(r);
	if (err)
		return ct_fail(e, err, CT_EXIT_INTERNAL, "the zones of %s cannot be set up: %s",
			       s->path, strerror(-err));
	return 0;
}

static int create_table(struct replay *r, struct ct_error *e)
{
	const struct replay_options *o = &r->options;
	const struct ct_config config = {
		.buckets = o->buckets, .connections = REPLAY_MAX, .threads = 1,
		.hash_key = { 0x736f6d6570736575, 0x646f72616e646f6d },
	};
	const char *rule = o->variant->bucket_rule(o->buckets);
	int err;

	if (rule)
		return ct_user_error(e, "%s cannot have %llu buckets: %s", o->variant->name,
				     (unsigned long long)o->buckets, rule);
	err = o->variant->create(&r->core, &config);
	if (err == -EOPNOTSUPP)
		return ct_fail(e, err, CT_EXIT_SKIP,
			       "%s needs an instruction that this CPU does not have",
			       o->variant->name);
	if (err)
		return ct_user_error(e, "there is no memory for a table of %llu buckets",
				     (unsigned long long)o->buckets);
	store_relaxed(&r->core->now, START_TICKS);
	store_relaxed(&r->core->max, REPLAY_MAX);
	o->variant->thread_begin(r->core, CPU);
	err = net_create(&r->net, r->core);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "there is no memory for a network namespace");
	return 0;
}

/* Each set of events is one message, of one of three kinds (ctnetlink_conntrack_event). */
static int note_event(unsigned int events, const struct nf_ct_event *item)
{
	struct replay *r = item->priv;

	if (r->nr_events == ARRAY_SIZE(r->events))
		return 0;
	/*
	 * Whether the gc worker or a packet finds an expired entry first depends on
	 * the table; what a replay says does not.
	 */
	if (!r->options.frozen && nf_ct_is_expired(item->ct, nfct_time_stamp(r->core)))
		return 0;
	r->events[r->nr_events++] =
		events & 1u << IPCT_DESTROY ? REPLAY_EV_DESTROY :
		events & (1u << IPCT_NEW | 1u << IPCT_RELATED) ? REPLAY_EV_NEW : REPLAY_EV_UPDATE;
	return 0;
}

int replay_create(struct replay **out, const struct replay_options *options,
		  const struct scenario *scenario, struct ct_error *e)
{
	static int number_ext = -1;	/* ids are never given back */
	struct replay *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory for a replay");
	r->options = *options;
	r->scenario = scenario;
	if (options->numbers && number_ext < 0)
		number_ext = nf_ct_ext_register("replay number", sizeof(struct number),
						_Alignof(struct number));
	r->number_ext = number_ext;
	err = create_table(r, e);
	if (!err && options->numbers) {
		r->notifier = (struct nf_ct_event_notifier){ .ct_event = note_event, .priv = r };
		nf_conntrack_register_notifier(r->net, &r->notifier);	/* the first one */
	}
	if (!err && scenario)
		err = apply_scenario(r, e);
	if (err) {
		replay_destroy(r);
		return err;
	}
	*out = r;
	return 0;
}

void replay_destroy(struct replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nr_held; i++)
		r->core->ops->release(&r->held[i].skb);
	free(r->held);
	if (r->marks_on)
		nf_unregister_net_hooks(r->net, r->marks, ARRAY_SIZE(r->marks));
	for (size_t i = 0; i < r->nr_templates; i++)
		nf_ct_put(r->templates[i]);
	net_destroy(r->net);
	if (r->core) {
		r->options.variant->thread_end(r->core);
		r->options.variant->destroy(r->core);
	}
	free(r);
}

/* --- Time --- */

/* Is there what can expire? */
static bool expirable(const struct replay *r)
{
	return replay_connections(r) || nf_defrag_memory(r->net, NFPROTO_IPV4) ||
	       nf_defrag_memory(r->net, NFPROTO_IPV6);
}

static void run_timers(struct replay *r)
{
	nf_defrag_expire(r->net);
	nf_ct_expect_count(r->net);	/* which looks at their time */
}

/* All that is over, at once. */
static void sweep(struct replay *r)
{
	run_timers(r);
	if (replay_connections(r))
		r->expired += r->core->ops->gc(r->core, r->core->ops->buckets(r->core));
}

static void clock_set(struct replay *r, uint64_t elapsed)
{
	r->elapsed = elapsed;
	store_relaxed(&r->core->now, START_TICKS + (uint32_t)elapsed);
}

/* What the packet's time means to the clock: ticks since the first packet. */
static uint64_t time_of(struct replay *r, uint64_t time_ns)
{
	const uint64_t tick_ns = 1000000000 / NF_CT_HZ;
	uint64_t gap;

	if (!r->started) {
		r->started = true;
		r->start_ns = r->last_ns = time_ns;
	}
	gap = time_ns > r->last_ns ? time_ns - r->last_ns : 0;
	r->last_ns = time_ns;
	if (r->options.frozen) {
		/* the oracle waits where the gap is long enough to matter */
		bool wait = r->scenario && r->scenario->realtime && gap >= 500000000;

		return r->elapsed + (wait ? gap / tick_ns : 0);
	}
	return time_ns > r->start_ns ? (time_ns - r->start_ns) / tick_ns : 0;
}

/*
 * The gc worker's runs up to that time, each at its own (nf_conntrack_gc.h).
 * They are not bounded by real time, so that a replay is the same every time.
 */
static void run_gc(struct replay *r, uint64_t elapsed)
{
	if (elapsed - r->elapsed > GC_SILENCE || !replay_connections(r)) {
		clock_set(r, elapsed);
		sweep(r);
		r->gc_due = elapsed + NF_CT_HZ;
		return;
	}
	while (r->gc_due <= elapsed) {
		uint64_t before = r->core->gc.evicted;
		uint32_t next;

		if (r->gc_due > r->elapsed)
			clock_set(r, r->gc_due);
		next = nf_conntrack_gc_worker(r->core, NF_CT_GC_NO_LIMIT);
		r->expired += r->core->gc.evicted - before;
		r->gc_due += next ? next : 1;
	}
}

/* Time goes on to when the packet was captured; never back. */
static void clock_follow(struct replay *r, uint64_t time_ns)
{
	uint64_t elapsed = time_of(r, time_ns);

	if (elapsed <= r->elapsed)
		return;
	/* A capture may be silent for years: step over them while there is what can expire. */
	while (elapsed - r->elapsed > STEP_TICKS && expirable(r)) {
		clock_set(r, r->elapsed + STEP_TICKS);
		sweep(r);
	}
	if (elapsed >= r->gc_due)
		run_gc(r, elapsed);
	clock_set(r, elapsed);
	if (elapsed - r->timers_ran >= TIMER_TICKS) {
		run_timers(r);
		r->timers_ran = elapsed;
	}
}

/* --- A packet --- */

uint32_t replay_connections(const struct replay *r)
{
	return load_relaxed(&r->net->count) - r->nr_templates;
}

uint32_t replay_number(const struct replay *r, const struct nf_conn *ct)
{
	const struct number *n;

	if (!r->options.numbers || r->number_ext < 0)
		return 0;
	n = nf_ct_ext_find(ct, (unsigned int)r->number_ext);
	return n ? n->number : 0;
}

/* Unconfirmed and without a number: made for this very packet. */
static void give_number(struct replay *r, struct nf_conn *ct)
{
	struct number *n;

	if (!r->options.numbers || r->number_ext < 0 || nf_ct_is_confirmed(ct) ||
	    replay_number(r, ct))
		return;
	n = nf_ct_ext_add(ct, (unsigned int)r->number_ext);
	if (n)
		n->number = ++r->last_number;
}

/*
 * By the port that the packet goes to, not the connection, as a firewall's rule
 * behind conntrack would: who finds no memory for a helper goes without.
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

/* From behind PRE_ROUTING on: forwarded and confirmed. */
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
		/* confirmed, but it goes no further */
		if (hook(r, NF_INET_LOCAL_IN, &res->skb, in, 0) == NF_ACCEPT)
			look_behind_post_routing(r, res);
		return;
	}
	verdict = hook(r, NF_INET_FORWARD, &res->skb, in, OUT_DEVICE);
	if (verdict == NF_ACCEPT)
		verdict = hook(r, NF_INET_POST_ROUTING, &res->skb, in, OUT_DEVICE);
	if (verdict != NF_ACCEPT) {
		/* the hook that kept or dropped it may have changed what it points to */
		res->ct = NULL;
		if (verdict == NF_DROP) {
			enum ip_conntrack_info ctinfo;

			res->ct = nf_ct_get(&res->skb, &ctinfo);
		} else {
			res->verdict = REPLAY_STOLEN;
			res->skb._nfct = 0;
			res->skb.own_data = false;
		}
		return;
	}
	res->verdict = REPLAY_ACCEPT;
	look_behind_post_routing(r, res);
	res->made = fresh && res->ct == before && res->status & IPS_CONFIRMED;
}

static bool hold(struct replay *r, const struct replay_result *res)
{
	if (r->nr_held == r->max_held) {
		size_t max = r->max_held ? r->max_held * 2 : 16;
		struct replay_held *held = realloc(r->held, max * sizeof(*held));

		if (!held)
			return false;
		r->held = held;
		r->max_held = max;
	}
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
 * From the first hook on.  *traced: does the oracle see what became of it behind
 * PRE_ROUTING?
 */
static void
pass(struct replay *r, const struct capture_packet *p, struct replay_result *res, bool *traced)
{
	unsigned int verdict;

	verdict = hook(r, NF_INET_PRE_ROUTING, &res->skb, res->skb.dev, OUT_DEVICE);
	if (verdict == NF_STOLEN || verdict == NF_QUEUE) {
		res->verdict = REPLAY_STOLEN;
		res->skb._nfct = 0;
		return;
	}
	if (verdict != NF_ACCEPT) {
		res->verdict = REPLAY_DROP;
		return;
	}
	*traced = replay_traced(&res->skb);
	if (res->skb.own_data)		/* the whole that a fragment completed */
		look_for_protocol(res);
	look_behind_pre_routing(r, res);
	give_helper(r, res);
	if (r->scenario && scenario_holds(r->scenario, p->index) && hold(r, res)) {
		res->verdict = REPLAY_HELD;
		res->skb._nfct = 0; /* the reference is the held packet's, and so are the bytes */
		res->skb.own_data = false;
		return;
	}
	go_on(r, res);
}

/* The same in the words of the oracle, which does not see everything. */
static void
say_as_oracle(const struct capture_packet *p, bool arrival, bool traced, struct replay_result *res)
{
	if (res->verdict == REPLAY_HELD || traced)
		return;
	res->state = REPLAY_NO_STATE;
	res->verdict = !arrival ? REPLAY_UNSEEN :
		       replay_known_fragment(p) ? REPLAY_STOLEN : REPLAY_DROP;
}

void replay_packet(struct replay *r, const struct capture_packet *p, struct replay_result *res)
{
	bool arrival, traced = false;

	memset(res, 0, sizeof(*res));
	r->nr_events = 0;
	res->i = p->index;
	res->protocol = -1;
	clock_follow(r, p->time_ns);
	if (!p->l3proto) {
		res->verdict = REPLAY_NOT_IP;
		return;
	}
	if (!replay_receive(p, &r->options, &res->skb)) {
		res->verdict = REPLAY_UNSEEN;
		return;
	}
	if (r->scenario) /* held packets come in by a device of their own, as the oracle's do */
		res->skb.dev = scenario_holds(r->scenario, p->index) ? HOLD_DEVICE :
			       scenario_in(r->scenario, p->index);
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
	if (res->skb._nfct || res->skb.own_data)
		r->core->ops->release(&res->skb);
	res->ct = NULL;
}

static int every(struct nf_conn *ct, void *arg)
{
	(void)ct;
	(void)arg;
	return 1;
}

void replay_flush(struct replay *r)
{
	r->nr_events = 0;
	r->core->ops->iterate(r->core, every, NULL);
}

void replay_end(struct replay *r)
{
	sweep(r);
}
