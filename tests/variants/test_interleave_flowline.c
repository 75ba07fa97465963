/* SPDX-License-Identifier: MIT */
/*
 * flowline, whose readers take no lock: interleavings between the steps of a reader, a writer and
 * a resize.  See race.h.
 */
#include "tests/fixture/race.h"

#define FL_POINT(name) race_at(name)
#define FL_REUSES      1
#define FL_ADAPTER     "tests/variants/flowline_adapter.h"
#include "variants/frontier/flowline.c"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "tests/fixture/cmocka.h"

#define OBJECTS 64u
/* Bit 0 of a hash chooses the line after the first split; the tag is the upper half. */
#define HASH(tag, line) ((uint32_t)(tag) << 16 | (line))

static struct flowline table;
static struct thing *objects;
static unsigned int nr;

static uint64_t last_key;

static void put_object(struct thing *o, uint32_t hash)
{
	struct fl_line *line;

	o->key = ++last_key;
	o->hash = hash;
	o->out = false;
	urcu_bp_read_lock();
	line = fl_lock(&table, hash);
	fl_add(&table, line, hash, fl_ref(&table, o, 0), false);
	fl_unlock(line);
	urcu_bp_read_unlock();
}

static struct thing *put(uint32_t hash)
{
	put_object(&objects[nr], hash);
	return &objects[nr++];
}

static void del(struct thing *o)
{
	struct fl_line *line = fl_lock(&table, o->hash);

	assert_true(fl_del(&table, line, fl_ref(&table, o, 0)));
	fl_unlock(line);
	o->out = true;
}

static bool match_key(void *arg, struct thing *o, uint32_t kind)
{
	(void)kind;
	return o->key == *(uint64_t *)arg;
}

static uint32_t again;

static struct thing *find(const struct thing *o)
{
	uint64_t key = o->key;
	uint32_t ref;

	again = 0;
	urcu_bp_read_lock();
	ref = fl_find(&table, o->hash, match_key, &key, &again);
	urcu_bp_read_unlock();
	return ref ? fl_at(&table, ref) : NULL;
}

static int open_table(void **state)
{
	(void)state;
	nr = 0;
	objects = calloc(OBJECTS, sizeof(*objects));
	return objects ? fl_init(&table, 0, 4, objects, FL_PAGES_4K, NULL) : -1;
}

/* After every interleaving: each object is found or was removed, and no line is locked. */
static int close_table(void **state)
{
	(void)state;
	race_over();
	for (unsigned int i = 0; i < nr; i++)
		assert_ptr_equal(find(&objects[i]), objects[i].out ? NULL : &objects[i]);
	for (uint32_t i = 0; i < fl_lines(&table); i++)
		assert_false(atomic_load(&table.lines[i].meta) & (FL_LOCKED | FL_MOVE));
	fl_destroy(&table);
	free(objects);
	return 0;
}

static void split(void)
{
	assert_int_equal(fl_resize(&table, atomic_load(&table.depth) + 1), 0);
}

/* Halving waits for readers at its end, so another thread does it; until it only waits. */
static pthread_t halver;

static void *halve_thread(void *arg)
{
	(void)arg;
	fl_resize(&table, atomic_load(&table.depth) - 1);
	return NULL;
}

static void halve(void)
{
	const struct timespec nap = { .tv_nsec = 100000 };
	const uint32_t depth = atomic_load(&table.depth);

	assert_int_equal(pthread_create(&halver, NULL, halve_thread, NULL), 0);
	while (atomic_load(&table.depth) == depth)
		nanosleep(&nap, NULL);
}

/* --- Readers --- */

/* The reader's line is split before it looks: the object is in the other half. */
static void test_split_under_reader(void **state)
{
	struct thing *o = put(HASH(7, 1));

	(void)state;
	race_arm(FL_READER_HAS_LINE, 0, split);
	assert_ptr_equal(find(o), o);
	assert_true(race_over());
	assert_int_equal(again, 1);
}

/* And joined: the object is in the line below. */
static void test_join_under_reader(void **state)
{
	struct thing *o = put(HASH(7, 1));

	(void)state;
	split();
	race_arm(FL_READER_HAS_LINE, 0, halve);
	assert_ptr_equal(find(o), o);
	assert_true(race_over());
	pthread_join(halver, NULL);
}

/* A guess for a burst must return FL_UNSURE then. */
static void test_split_under_guess(void **state)
{
	struct thing *o = put(HASH(7, 1));

	(void)state;
	race_arm(FL_TAGS_READ, 0, split);
	assert_int_equal(fl_guess(&table, HASH(8, 1), false), FL_UNSURE);
	assert_true(race_over());
	assert_ptr_equal(find(o), o);
}

/* Slots are full, the object sought is on the chain: a slot becomes free, and it moves there. */
static struct thing *in_slot;

static void free_a_slot(void)
{
	del(in_slot);
}

static void test_moves_from_chain_to_slot(void **state)
{
	struct thing *o;

	(void)state;
	for (unsigned int i = 0; i < FL_SLOTS; i++)
		in_slot = put(HASH(100 + i, 0));
	o = put(HASH(7, 0));
	assert_int_not_equal(atomic_load(&table.lines[0].chain), 0);
	race_arm(FL_TAGS_READ, 0, free_a_slot);
	assert_ptr_equal(find(o), o);
	assert_true(race_over());
	assert_int_equal(atomic_load(&table.lines[0].chain), 0);
	assert_int_equal(again, 1);
}

/* The reader stands on an object of the chain that moves into a slot: its link still leads on. */
static void test_moves_under_reader(void **state)
{
	struct thing *o;

	(void)state;
	for (unsigned int i = 0; i < FL_SLOTS; i++)
		in_slot = put(HASH(100 + i, 0));
	o = put(HASH(7, 0));
	put(HASH(7 + 16, 0)); /* before it on the chain; and in its bit of the filter */
	race_arm(FL_CHAIN_STEP, 0, free_a_slot);
	assert_ptr_equal(find(o), o);
	assert_true(race_over());
}

/* The reader stands on an object that a split takes to the chain of the other half. */
static void test_split_carries_reader_away(void **state)
{
	struct thing *o;

	(void)state;
	o = put(HASH(7, 0)); /* the oldest: the last of the chain, once it is there */
	for (unsigned int i = 0; i < 2 * FL_SLOTS; i++)
		put(HASH(7, 1));
	for (unsigned int i = 0; i < FL_SLOTS; i++)
		put(HASH(100 + i, 0));
	assert_int_not_equal(atomic_load(&table.lines[0].chain), 0);
	race_arm(FL_CHAIN_STEP, 0, split);
	assert_ptr_equal(find(o), o);
	assert_true(race_over());
}

/* The reader stands on an object that is removed, and then is on the chain of another line. */
static struct thing *reused;

static void reuse(void)
{
	del(reused);
	put_object(reused, HASH(7 + 16, 1));
}

static void test_reused_under_reader(void **state)
{
	struct thing *o;

	(void)state;
	split();
	for (unsigned int i = 0; i < 2 * FL_SLOTS; i++)
		put(HASH(100 + i, i & 1));
	o = put(HASH(7, 0));
	reused = put(HASH(7 + 16, 0));
	race_arm(FL_CHAIN_STEP, 0, reuse);
	assert_ptr_equal(find(o), o);
	assert_true(race_over());
	assert_int_equal(again, 1);
	assert_ptr_equal(fl_at(&table, (uint32_t)atomic_load(&table.lines[1].chain)), reused);
}

/* The slot is given to another object with that tag, and then to one with another. */
static void replace_in_slot(void)
{
	del(in_slot);
	put(in_slot->hash);
}

static void test_slot_changes_hands(void **state)
{
	(void)state;
	in_slot = put(HASH(7, 0));
	race_arm(FL_TAGS_READ, 0, replace_in_slot);
	assert_null(find(in_slot));
	assert_true(race_over());
}

/* --- Writers --- */

static void test_split_under_writer(void **state)
{
	(void)state;
	for (uint32_t line = 0; line < 2; line++) {
		race_arm(FL_WRITER_HAS_LINE, 0, split);
		put(HASH(7, 2 + line)); /* at the second time bit 1 counts */
		assert_true(race_over());
	}
}

static void test_join_under_writer(void **state)
{
	(void)state;
	split();
	race_arm(FL_WRITER_HAS_LINE, 0, halve);
	put(HASH(7, 1));
	assert_true(race_over());
	pthread_join(halver, NULL);
}

static void lock_two(uint32_t hash_a, uint32_t hash_b, uint32_t line_a, uint32_t line_b)
{
	struct fl_line *a, *b;

	urcu_bp_read_lock();
	fl_lock_two(&table, hash_a, hash_b, &a, &b);
	assert_true(race_over());
	assert_ptr_equal(a, &table.lines[line_a]);
	assert_ptr_equal(b, &table.lines[line_b]);
	assert_true(atomic_load(&a->meta) & atomic_load(&b->meta) & FL_LOCKED);
	fl_unlock(a);
	if (a != b)
		fl_unlock(b);
	urcu_bp_read_unlock();
}

/* The line of two hashes becomes two, or their two lines one, before they are locked. */
static void test_resize_under_two_locks(void **state)
{
	(void)state;
	race_arm(FL_WRITER_HAS_LINE, 0, split);
	lock_two(HASH(7, 0), HASH(8, 1), 0, 1);
	race_arm(FL_WRITER_HAS_LINE, 0, halve);
	lock_two(HASH(7, 0), HASH(8, 1), 0, 0);
	pthread_join(halver, NULL);
	race_arm(FL_WRITER_HAS_LINE, 0, split);
	lock_two(HASH(7, 1), HASH(8, 0), 1, 0);
}

/* A resize waits for the line that a writer has, and the second lock is had meanwhile. */
static void begin_to_halve(void)
{
	const struct timespec while_it_could = { .tv_nsec = 20000000 };

	assert_int_equal(pthread_create(&halver, NULL, halve_thread, NULL), 0);
	nanosleep(&while_it_could, NULL);
	assert_int_equal(atomic_load(&table.depth), 1);
}

static void test_resize_waits_for_writer(void **state)
{
	(void)state;
	split();
	race_arm(FL_WRITER_HAS_ONE, 0, begin_to_halve);
	lock_two(HASH(7, 0), HASH(8, 1), 0, 1);
	pthread_join(halver, NULL);
	assert_int_equal(fl_lines(&table), 1);
}

/* --- Between the steps of a resize --- */

static _Atomic bool in_the_middle, looked;

static void stand_still(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	atomic_store(&in_the_middle, true);
	for (unsigned int i = 0; i < 5000 && !atomic_load(&looked); i++)
		nanosleep(&nap, NULL);
}

static void *standing_thread(void *arg)
{
	const bool join = arg;

	race_arm(join ? FL_CHILD_JOINED : FL_CHILD_SPLIT, 0, stand_still);
	assert_int_equal(fl_resize(&table, join ? 0 : 1), 0);
	return NULL;
}

/*
 * While one line is neither one nor two, readers find all in it without waiting; but not what a
 * join has taken from the upper half, for a moment.
 */
static void test_find_amid_resize(void **state)
{
	const struct timespec nap = { .tv_nsec = 100000 };
	pthread_t thread;

	(void)state;
	for (unsigned int i = 0; i < 3 * FL_SLOTS; i++)
		put(HASH(7 + i / 5, i & 1));
	for (unsigned int join = 0; join < 2; join++) {
		atomic_store(&in_the_middle, false);
		atomic_store(&looked, false);
		assert_int_equal(
			pthread_create(&thread, NULL, standing_thread, join ? &table : NULL), 0);
		while (!atomic_load(&in_the_middle))
			nanosleep(&nap, NULL);
		for (unsigned int i = 0; i < nr; i++) {
			if (join && objects[i].hash & 1)
				continue;
			assert_ptr_equal(find(&objects[i]), &objects[i]);
			assert_int_equal(again, 0);
		}
		atomic_store(&looked, true);
		pthread_join(thread, NULL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)
static const struct CMUnitTest tests[] = {
	TEST(test_split_under_reader),	    TEST(test_join_under_reader),
	TEST(test_split_under_guess),	    TEST(test_moves_from_chain_to_slot),
	TEST(test_moves_under_reader),	    TEST(test_split_carries_reader_away),
	TEST(test_slot_changes_hands),	    TEST(test_split_under_writer),
	TEST(test_join_under_writer),	    TEST(test_resize_under_two_locks),
	TEST(test_resize_waits_for_writer), TEST(test_find_amid_resize),
	TEST(test_reused_under_reader),
};
CT_TEST_MAIN(tests, NULL, NULL)
