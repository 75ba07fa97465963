/* SPDX-License-Identifier: MIT */
/*
 * The machine's bounds in a run: measures and stores them, and converts figures into multiples of
 * them; see run.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/files.h"
#include "harness/results/bounds.h"
#include "harness/results/check.h"
#include "harness/base/interrupt.h"
#include "harness/base/json_read.h"
#include "harness/measure/bounds_measure.h"
#include "harness/measure/measure.h"
#include "harness/machine/memory_limit.h"
#include "harness/run/run.h"
#include "core/nf_conntrack.h"

/* If the number of connections changed by more than this share, the footprint is not constant. */
#define FOOTPRINT_DRIFT 0.05

/* About how many measurements a search for a rate takes. */
#define SEARCH_MEASUREMENTS 15

/* The memory that a lookup may touch: buckets and nodes. */
static uint64_t footprint(const struct cell *c)
{
	return c->flows * sizeof(struct nf_conn) + c->buckets * sizeof(uint64_t);
}

/* Use all numbers of threads, the largest footprint, and pinning and pages of the first cell. */
static bool make_request(const struct run *run, struct bounds_request *q)
{
	double seconds = 0;
	unsigned int figures;
	uint64_t most;

	memset(q, 0, sizeof(*q));
	q->bytes = 1 << 20;
	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct cell *c = &run->cells[i].cell;
		unsigned int k = 0;

		if (!run->cells[i].selected || c->oversubscribe)
			continue;
		if (!q->nr_threads) {
			q->pin = c->pin;
			q->pages = c->pages;
			memcpy(q->cpus, c->cpus, sizeof(q->cpus));
		}
		seconds += run->cells[i].repeats * (c->seconds + c->warmup) *
			   (run->cells[i].rates ? SEARCH_MEASUREMENTS : 1);
		if (c->pin != q->pin || c->pages != q->pages)
			continue; /* of another kind: no bounds for it */
		if (footprint(c) > q->bytes)
			q->bytes = footprint(c);
		while (k < q->nr_threads && q->threads[k] != c->threads)
			k++;
		if (k == q->nr_threads && k < BOUNDS_MAX_THREADS)
			q->threads[q->nr_threads++] = c->threads;
	}
	/*
	 * Far beyond the caches latency no longer depends on size, and preparing the memory takes
	 * long.
	 */
	most = seconds < 30 ? (uint64_t)64 << 20 : (uint64_t)512 << 20;
	if (most > memory_limit() / 4)
		most = memory_limit() / 4;
	if (q->bytes > most)
		q->bytes = most;
	/* some 40 figures for each number of threads: together a fiftieth of the run's windows */
	figures = 40 * q->nr_threads * BOUNDS_TIMES;
	if (figures)
		q->window = seconds / 50 / figures;
	q->window = q->window > 0.04 ? 0.04 : q->window < 0.001 ? 0.001 : q->window;
	return q->nr_threads;
}

/* A short window of the cell with these flows and buckets; false if it was void. */
static bool measure_small(struct run *run, const struct bounds_request *q, struct cell *c,
			  uint64_t flows, double load, struct cell_result *r)
{
	struct ct_error e = { 0 };

	c->flows = flows;
	c->buckets = (uint64_t)((double)flows / load);
	c->seconds = q->window;
	c->warmup = q->window / 4;
	c->timeline = 0;
	c->nr_events = 0;
	return !run->measure(c, r, NULL, &e) && !r->status && !r->void_reason[0];
}

/* The cost of the harness: a cell of the run with the variant `null`. */
static void add_null(struct run *run, const struct bounds_request *q, json_t *list)
{
	const struct run_cell *like = NULL;

	for (size_t i = 0; i < run->nr_cells && !like; i++) {
		const struct cell *c = &run->cells[i].cell;

		if (run->cells[i].selected && c->level == LEVEL_OPS && c->kind == KIND_STEADY &&
		    !c->capture[0] && c->lookup == 1 && !cell_disturbed(c))
			like = &run->cells[i];
	}
	for (unsigned int t = 0; like && t < q->nr_threads; t++) {
		struct cell cell = like->cell;
		struct cell_result r;

		strcpy(cell.variant, "null");
		cell.threads = q->threads[t];
		if (!measure_small(run, q, &cell, 4096, 1, &r))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:i, s:f}", "bound", "null", "threads",
						      (int)cell.threads, "ns", r.ns_per_op));
	}
}

/* A table that fits into the L1 cache: 128 connections of 256 bytes, and their buckets. */
#define IN_CACHE_FLOWS 128

/*
 * Connections per bucket.  A power of two, because some tables round the number of buckets to one.
 * Limited, so that the table has at least four buckets and not too many empty ones.
 */
static double load_of(const struct cell *c)
{
	double load = c->buckets ? exp2(round(log2((double)c->flows / (double)c->buckets))) : 1;

	return fmin(fmax(load, 1.0 / 16), IN_CACHE_FLOWS / 4.0);
}

/* The list's entry for such a lookup, without its time; a new reference. */
static json_t *in_cache_of(const struct cell *c, double load)
{
	return json_pack("{s:s, s:i, s:s, s:i, s:i, s:f, s:f}", "bound", "in_cache", "threads", 1,
			 "variant", c->variant, "burst", (int)(c->burst ? c->burst : 1),
			 "references", (int)c->refcount, "hit_share", c->hit_share, "load", load);
}

static bool told_before(const json_t *list, const json_t *one)
{
	const json_t *other, *value;
	const char *key;
	size_t i;

	json_array_foreach(list, i, other) {
		bool same = true;

		json_object_foreach((json_t *)one, key, value)
			same &= json_equal(json_object_get(other, key), value);
		if (same)
			return true;
	}
	return false;
}

/*
 * The CPU's part of a lookup's cost: each variant with its whole table in the cache and one thread.
 */
static void add_in_cache(struct run *run, const struct bounds_request *q, json_t *list)
{
	for (size_t i = 0; i < run->nr_cells && !ct_interrupted; i++) {
		struct cell cell = run->cells[i].cell;
		struct cell_result r;
		double load;
		json_t *one;

		if (!run->cells[i].selected || cell.level != LEVEL_OPS ||
		    cell.kind != KIND_STEADY || cell.capture[0] || cell.oversubscribe ||
		    cell_latency(&cell) != LATENCY_NONE)
			continue;
		load = load_of(&cell);
		one = in_cache_of(&cell, load);
		if (told_before(list, one)) {
			json_decref(one);
			continue;
		}
		cell.threads = 1;
		cell.popularity = POP_UNIFORM;
		cell.lookup = 1;
		cell.insert = cell.del = 0;
		if (!measure_small(run, q, &cell, IN_CACHE_FLOWS, load, &r)) {
			json_decref(one);
			continue;
		}
		json_object_set_new(one, "ns", json_real(r.ns_per_op));
		json_array_append_new(list, one);
	}
}

/* Append a line in one write; an incomplete one is ignored when the file is read. */
static int append(const char *dir, const json_t *list)
{
	char path[PATH_MAX + 32], *text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(9)),
				  *line;
	int fd, err = -ENOMEM;
	size_t len;

	if (!text)
		return err;
	len = strlen(text);
	line = realloc(text, len + 2);
	if (!line) {
		free(text);
		return err;
	}
	line[len] = '\n';
	snprintf(path, sizeof(path), "%s/%s", dir, BOUNDS_FILE);
	fd = file_append(path, O_WRONLY | O_CREAT);
	if (fd < 0) {
		err = fd;
	} else {
		err = write(fd, line, len + 1) == (ssize_t)len + 1 ? 0 : -EIO;
		close(fd);
	}
	free(line);
	return err;
}

json_t *run_bounds_line(const char *line, const char *path)
{
	json_t *one = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	if (one && check_bounds(one, path, NULL)) {
		json_decref(one);
		one = NULL;
	}
	return one;
}

/* Append the file's lines to all, without invalid ones.  0 or a negative errno. */
static int read_lines(const char *dir, json_t *all, struct ct_error *e)
{
	char path[PATH_MAX + 32], *line = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, BOUNDS_FILE);
	f = file_read(path, RESULTS_FILE_MAX);
	if (!f && errno != ENOENT)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot read '%s': %s", path,
			       file_error(errno));
	while (f && file_line(f, &line, &room) > 0) {
		json_t *one = run_bounds_line(line, path);

		if (one)
			json_array_append_new(all, one);
	}
	free(line);
	if (f)
		fclose(f);
	return 0;
}

int run_bounds_count(const char *dir, unsigned int *nr, struct ct_error *e)
{
	json_t *all = json_array();
	int err = read_lines(dir, all, e);

	*nr = (unsigned int)json_array_size(all);
	json_decref(all);
	return err;
}

void run_bounds_step(struct run *run, double share_done)
{
	struct bounds_request q;
	struct ct_error e = { 0 };
	json_t *list;
	int err;

	/* Shares such as 3/5 may be a little less than that. */
	if (run->no_bounds || run->measure != measure_cell || run->bounds_done >= BOUNDS_TIMES ||
	    ct_interrupted || share_done * BOUNDS_TIMES < run->bounds_done - 1e-6)
		return;
	run->bounds_done++;
	if (!make_request(run, &q))
		return;
	list = bounds_child(&q, &e);
	if (list) {
		add_null(run, &q, list);
		add_in_cache(run, &q, list);
		err = append(run->results.dir, list);
		if (err)
			ct_fail(&e, err, CT_EXIT_USER, "%s cannot be written: %s", BOUNDS_FILE,
				strerror(-err));
	}
	if (e.status)
		results_log(&run->results, "bounds: %s", e.text);
	else if (list)
		results_log(&run->results, "bounds measured, %u of %d", run->bounds_done,
			    BOUNDS_TIMES);
	json_decref(list);
}

/*
 * A cell's time in dependent lines, if its operations use a table whose size did not change in the
 * window: after a flush or a flood the footprint is not that of most operations.
 */
static void tell_cell(json_t *cell, const json_t *first, const json_t *bounds)
{
	const json_t *parameters = json_object_get(cell, "parameters");
	double ns = number_of(json_object_get(cell, "ns_per_op"), "median");
	double connections = number_of(cell, "connections");
	double bytes = connections * (number_of(cell, "node_bytes_per_connection") +
				      number_of(cell, "bucket_bytes_per_connection"));
	double line;

	/* The bounds are valid for these pages and CPUs only. */
	if (strcmp(text_of(parameters, "pages"), text_of(first, "pages")) ||
	    strcmp(text_of(parameters, "pinning"), text_of(first, "pinning")))
		return;
	if (strcmp(text_of(parameters, "level"), "ops") || !isfinite(ns) || !isfinite(bytes) ||
	    bytes < 1 ||
	    !(fabs(connections - number_of(parameters, "flows")) <= FOOTPRINT_DRIFT * connections))
		return;
	line = bounds_dependent_ns(bounds, (unsigned int)number_of(parameters, "threads"),
				   (uint64_t)bytes);
	if (!isfinite(line) || line <= 0)
		return;
	json_object_set_new(cell, "footprint_bytes", json_real(bytes));
	json_object_set_new(cell, "misses", json_real(ns / line));
}

json_t *run_bounds_read(const char *dir)
{
	json_t *all = json_array(), *bounds;
	struct ct_error ignored = { 0 }; /* run_bounds_count() told of it when the run began */

	read_lines(dir, all, &ignored);
	bounds = json_array_size(all) ? bounds_merge(all) : NULL;
	json_decref(all);
	return bounds;
}

void run_bounds_report(json_t *report, const char *dir)
{
	json_t *bounds = run_bounds_read(dir), *cell, *first = NULL;
	const char *name;

	if (!bounds)
		return;
	json_object_set_new(report, "bounds", bounds);
	/* The cell with the pages and CPUs of make_request(). */
	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		first = json_object_get(cell, "parameters");
		if (!json_is_true(json_object_get(first, "oversubscribe")))
			break;
	}
	json_object_foreach(json_object_get(report, "cells"), name, cell)
		tell_cell(cell, first, bounds);
}
