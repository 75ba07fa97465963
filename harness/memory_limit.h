/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_MEMORY_LIMIT_H
#define CTBENCH_HARNESS_MEMORY_LIMIT_H

#include <stdint.h>

/*
 * Bytes of memory that this process may still take without driving the machine
 * into the OOM killer: the least of what the kernel calls available, what the
 * control group leaves, and what ulimit -v leaves.  A tenth of the first is
 * kept back.  UINT64_MAX where nothing is known.
 */
uint64_t memory_limit(void);

#endif
