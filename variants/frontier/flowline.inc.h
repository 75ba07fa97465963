/* SPDX-License-Identifier: MIT */
/*
 * flowline (flowline.h) as conntrack's table.  The unit has included a hash that both
 * directions share, an RCU flavour and deferred nodes.
 *
 * A connection whose reply tuple is the original tuple with the ends exchanged is in the table once
 * (FL_BOTH): one line to lock, and one to find it from either side.  Others (ICMP, zones of one
 * direction, NAT if there were any) are there twice, each direction under its own hash.
 *
 * Lock order: the lines of a connection in ascending order of their addresses.
 */
#include <errno.h>
#include <pthread.h>

#include "core/mutex.h"
#include "core/nf_conntrack_look.h"
#include "variants/mem.h"
#include "variants/variant.h"

#define FL_ADAPTER "variants/frontier/conntrack_adapter.h"
#define FL_REUSES  !CT_NODE_DEFERRED
#include "variants/frontier/flowline.h"

#if !CT_NODE_DEFERRED
_Static_assert(CT_RECHECK_COUNTS, "a match is checked again by its life: recheck/incarnation.h");
#endif

/* Connections intended per line: "buckets" are counted as if the table had chains. */
#define FL_BUCKETS_A_LINE 4u
/* How many times a table may double its first size. */
#define FL_ROOM_TO_GROW 10u

#define CT_NODE_CONTIGUOUS 1

struct ct_table {
	struct flowline fl;
	_Atomic uint64_t buckets;     /* as requested */
	pthread_mutex_t resize_mutex; /* serialises resizes and whole walks */
};

static void nf_ct_put_direct(struct nf_conn *ct);
static __always_inline uint32_t nf_ct_dir_hash(const struct nf_conn *ct, enum ip_conntrack_dir dir);

/* --- Lookup --- */

struct fl_query {
	struct ct_find *find;
	union ct_tuple_words swapped;	   /* the key of the other direction */
	struct nf_conntrack_tuple_hash *h; /* the match */
	uint32_t status;		   /* of its connection, from before the comparison */
};

/*
 * Set in the status, with CONFIRMED, of a connection that is stored for both directions, if its
 * memory may be reused at once: a reader's reference may be one of an earlier life.
 */
#if CT_NODE_DEFERRED
#define FL_ONCE 0u
#else
#define FL_ONCE (CT_INCARNATION & ~CT_LIVES)
#endif

static __always_inline uint64_t fl_words_differ(const struct nf_conntrack_tuple_hash *h,
						const union ct_tuple_words *key)
{
	return (load_relaxed(&h->tuple_w[0]) ^ key->w[0]) |
	       (load_relaxed(&h->tuple_w[1]) ^ key->w[1]) |
	       (load_relaxed(&h->tuple_w[2]) ^ key->w[2]) |
	       (load_relaxed(&h->tuple_w[3]) ^ key->w[3]) |
	       ((load_relaxed(&h->tuple_w[4]) ^ key->w[4]) & ct_tuple_last_mask());
}

/* Acquire where memory is reused at once: as in recheck_equal(). */
static __always_inline uint32_t fl_status(const struct nf_conn *ct)
{
	return CT_NODE_DEFERRED ? nf_ct_status(ct) : load_acquire(&ct->status);
}

/*
 * Does ct, which is stored for both directions, match, and in which direction?  Without a branch on
 * the direction, which is unpredictable in most traffic.  If both ends are equal the result is
 * REPLY, as in a chain, where that node is at the head.
 */
static __always_inline bool fl_match_both(struct fl_query *q, struct nf_conn *ct)
{
	const struct nf_conntrack_tuple_hash *orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL];
	const uint32_t status = fl_status(ct);
	const bool asked = !fl_words_differ(orig, &q->find->key);
	const bool answered = !fl_words_differ(orig, &q->swapped);
	const struct ct_find *f = q->find;

	if (unlikely(!(asked | answered)))
		return false;
	if (unlikely((status & (IPS_CONFIRMED | IPS_DYING | FL_ONCE)) !=
			     (IPS_CONFIRMED | FL_ONCE) ||
		     load_relaxed(&ct->zone_id) != f->zone_id[answered] ||
		     load_relaxed(&ct->net_id) != f->net_id))
		return false;
	q->h = &ct->tuplehash[answered];
	q->status = status;
	return true;
}

static __always_inline bool fl_match_one(struct fl_query *q, struct nf_conn *ct, uint32_t kind)
{
	q->h = &ct->tuplehash[kind == FL_REPLY];
	q->status = fl_status(ct);
	return nf_ct_key_words_equal(q->h, q->find) &&
	       nf_ct_key_state_equal(q->h, ct, q->find, q->status);
}

/*
 * Inlined into the search, which takes them as constant arguments: gcc does that when it optimizes
 * for speed, and rejects always_inline elsewhere.
 */
#if defined(__GNUC__) && !defined(__clang__) && !CT_TSAN && !defined(__SANITIZE_ADDRESS__)
#define FL_MATCH static __always_inline
#else
#define FL_MATCH static inline
#endif

/* For insertion: expired entries still clash. */
FL_MATCH bool fl_match_any(void *arg, struct nf_conn *ct, uint32_t kind)
{
	return likely(kind == FL_BOTH) ? fl_match_both(arg, ct) : fl_match_one(arg, ct, kind);
}

FL_MATCH bool fl_match_live(void *arg, struct nf_conn *ct, uint32_t kind)
{
	struct ct_find *f = ((struct fl_query *)arg)->find;

	if (unlikely(nf_ct_is_expired(ct, f->now)) && nf_ct_is_confirmed(ct)) {
		ct_find_expired(f, ct);
		return false;
	}
	return fl_match_any(arg, ct, kind);
}

/*
 * Takes a reference on the match, if it still matches.  With deferred nodes the read-side section
 * prevents reuse of its memory; otherwise reuse is checked after the reference was taken.
 */
static __always_inline bool fl_get(const struct fl_query *q)
{
	struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(q->h);

	if (unlikely(!refcount_inc_not_zero(&ct->use)))
		return false; /* it was being removed */
#if !CT_NODE_DEFERRED
	if (unlikely(!recheck_same(q->h, ct, q->find, q->status))) {
		nf_ct_put_direct(ct);
		return false;
	}
#endif
	return true;
}

/* The entry with f's key, with a reference if `get` is set.  In a read-side section. */
static __always_inline struct nf_conntrack_tuple_hash *
table_find(struct ct_table *t, struct ct_find *f, uint32_t hash, const bool get)
{
	struct fl_query q = { .find = f };

	ct_tuple_swap(&q.swapped, &f->key);
	if (!fl_find(&t->fl, hash, fl_match_live, &q, &f->restarts))
		return NULL;
	return !get || likely(fl_get(&q)) ? q.h : NULL;
}

/* --- Several lookups at once (core/conntrack_burst.inc.h) --- */

#define CT_TABLE_PREFETCHES
static __always_inline void table_prefetch(struct ct_table *t, uint32_t hash)
{
	fl_prefetch(&t->fl, hash);
}

/*
 * The lines were prefetched before.  First prefetches the objects that they most probably refer to
 * (the lines with the key); then compares each object.  If a guess does not match, its key is
 * looked up in the usual way.
 */
#define CT_TABLE_BURSTS
static __always_inline void
table_find_burst(struct ct_table *t, struct ct_find *f, struct ct_burst *b, const bool get)
{
	uint32_t guess[CT_BURST];

	for (unsigned int i = 0; i < b->nr; i++) {
		guess[i] = fl_guess(&t->fl, b->hash[i], get);
		if (!CT_KEY_IN_LINE && likely(guess[i] && guess[i] != FL_UNSURE))
			ct_prefetch((char *)fl_at(&t->fl, guess[i]) + CT_CACHE_LINE);
	}
	for (unsigned int i = 0; i < b->nr; i++) {
		struct fl_query q = { .find = f };

		b->found[i] = NULL;
		if (!guess[i])
			continue;
		f->key = b->key[i];
		ct_tuple_swap(&q.swapped, &f->key);
		if (unlikely(guess[i] == FL_UNSURE ||
			     !fl_match_live(&q, fl_at(&t->fl, guess[i]), guess[i] & FL_KIND_MASK)))
			b->found[i] = table_find(t, f, b->hash[i], get);
		else if (!get || likely(fl_get(&q)))
			b->found[i] = q.h;
	}
}

/* --- Insertion and removal --- */

/*
 * Is the connection in the table only once?  The answer depends on nothing that changes while it
 * is there.
 */
static bool fl_is_both(const struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	union ct_tuple_words swapped, orig = { .tuple = *nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL) };

	if (hash_orig != hash_reply ||
	    nf_ct_status(ct) & (CT_ZONE_ORIG_ONLY | CT_ZONE_REPLY_ONLY | IPS_NAT_CLASH))
		return false;
	ct_tuple_swap(&swapped, &orig);
	return nf_ct_tuple_equal(&swapped.tuple, nf_ct_tuple(ct, IP_CT_DIR_REPLY));
}

/* Is there a connection with that direction's key in the line already?  Under its lock. */
static struct nf_conntrack_tuple_hash *
fl_clash(const struct ct_table *t, const struct fl_line *line, const struct nf_conn *ct,
	 enum ip_conntrack_dir dir, uint32_t hash, struct ct_find *f)
{
	struct fl_query q = { .find = f };

	f->key.tuple = *nf_ct_tuple(ct, dir);
	ct_tuple_swap(&q.swapped, &f->key);
	return fl_find_in(&t->fl, line, fl_tag(hash), fl_match_any, &q) ? q.h : NULL;
}

/* 0, -EEXIST (see struct ct_insert) or -ESTALE (killed before it was confirmed). */
static int table_insert(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig,
			uint32_t hash_reply, uint32_t now, struct ct_insert *ins)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	const bool both = fl_is_both(ct, hash_orig, hash_reply);
	struct nf_conntrack_tuple_hash *clash = NULL;
	struct fl_line *a, *b;
	struct ct_find f;
	int ret = 0;

	ct_find_init(&f, ct->net, &zone);
	ins->clash = NULL;
	ct_read_lock();
	if (likely(both))
		a = b = fl_lock(&t->fl, hash_orig);
	else
		fl_lock_two(&t->fl, hash_orig, hash_reply, &a, &b);
	if (unlikely(nf_ct_is_dying(ct))) {
		ret = -ESTALE;
		goto out;
	}
	if (likely(!nf_ct_is_hidden(nf_ct_status(ct), IP_CT_DIR_ORIGINAL)))
		clash = fl_clash(t, a, ct, IP_CT_DIR_ORIGINAL, hash_orig, &f);
	if (unlikely(zone.dir != NF_CT_DEFAULT_ZONE_DIR))
		ct_find_under(&f, &zone, IP_CT_DIR_REPLY);
	if (likely(!clash))
		clash = fl_clash(t, b, ct, IP_CT_DIR_REPLY, hash_reply, &f);
	if (unlikely(clash)) {
		if (refcount_inc_not_zero(&nf_ct_tuplehash_to_ctrack(clash)->use))
			ins->clash = clash;
		ret = -EEXIST;
		goto out;
	}
	nf_ct_insert_commit(ct, now);
	if (likely(both)) {
		fl_add(&t->fl, a, hash_orig, fl_ref(&t->fl, ct, FL_BOTH), false);
	} else {
		fl_add(&t->fl, a, hash_orig, fl_ref(&t->fl, ct, FL_ORIGINAL), false);
		fl_add(&t->fl, b, hash_reply, fl_ref(&t->fl, ct, FL_REPLY), false);
	}
	if (FL_ONCE && both) /* nf_ct_insert_publish() */
		fetch_or(&ct->status, IPS_CONFIRMED | FL_ONCE, memory_order_release);
	else
		nf_ct_insert_publish(ct);
out:
	if (b != a)
		fl_unlock(b);
	fl_unlock(a);
	ct_read_unlock();
	return ret;
}

/* fl_is_both() of a connection in the table, else false; read from its status where possible. */
static __always_inline bool
fl_is_once(const struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	return FL_ONCE ? nf_ct_status(ct) & FL_ONCE : fl_is_both(ct, hash_orig, hash_reply);
}

/* Removes it from the table; false if it is not in it (not confirmed).  The caller set DYING. */
static bool
table_remove(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	struct fl_line *a, *b;
	bool in;

	ct_read_lock();
	if (likely(fl_is_once(ct, hash_orig, hash_reply)))
		a = b = fl_lock(&t->fl, hash_orig);
	else /* or it is about to be confirmed: then both hashes are those of one line */
		fl_lock_two(&t->fl, hash_orig, hash_reply, &a, &b);
	in = nf_ct_is_confirmed(ct);
	if (in && likely(fl_is_once(ct, hash_orig, hash_reply))) {
		fl_del(&t->fl, a, fl_ref(&t->fl, ct, FL_BOTH));
	} else if (in) {
		fl_del(&t->fl, a, fl_ref(&t->fl, ct, FL_ORIGINAL));
		fl_del(&t->fl, b, fl_ref(&t->fl, ct, FL_REPLY));
	}
	if (b != a)
		fl_unlock(b);
	fl_unlock(a);
	ct_read_unlock();
	return in;
}

/* --- Walks --- */

static void table_walk_begin(struct ct_table *t)
{
	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
}

static void table_walk_end(struct ct_table *t)
{
	mutex_unlock(&t->resize_mutex);
}

static uint64_t table_scan_size(struct ct_table *t)
{
	return fl_lines(&t->fl);
}

/* Walks see two nodes of a connection that is stored once. */
static void fl_collect_one(void *arg, struct nf_conn *ct, uint32_t kind)
{
	if (kind != FL_REPLY)
		ct_collect_visit(arg, &ct->tuplehash[IP_CT_DIR_ORIGINAL], ct);
	if (kind != FL_ORIGINAL)
		ct_collect_visit(arg, &ct->tuplehash[IP_CT_DIR_REPLY], ct);
}

static void table_collect(struct ct_table *t, uint64_t position, struct ct_collect *c)
{
	struct fl_line *line;

	ct_read_lock();
	line = position < fl_lines(&t->fl) ? fl_lock_at(&t->fl, (uint32_t)position) : NULL;
	if (line) {
		fl_visit(&t->fl, line, fl_collect_one, c);
		fl_unlock(line);
	}
	ct_read_unlock();
}

/* Early drop considers the line of the hash and those after it, wrapping at the end. */
static void
table_collect_near(struct ct_table *t, uint32_t hash, unsigned int i, struct ct_collect *c)
{
	const uint32_t lines = fl_lines(&t->fl);

	if (i < lines)
		table_collect(t, ((hash & (lines - 1)) + i) & (lines - 1), c);
}

#define CT_TABLE_SHOWS

struct fl_show {
	struct ct_walk *walk;
	uint32_t hash;
};

static void fl_show_one(void *arg, struct nf_conn *ct, uint32_t kind)
{
	const struct fl_show *s = arg;

	for (unsigned int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		if (kind == (dir == IP_CT_DIR_ORIGINAL ? FL_REPLY : FL_ORIGINAL) ||
		    nf_ct_dir_hash(ct, (enum ip_conntrack_dir)dir) != s->hash)
			continue;
		ct_walk_visit(s->walk, &ct->tuplehash[dir]);
	}
}

/* The entries in the line with exactly this hash. */
static void table_show(struct ct_table *t, struct ct_walk *w)
{
	struct fl_show s = { w, w->hash };
	struct fl_line *line = fl_lock(&t->fl, w->hash);

	w->shown = CT_WALK_SAME_HASH;
	w->table = t->fl.lines;
	w->size = fl_lines(&t->fl);
	w->bucket = (uint64_t)(line - t->fl.lines);
	fl_visit(&t->fl, line, fl_show_one, &s);
	fl_unlock(line);
}

/* --- Creating and destroying --- */

static uint32_t fl_depth_for(uint64_t buckets)
{
	uint32_t depth = 0;

	while ((uint64_t)FL_BUCKETS_A_LINE << depth < buckets)
		depth++;
	return depth;
}

static const char *table_bucket_rule(uint64_t n)
{
	if (!n || n & (n - 1))
		return "flowline needs a power of two";
	return n > (uint64_t)FL_BUCKETS_A_LINE << FL_MAX_DEPTH
		       ? "a table has at most 2147483648 buckets"
		       : NULL;
}

static uint64_t table_bytes(uint64_t buckets, uint64_t connections __maybe_unused)
{
	return (uint64_t)sizeof(struct fl_line) << fl_depth_for(buckets);
}

/* After variant.inc.h, which defines where a table's nodes are. */
static int table_init(struct ct_table *t, const struct ct_config *config);

static void table_destroy(struct ct_table *t)
{
	fl_destroy(&t->fl);
	pthread_mutex_destroy(&t->resize_mutex);
}

/* The caller is registered and in no read-side section. */
static int table_resize(struct ct_table *t, uint64_t buckets)
{
	int ret;

	mutex_lock(&t->resize_mutex, CT_LOCK_RESIZE);
	ret = fl_resize(&t->fl, fl_depth_for(buckets));
	if (!ret)
		store_relaxed(&t->buckets, buckets);
	mutex_unlock(&t->resize_mutex);
	return ret == -EINVAL ? -ENOMEM : ret;
}

static uint64_t table_buckets(struct ct_table *t)
{
	return load_relaxed(&t->buckets);
}

static void table_memory(struct ct_table *t, uint64_t *bucket_bytes, uint64_t *other_bytes)
{
	*bucket_bytes = (uint64_t)fl_lines(&t->fl) * sizeof(struct fl_line);
	*other_bytes = 0;
}

/* --- Statistics: variants/inside.h --- */

static const struct ct_grace fl_no_grace; /* for replaced arrays, which do not exist here */

static const struct ct_grace *table_grace(const struct ct_table *t __maybe_unused)
{
	return &fl_no_grace;
}

static void table_ranges(struct ct_table *t, ct_range_fn *fn, void *arg)
{
	const struct ct_range range = {
		.what = "buckets",
		.start = (uintptr_t)t->fl.lines,
		.bytes = (size_t)fl_lines(&t->fl) * sizeof(struct fl_line),
	};

	fn(&range, arg);
}

#define CT_TABLE_INSIDE	 1
#define CT_TABLE_RESIZES 1
#define CT_TABLE_BUCKET	 CT_BUCKET_SLOTS
#define CT_TABLE_AXES \
	.hash = CT_HASH_NAME, .bucket = "mask", .chain = "tagged_line", .lock = "per_line", \
	.resize = "splitting", .rcu = CT_RCU_NAME, .node = CT_NODE_NAME, .cap = "none"

#include "variants/variant.inc.h"

static uint32_t fl_conntrack_hash(const struct nf_conn *ct, uint32_t kind)
{
	return nf_ct_dir_hash(ct, kind == FL_REPLY ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL);
}

static void fl_conntrack_grace(void)
{
	ct_synchronize();
}

static int table_init(struct ct_table *t, const struct ct_config *config)
{
	static const struct fl_conntrack owner = { fl_conntrack_hash, fl_conntrack_grace };
	const struct ct_instance *inst = container_of(t, struct ct_instance, table);
	const uint32_t depth = fl_depth_for(config->buckets);
	uint32_t most = depth + FL_ROOM_TO_GROW;
	int ret;

	ret = fl_init(&t->fl, depth, most > FL_MAX_DEPTH ? FL_MAX_DEPTH : most, inst->pool.base,
		      config->pages == CT_PAGES_4K    ? FL_PAGES_4K
		      : config->pages == CT_PAGES_THP ? FL_PAGES_THP
						      : FL_PAGES_HUGETLB,
		      &owner);
	if (ret)
		return ret;
	store_relaxed(&t->buckets, config->buckets);
	pthread_mutex_init(&t->resize_mutex, NULL);
	return 0;
}
