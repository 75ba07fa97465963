/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_MACHINE_MEMORY_LIMIT_H
#define CTBENCH_HARNESS_MACHINE_MEMORY_LIMIT_H

#include <stdint.h>

/*
 * Bytes that this process can still allocate without invoking the OOM killer: the least of the
 * kernel's available memory less a tenth, the rest of the control group's limit, and the rest of
 * ulimit -v.
 * UINT64_MAX if none of them is known.
 */
uint64_t memory_limit(void);

/*
 * Touch that many bytes and return them to our kernel, so that the host backs the memory before any
 * time is measured.  The page faults of our kernel, and its choice of NUMA node, still come later.
 */
void memory_back(uint64_t bytes);

#endif
