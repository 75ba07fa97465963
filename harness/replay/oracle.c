/* SPDX-License-Identifier: MIT */
/*
 * What the oracle of the conformance tests sees of a packet, so that a replay can report the same.
 * This changes only the report, not the packet's treatment.
 *
 * The oracle reads the kernel's nf_tables trace.  The trace has nothing about packets whose
 * extension headers reach beyond their end.  If a packet never reached conntrack's hook, the oracle
 * reads the packet itself to find out whether it was kept as a fragment or dropped; for that a
 * fragment must contain the beginning of its transport header.
 */
#include "core/nf_conntrack_proto.h"
#include "harness/replay/replay.h"

/*
 * Where nf_tables finds a transport header, in the trace and in rules such as
 * "tcp dport 21" (ipv6_find_hdr).  Unlike conntrack it stops at an
 * authentication header.  If it cannot read all extension headers, it finds none.
 */
static bool ipv6_transport(const struct sk_buff *skb, unsigned int *off, uint8_t *protonum)
{
	const struct ipv6hdr_view *ip6h = skb_header_pointer(skb, 0, sizeof(*ip6h));
	const uint8_t *h;
	uint8_t type;

	if (!ip6h)
		return false;
	*off = sizeof(*ip6h);
	for (type = ip6h->nexthdr;; type = h[0]) {
		unsigned int need = 2;

		switch (type) {
		case IPPROTO_FRAGMENT:
		case IPPROTO_ROUTING:
			need = 4;
			break;
		case IPPROTO_HOPOPTS:
		case IPPROTO_DSTOPTS:
		case IPPROTO_AH:
			break;
		default:
			*protonum = type;
			return true;
		}
		h = skb_header_pointer(skb, *off, need);
		if (!h || (type == IPPROTO_FRAGMENT && (h[2] << 8 | h[3]) & 0xfff8))
			return false;
		*protonum = type;
		if (type == IPPROTO_AH)
			return true;
		*off += type == IPPROTO_FRAGMENT ? 8 : (h[1] + 1u) * 8;
	}
}

static bool transport(const struct sk_buff *skb, unsigned int *off, uint8_t *protonum)
{
	if (skb->protocol != ETH_P_IP)
		return ipv6_transport(skb, off, protonum);
	return !ipv4_get_l4proto(skb, 0, off, protonum);
}

bool replay_traced(const struct sk_buff *skb)
{
	unsigned int off;
	uint8_t protonum;

	return !transport(skb, &off, &protonum) || off <= skb->len;
}

int replay_rule_port(const struct sk_buff *skb, uint8_t *protonum)
{
	const uint8_t *ports;
	unsigned int off;

	if (!transport(skb, &off, protonum))
		return -1;
	ports = skb_header_pointer(skb, off, 4);
	return ports ? ports[2] << 8 | ports[3] : -1;
}

/* How much of a transport header the oracle reads. */
static unsigned int read_of(uint8_t protonum)
{
	switch (protonum) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		return 4;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return 0;
	}
}

static bool fragment_ipv4(const struct capture_packet *p)
{
	const struct iphdr_view *iph = (const struct iphdr_view *)p->l3;
	unsigned int ihl;

	if (p->caplen < sizeof(*iph) || !(iph->frag_off & htons(0x3fff)))
		return false;
	ihl = (iph->ver_ihl & 15) * 4u;
	return iph->frag_off & htons(0x1fff) || ihl + read_of(iph->protocol) <= p->caplen;
}

static bool fragment_ipv6(const struct capture_packet *p)
{
	unsigned int off = sizeof(struct ipv6hdr_view);
	bool fragment = false;
	const uint8_t *h;
	uint8_t type;

	if (p->caplen < off)
		return false;
	for (type = ((const struct ipv6hdr_view *)p->l3)->nexthdr;; type = h[0]) {
		h = p->l3 + off;
		switch (type) {
		case IPPROTO_FRAGMENT:
			if (off + 4 > p->caplen)
				return false;
			if ((h[2] << 8 | h[3]) & 0xfff8)
				return true;
			fragment = true;
			off += 8;
			break;
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			if (off + 2 > p->caplen)
				return false;
			off += (h[1] + 1u) * 8;
			break;
		default:
			return fragment && (!read_of(type) || off + read_of(type) <= p->caplen);
		}
	}
}

bool replay_known_fragment(const struct capture_packet *p)
{
	return p->l3proto == LINK_PROTO_IPV4 ? fragment_ipv4(p) : fragment_ipv6(p);
}

/*
 * If a zone holds for one direction only, two entries can have the same tuple.
 * Linux then reports the one that it finds first.  Netlink names the zone of an
 * entry if it is the original tuple's (ctnetlink_parse_tuple_zone).
 */
bool replay_found(const struct replay *r, struct nf_conn *ct)
{
	struct nf_conntrack_zone zone = nf_ct_zone(ct);
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *found;

	if (!r->scenario || !r->scenario->nr_zones)
		return true;
	if (zone.dir == NF_CT_ZONE_DIR_REPL)
		zone = nf_ct_zone_dflt;
	h = r->core->ops->find_get(r->net, &zone, nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL));
	found = h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
	if (found)
		r->core->ops->put(found);
	return found == ct;
}
