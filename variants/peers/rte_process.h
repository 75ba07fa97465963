/* SPDX-License-Identifier: MIT */
/* DPDK in this process: its environment (EAL) without root, huge pages, devices or files. */
#ifndef CTBENCH_VARIANTS_PEERS_RTE_PROCESS_H
#define CTBENCH_VARIANTS_PEERS_RTE_PROCESS_H

#include <stdint.h>

struct rte_rcu_qsbr;

/* Shared by all tables of the process; a thread of it is a "CPU". */
#define RTE_PROCESS_THREADS 256
extern struct rte_rcu_qsbr *rte_process_qsbr;

/* Before the first table: 0, or -EOPNOTSUPP without memory for the threads' quiescent states. */
int rte_process_begin(void);

/*
 * Starts the EAL at the first call, with address space for a table of that many keys; tables of a
 * million connections fit in any case.  0, or -EOPNOTSUPP if it does not start.  The calling thread
 * keeps its CPU affinity.  No fork() afterwards.
 */
int rte_process_memory(uint64_t keys);

#endif
