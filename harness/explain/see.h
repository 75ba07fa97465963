/* SPDX-License-Identifier: MIT */
/* What watch.c, which records hook calls, calls in see.c, which reads connections and chains. */
#ifndef CTBENCH_HARNESS_EXPLAIN_SEE_H
#define CTBENCH_HARNESS_EXPLAIN_SEE_H

#include "harness/explain/explain.h"

/* Copies ct's present state; NULL: none. */
void see_connection(struct explain_ct *to, const struct replay *r, const struct nf_conn *ct);

/* The packet's connection; NULL for a template, which only names a zone. */
struct nf_conn *packet_ct(const struct sk_buff *skb);

/* Records what conntrack's hook at -200 will read: tuple, zone, and the chains of its lookups. */
void see_in(struct explain *x, struct explain_hook *h, const struct nf_hook_state *state,
	    const struct sk_buff *skb);
/* What the same lookups find after the hook; without a reference. */
const struct nf_conn *find_again(struct explain *x, const struct explain_hook *h);

/* The chains into which confirm will insert h->before, and its positions afterwards. */
void see_confirm(struct explain *x, struct explain_hook *h);
void see_inserted(struct explain *x, struct explain_hook *h);

#endif
