/* SPDX-License-Identifier: MIT */
/*
 * Are the parts of a merged run complete, and is none missing?  A folder that lost lines, or a run
 * that was interrupted, would silently give a run with fewer repeats.  The counts in a part's
 * benchmark.json are compared with the rows and details that it has now.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/results/details.h"
#include "harness/run/merge.h"
#include "harness/run/run.h"

/* ---- shards ---- */

void merge_read_shard(struct merge_part *p, const json_t *arguments)
{
	const char *text = "";
	json_t *argument;
	size_t i;

	json_array_foreach((json_t *)arguments, i, argument) {
		const char *word = json_is_string(argument) ? json_string_value(argument) : "";

		if (!strcmp(word, "--"))
			break;
		if (!strcmp(word, "--shard"))
			text = json_string_value(json_array_get(arguments, i + 1));
		else if (!strncmp(word, "--shard=", 8))
			text = word + 8;
	}
	if (!text || sscanf(text, "%u/%u", &p->shard, &p->shards) != 2)
		p->shard = p->shards = 0;
}

int merge_check_shard(struct merge *m, size_t at)
{
	const struct merge_part *a = &m->parts[0], *b = &m->parts[at];

	if (!b->shards)
		return ct_user_error(m->e,
				     "'%.500s/run.json' was started without --shard: a whole run "
				     "cannot be merged",
				     b->dir);
	if (a->shards == b->shards)
		return 0;
	return ct_user_error(
		m->e,
		"'%.350s/run.json' was started with --shard %u/%u and '%.350s/run.json' with "
		"--shard %u/%u: all parts of a run have the same N",
		a->dir, a->shard, a->shards, b->dir, b->shard, b->shards);
}

int merge_check_all_shards(struct merge *m)
{
	unsigned int n = m->parts[0].shards;

	for (unsigned int shard = 1; shard <= n; shard++) {
		size_t i = 0;

		while (i < m->nr && m->parts[i].shard != shard)
			i++;
		if (i == m->nr)
			return ct_user_error(m->e,
					     "the part of --shard %u/%u is not among these: name "
					     "it as well, or measure it first",
					     shard, n);
	}
	return 0;
}

/* ---- rows ---- */

/* Counts of a cell by cells.tsv and by benchmark.json. */
struct tally {
	int good, failed, voids;
};

/*
 * Only the last row of each repeat counts. last has room for one row per repeat. Returns the number
 * of repeats that have a row, or a negative errno.
 */
static int find_last(struct merge *m, size_t part, const char *name, uint32_t repeats,
		     const struct merge_row **last, struct tally *t)
{
	int done = 0;

	for (size_t i = 0; i < m->nr_rows; i++) {
		const struct merge_row *r = &m->rows[i];

		if (r->part != part || strcmp(r->m.name, name))
			continue;
		if (r->m.repeat >= repeats)
			return ct_user_error(m->e,
					     "%.300s/cells.tsv:%lu: repeat %u of '%.200s', which "
					     "had only %u repeats when benchmark.json was written: "
					     "copy the folder again from where it was measured",
					     m->parts[part].dir, r->line, r->m.repeat, name,
					     repeats);
		t->voids += r->m.result.void_reason[0] != '\0';
		done += !last[r->m.repeat];
		last[r->m.repeat] = r;
	}
	return done;
}

static int check_cell(struct merge *m, size_t part, const char *name, const json_t *cell,
		      const struct merge_row **last, uint32_t repeats)
{
	const struct merge_part *p = &m->parts[part];
	const struct tally told = {
		(int)json_integer_value(json_object_get(cell, "n")),
		(int)json_integer_value(json_object_get(cell, "failed")),
		(int)json_integer_value(json_object_get(cell, "void")),
	};
	struct tally t = { 0 };
	bool gave_up = false;
	int done = find_last(m, part, name, repeats, last, &t);

	if (done < 0)
		return done;
	for (uint32_t i = 0; i < repeats; i++) {
		int status = last[i] ? last[i]->m.result.status : 0;

		t.good += last[i] && measurement_good(&last[i]->m);
		t.failed += status && status != CT_EXIT_SKIP;
		gave_up |= status != 0;
	}
	if (t.good != told.good || t.failed != told.failed || t.voids != told.voids)
		return ct_user_error(
			m->e,
			"%.300s/cells.tsv:%lu: up to this last line there are %d good, %d failed "
			"and %d void measurements of '%.200s', and when benchmark.json was written "
			"there were %d, %d and %d: copy the folder again from where it was "
			"measured, or resume it there with 'ctbench run --resume'",
			p->dir, p->lines + 1, t.good, t.failed, t.voids, name, told.good,
			told.failed, told.voids);
	/* A failed measurement is not repeated. */
	if ((uint32_t)done < repeats && !gave_up)
		return ct_user_error(m->e,
				     "%.300s/cells.tsv has %d of %u repeats of '%.200s': resume "
				     "that run with 'ctbench run --resume' first",
				     p->dir, done, repeats, name);
	return 0;
}

int merge_check_whole(struct merge *m, size_t part)
{
	json_t *cells = json_object_get(m->parts[part].report, "cells"), *cell;
	const char *name;
	int err;

	for (size_t i = 0; i < m->nr_rows; i++) {
		const struct merge_row *r = &m->rows[i];

		if (r->part != part)
			continue;
		cell = json_object_get(cells, r->m.name);
		if (!cell)
			return ct_user_error(
				m->e,
				"%.300s/cells.tsv:%lu: benchmark.json does not have '%.200s': copy "
				"the folder again from where it was measured",
				m->parts[part].dir, r->line, r->m.name);
	}
	err = details_complete(m->parts[part].dir, m->e);
	if (err)
		return err;
	json_object_foreach(cells, name, cell) {
		json_int_t told = json_integer_value(json_object_get(cell, "repeats"));
		uint32_t repeats = told > 0 && told <= MERGE_REPEATS_MAX ? (uint32_t)told : 0;
		const struct merge_row **last = calloc(repeats + 1, sizeof(*last));

		err = last ? check_cell(m, part, name, cell, last, repeats)
			   : ct_fail(m->e, -ENOMEM, CT_EXIT_USER, "no memory for the measurements");
		free(last);
		if (err)
			break;
	}
	return err;
}
