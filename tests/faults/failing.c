/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD: the Nth call of a kind fails, as on a machine without that resource.
 *
 *	FAULT=alloc@N    malloc() and its like, once         FAULT=alloc@N+   and from then on
 *	FAULT=open@N     descriptors: EMFILE                 FAULT=fork@N     processes: EAGAIN
 *	FAULT=thread@N   threads: EAGAIN                     FAULT=write@N+   the disk: ENOSPC
 *	FAULT=short@1+   reads and writes do a part of what they could, and are interrupted
 *	FAULT=term@N     SIGTERM comes just before the Nth call that opens, reads, writes or forks
 *	FAULT_SHOW=1     the callers of the call that fails go to standard error
 *	FAULT_COUNT=FILE how many such calls there were is appended at the end; with FAULT_PLACES=1
 *			 then the number of the first call from each place (all callers up to main)
 *
 * Only in ctbench itself, not in gnuplot; in the processes that measure only with FAULT_MEASURE=1.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { ALLOC, OPEN, FORK, THREAD, WRITE, SHORT, TERM, KINDS };
static const char *const names[KINDS] = { "alloc", "open",  "fork", "thread",
					  "write", "short", "term" };

static _Atomic long calls[KINDS];
static enum kind failing = KINDS;
static long at;
static bool from_then_on;
static char count_path[256];
static bool note_places, show;

/* ---- places: different ways from main() to such a call ---- */

#define PLACES (1u << 15) /* a power of two; what goes beyond is one place */
#define FRAMES 32

static _Atomic uint64_t places[PLACES];
static _Atomic long firsts[PLACES];
static __thread bool looking;

static void note_place(long n)
{
	void *frames[FRAMES];
	uint64_t hash = 1469598103934665603u;
	uint32_t at;
	int nr;

	looking = true;
	nr = backtrace(frames, FRAMES);
	looking = false;
	for (int i = 0; i < nr; i++)
		hash = (hash ^ (uintptr_t)frames[i]) * 1099511628211u;
	hash |= 1;
	at = (uint32_t)(hash >> 40);
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t empty = 0;

		if (atomic_compare_exchange_strong(&places[(at + i) % PLACES], &empty, hash))
			firsts[(at + i) % PLACES] = n;
		else if (empty != hash)
			continue;
		return;
	}
}

/* Ours, or gnuplot's?  And does it measure? */
static bool wanted(void)
{
	char line[4096], exe[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
	ssize_t m = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *command;

	if (fd >= 0)
		close(fd);
	line[n > 0 ? n : 0] = exe[m > 0 ? m : 0] = '\0';
	command = line + strlen(line) + 1;
	return strrchr(exe, '/') && !strcmp(strrchr(exe, '/'), "/ctbench") &&
	       (n <= (ssize_t)strlen(line) + 1 || strcmp(command, "measure") == 0) ==
		       (getenv("FAULT_MEASURE") != NULL);
}

__attribute__((constructor)) static void begin(void)
{
	const char *fault = getenv("FAULT"), *count = getenv("FAULT_COUNT");
	char name[16] = "";
	enum kind kind = KINDS;
	int n = 0;

	if (!fault || !wanted() || sscanf(fault, "%15[a-z]@%ld%n", name, &at, &n) < 2)
		return;
	from_then_on = fault[n] == '+';
	if (count)
		snprintf(count_path, sizeof(count_path), "%s", count);
	show = getenv("FAULT_SHOW") != NULL;
	note_places = getenv("FAULT_PLACES") != NULL;
	for (kind = 0; kind < KINDS && strcmp(names[kind], name); kind++)
		;
	for (int i = 0; i < KINDS; i++)
		calls[i] = 0;
	failing = kind;
}

__attribute__((destructor)) static void end(void)
{
	const enum kind kind = failing;
	int fd = -1;
	FILE *out;

	failing = KINDS;
	if (kind == KINDS || !*count_path)
		return;
	fd = open(count_path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	out = fd < 0 ? NULL : fdopen(fd, "a");
	if (out) {
		fprintf(out, "%ld\n", (long)calls[kind]);
		for (unsigned int i = 0; i < PLACES; i++)
			if (firsts[i])
				fprintf(out, "%ld\n", (long)firsts[i]);
		fclose(out);
	}
}

/*
 * Libraries that do not survive it: hwloc follows a null pointer while it reads the topology,
 * liburcu's rcu_barrier() aborts, and Google Benchmark ends the process while it reads /sys.
 */
static bool spared(void)
{
	static const char *const libraries[] = { "libhwloc", "liburcu", "libbenchmark" };
	void *frames[24];
	bool found = false;
	Dl_info info;
	int n;

	looking = true;
	n = backtrace(frames, 24);
	for (int i = 0; i < n && !found; i++)
		for (int k = 0; k < 3; k++)
			found |= dladdr(frames[i], &info) && info.dli_fname &&
				 strstr(info.dli_fname, libraries[k]);
	looking = false;
	return found;
}

static void show_callers(void)
{
	void *frames[FRAMES];

	looking = true;
	backtrace_symbols_fd(frames, backtrace(frames, FRAMES), 2);
	looking = false;
}

static bool fails(enum kind kind)
{
	long n;

	if (kind != failing)
		return false;
	if (looking)
		return false;
	n = atomic_fetch_add(&calls[kind], 1) + 1;
	if (note_places)
		note_place(n);
	if (at <= 0 || (n != at && (!from_then_on || n < at)) || (kind == ALLOC && spared()))
		return false;
	if (show)
		show_callers();
	return true;
}

/* A moment at which a signal may come. */
static void moment(void)
{
	if (fails(TERM))
		kill(getpid(), SIGTERM);
}

/* The next library's function; what dlsym() itself needs comes from our own block. */
static char early[1 << 16];
static size_t early_used;

static void *next(const char *name)
{
	void *f;

	looking = true;
	f = dlsym(RTLD_NEXT, name);
	looking = false;
	return f;
}

#define NEXT(type, name, args) \
	static type(*real) args; \
	if (!real) \
	*(void **)&real = next(name)

static void *early_alloc(size_t n)
{
	void *p = early + early_used;

	early_used += (n + 15) & ~(size_t)15;
	return early_used <= sizeof(early) ? p : NULL;
}

static bool is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

void *malloc(size_t n)
{
	if (looking)
		return early_alloc(n);
	NEXT(void *, "malloc", (size_t));
	if (fails(ALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	return real(n);
}

void *calloc(size_t nr, size_t n)
{
	if (looking)
		return early_alloc(nr * n);
	NEXT(void *, "calloc", (size_t, size_t));
	if (fails(ALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	return real(nr, n);
}

void *realloc(void *p, size_t n)
{
	NEXT(void *, "realloc", (void *, size_t));
	if (fails(ALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	return real(is_early(p) ? NULL : p, n);
}

void free(void *p)
{
	if (is_early(p))
		return;
	NEXT(void, "free", (void *));
	real(p);
}

void *aligned_alloc(size_t align, size_t n)
{
	NEXT(void *, "aligned_alloc", (size_t, size_t));
	if (fails(ALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	return real(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
	NEXT(int, "posix_memalign", (void **, size_t, size_t));
	return fails(ALLOC) ? ENOMEM : real(out, align, n);
}

/* glibc's own fopen() and getline() call malloc() through the table of symbols, mmap() not. */
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	NEXT(void *, "mmap", (void *, size_t, int, int, int, off_t));
	/* jemalloc's own: that malloc() fails is tried above. */
	if (fd >= 0 && fails(ALLOC)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return real(addr, len, prot, flags, fd, offset);
}

#define OPENING(function, declared, passed) \
	int function declared \
	{ \
		mode_t mode = 0; \
		va_list args; \
		NEXT(int, #function, declared); \
		va_start(args, flags); \
		if (flags & (O_CREAT | O_TMPFILE)) \
			mode = va_arg(args, mode_t); \
		va_end(args); \
		moment(); \
		if (fails(OPEN)) { \
			errno = EMFILE; \
			return -1; \
		} \
		return real passed; \
	}

OPENING(open, (const char *path, int flags, ...), (path, flags, mode))
OPENING(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

/* These open inside of the C library. */
#define STREAM_OPENING(type, function, declared, passed) \
	type function declared \
	{ \
		NEXT(type, #function, declared); \
		moment(); \
		if (fails(OPEN)) { \
			errno = EMFILE; \
			return NULL; \
		} \
		return real passed; \
	}

STREAM_OPENING(FILE *, fopen, (const char *path, const char *mode), (path, mode))
STREAM_OPENING(DIR *, opendir, (const char *path), (path))

int pipe2(int ends[2], int flags)
{
	NEXT(int, "pipe2", (int *, int));
	moment();
	if (fails(OPEN)) {
		errno = EMFILE;
		return -1;
	}
	return real(ends, flags);
}

pid_t fork(void)
{
	NEXT(pid_t, "fork", (void));
	moment();
	if (fails(FORK)) {
		errno = EAGAIN;
		return -1;
	}
	return real();
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	NEXT(int, "pthread_create",
	     (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *));
	return fails(THREAD) ? EAGAIN : real(thread, attr, run, arg);
}

/* Only a part, and every third time a signal. */
static size_t part(size_t n, bool *interrupted)
{
	*interrupted = false;
	if (failing != SHORT)
		return n;
	*interrupted = atomic_fetch_add(&calls[SHORT], 1) % 3 == 2;
	return n > 7 ? 1 + n / 3 : n;
}

ssize_t write(int fd, const void *data, size_t n)
{
	bool interrupted;

	NEXT(ssize_t, "write", (int, const void *, size_t));
	moment();
	/* A disk is full, not a terminal. */
	if (fd > 2 && fails(WRITE)) {
		errno = ENOSPC;
		return -1;
	}
	n = part(n, &interrupted);
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	return real(fd, data, n);
}

ssize_t read(int fd, void *data, size_t n)
{
	bool interrupted;

	NEXT(ssize_t, "read", (int, void *, size_t));
	moment();
	n = part(n, &interrupted);
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	return real(fd, data, n);
}
