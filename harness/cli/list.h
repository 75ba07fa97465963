/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of ctbench list; the lists return an exit status, or a negative errno with a
 * sentence in e.
 */
#ifndef CTBENCH_HARNESS_CLI_LIST_H
#define CTBENCH_HARNESS_CLI_LIST_H

#include "harness/cli/cmd.h"

struct json_t;

/* The variants that are selected (variant_select()); nr 0: all. */
int list_variants(const char *const *selections, size_t nr, bool json, struct ct_error *e);
/* The axes, and the choices on each. */
int list_axes(bool json);

/* The runs in a folder (NULL: results/runs), in the order of time. */
int list_runs(const char *parent, bool json, struct ct_error *e);

/* Print a JSON value, and free it. */
int list_print_json(struct json_t *root);

#endif
