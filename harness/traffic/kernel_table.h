/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own table, asked by ctnetlink: a dump of all entries, which changes nothing.  The
 * answers are read by core/nf_conntrack_netlink.h, so no library is needed.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_KERNEL_TABLE_H
#define CTBENCH_HARNESS_TRAFFIC_KERNEL_TABLE_H

#include "harness/traffic/conntrack_text.h"

/*
 * Calls see() for each entry of this network namespace; a result other than 0 ends the dump and is
 * returned.  0 or a negative errno with a sentence; without the permission, or without conntrack in
 * the kernel, the sentence's status is CT_EXIT_SKIP.
 */
int kernel_table_each(int (*see)(void *arg, const struct conntrack_entry *entry,
				 struct ct_error *e),
		      void *arg, struct ct_error *e);

/* Reads the entry of one message: 0, or a negative errno if it has none.  For tests. */
int kernel_table_entry(const void *message, size_t len, struct conntrack_entry *entry);

#endif
