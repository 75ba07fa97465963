/* SPDX-License-Identifier: MIT */
#include "variants/peers/rte_process.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_rcu_qsbr.h>

/*
 * Address space: bytes for a key with its share of buckets and of the library's lists; the least;
 * and what the library has besides. The EAL describes each page of it when it starts, touched or
 * not: 5 GB take 0.2 s.
 */
#define KEY_BYTES	144
#define LEAST_MEGABYTES 1024
#define OTHER_MEGABYTES 256

struct rte_rcu_qsbr *rte_process_qsbr;
static pthread_once_t qsbr_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t eal_lock = PTHREAD_MUTEX_INITIALIZER;

static void make_qsbr(void)
{
	size_t bytes = rte_rcu_qsbr_get_memsize(RTE_PROCESS_THREADS);
	struct rte_rcu_qsbr *v = aligned_alloc(128, (bytes + 127) & ~(size_t)127);

	if (v && rte_rcu_qsbr_init(v, RTE_PROCESS_THREADS)) {
		free(v);
		v = NULL;
	}
	rte_process_qsbr = v;
}

int rte_process_begin(void)
{
	pthread_once(&qsbr_once, make_qsbr);
	return rte_process_qsbr ? 0 : -EOPNOTSUPP;
}

static int start_eal(uint64_t megabytes)
{
	char lcore[32], memory[32];
	/* --in-memory would contradict --no-huge. */
	const char *const words[] = { "ctbench",     "--no-huge",    "--no-pci", "--no-telemetry",
				      "--no-shconf", "-m",	     memory,	 "--lcores",
				      lcore,	     "--log-level=3" };
	char *args[sizeof(words) / sizeof(words[0]) + 1] = { 0 };
	cpu_set_t cpus;
	int cpu = 0, ret;

	if (pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus))
		return -EOPNOTSUPP;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(lcore, sizeof(lcore), "0@%d", cpu);
	snprintf(memory, sizeof(memory), "%" PRIu64, megabytes);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		args[i] = (char *)words[i];
	ret = rte_eal_init(sizeof(words) / sizeof(words[0]), args);
	/* The EAL has pinned this thread. */
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	return ret < 0 ? -EOPNOTSUPP : 0;
}

int rte_process_memory(uint64_t keys)
{
	static int started = -EAGAIN; /* under eal_lock */
	uint64_t megabytes = OTHER_MEGABYTES + (keys * KEY_BYTES >> 20);
	int ret;

	pthread_mutex_lock(&eal_lock);
	if (started == -EAGAIN)
		started = start_eal(megabytes < LEAST_MEGABYTES ? LEAST_MEGABYTES : megabytes);
	ret = started;
	pthread_mutex_unlock(&eal_lock);
	return ret;
}
