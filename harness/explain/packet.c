/* SPDX-License-Identifier: MIT */
/* Reads a packet's headers, and decides which fragments belong together. */
#include <arpa/inet.h>

#include "core/l4_tcp.h"
#include "core/nf_conntrack_proto.h"
#include "harness/explain/explain.h"
#include "harness/traffic/ip_length.h"

/* --- Fragments --- */

static bool ipv4_fragment(struct explain_fragment *f, const struct capture_packet *p)
{
	const struct iphdr_view *iph = (const struct iphdr_view *)p->l3;
	unsigned int off, ihl;

	if (p->caplen < sizeof(*iph))
		return false;
	off = ntohs(iph->frag_off);
	ihl = (iph->ver_ihl & 15) * 4u;
	if (!(off & 0x3fff))
		return false;
	f->family = 4;
	f->protonum = iph->protocol;
	f->id = ntohs(iph->id);
	f->offset = (off & 0x1fff) * 8;
	f->more = off & 0x2000;
	f->len = ntohs(iph->tot_len) > ihl ? ntohs(iph->tot_len) - ihl : 0;
	memcpy(f->addr, &iph->saddr, 4);
	memcpy(f->addr + 4, &iph->daddr, 4);
	return true;
}

static bool ipv6_fragment(struct explain_fragment *f, const struct capture_packet *p)
{
	const struct ipv6hdr_view *ip6h = (const struct ipv6hdr_view *)p->l3;
	unsigned int at = sizeof(*ip6h);
	uint8_t type;

	if (p->caplen < at)
		return false;
	for (type = ip6h->nexthdr;
	     type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_DSTOPTS;) {
		if (p->caplen < at + 8)
			return false;
		type = p->l3[at];
		at += (p->l3[at + 1] + 1u) * 8;
	}
	if (type != IPPROTO_FRAGMENT || p->caplen < at + 8)
		return false;
	f->family = 6;
	f->protonum = p->l3[at];
	f->offset = (uint32_t)(p->l3[at + 2] << 8 | p->l3[at + 3]) & 0xfff8;
	f->more = p->l3[at + 3] & 1;
	memcpy(&f->id, p->l3 + at + 4, 4);
	f->id = ntohl(f->id);
	f->len = p->len > at + 8 ? p->len - at - 8 : 0;
	memcpy(f->addr, p->l3 + offsetof(struct ipv6hdr_view, saddr), 32);
	return true;
}

void explain_fragment(struct explain_fragment *f, const struct capture_packet *p)
{
	bool is;

	memset(f, 0, sizeof(*f));
	is = p->l3proto == LINK_PROTO_IPV4   ? ipv4_fragment(f, p)
	     : p->l3proto == LINK_PROTO_IPV6 ? ipv6_fragment(f, p)
					     : false;
	if (!is)
		f->family = 0;
}

bool explain_same_datagram(const struct explain_fragment *a, const struct explain_fragment *b)
{
	/* only the first IPv6 fragment names the protocol that counts (RFC 8200, 4.5) */
	return a->family && a->family == b->family && a->id == b->id &&
	       (a->family == 6 || a->protonum == b->protonum) &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* --- The transport header --- */

static bool carries_sack(const uint8_t *opt, unsigned int len)
{
	for (unsigned int at = 0; at < len && opt[at];) {
		if (opt[at] == 1) {
			at++;
			continue;
		}
		if (opt[at] == 5)
			return true;
		if (at + 1 >= len || opt[at + 1] < 2)
			break;
		at += opt[at + 1];
	}
	return false;
}

static void see_tcp(struct explain_packet *to, const struct sk_buff *skb, unsigned int at)
{
	const struct tcphdr_view *th = skb_header_pointer(skb, at, sizeof(*th));
	unsigned int hdrlen, room;

	if (!th)
		return;
	hdrlen = (th->doff_res >> 4) * 4u;
	room = skb->len - at;
	if (hdrlen < sizeof(*th) || hdrlen > room)
		return;
	to->whole_header = true;
	to->tcp.seq = ntohl(th->seq);
	to->tcp.ack = ntohl(th->ack_seq);
	to->tcp.win = ntohs(th->window);
	to->tcp.flags = th->flags;
	to->tcp.data = room - hdrlen;
	to->tcp.end = to->tcp.seq + to->tcp.data + !!(th->flags & TCPHDR_SYN) +
		      !!(th->flags & TCPHDR_FIN);
	if (skb_header_pointer(skb, at, hdrlen))
		to->tcp.sack = carries_sack((const uint8_t *)(th + 1), hdrlen - sizeof(*th));
}

static void see_transport(struct explain_packet *to, const struct sk_buff *skb)
{
	const uint8_t pf = skb->protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6;
	const struct icmphdr_view *ih;
	const struct ports_view *ports;
	unsigned int at;
	uint8_t protonum;

	if (get_l4proto(skb, 0, pf, &at, &protonum))
		return;
	to->protonum = protonum;
	switch (protonum) {
	case IPPROTO_TCP:
		see_tcp(to, skb, at);
		/* fall through */
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, at, sizeof(*ports));
		if (ports) {
			to->sport = ntohs(ports->source);
			to->dport = ntohs(ports->dest);
		}
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		ih = skb_header_pointer(skb, at, sizeof(*ih));
		if (!ih)
			break;
		to->whole_header = true;
		to->icmp_type = ih->type;
		to->icmp_code = ih->code;
		to->icmp_id = ntohs(ih->id);
		break;
	}
}

void explain_packet(struct explain_packet *to, const struct capture_packet *p)
{
	const bool ipv4 = p->l3proto == LINK_PROTO_IPV4;
	struct sk_buff skb = {
		.data = p->l3,
		.len = p->len,
		.headlen = p->caplen,
		.protocol = p->l3proto,
	};

	to->index = p->index;
	to->time_ns = p->time_ns;
	to->len = p->len;
	to->headlen = p->caplen;
	to->l3proto = p->l3proto;
	to->vlan = p->vlan;
	to->protonum = to->sport = to->dport = -1;
	explain_fragment(&to->fragment, p);
	if (!p->l3proto ||
	    p->caplen < (ipv4 ? sizeof(struct iphdr_view) : sizeof(struct ipv6hdr_view)))
		return;
	to->has_ip = true;
	ip_length(p->l3, p->caplen, p->len, p->l3proto, &skb.len);
	if (ipv4) {
		inet_ntop(AF_INET, p->l3 + offsetof(struct iphdr_view, saddr), to->src,
			  sizeof(to->src));
		inet_ntop(AF_INET, p->l3 + offsetof(struct iphdr_view, daddr), to->dst,
			  sizeof(to->dst));
	} else {
		inet_ntop(AF_INET6, p->l3 + offsetof(struct ipv6hdr_view, saddr), to->src,
			  sizeof(to->src));
		inet_ntop(AF_INET6, p->l3 + offsetof(struct ipv6hdr_view, daddr), to->dst,
			  sizeof(to->dst));
	}
	if (skb.headlen > skb.len)
		skb.headlen = skb.len;
	to->len = skb.len;
	to->headlen = skb.headlen;
	see_transport(to, &skb);
}
