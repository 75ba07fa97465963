/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": the names nearest to a mistyped one.
 */
#ifndef CTBENCH_HARNESS_BASE_NEAREST_H
#define CTBENCH_HARNESS_BASE_NEAREST_H

#include <stddef.h>

/*
 * The most likely of nr names for word, or NULL if none is near.  Near are
 * names that begin with word or that one of few slips (a letter wrong,
 * missing, too many, or two swapped) turns into it.
 */
const char *nearest_name(const char *word, const char *const *names, size_t nr);

/* Up to max of them into out, the likeliest first; returns how many. */
size_t
nearest_names(const char *word, const char *const *names, size_t nr, const char **out, size_t max);

#endif
