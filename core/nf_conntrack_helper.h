/* SPDX-License-Identifier: MIT */
/*
 * Helpers: functions that look into the packets of one connection, such as the
 * control connection of a protocol that announces others
 * (include/net/netfilter/nf_conntrack_helper.h).
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_HELPER_H
#define CTBENCH_CORE_NF_CONNTRACK_HELPER_H

#include "core/nf_conntrack_extend.h"
#include "core/netfilter.h"

struct nf_conntrack_helper {
	const char *name;
	/* A packet of the connection, at priority 300 behind all filters: a verdict. */
	unsigned int (*help)(struct sk_buff *skb, struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state);
};

struct nf_conn_help {
	const struct nf_conntrack_helper *helper;
};

/* Gives an unconfirmed connection that helper: 0, or -ENOMEM, -EBUSY (confirmed). */
int nf_ct_helper_assign(struct nf_conn *ct, const struct nf_conntrack_helper *helper);

/* The hook's work for a connection with IPS_HELPER. */
unsigned int nf_ct_helper(struct sk_buff *skb, struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			  const struct nf_hook_state *state);

#endif
