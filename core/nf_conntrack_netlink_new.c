/* SPDX-License-Identifier: MIT */
/* ctnetlink: creating and changing entries from attributes; see nf_conntrack_netlink.h. */
#include <errno.h>

#include "core/nf_conntrack_labels.h"
#include "core/nf_conntrack_mark.h"
#include "core/nf_conntrack_netlink.h"

/* --- An entry's parts --- */

/*
 * Bits that only packets, timers and NAT may change (the kernel's
 * IPS_UNCHANGEABLE_MASK); messages may not change our bits above the kernel's either.
 */
#define UNCHANGEABLE \
	(IPS_EXPECTED | IPS_CONFIRMED | IPS_DYING | IPS_TEMPLATE | IPS_OFFLOAD | \
	 1u << IPS_SRC_NAT_BIT | 1u << IPS_DST_NAT_BIT | 1u << IPS_SRC_NAT_DONE_BIT | \
	 1u << IPS_DST_NAT_DONE_BIT | 1u << IPS_SEQ_ADJUST_BIT | 1u << IPS_HW_OFFLOAD_BIT | \
	 IPS_NAT_CLASH)

/* confirmed: IPS_CONFIRMED if the entry is about to be inserted; attr must include it then. */
static int change_status(struct nf_conn *ct, struct nla attr, uint32_t confirmed)
{
	const uint32_t status = ntohl(nla_get_be32(attr));
	const uint32_t differs = (nf_ct_status(ct) | confirmed) ^ status;

	if (differs & (IPS_EXPECTED | IPS_CONFIRMED | IPS_DYING))
		return -EBUSY;
	/* these bits may not be cleared */
	if (differs & (IPS_SEEN_REPLY | IPS_ASSURED) & ~status)
		return -EBUSY;
	nf_ct_status_set(ct, status & IPS_KERNEL_MASK & ~UNCHANGEABLE);
	return 0;
}

static const struct nla_policy protoinfo_policy[CTA_PROTOINFO_MAX + 1] = {
	[CTA_PROTOINFO_TCP] = { .type = NLA_NESTED },
	[CTA_PROTOINFO_SCTP] = { .type = NLA_NESTED },
};

static int change_protoinfo(struct nf_conn *ct, struct nla attr)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	struct nla tb[CTA_PROTOINFO_MAX + 1];
	int err = nla_parse(tb, CTA_PROTOINFO_MAX, attr, protoinfo_policy);

	return err || !l4->from_nlattr ? err : l4->from_nlattr(tb, ct);
}

static void change_mark(struct nf_conn *ct, const struct nla *cda)
{
	nf_ct_mark_set(ct, ntohl(nla_get_be32(cda[CTA_MARK])),
		       cda[CTA_MARK_MASK].data ? ntohl(nla_get_be32(cda[CTA_MARK_MASK])) : ~0u);
}

static int change_labels(struct nf_conn *ct, const struct nla *cda)
{
	const struct nla data = cda[CTA_LABELS], mask = cda[CTA_LABELS_MASK];
	uint32_t d[NF_CT_LABEL_WORDS] = { 0 }, m[NF_CT_LABEL_WORDS] = { 0 };

	if (data.len % sizeof(uint32_t) || (mask.data && (!mask.len || mask.len != data.len)))
		return -EINVAL;
	memcpy(d, data.data, data.len); /* the policy has checked its length */
	if (mask.data)
		memcpy(m, mask.data, mask.len);
	return nf_connlabels_replace(ct, d, mask.data ? m : NULL,
				     (unsigned int)(data.len / sizeof(uint32_t)));
}

/* Ticks, limited to the range of the clock. */
static uint32_t timeout_of(struct nla attr)
{
	uint64_t ticks = (uint64_t)ntohl(nla_get_be32(attr)) * NF_CT_HZ;

	return ticks > INT32_MAX ? INT32_MAX : (uint32_t)ticks;
}

static int change_timeout(struct nf_conn *ct, struct nla attr)
{
	if (nf_ct_status(ct) & IPS_FIXED_TIMEOUT)
		return -EPERM;
	store_relaxed(&ct->timeout, nfct_time_stamp(ct->net->core) + timeout_of(attr));
	return nf_ct_is_dying(ct) ? -ETIME : 0;
}

static const struct nla_policy help_policy[CTA_HELP_MAX + 1] = {
	[CTA_HELP_NAME] = { .type = NLA_NUL_STRING, .len = NF_CT_HELPER_NAME_LEN - 1 },
};

static int parse_help(struct nla attr, const char **name)
{
	struct nla tb[CTA_HELP_MAX + 1];
	int err = nla_parse(tb, CTA_HELP_MAX, attr, help_policy);

	if (err)
		return err;
	if (!tb[CTA_HELP_NAME].data)
		return -EINVAL;
	*name = (const char *)tb[CTA_HELP_NAME].data;
	return 0;
}

static const struct nf_conntrack_helper *find_helper(const struct nf_conn *ct, const char *name)
{
	const struct nf_conntrack_helper *helper = nf_conntrack_helper_find(name);

	return helper && helper->protonum == nf_ct_protonum(ct) ? helper : NULL;
}

/* An entry in the table keeps the helper it has: the same name changes nothing. */
static int change_helper(struct nf_conn *ct, struct nla attr)
{
	const struct nf_conntrack_helper *has = nf_ct_helper_of(ct), *helper;
	const char *name;
	int err = parse_help(attr, &name);

	if (err)
		return err;
	if (ct->master)
		return has && !strcmp(has->name, name) ? 0 : -EBUSY;
	if (!*name) { /* remove it */
		nf_ct_helper_remove(ct);
		return 0;
	}
	helper = find_helper(ct, name);
	if (!helper || !nf_ct_ext_find(ct, NF_CT_EXT_HELPER))
		return -EOPNOTSUPP;
	return has == helper ? 0 : -EBUSY;
}

/* --- An existing entry --- */

static int change_conntrack(struct nf_conn *ct, const struct nla *cda)
{
	int err = 0;

	if (cda[CTA_NAT_SRC].data || cda[CTA_NAT_DST].data || cda[CTA_TUPLE_MASTER].data)
		return -EOPNOTSUPP; /* only when it is created */
	if (cda[CTA_HELP].data)
		err = change_helper(ct, cda[CTA_HELP]);
	if (!err && cda[CTA_TIMEOUT].data)
		err = change_timeout(ct, cda[CTA_TIMEOUT]);
	if (!err && cda[CTA_STATUS].data)
		err = change_status(ct, cda[CTA_STATUS], 0);
	if (!err && cda[CTA_PROTOINFO].data)
		err = change_protoinfo(ct, cda[CTA_PROTOINFO]);
	if (err)
		return err;
	if (cda[CTA_MARK].data)
		change_mark(ct, cda);
	if (cda[CTA_LABELS].data)
		err = change_labels(ct, cda);
	if (!err && cda[CTA_PROTOINFO].data)
		nf_conntrack_event_cache(ct, IPCT_PROTOINFO);
	if (!err && nf_ct_status(ct) & CT_ECACHE)
		nf_ct_deliver_cached_events(ct);
	return err;
}

/* --- A new entry --- */

static int set_helper(struct nf_conn *ct, struct nla attr)
{
	const struct nf_conntrack_helper *helper;
	const char *name;
	int err = parse_help(attr, &name);

	if (err)
		return err;
	helper = find_helper(ct, name);
	if (!helper)
		return -EOPNOTSUPP;
	return nf_ct_helper_assign(ct, helper);
}

/* The master, with a reference that the entry will own. */
static int set_master(struct nf_conn *ct, const struct nf_conntrack_zone *zone,
		      const struct nla *cda, uint8_t family)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple tuple;
	int err = ctnetlink_parse_tuple(cda, &tuple, CTA_TUPLE_MASTER, family, NULL);

	if (err)
		return err;
	h = ct->net->core->ops->find_get(ct->net, zone, &tuple);
	if (!h)
		return -ENOENT;
	nf_ct_status_set(ct, IPS_EXPECTED);
	ct->master = nf_ct_tuplehash_to_ctrack(h);
	return 0;
}

static int fill_conntrack(struct nf_conn *ct, const struct nf_conntrack_zone *zone,
			  const struct nla *cda, uint8_t family)
{
	int err = 0;

	if (!cda[CTA_TIMEOUT].data)
		return -EINVAL;
	if (cda[CTA_HELP].data)
		err = set_helper(ct, cda[CTA_HELP]);
	if (!err && (cda[CTA_NAT_SRC].data || cda[CTA_NAT_DST].data))
		err = -EOPNOTSUPP;
	if (!err && cda[CTA_STATUS].data)
		err = change_status(ct, cda[CTA_STATUS], IPS_CONFIRMED);
	if (!err && cda[CTA_PROTOINFO].data)
		err = change_protoinfo(ct, cda[CTA_PROTOINFO]);
	if (err)
		return err;
	if (cda[CTA_MARK].data)
		change_mark(ct, cda);
	return cda[CTA_TUPLE_MASTER].data ? set_master(ct, zone, cda, family) : 0;
}

static int
create_conntrack(struct net *net, const struct nf_conntrack_zone *zone, const struct nlmsghdr *nlh,
		 const struct nla *cda, const struct nf_conntrack_tuple *orig,
		 const struct nf_conntrack_tuple *reply, uint8_t family)
{
	struct nf_conn *ct;
	int err;

	if (!cda[CTA_TUPLE_ORIG].data || !cda[CTA_TUPLE_REPLY].data ||
	    orig->dst.protonum != reply->dst.protonum)
		return -EINVAL;
	ct = net->core->ops->alloc(net, zone, orig, reply, &err);
	if (!ct)
		return -ENOMEM; /* also for a full table, as in the kernel */
	err = fill_conntrack(ct, zone, cda, family);
	if (!err)
		err = net->core->ops->insert(ct, timeout_of(cda[CTA_TIMEOUT]));
	if (!err) {
		if (cda[CTA_LABELS].data)
			change_labels(ct, cda); /* without memory there are none */
		nf_conntrack_event_report(ct, ct->master ? IPCT_RELATED : IPCT_NEW, nlh->nlmsg_pid,
					  nlh->nlmsg_flags & NLM_F_ECHO);
	}
	nf_ct_put(ct);
	return err;
}

int ctnetlink_new_conntrack(struct net *net, const struct nlmsghdr *nlh, uint8_t family,
			    const struct nla *cda)
{
	struct nf_conntrack_tuple orig, reply;
	struct nf_conntrack_tuple_hash *h = NULL;
	struct nf_conntrack_zone zone;
	struct nf_conn *ct;
	int err = ctnetlink_parse_zone(cda[CTA_ZONE], &zone);

	if (!err && cda[CTA_TUPLE_ORIG].data)
		err = ctnetlink_parse_tuple(cda, &orig, CTA_TUPLE_ORIG, family, &zone);
	if (!err && cda[CTA_TUPLE_REPLY].data)
		err = ctnetlink_parse_tuple(cda, &reply, CTA_TUPLE_REPLY, family, &zone);
	if (err)
		return err;
	if (cda[CTA_TUPLE_ORIG].data)
		h = net->core->ops->find_get(net, &zone, &orig);
	else if (cda[CTA_TUPLE_REPLY].data)
		h = net->core->ops->find_get(net, &zone, &reply);
	if (!h)
		return nlh->nlmsg_flags & NLM_F_CREATE
			       ? create_conntrack(net, &zone, nlh, cda, &orig, &reply, family)
			       : -ENOENT;
	ct = nf_ct_tuplehash_to_ctrack(h);
	err = nlh->nlmsg_flags & NLM_F_EXCL ? -EEXIST : change_conntrack(ct, cda);
	nf_ct_put(ct);
	return err;
}
