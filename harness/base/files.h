/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing in a folder that is not trusted, where a name can be a symlink to anywhere, a
 * pipe or a device; and temporary folders.
 *
 * A new file is created under a random new name (O_EXCL), synced to the disk, and then renamed to
 * its final name; rename() replaces a symlink and does not follow it.
 *
 * Any thread.
 */
#ifndef CTBENCH_HARNESS_BASE_FILES_H
#define CTBENCH_HARNESS_BASE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "harness/base/error.h"

/*
 * Write the file FOLDER/NAME.  An existing file is replaced after everything is written; a folder
 * with that name is an error.  0, or a negative errno and the old file is unchanged.
 */
int file_write_new(const char *folder, const char *name, const void *data, size_t len);
/*
 * Remove files that a killed file_write_new() left in that folder.  Only while nobody else writes
 * there.
 */
void file_remove_unfinished(const char *folder);

/*
 * Open a regular file to append to it; flags: O_WRONLY or O_RDWR, with O_CREAT and O_EXCL if it
 * may be or must be new.  A symlink is not followed.  A descriptor or a negative errno.
 */
int file_append(const char *path, int flags);

/*
 * Open a regular file of at most `most` bytes for reading; symlinks are followed.  NULL and errno.
 * Without memory or descriptors it ends the program.
 */
FILE *file_read(const char *path, uint64_t most);

/*
 * Open a file of the kernel's, such as /proc/self/status, for reading: NULL if it is missing or
 * closed to this user.  Without memory or descriptors it ends the program, because the fact
 * would be taken for unknown.
 */
FILE *file_fact(const char *path);

/*
 * Like getline(), which returns -1 at the end of the file and also without memory.  Without memory
 * this ends the program (memory_end()).
 */
ssize_t file_line(FILE *in, char **line, size_t *room);

/* Write all of it, in several calls if necessary.  0 or a negative errno. */
int file_write_all(int fd, const void *data, size_t len);

/* strerror() for these functions' errors, which have additional reasons; of either sign. */
const char *file_error(int err);

/*
 * Makes a new folder, accessible only by this user, inside parent or, if that is NULL, inside
 * $TMPDIR or /tmp.  path has room for PATH_MAX bytes.  0, or a negative errno with a sentence.
 */
int scratch_make(char *path, const char *parent, struct ct_error *e);
/* Removes it and its files.  An empty path is ignored. */
void scratch_remove(const char *path);
/* Removes all of them: for the end of a program that cannot continue. */
void scratch_remove_all(void);

#endif
