/* SPDX-License-Identifier: MIT */
/* The parts of a run that is merged: see merge.h. */
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/base/about.h"
#include "harness/base/array.h"
#include "harness/results/check.h"
#include "harness/results/details.h"
#include "harness/base/json_read.h"
#include "harness/judge/facts.h"
#include "harness/run/merge.h"
#include "harness/run/run.h"

/* ---- the parts' descriptions of themselves ---- */

/* Parts differ in "--shard 1/2" or "--shard=1/2" only. */
static json_t *without_shard(const json_t *arguments)
{
	json_t *list = json_array(), *argument;
	bool ours = true;
	size_t i;

	json_array_foreach((json_t *)arguments, i, argument) {
		const char *text = json_is_string(argument) ? json_string_value(argument) : "";

		if (!strcmp(text, "--"))
			ours = false;
		if (ours && !strcmp(text, "--shard"))
			i++;
		else if (!ours || strncmp(text, "--shard=", 8))
			json_array_append(list, argument);
	}
	return list;
}

static int load_part(struct merge *m, size_t at)
{
	struct merge_part *p = &m->parts[at];
	char path[PATH_MAX + 32];

	results_find(p->dir, sizeof(p->dir), m->results, m->names[at]);
	p->start = results_read_json(p->dir, "run.json", "it has the run's arguments", m->e);
	if (!p->start)
		return -EINVAL;
	if (run_start_format(p->start, p->dir, m->e))
		return -EINVAL;
	if (strcmp(run_start_command(p->start), "run"))
		return ct_user_error(m->e,
				     "'%.600s' was made by ctbench %.20s: only runs are merged",
				     p->dir, run_start_command(p->start));
	if (strcmp(text_of(p->start, "revision"), about_revision()))
		return ct_user_error(m->e,
				     "'%.600s' was measured by revision %s and this is %s: measure "
				     "all parts with one program, and merge with the same",
				     p->dir, text_of(p->start, "revision"), about_revision());
	p->arguments = without_shard(json_object_get(p->start, "arguments"));
	merge_read_shard(p, json_object_get(p->start, "arguments"));
	p->benchmark = results_read_json(
		p->dir, "benchmark.json",
		"the run is not finished: resume it with 'ctbench run --resume' first", m->e);
	snprintf(path, sizeof(path), "%s/benchmark.json", p->dir);
	if (!p->benchmark || check_benchmark(p->benchmark, path, m->e))
		return -EINVAL;
	p->report = json_object_get(p->benchmark, "ctbench");
	p->environment = json_object_get(p->report, "environment");
	if (!json_is_object(p->environment))
		return ct_user_error(m->e,
				     "'%.600s/benchmark.json' does not say on which machine it was "
				     "measured: measure again",
				     p->dir);
	if (json_is_true(json_object_get(p->report, "interrupted")))
		return ct_user_error(m->e,
				     "'%.600s/benchmark.json' says that the run was interrupted: "
				     "resume it with 'ctbench run --resume' first",
				     p->dir);
	p->details = details_read(p->dir, NULL, m->e);
	return p->details ? 0 : -EINVAL;
}

/* The same build? */
static int check_build(struct merge *m, size_t at)
{
	static const char *const keys[] = { "build", "allocator", "libraries" };
	const struct merge_part *a = &m->parts[0], *b = &m->parts[at];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *x = json_object_get(a->environment, keys[i]);
		json_t *y = json_object_get(b->environment, keys[i]), *value;
		const char *key;

		if (json_equal(x, y))
			continue;
		json_object_foreach(x, key, value)
			if (!json_equal(value, json_object_get(y, key)))
				return ct_user_error(m->e,
						     "'%.300s' and '%.300s' were "
						     "measured by two builds: "
						     "%s.%s is not the same in "
						     "their benchmark.json; "
						     "measure all parts with one",
						     a->dir, b->dir, keys[i], key);
		return ct_user_error(m->e,
				     "'%.300s' and '%.300s' were measured by two builds: %s is not "
				     "the same in their benchmark.json; measure all parts with one",
				     a->dir, b->dir, keys[i]);
	}
	return 0;
}

/* A workload that came through standard input must be the same in all parts. */
static int check_input(struct merge *m, size_t part)
{
	char *first, *other;
	int err = 0;

	if (!run_has_input(m->parts[0].arguments))
		return 0;
	first = run_read_input(m->parts[0].dir, m->e);
	other = first ? run_read_input(m->parts[part].dir, m->e) : NULL;
	if (!first || !other)
		err = -EINVAL;
	else if (strcmp(first, other))
		err = ct_user_error(m->e,
				    "'%.350s/" RESULTS_INPUT_FILE
				    "' is not that of '%.350s': only parts "
				    "of one run can be merged",
				    m->parts[part].dir, m->parts[0].dir);
	free(first);
	free(other);
	return err;
}

static int check_parts(struct merge *m)
{
	int err = 0;

	for (size_t i = 0; i < m->nr && !err; i++)
		err = load_part(m, i);
	for (size_t i = 1; i < m->nr && !err; i++) {
		for (size_t k = 0; k < i; k++)
			if (results_one_file(m->parts[k].dir, m->parts[i].dir))
				return ct_user_error(m->e, "'%.500s' is named twice",
						     m->parts[i].dir);
		if (!json_equal(m->parts[i].arguments, m->parts[0].arguments))
			return ct_user_error(m->e,
					     "'%.350s/run.json' was started with other arguments "
					     "than '%.350s/run.json': only parts of one run can be "
					     "merged (the same arguments except --shard)",
					     m->parts[i].dir, m->parts[0].dir);
		err = check_input(m, i);
		if (!err)
			err = check_build(m, i);
	}
	for (size_t i = 0; i < m->nr && !err; i++)
		err = merge_check_shard(m, i);
	return err;
}

/* ---- rows ---- */

bool merge_one_machine(const struct merge_part *a, const struct merge_part *b)
{
	json_t *differences = facts_differences_within_run(a->environment, b->environment, false);
	bool same = !json_array_size(differences);

	json_decref(differences);
	return same;
}

/* Up to the first slash: a cell's workload. */
size_t merge_workload_len(const char *name)
{
	return strcspn(name, "/");
}

static int check_row(struct merge *m, const struct measurement *row)
{
	const struct merge_part *here = &m->parts[m->reading];

	for (size_t i = 0; i < m->nr_rows; i++) {
		const struct merge_row *r = &m->rows[i];
		const struct merge_part *there = &m->parts[r->part];
		size_t len = merge_workload_len(row->name);

		if (r->part == m->reading) {
			/*
			 * A later attempt replaces an earlier one, even a good one: others of its
			 * session were void (run_measure_group()).
			 */
			if (row->repeat == r->m.repeat && row->attempt == r->m.attempt &&
			    !strcmp(row->name, r->m.name) && measurement_good(row) &&
			    measurement_good(&r->m))
				return ct_user_error(
					m->e,
					"repeat %u of '%.200s' is in line %lu as well, and good in "
					"both: delete the one that was not measured",
					row->repeat, row->name, r->line);
			continue;
		}
		if (len != merge_workload_len(r->m.name) || strncmp(row->name, r->m.name, len))
			continue;
		if (!merge_one_machine(here, there))
			return ct_user_error(
				m->e,
				"workload %.*s was measured on another machine in '%.300s': its "
				"cells are compared with each other, so leave one of the two out",
				(int)len, row->name, there->dir);
		if (strcmp(row->name, r->m.name))
			continue;
		if (row->fingerprint != r->m.fingerprint)
			return ct_user_error(m->e,
					     "'%.200s' was measured with other parameters than in "
					     "%.300s/cells.tsv:%lu: measure all parts with the "
					     "same workload files",
					     row->name, there->dir, r->line);
		if (row->repeat == r->m.repeat)
			return ct_user_error(m->e,
					     "repeat %u of '%.200s' is in %.300s/cells.tsv:%lu as "
					     "well: merge each part once",
					     row->repeat, row->name, there->dir, r->line);
	}
	return 0;
}

static int take_row(void *arg, const struct measurement *row, struct ct_error *e)
{
	struct merge *m = arg;
	int err = check_row(m, row);

	m->parts[m->reading].lines++;
	if (err)
		return err;
	if (!array_room(m->rows, m->nr_rows))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the measurements");
	m->rows[m->nr_rows++] =
		(struct merge_row){ *row, m->reading, m->parts[m->reading].lines + 1 };
	return 0;
}

static int read_rows(struct merge *m)
{
	int err = 0;

	for (m->reading = 0; m->reading < m->nr && !err; m->reading++)
		err = results_rows(m->parts[m->reading].dir, take_row, m, m->e);
	for (size_t i = 0; i < m->nr && !err; i++)
		err = merge_check_whole(m, i);
	if (!err)
		err = merge_check_all_shards(m);
	if (!err && !m->nr_rows)
		err = ct_user_error(m->e, "nothing was measured in any of these: nothing to merge");
	return err;
}

int merge_read(struct merge *m)
{
	int err;

	m->parts = calloc(m->nr, sizeof(*m->parts));
	if (!m->parts)
		return ct_fail(m->e, -ENOMEM, CT_EXIT_USER, "no memory for %zu runs", m->nr);
	err = check_parts(m);
	return err ? err : read_rows(m);
}
