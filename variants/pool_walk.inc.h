/* SPDX-License-Identifier: MIT */
/*
 * For tables that cannot be walked while others write: walks over the pool of connections instead.
 *
 * Connections are adjacent in memory (CT_NODE_CONTIGUOUS), and the memory is never used for
 * anything else.  So a walk reads each piece of the pool, takes a reference on each live
 * connection, and then checks if it is in the table.  One that stays in the table is seen once.
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

	/* At least one, because the gc worker scans one position even in an empty pool. */
	if (position >= table_scan_size(t))
		return;
	first = node_pool_at(&container_of(t, struct ct_instance, table)->pool, position);
	ct_read_lock();
	for (struct nf_conn *ct = first; ct < first + POOL_MAGAZINE; ct++) {
		if (!nf_ct_is_confirmed(ct) || !refcount_inc_not_zero(&ct->use))
			continue;
		/* Checked again: it could become another before the reference was taken. */
		if (nf_ct_is_confirmed(ct) && !nf_ct_is_dying(ct)) {
			ct_collect_visit(c, &ct->tuplehash[IP_CT_DIR_ORIGINAL], ct);
			ct_collect_visit(c, &ct->tuplehash[IP_CT_DIR_REPLY], ct);
		}
		nf_ct_put_direct(ct);
	}
	ct_read_unlock();
}

/* Neighbours in the table are unknown, so early drop considers some neighbours in memory. */
static void
table_collect_near(struct ct_table *t, uint32_t hash, unsigned int i, struct ct_collect *c)
{
	const uint64_t size = table_scan_size(t);

	if (i < size)
		table_collect(t, (hash + (uint64_t)i) % size, c);
}
