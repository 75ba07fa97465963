/* SPDX-License-Identifier: MIT */
/* Creating and ending a replay: its table, its settings, its zones. */
#include "harness/replay/replay.h"

#include <stdlib.h>
#include <string.h>

#include "core/nf_conntrack_extend.h"
#include "harness/base/nearest.h"
#include "harness/replay/clock.h"

#define CPU 0

/* --- Zones and untracked packets, by device: a hook before conntrack's --- */

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

/* A template: a connection that only gives the zone for a packet's lookup (nf_ct_tmpl_alloc). */
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
			.hook = mark_by_device,
			.priv = r,
			.pf = families[i],
			.hooknum = NF_INET_PRE_ROUTING,
			.priority = NF_IP_PRI_RAW,
		};
	err = nf_register_net_hooks(r->net, r->marks, ARRAY_SIZE(r->marks));
	r->marks_on = !err;
	return err;
}

/* --- Settings, creating and ending --- */

/* Strips the prefix of a name as in sysctl(8) and sysctl.conf, or of a path. */
static const char *bare_name(const char *name)
{
	static const char *const before[] = {
		"/proc/sys/", "net.netfilter.", "net/netfilter/", "net.ipv4.", "net/ipv4/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		if (!strncmp(name, before[i], strlen(before[i])))
			name += strlen(before[i]);
	return name;
}

static int no_such_setting(const char *name, struct ct_error *e)
{
	const char *names[128], *near;
	size_t nr = 0;

	while (nr < ARRAY_SIZE(names) && (names[nr] = nf_ct_sysctl_name((unsigned int)nr)))
		nr++;
	near = nearest_name(bare_name(name), names, nr);
	if (near)
		return ct_user_error(e, "unknown setting %.80s; did you mean %s?", name, near);
	return ct_user_error(e,
			     "unknown setting %.80s; settings have the names of Linux's "
			     "/proc/sys/net/netfilter, such as nf_conntrack_tcp_loose",
			     name);
}

int replay_set(struct replay *r, const char *name, uint64_t value, struct ct_error *e)
{
	const char *bare = bare_name(name);
	const unsigned long long wanted = value;
	int err = nf_ct_sysctl_set(r->net, bare, value);
	uint64_t min, max;

	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
		return no_such_setting(name, e);
	case -EPERM:
		return ct_user_error(e, "%s can only be read", name);
	case -EOPNOTSUPP:
		return ct_user_error(e, "%s cannot be set: the variant %s does not resize", name,
				     r->options.variant->name);
	case -ENOMEM:
		return ct_user_error(e, "there is no memory for %s=%llu", name, wanted);
	}
	if (nf_ct_sysctl_range(r->net, bare, &min, &max))
		return ct_user_error(e, "%s cannot be %llu", name, wanted);
	return ct_user_error(e, "%s cannot be %llu: it is a number from %llu to %llu", name, wanted,
			     (unsigned long long)min, (unsigned long long)max);
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
		.buckets = o->buckets,
		.connections = REPLAY_MAX,
		.threads = 1,
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
	replay_clock_start(r);
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
	 * The table decides whether the gc worker or a packet finds an expired entry first,
 * but the replay's answers must not depend on it.
	 */
	if (!r->options.frozen && nf_ct_is_expired(item->ct, nfct_time_stamp(r->core)))
		return 0;
	r->events[r->nr_events++] = events & 1u << IPCT_DESTROY ? REPLAY_EV_DESTROY
				    : events & (1u << IPCT_NEW | 1u << IPCT_RELATED)
					    ? REPLAY_EV_NEW
					    : REPLAY_EV_UPDATE;
	return 0;
}

int replay_create(struct replay **out, const struct replay_options *options,
		  const struct scenario *scenario, struct ct_error *e)
{
	static int number_ext = -1; /* ids cannot be freed */
	struct replay *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory for a replay");
	r->options = *options;
	r->scenario = scenario;
	if (options->numbers && number_ext < 0)
		number_ext =
			nf_ct_ext_register("replay number", sizeof(uint32_t), _Alignof(uint32_t));
	r->number_ext = number_ext;
	err = create_table(r, e);
	if (!err && options->numbers) {
		r->notifier = (struct nf_ct_event_notifier){ .ct_event = note_event, .priv = r };
		nf_conntrack_register_notifier(r->net, &r->notifier); /* the first one */
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
	replay_forget_ahead(r);
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
