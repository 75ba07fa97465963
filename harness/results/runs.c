/* SPDX-License-Identifier: MIT */
#include "harness/results/runs.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/escape.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/names.h"
#include "harness/results/results.h"

/* Seconds since 1970 of a time as results_time() writes it; 0 if it is none. */
static int64_t results_seconds(const char *time)
{
	struct tm tm = { 0 };
	const char *end = strptime(time, "%Y-%m-%dT%H:%M:%S%z", &tm);
	long offset = tm.tm_gmtoff; /* timegm() overwrites it */

	return end && !*end ? (int64_t)timegm(&tm) - offset : 0;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = results_seconds(text_of(*(json_t *const *)a, "started"));
	int64_t y = results_seconds(text_of(*(json_t *const *)b, "started"));

	return (x > y) - (x < y);
}

json_t *results_in_time(json_t *runs)
{
	size_t nr = json_array_size(runs), i;
	json_t **order = memory_array(nr ? nr : 1, sizeof(*order)), *sorted = json_array(), *run;

	json_array_foreach(runs, i, run)
		order[i] = run;
	if (nr)
		qsort(order, nr, sizeof(*order), by_time);
	for (i = 0; i < nr; i++)
		json_array_append(sorted, order[i]);
	free(order);
	json_decref(runs);
	return sorted;
}

static bool has(const char *dir, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

/* Counts a row of a run that has not ended. */
struct counting {
	struct run_folder *r;
	json_t *workloads;
};

static int count_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	struct counting *c = arg;
	size_t len = strcspn(m->name, "/"), i;
	json_t *name;

	(void)e;
	if (measurement_good(m))
		c->r->good++;
	else
		c->r->nr_void++;
	json_array_foreach(c->workloads, i, name)
		if (json_string_length(name) == len &&
		    !memcmp(json_string_value(name), m->name, len))
			return 0;
	json_array_append_new(c->workloads, json_stringn(m->name, len));
	return 0;
}

/* 255 bytes, each as \xff. */
#define RUN_NAME_SHOWN 1100

static int look_at(const char *parent, const char *name,
		   int (*see)(void *arg, const struct run_folder *r, struct ct_error *e), void *arg,
		   struct ct_error *e)
{
	struct run_folder r = { .name = name };
	struct counting counting = { .r = &r };
	struct ct_error why = { 0 };
	json_t *benchmark = NULL, *start = NULL;
	char shown[RUN_NAME_SHOWN];
	int err = 0;

	if ((size_t)snprintf(r.dir, sizeof(r.dir), "%s/%s", parent, name) >= sizeof(r.dir))
		return 0;
	counting.workloads = json_array();
	r.workloads = counting.workloads;
	if (!name_fits_run(name)) {
		if (!has(r.dir, "benchmark.json") && !has(r.dir, "run.json"))
			goto out;
		r.name = escaped(shown, sizeof(shown), escape_line, name);
		snprintf(r.dir, sizeof(r.dir), "%s/%s", parent, r.name);
		err = ct_user_error(&why,
				    "'%.400s' is not the name of a run (" RUN_NAME_RULE "): "
				    "rename the folder",
				    r.name);
	} else if (has(r.dir, "benchmark.json")) {
		char dir[PATH_MAX];

		benchmark = results_open(dir, sizeof(dir), parent, name, &why);
		err = benchmark ? 0 : -EINVAL;
	} else if (has(r.dir, "run.json")) {
		start = results_read_json(r.dir, "run.json", "it says how a run was started", &why);
		err = start ? results_rows(r.dir, count_row, &counting, &why) : -EINVAL;
	} else {
		goto out;
	}
	r.benchmark = benchmark;
	r.start = start;
	r.why = err ? why.text : NULL;
	err = see(arg, &r, e);
out:
	json_decref(counting.workloads);
	json_decref(benchmark);
	json_decref(start);
	return err;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int results_each_run(const char *parent,
		     int (*see)(void *arg, const struct run_folder *r, struct ct_error *e),
		     void *arg, struct ct_error *e)
{
	struct dirent **names = NULL;
	int nr, err = 0;

	if (!parent)
		parent = RESULTS_DEFAULT_DIR;
	nr = scandir(parent, &names, is_visible, alphasort);
	if (nr < 0)
		return ct_fail(e, -errno, CT_EXIT_USER,
			       "the folder of runs '%.500s' cannot be read: %s; name the folder "
			       "of your runs, or measure first, as in 'ctbench run axes'",
			       parent, strerror(errno));
	for (int i = 0; i < nr; i++) {
		if (!err)
			err = look_at(parent, names[i]->d_name, see, arg, e);
		free(names[i]);
	}
	free(names);
	return err;
}
