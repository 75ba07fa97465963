/* SPDX-License-Identifier: MIT */
/*
 * The first line of a key set, a file of connections that ctbench import writes and that a
 * workload may name instead of a number of flows.  harness/traffic/key_set.h reads the rest.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_KEY_SET_FILE_H
#define CTBENCH_HARNESS_WORKLOAD_KEY_SET_FILE_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_SET_SUFFIX ".ct"
#define KEY_SET_HEADER "# ctbench key set 1: %llu connections\n"

/* Does a value of `flows` mean a file? */
bool key_set_is_file(const char *text);
/*
 * Reads the number of connections from it: NULL, or a clause that says what is wrong; it
 * is valid until the next call of the thread.
 */
const char *key_set_count(const char *path, uint64_t *nr);

#endif
