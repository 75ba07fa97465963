/* SPDX-License-Identifier: MIT */
/*
 * Merges separately measured parts of a run into one run. For `ctbench merge`.
 *
 *	merge_parts.c	reads the parts, and checks that they may be mixed
 *	merge_whole.c	checks that the parts are complete, and that none is missing
 *	merge_folder.c	the new run's folder
 *
 * Functions return 0 or a negative errno with the sentence in m->e.
 */
#ifndef CTBENCH_HARNESS_RUN_MERGE_H
#define CTBENCH_HARNESS_RUN_MERGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "harness/base/error.h"
#include "harness/results/results.h"

/* A measurement. */
struct merge_row {
	struct measurement m;
	size_t part;
	unsigned long line; /* in the part's cells.tsv */
};

struct merge_part {
	char dir[PATH_MAX];
	json_t *start; /* run.json */
	json_t *benchmark;
	const json_t *report, *environment;
	json_t *arguments; /* without --shard */
	json_t *details;
	unsigned int shard, shards; /* --shard 1/3: 1 and 3; 0: none */
	unsigned long lines;	    /* read so far */
};

struct merge {
	const char *out, *results;
	const char **names; /* of the parts, as given */
	size_t nr;
	struct merge_part *parts;
	struct merge_row *rows;
	size_t nr_rows;
	struct ct_error *e;
	size_t reading; /* the part of the rows that take_row() gets */
	char parent[PATH_MAX], name[128];
	struct results folder;
};

/* Read all of m->names and their rows; nothing is written. */
int merge_read(struct merge *m);

/* Write the run m->out to a new folder, m->folder.  On failure the folder is removed. */
int merge_write(struct merge *m);

/* Were both measured on one machine and kernel?  Otherwise their figures are not comparable. */
bool merge_one_machine(const struct merge_part *a, const struct merge_part *b);

/* ---- merge_whole.c ---- */

/* More than any workload may ask for. */
#define MERGE_REPEATS_MAX 1000000

/* p->shard and p->shards out of the arguments in run.json. */
void merge_read_shard(struct merge_part *p, const json_t *arguments);
/* Does this part have --shard I/N, with the N of the first part? */
int merge_check_shard(struct merge *m, size_t at);
/* Are all shards there? */
int merge_check_all_shards(struct merge *m);
/* Does the part have all rows and details that it had when its benchmark.json was written? */
int merge_check_whole(struct merge *m, size_t part);

/* The length of a cell's workload at the beginning of its name. */
size_t merge_workload_len(const char *name);

#endif
