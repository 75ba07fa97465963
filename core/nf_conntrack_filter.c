/* SPDX-License-Identifier: MIT */
/* Deletion by filter: see nf_conntrack_filter.h. */
#include "core/nf_conntrack_filter.h"

static bool
match_dir(const struct nf_ct_filter_dir *f, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_tuple *t = nf_ct_tuple(ct, dir);
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	if (f->fields & CT_FILTER_SRC && memcmp(&t->src.u3, &f->tuple.src.u3, sizeof(t->src.u3)))
		return false;
	if (f->fields & CT_FILTER_DST && memcmp(&t->dst.u3, &f->tuple.dst.u3, sizeof(t->dst.u3)))
		return false;
	if (f->fields & CT_FILTER_PROTONUM && t->dst.protonum != f->tuple.dst.protonum)
		return false;
	if (f->fields & CT_FILTER_SPORT && t->src.u.all != f->tuple.src.u.all)
		return false;
	if (f->fields & CT_FILTER_DPORT && t->dst.u.all != f->tuple.dst.u.all)
		return false;
	return !(f->fields & CT_FILTER_ZONE) || nf_ct_zone_id(&zone, dir) == f->zone_id;
}

bool nf_ct_filter_match(const struct nf_ct_filter *f, const struct nf_conn *ct)
{
	if (f->l3num && nf_ct_l3num(ct) != f->l3num)
		return false;
	for (unsigned int dir = 0; dir < IP_CT_DIR_MAX; dir++)
		if (f->dir[dir].fields && !match_dir(&f->dir[dir], ct, (enum ip_conntrack_dir)dir))
			return false;
	if ((load_relaxed(&ct->mark) & f->mark_mask) != f->mark)
		return false;
	return (nf_ct_status(ct) & IPS_KERNEL_MASK & f->status_mask) == f->status;
}

struct cleanup {
	struct net *net;
	bool (*fn)(struct nf_conn *ct, void *arg);
	void *arg;
	uint32_t portid;
	bool report;
	long deleted;
};

/* Deletes the entry itself, so that the walk need not know the portid. */
static int cleanup_one(struct nf_conn *ct, void *arg)
{
	struct cleanup *c = arg;

	if (ct->net == c->net && c->fn(ct, c->arg))
		c->deleted += c->net->core->ops->del(ct, c->portid, c->report);
	return 0;
}

long nf_ct_iterate_cleanup_net(struct net *net, bool (*fn)(struct nf_conn *ct, void *arg),
			       void *arg, uint32_t portid, bool report)
{
	struct cleanup c = { net, fn, arg, portid, report, 0 };
	long ret = net->core->ops->iterate(net->core, cleanup_one, &c);

	return ret < 0 ? ret : c.deleted;
}

static bool fits(struct nf_conn *ct, void *filter)
{
	return !filter || nf_ct_filter_match(filter, ct);
}

long nf_ct_flush_net(struct net *net, const struct nf_ct_filter *filter, uint32_t portid,
		     bool report)
{
	return nf_ct_iterate_cleanup_net(net, fits, (void *)filter, portid, report);
}
