/* SPDX-License-Identifier: MIT */
#include "harness/base/built_in.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/files.h"

const struct built_in *built_in_find(const char *name)
{
	for (size_t i = 0; i < built_in_nr_files; i++)
		if (!strcmp(built_in_files[i].name, name))
			return &built_in_files[i];
	return NULL;
}

static bool has_prefix(const char *path)
{
	return !strncmp(path, BUILT_IN_PREFIX, strlen(BUILT_IN_PREFIX));
}

int built_in_open(const char *path)
{
	const struct built_in *file;
	int fd, err;

	if (!has_prefix(path))
		return open(path, O_RDONLY | O_CLOEXEC);
	file = built_in_find(path + strlen(BUILT_IN_PREFIX));
	if (!file) {
		errno = ENOENT;
		return -1;
	}
	fd = memfd_create("ctbench", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	err = file_write_all(fd, file->data, (size_t)(file->end - file->data));
	if (err || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		errno = err ? -err : EIO;
		return -1;
	}
	return fd;
}

bool built_in_exists(const char *path)
{
	struct stat st;

	if (has_prefix(path))
		return built_in_find(path + strlen(BUILT_IN_PREFIX)) != NULL;
	if (access(path, R_OK) || stat(path, &st))
		return false;
	errno = ENOTSUP;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
}
