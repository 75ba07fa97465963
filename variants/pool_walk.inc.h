/* SPDX-License-Identifier: MIT */
/*
 * Walks of a table that cannot be walked while others write: over the pool of connections instead.
 *
 * Connections lie one behind the other (CT_NODE_CONTIGUOUS), and their memory never becomes
 * anything else.  So a walk looks at each piece of the pool, takes a reference on whatever lives
 * there, and then asks if it is in the table.  One that is in the table throughout is seen once.
 * Programs that use such tables keep a list of connections for the same purpose.
 *
 * Included by variant.inc.h for tables with CT_TABLE_WALKS_POOL; a position is POOL_MAGAZINE
 * connections.
 */

static void table_walk_begin(struct ct_table *t __maybe_unused)
{
}

static void table_walk_end(struct ct_table *t __maybe_unused)
{
}

static uint64_t table_scan_size(struct ct_table *t)
{
	return node_pool_magazines(&container_of(t, struct ct_instance, table)->pool);
}

static void table_collect(struct ct_table *t, uint64_t position, struct ct_collect *c)
{
	struct nf_conn *first;

	/* The gc worker looks at one position at least, even where there is none yet. */
	if (position >= table_scan_size(t))
		return;
	first = node_pool_at(&container_of(t, struct ct_instance, table)->pool, position);
	ct_read_lock();
	for (struct nf_conn *ct = first; ct < first + POOL_MAGAZINE; ct++) {
		if (!nf_ct_is_confirmed(ct) || !refcount_inc_not_zero(&ct->use))
			continue;
		/* Asked again: until the reference was taken, it could become another. */
		if (nf_ct_is_confirmed(ct) && !nf_ct_is_dying(ct)) {
			ct_collect_visit(c, &ct->tuplehash[IP_CT_DIR_ORIGINAL], ct);
			ct_collect_visit(c, &ct->tuplehash[IP_CT_DIR_REPLY], ct);
		}
		nf_ct_put_direct(ct);
	}
	ct_read_unlock();
}

/* No neighbours in the table are known, so early drop looks at some neighbours in memory. */
static void
table_collect_near(struct ct_table *t, uint32_t hash, unsigned int i, struct ct_collect *c)
{
	const uint64_t size = table_scan_size(t);

	if (i < size)
		table_collect(t, (hash + (uint64_t)i) % size, c);
}
