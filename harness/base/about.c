/* SPDX-License-Identifier: MIT */
/*
 * What this ctbench is; see about.h.  The build system writes the revision into core/revision.h
 * at every build, and passes the flags.
 */
#include "harness/base/about.h"

#include "core/revision.h"
#include "core/version.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#ifndef CTBENCH_BUILD
#define CTBENCH_BUILD "flags unknown"
#endif

const char *about_version(void)
{
	return CTBENCH_VERSION;
}

const char *about_revision(void)
{
	return CTBENCH_REVISION;
}

const char *about_compiler(void)
{
#if defined(__clang__)
	return "clang " __clang_version__;
#elif defined(__GNUC__)
	return "gcc " __VERSION__;
#else
	return "unknown compiler";
#endif
}

const char *about_build(void)
{
	return CTBENCH_BUILD;
}

static char allocator[128];

static void find_allocator(void)
{
	int (*mallctl)(const char *, void *, size_t *, void *, size_t);
	const char *version, *file;
	size_t size = sizeof(version);
	Dl_info info;
	void *malloc_fn;

	/*
	 * Ask the process, not the build: a preloaded library takes precedence over the linked
	 * one.
	 */
	*(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl");
	if (mallctl && !mallctl("version", &version, &size, NULL, 0)) {
		snprintf(allocator, sizeof(allocator), "jemalloc %.100s", version);
		return;
	}
	malloc_fn = dlsym(RTLD_DEFAULT, "malloc");
	if (malloc_fn && dladdr(malloc_fn, &info) && info.dli_fname) {
		file = strrchr(info.dli_fname, '/');
		file = file ? file + 1 : info.dli_fname;
		if (strncmp(file, "libc.so", 7) && strncmp(file, "libc-", 5)) {
			snprintf(allocator, sizeof(allocator), "%.100s", file);
			return;
		}
	}
	snprintf(allocator, sizeof(allocator), "glibc %s", gnu_get_libc_version());
}

const char *about_allocator(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_allocator);
	return allocator;
}
