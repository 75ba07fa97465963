/* SPDX-License-Identifier: MIT */
/* What ICMP and ICMPv6 share; not for others. */
#ifndef CTBENCH_CORE_L4_ICMP_H
#define CTBENCH_CORE_L4_ICMP_H

#include "core/conntrack.h"

/*
 * An ICMP error quotes the packet it is about from offset inner on.  If that
 * packet belongs to a connection of ours, the error does too: it gets the
 * connection (with a reference) and RELATED or RELATED_REPLY.  NF_ACCEPT, or
 * -NF_ACCEPT where there is no such connection or the error is addressed to
 * somebody else than the quoted packet's sender (nf_conntrack_inet_error).
 */
int nf_conntrack_inet_error(struct sk_buff *skb, unsigned int inner,
			    const struct nf_conntrack_zone *zone, const struct nf_hook_state *state,
			    const union nf_inet_addr *outer_daddr);

/* id, type and code into the tuple; the whole header of 8 bytes must be there */
bool icmp_id_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		      struct nf_conntrack_tuple *tuple);
int icmp_print_tuple(char *buf, size_t size, const struct nf_conntrack_tuple *tuple);

#endif
