/* SPDX-License-Identifier: MIT */
/*
 * Creating and destroying a table of chained buckets: its arrays, resizes from one to
 * another (nf_conntrack_hash_resize), and its memory statistics.
 * Included by chained_table.inc.h.
 */

static struct ct_bucket *buckets_alloc(uint32_t size, enum ct_pages pages)
{
	struct ct_bucket *b = ct_mem_alloc((size_t)size * sizeof(*b), pages);

	if (!b)
		return NULL;
	memset((void *)b, 0, (size_t)size * sizeof(*b));
	if (chain_end(0)) /* not NULL: each bucket has its own end marker */
		for (uint32_t i = 0; i < size; i++)
			store_relaxed(&b[i].first, chain_end(i));
	return b;
}

static void buckets_free(struct ct_table *t, struct ct_bucket *b, uint32_t size)
{
	ct_mem_free(b, (size_t)size * sizeof(*b), t->pages);
}

static const char *table_bucket_rule(uint64_t n)
{
	return ct_bucket_rule(n);
}

static uint64_t table_bytes(uint64_t buckets, uint64_t connections __maybe_unused)
{
	return buckets * sizeof(struct ct_bucket);
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	const uint32_t buckets = (uint32_t)config->buckets;
	struct ct_bucket *b = buckets_alloc(buckets, config->pages);

	if (!b)
		return -ENOMEM;
	memset((void *)t, 0, sizeof(*t));
	resize_write_begin(&t->resize);
	resize_publish(&t->resize, b, buckets);
	resize_write_end(&t->resize);
	pthread_mutex_init(&t->resize_mutex, NULL);
	t->pages = config->pages;
	return 0;
}

static void table_destroy(struct ct_table *t)
{
	buckets_free(t, load_relaxed(&t->resize.buckets), load_relaxed(&t->resize.size));
	pthread_mutex_destroy(&t->resize_mutex);
}

/*
 * Resizes to any size, while others read and write (nf_conntrack_hash_resize): with all
 * locks held, each node is moved from the old chains into the new ones by its hash.
 * 0, -ENOMEM.  The caller is registered and in no read-side section.
 */
static int table_resize(struct ct_table *t, uint64_t buckets)
{
	struct ct_bucket *old, *new = buckets_alloc((uint32_t)buckets, t->pages);
	uint32_t old_size, size = (uint32_t)buckets;
	uint64_t begin;

	if (!new)
		return -ENOMEM;
	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
	old = load_relaxed(&t->resize.buckets);
	old_size = load_relaxed(&t->resize.size);
	/* The rwlock alone excludes all others; the seqcount also needs the buckets' locks. */
	if (!CT_RESIZE_EXCLUDES_WALKS)
		lock_all(&t->locks, old, old_size);
	resize_write_begin(&t->resize);
	for (uint32_t i = 0; i < old_size; i++) {
		while (!chain_is_end(load_relaxed(&old[i].first))) {
			struct nf_conntrack_tuple_hash *h =
				chain_entry(load_relaxed(&old[i].first));
			struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

			chain_del(h);
			chain_add(
				&new[ct_bucket(nf_ct_dir_hash(ct, NF_CT_DIRECTION(h)), size)].first,
				h);
		}
	}
	resize_publish(&t->resize, new, size);
	resize_write_end(&t->resize);
	if (!CT_RESIZE_EXCLUDES_WALKS)
		unlock_all(&t->locks, old, old_size);
	mutex_unlock(&t->resize_mutex);
	/*
	 * Readers without a lock, and waiters on locks inside the buckets, may still access
	 * the old array.
	 */
	ct_grace_bytes(&t->grace, (uint64_t)old_size * sizeof(*old));
	begin = ct_ticks();
	ct_synchronize();
	if (!CT_RCU_IS_NONE)
		ct_grace_add(&t->grace, ct_ticks() - begin);
	buckets_free(t, old, old_size);
	return 0;
}

static uint64_t table_buckets(struct ct_table *t)
{
	return load_relaxed(&t->resize.size);
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = table_bytes(table_buckets(t), 0);
	*other_bytes = lock_bytes();
}

/* --- Statistics: variants/inside.h --- */

static const struct ct_grace *table_grace(const struct ct_table *t)
{
	return &t->grace;
}

static void table_ranges(struct ct_table *t, ct_range_fn *fn, void *arg)
{
	const struct ct_range range = {
		.what = "buckets",
		.start = (uintptr_t)load_relaxed(&t->resize.buckets),
		.bytes = ct_mem_size(
			(size_t)load_relaxed(&t->resize.size) * sizeof(struct ct_bucket), t->pages),
	};

	fn(&range, arg);
}
