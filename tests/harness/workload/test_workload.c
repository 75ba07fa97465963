/* SPDX-License-Identifier: MIT */
/* Workload files: the accepted keys and values, and the cells that they make. */
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "harness/machine/topology.h"
#include "harness/workload/size.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/workload_fixture.h"

/* ---- accepted keys and values ---- */

static void test_defaults(void **state)
{
	struct workload_set set;
	const struct cell *c;

	(void)state;
	load_well(&set, "variants: " BASELINE "\nbuckets: 1024\n" QUESTION, NULL);
	assert_string_equal(set.name, "w");
	assert_int_equal(set.nr, 1);
	assert_string_equal(set.list[0].name, "w");
	assert_string_equal(set.list[0].question, "What is it?");
	assert_string_equal(set.list[0].path, own_path("w.yaml"));
	assert_int_equal(set.list[0].plots, PLOT_BARS);
	assert_int_equal(set.list[0].repeats, 9);
	assert_int_equal(set.list[0].seed, 1);
	assert_int_equal(set.list[0].nr_cells, 1);
	assert_int_equal(set.list[0].varying, 0);
	c = &set.list[0].cells[0];
	assert_string_equal(c->suite, "w");
	assert_string_equal(c->variant, BASELINE);
	assert_int_equal(c->level, LEVEL_OPS);
	assert_int_equal(c->kind, KIND_STEADY);
	assert_int_equal(c->threads, 1);
	assert_int_equal(c->pin, PIN_COMPACT);
	assert_false(c->oversubscribe);
	assert_int_equal(c->flows, 65536);
	assert_int_equal(c->buckets, 1024);
	assert_true(c->load_factor == 64);
	assert_false(c->buckets_rounded);
	assert_int_equal(c->popularity, POP_UNIFORM);
	assert_true(c->hit_share == 1 && c->reply_share == 0.5 && c->ipv6_share == 0);
	assert_true(c->lookup == 1 && c->insert == 0 && c->del == 0);
	assert_true(c->refcount);
	assert_true(c->seconds == 0.2 && c->warmup == 0.05);
	assert_int_equal(c->repeats, 9);
	assert_true(c->precision == 0 && c->budget == 0);
	assert_int_equal(c->distance, DISTANCE_ANY);
	assert_int_equal(c->nr_events, 0);
	assert_int_equal(c->seed, 1);
	assert_int_equal(c->pages, PAGES_AUTO);
	assert_string_equal(c->capture, "");
	assert_int_equal(c->copies, 1);
	assert_int_equal(c->split, SPLIT_ANY);
	workload_set_free(&set);
}

static void assert_param(const struct cell *c, const char *column, const char *text)
{
	char buf[512];

	cell_param_text(c, (unsigned int)cell_param_find(column), buf, sizeof(buf));
	assert_string_equal(buf, text);
}

static void test_every_key(void **state)
{
	struct workload_set set;
	const struct cell *c;

	(void)state;
	load_well(&set,
		  "# a comment\n"
		  "name: all-of_them\n"
		  "question: 'Is: everything read?'\n"
		  "plots: [threads, size, load, axes, bars]\n"
		  "repeats: 3\n"
		  "seed: 4k\n"
		  "variants: [" BASELINE "]\n"
		  "level: ops\n"
		  "kind: steady\n"
		  "threads: 3\n"
		  "pinning: '0'\n"
		  "oversubscribe: true\n"
		  "flows: 1.5Ki\n"
		  "ipv6_share: 25%\n"
		  "buckets: 1k\n"
		  "popularity: hot  flows=10% share=0.9\n"
		  "hit_share: 0.5\n"
		  "reply_share: 0.125\n",
		  OPTIONS("--hit-share", "0.75", "--mix", "lookup=6 insert=1 delete=1",
			  "--refcount=false", "--set", "duration=1.5s", "--set=warmup=0s",
			  "--resize", "2Ki@25% x0.5@1s", "--pages", "4k", "--events",
			  "limit=x2@0% flood=10k:100ms@20% dump@1s stall=5ms@90%", "--timeline",
			  "2ms", "--copies", "7", "--split", "round_robin", "--precision", "2%",
			  "--detect", "1.5%", "--detect-several", "2%", "--budget", "2h",
			  "--distance", "near"));
	assert_string_equal(set.name, "all-of_them");
	assert_int_equal(set.list[0].plots,
			 PLOT_THREADS | PLOT_SIZE | PLOT_LOAD | PLOT_AXES | PLOT_BARS);
	assert_int_equal(set.list[0].seed, 4000);
	assert_int_equal(set.list[0].nr_cells, 1);
	c = &set.list[0].cells[0];
	assert_int_equal(c->repeats, 3);
	assert_int_equal(c->seed, 4000);
	assert_int_equal(c->threads, 3);
	assert_int_equal(c->pin, PIN_LIST);
	assert_string_equal(c->cpus, "0");
	assert_true(c->oversubscribe);
	assert_int_equal(c->flows, 1536);
	assert_true(c->ipv6_share == 0.25);
	assert_true(c->timeline == 0.002);
	/* those of resize and of events in one list, in the order of time */
	assert_int_equal(c->nr_events, 6);
	assert_int_equal(c->events[0].kind, EVENT_LIMIT);
	assert_int_equal(c->events[0].count, 3072);
	assert_int_equal(c->events[1].kind, EVENT_FLOOD);
	assert_int_equal(c->events[1].count, 10000);
	assert_true(c->events[1].seconds == 0.1 && c->events[1].at == 0.2 * 1.5);
	assert_int_equal(c->events[2].kind, EVENT_RESIZE);
	assert_int_equal(c->events[2].count, 2048);
	assert_true(c->events[2].at == 0.375);
	assert_int_equal(c->events[3].kind, EVENT_RESIZE);
	assert_int_equal(c->events[3].count, 500);
	assert_int_equal(c->events[4].kind, EVENT_DUMP);
	assert_true(c->events[3].at == 1 && c->events[4].at == 1);
	assert_int_equal(c->events[5].kind, EVENT_STALL);
	assert_int_equal(cell_nr_events(c, EVENT_RESIZE), 2);
	assert_param(c, "resize", "2Ki@375ms 500@1s");
	assert_param(c, "events", "limit=3Ki@0s flood=10000:100ms@300ms dump@1s stall=5ms@1.35s");
	assert_true(cell_disturbed(c));
	assert_int_equal(c->buckets, 1000);
	assert_true(c->load_factor == 1.536);
	assert_int_equal(c->popularity, POP_HOT);
	assert_int_equal(c->hot_flows, 154);
	assert_true(c->hot_share == 0.9);
	assert_true(c->hit_share == 0.75 && c->reply_share == 0.125);
	assert_true(c->lookup == 0.75 && c->insert == 0.125 && c->del == 0.125);
	assert_false(c->refcount);
	assert_true(c->seconds == 1.5 && c->warmup == 0);
	assert_int_equal(c->pages, PAGES_4K);
	assert_int_equal(c->copies, 7);
	assert_int_equal(c->split, SPLIT_ROUND_ROBIN);
	assert_true(c->precision == 0.02 && c->budget == 7200);
	assert_true(c->detect == 0.015 && c->detect_several == 0.02);
	assert_int_equal(c->distance, DISTANCE_NEAR);
	assert_param(c, "distance", "near");
	workload_set_free(&set);
}

static void test_product(void **state)
{
	struct workload_set set;
	const struct workload *w;

	(void)state;
	load_well(&set,
		  QUESTION "variants: [" BASELINE ", " MASKED "]\n"
			   "flows: [1Ki, 1024, 2Ki]\nload_factor: [1, 2]\nhit_share: [0, 50%, 1]\n",
		  NULL);
	w = &set.list[0];
	/* 1Ki and 1024 are the same; 2 variants, 2 flows, 2 load factors, 3 shares */
	assert_int_equal(w->nr_cells, 24);
	assert_int_equal(w->plots & (PLOT_SIZE | PLOT_LOAD | PLOT_BARS), PLOT_SIZE | PLOT_LOAD);
	for (size_t i = 0; i < w->nr_cells; i++) {
		const struct cell *c = &w->cells[i];

		assert_string_equal(c->variant, i < 12 ? BASELINE : MASKED);
		assert_int_equal(c->flows, i % 12 < 6 ? 1024 : 2048);
		assert_true(c->load_factor == (i % 6 < 3 ? 1 : 2));
		assert_int_equal(c->buckets, (uint64_t)((double)c->flows / c->load_factor));
		assert_true(c->hit_share == (double)(i % 3) / 2);
	}
	workload_set_free(&set);
}

/* Masks need a power of two: the one nearest to the load factor. */
static void test_rounding(void **state)
{
	static const struct {
		const char *load_factor;
		uint64_t exact, rounded;
	} cases[] = {
		{ "1", 65536, 65536 }, { "0.7", 93623, 131072 },	{ "0.75", 87381, 65536 },
		{ "3", 21845, 16384 }, { "0.001", 65536000, 67108864 }, { "1000000", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct workload_set set;
		const struct cell *c;
		char text[256];

		snprintf(text, sizeof(text),
			 QUESTION "variants: [" BASELINE ", " MASKED "]\nload_factor: %s\n",
			 cases[i].load_factor);
		load_well(&set, text, NULL);
		c = set.list[0].cells;
		assert_int_equal(set.list[0].nr_cells, 2);
		assert_int_equal(c[0].buckets, cases[i].exact);
		assert_false(c[0].buckets_rounded);
		assert_int_equal(c[1].buckets, cases[i].rounded);
		assert_int_equal(c[1].buckets_rounded, cases[i].exact != cases[i].rounded);
		assert_true(c[1].load_factor == 65536.0 / (double)cases[i].rounded);
		workload_set_free(&set);
	}
}

static void test_threads_of_the_machine(void **state)
{
	unsigned int cpus = topology_nr_cpus(), powers = 1;
	struct workload_set set;
	const struct workload *w;

	(void)state;
	load_well(&set,
		  QUESTION "variants: [" BASELINE
			   ", locked_global]\nbuckets: 1Ki\nthreads: [1, powers, all]\n",
		  NULL);
	w = &set.list[0];
	for (unsigned int n = 1; n < cpus; n *= 2)
		powers++;
	assert_int_equal(w->nr_cells, 2 * powers);
	for (unsigned int i = 0; i + 1 < powers; i++)
		assert_int_equal(w->cells[i].threads, 1 << i);
	assert_int_equal(w->cells[powers - 1].threads, cpus);
	/* the control is the baseline with the most threads */
	assert_int_equal(w->control, powers - 1);
	workload_set_free(&set);

	load_well(&set, QUESTION "variants: " BASELINE "\nbuckets: 1Ki\nthreads: [all, 1024]\n",
		  OPTIONS("--oversubscribe", "--pinning", "compact,scatter"));
	assert_int_equal(set.list[0].nr_cells, 4);
	assert_true(set.list[0].cells[3].oversubscribe);
	assert_int_equal(set.list[0].cells[3].threads, 1024);
	assert_int_equal(set.list[0].cells[3].pin, PIN_SCATTER);
	workload_set_free(&set);
}

/* Sizes by the caches of a machine: those of Zen 5, and of this one. */
static void test_sizes_of_the_machine(void **state)
{
	uint64_t llc = topology_llc_bytes();
	struct workload_set set;

	(void)state;
	assert_int_equal(size_in_cache(1 << 20), 2048);
	assert_int_equal(size_in_cache((1 << 20) - 1), 2048);
	assert_int_equal(size_in_cache(4096 * SIZE_BYTES * 3 / 2), 4096);
	assert_int_equal(size_in_cache(4096 * SIZE_BYTES * 3 / 2 - 1), 2048);
	assert_int_equal(size_in_cache(0), 2048); /* unknown size */
	assert_int_equal(size_in_cache(1), 1);
	assert_int_equal(size_beyond(8, 32 << 20), 1 << 20);
	assert_int_equal(size_beyond(1, 1024 * SIZE_BYTES), 1024);
	assert_int_equal(size_beyond(1, 1024 * SIZE_BYTES + 1), 2048);
	assert_int_equal(size_beyond(1000, UINT64_C(1) << 40), 1 << 30);
	assert_int_equal(size_resolve("4Ki"), 0);
	assert_int_equal(size_resolve("0xLLC"), 0);
	assert_int_equal(size_resolve("8xLLC<=0"), 0);
	assert_int_equal(size_resolve("8xLLC<1Mi"), 0);
	assert_int_equal(size_resolve("99999999xLLC"), 0);
	load_well(&set,
		  QUESTION "variants: " BASELINE
			   "\nload_factor: 1\nflows: [cache, 8xLLC, 8xLLC<=500]\n",
		  NULL);
	assert_int_equal(set.list[0].nr_cells, 3);
	assert_int_equal(set.list[0].cells[0].flows, size_in_cache(topology_cache_bytes(2)));
	assert_int_equal(set.list[0].cells[1].flows, size_beyond(8, llc));
	assert_true(set.list[0].cells[1].flows * SIZE_BYTES >= 8 * llc);
	assert_int_equal(set.list[0].cells[2].flows, 500);
	assert_param(&set.list[0].cells[2], "flows", "500");
	workload_set_free(&set);
}

/* One thread meets all connections, however they are split: those cells are one. */
static void test_splits_of_one_thread(void **state)
{
	struct workload_set set;

	(void)state;
	load_well(&set,
		  QUESTION
		  "variants: " BASELINE
		  "\nbuckets: 1Ki\nthreads: [1, 2]\noversubscribe: true\nsplit: [any, flow]\n",
		  NULL);
	assert_int_equal(set.list[0].nr_cells, 3);
	assert_int_equal(set.list[0].cells[0].split, SPLIT_ANY);
	assert_int_equal(set.list[0].cells[2].split, SPLIT_FLOW);
	workload_set_free(&set);
}

static void test_mixes(void **state)
{
	struct workload_set set;

	(void)state;
	load_well(&set,
		  QUESTION "variants: " BASELINE
			   "\nbuckets: 1Ki\nkind: fill\nmix: [insert=3, lookup=1 delete=0.5]\n",
		  NULL);
	assert_true(set.list[0].cells[0].insert == 1);
	assert_true(fabs(set.list[0].cells[1].lookup - 2.0 / 3) < 1e-12);
	workload_set_free(&set);
}

/* ---- the command line overrides the file ---- */

static void test_overrides(void **state)
{
	static const char text[] =
		QUESTION "variants: " BASELINE "\nload_factor: 2\nflows: 1Ki\nthreads: 1\n";
	struct workload_set set;

	(void)state;
	load_well(&set, text, OPTIONS("--flows", "2Ki,4Ki", "--load-factor=1,4", "--repeats", "3"));
	assert_int_equal(set.list[0].nr_cells, 4);
	assert_int_equal(set.list[0].cells[0].flows, 2048);
	assert_int_equal(set.list[0].cells[0].buckets, 2048);
	assert_int_equal(set.list[0].cells[3].buckets, 1024);
	assert_int_equal(set.list[0].repeats, 3);
	workload_set_free(&set);

	/* buckets replaces load_factor, and the last value counts */
	load_well(&set, text,
		  OPTIONS("--buckets", "64", "--set", "buckets=128", "--set", "variants=null"));
	assert_int_equal(set.list[0].nr_cells, 1);
	assert_int_equal(set.list[0].cells[0].buckets, 128);
	assert_string_equal(set.list[0].cells[0].variant, "null");
	workload_set_free(&set);

	/* commas separate values, except in a selection by axes and in a list of CPUs */
	load_well(&set, text,
		  OPTIONS("--variants",
			  "null,hash=jhash2,chain=nulls_rcu,rcu=memb,bucket=mask,axis=resize"));
	assert_int_equal(set.list[0].nr_cells, 1 + 2 + 2);
	workload_set_free(&set);
	load_well(&set, text, OPTIONS("--pinning", "0,0,compact", "--oversubscribe", "true"));
	assert_int_equal(set.list[0].nr_cells, 2);
	assert_string_equal(set.list[0].cells[0].cpus, "0,0");
	workload_set_free(&set);
	load_well(&set, text, OPTIONS("--refcount", "false,true", "--resize", "none,x2@50%"));
	assert_int_equal(set.list[0].nr_cells, 4);
	workload_set_free(&set);
}

/* ---- suites ---- */

static void test_suites(void **state)
{
	struct workload_overrides overrides = { .nr = 0 };
	char *options[] = { "--warmup", "1ms" };
	struct workload_set set = { .nr = 0 };
	struct ct_error e = { 0 };
	int at = 0;

	(void)state;
	mkdir(own_path("suites"), 0755);
	write_text("a.yaml", QUESTION "variants: " BASELINE
				      "\nbuckets: 1Ki\nduration: 30ms\nrepeats: 4\nwarmup: 9ms\n");
	write_text("b.yaml",
		   QUESTION "variants: null\nload_factor: 1\nflows: 2Ki\nlevel: packets\n");
	write_text("c.pcap", "not really");
	write_text("c.yaml", QUESTION
		   "variants: null\nbuckets: 4Ki\nlevel: packets\ncapture: c.pcap\ncopies: 3\n");
	write_text("suites/inner.yaml",
		   "question: Why?\nworkloads: [../b.yaml, ../c.yaml]\nrepeats: 5\nflows: 16Ki\n");
	write_text("suites/outer.yaml",
		   "name: all\nquestion: Why?\nworkloads: [../a.yaml, inner.yaml]\n"
		   "duration: 10ms\nflows: 8Ki\nload_factor: 2\nwarmup: 2ms\n");
	assert_int_equal(workload_take_option(&overrides, 2, options, &at, &e), 1);
	assert_int_equal(at, 2);
	assert_int_equal(workload_take_option(&overrides, 2, options, &at, &e), 0);
	if (workload_load(&set, own_path("suites/outer.yaml"), &overrides, &e))
		fail_msg("%s", e.text);
	assert_string_equal(set.name, "all");
	assert_int_equal(set.nr, 3);
	assert_string_equal(set.list[0].name, "a");
	/* suite: duration, flows, load factor; file: repeats; command line: warm-up */
	assert_true(set.list[0].cells[0].seconds == 0.01 && set.list[0].cells[0].warmup == 0.001);
	assert_int_equal(set.list[0].repeats, 4);
	assert_int_equal(set.list[0].cells[0].flows, 8192);
	assert_int_equal(set.list[0].cells[0].buckets, 4096);
	/* the outer suite above the inner one above the file */
	assert_int_equal(set.list[1].repeats, 5);
	assert_int_equal(set.list[1].cells[0].flows, 8192);
	assert_int_equal(set.list[1].cells[0].level, LEVEL_PACKETS);
	/* a capture keeps its own flows and table */
	assert_int_equal(set.list[2].cells[0].flows, 0);
	assert_int_equal(set.list[2].cells[0].buckets, 4096);
	assert_int_equal(set.list[2].cells[0].copies, 3);
	assert_string_equal(set.list[2].cells[0].capture, own_path("c.pcap"));
	assert_string_equal(set.list[2].path, own_path("c.yaml"));

	/* with a second file the set has no name of its own; a failure leaves it unchanged */
	write_text("d.yaml", QUESTION "variants: null\nbuckets: 4Ki\n");
	assert_int_not_equal(workload_load(&set, own_path("a.yaml"), NULL, &e), 0);
	expect(e.text, " named a");
	assert_int_equal(set.nr, 3);
	assert_string_equal(set.name, "all");
	e.status = 0;
	assert_int_equal(workload_load(&set, own_path("d.yaml"), NULL, &e), 0);
	assert_int_equal(set.nr, 4);
	assert_string_equal(set.name, "run");
	workload_set_free(&set);
}

/* From standard input, for example: then the name is "stdin". */
static void test_text(void **state)
{
	struct workload_set set = { .nr = 0 };
	struct ct_error e = { 0 };

	(void)state;
	if (workload_load_text(&set, WORKLOAD_STDIN, TABLE, NULL, &e))
		fail_msg("%s", e.text);
	assert_string_equal(set.name, "stdin");
	assert_string_equal(set.list[0].path, "stdin");
	assert_int_equal(set.list[0].nr_cells, 1);
	workload_set_free(&set);

	assert_int_not_equal(workload_load_text(&set, WORKLOAD_STDIN, TABLE "flows: 0\n", NULL, &e),
			     0);
	expect(e.text, "stdin:4: flows");
	assert_int_equal(set.nr, 0);
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("workload");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_defaults),
	cmocka_unit_test(test_every_key),
	cmocka_unit_test(test_product),
	cmocka_unit_test(test_rounding),
	cmocka_unit_test(test_threads_of_the_machine),
	cmocka_unit_test(test_mixes),
	cmocka_unit_test(test_sizes_of_the_machine),
	cmocka_unit_test(test_splits_of_one_thread),
	cmocka_unit_test(test_overrides),
	cmocka_unit_test(test_suites),
	cmocka_unit_test(test_text),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
