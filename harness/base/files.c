/* SPDX-License-Identifier: MIT */
#include "harness/base/files.h"

#include "harness/base/interrupt.h"
#include "harness/base/memory.h"

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

#define NEW_PREFIX ".new-"

/* Creates a file with a new random name; returns a descriptor, and the name. */
static int make_exclusively(int folder, char name[32])
{
	int fd;

	do {
		uint64_t number;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -errno;
		snprintf(name, 32, NEW_PREFIX "%016llx", (unsigned long long)number);
		fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0666);
	} while (fd < 0 && errno == EEXIST);
	return fd < 0 ? -errno : fd;
}

static int write_new(int dir, const char *name, const void *data, size_t len)
{
	char temporary[32];
	int fd = make_exclusively(dir, temporary), err;

	if (fd < 0)
		return fd;
	err = file_write_all(fd, data, len);
	/* A file that is renamed before its data are on the disk may be empty after a power cut. */
	if (!err && fsync(fd) && errno != EINVAL)
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir, temporary, dir, name))
		err = -errno;
	if (err)
		unlinkat(dir, temporary, 0);
	return err;
}

int file_write_new(const char *folder, const char *name, const void *data, size_t len)
{
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), err;
	sigset_t earlier;

	if (dir < 0)
		return -errno;
	/* A signal that ended the process meanwhile would leave the temporary file. */
	interrupt_hold(&earlier);
	err = write_new(dir, name, data, len);
	interrupt_release(&earlier);
	close(dir);
	return err;
}

void file_remove_unfinished(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		memory_end_if(errno);
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, NEW_PREFIX, strlen(NEW_PREFIX)))
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
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
		memory_end_if(-fd);
		errno = -fd;
		return NULL;
	}
	errno = EFBIG;
	if ((uint64_t)st.st_size <= most)
		in = fdopen(fd, "r");
	if (!in) {
		err = errno;
		memory_end_if(err);
		close(fd);
		errno = err;
	}
	return in;
}

FILE *file_fact(const char *path)
{
	FILE *in = fopen(path, "re");

	if (!in)
		memory_end_if(errno);
	return in;
}

ssize_t file_line(FILE *in, char **line, size_t *room)
{
	ssize_t n;

	errno = 0;
	n = getline(line, room, in);
	if (n < 0 && errno == ENOMEM)
		memory_end();
	return n;
}

const char *file_error(int err)
{
	err = abs(err);
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

/*
 * Temporary folders that were not removed yet; a page needs two.  Each stays open, so that it can
 * be emptied even when no descriptor is left.
 */
static struct scratch {
	char path[PATH_MAX]; /* empty: free */
	int dir;
} scratch[4];
#define NR_SCRATCH (sizeof(scratch) / sizeof(scratch[0]))

static struct scratch *scratch_find(const char *path)
{
	for (size_t i = 0; i < NR_SCRATCH; i++)
		if (!strcmp(scratch[i].path, path))
			return &scratch[i];
	return NULL;
}

void scratch_remove_all(void)
{
	for (size_t i = 0; i < NR_SCRATCH; i++)
		scratch_remove(scratch[i].path);
}

/* In a new folder; a negative errno. */
static int scratch_begin(struct scratch *s, const char *parent)
{
	int n = snprintf(s->path, sizeof(s->path), "%s/.ctbench-XXXXXX", parent), err;

	interrupt_before_end(scratch_remove_all);
	err = n >= (int)sizeof(s->path) ? -ENAMETOOLONG : mkdtemp(s->path) ? 0 : -errno;
	if (!err) {
		s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		err = s->dir < 0 ? -errno : 0;
		if (err)
			rmdir(s->path);
	}
	if (err)
		s->path[0] = '\0';
	return err;
}

int scratch_make(char *path, const char *parent, struct ct_error *e)
{
	const char *where = getenv("TMPDIR");
	struct scratch *s = scratch_find("");
	sigset_t earlier;
	int err;

	if (!parent)
		parent = where && *where == '/' ? where : "/tmp";
	/* Its path is known to scratch_remove_all() only when the folder is complete. */
	interrupt_hold(&earlier);
	err = s ? scratch_begin(s, parent) : -EMFILE;
	interrupt_release(&earlier);
	snprintf(path, PATH_MAX, "%s", err ? "" : s->path);
	return err ? ct_fail(e, err, CT_EXIT_USER, "cannot make a folder in '%.700s': %s", parent,
			     strerror(-err))
		   : 0;
}

/* Must not allocate, because memory_end() calls it too; opendir() would. */
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
	struct scratch *s = *path ? scratch_find(path) : NULL;

	if (!s)
		return;
	/* Starts at the beginning each time, because names may move while others are removed. */
	lseek(s->dir, 0, SEEK_SET);
	while (unlink_some(s->dir))
		lseek(s->dir, 0, SEEK_SET);
	rmdir(s->path);
	s->path[0] = '\0';
	close(s->dir);
}
