/* SPDX-License-Identifier: MIT */
#include "harness/base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A file that was not there before; a descriptor, and its name. */
static int make_exclusively(int folder, char name[32])
{
	int fd;

	do {
		uint64_t number;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -errno;
		snprintf(name, 32, ".new-%016llx", (unsigned long long)number);
		fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0666);
	} while (fd < 0 && errno == EEXIST);
	return fd < 0 ? -errno : fd;
}

int file_write_new(const char *folder, const char *name, const void *data, size_t len)
{
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, err;
	char temporary[32];

	if (dir < 0)
		return -errno;
	fd = make_exclusively(dir, temporary);
	if (fd < 0) {
		close(dir);
		return fd;
	}
	err = file_write_all(fd, data, len);
	/* Renaming what is not on the disk yet may leave an empty file after a power cut. */
	if (!err && fsync(fd) && errno != EINVAL)
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir, temporary, dir, name))
		err = -errno;
	if (err)
		unlinkat(dir, temporary, 0);
	close(dir);
	return err;
}

/* path as an open regular file, or -errno. */
static int open_regular(const char *path, int flags, struct stat *st)
{
	/* O_NONBLOCK: opening a pipe without a writer would block. */
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0666), err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st))
		err = -errno;
	else if (S_ISDIR(st->st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st->st_mode))
		err = -ENOTSUP;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int file_append(const char *path, int flags)
{
	struct stat st;

	return open_regular(path, flags | O_APPEND | O_NOFOLLOW, &st);
}

FILE *file_read(const char *path, uint64_t most)
{
	struct stat st = { 0 };
	int fd = open_regular(path, O_RDONLY, &st), err;
	FILE *in = NULL;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	errno = EFBIG;
	if ((uint64_t)st.st_size <= most)
		in = fdopen(fd, "r");
	if (!in) {
		err = errno;
		close(fd);
		errno = err;
	}
	return in;
}

const char *file_error(int err)
{
	switch (err) {
	case ELOOP:
		return "it is a symlink, and must be a file";
	case ENOTSUP:
		return "it is a device or a pipe, and must be a file";
	case EFBIG:
		return "it is too large";
	default:
		return strerror(err);
	}
}

/* ---- folders ---- */

/* Those that were made and not removed; a page needs two. */
static char scratch[4][PATH_MAX];
#define NR_SCRATCH (sizeof(scratch) / sizeof(scratch[0]))

static void scratch_note(const char *old, const char *new)
{
	for (size_t i = 0; i < NR_SCRATCH; i++)
		if (!strcmp(scratch[i], old)) {
			snprintf(scratch[i], sizeof(scratch[i]), "%s", new);
			return;
		}
}

void scratch_remove_all(void)
{
	for (size_t i = 0; i < NR_SCRATCH; i++)
		scratch_remove(scratch[i]);
}

int scratch_make(char *path, const char *parent, struct ct_error *e)
{
	const char *where = getenv("TMPDIR");
	int err;

	if (!parent)
		parent = where && *where == '/' ? where : "/tmp";
	if (snprintf(path, PATH_MAX, "%s/.ctbench-XXXXXX", parent) < PATH_MAX && mkdtemp(path)) {
		scratch_note("", path);
		return 0;
	}
	err = errno ? -errno : -ENAMETOOLONG;
	*path = '\0';
	return ct_fail(e, err, CT_EXIT_USER, "cannot make a folder in '%.700s': %s", parent,
		       strerror(-err));
}

/* Without memory, because memory_end() calls it too: opendir() would allocate. */
static bool unlink_some(int dir)
{
	_Alignas(struct dirent64) char buf[4096];
	const long n = syscall(SYS_getdents64, dir, buf, sizeof(buf));
	bool some = false;

	for (long at = 0; at < n;) {
		const struct dirent64 *entry = (const struct dirent64 *)(buf + at);

		some |= !unlinkat(dir, entry->d_name, 0);
		at += entry->d_reclen;
	}
	return some;
}

void scratch_remove(const char *path)
{
	int dir = *path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;

	if (dir < 0)
		return;
	/* From the beginning each time: names may move while others are removed. */
	while (unlink_some(dir))
		lseek(dir, 0, SEEK_SET);
	close(dir);
	rmdir(path);
	scratch_note(path, "");
}
