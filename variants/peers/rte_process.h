/* SPDX-License-Identifier: MIT */
/* DPDK in this process: its environment (EAL) without root, huge pages, devices or files. */
#ifndef CTBENCH_VARIANTS_PEERS_RTE_PROCESS_H
#define CTBENCH_VARIANTS_PEERS_RTE_PROCESS_H

struct rte_rcu_qsbr;

/* Shared by all tables of the process; a thread of it is a "CPU". */
#define RTE_PROCESS_THREADS 256
extern struct rte_rcu_qsbr *rte_process_qsbr;

/*
 * Starts the EAL at the first call: 0, or -EOPNOTSUPP if it does not start.  The calling thread
 * keeps its CPU affinity.  No fork() afterwards.
 */
int rte_process_begin(void);

#endif
