/* SPDX-License-Identifier: MIT */
/*
 * liburcu's lock-free resizable table, cds_lfht (Desnoyers & Stoppa, after
 * Shalev & Shavit's split-ordered lists, JACM 2006), as conntrack's.
 *
 * A connection is two nodes of it.  They go in one after the other, so unlike
 * under two bucket locks there is a moment with one of them in: lookups do not
 * see it (not CONFIRMED yet), insertions of the same key do, and refuse.
 * Expansion is left to us (no CDS_LFHT_AUTO_RESIZE), so that all variants have
 * the number of buckets that the workload says.
 */
#define CT_VARIANT cds_lfht
#define CT_SUMMARY "liburcu's lock-free table (split-ordered lists)"
#define CT_FLAGS   CT_V_PEER

#include "variants/hash/jhash2.h"
#include "variants/rcu/memb.h"
#include "variants/node/deferred.h"

#include <errno.h>
#include <urcu/rculfhash.h>

#include "core/nf_conntrack_look.h"
#include "variants/variant.h"

struct ct_table {
	struct cds_lfht *ht;
	_Atomic uint64_t buckets; /* the library does not tell */
	pthread_mutex_t resize_mutex;
};

_Static_assert(sizeof(struct cds_lfht_node) <= sizeof(struct ct_table_node),
	       "room for the library's node");

static void nf_ct_put_direct(struct nf_conn *ct);

static struct cds_lfht_node *lfht_node(struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	return (struct cds_lfht_node *)&ct->tuplehash[dir].hnnode;
}

/*
 * The library publishes a node by a compare-and-swap (_cds_lfht_add()) and finds it by
 * rcu_dereference(); TSan sees neither, Debian's library being built without it, so it is
 * told: what lfht_add() does before it adds comes before what is done with a node found.
 */
#if CT_TSAN
#define lfht_tsan_added(n) __tsan_release(n)
#define lfht_tsan_found(n) __tsan_acquire(n)
#else
#define lfht_tsan_added(n) ((void)0)
#define lfht_tsan_found(n) ((void)0)
#endif

/* For each node that the library hands out. */
static struct nf_conntrack_tuple_hash *lfht_hash(struct cds_lfht_node *n)
{
	lfht_tsan_found(n);
	return ct_table_node_hash((struct ct_table_node *)n);
}

/* The library calls this for each node with the hash looked for. */
static int match_live(struct cds_lfht_node *node, const void *key)
{
	struct nf_conntrack_tuple_hash *h = lfht_hash(node);
	struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);
	struct ct_find *f = (struct ct_find *)key;

	if (unlikely(nf_ct_is_expired(ct, f->now)) && nf_ct_is_confirmed(ct)) {
		ct_find_expired(f, ct);
		return 0;
	}
	return nf_ct_key_equal(h, ct, f);
}

/*
 * Insertion minds what is in, and what is going in: the tuple alone decides, but the dying do
 * not count.
 */
static int match_taken(struct cds_lfht_node *node, const void *key)
{
	const struct nf_conntrack_tuple_hash *h = lfht_hash(node);
	const struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);
	const struct nf_conntrack_tuple_hash *mine = key;
	const struct nf_conn *my_ct = nf_ct_tuplehash_to_ctrack(mine);
	const struct nf_conntrack_zone zone = nf_ct_zone(ct), my_zone = nf_ct_zone(my_ct);
	struct ct_find f;

	ct_find_under(&f, &my_zone, NF_CT_DIRECTION(mine));
	if (nf_ct_is_hidden(nf_ct_status(ct), NF_CT_DIRECTION(h)) ||
	    nf_ct_is_hidden(nf_ct_status(my_ct), NF_CT_DIRECTION(mine)))
		return false;
	/* where both ends are the same, it is its own answer, and in its own way it is not */
	return ct != my_ct && nf_ct_tuple_equal(&h->tuple, &mine->tuple) && !nf_ct_is_dying(ct) &&
	       nf_ct_zone_id(&zone, NF_CT_DIRECTION(h)) == f.zone_id[NF_CT_DIRECTION(h)] &&
	       load_relaxed(&ct->net_id) == load_relaxed(&my_ct->net_id);
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

/* Whoever takes the ORIGINAL node out has removed the connection. */
static bool lfht_unlink(struct ct_table *t, struct nf_conn *ct)
{
	bool mine = !cds_lfht_del(t->ht, lfht_node(ct, IP_CT_DIR_ORIGINAL));

	cds_lfht_del(t->ht, lfht_node(ct, IP_CT_DIR_REPLY));
	return mine;
}

static struct nf_conntrack_tuple_hash *
lfht_add(struct ct_table *t, struct nf_conn *ct, enum ip_conntrack_dir dir, uint32_t hash)
{
	struct cds_lfht_node *n = lfht_node(ct, dir), *there;

	cds_lfht_node_init(n);
	lfht_tsan_added(n);
	there = cds_lfht_add_unique(t->ht, hash, match_taken, &ct->tuplehash[dir], n);
	return there == n ? NULL : lfht_hash(there);
}

static int table_insert(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig,
			uint32_t hash_reply, uint32_t now, struct ct_insert *ins)
{
	struct nf_conntrack_tuple_hash *there;
	int ret = -EEXIST;

	ins->clash = NULL;
	ct_read_lock();
	if (nf_ct_is_dying(ct)) {
		ret = -ESTALE;
		goto out;
	}
	nf_ct_insert_commit(ct, now);
	there = lfht_add(t, ct, IP_CT_DIR_ORIGINAL, hash_orig);
	if (there)
		goto clash;
	there = lfht_add(t, ct, IP_CT_DIR_REPLY, hash_reply);
	if (there) {
		cds_lfht_del(t->ht, lfht_node(ct, IP_CT_DIR_ORIGINAL));
		goto clash;
	}
	ret = 0;
	/*
	 * Killed meanwhile?  Then the killer found it unconfirmed and left it to
	 * us; one word has both bits, so one of us sees the other's.
	 */
	if (atomic_fetch_or_explicit(&ct->status, IPS_CONFIRMED, memory_order_acq_rel) &
	    IPS_DYING) {
		if (lfht_unlink(t, ct))
			nf_ct_put_direct(ct);
		ret = -ESTALE;
	}
	goto out;

clash:
	if (refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(there)->use))
		ins->clash = there;
	store_relaxed(&ct->timeout, load_relaxed(&ct->timeout) - now);
	nf_ct_put_direct(ct); /* the table's reference; the caller still has its own */
out:
	ct_read_unlock();
	return ret;
}

static bool table_remove(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig __maybe_unused,
			 uint32_t hash_reply __maybe_unused)
{
	bool in;

	ct_read_lock();
	in = nf_ct_is_confirmed(ct) && lfht_unlink(t, ct);
	ct_read_unlock();
	return in;
}

#define CT_TABLE_SHOWS

static int show_node(struct cds_lfht_node *node, const void *key)
{
	ct_walk_visit((struct ct_walk *)key, lfht_hash(node));
	return 0;
}

/*
 * The library hands out the nodes with the very hash that is looked for; others
 * that it passes on its way stay its own.
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
	pthread_mutex_lock(&t->resize_mutex);
}

static void table_walk_end(struct ct_table *t)
{
	pthread_mutex_unlock(&t->resize_mutex);
}

/* The library walks the whole table or one hash; so there is one position. */
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
	cds_lfht_for_each(t->ht, &iter, node)
	{
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
 * No walk can begin at a bucket, so early drop looks at the first few of the
 * whole table instead of at the neighbours.
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
	t->ht = cds_lfht_new_flavor(config->buckets, 1, 0, 0, &urcu_memb_flavor, NULL);
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

	cds_lfht_for_each(t->ht, &iter, node) nr += !cds_lfht_del(t->ht, node);
	return nr;
}

static void table_destroy(struct ct_table *t)
{
	/*
	 * The library refuses to destroy a table with nodes in it; their memory goes with the
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
	pthread_mutex_lock(&t->resize_mutex);
	cds_lfht_resize(t->ht, buckets);
	store_relaxed(&t->buckets, buckets);
	pthread_mutex_unlock(&t->resize_mutex);
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
