/* SPDX-License-Identifier: MIT */
/*
 * Measuring with another ctbench, of another revision or build, in the same run.
 *
 * The parent starts that program's "ctbench measure" like its own, and both exchange plain
 * structures: struct cell, struct cell_result and the messages of slices.h.  Both must have the
 * same definitions; this is checked before anything is measured.
 */
#ifndef CTBENCH_HARNESS_MEASURE_PROTOCOL_H
#define CTBENCH_HARNESS_MEASURE_PROTOCOL_H

#include "harness/base/error.h"

struct json_t;

/*
 * Raise it if the meaning of these bytes changes but no length, parameter or word does.  Other
 * changes are detected: protocol_name().
 */
#define PROTOCOL_VERSION 1

/* "1-0c1e3f6a": the version, and a hash of the structures' sizes and of the workload's language. */
const char *protocol_name(void);

/* The output of `ctbench measure --protocol`: {protocol, build (env.h), variants}. */
struct json_t *protocol_about(void);

/*
 * The same from the program at path. A new reference, or NULL with a sentence: it is not a ctbench,
 * or uses another protocol. name: the user's name for it.
 */
struct json_t *protocol_ask(const char *path, const char *name, struct ct_error *e);

#endif
