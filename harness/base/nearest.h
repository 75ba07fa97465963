/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": the names nearest to a mistyped one.
 */
#ifndef CTBENCH_HARNESS_BASE_NEAREST_H
#define CTBENCH_HARNESS_BASE_NEAREST_H

#include <stddef.h>

/*
 * The nearest of nr names to word, or NULL.  A name is near if it begins with word, or differs by
 * few typing errors: a wrong, missing or extra letter, or two swapped.
 */
const char *nearest_name(const char *word, const char *const *names, size_t nr);

/* Writes up to max of them to out, the most likely first; returns how many. */
size_t
nearest_names(const char *word, const char *const *names, size_t nr, const char **out, size_t max);

#endif
