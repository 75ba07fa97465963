/* SPDX-License-Identifier: MIT */
/*
 * Checks files of a run, which may be edited or come from an untrusted source: they are refused
 * unless ctbench could have written them.  Every file of a run's folder is checked once, where it
 * is read, so users of the values need no checks.
 *
 * In all of them texts are one line without control characters and of at most 4 KiB, numbers are
 * finite, and nothing is nested deeper than 16 levels.  Known keys of benchmark.json and run.json
 * have values of the right type; a missing key is allowed.
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
