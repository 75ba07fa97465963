/* SPDX-License-Identifier: MIT */
/*
 * Measuring by another ctbench, of another revision or build, in the same run.
 *
 * The parent starts that program's "ctbench measure" as it starts its own, and both exchange plain
 * bytes: struct cell, struct cell_result and the messages of slices.h. So both must mean the same by
 * them, which is asked before anything is measured.
 */
#ifndef CTBENCH_HARNESS_MEASURE_PROTOCOL_H
#define CTBENCH_HARNESS_MEASURE_PROTOCOL_H

#include "harness/base/error.h"

struct json_t;

/*
 * Raise it where these bytes get another meaning without another length, parameter or word. The
 * rest is found out: protocol_name().
 */
#define PROTOCOL_VERSION 1

/* "1-0c1e3f6a": the version, and a hash of the structures' sizes and of the workload's language. */
const char *protocol_name(void);

/* What `ctbench measure --protocol` prints: {protocol, build (env.h), variants}. */
struct json_t *protocol_about(void);

/*
 * Ask the program at path for the same. A new reference, or NULL with a sentence: it is no ctbench,
 * or speaks another protocol. name: what the user calls it.
 */
struct json_t *protocol_ask(const char *path, const char *name, struct ct_error *e);

#endif
