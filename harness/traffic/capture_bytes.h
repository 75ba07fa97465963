/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a capture file, from any source, compressed or not.
 *
 * They come from a path, from standard input or from memory.  If the first bytes
 * are zstd's (the name does not matter), they are decompressed while they are
 * read.  An error is kept as a sentence, because libpcap, which is between the
 * reader and the caller, passes on only an errno.
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
 * Open path ("-": standard input) and read its first bytes.  0 or a negative
 * errno with a sentence: absent, unreadable, a directory, empty, or compressed
 * with another program than zstd.
 */
int capture_bytes_open(struct capture_bytes **out, const char *path, struct ct_error *e);

/*
 * The same for size bytes at data, which must stay valid until the close; errors
 * show name instead of a path.
 */
int capture_bytes_memory(struct capture_bytes **out, const void *data, size_t size,
			 const char *name, struct ct_error *e);

/*
 * Up to size bytes into buf, at least one.  Does not wait for more once it has
 * some, so a live capture is processed as it arrives.  0: nothing is left.  -1:
 * failed, now and for every later call; capture_bytes_error() says why.
 */
ssize_t capture_bytes_read(struct capture_bytes *b, void *buf, size_t size);

/*
 * The first four bytes, decompressed, as a little-endian number; the next read
 * returns them again.  0 if there are fewer or they cannot be read.  Only before
 * the first capture_bytes_read().
 */
uint32_t capture_bytes_magic(struct capture_bytes *b);

/* The path or name, "standard input" for "-". */
const char *capture_bytes_name(const struct capture_bytes *b);

/*
 * A command that converts this file into another, to be pasted into a shell:
 * words before and after the file's name, which is quoted as needed.  Empty if
 * the source is not a file.  Returns buf.
 */
char *capture_bytes_command(const struct capture_bytes *b, const char *before, const char *behind,
			    char *buf, size_t size);

/* The share of the file that was read, from 0 to 1; NAN if the source is not a file. */
double capture_bytes_share(const struct capture_bytes *b);

/* The error that stopped reading; NULL: none did. */
const struct ct_error *capture_bytes_error(const struct capture_bytes *b);

void capture_bytes_close(struct capture_bytes *b);

#endif
