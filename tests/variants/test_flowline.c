/* SPDX-License-Identifier: MIT */
/*
 * flowline alone, with objects that have nothing to do with conntrack: what
 * variants/frontier/README.md describes.  test_flowline.cmake compiles
 * flowline.c once more, with this adapter.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "harness/numbers/random.h"
#include "tests/fixture/cmocka.h"
#include "tests/variants/flowline_adapter.h"
#include "variants/frontier/flowline.h"

/* As many objects as a test may want; number i of the table is objects[i - 1]. */
#define OBJECTS 60000u
/* ThreadSanitizer takes ten times as long. */
#ifdef __SANITIZE_THREAD__
#define SCALE 10u
#else
#define SCALE 1u
#endif
#define RESIZED (20000u / SCALE) /* objects in a table that is resized */

static struct thing *objects;

static struct flowline table;

static bool match_key(void *arg, struct thing *o, uint32_t kind)
{
	(void)kind;
	return o->key == *(uint64_t *)arg;
}

static struct thing *find(uint64_t key, uint32_t hash)
{
	uint32_t again = 0, ref;

	urcu_bp_read_lock();
	ref = fl_find(&table, hash, match_key, &key, &again);
	urcu_bp_read_unlock();
	return ref ? fl_at(&table, ref) : NULL;
}

static void put(struct thing *o)
{
	struct fl_line *line;

	urcu_bp_read_lock();
	line = fl_lock(&table, o->hash);
	fl_add(&table, line, o->hash, fl_ref(&table, o, 0), false);
	fl_unlock(line);
	urcu_bp_read_unlock();
}

static bool del(struct thing *o)
{
	struct fl_line *line;
	bool was;

	urcu_bp_read_lock();
	line = fl_lock(&table, o->hash);
	was = fl_del(&table, line, fl_ref(&table, o, 0));
	fl_unlock(line);
	urcu_bp_read_unlock();
	return was;
}

static void make(struct thing *o, uint64_t key, uint32_t hash)
{
	o->key = key;
	o->hash = hash;
}

static uint32_t spread(uint64_t key)
{
	return (uint32_t)(splitmix64(&key) >> 32);
}

static int setup(void **state)
{
	(void)state;
	objects = aligned_alloc(64, OBJECTS * sizeof(*objects));
	if (!objects)
		return -1;
	memset((void *)objects, 0, OBJECTS * sizeof(*objects));
	return fl_init(&table, 0, 14, objects, FL_PAGES_4K, NULL);
}

static int teardown(void **state)
{
	(void)state;
	fl_destroy(&table);
	free(objects);
	return 0;
}

static void count_visits(void *arg, struct thing *o, uint32_t kind)
{
	(void)kind;
	o->seen++;
	++*(unsigned int *)arg;
}

/* Each of the first n objects is in the table exactly once, or not at all if it was removed. */
static void assert_holds(unsigned int n)
{
	unsigned int visits = 0, in = 0;

	for (unsigned int i = 0; i < n; i++)
		objects[i].seen = 0;
	for (uint32_t i = 0; i < fl_lines(&table); i++) {
		struct fl_line *line = fl_lock_at(&table, i);

		if (!line)
			continue;
		fl_visit(&table, line, count_visits, &visits);
		fl_unlock(line);
	}
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(objects[i].seen, !objects[i].out);
		assert_ptr_equal(find(objects[i].key, objects[i].hash),
				 objects[i].out ? NULL : &objects[i]);
		in += !objects[i].out;
	}
	assert_int_equal(visits, in);
}

/* One line accepts any number; those that do not fit are chained, and return into free slots. */
static void test_one_line(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		make(&objects[i], i, i << 16 | 0x8000);
		put(&objects[i]);
		assert_holds(i + 1);
	}
	assert_int_not_equal(table.lines[0].chain, 0);
	assert_int_not_equal(table.lines[0].filter, 0);
	for (unsigned int i = 0; i < 40; i++) {
		struct thing *o = &objects[i * 7 % 40];

		assert_true(del(o));
		o->out = true;
		assert_false(del(o));
		assert_holds(40);
		/* A slot that becomes free is refilled: no chain while there are slots. */
		assert_int_equal(table.lines[0].chain == 0, 40 - (i + 1) <= FL_SLOTS);
	}
	assert_int_equal(table.lines[0].chain, 0);
	assert_int_equal(table.lines[0].filter, 0);
}

/* Of several that match, the youngest is found, wherever slots were free. */
static void test_youngest_first(void **state)
{
	struct thing *in[64];
	unsigned int nr = 0, next = 0;
	uint64_t seed = 11;

	(void)state;
	for (unsigned int step = 0; step < 4000; step++) {
		uint64_t dice = splitmix64(&seed);

		if (nr < 24 && (dice & 1 || !nr)) {
			struct thing *o = &objects[next++];

			/* Three keys; all with one tag. */
			make(o, dice >> 8 & 3, 0x70000);
			put(o);
			in[nr++] = o;
		} else {
			unsigned int i = (unsigned int)(dice >> 8) % nr;

			assert_true(del(in[i]));
			memmove(&in[i], &in[i + 1], (nr - i - 1) * sizeof(in[0]));
			nr--;
		}
		for (uint64_t key = 0; key < 4; key++) {
			struct thing *youngest = NULL;

			for (unsigned int i = 0; i < nr; i++)
				if (in[i]->key == key)
					youngest = in[i];
			assert_ptr_equal(find(key, 0x70000), youngest);
		}
	}
}

/* Doubling and halving keep everything, and walks see it once. */
static void test_resize(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < RESIZED; i++) {
		/* Every tenth collides with others in all 32 bits. */
		make(&objects[i], i, i % 10 ? spread(i) : spread(i / 300));
		put(&objects[i]);
	}
	for (unsigned int i = 0; i < RESIZED; i += 3) {
		assert_true(del(&objects[i]));
		objects[i].out = true;
	}
	static const uint32_t depths[] = { 3, 12, 12, 5, 0, 14, 1, 10 };

	for (unsigned int i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		assert_int_equal(fl_resize(&table, depths[i]), 0);
		assert_int_equal(fl_lines(&table), 1u << depths[i]);
		assert_holds(RESIZED);
	}
	assert_int_equal(fl_resize(&table, 15), -EINVAL);
}

/* fl_guess() gives the same result as a search. */
static void test_guess(void **state)
{
	unsigned int sure = 0;

	(void)state;
	assert_int_equal(fl_resize(&table, 8), 0);
	for (unsigned int i = 0; i < 1500; i++) {
		make(&objects[i], i, spread(i));
		put(&objects[i]);
	}
	for (uint64_t key = 0; key < 6000; key++) {
		uint32_t guess = fl_guess(&table, spread(key), false);
		struct thing *o = find(key, spread(key));

		if (!guess)
			assert_null(o);
		sure += !guess && key >= 1500;
	}
	assert_true(sure > 4000);
}

/*
 * A reader that read the depth before a doubling uses a line that no longer serves its hash:
 * a miss there is not valid.
 */
static void test_stale_depth(void **state)
{
	(void)state;
	assert_int_equal(fl_resize(&table, 3), 0);
	assert_true(fl_miss_is_sure(&table, &table.lines[0], table.lines[0].meta, 0));
	assert_false(fl_miss_is_sure(&table, &table.lines[0], table.lines[0].meta, 1u << 2));
	assert_false(fl_hold(&table, &table.lines[0], 1u << 2));
	assert_int_equal(fl_resize(&table, 2), 0);
	assert_true(fl_miss_is_sure(&table, &table.lines[0], table.lines[0].meta, 1u << 2));
}

/* --- Side by side --- */

static _Atomic bool shrunk;

static void *shrinks(void *arg)
{
	(void)arg;
	atomic_store(&shrunk, !fl_resize(&table, 13));
	return NULL;
}

/* Lines stay readable for a reader that may have chosen one before they were joined. */
static void test_shrinking_waits(void **state)
{
	const struct fl_line *last = &table.lines[(1u << 14) - 1];
	pthread_t thread;

	(void)state;
	assert_int_equal(fl_resize(&table, 14), 0);
	urcu_bp_read_lock();
	assert_int_equal(pthread_create(&thread, NULL, shrinks, NULL), 0);
	while (atomic_load(&table.depth) == 14)
		usleep(100);
	usleep(20000); /* what it takes if it does not wait is some microseconds */
	assert_false(atomic_load(&shrunk));
	assert_int_equal(atomic_load(&last->meta) & FL_DEPTH_MASK, 0);
	urcu_bp_read_unlock();
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(atomic_load(&shrunk));
}

#define STAY (4000u / SCALE) /* in the table throughout */
#define CHURN \
	(20000u / \
	 SCALE)	 /* of each writer: inserted and removed once each, so that none is reused */
#define LIVE 64u /* of them at a time */

static _Atomic bool done;
static _Atomic unsigned int missed, found_absent, rounds, written;

static void *reader(void *arg)
{
	uint64_t seed = (uintptr_t)arg;

	while (!atomic_load_explicit(&done, memory_order_relaxed)) {
		for (unsigned int i = 0; i < 1000; i++) {
			uint64_t key = splitmix64(&seed) % STAY;

			if (find(key, spread(key)) != &objects[key])
				atomic_fetch_add(&missed, 1);
			if (find(key + OBJECTS, spread(key)))
				atomic_fetch_add(&found_absent, 1);
		}
		atomic_fetch_add(&rounds, 1);
	}
	return NULL;
}

/* A writer's objects, in the lines of those that stay. */
static void *writer(void *arg)
{
	const unsigned int first = STAY + (unsigned int)(uintptr_t)arg * CHURN;

	for (unsigned int i = first; i < first + CHURN + LIVE; i++) {
		if (i < first + CHURN) {
			make(&objects[i], OBJECTS * 2ull + i, spread(i % 300));
			put(&objects[i]);
		}
		if (i >= first + LIVE && !del(&objects[i - LIVE]))
			atomic_fetch_add(&missed, 1);
	}
	atomic_fetch_add(&written, 1);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	uint64_t seed = 3;

	(void)state;
	done = false;
	missed = found_absent = rounds = written = 0;
	for (unsigned int i = 0; i < STAY; i++) {
		make(&objects[i], i, spread(i));
		put(&objects[i]);
	}
	for (uintptr_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, reader, (void *)(i + 1)), 0);
		assert_int_equal(pthread_create(&threads[i + 2], NULL, writer, (void *)i), 0);
	}
	for (unsigned int i = 0; i < 60 / SCALE || rounds < 20 / SCALE || written < 2; i++)
		assert_int_equal(fl_resize(&table, (uint32_t)(splitmix64(&seed) % 12)), 0);
	atomic_store(&done, true);
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(missed, 0);
	assert_int_equal(found_absent, 0);
	assert_holds(STAY);
}

/* A table that asks for more than a line's meta can say, and one that gets no huge pages. */
static void test_limits(void **state)
{
	struct flowline t;
	char *hole;

	(void)state;
	assert_int_equal(fl_init(&t, FL_MAX_DEPTH + 1, 60, objects, FL_PAGES_4K, NULL), -ENOMEM);
	assert_int_equal(fl_init(&t, 15, 60, objects, FL_PAGES_4K, NULL), 0);
	assert_in_range(t.max_depth, 15, FL_MAX_DEPTH);
	assert_int_equal(fl_resize(&t, t.max_depth + 1), -EINVAL);

	hole = (char *)t.lines + (sizeof(struct fl_line) << 15);
	t.pages = FL_PAGES_HUGETLB;
	if (fl_resize(&t, 16)) { /* the usual case: an administrator sets huge pages aside */
		assert_int_equal(fl_lines(&t), 1u << 15);
		assert_ptr_equal(mmap(hole, 4096, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
				 MAP_FAILED);
		assert_int_equal(errno, EEXIST);
		t.pages = FL_PAGES_4K;
		assert_int_equal(fl_resize(&t, 16), 0);
	}
	fl_destroy(&t);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(test_one_line, setup, teardown),
	cmocka_unit_test_setup_teardown(test_youngest_first, setup, teardown),
	cmocka_unit_test_setup_teardown(test_resize, setup, teardown),
	cmocka_unit_test_setup_teardown(test_guess, setup, teardown),
	cmocka_unit_test_setup_teardown(test_stale_depth, setup, teardown),
	cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	cmocka_unit_test_setup_teardown(test_shrinking_waits, setup, teardown),
	cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
};
CT_TEST_MAIN(tests, NULL, NULL)
