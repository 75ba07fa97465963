/* SPDX-License-Identifier: MIT */
#include "harness/machine/memory_limit.h"

#include "harness/machine/cgroup.h"
#include "harness/base/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* MemAvailable, less a tenth. */
static uint64_t available(void)
{
	uint64_t kib, bytes = UINT64_MAX;
	char line[128];
	FILE *f = file_fact("/proc/meminfo");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			bytes = kib * 1024 / 10 * 9;
	if (f)
		fclose(f);
	return bytes;
}

static uint64_t number_in(const char *path)
{
	uint64_t n = UINT64_MAX;
	FILE *f = file_fact(path);

	if (f) {
		if (fscanf(f, "%" SCNu64, &n) != 1)
			n = UINT64_MAX; /* "max" */
		fclose(f);
	}
	return n;
}

static uint64_t cgroup(void)
{
	struct cgroups *g = cgroups_find("");
	uint64_t left = g ? cgroups_memory_left(g) : UINT64_MAX;

	cgroups_free(g);
	return left;
}

static uint64_t address_space(void)
{
	struct rlimit rl;
	uint64_t pages = number_in("/proc/self/statm"), used;

	if (getrlimit(RLIMIT_AS, &rl) || rl.rlim_cur == RLIM_INFINITY || pages == UINT64_MAX)
		return UINT64_MAX;
	used = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return rl.rlim_cur > used ? rl.rlim_cur - used : 0;
}

uint64_t memory_limit(void)
{
	return least(available(), least(cgroup(), address_space()));
}

void memory_back(uint64_t bytes)
{
	volatile char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return;
	madvise((void *)p, bytes, MADV_HUGEPAGE); /* fewer page faults of our kernel */
	for (uint64_t i = 0; i < bytes; i += 4096)
		p[i] = 1;
	munmap((void *)p, bytes);
}
