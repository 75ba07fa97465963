/* SPDX-License-Identifier: MIT */
/*
 * Pinning plans on made-up machines (hwloc's synthetic topologies),
 * and pins on the machine that the test runs on.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "harness/machine/topology_internal.h"
#include "tests/fixture/cmocka.h"

/* 16 CPUs; neighbours in number are neighbours in the machine. */
#define TWO_SOCKETS "package:2 l3:2 core:2 pu:2"

struct fake {
	struct topology_view view;
	hwloc_bitmap_t allowed;
};

static void fake_open(struct fake *f, const char *description, const char *allowed)
{
	assert_int_equal(hwloc_topology_init(&f->view.topology), 0);
	assert_int_equal(hwloc_topology_set_synthetic(f->view.topology, description), 0);
	assert_int_equal(hwloc_topology_load(f->view.topology), 0);
	f->allowed = hwloc_bitmap_dup(hwloc_topology_get_topology_cpuset(f->view.topology));
	if (allowed)
		hwloc_bitmap_list_sscanf(f->allowed, allowed);
	f->view.allowed = f->allowed;
}

static void fake_close(struct fake *f)
{
	hwloc_bitmap_free(f->allowed);
	hwloc_topology_destroy(f->view.topology);
}

/* A plan as text: "0 8 4 12", or the sentence of its error. */
static const char *plan(const char *machine, const char *allowed, enum pin_policy policy,
			const char *list, unsigned int threads, bool oversubscribe)
{
	static char text[1100];
	unsigned int cpus[64];
	struct ct_error e = { 0 };
	struct fake f;
	int err, n = 0;

	fake_open(&f, machine, allowed);
	err = topology_plan_in(&f.view, policy, list, threads, oversubscribe, cpus, &e);
	fake_close(&f);
	if (err) {
		assert_int_equal(err, -EINVAL);
		assert_int_equal(e.status, CT_EXIT_USER);
		return strcpy(text, e.text);
	}
	assert_int_equal(e.status, 0);
	for (unsigned int i = 0; i < threads; i++)
		n += sprintf(text + n, i ? " %u" : "%u", cpus[i]);
	return text;
}

#define assert_in(text, part) \
	do { \
		const char *text_ = (text); \
		if (!strstr(text_, part)) \
			fail_msg("'%s' is not in: %s", part, text_); \
	} while (0)

static void compact_fills_cores(void **state)
{
	(void)state;
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_COMPACT, NULL, 5, false), "0 1 2 3 4");
	/* Numbered as firmware often does: first threads of all cores first. */
	assert_string_equal(plan("package:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)", NULL,
				 PIN_COMPACT, NULL, 8, false),
			    "0 4 1 5 2 6 3 7");
}

static void scatter_shares_least(void **state)
{
	(void)state;
	/* packages, then last-level caches, then cores, and hardware threads of one core last */
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_SCATTER, NULL, 16, false),
			    "0 8 4 12 2 10 6 14 1 9 5 13 3 11 7 15");
	assert_string_equal(plan("package:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)", NULL,
				 PIN_SCATTER, NULL, 5, false),
			    "0 2 1 3 4");
	/* NUMA nodes inside a package count as well */
	assert_string_equal(
		plan("package:2 group:2 [numa] core:4 pu:1", NULL, PIN_SCATTER, NULL, 5, false),
		"0 8 4 12 1");
}

/* One core of the first package and four of the second remain: its sibling comes last, although its
 * package is emptier. */
static void scatter_lopsided(void **state)
{
	(void)state;
	assert_string_equal(plan(TWO_SOCKETS, "0,1,8,10,12,14", PIN_SCATTER, NULL, 6, false),
			    "0 8 12 10 14 1");
}

static void core_takes_one_of_each(void **state)
{
	(void)state;
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_CORE, NULL, 8, false),
			    "0 2 4 6 8 10 12 14");
	assert_string_equal(plan(TWO_SOCKETS, "1,3,4-7", PIN_CORE, NULL, 4, false), "1 3 4 6");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_CORE, NULL, 9, false), "gives 8");
	assert_string_equal(plan(TWO_SOCKETS, "0-3", PIN_CORE, NULL, 3, true), "0 2 0");
}

static void llc_takes_one_of_each(void **state)
{
	(void)state;
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_LLC, NULL, 4, false), "0 4 8 12");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_LLC, NULL, 5, false), "gives 4");
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_LLC, NULL, 6, true), "0 4 8 12 0 4");
	/* the outermost cache is meant */
	assert_string_equal(plan("package:2 l3:2 l2:2 core:1 pu:2", NULL, PIN_LLC, NULL, 4, false),
			    "0 4 8 12");
	/* only inner caches: the outermost of them counts; an instruction cache does not */
	assert_string_equal(plan("package:1 l2:2 l1i:2 core:1 pu:1", NULL, PIN_LLC, NULL, 2, false),
			    "0 2");
	/* no caches known, as on some virtual machines */
	assert_string_equal(plan("package:2 core:4 pu:1", NULL, PIN_LLC, NULL, 2, false), "0 4");
}

static void list_is_kept_in_order(void **state)
{
	(void)state;
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_LIST, "3,0,5-7", 5, false), "3 0 5 6 7");
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_LIST, "7-5,9", 4, false), "7 6 5 9");
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_LIST, "3,0,5-7", 2, false), "3 0");
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_LIST, "3,0", 5, true), "3 0 3 0 3");
	assert_string_equal(plan(TWO_SOCKETS, NULL, PIN_LIST, "3,3", 2, true), "3 3");
}

static void lists_that_are_wrong(void **state)
{
	static const char *const bad[] = { "",	    ",",	  "1,",
					   ",1",    "1,,2",	  "x",
					   "1 2",   "1-",	  "-1",
					   "1-x",   "1;2",	  "0x1",
					   "1-2-3", "4294967296", "99999999999999999999999",
					   "1, 2" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_in(plan(TWO_SOCKETS, NULL, PIN_LIST, bad[i], 1, false), "not a list");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_LIST, NULL, 1, false), "not a list");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_LIST, "3,16", 2, false), "CPU 16");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_LIST, "0-2147483647", 2, false), "CPU 16,");
	assert_in(plan(TWO_SOCKETS, "0-3,8", PIN_LIST, "3,4", 2, false), "CPU 4");
	assert_in(plan(TWO_SOCKETS, "0-3,8", PIN_LIST, "3,4", 2, false), "0-3,8");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_LIST, "3,3", 2, false), "CPU 3 ");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_LIST, "3", 2, false), "'3' names 1 ");
}

static void numbers_of_threads(void **state)
{
	(void)state;
	assert_in(plan(TWO_SOCKETS, NULL, PIN_COMPACT, NULL, 0, false), "0 threads");
	assert_in(plan(TWO_SOCKETS, NULL, PIN_COMPACT, NULL, 17, false), " 16 CPUs");
	assert_in(plan(TWO_SOCKETS, "5", PIN_SCATTER, NULL, 2, false), " 1 CPU:");
	assert_in(plan(TWO_SOCKETS, "5", PIN_SCATTER, NULL, 2, false), "oversubscribe");
	assert_string_equal(plan(TWO_SOCKETS, "5,6", PIN_SCATTER, NULL, 5, true), "5 6 5 6 5");
	assert_in(plan(TWO_SOCKETS, "63", PIN_COMPACT, NULL, 1, false), "none of");
}

static void plans_begin_alike(void **state)
{
	static const char *const machines[] = { TWO_SOCKETS, "package:3 l3:1 l2:5 core:1 pu:2",
						"core:4 pu:4" };

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		for (enum pin_policy policy = PIN_COMPACT; policy <= PIN_SCATTER; policy++) {
			unsigned int all[64], some[64], nr;
			struct fake f;

			fake_open(&f, machines[m], NULL);
			nr = (unsigned int)hwloc_bitmap_weight(f.allowed);
			assert_int_equal(
				topology_plan_in(&f.view, policy, NULL, nr, false, all, NULL), 0);
			for (unsigned int n = 1; n < nr; n++) {
				assert_int_equal(topology_plan_in(&f.view, policy, NULL, n, false,
								  some, NULL),
						 0);
				assert_memory_equal(some, all, n * sizeof(*all));
			}
			for (unsigned int i = 0; i < nr; i++) /* each CPU once */
				for (unsigned int j = 0; j < i; j++)
					assert_int_not_equal(all[i], all[j]);
			fake_close(&f);
		}
	}
}

static json_int_t number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static void json_of_a_machine(void **state)
{
	struct fake f;
	json_t *json, *caches, *places;

	(void)state;
	fake_open(&f, "package:2 [numa(memory=8GiB)] l3:2(size=32MiB) core:2 pu:2", "0-3,8");
	json = topology_json_in(&f.view);
	assert_non_null(json);
	assert_int_equal(number(json, "packages"), 2);
	assert_int_equal(number(json, "cores"), 8);
	assert_int_equal(number(json, "cpus"), 16);
	assert_int_equal(number(json, "numa_nodes"), 2);
	assert_string_equal(json_string_value(json_object_get(json, "allowed_cpus")), "0-3,8");
	caches = json_object_get(json, "caches");
	assert_int_equal(json_array_size(caches), 1);
	assert_int_equal(number(json_array_get(caches, 0), "bytes"), 32 << 20);
	assert_int_equal(number(json_array_get(caches, 0), "count"), 4);
	assert_int_equal(number(json_array_get(caches, 0), "cpus_each"), 4);
	assert_int_equal(number(json_array_get(json_object_get(json, "nodes"), 1), "memory_bytes"),
			 8ll << 30);
	places = json_object_get(json, "cpu_places");
	assert_int_equal(json_array_size(places), 16);
	assert_int_equal(number(json_array_get(places, 9), "core"), 4);
	assert_int_equal(number(json_array_get(places, 9), "last_cache"), 2);
	assert_int_equal(number(json_array_get(places, 9), "package"), 1);
	assert_int_equal(number(json_array_get(places, 9), "numa_node"), 1);
	assert_false(json_boolean_value(json_object_get(json_array_get(places, 9), "allowed")));
	assert_true(json_boolean_value(json_object_get(json_array_get(places, 8), "allowed")));
	json_decref(json);
	fake_close(&f);
}

static void cpus_as_text(void **state)
{
	unsigned int cpus[] = { 3, 0, 1, 2, 8 };
	char buf[64];

	(void)state;
	assert_string_equal(topology_cpus_text(buf, sizeof(buf), cpus, 5), "0-3,8");
	assert_string_equal(topology_cpus_text(buf, sizeof(buf), cpus, 1), "3");
	assert_string_equal(topology_cpus_text(buf, sizeof(buf), cpus, 0), "");
	assert_string_equal(topology_cpus_text(buf, 5, (unsigned int[]){ 1, 3, 5, 7, 9 }, 5),
			    "1...");
}

/* --- This machine --- */

static void this_machine(void **state)
{
	unsigned int cpus[CT_MAX_THREADS], nr = topology_nr_cpus();
	struct ct_error e = { 0 };
	cpu_set_t before;
	json_t *json;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(nr, CPU_COUNT(&before));
	assert_true(topology_cpu_limit() >= nr);
	assert_int_equal(topology_plan(PIN_COMPACT, NULL, nr, false, cpus, &e), 0);
	for (unsigned int i = 0; i < nr; i++) {
		assert_true(CPU_ISSET(cpus[i], &before));
		assert_true(cpus[i] < topology_cpu_limit());
		assert_int_equal(topology_pin(cpus[i], &e), 0);
		assert_true(topology_pin_holds(cpus[i]));
		assert_false(topology_pin_holds(cpus[(i + 1) % nr]) && nr > 1);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	if (nr > 1) /* it may still run there, but is not pinned */
		for (unsigned int i = 0; i < nr; i++)
			assert_false(topology_pin_holds(cpus[i]));
	/* our own pin does not change the allowed CPUs */
	assert_int_equal(topology_nr_cpus(), nr);

	assert_int_equal(topology_pin(16000, &e), -EINVAL);
	assert_in(e.text, "CPU 16000");
	assert_int_equal(e.status, CT_EXIT_USER);

	json = topology_json();
	assert_non_null(json);
	assert_true(number(json, "cpus") >= nr);
	json_decref(json);
}

/* A process that was started with fewer CPUs uses no others: checked in a new process of this
 * program. */
static int narrowed_child(const char *cpu)
{
	unsigned int cpus[2];
	struct ct_error e = { 0 };

	if (topology_nr_cpus() != 1 || topology_plan(PIN_SCATTER, NULL, 1, false, cpus, &e) ||
	    cpus[0] != (unsigned int)atoi(cpu))
		return 1;
	if (topology_plan(PIN_SCATTER, NULL, 2, false, cpus, &e) != -EINVAL)
		return 2;
	if (topology_plan(PIN_SCATTER, NULL, 2, true, cpus, &e) || cpus[1] != cpus[0])
		return 3;
	return 0;
}

static void affinity_is_honoured(void **state)
{
	unsigned int last = topology_cpu_limit() - 1;
	char cpu[16];
	int status;
	pid_t pid;

	(void)state;
	snprintf(cpu, sizeof(cpu), "%u", last);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		cpu_set_t one;

		CPU_ZERO(&one);
		CPU_SET(last, &one);
		if (!sched_setaffinity(0, sizeof(one), &one))
			execl("/proc/self/exe", "test_topology", "narrowed", cpu, (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compact_fills_cores),	 cmocka_unit_test(scatter_shares_least),
		cmocka_unit_test(scatter_lopsided),	 cmocka_unit_test(core_takes_one_of_each),
		cmocka_unit_test(llc_takes_one_of_each), cmocka_unit_test(list_is_kept_in_order),
		cmocka_unit_test(lists_that_are_wrong),	 cmocka_unit_test(numbers_of_threads),
		cmocka_unit_test(plans_begin_alike),	 cmocka_unit_test(json_of_a_machine),
		cmocka_unit_test(cpus_as_text),		 cmocka_unit_test(this_machine),
		cmocka_unit_test(affinity_is_honoured),
	};

	if (argc == 3 && !strcmp(argv[1], "narrowed"))
		return narrowed_child(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
