/* SPDX-License-Identifier: MIT */
/*
 * Memory orders, asked of a verifier of the C++ memory model (shim.h).  What is tested are the
 * headers of the axes themselves.  First come textbook tests with known answers, which say
 * whether the verifier can be believed; then one test for each order that the tables rely on.
 *
 *	litmus [NAME ...]
 *
 * The verifier runs the threads of a test one at a time, in another interleaving each time, and
 * lets a load return any value that the model allows.  It does not reorder a store before an
 * earlier load of the same thread, so it cannot show load buffering (LB), which no known CPU shows
 * either for the orders used here.
 */
#include "shim.h"

#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/ticks.h"

struct ct_waits ct_waits;
#include "extracted/spinlock.c"

/* A node as the chains see it. */
struct ct_table_node {
	litmus_atomic<uintptr_t> next, pprev;
};

struct nf_conntrack_tuple_hash {
	struct ct_table_node hnnode;
	litmus_atomic<uint32_t> key;
};

static inline struct nf_conntrack_tuple_hash *ct_table_node_hash(struct ct_table_node *n)
{
	return (struct nf_conntrack_tuple_hash *)n;
}

/* A connection as far as references and the recheck axis look at it. */
struct nf_conn {
	refcount_t use;
	litmus_atomic<uint32_t> key, rest_of_key;
	litmus_atomic<uint32_t> status;
};

#include "core/nf_conntrack_common.h"
#include "extracted/nf_conntrack_find.h"

struct ct_find {
	uint32_t key, rest_of_key;
};

static inline uint32_t nf_ct_status(const struct nf_conn *ct)
{
	return load_relaxed(&ct->status);
}

static inline bool nf_ct_key_words_equal(const struct nf_conn *ct, const struct ct_find *f)
{
	return load_relaxed(&ct->key) == f->key && load_relaxed(&ct->rest_of_key) == f->rest_of_key;
}

static inline bool nf_ct_key_state_equal(const struct nf_conn *, const struct nf_conn *,
					 const struct ct_find *, uint32_t status)
{
	return (status & (IPS_CONFIRMED | IPS_DYING)) == IPS_CONFIRMED;
}

static inline bool
nf_ct_key_equal(const struct nf_conn *h, const struct nf_conn *ct, const struct ct_find *f)
{
	return nf_ct_key_words_equal(h, f) && nf_ct_key_state_equal(h, ct, f, nf_ct_status(ct));
}

/* The connection is its only node. */
#define nf_conntrack_tuple_hash nf_conn
#include "variants/recheck/incarnation.h"
#undef nf_conntrack_tuple_hash

struct ct_bucket;

namespace seqcount
{
#include "variants/resize/seqcount.h"
}
#undef CT_RESIZE_NAME
#undef CT_RESIZE_EXCLUDES_WALKS
namespace rwlock
{
#include "variants/resize/rwlock.h"
}
#include "variants/chain/nulls_rcu.h"
#include "variants/lock/striped.h"
#include "extracted/conntrack_new.inc.h"

/* flowline's objects, and what its resizes ask of the system. */
struct flow {
	litmus_atomic<uint32_t> key;
	litmus_atomic<uintptr_t> link;
	uint32_t hash;
};

#define FL_ADAPTER "tests/litmus/flow_adapter.h"
#include "variants/frontier/flowline.h"

static inline size_t fl_bytes(uint32_t)
{
	return 0;
}

static inline int fl_commit(struct flowline *, size_t, size_t)
{
	return 0;
}

static inline void fl_uncommit(struct flowline *, size_t, size_t)
{
}

#include "extracted/flowline.c"

/* --- Textbook tests --- */

/* Store buffering: may both threads miss the other's store? */
template <rl::memory_order STORE, rl::memory_order LOAD>
struct store_buffering : rl::test_suite<store_buffering<STORE, LOAD>, 2> {
	litmus_atomic<int> x, y;
	int r[2];

	void thread(unsigned int i)
	{
		atomic_store_explicit(i ? &y : &x, 1, STORE);
		r[i] = atomic_load_explicit(i ? &x : &y, LOAD);
	}

	void after()
	{
		RL_ASSERT(r[0] || r[1]);
	}
};

/* Message passing: may the flag be seen, and not what was written before it? */
template <rl::memory_order STORE, rl::memory_order LOAD>
struct message_passing : rl::test_suite<message_passing<STORE, LOAD>, 2> {
	litmus_atomic<int> data, flag;

	void thread(unsigned int i)
	{
		if (!i) {
			store_relaxed(&data, 1);
			atomic_store_explicit(&flag, 1, STORE);
		} else if (atomic_load_explicit(&flag, LOAD)) {
			RL_ASSERT(load_relaxed(&data));
		}
	}
};

/* Load buffering: may both loads return what the other thread stores after its own? */
struct load_buffering : rl::test_suite<load_buffering, 2> {
	litmus_atomic<int> x, y;
	int r[2];

	void thread(unsigned int i)
	{
		r[i] = load_relaxed(i ? &y : &x);
		store_relaxed(i ? &x : &y, 1);
	}

	void after()
	{
		RL_ASSERT(!(r[0] && r[1]));
	}
};

/* Independent reads of independent writes: may two readers disagree on the order? */
template <rl::memory_order STORE, rl::memory_order LOAD>
struct independent_reads : rl::test_suite<independent_reads<STORE, LOAD>, 4> {
	litmus_atomic<int> x, y;
	int r[4];

	void thread(unsigned int i)
	{
		if (i < 2) {
			atomic_store_explicit(i ? &y : &x, 1, STORE);
		} else {
			r[i - 2] = atomic_load_explicit(i == 2 ? &x : &y, LOAD);
			r[i] = atomic_load_explicit(i == 2 ? &y : &x, LOAD);
		}
	}

	void after()
	{
		RL_ASSERT(!(r[0] && !r[2] && r[1] && !r[3]));
	}
};

/* Write to read causality: does what a thread saw come with what it writes? */
template <rl::memory_order STORE, rl::memory_order LOAD>
struct causality : rl::test_suite<causality<STORE, LOAD>, 3> {
	litmus_atomic<int> x, y;

	void thread(unsigned int i)
	{
		if (i == 0)
			atomic_store_explicit(&x, 1, STORE);
		else if (i == 1 && atomic_load_explicit(&x, LOAD))
			atomic_store_explicit(&y, 1, STORE);
		else if (i == 2 && atomic_load_explicit(&y, LOAD))
			RL_ASSERT(load_relaxed(&x));
	}
};

/* --- Locks --- */

struct spinlock_excludes : rl::test_suite<spinlock_excludes, 3> {
	spinlock_t lock;
	rl::var<int> data;

	void before()
	{
		data(RL_INFO).store(0);
	}

	void thread(unsigned int)
	{
		spin_lock(&lock);
		data(RL_INFO).store(data(RL_INFO).load() + 1);
		spin_unlock(&lock);
	}

	void after()
	{
		RL_ASSERT(data(RL_INFO).load() == 3);
	}
};

struct rwlock_excludes : rl::test_suite<rwlock_excludes, 3> {
	rwlock_t lock;
	rl::var<int> data;

	void before()
	{
		data(RL_INFO).store(0);
	}

	void thread(unsigned int i)
	{
		if (i < 1) {
			write_lock(&lock);
			data(RL_INFO).store(1);
			data(RL_INFO).store(2);
			write_unlock(&lock);
		} else {
			read_lock(&lock);
			RL_ASSERT(data(RL_INFO).load() != 1);
			read_unlock(&lock);
		}
	}
};

/* A thread that takes all locks, and threads that take one or two, on the same table. */
struct all_locks_exclude : rl::test_suite<all_locks_exclude, 3> {
	struct ct_locks locks;
	rl::var<int> table;

	void before()
	{
		table(RL_INFO).store(0);
	}

	void thread(unsigned int i)
	{
		if (i == 0) {
			lock_all(&locks, NULL, 0);
			table(RL_INFO).store(table(RL_INFO).load() + 1);
			unlock_all(&locks, NULL, 0);
		} else if (i == 1) {
			lock_one(&locks, NULL, 1);
			table(RL_INFO).store(table(RL_INFO).load() + 1);
			unlock_one(&locks, NULL, 1);
		} else {
			lock_one(&locks, NULL, 0);
			lock_second(&locks, NULL, 1);
			table(RL_INFO).store(table(RL_INFO).load() + 1);
			unlock_one(&locks, NULL, 1);
			unlock_one(&locks, NULL, 0);
		}
	}

	void after()
	{
		RL_ASSERT(table(RL_INFO).load() == 3);
	}
};

/* --- Chains --- */

/* A node that a reader comes to is complete (chain_add(), chain_load()). */
struct publish : rl::test_suite<publish, 2> {
	litmus_atomic<uintptr_t> head;
	struct nf_conntrack_tuple_hash node;

	void before()
	{
		store_relaxed(&head, chain_end(0));
	}

	void thread(unsigned int i)
	{
		if (!i) {
			store_relaxed(&node.key, 7u);
			chain_add(&head, &node);
		} else {
			uintptr_t p = chain_load(&head);

			if (!chain_is_end(p)) {
				RL_ASSERT(load_relaxed(&chain_entry(p)->key) == 7);
				RL_ASSERT(chain_is_end(chain_load(&chain_entry(p)->hnnode.next)));
			}
		}
	}
};

/*
 * Unlinking passes on what the next node's maker has written: one thread adds a node, another
 * one adds and removes one before it, and a reader comes to the first past the second.
 */
struct unlink_passes_on : rl::test_suite<unlink_passes_on, 3> {
	litmus_atomic<uintptr_t> head;
	spinlock_t lock;
	struct nf_conntrack_tuple_hash first, second;

	void before()
	{
		store_relaxed(&head, chain_end(0));
	}

	void thread(unsigned int i)
	{
		if (i == 0) {
			spin_lock(&lock);
			store_relaxed(&first.key, 7u);
			chain_add(&head, &first);
			spin_unlock(&lock);
		} else if (i == 1) {
			spin_lock(&lock);
			store_relaxed(&second.key, 8u);
			chain_add(&head, &second);
			chain_del(&second);
			spin_unlock(&lock);
		} else {
			for (uintptr_t p = chain_load(&head); !chain_is_end(p);
			     p = chain_load(&chain_entry(p)->hnnode.next))
				RL_ASSERT(load_relaxed(&chain_entry(p)->key) >= 7);
		}
	}
};

/*
 * A node moves to another chain while a reader stands on it: the end marker shows it, so a reader
 * that comes to the end of its own chain has met what was there throughout.
 */
struct carried_away : rl::test_suite<carried_away, 2> {
	litmus_atomic<uintptr_t> head[2];
	struct nf_conntrack_tuple_hash moves, stays, other;

	void before()
	{
		store_relaxed(&head[0], chain_end(0));
		store_relaxed(&head[1], chain_end(1));
		store_relaxed(&stays.key, 1u);
		store_relaxed(&moves.key, 2u);
		store_relaxed(&other.key, 3u);
		chain_add(&head[0], &stays);
		chain_add(&head[0], &moves);
		chain_add(&head[1], &other);
	}

	void thread(unsigned int i)
	{
		bool found = false;
		uintptr_t p;

		if (!i) {
			chain_del(&moves);
			store_relaxed(&moves.key, 4u);
			chain_add(&head[1], &moves);
			return;
		}
		for (p = chain_load(&head[0]); !chain_is_end(p) && !found;) {
			found = load_relaxed(&chain_entry(p)->key) == 1;
			p = chain_load(&chain_entry(p)->hnnode.next);
		}
		RL_ASSERT(found || !chain_end_is_ours(p, 0));
	}
};

/* --- References --- */

/*
 * Type-stable memory begins a new life while a reader wants a reference to the old one: if the
 * key is still the old one after the reference was taken, so is the life.
 */
struct reuse : rl::test_suite<reuse, 2> {
	struct nf_conn ct;
	int life; /* what really happened: not a part of the test's memory */

	void before()
	{
		life = 1;
		store_relaxed(&ct.key, 1u);
		nf_conntrack_set_live(&ct);
	}

	void thread(unsigned int i)
	{
		if (!i) {
			if (!refcount_dec_and_test(&ct.use))
				return; /* the reader was first, and will free it */
			life = 2;
			store_relaxed(&ct.key, 2u);
			nf_conntrack_set_live(&ct);
			return;
		}
		if (load_relaxed(&ct.key) != 1 || !refcount_inc_not_zero(&ct.use))
			return;
		if (load_relaxed(&ct.key) == 1)
			RL_ASSERT(life == 1);
		refcount_dec_and_test(&ct.use);
	}
};

/*
 * The same with recheck/incarnation.h: a reader that looks for the first life's key, or for one
 * that is partly of each life's and never was.
 */
template <uint32_t REST> struct recheck : rl::test_suite<recheck<REST>, 2> {
	struct nf_conn ct;
	litmus_atomic<uint32_t> nothing;
	int life;

	void begin_life(uint32_t key)
	{
		store_relaxed(&ct.key, key);
		store_relaxed(&ct.rest_of_key, key);
		store_relaxed(&ct.status, recheck_new_life(&ct));
		nf_conntrack_set_live(&ct);
		nf_ct_insert_publish(&ct);
	}

	void before()
	{
		life = 1;
		begin_life(1);
	}

	void thread(unsigned int i)
	{
		const struct ct_find f = { 1, REST };
		uint32_t seen = 0;

		if (!i) {
			if (!refcount_dec_and_test(&ct.use))
				return;
			life = 2;
			begin_life(2);
			return;
		}
		/* Else the whole second life would seldom be over when the reader begins. */
		for (unsigned int n = rl::rand(16); n; n--)
			load_relaxed(&nothing);
		if (!recheck_equal(&ct, &ct, &f, &seen) || !refcount_inc_not_zero(&ct.use))
			return;
		if (recheck_same(&ct, &ct, &f, seen))
			RL_ASSERT(life == 1 && REST == 1);
		refcount_dec_and_test(&ct.use);
	}
};

/* Whoever puts the last reference frees after everybody's uses. */
struct last_reference : rl::test_suite<last_reference, 2> {
	refcount_t use;
	rl::var<int> object;

	void before()
	{
		object(RL_INFO).store(1);
		store_relaxed(&use.refs, 2u);
	}

	void thread(unsigned int i)
	{
		if (i)
			object(RL_INFO).load();
		if (refcount_dec_and_test(&use))
			object(RL_INFO).store(0); /* freed */
	}
};

/* --- (table, size) --- */

/* A table's array as far as a reader looks at it. */
struct ct_bucket_array {
	litmus_atomic<uint32_t> says_size;
};

template <typename RESIZE> struct replace : rl::test_suite<replace<RESIZE>, 2> {
	typename RESIZE::state state;
	struct ct_bucket_array array[3];

	void before()
	{
		RESIZE::write(&state, &array[0], 10);
		store_relaxed(&array[0].says_size, 10u);
	}

	void thread(unsigned int i)
	{
		if (!i) {
			for (uint32_t k = 1; k < 3; k++) {
				store_relaxed(&array[k].says_size, 10 + k);
				RESIZE::write(&state, &array[k], 10 + k);
			}
		} else {
			for (unsigned int k = 0; k < 2; k++)
				RESIZE::read(&state);
		}
	}
};

struct by_seqcount {
	typedef struct seqcount::ct_resize state;

	static void write(state *s, struct ct_bucket_array *array, uint32_t size)
	{
		seqcount::resize_write_begin(s);
		seqcount::resize_publish(s, (struct ct_bucket *)array, size);
		seqcount::resize_write_end(s);
	}

	static void read(state *s)
	{
		struct seqcount::ct_view v = seqcount::resize_read_begin(s);

		RL_ASSERT(load_relaxed(&((struct ct_bucket_array *)v.buckets)->says_size) ==
			  v.size);
		seqcount::resize_read_end(s);
	}
};

struct by_rwlock {
	typedef struct rwlock::ct_resize state;

	static void write(state *s, struct ct_bucket_array *array, uint32_t size)
	{
		rwlock::resize_write_begin(s);
		rwlock::resize_publish(s, (struct ct_bucket *)array, size);
		rwlock::resize_write_end(s);
	}

	static void read(state *s)
	{
		struct rwlock::ct_view v = rwlock::resize_read_begin(s);

		RL_ASSERT(load_relaxed(&((struct ct_bucket_array *)v.buckets)->says_size) ==
			  v.size);
		rwlock::resize_read_end(s);
	}
};

/*
 * A walk that began before a resize, and finds nothing, is told so by resize_changed(): the node
 * that moves from the old array to the new one is found in the old one, or the change is seen.
 */
struct walk_meets_resize : rl::test_suite<walk_meets_resize, 2> {
	struct seqcount::ct_resize resize;
	litmus_atomic<uintptr_t> old_head, new_head;
	struct nf_conntrack_tuple_hash node;

	void before()
	{
		store_relaxed(&old_head, chain_end(0));
		store_relaxed(&new_head, chain_end(0));
		chain_add(&old_head, &node);
		seqcount::resize_write_begin(&resize);
		seqcount::resize_publish(&resize, (struct ct_bucket *)&old_head, 1);
		seqcount::resize_write_end(&resize);
	}

	void thread(unsigned int i)
	{
		if (!i) {
			seqcount::resize_write_begin(&resize);
			chain_del(&node);
			chain_add(&new_head, &node);
			seqcount::resize_publish(&resize, (struct ct_bucket *)&new_head, 1);
			seqcount::resize_write_end(&resize);
		} else {
			struct seqcount::ct_view v = seqcount::resize_read_begin(&resize);
			uintptr_t p = chain_load((litmus_atomic<uintptr_t> *)v.buckets);

			RL_ASSERT(!chain_is_end(p) || seqcount::resize_changed(&resize, &v));
		}
	}
};

/* --- flowline --- */

/* The key that is looked for; and whatever a search reads is an object. */
struct wanted {
	uint32_t key;
	const struct flow *objects;
};

static bool same_key(void *arg, struct flow *f, uint32_t)
{
	const struct wanted *w = (const struct wanted *)arg;

	RL_ASSERT(f >= w->objects);
	RL_ASSERT(load_relaxed(&f->key)); /* it was set before f came into the table */
	return load_relaxed(&f->key) == w->key;
}

/* What a bucket's test needs: two lines, objects, and a flow that stays. */
template <typename TEST, int THREADS> struct flow_test : rl::test_suite<TEST, THREADS> {
	struct fl_line lines[2];
	struct flow objects[FL_SLOTS + 3];
	struct flowline t;

	void put(unsigned int i, uint32_t hash)
	{
		struct fl_line *line = fl_lock(&t, hash);

		store_relaxed(&objects[i].key, i + 1);
		objects[i].hash = hash;
		fl_add(&t, line, hash, fl_ref(&t, &objects[i], 0), false);
		fl_unlock(line);
	}

	void del(unsigned int i)
	{
		struct fl_line *line = fl_lock(&t, objects[i].hash);

		RL_ASSERT(fl_del(&t, line, fl_ref(&t, &objects[i], 0)));
		fl_unlock(line);
	}

	bool has(unsigned int i, uint32_t hash)
	{
		struct wanted w = { i + 1, objects };
		uint32_t again = 0;

		return fl_find(&t, hash, same_key, &w, &again);
	}

	void begin(unsigned int filled)
	{
		t.lines = lines;
		t.origin = (char *)(objects - 1);
		store_relaxed(&t.depth, 0u);
		t.max_depth = 1;
		for (unsigned int i = 0; i < FL_SLOTS + 3; i++)
			store_relaxed(&objects[i].key, 0u);
		store_relaxed(&lines[0].meta, 1u << FL_DEPTH_SHIFT);
		for (unsigned int i = 0; i < filled; i++)
			put(i, (i + 1) << 16 | (i & 1));
	}
};

/* A tag that is seen leads to the object that it was stored for. */
struct flow_publish : flow_test<flow_publish, 2> {
	void before()
	{
		begin(0);
	}

	void thread(unsigned int i)
	{
		if (!i)
			put(0, 1 << 16);
		/* Often, since a search is shorter than an insertion. */
		for (unsigned int n = 0; i && n < 6; n++)
			has(0, 1 << 16);
	}
};

/* The same on a chain. */
struct flow_chain : flow_test<flow_chain, 2> {
	static const uint32_t hash = (FL_SLOTS + 1) << 16;

	void before()
	{
		begin(FL_SLOTS);
	}

	void thread(unsigned int i)
	{
		if (!i)
			put(FL_SLOTS, hash);
		for (unsigned int n = 0; i && n < 6; n++)
			has(FL_SLOTS, hash);
	}
};

/* A line is split, and joined, while a reader looks for what is there throughout. */
struct flow_resize : flow_test<flow_resize, 2> {
	void before()
	{
		begin(2);
	}

	void thread(unsigned int i)
	{
		if (!i) {
			fl_grow(&t);
			fl_shrink(&t);
		} else {
			RL_ASSERT(has(1, 2 << 16 | 1));
			RL_ASSERT(has(0, 1 << 16));
		}
	}
};

/* A chained object takes a slot that became free, while a reader looks for it. */
struct flow_unchain : flow_test<flow_unchain, 2> {
	void before()
	{
		begin(FL_SLOTS + 1);
	}

	void thread(unsigned int i)
	{
		if (!i)
			del(3);
		else
			RL_ASSERT(has(FL_SLOTS, (FL_SLOTS + 1) << 16 | (FL_SLOTS & 1)));
	}
};

/* Two writers and a splitter: nothing gets lost. */
struct flow_writers : flow_test<flow_writers, 3> {
	void before()
	{
		begin(1);
	}

	void thread(unsigned int i)
	{
		if (i == 0)
			fl_grow(&t);
		else
			put(i, (i + 1) << 16 | 1);
	}

	void after()
	{
		RL_ASSERT(has(0, 1 << 16) && has(1, 2 << 16 | 1) && has(2, 3 << 16 | 1));
	}
};

/* --- All of them --- */

template <typename TEST> static bool holds(unsigned int iterations)
{
	static std::ostream nobody(nullptr);
	rl::test_params params;

	params.iteration_count = iterations;
	params.execution_depth_limit = 100000;
	params.output_stream = params.progress_stream = &nobody;
	return rl::simulate<TEST>(params);
}

#define RELAXED rl::mo_relaxed, rl::mo_relaxed
#define ORDERED rl::mo_release, rl::mo_acquire
#define SEQ_CST rl::mo_seq_cst, rl::mo_seq_cst

static const struct {
	const char *name;
	bool (*run)(unsigned int iterations);
	unsigned int iterations;
	bool expected;
} tests[] = {
	{ "SB_relaxed", holds<store_buffering<RELAXED>>, 20000, false },
	{ "SB_release_acquire", holds<store_buffering<ORDERED>>, 20000, false },
	{ "SB_seq_cst", holds<store_buffering<SEQ_CST>>, 20000, true },
	{ "MP_relaxed", holds<message_passing<RELAXED>>, 20000, false },
	{ "MP_release_acquire", holds<message_passing<ORDERED>>, 20000, true },
	{ "LB_relaxed", holds<load_buffering>, 20000, true },
	{ "IRIW_release_acquire", holds<independent_reads<ORDERED>>, 50000, false },
	{ "IRIW_seq_cst", holds<independent_reads<SEQ_CST>>, 50000, true },
	{ "WRC_relaxed", holds<causality<RELAXED>>, 20000, false },
	{ "WRC_release_acquire", holds<causality<ORDERED>>, 20000, true },

	{ "spinlock", holds<spinlock_excludes>, 20000, true },
	{ "rwlock", holds<rwlock_excludes>, 20000, true },
	{ "all_locks", holds<all_locks_exclude>, 20000, true },
	{ "publish", holds<publish>, 20000, true },
	{ "unlink", holds<unlink_passes_on>, 50000, true },
	{ "nulls", holds<carried_away>, 20000, true },
	{ "reuse", holds<reuse>, 50000, true },
	{ "recheck", holds<recheck<1>>, 50000, true },
	{ "recheck_torn", holds<recheck<2>>, 50000, true },
	{ "last_reference", holds<last_reference>, 20000, true },
	{ "replace_seqcount", holds<replace<by_seqcount>>, 50000, true },
	{ "replace_rwlock", holds<replace<by_rwlock>>, 20000, true },
	{ "walk_resize", holds<walk_meets_resize>, 50000, true },
	{ "flowline_publish", holds<flow_publish>, 20000, true },
	{ "flowline_chain", holds<flow_chain>, 20000, true },
	{ "flowline_resize", holds<flow_resize>, 20000, true },
	{ "flowline_unchain", holds<flow_unchain>, 20000, true },
	{ "flowline_writers", holds<flow_writers>, 10000, true },
};

int main(int argc, char **argv)
{
	unsigned int wrong = 0, run = 0;

	for (const auto &t : tests) {
		bool wanted = argc < 2, ok;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], t.name);
		if (!wanted)
			continue;
		ok = t.run(t.iterations);
		printf("%-22s %s%s\n", t.name, ok ? "holds" : "fails",
		       ok == t.expected ? "" : "  WRONG");
		fflush(stdout);
		wrong += ok != t.expected;
		run++;
	}
	if (!run)
		fprintf(stderr, "litmus: no such test\n");
	return wrong || !run;
}
