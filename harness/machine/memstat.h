/* SPDX-License-Identifier: MIT */
/*
 * Statistics of the process's allocator.
 *
 * The allocator is asked for by name at run time, so that a jemalloc preloaded
 * into a build with libc's malloc is found as well as a linked one.  Under a
 * sanitizer, whose own allocator serves malloc(), the sanitizer is asked.
 *
 * Thread-safety: any thread, any time.
 */
#ifndef CTBENCH_HARNESS_MACHINE_MEMSTAT_H
#define CTBENCH_HARNESS_MACHINE_MEMSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Bytes in live allocations of the whole process: jemalloc's stats.allocated,
 * glibc's mallinfo2 (arenas and mapped chunks).  Objects that other threads'
 * caches hold count as live, some tens of KiB a thread; the calling thread's
 * cache is flushed first.  Slow (microseconds): not inside a window.
 */
uint64_t memstat_allocated(void);

/*
 * Bytes that the calling thread has ever allocated, frees not subtracted:
 * unchanged over a window means that nothing was allocated in it.  False
 * where the allocator does not count this (glibc).  Allocates nothing after
 * its first call in a thread; jemalloc only.
 */
bool memstat_thread_allocated(uint64_t *bytes);

/* Resident memory of the process in bytes, now; 0 if unknown. */
uint64_t memstat_rss(void);
/* The same for another process of ours. */
uint64_t memstat_rss_of(pid_t pid);

/* Its maximum since the process started. */
uint64_t memstat_rss_peak(void);

/* Name and version of the allocator behind malloc() in this process: "jemalloc 5.3.0-0-g54ea",
 * "glibc 2.36"; returns buf. */
char *memstat_allocator(char *buf, size_t size);

#endif
