/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of env.  All facts come from files under a root, which is "" for this machine
 * and a made-up folder in tests.
 */
#ifndef CTBENCH_HARNESS_MACHINE_ENV_INTERNAL_H
#define CTBENCH_HARNESS_MACHINE_ENV_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/machine/env.h"

/* ---- env_read.c: small files ---- */

/* The file's first line without its newline into buf; false if there is none. */
__attribute__((format(printf, 4, 5))) bool
env_line(char *buf, size_t size, const char *root, const char *path, ...);

/* A file that holds one whole number. */
__attribute__((format(printf, 3, 4))) bool
env_number(int64_t *value, const char *root, const char *path, ...);

/*
 * The value of the first line "key : value" (or "key value") of a file, without
 * blanks around it; false if there is no such line.
 */
bool env_field(char *buf, size_t size, const char *root, const char *path, const char *key);

/* The word in brackets of a line such as "always [madvise] never"; false without one. */
bool env_chosen(char *buf, size_t size, const char *root, const char *path);

/* A JSON string, or null for an empty text. */
json_t *env_text_or_null(bool known, const char *text);
json_t *env_number_or_null(bool known, int64_t value);
json_t *env_flag_or_null(bool known, bool value);

/* ---- the parts of env_json(), each a new object ---- */

json_t *env_machine(const char *root); /* env_machine.c */
json_t *env_frequency(const char *root);
json_t *env_power(const char *root);
json_t *env_virtual(const char *root);
/* Busy and, of that, stolen time of all CPUs since boot, in clock ticks (proc(5), /proc/stat). */
bool env_cpu_times(const char *root, double *busy, double *stolen);
json_t *env_kernel(const char *root); /* env_kernel.c */
json_t *env_pages(const char *root);
json_t *env_load(const char *root);
json_t *env_limits(const char *root);
json_t *env_libraries(void);

/* Everything; the topology and clock are always this machine's. */
json_t *env_json_in(const char *root);

#endif
