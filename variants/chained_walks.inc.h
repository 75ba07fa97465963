/* SPDX-License-Identifier: MIT */
/*
 * Walks over a table of chained buckets: one chain for `ctbench explain`, and many
 * for gc, dumps, early drop and flushes.  They hold the bucket's lock, so each sees a
 * complete chain.  Included by chained_table.inc.h.
 */

/*
 * Walks the chain of w's hash under its bucket's lock, so that nothing moves
 * meanwhile.  In a read-side section.
 */
static void table_show(struct ct_table *t, struct ct_walk *w)
{
	struct ct_view v;
	uintptr_t p;

	for (;;) {
		v = resize_read_begin(&t->resize);
		w->bucket = ct_bucket(w->hash, v.size);
		lock_one(&t->locks, v.buckets, lock_index((uint32_t)w->bucket));
		if (!resize_changed(&t->resize, &v))
			break;
		unlock_one(&t->locks, v.buckets, lock_index((uint32_t)w->bucket));
		resize_read_end(&t->resize);
	}
	w->shown = CT_WALK_CHAIN;
	w->table = v.buckets;
	w->size = v.size;
	w->generation = v.generation;
	p = load_relaxed(&v.buckets[w->bucket].first);
	for (; !chain_is_end(p); p = load_relaxed(&chain_entry(p)->hnnode.next))
		ct_walk_visit(w, chain_entry(p));
	w->end_bucket = chain_end_names(p);
	unlock_one(&t->locks, v.buckets, lock_index((uint32_t)w->bucket));
	resize_read_end(&t->resize);
}

/* --- Walks over many --- */

static void
collect_bucket(struct ct_table *t, const struct ct_view *v, uint32_t bucket, struct ct_collect *c)
{
	lock_one(&t->locks, v->buckets, lock_index(bucket));
	if (likely(!resize_changed(&t->resize, v))) {
		for (uintptr_t p = load_relaxed(&v->buckets[bucket].first); !chain_is_end(p);) {
			struct nf_conntrack_tuple_hash *h = chain_entry(p);

			ct_collect_visit(c, h, nf_ct_tuplehash_to_ctrack(h));
			p = load_relaxed(&h->hnnode.next);
		}
	}
	unlock_one(&t->locks, v->buckets, lock_index(bucket));
}

/* A whole walk sees every entry once: it excludes resizes (nf_conntrack_mutex). */
static void table_walk_begin(struct ct_table *t)
{
	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
}

static void table_walk_end(struct ct_table *t)
{
	mutex_unlock(&t->resize_mutex);
}

/* Positions that table_collect() takes: the buckets. */
static uint64_t table_scan_size(struct ct_table *t)
{
	return load_relaxed(&t->resize.size);
}

/* Collects what c wants from one bucket; nothing if the bucket does not exist (any more). */
static void table_collect(struct ct_table *t, uint64_t position, struct ct_collect *c)
{
	struct ct_view v;

	ct_read_lock();
	v = resize_read_begin(&t->resize);
	if (position < v.size)
		collect_bucket(t, &v, (uint32_t)position, c);
	resize_read_end(&t->resize);
	ct_read_unlock();
}

/* The same for the i-th bucket after that of a hash, wrapping at the end. */
static void
table_collect_near(struct ct_table *t, uint32_t hash, unsigned int i, struct ct_collect *c)
{
	struct ct_view v;

	ct_read_lock();
	v = resize_read_begin(&t->resize);
	if (i < v.size)
		collect_bucket(t, &v, (uint32_t)(((uint64_t)ct_bucket(hash, v.size) + i) % v.size),
			       c);
	resize_read_end(&t->resize);
	ct_read_unlock();
}
