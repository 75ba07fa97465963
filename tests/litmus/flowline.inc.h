/* SPDX-License-Identifier: MIT */
/* flowline's memory orders, for litmus.cc. */

/* The key to find.  Every object that a search reads is valid. */
struct wanted {
	uint32_t key;
	const struct flow *objects;
};

static bool same_key(void *arg, struct flow *f, uint32_t)
{
	const struct wanted *w = (const struct wanted *)arg;

	RL_ASSERT(f >= w->objects);
	RL_ASSERT(load_relaxed(&f->key)); /* set before f was inserted */
	return load_relaxed(&f->key) == w->key;
}

/* What the tests of a bucket share: two lines, objects, and a flow that is never removed. */
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

/* A reader that sees a tag finds the object for which the tag was stored. */
struct flow_publish : flow_test<flow_publish, 2> {
	void before()
	{
		begin(0);
	}

	void thread(unsigned int i)
	{
		if (!i)
			put(0, 1 << 16);
		/* Several searches, because one is shorter than an insertion. */
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

/* A line is split and joined while a reader looks for a flow that is there all the time. */
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

/*
 * An object moves to the chain of another line while a reader passes it on the way to the next
 * object.
 */
struct flow_reuse : flow_test<flow_reuse, 2> {
	void chain(unsigned int i, uint32_t line)
	{
		store_relaxed(&objects[i].key, i + 1);
		objects[i].hash = 1 << 16 | line;
		fl_lock(&t, line);
		fl_chain(&t, &lines[line], 1, fl_ref(&t, &objects[i], 0));
		fl_unlock(&lines[line]);
	}

	void before()
	{
		begin(0);
		store_relaxed(&t.depth, 1u);
		for (unsigned int i = 0; i < 2; i++)
			store_relaxed(&lines[i].meta, 2u << FL_DEPTH_SHIFT);
		chain(0, 0);
		chain(1, 0);
	}

	void thread(unsigned int i)
	{
		if (!i) {
			del(1);
			chain(1, 1);
		} else {
			RL_ASSERT(has(0, 1 << 16));
		}
	}
};

/* Two writers and one thread that splits: no object is lost. */
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
