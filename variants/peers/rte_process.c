/* SPDX-License-Identifier: MIT */
#include "variants/peers/rte_process.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_rcu_qsbr.h>

/* Address space for 33 million keys; most of it is never touched. */
#define MEGABYTES "5120"

struct rte_rcu_qsbr *rte_process_qsbr;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started = -EOPNOTSUPP;

static void begin(void)
{
	char lcore[32];
	/* --in-memory would contradict --no-huge. */
	const char *const words[] = { "ctbench",     "--no-huge",    "--no-pci", "--no-telemetry",
				      "--no-shconf", "-m",	     MEGABYTES,	 "--lcores",
				      lcore,	     "--log-level=3" };
	char *args[sizeof(words) / sizeof(words[0]) + 1] = { 0 };
	size_t bytes = rte_rcu_qsbr_get_memsize(RTE_PROCESS_THREADS);
	cpu_set_t cpus;
	int cpu = 0, ret;

	if (pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus))
		return;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(lcore, sizeof(lcore), "0@%d", cpu);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		args[i] = (char *)words[i];
	ret = rte_eal_init(sizeof(words) / sizeof(words[0]), args);
	/* The EAL has pinned this thread. */
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	rte_process_qsbr = aligned_alloc(128, (bytes + 127) & ~(size_t)127);
	if (ret < 0 || !rte_process_qsbr ||
	    rte_rcu_qsbr_init(rte_process_qsbr, RTE_PROCESS_THREADS))
		return;
	started = 0;
}

int rte_process_begin(void)
{
	pthread_once(&once, begin);
	return started;
}
