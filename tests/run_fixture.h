/* SPDX-License-Identifier: MIT */
/*
 * For tests of ctbench run from its arguments to its files: a little workload, and
 * measurements of it that are made up.
 */
#ifndef CTBENCH_TESTS_RUN_FIXTURE_H
#define CTBENCH_TESTS_RUN_FIXTURE_H

#include "harness/base/interrupt.h"
#include "harness/run/run.h"
#include "tests/command_fixture.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char little_workload[] =
	"name: little\n"
	"question: Does it run?\n"
	"variants: [nulls_rcu_jhash2_scale_seqcount, locked_jhash2_scale_seqcount]\n"
	"threads: [1, 2]\n"
	"oversubscribe: true\n"
	"flows: 1000\n"
	"load_factor: 1\n"
	"repeats: 3\n"
	"plots: [bars]\n";
#define CELLS 5			/* 2 variants, 2 numbers of threads, the control */
#define REPEATS 3

/* ---- made-up measurements; shared with children that are killed ---- */

static struct fake {
	unsigned int calls;
	unsigned int interrupt_at;	/* the call that raises SIGINT; 0: none */
	unsigned int kill_at;
	unsigned int voids;		/* the first measurements that are void */
	bool always_void;
	int fail_status;		/* for the locked variant */
	bool details;
} *fake;

static inline int measure(const struct cell *cell, struct cell_result *r, json_t **details,
		   struct ct_error *e)
{
	bool locked = !strncmp(cell->variant, "locked", 6);

	fake->calls++;
	if (fake->calls == fake->kill_at)
		kill(getpid(), SIGKILL);
	if (fake->calls == fake->interrupt_at) {
		raise(SIGINT);
		return ct_fail(e, -EINTR, CT_EXIT_USER, "interrupted");
	}
	memset(r, 0, sizeof(*r));
	if (locked && fake->fail_status) {
		r->status = fake->fail_status;
		strcpy(r->error, "no memory for \377 buckets");
		return 0;
	}
	if (fake->always_void || fake->calls <= fake->voids)
		strcpy(r->void_reason, "a thread moved");
	r->ns_per_op = 50 * (locked ? 2 : 1) + cell->repeat + (cell->control ? 0.5 : 0);
	r->cpu_ns_per_op = r->ns_per_op / 2;
	r->window = cell->seconds;
	r->ops = (uint64_t)(cell->threads * cell->seconds * 1e9 / r->ns_per_op);
	r->lookups = r->hits = r->ops;
	r->connections = cell->flows;
	r->node_bytes = 320 * cell->flows;
	r->bucket_bytes = 8 * cell->buckets;
	if (cell->rate) {
		double p50 = 100 + cell->repeat, p99 = p50 * (locked ? 50 : 5);

		r->latency_p50_ns = p50;
		r->latency_p99_ns = p99;
		r->latency_max_ns = r->latency_p999_ns = 2 * p99;
		*details = json_pack(
			"{s:{s:f, s:f, s:f, s:f, s:f}, s:{s:s, s:f, s:{s:f, s:f}, s:{s:{s:i}}, s:[f, f, f],"
			" s:I, s:s, s:i, s:f, s:f, s:i}}",
			"metrics", "p50_ns", p50, "p90_ns", 2 * p50, "p99_ns", p99, "p999_ns",
			2 * p99, "max_ns", 2 * p99, "latency", "kind", "response", "error",
			0.0078125, "timer_ns", "median", 20.0, "resolution", 10.0, "classes", "all",
			"n", 1000, "curve_ns", p50 / 2, p50, p99, "rate_per_s",
			(json_int_t)cell->rate, "arrivals", "poisson", "arrived", 990,
			"queued_share", 0.5, "lag_us", 3.0, "unfinished", locked ? 10 : 0);
	}
	if (fake->details)
		*details = json_pack("{s:{s:f}, s:s}", "metrics", "wait_us",
				     10.0 * cell->threads + cell->repeat +
					     (r->void_reason[0] ? 500 : 0),
				     "text", "\xc3\xbc, and a\ttab");
	/* As a measuring process: if there is nothing, it says so. */
	else if (!*details)
		*details = json_object();
	return 0;
}

/* ---- running ---- */

static inline int run_made_up(int argc, char **argv)
{
	return run_command(argc, argv, measure);
}

static inline int run(const char *arguments)
{
	return call_command(run_made_up, "run", arguments);
}

static inline json_t *benchmark_of(const char *name)
{
	char dir[128];
	struct ct_error e = { 0 };
	json_t *json;

	snprintf(dir, sizeof(dir), "runs/%s", name);
	json = results_read_json(dir, "benchmark.json", "", &e);
	if (!json)
		fail_msg("%s", e.text);
	return json;
}

static inline int count_of(const json_t *benchmark, const char *what)
{
	return (int)json_integer_value(json_object_get(
		json_object_get(json_object_get(benchmark, "ctbench"), "counts"), what));
}

static inline json_t *cell_of(const json_t *benchmark, const char *name)
{
	return json_object_get(json_object_get(json_object_get(benchmark, "ctbench"), "cells"), name);
}

#define BASELINE "little/nulls_rcu_jhash2_scale_seqcount/threads:1"
#define LOCKED "little/locked_jhash2_scale_seqcount/threads:1"

/* Rows of cells.tsv, as read_rows() finds them, which returns how many there are. */
static struct row {
	char name[256];
	unsigned int repeat, attempt;
} rows[512];

static inline unsigned int read_rows(const char *name)
{
	char path[128], line[MEASUREMENT_LINE_MAX];
	struct measurement m;
	unsigned int n = 0;
	FILE *in;

	snprintf(path, sizeof(path), "runs/%s/cells.tsv", name);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_non_null(fgets(line, sizeof(line), in));
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		assert_true(measurement_from_line(&m, line));
		assert_true(n < sizeof(rows) / sizeof(rows[0]));
		snprintf(rows[n].name, sizeof(rows[n].name), "%.250s", m.name);
		rows[n].repeat = m.repeat;
		rows[n++].attempt = m.attempt;
	}
	fclose(in);
	return n;
}

static inline int begin(void **state)
{
	(void)state;
	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake == MAP_FAILED || own_folder_enter("run"))
		return -1;
	write_text("little.yaml", little_workload);
	return 0;
}

static inline int fresh(void **state)
{
	(void)state;
	memset(fake, 0, sizeof(*fake));
	return remove_all("runs");
}

#endif
