/* SPDX-License-Identifier: MIT */
/*
 * Workload files: what they may say, what becomes of it, and the sentence for
 * everything they may not say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/axis_text.h"
#include "harness/nearest.h"
#include "harness/topology.h"
#include "harness/workload.h"
#include "variants/variant.h"

#define BASELINE "nulls_rcu_jhash2_scale_seqcount"
#define MASKED "nulls_rcu_jhash2_mask_seqcount"
#define QUESTION "question: What is it?\n"

/* ---- a folder for the files of a test ---- */

static char folder[] = "/tmp/ctbench-workload-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void put_bytes(const char *name, const void *bytes, size_t size)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

/* Load text as w.yaml with options as on the command line (ending with NULL). */
static int load(struct workload_set *set, const char *text, struct ct_error *e, char **options)
{
	struct workload_overrides overrides = { .nr = 0 };
	int argc = 0, err = 0;

	while (options && options[argc])
		argc++;
	for (int i = 0; i < argc && err >= 0; ) {
		err = workload_take_option(&overrides, argc, options, &i, e);
		if (!err)
			fail_msg("%s was not taken as a parameter", options[i]);
	}
	if (err < 0)
		return err;
	put("w.yaml", text);
	return workload_load(set, path_of("w.yaml"), &overrides, e);
}

static void load_well(struct workload_set *set, const char *text, char **options)
{
	struct ct_error e = { 0 };

	memset(set, 0, sizeof(*set));
	if (load(set, text, &e, options))
		fail_msg("%s", e.text);
	assert_int_equal(e.status, 0);
}

#define OPTIONS(...) (char *[]){ __VA_ARGS__, NULL }

/* ---- what files may say ---- */

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
	assert_string_equal(set.list[0].path, path_of("w.yaml"));
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
	assert_int_equal(c->nr_resizes, 0);
	assert_int_equal(c->seed, 1);
	assert_int_equal(c->pages, PAGES_AUTO);
	assert_string_equal(c->capture, "");
	assert_int_equal(c->copies, 1);
	assert_int_equal(c->split, SPLIT_FLOW);
	workload_set_free(&set);
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
		  "reply_share: 0.125\n", OPTIONS("--hit-share", "0.75", "--mix", "lookup=6 insert=1 delete=1",
						   "--refcount=false", "--set", "duration=1.5s", "--set=warmup=0s",
						   "--resize", "2Ki@25% x0.5@1s", "--pages", "4k",
						   "--events", "limit=x2@0% flood=10k:100ms@20% dump@1s stall=5ms@90%",
						   "--timeline", "2ms",
						   "--copies", "7", "--split", "round_robin"));
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
	assert_int_equal(c->nr_events, 4);
	assert_int_equal(c->events[0].kind, EVENT_LIMIT);
	assert_int_equal(c->events[0].count, 3072);
	assert_int_equal(c->events[1].kind, EVENT_FLOOD);
	assert_int_equal(c->events[1].count, 10000);
	assert_true(c->events[1].seconds == 0.1 && c->events[1].at == 0.2 * 1.5);
	assert_int_equal(c->events[2].kind, EVENT_DUMP);
	assert_int_equal(c->events[3].kind, EVENT_STALL);
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
	assert_int_equal(c->nr_resizes, 2);
	assert_true(c->resizes[0].at == 0.375 && c->resizes[1].at == 1);
	assert_int_equal(c->resizes[0].buckets, 2048);
	assert_int_equal(c->resizes[1].buckets, 500);
	assert_int_equal(c->pages, PAGES_4K);
	assert_int_equal(c->copies, 7);
	assert_int_equal(c->split, SPLIT_ROUND_ROBIN);
	workload_set_free(&set);
}

static void test_product(void **state)
{
	struct workload_set set;
	const struct workload *w;

	(void)state;
	load_well(&set, QUESTION "variants: [" BASELINE ", " MASKED "]\n"
		  "flows: [1Ki, 1024, 2Ki]\nload_factor: [1, 2]\nhit_share: [0, 50%, 1]\n", NULL);
	w = &set.list[0];
	/* 1Ki and 1024 are the same; 2 variants, 2 flows, 2 load factors, 3 shares */
	assert_int_equal(w->nr_cells, 24);
	assert_int_equal(w->plots, PLOT_SIZE | PLOT_LOAD);
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

/* Masks take powers of two: the nearest one to what the load factor asks for. */
static void test_rounding(void **state)
{
	static const struct {
		const char *load_factor;
		uint64_t exact, rounded;
	} cases[] = {
		{ "1", 65536, 65536 }, { "0.7", 93623, 131072 }, { "0.75", 87381, 65536 },
		{ "3", 21845, 16384 }, { "0.001", 65536000, 67108864 }, { "1000000", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct workload_set set;
		const struct cell *c;
		char text[256];

		snprintf(text, sizeof(text), QUESTION "variants: [" BASELINE ", " MASKED "]\nload_factor: %s\n",
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
	load_well(&set, QUESTION "variants: [" BASELINE ", locked_global]\nbuckets: 1Ki\nthreads: [1, powers, all]\n", NULL);
	w = &set.list[0];
	for (unsigned int n = 1; n < cpus; n *= 2)
		powers++;
	assert_int_equal(w->nr_cells, 2 * powers);
	for (unsigned int i = 0; i + 1 < powers; i++)
		assert_int_equal(w->cells[i].threads, 1 << i);
	assert_int_equal(w->cells[powers - 1].threads, cpus);
	/* the control is the baseline where the most threads disturb each other */
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

static void test_mixes(void **state)
{
	struct workload_set set;

	(void)state;
	load_well(&set, QUESTION "variants: " BASELINE "\nbuckets: 1Ki\nkind: fill\nmix: [insert=3, lookup=1 delete=0.5]\n", NULL);
	assert_true(set.list[0].cells[0].insert == 1);
	assert_true(fabs(set.list[0].cells[1].lookup - 2.0 / 3) < 1e-12);
	workload_set_free(&set);
}

/* ---- variants ---- */

static size_t count_selected(const char *selection)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	struct ct_error e = { 0 };
	size_t n = 0;

	assert_non_null(chosen);
	if (variant_select(chosen, selection, "test", &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < ct_nr_variants; i++)
		n += chosen[i];
	free(chosen);
	return n;
}

static bool selects(const char *selection, const char *name)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen)), found = false;
	struct ct_error e = { 0 };

	assert_non_null(chosen);
	assert_int_equal(variant_select(chosen, selection, "test", &e), 0);
	for (size_t i = 0; i < ct_nr_variants; i++)
		found |= chosen[i] && !strcmp(ct_variants[i]->name, name);
	free(chosen);
	return found;
}

/*
 * Of the variants known here the selection must take those in names (up to
 * NULL) and no other.  Whoever registers a further variant need not come here.
 */
static void assert_selects(const char *selection, const char *const *names)
{
	static const char *const known[] = {
		BASELINE, "nulls_rcu_jhash2_scale_rwlock", MASKED, "nulls_rcu_jhash2_mask_rwlock",
		"locked_jhash2_scale_seqcount", "locked_jhash2_scale_rwlock",
		"nulls_rcu_qsbr", "nulls_rcu_mb", "nulls_rcu_bp", "nulls_rcu_siphash", "nulls_rcu_crc32c",
		"nulls_rcu_constant", "plain_rcu_deferred", "locked_per_bucket", "locked_global", "cds_lfht",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		bool wanted = false;

		for (size_t j = 0; names[j]; j++)
			wanted |= !strcmp(names[j], known[i]);
		if (selects(selection, known[i]) != wanted)
			fail_msg("%s is %sselected by %s", known[i], wanted ? "not " : "", selection);
	}
}

#define ASSERT_SELECTS(selection, ...) \
	assert_selects(selection, (const char *const[]){ __VA_ARGS__, NULL })

static void test_selections(void **state)
{
	size_t ordinary = 0;

	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		ordinary += !(ct_variants[i]->flags & (CT_V_NULL | CT_V_WORST | CT_V_LOOKUPS));
		assert_int_equal(count_selected(ct_variants[i]->name), 1);
	}
	assert_string_equal(ct_variants[0]->name, BASELINE);
	assert_int_equal(count_selected("*"), ordinary);
	assert_int_equal(count_selected("*_jhash2_*"), 8);
	assert_false(selects("n*", "null"));
	assert_false(selects("n*", "nulls_rcu_constant"));
	assert_true(selects("null", "null"));

	/* one axis: the baseline and its neighbours on that axis */
	ASSERT_SELECTS("axis=bucket", BASELINE, MASKED);
	ASSERT_SELECTS("axis=resize", BASELINE, "nulls_rcu_jhash2_scale_rwlock");
	ASSERT_SELECTS("axis=hash", BASELINE, "nulls_rcu_siphash", "nulls_rcu_crc32c");
	/* what has no RCU differs from the baseline by its chains, not by its flavour */
	ASSERT_SELECTS("axis=rcu", BASELINE, "nulls_rcu_qsbr", "nulls_rcu_mb", "nulls_rcu_bp");
	ASSERT_SELECTS("axis=chain", BASELINE, "locked_jhash2_scale_seqcount");
	ASSERT_SELECTS("axis=lock,base=locked_jhash2_scale_seqcount",
		       "locked_jhash2_scale_seqcount", "locked_per_bucket", "locked_global");

	ASSERT_SELECTS("hash=jhash2,chain=nulls_rcu,rcu=memb", BASELINE, MASKED,
		       "nulls_rcu_jhash2_scale_rwlock", "nulls_rcu_jhash2_mask_rwlock");
	ASSERT_SELECTS("hash=jhash2 chain=nulls_rcu rcu=memb", BASELINE, MASKED,
		       "nulls_rcu_jhash2_scale_rwlock", "nulls_rcu_jhash2_mask_rwlock");
	assert_int_equal(count_selected("axis=rcu,rcu=qsbr"), 1);
}

static void test_axis_texts(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < CT_NR_AXES; a++) {
		assert_non_null(axis_text(ct_axis_name(a)));
		for (size_t i = 0; i < ct_nr_variants; i++) {
			const char *value = ct_axis_value(&ct_variants[i]->axes, a);

			if (strcmp(value, "-") && !axis_value_text(ct_axis_name(a), value))
				fail_msg("harness/axis_text.c says nothing about %s=%s", ct_axis_name(a), value);
		}
	}
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "flows", "refcount", "repeats", "load_factor", "nulls_rcu_siphash" };

	(void)state;
	assert_string_equal(nearest_name("flow", names, 5), "flows");
	assert_string_equal(nearest_name("folws", names, 5), "flows");
	assert_string_equal(nearest_name("repeat", names, 5), "repeats");
	assert_string_equal(nearest_name("loadfactor", names, 5), "load_factor");
	assert_string_equal(nearest_name("siphash", names, 5), "nulls_rcu_siphash");
	assert_null(nearest_name("kind", names, 5));
	assert_null(nearest_name("", names, 5));
	assert_null(nearest_name("x", names, 0));
}

/* ---- the command line above the file ---- */

static void test_overrides(void **state)
{
	static const char text[] = QUESTION "variants: " BASELINE "\nload_factor: 2\nflows: 1Ki\nthreads: 1\n";
	struct workload_set set;

	(void)state;
	load_well(&set, text, OPTIONS("--flows", "2Ki,4Ki", "--load-factor=1,4", "--repeats", "3"));
	assert_int_equal(set.list[0].nr_cells, 4);
	assert_int_equal(set.list[0].cells[0].flows, 2048);
	assert_int_equal(set.list[0].cells[0].buckets, 2048);
	assert_int_equal(set.list[0].cells[3].buckets, 1024);
	assert_int_equal(set.list[0].repeats, 3);
	workload_set_free(&set);

	/* buckets takes load_factor's place, and the last word counts */
	load_well(&set, text, OPTIONS("--buckets", "64", "--set", "buckets=128", "--set", "variants=null"));
	assert_int_equal(set.list[0].nr_cells, 1);
	assert_int_equal(set.list[0].cells[0].buckets, 128);
	assert_string_equal(set.list[0].cells[0].variant, "null");
	workload_set_free(&set);

	/* commas part values, except inside a selection of axes and a list of CPUs */
	load_well(&set, text, OPTIONS("--variants", "null,hash=jhash2,chain=nulls_rcu,rcu=memb,bucket=mask,axis=resize"));
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
	mkdir(path_of("suites"), 0755);
	put("a.yaml", QUESTION "variants: " BASELINE "\nbuckets: 1Ki\nduration: 30ms\nrepeats: 4\nwarmup: 9ms\n");
	put("b.yaml", QUESTION "variants: null\nload_factor: 1\nflows: 2Ki\nlevel: packets\n");
	put("c.pcap", "not really");
	put("c.yaml", QUESTION "variants: null\nbuckets: 4Ki\nlevel: packets\ncapture: c.pcap\ncopies: 3\n");
	put("suites/inner.yaml", "question: Why?\nworkloads: [../b.yaml, ../c.yaml]\nrepeats: 5\nflows: 16Ki\n");
	put("suites/outer.yaml", "name: all\nquestion: Why?\nworkloads: [../a.yaml, inner.yaml]\n"
				 "duration: 10ms\nflows: 8Ki\nload_factor: 2\nwarmup: 2ms\n");
	assert_int_equal(workload_take_option(&overrides, 2, options, &at, &e), 1);
	assert_int_equal(at, 2);
	assert_int_equal(workload_take_option(&overrides, 2, options, &at, &e), 0);
	if (workload_load(&set, path_of("suites/outer.yaml"), &overrides, &e))
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
	assert_string_equal(set.list[2].cells[0].capture, path_of("c.pcap"));
	assert_string_equal(set.list[2].path, path_of("c.yaml"));

	/* a second file: the set is nobody's, and a failure leaves it as it was */
	put("d.yaml", QUESTION "variants: null\nbuckets: 4Ki\n");
	assert_int_not_equal(workload_load(&set, path_of("a.yaml"), NULL, &e), 0);
	assert_non_null(strstr(e.text, "are both named a"));
	assert_int_equal(set.nr, 3);
	assert_string_equal(set.name, "all");
	e.status = 0;
	assert_int_equal(workload_load(&set, path_of("d.yaml"), NULL, &e), 0);
	assert_int_equal(set.nr, 4);
	assert_string_equal(set.name, "run");
	workload_set_free(&set);
}

/* ---- what they may not say ---- */

struct bad {
	const char *text;
	const char *says[4];	/* all of these are in the sentence */
};

/* A table and a variant, so that only what is wrong is wrong; two lines. */
#define GOOD QUESTION "variants: " BASELINE "\n"
#define TABLE GOOD "load_factor: 1\n"

static void test_bad_files(void **state)
{
	static const struct bad cases[] = {
		/* YAML itself */
		{ "", { "is empty" } },
		{ "# nothing\n", { "is empty" } },
		{ "- a\n", { ":1: a workload file is a YAML mapping" } },
		{ "just words\n", { ":1: a workload file is a YAML mapping" } },
		{ QUESTION "flows: [1, 2\n", { ":3: not YAML" } },
		{ QUESTION "\tflows: 1\n", { ":2: not YAML" } },
		{ QUESTION "variants: *\n", { ":2: not YAML", "put quotes around a glob" } },
		{ QUESTION "variants: *all\n", { ":2: *all is a YAML alias", "quotes around a glob" } },
		{ TABLE "---\n" TABLE, { ":4: a workload file is one YAML document" } },
		{ "? [a]\n: b\n", { ":1: a key must be a word" } },
		/* keys */
		{ TABLE "flow: 1Ki\n", { ":4: unknown key 'flow' (did you mean 'flows'?)", "ipv6_share", "copies" } },
		{ TABLE "hit-share: 1\n", { ":4: unknown key 'hit-share' (did you mean 'hit_share'?)" } },
		{ TABLE "flows: 1Ki\n\nflows: 2Ki\n", { ":6: flows is given twice (first in line 4)", "[A, B]" } },
		{ TABLE "flows:\n", { ":4: flows has no value" } },
		{ TABLE "flows: ['']\n", { ":4: flows has no value" } },
		{ TABLE "flows: []\n", { ":4: the list of flows is empty" } },
		{ TABLE "flows:\n  - 1\n  - [2]\n", { ":6: the list of flows holds a list or a mapping" } },
		{ TABLE "flows:\n  - 1\n  - a: 2\n", { ":6: the list of flows holds a list or a mapping" } },
		{ TABLE "popularity: {zipf: 1}\n", { ":4: popularity is a mapping" } },
		{ "variants: " BASELINE "\nload_factor: 1\n", { "question is missing" } },
		{ "question: [a, b]\nvariants: null\nbuckets: 1\n", { ":1: question cannot be a list" } },
		{ "name: Axes\n" TABLE, { ":1: name is 'Axes', but must be" } },
		{ TABLE "plots: [bars,\n pies]\n", { ":5: plots holds 'pies'", "threads, size, load, axes, bars, timeline, latency and rate" } },
		/* variants */
		{ QUESTION "load_factor: 1\n", { "w.yaml: variants is missing" } },
		{ QUESTION "variants: [" BASELINE ",\n nulls_rcu_siphas]\n", { ":3: no variant matches 'nulls_rcu_siphas'", "nulls_rcu_siphash" } },
		{ QUESTION "variants: 'x*'\n", { ":2: no variant matches 'x*'" } },
		{ QUESTION "variants: hash=md5\n", { ":2: no variant has hash=md5", "jhash2, siphash, crc32c" } },
		{ QUESTION "variants: hsh=jhash2\n", { ":2: 'hsh' is no axis", "hash, bucket, chain" } },
		{ QUESTION "variants: axis=colour\n", { ":2: 'colour' is no axis" } },
		{ QUESTION "variants: axis=rcu,base=nobody\n", { ":2: no variant matches 'nobody'" } },
		{ QUESTION "variants: base=null\n", { ":2: base=VARIANT needs axis=NAME" } },
		{ QUESTION "variants: null hash=jhash2\n", { ":2: 'null' is not AXIS=VALUE" } },
		{ QUESTION "variants: hash=siphash,bucket=mask\n", { ":2: no variant has all of" } },
		/* values */
		{ TABLE "level: frames\n", { ":4: level is 'frames', but must be ops", "packets" } },
		{ TABLE "kind: [steady, burst]\n", { ":4: kind is 'burst'", "fill" } },
		{ TABLE "threads:\n  - 1\n  - 0\n", { ":6: threads is '0', but must be a number from 1 to 1024" } },
		{ TABLE "threads: 1025\n", { ":4: threads is '1025'" } },
		{ TABLE "threads: -1\n", { ":4: threads is '-1'" } },
		{ TABLE "threads: 1.5\n", { ":4: threads is '1.5'" } },
		{ TABLE "threads: 1024\n", { ":4: 1024 threads, but this process may use", "oversubscribe" } },
		{ TABLE "pinning: near\n", { ":4: pinning is 'near'", "compact, scatter, core, llc" } },
		{ TABLE "pinning: 0-\n", { ":4: '0-' is no list of CPUs" } },
		{ TABLE "pinning: '60000'\n", { ":4: the CPU list '60000' names CPU 60000" } },
		{ TABLE "oversubscribe: 2\n", { ":4: oversubscribe is '2'", "true" } },
		{ TABLE "flows: 0\n", { ":4: flows is '0', but must be a number from 1 to 1Gi" } },
		{ TABLE "flows: 2Gi\n", { ":4: flows is '2Gi'" } },
		{ TABLE "flows: 99999999999999999999999999999999999999999999\n", { ":4: flows is '9999" } },
		{ TABLE "flows: 64ki\n", { ":4: flows is '64ki'" } },
		{ TABLE "flows: 0x10\n", { ":4: flows is '0x10'" } },
		{ TABLE "flows: 1.0001k\n", { ":4: flows is '1.0001k'" } },
		{ TABLE "flows: ' 1'\n", { ":4: flows is ' 1'" } },
		{ TABLE "ipv6_share: 1.1\n", { ":4: ipv6_share is '1.1', but must be a share from 0 to 1" } },
		{ TABLE "hit_share: 101%\n", { ":4: hit_share is '101%'" } },
		{ TABLE "hit_share: .nan\n", { ":4: hit_share is '.nan'" } },
		{ TABLE "hit_share: nan\n", { ":4: hit_share is 'nan'" } },
		{ TABLE "reply_share: -0.1\n", { ":4: reply_share is '-0.1'" } },
		{ TABLE "reply_share: inf\n", { ":4: reply_share is 'inf'" } },
		{ TABLE "refcount: maybe\n", { ":4: refcount is 'maybe'" } },
		{ TABLE "events: flush\n", { ":4: events is 'flush'", "EVENT@TIME" } },
		{ TABLE "events: flush=3@1ms\n", { ":4: events is 'flush=3@1ms'", "EVENT@TIME" } },
		{ TABLE "events: flood=100k@1ms\n", { ":4: events is 'flood=100k@1ms'", "RATE:DURATION" } },
		{ TABLE "events: dump@2ms gc@1ms\n", { ":4: ", "order of time" } },
		{ TABLE "events: flush@3s\n", { ":4: an event at 3s", "after the window" } },
		{ TABLE "events: flood=1k:1s@50%\n", { ":4: a flood", "beyond the window" } },
		{ TABLE "timeline: 1us\n", { ":4: timeline is '1us'", "100us" } },
		{ TABLE "timeline: 500ms\n", { ":4: ", "not one piece" } },
		{ TABLE "timeline: 1ms\nkind: fill\n", { ":4: a timeline needs kind: steady" } },
		{ TABLE "pages: 2M\n", { ":4: pages is '2M'", "thp" } },
		{ TABLE "latency: yes\n", { ":4: latency is 'yes', but must be none or service" } },
		{ TABLE "rate: 999\n", { ":4: rate is '999', but must be none, or operations a second" } },
		{ TABLE "rate: 1M/s\n", { ":4: rate is '1M/s'" } },
		{ TABLE "arrivals: bursts\n", { ":4: arrivals is 'bursts', but must be constant, poisson or capture" } },
		{ TABLE "rate: 1M\nlatency: service\n", { ":5: service times are a closed loop's", "leave out latency" } },
		{ TABLE "rate: 1M\nkind: fill\n", { ":4: latencies are taken in a window", "kind: steady" } },
		{ TABLE "latency: service\noversubscribe: true\n", { ":4: threads that take turns", "oversubscribe: false" } },
		{ TABLE "rate: 1M\narrivals: capture\n", { ":5: arrivals: capture takes a capture's own times" } },
		{ TABLE "split: hash\n", { ":4: split is 'hash'", "round_robin" } },
		{ TABLE "copies: 0\n", { ":4: copies is '0'" } },
		{ TABLE "repeats: 0\n", { ":4: repeats is '0', but must be a number from 1 to 1000" } },
		{ TABLE "repeats: [1, 2]\n", { ":4: repeats is one for all cells" } },
		{ TABLE "seed: 2^53\n", { ":4: seed is '2^53'" } },
		{ TABLE "duration: 0ms\n", { ":4: duration is '0ms', but must be a time with its unit" } },
		{ TABLE "duration: 200\n", { ":4: duration is '200', but must be a time with its unit" } },
		{ TABLE "duration: 25000min\n", { ":4: duration is '25000min'" } },
		{ TABLE "warmup: -1ms\n", { ":4: warmup is '-1ms'" } },
		{ TABLE "popularity: zipf\n", { ":4: popularity is 'zipf'", "zipf s=0.99" } },
		{ TABLE "popularity: zipf s=0\n", { ":4: popularity is 'zipf s=0'" } },
		{ TABLE "popularity: zipf s=1 t=2\n", { ":4: popularity is 'zipf s=1 t=2'" } },
		{ TABLE "popularity: hot flows=1\n", { ":4: popularity is 'hot flows=1'", "needs both" } },
		{ TABLE "popularity: hot flows=1 flows=2 share=1\n", { ":4: popularity is 'hot flows=1 flows=2 share=1'" } },
		{ TABLE "popularity: normal\n", { ":4: popularity is 'normal', but must be uniform" } },
		{ TABLE "flows: 10\npopularity: hot flows=11 share=50%\n", { ":5: 11 hot flows are more than all flows (10)" } },
		{ TABLE "mix: lookup=0\n", { ":4: mix is 'lookup=0': all its parts are 0" } },
		{ TABLE "mix: lookup=1 update=1\n", { ":4: mix is 'lookup=1 update=1'", "insert=5" } },
		{ TABLE "mix: lookup=nan\n", { ":4: mix is 'lookup=nan'" } },
		{ TABLE "mix: lookup=90 insert=6 delete=4\n", { ":4: insert and delete must be equal", "6%", "population would drift" } },
		{ TABLE "level: packets\nmix: lookup=90 insert=5 delete=5\n", { ":5: at level packets mix" } },
		{ TABLE "level: packets\nhit_share: 0.5\n", { ":5: at level packets hit_share" } },
		/* the table */
		{ GOOD, { "neither buckets nor load_factor is given" } },
		{ TABLE "buckets: 10\n", { ":3: there are both buckets and load_factor" } },
		{ GOOD "buckets: 0\n", { ":3: buckets is '0'" } },
		{ GOOD "buckets: 5Gi\n", { ":3: buckets is '5Gi'" } },
		{ GOOD "load_factor: 0\n", { ":3: load_factor is '0'" } },
		{ GOOD "load_factor: 0.001\nflows: 1Gi\n", { ":3: load_factor is '0.001': so many buckets no table can have" } },
		{ QUESTION "variants: [" BASELINE ", " MASKED "]\nbuckets: [1Ki,\n 1000]\n",
		  { ":4: " MASKED " cannot have 1000 buckets", "power", "512 or 1024" } },
		/* resizing */
		{ TABLE "resize: 25%\n", { ":4: resize is '25%'", "BUCKETS@TIME" } },
		{ TABLE "resize: x2@\n", { ":4: resize is 'x2@'" } },
		{ TABLE "resize: x0@1ms\n", { ":4: resize is 'x0@1ms'" } },
		{ TABLE "resize: x2@75% x1@25%\n", { ":4: resize is 'x2@75% x1@25%': its events are not in the order of time" } },
		{ TABLE "resize: x2@1s\n", { ":4: a resize at 1s comes after the window of 0.2s has closed" } },
		{ TABLE "kind: fill\nresize: x2@10%\n", { ":5: resize events need kind: steady" } },
		{ QUESTION "variants: " MASKED "\nload_factor: 1\nresize: x3@10%\n", { ":4: " MASKED " cannot be resized to 196608 buckets" } },
		{ TABLE "resize: 1@1% 1@2% 1@3% 1@4% 1@5% 1@6% 1@7% 1@8% 1@9% 1@10% 1@11% 1@12% 1@13% 1@14% 1@15% 1@16% 1@17%\n",
		  { ":4: resize is", "more than 16 events" } },
		/* captures */
		{ GOOD "buckets: 1\nlevel: packets\ncapture: nowhere.pcap\n", { ":5: the capture ", "nowhere.pcap cannot be read: No such file", "relative" } },
		{ GOOD "buckets: 1\ncapture: w.yaml\n", { ":4: a capture holds packets and needs level: packets" } },
		{ GOOD "buckets: 1\nflows: 1\ncapture: w.yaml\n", { ":4: flows does not go with a capture", "copies" } },
		{ GOOD "load_factor: 1\ncapture: w.yaml\n", { ":3: load_factor does not go with a capture" } },
		{ "kind: decode\n" QUESTION, { "kind decode measures the decoding of a capture" } },
		/* suites */
		{ QUESTION "workloads:\n  - gone.yaml\n", { ":3: the workload ", "gone.yaml cannot be read: No such file" } },
		{ QUESTION "workloads: w.yaml\n", { ":2: suites name each other 8 deep" } },
		{ QUESTION "workloads: [one.yaml, one.yaml]\n", { "are both named one" } },
		{ QUESTION "workloads: one.yaml\nthreads: many\n", { "w.yaml:3: threads is 'many'" } },
	};

	(void)state;
	put("one.yaml", TABLE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };

		if (!load(&set, cases[i].text, &e, NULL))
			fail_msg("this was accepted:\n%s", cases[i].text);
		assert_int_equal(e.status, CT_EXIT_USER);
		assert_int_equal(set.nr, 0);
		assert_null(strchr(e.text, '\n'));
		for (size_t j = 0; j < 4 && cases[i].says[j]; j++)
			if (!strstr(e.text, cases[i].says[j]))
				fail_msg("\"%s\" does not say \"%s\", for\n%s", e.text, cases[i].says[j], cases[i].text);
		workload_set_free(&set);
	}
}

static void test_bad_options(void **state)
{
	static const struct {
		const char *options[3];
		const char *says;
	} cases[] = {
		{ { "--threads", "0" }, "--threads: threads is '0', but must be" },
		{ { "--threads", "1,,2" }, "--threads: an empty value in '1,,2'" },
		{ { "--threads", "" }, "--threads has no value" },
		{ { "--threads" }, "--threads needs a value: a number from 1" },
		{ { "--load-factor", "x" }, "--load-factor: load_factor is 'x'" },
		{ { "--set", "flows" }, "--set needs KEY=VALUE" },
		{ { "--set", "flow=1" }, "--set: 'flow' is no parameter (did you mean 'flows'?); there are" },
		{ { "--set", "name=x" }, "--set: 'name' is no parameter" },
		{ { "--set", "flows=" }, "--set flows has no value" },
		{ { "--set=flows=0" }, "--set flows: flows is '0'" },
		{ { "--set" }, "--set needs KEY=VALUE" },
		{ { "--variants", "nulls" }, "--variants: no variant matches 'nulls'" },
		{ { "--capture", "gone.pcap" }, "/tmp/ctbench-workload-" },
		{ { "--repeats", "1,2" }, "--repeats: repeats is one for all cells" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		char *options[4] = { NULL };

		for (size_t j = 0; j < 3; j++)
			options[j] = (char *)cases[i].options[j];
		assert_int_not_equal(load(&set, TABLE, &e, options), 0);
		assert_int_equal(e.status, CT_EXIT_USER);
		if (strncmp(e.text, cases[i].says, strlen(cases[i].says)))
			fail_msg("\"%s\" does not begin with \"%s\"", e.text, cases[i].says);
		workload_set_free(&set);
	}
}

static void test_bad_paths(void **state)
{
	struct workload_set set = { .nr = 0 };
	struct ct_error e = { 0 };
	char *long_value = malloc(3000), *text = malloc(40000);
	size_t at = 0;

	(void)state;
	assert_int_equal(workload_load(&set, path_of("gone.yaml"), NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, "gone.yaml: No such file"));
	e.status = 0;
	assert_int_not_equal(workload_load(&set, folder, NULL, &e), 0);
	assert_non_null(strstr(e.text, "is a folder"));
	e.status = 0;
	put_bytes("zero.yaml", "name: \"a\0b\"\n", 12);
	assert_int_not_equal(workload_load(&set, path_of("zero.yaml"), NULL, &e), 0);
	e.status = 0;
	put_bytes("zero.yaml", "name: \"a\\0b\"\n", 13);
	assert_int_not_equal(workload_load(&set, path_of("zero.yaml"), NULL, &e), 0);
	assert_non_null(strstr(e.text, ":1: a value of name"));

	/* too long, too many, too large a product */
	e.status = 0;
	assert_non_null(long_value);
	assert_non_null(text);
	memset(long_value, 'a', 2999);
	long_value[2999] = '\0';
	sprintf(text, TABLE "flows: %s\n", long_value);
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	assert_non_null(strstr(e.text, ":4: a value of flows is longer"));
	e.status = 0;
	at = (size_t)sprintf(text, TABLE "flows:\n");
	for (int i = 0; i < 257; i++)
		at += (size_t)sprintf(text + at, "- %d\n", i + 1);
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	assert_non_null(strstr(e.text, ":261: flows has more than 256 values"));
	e.status = 0;
	at = (size_t)sprintf(text, TABLE);
	for (int key = 0; key < 3; key++) {
		static const char *const keys[] = { "flows", "copies", "duration" };

		at += (size_t)sprintf(text + at, "%s: [1%s", keys[key], key == 2 ? "ms" : "");
		for (int i = 2; i <= 200; i++)
			at += (size_t)sprintf(text + at, ", %d%s", i, key == 2 ? "ms" : "");
		at += (size_t)sprintf(text + at, "]\n");
	}
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	assert_non_null(strstr(e.text, "more than 16384 cells"));
	free(long_value);
	free(text);
	assert_int_equal(set.nr, 0);
	workload_set_free(&set);
	workload_set_free(NULL);
}

/* Whatever the bytes are: an error or a workload, never a crash or a leak. */
static void test_mutations(void **state)
{
	static const char good[] =
		"name: m\nquestion: What?\nvariants: ['nulls*', axis=lock,base=locked_global]\n"
		"threads: [1, all]\npinning: [compact, '0']\nflows: [1Ki, 64]\nload_factor: [1, 0.5]\n"
		"popularity: [uniform, zipf s=0.99, hot flows=1% share=90%]\nmix: lookup=90 insert=5 delete=5\n"
		"resize: [none, x2@25% 128@75%]\nduration: 10ms\nplots: [bars]\n";
	uint64_t random = 88172645463325252u;
	char bytes[sizeof(good) + 1];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		size_t size = sizeof(good) - 1;

		memcpy(bytes, good, size);
		for (int i = 0; i <= round % 4; i++) {
			static const char interesting[] = "\0\n:,[]{}'\"*&#-@%=x0129. \t\xff";
			size_t at;

			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			at = random % size;
			if (random >> 60 < 3)	/* cut out */
				memmove(bytes + at, bytes + at + 1, --size - at);
			else
				bytes[at] = interesting[(random >> 32) % (sizeof(interesting) - 1)];
		}
		put_bytes("m.yaml", bytes, size);
		if (workload_load(&set, path_of("m.yaml"), NULL, &e)) {
			assert_int_equal(e.status, CT_EXIT_USER);
			assert_int_equal(set.nr, 0);
		} else {
			assert_true(set.list[0].nr_cells > 0);
		}
		workload_set_free(&set);
	}
}

/* ---- what others are told ---- */

static void test_names(void **state)
{
	char name[512], other[512];
	struct workload_set set;
	const struct workload *w;
	struct cell control;

	(void)state;
	load_well(&set, "name: names\n" QUESTION "variants: [" BASELINE ", null]\nflows: [1Ki, 1000]\nload_factor: [1, 2]\n"
		  "popularity: [uniform, hot flows=1 share=50%]\nresize: none\n", NULL);
	w = &set.list[0];
	assert_int_equal(w->nr_cells, 16);
	cell_name(w, &w->cells[1], name, sizeof(name));
	assert_string_equal(name, "names/" BASELINE "/flows:1Ki/load_factor:1/popularity:hot,flows=1,share=0.5");
	for (size_t i = 0; i < w->nr_cells; i++) {
		cell_name(w, &w->cells[i], name, sizeof(name));
		assert_null(strpbrk(name, " \t"));
		for (size_t j = 0; j < i; j++) {
			cell_name(w, &w->cells[j], other, sizeof(other));
			assert_string_not_equal(name, other);
		}
	}
	control = w->cells[0];
	control.control = true;
	assert_int_equal(cell_name(w, &control, name, 12), strlen("names/" BASELINE "/flows:1Ki/load_factor:1/popularity:uniform/control"));
	assert_string_equal(name, "names/nulls");
	workload_set_free(&set);
}

static void test_json(void **state)
{
	struct workload_set set;
	json_t *root, *cells, *cell;
	json_error_t why;
	size_t i;
	char *text;

	(void)state;
	load_well(&set, "name: json\n" QUESTION "variants: '*_jhash2_mask_*'\nthreads: [1, all]\nload_factor: 0.75\nseed: 5\n"
		  "resize: [none, x2@50%]\nrefcount: false\nhit_share: 0.1\n", NULL);
	text = workload_resolved_json(&set.list[0]);
	assert_non_null(text);
	root = json_loads(text, 0, &why);
	free(text);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "question")), "What is it?");
	cells = json_object_get(root, "cells");
	assert_int_equal(json_array_size(cells), set.list[0].nr_cells);
	json_array_foreach(cells, i, cell) {
		const struct cell *c = &set.list[0].cells[i];

		assert_string_equal(json_string_value(json_object_get(cell, "variant")), c->variant);
		assert_int_equal(json_integer_value(json_object_get(cell, "threads")), c->threads);
		assert_int_equal(json_integer_value(json_object_get(cell, "buckets")), 65536);
		assert_true(json_real_value(json_object_get(cell, "load_factor")) == 1);
		assert_true(json_is_true(json_object_get(cell, "buckets_rounded")));
		assert_true(json_is_false(json_object_get(cell, "refcount")));
		assert_true(json_real_value(json_object_get(cell, "hit_share")) == 0.1);
		assert_true(json_real_value(json_object_get(cell, "duration")) == 0.2);
		assert_int_equal(json_integer_value(json_object_get(cell, "seed")), 5);
		assert_string_equal(json_string_value(json_object_get(cell, "workload")), "json");
	}
	assert_int_equal(json_array_size(json_object_get(json_object_get(root, "parameters"), "variant")), 4);
	assert_int_equal(json_array_size(json_object_get(json_object_get(root, "parameters"), "resize")), 2);
	json_decref(root);
	workload_set_free(&set);
}

static void test_dry_run(void **state)
{
	struct workload_set set;
	char *text = NULL;
	size_t size = 0;
	double sum;
	FILE *out;

	(void)state;
	load_well(&set, "name: dry\n" QUESTION "variants: [" BASELINE ", " MASKED "]\nload_factor: 0.7\nflows: [1Ki, 64Ki]\n"
		  "duration: 1s\nwarmup: 500ms\nrepeats: 4\n", NULL);
	sum = workload_set_expected_seconds(&set);
	/* four cells and the control, of 1.5 s each, and something for the tables */
	assert_true(sum > 5 * 4 * 1.5 && sum < 5 * 4 * 2.5);
	out = open_memstream(&text, &size);
	workload_print_cells(out, &set);
	fclose(out);
	assert_non_null(strstr(text, "dry: What is it?\n"));
	assert_non_null(strstr(text, "from "));
	assert_non_null(strstr(text, "4 cells and a control (cell 1 again), 4 repeats each: about "));
	assert_non_null(strstr(text, "1 workload, 20 measurements"));
	assert_non_null(strstr(text, "rounded to a power of two"));
	assert_non_null(strstr(text, "estimate"));
	free(text);
	workload_set_free(&set);
}

/* ---- the project's own files ---- */

static void test_own_files(void **state)
{
	struct ct_error e = { 0 };
	char **paths;
	size_t nr, with_question = 0;

	(void)state;
	assert_int_equal(chdir(CTBENCH_SOURCE_DIR), 0);
	assert_int_equal(workload_find_files(&paths, &nr, &e), 0);
	assert_true(nr > 10);
	for (size_t i = 0; i < nr; i++) {
		struct workload_info info = { 0 };
		struct workload_set set = { .nr = 0 };

		if (workload_info_read(&info, paths[i], &e) ||
		    workload_load(&set, paths[i], NULL, &e))
			fail_msg("%s", e.text);
		with_question += strchr(info.question, '?') != NULL;
		workload_info_free(&info);
		workload_set_free(&set);
		free(paths[i]);
	}
	free(paths);
	assert_int_equal(with_question, nr);
}

/* What the suites promise is for two CPUs, and this machine may have more. */
static double seconds_with_two_threads(const struct workload_set *set)
{
	double sum = 0;

	for (size_t i = 0; i < set->nr; i++) {
		const struct workload *w = &set->list[i];

		for (size_t c = 0; c < w->nr_cells; c++)
			if (w->cells[c].threads <= 2 || w->cells[c].threads == topology_nr_cpus())
				sum += w->repeats * cell_expected_seconds(&w->cells[c]);
		sum += w->repeats * cell_expected_seconds(&w->cells[w->control]);
	}
	return sum;
}

static void test_own_suites(void **state)
{
	static const struct {
		const char *name;
		double seconds;
		uint32_t repeats;	/* at least, in every workload */
	} suites[] = { { "default", 270, 9 }, { "smoke", 45, 1 }, { "self", 180, 3 }, { "full", 1800, 9 } };

	(void)state;
	assert_int_equal(chdir(CTBENCH_SOURCE_DIR), 0);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		unsigned int plots = 0;

		if (workload_load(&set, suites[i].name, NULL, &e))
			fail_msg("%s", e.text);
		assert_string_equal(set.name, suites[i].name);
		assert_true(seconds_with_two_threads(&set) < suites[i].seconds);
		for (size_t w = 0; w < set.nr; w++) {
			assert_true(set.list[w].repeats >= suites[i].repeats);
			plots |= set.list[w].plots;
		}
		if (strcmp(suites[i].name, "self"))
			assert_int_equal(plots & ~(unsigned int)PLOT_RATE, PLOT_THREADS | PLOT_SIZE | PLOT_LOAD | PLOT_AXES |
							PLOT_BARS | PLOT_TIMELINE | PLOT_LATENCY);
		workload_set_free(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_product),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_threads_of_the_machine),
		cmocka_unit_test(test_mixes),
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_axis_texts),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_own_files),
		cmocka_unit_test(test_own_suites),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
