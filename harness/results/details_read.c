/* SPDX-License-Identifier: MIT */
/* The details that belong to a run's good measurements; see details.h. */
#include "harness/results/details.h"
#include "harness/base/array.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/results/metric.h"
#include "harness/results/internal.h"
#include "harness/results/results.h"

/* ---- which lines count ---- */

struct known {
	uint64_t seq;
	char *name;
	uint32_t repeat;
	bool good;
};

struct rows {
	struct known *list;
	size_t nr;
};

static int take_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	struct rows *rows = arg;

	if (!array_room(rows->list, rows->nr))
		goto no_memory;
	rows->list[rows->nr] = (struct known){
		.seq = m->seq,
		.name = strdup(m->name),
		.repeat = m->repeat,
		.good = measurement_good(m),
	};
	if (!rows->list[rows->nr].name)
		goto no_memory;
	rows->nr++;
	return 0;
no_memory:
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for a run's measurements");
}

static int by_repeat(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	int names = strcmp(x->name, y->name);

	if (names)
		return names;
	if (x->repeat != y->repeat)
		return x->repeat < y->repeat ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_seq(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* A repeat's latest attempt is the one that counts. */
static void only_latest(struct rows *rows)
{
	if (!rows->nr)
		return;
	qsort(rows->list, rows->nr, sizeof(*rows->list), by_repeat);
	for (size_t i = 0; i + 1 < rows->nr; i++)
		if (!strcmp(rows->list[i].name, rows->list[i + 1].name) &&
		    rows->list[i].repeat == rows->list[i + 1].repeat)
			rows->list[i].good = false;
	qsort(rows->list, rows->nr, sizeof(*rows->list), by_seq);
}

static bool counts(const struct rows *rows, const json_t *line)
{
	struct known key = {
		.seq = (uint64_t)json_integer_value(json_object_get(line, "seq")),
	};
	const struct known *row =
		rows->nr ? bsearch(&key, rows->list, rows->nr, sizeof(key), by_seq) : NULL;

	return row && row->good &&
	       row->repeat == (uint32_t)json_integer_value(json_object_get(line, "repeat")) &&
	       !strcmp(row->name, json_string_value(json_object_get(line, "name")));
}

/* ---- reading a run ---- */

/* Add the line, or its value for the key, to the list of its cell; takes no reference. */
static int add_line(json_t *all, json_t *line, const char *key)
{
	const char *name = json_string_value(json_object_get(line, "name"));
	json_t *list = json_object_get(all, name),
	       *value = json_object_get(line, key ? key : "seq");
	json_t *entry;

	if (!value)
		return 0;
	if (!list && json_object_set_new(all, name, json_array()))
		return -ENOMEM;
	list = json_object_get(all, name);
	entry = key ? json_pack("{s:O, s:O, s:O}", "seq", json_object_get(line, "seq"), "repeat",
				json_object_get(line, "repeat"), key, value)
		    : json_incref(line);
	return json_array_append_new(list, entry) ? -ENOMEM : 0;
}

json_t *details_read(const char *dir, const char *key, struct ct_error *e)
{
	struct rows rows = { 0 };
	json_t *all = json_object(), *line;
	char path[PATH_MAX + 32];
	struct details_reader r = { 0 };
	ssize_t len;
	int ret = all ? results_rows(dir, take_row, &rows, e)
		      : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for a run's details");

	snprintf(path, sizeof(path), "%s/" DETAILS_FILE, dir);
	if (!ret) {
		only_latest(&rows);
		ret = details_open(&r, path, e);
	}
	while (!ret && (ret = details_next(&r, &line, &len, e)) > 0) {
		ret = counts(&rows, line) ? add_line(all, line, key) : 0;
		json_decref(line);
		if (ret)
			ct_fail(e, ret, CT_EXIT_USER, "no memory for '%.700s'", path);
	}
	details_close(&r);
	for (size_t i = 0; i < rows.nr; i++)
		free(rows.list[i].name);
	free(rows.list);
	if (!ret)
		return all;
	json_decref(all);
	return NULL;
}

/* Mark the row of this line as done. */
static void strike(struct rows *rows, const json_t *line)
{
	struct known key = {
		.seq = (uint64_t)json_integer_value(json_object_get(line, "seq")),
	};
	struct known *row =
		rows->nr ? bsearch(&key, rows->list, rows->nr, sizeof(key), by_seq) : NULL;

	if (row && counts(rows, line))
		row->good = false;
}

int details_complete(const char *dir, struct ct_error *e)
{
	struct rows rows = { 0 };
	struct details_reader r = { 0 };
	char path[PATH_MAX + 32];
	json_t *line;
	ssize_t len;
	int ret = results_rows(dir, take_row, &rows, e);

	snprintf(path, sizeof(path), "%s/" DETAILS_FILE, dir);
	if (!ret) {
		only_latest(&rows);
		ret = details_open(&r, path, e);
	}
	while (!ret && (ret = details_next(&r, &line, &len, e)) > 0) {
		strike(&rows, line);
		json_decref(line);
		ret = 0;
	}
	details_close(&r);
	for (size_t i = 0; i < rows.nr; i++) {
		if (!ret && rows.list[i].good)
			ret = ct_user_error(e,
					    "%s/cells.tsv:%zu: the details of repeat %u of "
					    "'%.200s' are missing in %s: restore that file, or "
					    "measure again under another --name",
					    dir, i + 2, rows.list[i].repeat, rows.list[i].name,
					    path);
		free(rows.list[i].name);
	}
	free(rows.list);
	return ret < 0 ? ret : 0;
}

/* ---- scalars ---- */

/* The names in the order in which they appear, each with null. */
static json_t *names_of(const json_t *repeats)
{
	json_t *names = json_object(), *repeat, *value;
	const char *name;
	size_t i;

	json_array_foreach(repeats, i, repeat)
		json_object_foreach(json_object_get(repeat, "metrics"), name, value)
			json_object_set_new(names, name, json_null());
	return names;
}

int details_metrics(json_t *metrics, const json_t *repeats, size_t nr)
{
	double *values = memory_array(nr ? nr : 1, sizeof(*values));
	json_t *names = names_of(repeats), *repeat, *unset;
	const char *name;
	int err = 0;
	size_t i;

	json_object_foreach(names, name, unset) {
		for (i = 0; i < nr && !err; i++)
			values[i] = NAN;
		json_array_foreach(repeats, i, repeat) {
			json_t *value = json_object_get(json_object_get(repeat, "metrics"), name);
			json_int_t at = json_integer_value(json_object_get(repeat, "repeat"));

			if (!err && json_is_number(value) && at >= 0 && (size_t)at < nr)
				values[at] = json_number_value(value);
		}
		if (!err)
			err = metric_put(metrics, name, values, nr);
	}
	json_decref(names);
	free(values);
	return err;
}
