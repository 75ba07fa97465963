/* SPDX-License-Identifier: MIT */
/* Collecting entries from a table: see nf_conntrack_find.h. */
#include "core/nf_conntrack_find.h"

#include <stdlib.h>

void ct_collect_visit(struct ct_collect *c, const struct nf_conntrack_tuple_hash *h,
		      struct nf_conn *ct)
{
	if (!c->want(h, ct, c))
		return;
	if (c->nr == c->max) {
		size_t max = c->max ? c->max * 2 : 64;
		struct nf_conn **v = c->grow ? realloc(c->v, max * sizeof(*v)) : NULL;

		if (!v) {
			c->truncated = true;
			return;
		}
		c->v = v;
		c->max = max;
	}
	if (refcount_inc_not_zero(&ct->use))
		c->v[c->nr++] = ct;
}
