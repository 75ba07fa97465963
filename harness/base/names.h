/* SPDX-License-Identifier: MIT */
/*
 * The rules for names.  Names become parts of commands, files and pictures, and are read back from
 * files that anybody may have changed, so each kind of name has one rule, whatever its source.
 */
#ifndef CTBENCH_HARNESS_BASE_NAMES_H
#define CTBENCH_HARNESS_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define WORKLOAD_NAME_SIZE    64
#define WORKLOAD_NAME_RULE    "1 to 63 of the characters a-z, 0-9, _ and -"
#define WORKLOAD_NAME_PATTERN "[a-z0-9_-]{1,63}" /* the same as a regular expression */
/* Of a workload, also as the first part of a cell's name; text may continue after len. */
bool name_fits_workload(const char *text, size_t len);

/* A variant, metric, axis, parameter, kind: 1 to 100 of a-z, A-Z, 0-9, '_', '-', '.' and '+'. */
bool name_fits_word(const char *text);

#define RUN_NAME_RULE \
	"1 to 127 bytes of plain text, without '/' and beginning with neither '.' nor '-'"
/* Of a run: a folder that can be an argument of every command. */
bool name_fits_run(const char *text);

/* Of a cell: WORKLOAD/VARIANT, and more with slashes between. */
bool name_fits_cell(const char *text);

#endif
