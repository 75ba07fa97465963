/* SPDX-License-Identifier: MIT */
/* Textbook tests with known answers, for litmus.cc: is the verifier right? */

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

/* Message passing: may a thread see the flag but not what was written before it? */
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

/* Write to read causality: does a thread's store carry what that thread had seen? */
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
