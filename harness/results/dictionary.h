/* SPDX-License-Identifier: MIT */
/*
 * The meaning of each column and figure of a run: figures.def, the parameters and the axes.
 * `ctbench list --columns` prints it; each run's folder has it as columns.tsv.
 */
#ifndef CTBENCH_HARNESS_RESULTS_DICTIONARY_H
#define CTBENCH_HARNESS_RESULTS_DICTIONARY_H

#include <stddef.h>

#define DICTIONARY_FILE "columns.tsv"

struct dictionary_entry {
	const char *file;   /* of a run's folder: "cells.tsv" */
	const char *column; /* or key: "timeline.series.ops_per_s" */
	const char *unit;   /* "" where it has none */
	const char *better; /* "more", "less", "" */
	const char *meaning;
};

/* The entries are valid during the call only. */
void dictionary_each(void (*fn)(void *arg, const struct dictionary_entry *entry), void *arg);

/* columns.tsv, for free(); NULL without memory. */
char *dictionary_text(size_t *len);

#endif
