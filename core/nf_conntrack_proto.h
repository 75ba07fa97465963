/* SPDX-License-Identifier: MIT */
/*
 * Layer 3 and 4 protocols: making a tuple from a packet, inverting and printing a
 * tuple, and changing a connection by a packet.
 *
 * The part that every packet needs is inline here and selected by a switch, as in
 * kernels since 5.x.  The operation structures are for everything that is not hot,
 * and for protocols that are added.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_PROTO_H
#define CTBENCH_CORE_NF_CONNTRACK_PROTO_H

#include <netinet/in.h>
#include <stdio.h>

#include "core/netns.h"
#include "core/nlattr.h"

struct nf_conntrack_l3proto {
	uint16_t l3proto; /* NFPROTO_* */
	const char *name;
	/* Writes the addresses into a cleared tuple; false: no complete header at nhoff. */
	bool (*pkt_to_tuple)(const struct sk_buff *skb, unsigned int nhoff,
			     struct nf_conntrack_tuple *tuple);
	void (*invert_tuple)(struct nf_conntrack_tuple *inverse,
			     const struct nf_conntrack_tuple *orig);
	int (*print_tuple)(char *buf, size_t size, const struct nf_conntrack_tuple *tuple);
	/*
	 * Offset and number of the layer 4 header, after options or extension
	 * headers; 0, or -1: there is none (broken, or a later fragment).
	 */
	int (*get_l4proto)(const struct sk_buff *skb, unsigned int nhoff, unsigned int *dataoff,
			   uint8_t *protonum);
};

struct nf_conntrack_l4proto {
	uint8_t l4proto;  /* IPPROTO_* */
	const char *name; /* as in /proc/net/nf_conntrack */
	/* Writes ports or the like into the tuple; false: the header is too short. */
	bool (*pkt_to_tuple)(const struct sk_buff *skb, unsigned int dataoff,
			     struct nf_conntrack_tuple *tuple);
	/* false: such a packet has no answer */
	bool (*invert_tuple)(struct nf_conntrack_tuple *inverse,
			     const struct nf_conntrack_tuple *orig);
	int (*print_tuple)(char *buf, size_t size, const struct nf_conntrack_tuple *tuple);
	/* The name of the connection's state ("ESTABLISHED"); NULL: the protocol has none. */
	const char *(*state_name)(const struct nf_conn *ct);
	/* Additional text in /proc/net/nf_conntrack, with a space after it; NULL: none. */
	int (*print_conntrack)(char *buf, size_t size, const struct nf_conn *ct);
	/*
	 * Handles a packet of this connection.  NF_ACCEPT; or <= 0: the packet is
	 * invalid and the negated value is its verdict; or -NF_REPEAT: look it up again.
	 * The caller has a reference; takes and drops the connection's lock.
	 */
	int (*packet)(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
		      enum ip_conntrack_info ctinfo, const struct nf_hook_state *state);
	/* Is it almost closed, so that it may be dropped early even if assured?  NULL: never. */
	bool (*can_early_drop)(const struct nf_conn *ct);
	bool allow_clash; /* a packet that loses the race at confirm joins the winner's entry */

	/* --- For ctnetlink's attributes (nf_conntrack_netlink.h); NULL: it has none --- */

	/* The protocol's part of a tuple (CTA_PROTO_*): 0 or -EMSGSIZE. */
	int (*tuple_to_nlattr)(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple);
	/* The size of that in bytes. */
	size_t (*nlattr_tuple_size)(void);
	/*
	 * The reverse, into a cleared tuple, from tb[CTA_PROTO_MAX + 1] that nla_policy
	 * has checked; only the parts in flags (CTA_FILTER_F_*).  0 or -EINVAL.
	 */
	int (*nlattr_to_tuple)(const struct nla *tb, struct nf_conntrack_tuple *tuple,
			       uint32_t flags);
	const struct nla_policy *nla_policy;
	/* Writes the connection's state into CTA_PROTOINFO, less of it at its end.  0 or -EMSGSIZE.
	 * Takes its lock. */
	int (*to_nlattr)(struct nl_buf *msg, struct nf_conn *ct, bool destroy);
	/* The reverse, from tb[CTA_PROTOINFO_MAX + 1]: 0, -EINVAL, -ERANGE.  Takes its lock. */
	int (*from_nlattr)(const struct nla *tb, struct nf_conn *ct);
	/* The maximum size that to_nlattr writes. */
	uint16_t nlattr_size;
};

extern const struct nf_conntrack_l3proto nf_conntrack_l3proto_ipv4, nf_conntrack_l3proto_ipv6;
extern const struct nf_conntrack_l4proto nf_conntrack_l4proto_tcp, nf_conntrack_l4proto_udp,
	nf_conntrack_l4proto_udplite, nf_conntrack_l4proto_sctp, nf_conntrack_l4proto_gre,
	nf_conntrack_l4proto_icmp, nf_conntrack_l4proto_icmpv6, nf_conntrack_l4proto_generic;

/* By protocol number; NULL: the generic one.  For calls through pointers. */
extern const struct nf_conntrack_l3proto *const nf_ct_l3protos[2]; /* [nf_pf_index()] */
extern const struct nf_conntrack_l4proto *const nf_ct_protos[256];
/* Never NULL: the generic protocol is used for those without their own operations. */
const struct nf_conntrack_l4proto *nf_ct_l4proto_find(uint8_t l4proto);
/* NULL for anything but NFPROTO_IPV4 and NFPROTO_IPV6 */
const struct nf_conntrack_l3proto *nf_ct_l3proto_find(uint16_t l3proto);

/* The trackers, called directly from the packet path. */
int nf_conntrack_tcp_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			    enum ip_conntrack_info ctinfo, const struct nf_hook_state *state);
int nf_conntrack_udp_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			    enum ip_conntrack_info ctinfo, const struct nf_hook_state *state);
int nf_conntrack_icmp_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			     enum ip_conntrack_info ctinfo, const struct nf_hook_state *state);
int nf_conntrack_icmpv6_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			       enum ip_conntrack_info ctinfo, const struct nf_hook_state *state);
int nf_conntrack_generic_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
				enum ip_conntrack_info ctinfo, const struct nf_hook_state *state);

/*
 * Reports a tracker's reason why a packet is invalid, or passes without changing the
 * state, as a clause.  Called only on error paths: costs a call, and the text is made
 * only if net->log_invalid is set.
 */
__cold __attribute__((format(printf, 2, 3))) void
nf_ct_l4proto_log_invalid(const struct net *net, const char *fmt, ...);

/*
 * ICMP before the lookup: errors, which belong to the connection that they quote
 * (the packet gets that connection, looked up in zone, and RELATED), and types that
 * are not tracked.  NF_ACCEPT: continue with the lookup unless the packet has got a
 * connection or IP_CT_UNTRACKED; <= 0: invalid, the negated value is the verdict.
 */
int nf_conntrack_icmpv4_error(struct sk_buff *skb, unsigned int dataoff,
			      const struct nf_conntrack_zone *zone,
			      const struct nf_hook_state *state);
int nf_conntrack_icmpv6_error(struct sk_buff *skb, unsigned int dataoff,
			      const struct nf_conntrack_zone *zone,
			      const struct nf_hook_state *state);

/* Operations that protocols with two ports share. */
bool nf_ct_ports_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			      struct nf_conntrack_tuple *tuple);
bool nf_ct_ports_invert_tuple(struct nf_conntrack_tuple *inverse,
			      const struct nf_conntrack_tuple *orig);
int nf_ct_ports_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple);

/* Their ctnetlink attributes, in core/nf_conntrack_netlink_proto.c like the next two. */
int nf_ct_port_tuple_to_nlattr(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple);
size_t nf_ct_port_nlattr_tuple_size(void);
int nf_ct_port_nlattr_to_tuple(const struct nla *tb, struct nf_conntrack_tuple *tuple,
			       uint32_t flags);
extern const struct nla_policy nf_ct_port_nla_policy[];
#define NF_CT_PORT_NLATTR \
	.tuple_to_nlattr = nf_ct_port_tuple_to_nlattr, \
	.nlattr_tuple_size = nf_ct_port_nlattr_tuple_size, \
	.nlattr_to_tuple = nf_ct_port_nlattr_to_tuple, .nla_policy = nf_ct_port_nla_policy

int nf_ct_tcp_to_nlattr(struct nl_buf *msg, struct nf_conn *ct, bool destroy);
int nf_ct_tcp_from_nlattr(const struct nla *info, struct nf_conn *ct);
int nf_ct_sctp_to_nlattr(struct nl_buf *msg, struct nf_conn *ct, bool destroy);
int nf_ct_sctp_from_nlattr(const struct nla *info, struct nf_conn *ct);
#define NF_CT_TCP_NLATTR_SIZE  40
#define NF_CT_SCTP_NLATTR_SIZE 28

int nf_ct_icmp_tuple_to_nlattr(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple);
size_t nf_ct_icmp_nlattr_tuple_size(void);
int nf_ct_icmp_nlattr_to_tuple(const struct nla *tb, struct nf_conntrack_tuple *tuple,
			       uint32_t flags);
extern const struct nla_policy nf_ct_icmp_nla_policy[];
int nf_ct_icmpv6_tuple_to_nlattr(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple);
size_t nf_ct_icmpv6_nlattr_tuple_size(void);
int nf_ct_icmpv6_nlattr_to_tuple(const struct nla *tb, struct nf_conntrack_tuple *tuple,
				 uint32_t flags);
extern const struct nla_policy nf_ct_icmpv6_nla_policy[];

bool icmp_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		       struct nf_conntrack_tuple *tuple);
bool icmpv6_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			 struct nf_conntrack_tuple *tuple);
int ipv6_get_l4proto(const struct sk_buff *skb, unsigned int nhoff, unsigned int *dataoff,
		     uint8_t *protonum);

/*
 * Internet checksum of the layer 4 part with its pseudo header (RFC 1071): true if
 * right, or if it cannot be verified because bytes are missing.
 */
bool nf_checksum_ok(const struct sk_buff *skb, unsigned int dataoff, uint8_t protonum);
/* The same, but only the first `covered` bytes are summed (UDP-Lite). */
bool nf_checksum_ok_part(const struct sk_buff *skb, unsigned int dataoff, unsigned int covered,
			 uint8_t protonum);
/* SCTP's checksum, a CRC-32C over all of it (RFC 9260, appendix A). */
bool nf_checksum_ok_sctp(const struct sk_buff *skb, unsigned int dataoff);
/* Must the checksum be verified here?  Depends on the setting; at PRE_ROUTING only. */
static __always_inline bool
nf_ct_checksum_wanted(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	return state->hook == NF_INET_PRE_ROUTING && skb->ip_summed != CHECKSUM_UNNECESSARY &&
	       load_relaxed(&state->net->ct.nf_conntrack_checksum);
}

/*
 * Headers as they are in a packet, network byte order.  Packed, because a packet of a
 * capture, and an inner header of a packet, may be at any address.
 */
struct iphdr_view { /* the fixed part; RFC 791 */
	uint8_t ver_ihl, tos;
	uint16_t tot_len, id, frag_off;
	uint8_t ttl, protocol;
	uint16_t check;
	uint32_t saddr, daddr;
} __attribute__((packed));

struct ipv6hdr_view { /* RFC 8200 */
	uint32_t ver_tc_flow;
	uint16_t payload_len;
	uint8_t nexthdr, hop_limit;
	uint32_t saddr[4], daddr[4];
} __attribute__((packed));

struct tcphdr_view { /* RFC 9293 */
	uint16_t source, dest;
	uint32_t seq, ack_seq;
	uint8_t doff_res; /* length in 32-bit words in the upper four bits */
	uint8_t flags;
	uint16_t window, check, urg_ptr;
} __attribute__((packed));

struct udphdr_view { /* RFC 768; UDP-Lite (RFC 3828): len is the checksum's coverage */
	uint16_t source, dest, len, check;
} __attribute__((packed));

struct icmphdr_view { /* RFC 792, RFC 4443 */
	uint8_t type, code;
	uint16_t check;
	uint16_t id, seq; /* of echo and the other requests */
} __attribute__((packed));

struct ports_view { /* the beginning of TCP, UDP, UDP-Lite, SCTP and DCCP headers */
	uint16_t source, dest;
} __attribute__((packed));

static __always_inline int ipv4_get_l4proto(const struct sk_buff *skb, unsigned int nhoff,
					    unsigned int *dataoff, uint8_t *protonum)
{
	const struct iphdr_view *iph = skb_header_pointer(skb, nhoff, sizeof(*iph));
	unsigned int off;

	if (unlikely(!iph))
		return -1;
	/* A later fragment has no ports.  If reassembly is enabled, it comes before this. */
	if (unlikely(iph->frag_off & htons(0x1fff)))
		return -1;
	off = nhoff + (iph->ver_ihl & 15) * 4;
	if (unlikely(off > skb->len))
		return -1;
	*dataoff = off;
	*protonum = iph->protocol;
	return 0;
}

/* The protocols that begin with two ports.  Only the first 4 bytes are required. */
static __always_inline bool
ports_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff, struct nf_conntrack_tuple *t)
{
	const struct ports_view *ports = skb_header_pointer(skb, dataoff, sizeof(*ports));

	if (unlikely(!ports))
		return false;
	t->src.u.all = ports->source;
	t->dst.u.all = ports->dest;
	return true;
}

/* The packet's layer 4 header, for either family. */
static __always_inline int get_l4proto(const struct sk_buff *skb, unsigned int nhoff, uint8_t pf,
				       unsigned int *dataoff, uint8_t *protonum)
{
	if (likely(pf == NFPROTO_IPV4))
		return ipv4_get_l4proto(skb, nhoff, dataoff, protonum);
	return ipv6_get_l4proto(skb, nhoff, dataoff, protonum);
}

/*
 * The tuple of a packet whose layer 4 header is at dataoff (nf_ct_get_tuple); false:
 * its headers are incomplete.  Every byte is set, unused parts to 0, because the
 * tuple is hashed as it is in memory.
 */
static __always_inline bool
nf_ct_get_tuple(const struct sk_buff *skb, unsigned int nhoff, unsigned int dataoff, uint8_t pf,
		uint8_t protonum, union ct_tuple_words *t)
{
	const bool has_ports = protonum == IPPROTO_TCP || protonum == IPPROTO_UDP;
	uint16_t ports[2] = { 0, 0 };

	if (likely(has_ports)) {
		const void *p = skb_header_pointer(skb, dataoff, sizeof(ports));

		if (unlikely(!p))
			return false;
		memcpy(ports, p, sizeof(ports));
	}
	if (likely(pf == NFPROTO_IPV4)) {
		const struct iphdr_view *iph = skb_header_pointer(skb, nhoff, sizeof(*iph));

		if (unlikely(!iph))
			return false;
		ct_tuple_set_ipv4(t, iph->saddr, iph->daddr, ports[0], ports[1], protonum);
	} else {
		const struct ipv6hdr_view *ip6h = skb_header_pointer(skb, nhoff, sizeof(*ip6h));

		if (unlikely(!ip6h))
			return false;
		memcpy(&t->tuple.src.u3, ip6h->saddr, 16);
		memcpy(&t->tuple.dst.u3, ip6h->daddr, 16);
		t->tuple.src.u.all = ports[0];
		t->tuple.src.l3num = pf;
		t->tuple.dst.u.all = ports[1];
		t->tuple.dst.protonum = protonum;
		t->tuple.dst.dir = IP_CT_DIR_ORIGINAL;
	}
	if (likely(has_ports))
		return true;
	return nf_ct_l4proto_find(protonum)->pkt_to_tuple(skb, dataoff, &t->tuple);
}

#endif
