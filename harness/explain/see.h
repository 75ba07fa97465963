/* SPDX-License-Identifier: MIT */
/* Between the gathering of a story (explain_watch.c) and its looks at things (explain_see.c). */
#ifndef CTBENCH_HARNESS_EXPLAIN_SEE_H
#define CTBENCH_HARNESS_EXPLAIN_SEE_H

#include "harness/explain/explain.h"

/* ct as it is now; NULL: none. */
void see_connection(struct explain_ct *to, const struct replay *r, const struct nf_conn *ct);

/* The packet's connection; none for a template, which only names a zone. */
struct nf_conn *packet_ct(const struct sk_buff *skb);

/* What conntrack's hook at -200 will read: tuple, zone, and the chains of its lookups. */
void see_in(struct explain *x, struct explain_hook *h, const struct nf_hook_state *state,
	    const struct sk_buff *skb);
/* What the same lookups find behind the hook; only to be looked at. */
const struct nf_conn *find_again(struct explain *x, const struct explain_hook *h);

/* The chains that confirm will put h->before into, and where it is afterwards. */
void see_confirm(struct explain *x, struct explain_hook *h);
void see_inserted(struct explain *x, struct explain_hook *h);

#endif
