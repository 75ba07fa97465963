/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_MACHINE_MEMORY_LIMIT_H
#define CTBENCH_HARNESS_MACHINE_MEMORY_LIMIT_H

#include <stdint.h>

/*
 * Bytes of memory that this process may still take without driving the machine
 * into the OOM killer: the least of what the kernel calls available, what the
 * control group leaves, and what ulimit -v leaves.  A tenth of the first is
 * kept back.  UINT64_MAX where nothing is known.
 */
uint64_t memory_limit(void);

/*
 * Touch that many bytes and give them back to our kernel, so that a host that backs memory only
 * when it is touched has done so before somebody counts the time.  What our kernel's own faults
 * cost later remains, and so do its choices (NUMA: who touches first).
 */
void memory_back(uint64_t bytes);

#endif
