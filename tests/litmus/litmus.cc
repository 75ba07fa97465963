/* SPDX-License-Identifier: MIT */
/*
 * Memory orders, checked by a verifier of the C++ memory model (shim.h).  The code under test is
 * the headers of the axes themselves.  First come textbook tests with known answers, which show
 * that the verifier is right; then one test for each order that the tables rely on.
 *
 *	litmus [NAME ...]
 *
 * The verifier runs the threads of a test one at a time, in another interleaving each time, and
 * lets a load return any value that the model allows.  It does not reorder a store before an
 * earlier load of the same thread, so it cannot show load buffering (LB), which no known CPU shows
 * either for the orders used here.
 */
#include "shim.h"

/* All threads of the verifier run in one thread, so core/lock_order.h cannot tell them apart. */
#undef CT_LOCK_ORDER
#define CT_LOCK_ORDER 0

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

/* The parts of a connection that references and the recheck axis use. */
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
#define FL_REUSES  1
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

#include "textbook.inc.h"

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
		spin_lock(&lock, CT_LOCK_LEAF);
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

/* A reader sees only complete nodes (chain_add(), chain_load()). */
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
 * Unlinking must keep the order that adding gave: one thread adds a node, another adds and removes
 * a node before it, and a reader reaches the first node through the link that the removal wrote.
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
			spin_lock(&lock, CT_LOCK_LEAF);
			store_relaxed(&first.key, 7u);
			chain_add(&head, &first);
			spin_unlock(&lock);
		} else if (i == 1) {
			spin_lock(&lock, CT_LOCK_LEAF);
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
 * A node moves to another chain while a reader is on it.  The end marker shows the move, so a
 * reader that reaches the end of its own chain has seen every node that was there all the time.
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

/*
 * A node is removed and comes back to the head of the same chain, where another thread has added
 * one meanwhile; a reader stands on it.  Both have the memory of earlier nodes of that chain, so
 * nothing but the order of stores keeps the reader from an end that is out of date.
 */
struct comes_back : rl::test_suite<comes_back, 3> {
	litmus_atomic<uintptr_t> head;
	spinlock_t lock;
	struct nf_conntrack_tuple_hash moves, stays, other;

	void before()
	{
		store_relaxed(&head, chain_end(0));
		store_relaxed(&other.hnnode.next, chain_end(0)); /* as the only one, once */
		store_relaxed(&stays.key, 1u);
		chain_add(&head, &stays);
		chain_add(&head, &moves);
	}

	void thread(unsigned int i)
	{
		bool found = false;
		uintptr_t p;

		if (i == 0) {
			spin_lock(&lock, CT_LOCK_LEAF);
			chain_add(&head, &other);
			spin_unlock(&lock);
		} else if (i == 1) {
			spin_lock(&lock, CT_LOCK_LEAF);
			chain_del(&moves);
			spin_unlock(&lock);
			spin_lock(&lock, CT_LOCK_LEAF);
			chain_add(&head, &moves);
			spin_unlock(&lock);
		} else {
			for (p = chain_load(&head); !chain_is_end(p) && !found;) {
				found = load_relaxed(&chain_entry(p)->key) == 1;
				p = chain_load(&chain_entry(p)->hnnode.next);
			}
			RL_ASSERT(found || !chain_end_is_ours(p, 0));
		}
	}
};

/* --- References --- */

/*
 * Type-stable memory is reused while a reader takes a reference to the old connection: if the key
 * is unchanged after the reference was taken, it is still the old connection.
 */
struct reuse : rl::test_suite<reuse, 2> {
	struct nf_conn ct;
	int life; /* what happened: for the check only, not shared memory of the test */

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
 * The same with recheck/incarnation.h: a reader looks for the first connection's key, or for a key
 * that mixes both connections' and never existed.
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
		/* Otherwise the second connection would rarely end before the reader begins. */
		for (unsigned int n = rl::rand(16); n; n--)
			load_relaxed(&nothing);
		if (!recheck_equal(&ct, &ct, &f, &seen) || !refcount_inc_not_zero(&ct.use))
			return;
		if (recheck_same(&ct, &ct, &f, seen))
			RL_ASSERT(life == 1 && REST == 1);
		refcount_dec_and_test(&ct.use);
	}
};

/* The thread that drops the last reference frees the memory after all uses by other threads. */
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

#include "table_size.inc.h"

#include "flowline.inc.h"

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
	{ "nulls_again", holds<comes_back>, 50000, true },
	{ "reuse", holds<reuse>, 50000, true },
	{ "recheck", holds<recheck<1>>, 50000, true },
	{ "recheck_torn", holds<recheck<2>>, 50000, true },
	{ "last_reference", holds<last_reference>, 20000, true },
	{ "replace_seqcount", holds<replace<by_seqcount>>, 50000, true },
	{ "replace_rwlock", holds<replace<by_rwlock>>, 20000, true },
	{ "walk_resize", holds<walk_meets_resize>, 50000, true },
	{ "carried_resize", holds<resize_carries_walk>, 50000, true },
	{ "flowline_publish", holds<flow_publish>, 20000, true },
	{ "flowline_chain", holds<flow_chain>, 20000, true },
	{ "flowline_resize", holds<flow_resize>, 20000, true },
	{ "flowline_unchain", holds<flow_unchain>, 20000, true },
	{ "flowline_reuse", holds<flow_reuse>, 20000, true },
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
