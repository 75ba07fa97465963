/* SPDX-License-Identifier: MIT */
/* The allocator's own statistics; see memstat.h. */
#include "harness/machine/memstat.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/about.h"
#include "harness/base/files.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int (*mallctl)(const char *name, void *old, size_t *old_size, void *new_value,
		      size_t new_size);
static size_t (*sanitizer_bytes)(void);

/* Looked up in the process, not known from the build, because a preloaded library comes first. */
static void find(void)
{
	*(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl");
	*(void **)&sanitizer_bytes = dlsym(RTLD_DEFAULT, "__sanitizer_get_current_allocated_bytes");
}

static uint64_t jemalloc_allocated(void)
{
	uint64_t epoch = 1;
	size_t allocated = 0, size = sizeof(allocated);

	mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
	/* The figures do not change until the epoch advances. */
	mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	if (mallctl("stats.allocated", &allocated, &size, NULL, 0))
		return 0; /* built without statistics */
	return allocated;
}

uint64_t memstat_allocated(void)
{
	struct mallinfo2 info;

	pthread_once(&once, find);
	if (mallctl)
		return jemalloc_allocated();
	if (sanitizer_bytes)
		return sanitizer_bytes();
	info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

bool memstat_thread_allocated(uint64_t *bytes)
{
	/* jemalloc's own counter of this thread, so that reading it costs one load. */
	static _Thread_local const uint64_t *counter;

	*bytes = 0;
	if (!counter) {
		const uint64_t *found = NULL;
		size_t size = sizeof(found);

		pthread_once(&once, find);
		if (!mallctl || mallctl("thread.allocatedp", &found, &size, NULL, 0) || !found)
			return false;
		counter = found;
	}
	*bytes = *counter;
	return true;
}

static uint64_t resident_of(const char *path)
{
	unsigned long long total, resident;
	FILE *f = file_fact(path);
	int n;

	if (!f)
		return 0;
	n = fscanf(f, "%llu %llu", &total, &resident);
	fclose(f);
	return n == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t memstat_rss(void)
{
	return resident_of("/proc/self/statm");
}

uint64_t memstat_rss_of(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	return resident_of(path);
}

uint64_t memstat_rss_peak(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f = file_fact("/proc/self/status");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f) && sscanf(line, "VmHWM: %llu", &kib) != 1)
		;
	fclose(f);
	return kib * 1024;
}

char *memstat_allocator(char *buf, size_t size)
{
	snprintf(buf, size, "%s", about_allocator());
	return buf;
}
