/* SPDX-License-Identifier: MIT */
/* How (table, size) is read and replaced, for litmus.cc. */

/* The part of a table's array that a reader uses. */
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
 * A node moves from the old array to the new one during a resize.  A walk that began before either
 * finds it in the old array, or resize_changed() returns true.
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

/*
 * The same for a reader that stands on the first node when it moves, and looks for the second: the
 * link that carries it into the new chain tells it of the resize, too (chain_add()).
 */
struct resize_carries_walk : rl::test_suite<resize_carries_walk, 2> {
	struct seqcount::ct_resize resize;
	litmus_atomic<uintptr_t> old_head, new_head[2];
	struct nf_conntrack_tuple_hash first, second;

	void before()
	{
		store_relaxed(&old_head, chain_end(0));
		for (unsigned int i = 0; i < 2; i++)
			store_relaxed(&new_head[i], chain_end(0));
		chain_add(&old_head, &second);
		chain_add(&old_head, &first);
		seqcount::resize_write_begin(&resize);
		seqcount::resize_publish(&resize, (struct ct_bucket *)&old_head, 1);
		seqcount::resize_write_end(&resize);
	}

	void thread(unsigned int i)
	{
		struct seqcount::ct_view v;
		bool found = false;

		if (!i) {
			seqcount::resize_write_begin(&resize);
			chain_del(&first);
			chain_add(&new_head[0], &first);
			chain_del(&second);
			chain_add(&new_head[1], &second);
			seqcount::resize_publish(&resize, (struct ct_bucket *)new_head, 2);
			seqcount::resize_write_end(&resize);
			return;
		}
		v = seqcount::resize_read_begin(&resize);
		if (v.size != 1)
			return;
		for (uintptr_t p = chain_load(&old_head); !chain_is_end(p) && !found;) {
			found = chain_entry(p) == &second;
			p = chain_load(&chain_entry(p)->hnnode.next);
		}
		RL_ASSERT(found || seqcount::resize_changed(&resize, &v));
	}
};
