/* SPDX-License-Identifier: MIT */
/* Expectations: see nf_conntrack_expect.h. */
#include "core/conntrack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Four expectations per bucket at the default limit, as in the kernel. */
#define EXPECT_BUCKETS 1024u

/*
 * By destination, which is complete in every expectation.  Keyed, because an attacker
 * who causes expectations chooses their ports.  The limit bounds the length of a chain.
 */
static unsigned int expect_bucket(const struct net *net, const struct nf_conntrack_tuple *t)
{
	const uint32_t words[] = {
		t->dst.u3.all[0],
		t->dst.u3.all[1],
		t->dst.u3.all[2],
		t->dst.u3.all[3],
		t->dst.u.all | (uint32_t)t->dst.protonum << 16 | (uint32_t)t->src.l3num << 24,
	};
	uint64_t h = net->core->hash_key[0];

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15;
		h ^= h >> 32;
	}
	h = (h ^ net->core->hash_key[1]) * 0x9e3779b97f4a7c15;
	return (unsigned int)(h >> 54) % EXPECT_BUCKETS;
}

static struct net *expect_net(const struct nf_conntrack_expect *exp)
{
	return exp->master->net;
}

/* --- Matching --- */

/* Does t match the expectation's tuple under that mask?  (nf_ct_tuple_mask_cmp) */
static bool fits(const struct nf_conntrack_tuple *t, const struct nf_conntrack_tuple *expected,
		 const struct nf_conntrack_tuple_mask *mask)
{
	for (unsigned int i = 0; i < 4; i++)
		if ((t->src.u3.all[i] ^ expected->src.u3.all[i]) & mask->u3.all[i])
			return false;
	return !((t->src.u.all ^ expected->src.u.all) & mask->port) &&
	       t->src.l3num == expected->src.l3num && t->dst.protonum == expected->dst.protonum &&
	       t->dst.u.all == expected->dst.u.all &&
	       !memcmp(&t->dst.u3, &expected->dst.u3, sizeof(t->dst.u3));
}

static bool same_zone(const struct nf_conn *a, const struct nf_conn *b)
{
	return load_relaxed(&a->zone_id) == load_relaxed(&b->zone_id);
}

/* Do they have the same master and expect the same connection? */
static bool expect_matches(const struct nf_conntrack_expect *a, const struct nf_conntrack_expect *b)
{
	return a->master == b->master && nf_ct_tuple_equal(&a->tuple, &b->tuple) &&
	       a->mask.port == b->mask.port &&
	       !memcmp(&a->mask.u3, &b->mask.u3, sizeof(a->mask.u3));
}

/* Could one connection match both?  Yes, if they agree in the bits of both masks. */
static bool expect_clash(const struct nf_conntrack_expect *a, const struct nf_conntrack_expect *b)
{
	struct nf_conntrack_tuple_mask both = { .port = a->mask.port & b->mask.port };

	for (unsigned int i = 0; i < 4; i++)
		both.u3.all[i] = a->mask.u3.all[i] & b->mask.u3.all[i];
	return same_zone(a->master, b->master) && fits(&a->tuple, &b->tuple, &both);
}

/* --- Inserting and removing, under the lock --- */

static struct nf_conn_help *master_help(const struct nf_conntrack_expect *exp)
{
	return nf_ct_ext_find(exp->master, NF_CT_EXT_HELPER);
}

/* Drops the namespace's reference. */
static void unlink_expect(struct nf_conntrack_expect *exp)
{
	struct net *net = expect_net(exp);
	struct nf_conn_help *help = master_help(exp);
	struct nf_conntrack_expect **p;

	for (p = &net->expect.hash[expect_bucket(net, &exp->tuple)]; *p != exp; p = &(*p)->hnext)
		;
	*p = exp->hnext;
	for (p = &help->expectations; *p != exp; p = &(*p)->lnext)
		;
	*p = exp->lnext;
	help->expecting[exp->class]--;
	exp->linked = false;
	sub_relaxed(&net->expect.count, 1);
	NF_CT_STAT_INC(net, expect_delete);
	nf_ct_expect_event(exp, IPEXP_DESTROY);
	nf_ct_expect_put(exp);
}

static void link_expect(struct nf_conntrack_expect *exp)
{
	struct net *net = expect_net(exp);
	struct nf_conn_help *help = master_help(exp);
	struct nf_conntrack_expect **bucket = &net->expect.hash[expect_bucket(net, &exp->tuple)];
	const struct nf_conntrack_helper *helper = load_relaxed(&help->helper);
	uint32_t timeout = helper->expect_policy[exp->class].timeout * NF_CT_HZ;

	exp->expires = nfct_time_stamp(net->core) + timeout;
	if (!load_relaxed(&net->expect.count) ||
	    (int32_t)(exp->expires - net->expect.next_expiry) < 0)
		net->expect.next_expiry = exp->expires;
	refcount_inc(&exp->use);
	exp->linked = true;
	exp->lnext = help->expectations;
	help->expectations = exp;
	help->expecting[exp->class]++;
	exp->hnext = *bucket;
	*bucket = exp;
	add_relaxed(&net->expect.count, 1);
	NF_CT_STAT_INC(net, expect_create);
	nf_ct_expect_event(exp, IPEXP_NEW);
}

/* Removes expired expectations, as the kernel's timers do. */
static void run_timers(struct net *net)
{
	struct nf_ct_expect_net *en = &net->expect;
	uint32_t now = nfct_time_stamp(net->core), next = now + INT32_MAX;

	if (!load_relaxed(&en->count) || (int32_t)(en->next_expiry - now) > 0)
		return;
	for (unsigned int i = 0; i < EXPECT_BUCKETS; i++) {
		for (struct nf_conntrack_expect *e = en->hash[i], *after; e; e = after) {
			after = e->hnext;
			if ((int32_t)(e->expires - now) <= 0)
				unlink_expect(e);
			else if ((int32_t)(e->expires - next) < 0)
				next = e->expires;
		}
	}
	en->next_expiry = next;
}

/* --- Expecting --- */

struct nf_conntrack_expect *nf_ct_expect_alloc(struct nf_conn *master)
{
	struct nf_conntrack_expect *exp = calloc(1, sizeof(*exp));

	if (!exp)
		return NULL;
	exp->master = master;
	store_relaxed(&exp->use.refs, 1);
	return exp;
}

void nf_ct_expect_put(struct nf_conntrack_expect *exp)
{
	if (refcount_dec_and_test(&exp->use))
		free(exp);
}

/* An address as in that family's tuples: unused bytes are 0. */
static void set_address(union nf_inet_addr *to, const union nf_inet_addr *from, uint16_t l3num)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, from, l3num == NFPROTO_IPV4 ? 4 : 16);
}

void nf_ct_expect_init(struct nf_conntrack_expect *exp, unsigned int class, uint16_t l3num,
		       const union nf_inet_addr *saddr, const union nf_inet_addr *daddr,
		       uint8_t protonum, const uint16_t *sport, const uint16_t *dport)
{
	struct nf_conntrack_tuple *t = &exp->tuple;

	memset(t, 0, sizeof(*t));
	memset(&exp->mask, 0, sizeof(exp->mask));
	exp->class = (uint8_t) class;
	exp->flags = 0;
	exp->helper = NULL;
	exp->expectfn = NULL;
	t->src.l3num = l3num;
	t->dst.protonum = protonum;
	if (saddr) {
		set_address(&t->src.u3, saddr, l3num);
		memset(&exp->mask.u3, 0xff, l3num == NFPROTO_IPV4 ? 4 : 16);
	}
	if (sport) {
		t->src.u.all = *sport;
		exp->mask.port = 0xffff;
	}
	set_address(&t->dst.u3, daddr, l3num);
	t->dst.u.all = *dport;
}

static void evict_oldest(struct nf_conn_help *help, unsigned int class)
{
	struct nf_conntrack_expect *oldest = NULL;

	for (struct nf_conntrack_expect *e = help->expectations; e; e = e->lnext)
		if (e->class == class)
			oldest = e;
	if (oldest)
		unlink_expect(oldest);
}

/* May it be linked?  Makes room for it if that is allowed (__nf_ct_expect_check). */
static int make_room(struct nf_conntrack_expect *exp, struct nf_conn_help *help)
{
	const struct nf_conntrack_helper *helper = load_relaxed(&help->helper);
	const struct nf_conntrack_expect_policy *policy = &helper->expect_policy[exp->class];
	struct net *net = expect_net(exp);

	for (struct nf_conntrack_expect *e = net->expect.hash[expect_bucket(net, &exp->tuple)]; e;
	     e = e->hnext) {
		if (expect_matches(e, exp)) {
			if (e->class != exp->class)
				return -EALREADY;
			unlink_expect(e);
			break;
		}
		if (expect_clash(e, exp))
			return -EBUSY;
	}
	if (policy->max_expected && help->expecting[exp->class] >= policy->max_expected)
		evict_oldest(help, exp->class);
	if (load_relaxed(&net->expect.count) >= load_relaxed(&net->ct.nf_conntrack_expect_max))
		return -EMFILE;
	return 0;
}

int nf_ct_expect_related(struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_net *en = &expect_net(exp)->expect;
	struct nf_conn_help *help = master_help(exp);
	const struct nf_conntrack_helper *helper;
	int err = 0;

	if (!help)
		return -ESHUTDOWN;
	spin_lock(&en->lock, CT_LOCK_EXPECT);
	/* under the lock, because nf_ct_helper_remove() removes a helper under it */
	helper = load_relaxed(&help->helper);
	if (!helper)
		err = -ESHUTDOWN;
	else if (exp->class > helper->expect_class_max)
		err = -EINVAL;
	if (!err && !en->hash)
		en->hash = calloc(EXPECT_BUCKETS, sizeof(*en->hash));
	if (!err && !en->hash)
		err = -ENOMEM;
	if (!err) {
		run_timers(expect_net(exp));
		err = make_room(exp, help);
	}
	if (!err)
		link_expect(exp);
	spin_unlock(&en->lock);
	return err;
}

bool nf_ct_unexpect_related(struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_net *en = &expect_net(exp)->expect;
	bool was;

	spin_lock(&en->lock, CT_LOCK_EXPECT);
	was = exp->linked;
	if (was)
		unlink_expect(exp);
	spin_unlock(&en->lock);
	return was;
}

void nf_ct_remove_expectations(struct nf_conn *ct)
{
	struct nf_conn_help *help = nf_ct_ext_find(ct, NF_CT_EXT_HELPER);
	struct nf_ct_expect_net *en = &ct->net->expect;

	if (!help)
		return;
	spin_lock(&en->lock, CT_LOCK_EXPECT);
	while (help->expectations)
		unlink_expect(help->expectations);
	spin_unlock(&en->lock);
}

uint32_t nf_ct_expect_count(struct net *net)
{
	uint32_t n;

	spin_lock(&net->expect.lock, CT_LOCK_EXPECT);
	run_timers(net);
	n = load_relaxed(&net->expect.count);
	spin_unlock(&net->expect.lock);
	return n;
}

/* --- A new connection --- */

/* Returns it with a reference, and with one to its master (nf_ct_find_expectation). */
static struct nf_conntrack_expect *
find_expectation(struct net *net, const struct nf_conntrack_zone *zone,
		 const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_expect *e;

	if (!load_relaxed(&net->expect.count))
		return NULL;
	for (e = net->expect.hash[expect_bucket(net, tuple)]; e; e = e->hnext)
		if (!(e->flags & NF_CT_EXPECT_INACTIVE) && fits(tuple, &e->tuple, &e->mask) &&
		    load_relaxed(&e->master->zone_id) == zone->id)
			break;
	/*
	 * If the master is not in the table yet, its packet may still be dropped; if it is
	 * leaving the table, its expectations will be removed soon.
	 */
	if (!e || !nf_ct_is_confirmed(e->master) || nf_ct_is_dying(e->master) ||
	    !refcount_inc_not_zero(&e->master->use))
		return NULL;
	refcount_inc(&e->use);
	if (!(e->flags & NF_CT_EXPECT_PERMANENT))
		unlink_expect(e);
	/* The caller's reference keeps it.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	return e;
}

__cold struct nf_conntrack_expect *
nf_ct_expect_attach(struct nf_conn *ct, const struct nf_conntrack_zone *zone,
		    const struct nf_conntrack_tuple *tuple)
{
	struct net *net = ct->net;
	struct nf_conntrack_expect *exp;

	spin_lock(&net->expect.lock, CT_LOCK_EXPECT);
	run_timers(net);
	exp = find_expectation(net, zone, tuple);
	spin_unlock(&net->expect.lock);
	if (!exp)
		return NULL;
	nf_ct_status_set(ct, IPS_EXPECTED);
	ct->master = exp->master; /* takes over the reference */
	store_relaxed(&ct->mark, load_relaxed(&exp->master->mark));
	if (exp->helper)
		nf_ct_helper_ext_add(ct, exp->helper);
	NF_CT_STAT_INC(net, expect_new);
	return exp;
}

__cold void nf_ct_expect_arrived(struct nf_conn *ct, struct nf_conntrack_expect *exp)
{
	if (exp->expectfn)
		exp->expectfn(ct, exp);
	nf_ct_expect_put(exp);
}

void nf_ct_expect_net_fini(struct net *net)
{
	free(net->expect.hash);
	net->expect.hash = NULL;
}
