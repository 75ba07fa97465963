/* SPDX-License-Identifier: MIT */
/* Reading ctnetlink's attributes: tuples, zones, filters; see nf_conntrack_netlink.h. */
#include <errno.h>

#include "core/nf_conntrack_netlink.h"

const struct nla_policy ct_nla_policy[CT_CTA_MAX + 1] = {
	[CTA_TUPLE_ORIG] = { .type = NLA_NESTED },
	[CTA_TUPLE_REPLY] = { .type = NLA_NESTED },
	[CTA_STATUS] = { .type = NLA_U32 },
	[CTA_PROTOINFO] = { .type = NLA_NESTED },
	[CTA_HELP] = { .type = NLA_NESTED },
	[CTA_NAT_SRC] = { .type = NLA_NESTED },
	[CTA_TIMEOUT] = { .type = NLA_U32 },
	[CTA_MARK] = { .type = NLA_U32 },
	[CTA_ID] = { .type = NLA_U32 },
	[CTA_NAT_DST] = { .type = NLA_NESTED },
	[CTA_TUPLE_MASTER] = { .type = NLA_NESTED },
	[CTA_SEQ_ADJ_ORIG] = { .type = NLA_NESTED },
	[CTA_SEQ_ADJ_REPLY] = { .type = NLA_NESTED },
	[CTA_ZONE] = { .type = NLA_U16 },
	[CTA_MARK_MASK] = { .type = NLA_U32 },
	[CTA_LABELS] = { .type = NLA_BINARY, .len = NF_CT_LABELS_MAX_SIZE },
	[CTA_LABELS_MASK] = { .type = NLA_BINARY, .len = NF_CT_LABELS_MAX_SIZE },
	[CTA_FILTER] = { .type = NLA_NESTED },
	[CTA_STATUS_MASK] = { .type = NLA_U32 },
	[CT_CTA_TIMESTAMP_EVENT] = { .type = NLA_REJECT },
};

/* --- Tuples --- */

static const struct nla_policy tuple_policy[CTA_TUPLE_MAX + 1] = {
	[CTA_TUPLE_IP] = { .type = NLA_NESTED },
	[CTA_TUPLE_PROTO] = { .type = NLA_NESTED },
	[CTA_TUPLE_ZONE] = { .type = NLA_U16 },
};

static const struct nla_policy ip_policy[CTA_IP_MAX + 1] = {
	[CTA_IP_V4_SRC] = { .type = NLA_U32 },
	[CTA_IP_V4_DST] = { .type = NLA_U32 },
	[CTA_IP_V6_SRC] = { .len = 16 },
	[CTA_IP_V6_DST] = { .len = 16 },
};

static const struct nla_policy proto_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_NUM] = { .type = NLA_U8 },
};

static int parse_ip(struct nla attr, struct nf_conntrack_tuple *tuple, uint32_t flags)
{
	const bool v4 = tuple->src.l3num == NFPROTO_IPV4;
	const size_t bytes = v4 ? 4 : 16;
	struct nla tb[CTA_IP_MAX + 1], src, dst;
	int err = nla_parse(tb, CTA_IP_MAX, attr, ip_policy);

	if (err)
		return err;
	src = tb[v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC];
	dst = tb[v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST];
	if (flags & CTA_FILTER_F_CTA_IP_SRC) {
		if (!src.data)
			return -EINVAL;
		memcpy(&tuple->src.u3, src.data, bytes);
	}
	if (flags & CTA_FILTER_F_CTA_IP_DST) {
		if (!dst.data)
			return -EINVAL;
		memcpy(&tuple->dst.u3, dst.data, bytes);
	}
	return 0;
}

static int parse_proto(struct nla attr, struct nf_conntrack_tuple *tuple, uint32_t flags)
{
	const struct nf_conntrack_l4proto *l4;
	struct nla tb[CTA_PROTO_MAX + 1];
	int err = nla_parse(tb, CTA_PROTO_MAX, attr, proto_policy);

	if (err)
		return err;
	if (!tb[CTA_PROTO_NUM].data)
		return -EINVAL;
	tuple->dst.protonum = nla_get_u8(tb[CTA_PROTO_NUM]);
	l4 = nf_ct_l4proto_find(tuple->dst.protonum);
	if (!l4->nlattr_to_tuple)
		return 0;
	err = nla_validate(CTA_PROTO_MAX, attr, l4->nla_policy);
	return err ? err : l4->nlattr_to_tuple(tb, tuple, flags);
}

int ctnetlink_parse_zone(struct nla attr, struct nf_conntrack_zone *zone)
{
	*zone = nf_ct_zone_dflt;
	if (attr.data)
		zone->id = ntohs(nla_get_be16(attr));
	return 0;
}

/* A zone of one direction; only one is allowed. */
static int parse_tuple_zone(struct nla attr, unsigned int type, struct nf_conntrack_zone *zone)
{
	int err;

	if (!zone || zone->id != NF_CT_DEFAULT_ZONE_ID)
		return -EINVAL;
	err = ctnetlink_parse_zone(attr, zone);
	if (!err)
		zone->dir = type == CTA_TUPLE_REPLY ? NF_CT_ZONE_DIR_REPL : NF_CT_ZONE_DIR_ORIG;
	return err;
}

int ctnetlink_parse_tuple_filter(const struct nla *cda, struct nf_conntrack_tuple *tuple,
				 unsigned int type, uint8_t l3num, struct nf_conntrack_zone *zone,
				 uint32_t flags)
{
	struct nla tb[CTA_TUPLE_MAX + 1];
	int err = nla_parse(tb, CTA_TUPLE_MAX, cda[type], tuple_policy);

	memset(tuple, 0, sizeof(*tuple));
	if (err)
		return err;
	if (l3num != NFPROTO_IPV4 && l3num != NFPROTO_IPV6)
		return -EOPNOTSUPP;
	tuple->src.l3num = l3num;
	if (flags & (CTA_FILTER_F_CTA_IP_SRC | CTA_FILTER_F_CTA_IP_DST)) {
		err = tb[CTA_TUPLE_IP].data ? parse_ip(tb[CTA_TUPLE_IP], tuple, flags) : -EINVAL;
		if (err)
			return err;
	}
	if (flags & CTA_FILTER_F_CTA_PROTO_NUM) {
		err = tb[CTA_TUPLE_PROTO].data ? parse_proto(tb[CTA_TUPLE_PROTO], tuple, flags)
					       : -EINVAL;
		if (err)
			return err;
	} else if (flags & CTA_FILTER_F_ALL_CTA_PROTO) {
		return -EINVAL; /* ports without a protocol */
	}
	if (flags & CTA_FILTER_F_CTA_TUPLE_ZONE && tb[CTA_TUPLE_ZONE].data) {
		err = parse_tuple_zone(tb[CTA_TUPLE_ZONE], type, zone);
		if (err)
			return err;
	}
	tuple->dst.dir = type == CTA_TUPLE_REPLY ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL;
	return 0;
}

int ctnetlink_parse_tuple(const struct nla *cda, struct nf_conntrack_tuple *tuple,
			  unsigned int type, uint8_t l3num, struct nf_conntrack_zone *zone)
{
	return ctnetlink_parse_tuple_filter(cda, tuple, type, l3num, zone, CTA_FILTER_F_ALL);
}

/* --- Filters --- */

static const struct nla_policy filter_policy[CTA_FILTER_MAX + 1] = {
	[CTA_FILTER_ORIG_FLAGS] = { .type = NLA_U32 },
	[CTA_FILTER_REPLY_FLAGS] = { .type = NLA_U32 },
};

/* The flags of a direction's tuple, in host byte order, as the kernel reads them. */
static int parse_flags(struct nla attr, uint32_t *flags)
{
	*flags = attr.data ? nla_get_be32(attr) : 0;
	return *flags & ~(uint32_t)CTA_FILTER_F_ALL ? -EOPNOTSUPP : 0;
}

static int parse_marks(struct ctnetlink_filter *f, const struct nla *cda)
{
	if (!cda[CTA_MARK].data && cda[CTA_MARK_MASK].data)
		return -EINVAL;
	if (cda[CTA_MARK].data) {
		f->mark.val = ntohl(nla_get_be32(cda[CTA_MARK]));
		f->mark.mask =
			cda[CTA_MARK_MASK].data ? ntohl(nla_get_be32(cda[CTA_MARK_MASK])) : ~0u;
	}
	if (!cda[CTA_STATUS].data && cda[CTA_STATUS_MASK].data)
		return -EINVAL;
	if (cda[CTA_STATUS].data) {
		f->status.val = ntohl(nla_get_be32(cda[CTA_STATUS]));
		f->status.mask = cda[CTA_STATUS_MASK].data
					 ? ntohl(nla_get_be32(cda[CTA_STATUS_MASK]))
					 : f->status.val;
		if (!f->status.mask)
			return -EINVAL; /* all or none, for any entry */
	}
	return 0;
}

static int parse_tuples(struct ctnetlink_filter *f, const struct nla *cda)
{
	struct nla tb[CTA_FILTER_MAX + 1];
	int err = nla_parse(tb, CTA_FILTER_MAX, cda[CTA_FILTER], filter_policy);

	if (!err)
		err = parse_flags(tb[CTA_FILTER_ORIG_FLAGS], &f->orig_flags);
	if (!err)
		err = parse_flags(tb[CTA_FILTER_REPLY_FLAGS], &f->reply_flags);
	if (err)
		return err;
	if ((f->orig_flags && !cda[CTA_TUPLE_ORIG].data) ||
	    (f->reply_flags && !cda[CTA_TUPLE_REPLY].data))
		return -EINVAL;
	if (f->orig_flags)
		err = ctnetlink_parse_tuple_filter(cda, &f->orig, CTA_TUPLE_ORIG, f->family,
						   &f->zone, f->orig_flags);
	if (f->reply_flags && !err)
		err = ctnetlink_parse_tuple_filter(cda, &f->reply, CTA_TUPLE_REPLY, f->family,
						   &f->zone, f->reply_flags);
	return err;
}

int ctnetlink_parse_filter(struct ctnetlink_filter *filter, const struct nla *cda, uint8_t family)
{
	int err;

	memset(filter, 0, sizeof(*filter));
	/* a mask without a value is checked only with another filter */
	if (!family && !cda[CTA_MARK].data && !cda[CTA_FILTER].data && !cda[CTA_STATUS].data &&
	    !cda[CTA_ZONE].data)
		return 0;
	filter->family = family;
	err = parse_marks(filter, cda);
	if (!err && cda[CTA_ZONE].data) {
		err = ctnetlink_parse_zone(cda[CTA_ZONE], &filter->zone);
		filter->zone_filter = true;
	}
	return err || !cda[CTA_FILTER].data ? err : parse_tuples(filter, cda);
}

static bool address_matches(const union nf_inet_addr *a, const union nf_inet_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool tuple_matches(const struct nf_conntrack_tuple *want, const struct nf_conntrack_tuple *t,
			  uint32_t flags)
{
	const uint32_t sport = CTA_FILTER_F_CTA_PROTO_SRC_PORT,
		       dport = CTA_FILTER_F_CTA_PROTO_DST_PORT;
	uint32_t id = 0, type = 0, code = 0;

	if ((flags & CTA_FILTER_F_CTA_IP_SRC && !address_matches(&want->src.u3, &t->src.u3)) ||
	    (flags & CTA_FILTER_F_CTA_IP_DST && !address_matches(&want->dst.u3, &t->dst.u3)) ||
	    (flags & CTA_FILTER_F_CTA_PROTO_NUM && want->dst.protonum != t->dst.protonum))
		return false;
	switch (t->dst.protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP: /* and no others, as in the kernel */
		return !(flags & sport && want->src.u.all != t->src.u.all) &&
		       !(flags & dport && want->dst.u.all != t->dst.u.all);
	case IPPROTO_ICMP:
		id = CTA_FILTER_F_CTA_PROTO_ICMP_ID;
		type = CTA_FILTER_F_CTA_PROTO_ICMP_TYPE;
		code = CTA_FILTER_F_CTA_PROTO_ICMP_CODE;
		break;
	case IPPROTO_ICMPV6:
		id = CTA_FILTER_F_CTA_PROTO_ICMPV6_ID;
		type = CTA_FILTER_F_CTA_PROTO_ICMPV6_TYPE;
		code = CTA_FILTER_F_CTA_PROTO_ICMPV6_CODE;
		break;
	}
	return !(flags & id && want->src.u.icmp.id != t->src.u.icmp.id) &&
	       !(flags & type && want->dst.u.icmp.type != t->dst.u.icmp.type) &&
	       !(flags & code && want->dst.u.icmp.code != t->dst.u.icmp.code);
}

bool ctnetlink_filter_match(const struct ctnetlink_filter *f, const struct nf_conn *ct)
{
	/* one direction's zone is enough (nf_ct_zone_equal_any) */
	if ((f->family && nf_ct_l3num(ct) != f->family) ||
	    (f->zone_filter && load_relaxed(&ct->zone_id) != f->zone.id))
		return false;
	if (f->orig_flags &&
	    !tuple_matches(&f->orig, nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), f->orig_flags))
		return false;
	if (f->reply_flags &&
	    !tuple_matches(&f->reply, nf_ct_tuple(ct, IP_CT_DIR_REPLY), f->reply_flags))
		return false;
	return (load_relaxed(&ct->mark) & f->mark.mask) == f->mark.val &&
	       (nf_ct_status(ct) & f->status.mask) == f->status.val;
}
