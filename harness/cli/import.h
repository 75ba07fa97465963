/* SPDX-License-Identifier: MIT */
/* The parts of ctbench import. */
#ifndef CTBENCH_HARNESS_CLI_IMPORT_H
#define CTBENCH_HARNESS_CLI_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/traffic/conntrack_text.h"

struct json_t;

/* The connections of a table. */
struct import_table {
	struct conntrack_entry *list;
	uint64_t nr;
};

/*
 * A list of the table's chains in each variant: {variant, buckets, connections, refused, mean,
 * longest, walk, p, bucket_bytes, node_bytes}. selection: of variants. NULL with a sentence in e.
 */
struct json_t *import_designs(const struct import_table *table, const char *selection,
			      uint64_t buckets, struct ct_error *e);

#endif
