/* SPDX-License-Identifier: MIT */
/* The check of the lock order (core/lock_order.h): accepted orders, and violations. */
#undef CT_LOCK_ORDER
#define CT_LOCK_ORDER 1

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mutex.h"
#include "core/spinlock.h"
#include "tests/fixture/cmocka.h"

static spinlock_t locks[40];
static rwlock_t rw;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* --- Accepted --- */

static void every_rank(void)
{
	mutex_lock(&mutex, CT_LOCK_RESIZE);
	lock_order_wait(CT_LOCK_RESIZE, "waits");
	read_lock(&rw);
	for (int i = CT_LOCK_ALL; i < CT_LOCK_RANKS; i++)
		spin_lock(&locks[i], (enum ct_lock_rank)i);
	/* not in the reverse order, which is allowed */
	read_unlock(&rw);
	for (int i = CT_LOCK_ALL; i < CT_LOCK_RANKS; i++)
		spin_unlock(&locks[i]);
	mutex_unlock(&mutex);
	lock_order_none("ends");
}

/* More than the check remembers. */
static void every_bucket(void)
{
	for (unsigned int round = 0; round < 2; round++) {
		write_lock(&rw);
		for (size_t i = 0; i < ARRAY_SIZE(locks); i++)
			spin_lock(&locks[i], CT_LOCK_BUCKET);
		for (size_t i = 0; i < ARRAY_SIZE(locks); i++)
			spin_unlock(&locks[i]);
		write_unlock(&rw);
		lock_order_none("ends");
	}
}

static void takes_first(void)
{
	spin_lock(&locks[0], CT_LOCK_BUCKET);
	spin_unlock(&locks[0]);
}

static void another_thread(void)
{
	spin_lock(&locks[1], CT_LOCK_BUCKET);
	ct_lock_order_apart(takes_first);
	spin_unlock(&locks[1]);
	lock_order_none("ends");
}

/* --- Violations, which end the process --- */

static void descending(void)
{
	spin_lock(&locks[1], CT_LOCK_BUCKET);
	spin_lock(&locks[0], CT_LOCK_BUCKET);
}

static void descending_after_release(void)
{
	spin_lock(&locks[0], CT_LOCK_BUCKET);
	spin_lock(&locks[2], CT_LOCK_BUCKET);
	spin_unlock(&locks[0]);
	spin_lock(&locks[1], CT_LOCK_BUCKET);
}

/* As a writer that finds the flag of all locks set, behind its first lock. */
static void all_under_one(void)
{
	spin_lock(&locks[0], CT_LOCK_BUCKET);
	spin_lock(&locks[1], CT_LOCK_ALL);
}

static void twice(void)
{
	lock_order_take(&locks[0], CT_LOCK_BUCKET);
	lock_order_take(&locks[0], CT_LOCK_BUCKET);
}

static void reader_twice(void)
{
	read_lock(&rw);
	read_lock(&rw);
}

static void reader_writes(void)
{
	read_lock(&rw);
	write_lock(&rw);
}

static void two_connections(void)
{
	spin_lock(&locks[0], CT_LOCK_CONN);
	spin_lock(&locks[1], CT_LOCK_CONN);
}

static void lock_under_leaf(void)
{
	spin_lock(&locks[0], CT_LOCK_LEAF);
	spin_lock(&locks[1], CT_LOCK_CONN);
}

static void mutex_under_lock(void)
{
	spin_lock(&locks[0], CT_LOCK_BUCKET);
	mutex_lock(&mutex, CT_LOCK_RESIZE);
}

static void not_held(void)
{
	locks[0].locked = 1;
	spin_unlock(&locks[0]);
}

static void grace_period_under_lock(void)
{
	spin_lock(&locks[0], CT_LOCK_BUCKET);
	lock_order_wait(CT_LOCK_RESIZE, "waits");
}

static void left_behind(void)
{
	spin_lock(&locks[0], CT_LOCK_BUCKET);
	spin_lock(&locks[1], CT_LOCK_BUCKET);
	spin_unlock(&locks[0]);
	lock_order_none("ends");
}

static void apart_left_behind(void)
{
	ct_lock_order_apart(left_behind);
}

/* The signal that ended a process that calls fn, or 0. */
static int ends(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		alarm(20); /* a lock that is taken twice waits for itself */
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_right(void **state)
{
	(void)state;
	assert_int_equal(ends(every_rank), 0);
	assert_int_equal(ends(every_bucket), 0);
	assert_int_equal(ends(another_thread), 0);
}

static void test_wrong(void **state)
{
	static void (*const wrong[])(void) = {
		descending,
		descending_after_release,
		all_under_one,
		twice,
		reader_twice,
		reader_writes,
		two_connections,
		lock_under_leaf,
		mutex_under_lock,
		not_held,
		left_behind,
		apart_left_behind,
		grace_period_under_lock,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (ends(wrong[i]) != SIGABRT)
			fail_msg("violation %zu passes", i);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
