/* SPDX-License-Identifier: MIT */
/*
 * Files of a run that may come from a stranger or be edited: refused unless they contain what
 * ctbench would have written.  Everything that is read from a run's folder passes here once, where
 * it is read; who uses it need not ask again.
 *
 * In all of them texts are one line without control characters and of at most 4 KiB, numbers are
 * finite, and nothing is nested deeper than 16 levels.  Known keys of benchmark.json and run.json
 * hold what they should; a missing key is no reason to refuse a file.
 */
#ifndef CTBENCH_HARNESS_RESULTS_CHECK_H
#define CTBENCH_HARNESS_RESULTS_CHECK_H

#include "harness/base/error.h"

struct json_t;

/* Each: 0, or -EINVAL with a sentence: the file, the key, what it should be, and what to do. */
int check_benchmark(const struct json_t *benchmark, const char *path, struct ct_error *e);
int check_start(const struct json_t *start, const char *path, struct ct_error *e);
/* A line of details.jsonl, of bounds.jsonl, and any other JSON; where: "FILE:LINE". */
int check_details(const struct json_t *line, const char *where, struct ct_error *e);
int check_bounds(const struct json_t *line, const char *where, struct ct_error *e);
int check_json(const struct json_t *json, const char *where, struct ct_error *e);

#endif
