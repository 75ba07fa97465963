/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing in a folder that may come from a stranger, where a name can be a symlink to
 * anywhere, a pipe or a device.  And folders of our own for a while.
 *
 * A new file is made under a random name that nothing had before (O_EXCL), is brought to the disk,
 * and takes its place by rename(), which replaces a symlink and does not follow it.
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
 * Write the file FOLDER/NAME.  Whatever had that name is replaced once all is written; a folder of
 * that name is an error.  0 or a negative errno, and then the old file is as it was.
 */
int file_write_new(const char *folder, const char *name, const void *data, size_t len);
/*
 * Remove what file_write_new() left in that folder when it was killed. Only while nobody else
 * writes there.
 */
void file_remove_unfinished(const char *folder);

/*
 * Open a regular file for going on at its end; flags: O_WRONLY or O_RDWR, with O_CREAT and O_EXCL
 * where it may be or must be new.  A symlink is not followed.  A descriptor or a negative errno.
 */
int file_append(const char *path, int flags);

/*
 * Open a regular file of at most `most` bytes for reading, also behind a symlink; NULL and errno.
 * Where memory is short it ends the program.
 */
FILE *file_read(const char *path, uint64_t most);

/*
 * getline(), which returns -1 also where memory is short, as if the file ended there: this ends the
 * program then (memory_end()).
 */
ssize_t file_line(FILE *in, char **line, size_t *room);

/* All of it, also in pieces and through signals.  0 or a negative errno. */
int file_write_all(int fd, const void *data, size_t len);

/* strerror() for these functions' errors, which have additional reasons. */
const char *file_error(int err);

/*
 * A new folder inside parent, which no other user can enter; if parent is NULL inside
 * $TMPDIR or /tmp.  path has room for PATH_MAX bytes.  0, or a negative errno with a sentence.
 */
int scratch_make(char *path, const char *parent, struct ct_error *e);
/* Removes it and its files.  An empty path is ignored. */
void scratch_remove(const char *path);
/* All that there are: for the end of a program that cannot continue. */
void scratch_remove_all(void);

#endif
