/* SPDX-License-Identifier: MIT */
/* Hardware counters: see perf.h. */
#include "harness/machine/perf.h"
#include "harness/base/files.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CACHE(id, op, result) \
	(PERF_COUNT_HW_CACHE_##id | PERF_COUNT_HW_CACHE_OP_##op << 8 | \
	 PERF_COUNT_HW_CACHE_RESULT_##result << 16)

static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} counters[NR_PERF] = {
	[PERF_CYCLES] = { "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	[PERF_INSTRUCTIONS] = { "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	[PERF_LLC_MISSES] = { "llc_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
	[PERF_DTLB_MISSES] = { "dtlb_misses", PERF_TYPE_HW_CACHE, CACHE(DTLB, READ, MISS) },
	[PERF_PAGE_FAULTS] = { "page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
};

static int open_for_this_thread(struct perf_event_attr *attr)
{
	return (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

int (*perf_event_open_fn)(struct perf_event_attr *attr) = open_for_this_thread;

void perf_open(struct perf_set *set)
{
	for (int i = 0; i < NR_PERF; i++) {
		struct perf_event_attr attr = {
			.type = counters[i].type,
			.size = sizeof(attr),
			.config = counters[i].config,
			.exclude_kernel = 1,
			.exclude_hv = 1,
			.read_format =
				PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		};

		/* A page fault is counted where it is handled. */
		if (i == PERF_PAGE_FAULTS)
			attr.exclude_kernel = attr.exclude_hv = 0;
		set->fd[i] = perf_event_open_fn(&attr);
		if (set->fd[i] < 0 && i == PERF_PAGE_FAULTS) {
			attr.exclude_kernel = attr.exclude_hv = 1;
			set->fd[i] = perf_event_open_fn(&attr);
		}
		set->error[i] = set->fd[i] < 0 ? errno : 0;
	}
}

void perf_close(struct perf_set *set)
{
	for (int i = 0; i < NR_PERF; i++)
		if (set->fd[i] >= 0)
			close(set->fd[i]);
}

void perf_read(const struct perf_set *set, struct perf_values *v)
{
	memset(v, 0, sizeof(*v));
	for (int i = 0; i < NR_PERF; i++) {
		uint64_t data[3]; /* value, time enabled, time running */

		if (set->fd[i] < 0 || read(set->fd[i], data, sizeof(data)) != sizeof(data))
			continue;
		if (!data[2] && data[1])
			continue; /* the kernel never scheduled it */
		v->known[i] = true;
		v->shared |= data[2] < data[1];
		v->count[i] = (double)data[0] * (data[2] ? (double)data[1] / (double)data[2] : 1.0);
	}
}

const char *perf_name(enum perf_counter c)
{
	return counters[c].name;
}

/* Up to this kernel.perf_event_paranoid any user may count events of their own programs. */
#define PARANOID_ALLOWS 2

const char *perf_reason(int error, char *buf, size_t size)
{
	int level = 0;
	FILE *f;

	if (error == EACCES || error == EPERM) {
		f = file_fact("/proc/sys/kernel/perf_event_paranoid");
		if (f && fscanf(f, "%d", &level) == 1)
			snprintf(buf, size,
				 level <= PARANOID_ALLOWS || !geteuid()
					 ? "it is forbidden although kernel.perf_event_paranoid is "
					   "%d, as by the seccomp profile of a container: give it "
					   "the capability PERFMON"
					 : "the kernel forbids it (kernel.perf_event_paranoid is "
					   "%d): "
					   "sysctl kernel.perf_event_paranoid=1, or run as root",
				 level);
		else
			snprintf(buf, size, "not permitted");
		if (f)
			fclose(f);
	} else if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV || error == EINVAL) {
		snprintf(buf, size, "this machine, or its hypervisor, has no such counter");
	} else if (error == ENOSYS) {
		snprintf(buf, size, "this kernel has no perf_event_open");
	} else {
		snprintf(buf, size, "%s", strerror(error));
	}
	return buf;
}
