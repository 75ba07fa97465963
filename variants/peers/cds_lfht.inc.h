/* SPDX-License-Identifier: MIT */
/*
 * liburcu's lock-free resizable table, cds_lfht (Desnoyers & Stoppa, after Shalev &
 * Shavit's split-ordered lists, JACM 2006), as the table of conntrack.
 *
 * It does not grow by itself (no CDS_LFHT_AUTO_RESIZE), so that all variants have the
 * number of buckets that the workload says.
 *
 * The unit has included a hash, an RCU flavour, which CT_LFHT_FLAVOR names for the library, and
 * deferred nodes.
 */
#include <errno.h>
#include <urcu/rculfhash.h>

#include "core/mutex.h"
#include "core/nf_conntrack_look.h"
#include "variants/peers/match_node.h"
#include "variants/variant.h"

struct ct_table {
	struct cds_lfht *ht;
	_Atomic uint64_t buckets; /* the library does not report it */
	pthread_mutex_t resize_mutex;
};

_Static_assert(sizeof(struct cds_lfht_node) <= sizeof(struct ct_table_node),
	       "space for the library's node");

static void nf_ct_put_direct(struct nf_conn *ct);

static struct cds_lfht_node *lfht_node(struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return (struct cds_lfht_node *)&ct->tuplehash[dir].hnnode;
}

/*
 * The library publishes a node by a compare-and-swap (_cds_lfht_add()) and finds it by
 * rcu_dereference().  TSan sees neither, because Debian's library is built without it.  So it is
 * declared here: everything that lfht_add() does before adding happens before any use of a node
 * that was found.
 */
#if CT_TSAN
#define lfht_tsan_added(n) __tsan_release(n)
#define lfht_tsan_found(n) __tsan_acquire(n)
#else
#define lfht_tsan_added(n) ((void)0)
#define lfht_tsan_found(n) ((void)0)
#endif

/* Called for each node that the library returns. */
static struct nf_conntrack_tuple_hash *lfht_hash(struct cds_lfht_node *n)
{
	lfht_tsan_found(n);
	return ct_table_node_hash((struct ct_table_node *)n);
}

/* The library calls these for each node with the hash of the lookup. */
static int match_live(struct cds_lfht_node *node, const void *key)
{
	return peer_is_live(lfht_hash(node), (struct ct_find *)key);
}

static int match_taken(struct cds_lfht_node *node, const void *key)
{
	return peer_is_taken(lfht_hash(node), key);
}

static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	struct nf_conntrack_tuple_hash *h;
	struct cds_lfht_iter iter;

	cds_lfht_lookup(t->ht, hash, match_live, f, &iter);
	if (!cds_lfht_iter_get_node(&iter))
		return NULL;
	h = lfht_hash(cds_lfht_iter_get_node(&iter));
	if (get && !refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(h)->use))
		return NULL;
	return h;
}

static int peer_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		    uint32_t hash, struct ct_insert *ins)
{
	struct cds_lfht_node *n = lfht_node(ct, dir), *there;

	cds_lfht_node_init(n);
	lfht_tsan_added(n);
	there = cds_lfht_add_unique(t->ht, hash, match_taken, &ct->tuplehash[dir], n);
	return there == n ? 0 : peer_clash(lfht_hash(there), ins);
}

static bool peer_del(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir,
		     uint32_t hash __maybe_unused)
{
	return !cds_lfht_del(t->ht, lfht_node(ct, dir));
}

#include "variants/peers/two_nodes.inc.h"

#define CT_TABLE_SHOWS

static int show_node(struct cds_lfht_node *node, const void *key)
{
	ct_walk_visit((struct ct_walk *)key, lfht_hash(node));
	return 0;
}

/*
 * The library returns only nodes with exactly this hash; it does not show others that
 * it passes.
 */
static void table_show(struct ct_table *t, struct ct_walk *w)
{
	struct cds_lfht_iter iter;

	w->shown = CT_WALK_SAME_HASH;
	w->bucket = w->hash & (w->size - 1);
	cds_lfht_lookup(t->ht, w->hash, show_node, w, &iter);
}

static void table_walk_begin(struct ct_table *t)
{
	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
}

static void table_walk_end(struct ct_table *t)
{
	mutex_unlock(&t->resize_mutex);
}

/* The library can walk only the whole table or one hash, so there is one position. */
static uint64_t table_scan_size(struct ct_table *t __maybe_unused)
{
	return 1;
}

static void lfht_collect(struct ct_table *t, struct ct_collect *c, unsigned int limit)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;
	unsigned int seen = 0;

	ct_read_lock();
	cds_lfht_for_each(t->ht, &iter, node) {
		struct nf_conntrack_tuple_hash *h = lfht_hash(node);
		struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

		if (nf_ct_is_confirmed(ct))
			ct_collect_visit(c, h, ct);
		if (limit && ++seen == limit)
			break;
	}
	ct_read_unlock();
}

static void
table_collect(struct ct_table *t, uint64_t position __maybe_unused, struct ct_collect *c)
{
	lfht_collect(t, c, 0);
}

/*
 * A walk cannot begin at a bucket, so early drop considers the first few entries of the
 * whole table instead of the neighbours.
 */
static void table_collect_near(struct ct_table *t, uint32_t hash __maybe_unused, unsigned int i,
			       struct ct_collect *c)
{
	if (!i)
		lfht_collect(t, c, 32);
}

static const char *table_bucket_rule(uint64_t n)
{
	if (!n || n & (n - 1))
		return "cds_lfht needs a power of two";
	return n > 1u << 31 ? "a table has at most 2147483648 buckets" : NULL;
}

/* Each bucket is a node of the list. */
static uint64_t table_bytes(uint64_t buckets, uint64_t connections __maybe_unused)
{
	return buckets * sizeof(struct cds_lfht_node);
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	t->ht = cds_lfht_new_flavor(config->buckets, 1, 0, 0, &CT_LFHT_FLAVOR, NULL);
	if (!t->ht)
		return -ENOMEM;
	store_relaxed(&t->buckets, config->buckets);
	pthread_mutex_init(&t->resize_mutex, NULL);
	return 0;
}

static int empty_table(struct ct_table *t)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;
	int nr = 0;

	cds_lfht_for_each(t->ht, &iter, node)
		nr += !cds_lfht_del(t->ht, node);
	return nr;
}

static void table_destroy(struct ct_table *t)
{
	/*
	 * The library refuses to destroy a table with nodes in it; their memory is freed with the
	 * pool.
	 */
	ct_rcu_register();
	ct_read_lock();
	empty_table(t);
	ct_read_unlock();
	ct_rcu_unregister();
	cds_lfht_destroy(t->ht, NULL);
	pthread_mutex_destroy(&t->resize_mutex);
}

static int table_resize(struct ct_table *t, uint64_t buckets)
{
	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
	cds_lfht_resize(t->ht, buckets);
	store_relaxed(&t->buckets, buckets);
	mutex_unlock(&t->resize_mutex);
	return 0;
}

static uint64_t table_buckets(struct ct_table *t)
{
	return load_relaxed(&t->buckets);
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = table_bytes(table_buckets(t), 0);
	*other_bytes = 0;
}

#define CT_TABLE_RESIZES 1
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = "split_order", .chain = "lock_free", .lock = "-", \
	.resize = "incremental", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none"

#include "variants/variant.inc.h"
