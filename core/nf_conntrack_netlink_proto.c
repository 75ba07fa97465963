/* SPDX-License-Identifier: MIT */
/*
 * The ctnetlink attributes of each protocol: its part of the tuple, and its state.
 * The operations of each protocol refer to these functions.
 */
#include <errno.h>

#include "core/l4_tcp.h"
#include "core/nf_conntrack_netlink.h"

/* --- Ports: TCP, UDP, UDP-Lite, SCTP; and GRE's keys --- */

const struct nla_policy nf_ct_port_nla_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_SRC_PORT] = { .type = NLA_U16 },
	[CTA_PROTO_DST_PORT] = { .type = NLA_U16 },
};

int nf_ct_port_tuple_to_nlattr(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple)
{
	if (nla_put_be16(msg, CTA_PROTO_SRC_PORT, tuple->src.u.all) ||
	    nla_put_be16(msg, CTA_PROTO_DST_PORT, tuple->dst.u.all))
		return -EMSGSIZE;
	return 0;
}

size_t nf_ct_port_nlattr_tuple_size(void)
{
	return nla_policy_len(nf_ct_port_nla_policy, CTA_PROTO_MAX + 1);
}

int nf_ct_port_nlattr_to_tuple(const struct nla *tb, struct nf_conntrack_tuple *tuple,
			       uint32_t flags)
{
	if (flags & CTA_FILTER_F_CTA_PROTO_SRC_PORT) {
		if (!tb[CTA_PROTO_SRC_PORT].data)
			return -EINVAL;
		tuple->src.u.all = nla_get_be16(tb[CTA_PROTO_SRC_PORT]);
	}
	if (flags & CTA_FILTER_F_CTA_PROTO_DST_PORT) {
		if (!tb[CTA_PROTO_DST_PORT].data)
			return -EINVAL;
		tuple->dst.u.all = nla_get_be16(tb[CTA_PROTO_DST_PORT]);
	}
	return 0;
}

/* --- ICMP and ICMPv6, which differ in their attributes' numbers --- */

struct icmp_attrs {
	uint16_t id, type, code;
	uint32_t id_flag, type_flag, code_flag;
};

static const struct icmp_attrs icmp_attrs = {
	CTA_PROTO_ICMP_ID,
	CTA_PROTO_ICMP_TYPE,
	CTA_PROTO_ICMP_CODE,
	CTA_FILTER_F_CTA_PROTO_ICMP_ID,
	CTA_FILTER_F_CTA_PROTO_ICMP_TYPE,
	CTA_FILTER_F_CTA_PROTO_ICMP_CODE,
};

static const struct icmp_attrs icmpv6_attrs = {
	CTA_PROTO_ICMPV6_ID,
	CTA_PROTO_ICMPV6_TYPE,
	CTA_PROTO_ICMPV6_CODE,
	CTA_FILTER_F_CTA_PROTO_ICMPV6_ID,
	CTA_FILTER_F_CTA_PROTO_ICMPV6_TYPE,
	CTA_FILTER_F_CTA_PROTO_ICMPV6_CODE,
};

const struct nla_policy nf_ct_icmp_nla_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_ICMP_TYPE] = { .type = NLA_U8 },
	[CTA_PROTO_ICMP_CODE] = { .type = NLA_U8 },
	[CTA_PROTO_ICMP_ID] = { .type = NLA_U16 },
};

const struct nla_policy nf_ct_icmpv6_nla_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_ICMPV6_TYPE] = { .type = NLA_U8 },
	[CTA_PROTO_ICMPV6_CODE] = { .type = NLA_U8 },
	[CTA_PROTO_ICMPV6_ID] = { .type = NLA_U16 },
};

static int icmp_to_nlattr(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple,
			  const struct icmp_attrs *attrs)
{
	if (nla_put_be16(msg, attrs->id, tuple->src.u.icmp.id) ||
	    nla_put_u8(msg, attrs->type, tuple->dst.u.icmp.type) ||
	    nla_put_u8(msg, attrs->code, tuple->dst.u.icmp.code))
		return -EMSGSIZE;
	return 0;
}

static int icmp_from_nlattr(const struct nla *tb, struct nf_conntrack_tuple *tuple, uint32_t flags,
			    const struct icmp_attrs *attrs)
{
	struct nf_conntrack_tuple inverse;

	if (flags & attrs->type_flag) {
		if (!tb[attrs->type].data)
			return -EINVAL;
		tuple->dst.u.icmp.type = nla_get_u8(tb[attrs->type]);
		/* a type without an answer has no connection */
		if (!nf_ct_invert_tuple(&inverse, tuple))
			return -EINVAL;
	}
	if (flags & attrs->code_flag) {
		if (!tb[attrs->code].data)
			return -EINVAL;
		tuple->dst.u.icmp.code = nla_get_u8(tb[attrs->code]);
	}
	if (flags & attrs->id_flag) {
		if (!tb[attrs->id].data)
			return -EINVAL;
		tuple->src.u.icmp.id = nla_get_be16(tb[attrs->id]);
	}
	return 0;
}

int nf_ct_icmp_tuple_to_nlattr(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple)
{
	return icmp_to_nlattr(msg, tuple, &icmp_attrs);
}

size_t nf_ct_icmp_nlattr_tuple_size(void)
{
	return nla_policy_len(nf_ct_icmp_nla_policy, CTA_PROTO_MAX + 1);
}

int nf_ct_icmp_nlattr_to_tuple(const struct nla *tb, struct nf_conntrack_tuple *tuple,
			       uint32_t flags)
{
	return icmp_from_nlattr(tb, tuple, flags, &icmp_attrs);
}

int nf_ct_icmpv6_tuple_to_nlattr(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple)
{
	return icmp_to_nlattr(msg, tuple, &icmpv6_attrs);
}

size_t nf_ct_icmpv6_nlattr_tuple_size(void)
{
	return nla_policy_len(nf_ct_icmpv6_nla_policy, CTA_PROTO_MAX + 1);
}

int nf_ct_icmpv6_nlattr_to_tuple(const struct nla *tb, struct nf_conntrack_tuple *tuple,
				 uint32_t flags)
{
	return icmp_from_nlattr(tb, tuple, flags, &icmpv6_attrs);
}

/* --- TCP's state --- */

#define TCP_MAX_WSCALE 14 /* RFC 7323, 2.3 */

struct tcp_flags { /* the kernel's nf_ct_tcp_flags */
	uint8_t flags, mask;
};

static const struct nla_policy tcp_nla_policy[CTA_PROTOINFO_TCP_MAX + 1] = {
	[CTA_PROTOINFO_TCP_STATE] = { .type = NLA_U8, .max = TCP_CONNTRACK_SYN_SENT2 },
	[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] = { .type = NLA_U8, .max = TCP_MAX_WSCALE },
	[CTA_PROTOINFO_TCP_WSCALE_REPLY] = { .type = NLA_U8, .max = TCP_MAX_WSCALE },
	[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL] = { .len = sizeof(struct tcp_flags) },
	[CTA_PROTOINFO_TCP_FLAGS_REPLY] = { .len = sizeof(struct tcp_flags) },
};

int nf_ct_tcp_to_nlattr(struct nl_buf *msg, struct nf_conn *ct, bool destroy)
{
	struct ip_ct_tcp tcp;
	struct tcp_flags flags[IP_CT_DIR_MAX];
	size_t nest;

	spin_lock(&ct->lock, CT_LOCK_CONN);
	store_relaxed(&tcp.state, load_relaxed(&ct->proto.tcp.state));
	memcpy(tcp.seen, ct->proto.tcp.seen, sizeof(tcp.seen));
	spin_unlock(&ct->lock);
	for (int dir = 0; dir < IP_CT_DIR_MAX; dir++)
		flags[dir] = (struct tcp_flags){ .flags = tcp.seen[dir].flags };
	if (nla_nest_start(msg, CTA_PROTOINFO_TCP, &nest) ||
	    nla_put_u8(msg, CTA_PROTOINFO_TCP_STATE, load_relaxed(&tcp.state)))
		return -EMSGSIZE;
	if (!destroy &&
	    (nla_put_u8(msg, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, tcp.seen[0].td_scale) ||
	     nla_put_u8(msg, CTA_PROTOINFO_TCP_WSCALE_REPLY, tcp.seen[1].td_scale) ||
	     nla_put(msg, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, &flags[0], sizeof(flags[0])) ||
	     nla_put(msg, CTA_PROTOINFO_TCP_FLAGS_REPLY, &flags[1], sizeof(flags[1]))))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static void tcp_change_flags(struct ip_ct_tcp_state *side, struct nla attr)
{
	struct tcp_flags change;

	if (!attr.data)
		return;
	memcpy(&change, attr.data, sizeof(change));
	side->flags = (uint8_t)((side->flags & ~change.mask) | (change.flags & change.mask));
}

int nf_ct_tcp_from_nlattr(const struct nla *info, struct nf_conn *ct)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	struct nla tb[CTA_PROTOINFO_TCP_MAX + 1];
	int err;

	if (!info[CTA_PROTOINFO_TCP].data)
		return 0;
	err = nla_parse(tb, CTA_PROTOINFO_TCP_MAX, info[CTA_PROTOINFO_TCP], tcp_nla_policy);
	if (err)
		return err;

	spin_lock(&ct->lock, CT_LOCK_CONN);
	if (tb[CTA_PROTOINFO_TCP_STATE].data)
		store_relaxed(&tcp->state, nla_get_u8(tb[CTA_PROTOINFO_TCP_STATE]));
	tcp_change_flags(&tcp->seen[0], tb[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL]);
	tcp_change_flags(&tcp->seen[1], tb[CTA_PROTOINFO_TCP_FLAGS_REPLY]);
	/* scaling needs both sides (RFC 7323) */
	if (tb[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL].data && tb[CTA_PROTOINFO_TCP_WSCALE_REPLY].data &&
	    tcp->seen[0].flags & tcp->seen[1].flags & IP_CT_TCP_FLAG_WINDOW_SCALE) {
		tcp->seen[0].td_scale = nla_get_u8(tb[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL]);
		tcp->seen[1].td_scale = nla_get_u8(tb[CTA_PROTOINFO_TCP_WSCALE_REPLY]);
	}
	spin_unlock(&ct->lock);
	return 0;
}

/* --- SCTP's state --- */

static const struct nla_policy sctp_nla_policy[CTA_PROTOINFO_SCTP_MAX + 1] = {
	[CTA_PROTOINFO_SCTP_STATE] = { .type = NLA_U8, .max = SCTP_CONNTRACK_HEARTBEAT_SENT },
	[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL] = { .type = NLA_U32 },
	[CTA_PROTOINFO_SCTP_VTAG_REPLY] = { .type = NLA_U32 },
};

int nf_ct_sctp_to_nlattr(struct nl_buf *msg, struct nf_conn *ct, bool destroy)
{
	uint32_t vtag[IP_CT_DIR_MAX];
	uint8_t state;
	size_t nest;

	spin_lock(&ct->lock, CT_LOCK_CONN);
	state = load_relaxed(&ct->proto.sctp.state);
	memcpy(vtag, ct->proto.sctp.vtag, sizeof(vtag));
	spin_unlock(&ct->lock);
	if (nla_nest_start(msg, CTA_PROTOINFO_SCTP, &nest) ||
	    nla_put_u8(msg, CTA_PROTOINFO_SCTP_STATE, state))
		return -EMSGSIZE;
	if (!destroy && (nla_put_be32(msg, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, htonl(vtag[0])) ||
			 nla_put_be32(msg, CTA_PROTOINFO_SCTP_VTAG_REPLY, htonl(vtag[1]))))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

int nf_ct_sctp_from_nlattr(const struct nla *info, struct nf_conn *ct)
{
	struct ip_ct_sctp *sctp = &ct->proto.sctp;
	struct nla tb[CTA_PROTOINFO_SCTP_MAX + 1];
	int err;

	if (!info[CTA_PROTOINFO_SCTP].data)
		return 0;
	err = nla_parse(tb, CTA_PROTOINFO_SCTP_MAX, info[CTA_PROTOINFO_SCTP], sctp_nla_policy);
	if (err)
		return err;
	if (!tb[CTA_PROTOINFO_SCTP_STATE].data || !tb[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL].data ||
	    !tb[CTA_PROTOINFO_SCTP_VTAG_REPLY].data)
		return -EINVAL;

	spin_lock(&ct->lock, CT_LOCK_CONN);
	store_relaxed(&sctp->state, nla_get_u8(tb[CTA_PROTOINFO_SCTP_STATE]));
	sctp->vtag[0] = ntohl(nla_get_be32(tb[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL]));
	sctp->vtag[1] = ntohl(nla_get_be32(tb[CTA_PROTOINFO_SCTP_VTAG_REPLY]));
	spin_unlock(&ct->lock);
	return 0;
}
