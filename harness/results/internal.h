/* SPDX-License-Identifier: MIT */
/* Shared by the files of results/; not for other rooms. */
#ifndef CTBENCH_HARNESS_RESULTS_INTERNAL_H
#define CTBENCH_HARNESS_RESULTS_INTERNAL_H

#include <stdio.h>
#include <sys/types.h>

#include "harness/results/results.h"

/* ---- results.c ---- */

/* Set the folder's name; opens nothing. A name is that of one folder, and not a hidden one. */
int results_set_dir(struct results *r, const char *parent, const char *name, struct ct_error *e);
/* Open cells.tsv, with these flags as well, and lock it; open run.log. */
int results_open_files(struct results *r, int flags, struct ct_error *e);
int results_open_details(struct results *r, struct ct_error *e);
/* Append a line to cells.tsv; it comes without a newline. */
int results_write_line(struct results *r, const char *line, struct ct_error *e);

/* ---- details.c: the lines of details.jsonl ---- */

struct details_reader {
	FILE *in; /* NULL: there is no such file */
	const char *path;
	char *line;
	size_t room;
	unsigned long nr; /* of the line, from 1 */
};

int details_open(struct details_reader *r, const char *path, struct ct_error *e);
/* 1 with the next line as an object; 0 at the end or at an incomplete line; a negative errno. */
int details_next(struct details_reader *r, struct json_t **object, ssize_t *len,
		 struct ct_error *e);
void details_close(struct details_reader *r);

#endif
