/* SPDX-License-Identifier: MIT */
/* DPDK in this process: its environment (EAL) without root, huge pages, devices or files. */
#ifndef CTBENCH_VARIANTS_PEERS_RTE_PROCESS_H
#define CTBENCH_VARIANTS_PEERS_RTE_PROCESS_H

struct rte_rcu_qsbr;

/* For all tables of the process, with a thread for each "CPU". */
#define RTE_PROCESS_THREADS 256
extern struct rte_rcu_qsbr *rte_process_qsbr;

/*
 * Starts the EAL once, any number of times: 0, or -EOPNOTSUPP where it does not start.  The caller
 * keeps its CPUs.  No fork() afterwards.
 */
int rte_process_begin(void);

#endif
