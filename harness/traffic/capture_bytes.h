/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a capture file, wherever they lie and however they are packed.
 *
 * From a path, from standard input or from memory; as they are or, where the
 * first bytes say so (the name is not looked at), unpacked with zstd while
 * they are read.  What went wrong is kept as a sentence, for libpcap, which
 * stands between the reader and the caller, passes on no more than an errno.
 *
 * Thread-safety: one thread at a time per object; objects are independent.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_CAPTURE_BYTES_H
#define CTBENCH_HARNESS_TRAFFIC_CAPTURE_BYTES_H

#include "harness/base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct capture_bytes;

/*
 * Open path ("-": standard input) and look at its first bytes.  0 or a
 * negative errno with a sentence: absent, unreadable, a directory, empty,
 * compressed with something else than zstd.
 */
int capture_bytes_open(struct capture_bytes **out, const char *path, struct ct_error *e);

/*
 * The same over size bytes at data, which must stay until the close; name
 * stands for the path in error sentences.
 */
int capture_bytes_memory(struct capture_bytes **out, const void *data, size_t size,
			 const char *name, struct ct_error *e);

/*
 * Up to size bytes into buf, at least one: what there is without waiting for
 * more, so that a live capture is seen as it comes.  0: nothing is left.  -1:
 * failed, now and for every later call; capture_bytes_error() says why.
 */
ssize_t capture_bytes_read(struct capture_bytes *b, void *buf, size_t size);

/*
 * The first four bytes, unpacked, as a little-endian number; they are read
 * again.  0 where there are fewer or they cannot be read.  Only before the
 * first capture_bytes_read().
 */
uint32_t capture_bytes_magic(struct capture_bytes *b);

/* The path or name, "standard input" for "-". */
const char *capture_bytes_name(const struct capture_bytes *b);

/*
 * A command that makes another file of this one, to be pasted into a shell:
 * words before and behind the file's name, which is quoted as it has to be.
 * Empty for what is no file.  Returns buf.
 */
char *capture_bytes_command(const struct capture_bytes *b, const char *before, const char *behind,
			    char *buf, size_t size);

/* The error that stopped reading; NULL: none did. */
const struct ct_error *capture_bytes_error(const struct capture_bytes *b);

void capture_bytes_close(struct capture_bytes *b);

#endif
