/* SPDX-License-Identifier: MIT */
/* Shared by ICMP and ICMPv6; not for other files. */
#ifndef CTBENCH_CORE_L4_ICMP_H
#define CTBENCH_CORE_L4_ICMP_H

#include "core/conntrack.h"

/*
 * An ICMP error quotes the packet that caused it, from offset inner on.  If that
 * packet belongs to a connection of ours, the error does too: it gets the
 * connection (with a reference) and RELATED or RELATED_REPLY.  NF_ACCEPT, or
 * -NF_ACCEPT if there is no such connection or the error is not addressed to the
 * quoted packet's sender (nf_conntrack_inet_error).
 */
int nf_conntrack_inet_error(struct sk_buff *skb, unsigned int inner,
			    const struct nf_conntrack_zone *zone, const struct nf_hook_state *state,
			    const union nf_inet_addr *outer_daddr);

/* writes id, type and code into the tuple; needs the complete header of 8 bytes */
bool icmp_id_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		      struct nf_conntrack_tuple *tuple);
int icmp_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple);

#endif
