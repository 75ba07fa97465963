/* SPDX-License-Identifier: MIT */
/* The machine's bounds as a table: see table.h. */
#include "harness/show/table/table.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/numbers/stats.h"

/* The name of a bound. */
static void describe(char *buf, size_t size, const json_t *one)
{
	const char *bound = json_string_value(json_object_get(one, "bound"));
	const char *hash = json_string_value(json_object_get(one, "hash"));
	const char *percentile = text_of(one, "percentile");
	char bytes[32];

	if (!bound)
		bound = "?";
	table_value(bytes, sizeof(bytes), json_object_get(one, "bytes"));
	if (!strcmp(bound, "dependent"))
		snprintf(buf, size, "dependent random line of memory, %sB", bytes);
	else if (!strcmp(bound, "independent"))
		snprintf(buf, size, "random line of memory, %sB, %d in flight", bytes,
			 (int)json_integer_value(json_object_get(one, "in_flight")));
	else if (!strcmp(bound, "random"))
		snprintf(buf, size, "random line of memory, %sB, addresses known", bytes);
	else if (!strcmp(bound, "prefetched"))
		snprintf(buf, size, "random line of memory, %sB, prefetched (%s) %d ahead", bytes,
			 text_of(one, "hint"), (int)number_of(one, "ahead"));
	else if (!strcmp(bound, "random_update"))
		snprintf(buf, size, "atomic add to a random line, %sB", bytes);
	else if (!strcmp(bound, "prefetched_update"))
		snprintf(buf, size, "atomic add to a random line, %sB, prefetched %d ahead", bytes,
			 (int)number_of(one, "ahead"));
	else if (!strcmp(bound, "in_cache"))
		snprintf(buf, size, "lookup in %s, all in cache, burst %d", text_of(one, "variant"),
			 (int)number_of(one, "burst"));
	else if (!strcmp(bound, "hash_latency"))
		snprintf(buf, size, "%s, each hash depends on the last", hash ? hash : "?");
	else if (!strcmp(bound, "hash_throughput"))
		snprintf(buf, size, "%s, hashes of independent tuples", hash ? hash : "?");
	else if (!strcmp(bound, "atomic"))
		snprintf(buf, size, "atomic add, a cache line per thread");
	else if (!strcmp(bound, "atomic_shared"))
		snprintf(buf, size, "atomic add, one cache line for all threads");
	else if (!strcmp(bound, "null"))
		snprintf(buf, size, "lookup in a table that does nothing");
	else if (!strcmp(bound, "away") && !strcmp(percentile, "max"))
		snprintf(buf, size, "CPU stolen, maximum");
	else if (!strcmp(bound, "away"))
		snprintf(buf, size, "CPU stolen, %s",
			 !strcmp(percentile, "p999") ? "p99.9" : percentile);
	else
		snprintf(buf, size, "%s", bound);
}

static void put(struct grid *g, size_t column, const json_t *value)
{
	char text[32];

	if (!json_is_number(value))
		return;
	table_number(text, sizeof(text), json_number_value(value));
	grid_put(g, column, text);
}

/* The column, from 1, of that CPU, which is added if it is new; 0: there are too many. */
static size_t column_of(json_int_t *cpus, size_t *nr, json_int_t cpu)
{
	size_t i = 0;

	while (i < *nr && cpus[i] != cpu)
		i++;
	if (i == GRID_COLUMNS_MAX - 1)
		return 0;
	if (i == *nr)
		cpus[(*nr)++] = cpu;
	return i + 1;
}

/* Distances of CPUs as a matrix. */
static int print_distances(FILE *out, const json_t *bounds, enum grid_format format)
{
	struct grid g = { .columns = GRID_COLUMNS_MAX, .left = { true } };
	json_int_t cpus[GRID_COLUMNS_MAX];
	size_t nr = 0, i;
	const json_t *one;
	int err;

	for (int pass = 0; pass < 2; pass++) {
		json_array_foreach(bounds, i, one) {
			const json_t *pair = json_object_get(one, "cpus");
			size_t a, b;
			char text[32];

			if (strcmp(text_of(one, "bound"), "distance"))
				continue;
			a = column_of(cpus, &nr, json_integer_value(json_array_get(pair, 0)));
			b = column_of(cpus, &nr, json_integer_value(json_array_get(pair, 1)));
			if (!pass || !a || !b || !json_is_number(json_object_get(one, "median")))
				continue;
			table_number(text, sizeof(text), number_of(one, "median"));
			grid_put_at(&g, a, b, text);
			grid_put_at(&g, b, a, text);
		}
		for (i = 0; !pass && nr && i <= nr; i++) {
			char text[32];

			if (!grid_add_row(&g))
				break;
			snprintf(text, sizeof(text), "CPU %d", i ? (int)cpus[i - 1] : 0);
			grid_put_at(&g, i, 0, i ? text : "a cache line there and back, ns");
			if (i) {
				grid_put_at(&g, 0, i, text);
				grid_put_at(&g, i, i, "-");
			}
		}
	}
	err = g.failed ? -ENOMEM : 0;
	if (!err && nr) {
		fputc('\n', out);
		grid_print(out, &g, format);
	}
	grid_free(&g);
	return err;
}

int table_bounds(FILE *out, const json_t *bounds, enum grid_format format)
{
	struct grid g = { .columns = 5, .left = { true } };
	const json_t *one;
	int err;
	size_t i;

	grid_add_row(&g);
	if (!g.failed) {
		grid_put(&g, 0, "bound");
		grid_put(&g, 1, "threads");
		grid_put(&g, 2, "ns");
	}
	json_array_foreach(bounds, i, one) {
		/* With fewer repeats there is no interval. */
		const bool many = number_of(one, "n") >= STATS_LEAST;
		char text[128];

		if (!strcmp(text_of(one, "bound"), "distance"))
			continue; /* they have a separate table */
		if (!grid_add_row(&g))
			break;
		describe(text, sizeof(text), one);
		grid_put(&g, 0, text);
		snprintf(text, sizeof(text), "%d",
			 (int)json_integer_value(json_object_get(one, "threads")));
		grid_put(&g, 1, text);
		put(&g, 2, json_object_get(one, "median"));
		if (!many)
			continue;
		grid_put_at(&g, 0, 3, "from");
		grid_put_at(&g, 0, 4, "to");
		put(&g, 3, json_object_get(one, "ci_low"));
		put(&g, 4, json_object_get(one, "ci_high"));
	}
	err = g.failed ? -ENOMEM : 0;
	if (!err)
		grid_print(out, &g, format);
	grid_free(&g);
	return err ? err : print_distances(out, bounds, format);
}
