/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a capture from a file, a pipe or memory, plain or zstd; see
 * capture_bytes.h.
 */
#include "harness/traffic/capture_bytes.h"

#include "harness/base/built_in.h"
#include "harness/base/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#define ZSTD_FRAME     0xfd2fb528u
#define ZSTD_SKIPPABLE 0x184d2a50u /* the low four bits are free */
/* Windows of up to 2 GiB (zstd --long=31).  Only the memory that is used is touched. */
#define WINDOW_LOG 31

#define MAGIC	6u  /* bytes that identify a format */
#define COMMAND 512 /* room for a command with a file's name */

struct capture_bytes {
	char *name;
	struct ct_error error; /* status 0: none so far */

	int fd;	      /* -1: memory */
	bool is_file; /* name is a path */
	bool close_fd;
	uint8_t *block; /* of the file, block_size long; NULL: memory */
	size_t block_size;
	const uint8_t *in; /* bytes read from the file and not used yet */
	size_t in_left;
	bool in_end; /* the file has ended; only `in` is left */

	ZSTD_DStream *zstd; /* NULL: plain */
	bool in_frame;	    /* a zstd frame has begun and not ended */

	uint8_t first[4]; /* read ahead by capture_bytes_magic(): first_at..first_end */
	unsigned int first_at, first_end;
};

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* read(2), repeated after signals. */
static ssize_t read_some(struct capture_bytes *b, void *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(b->fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		ct_fail(&b->error, -errno, CT_EXIT_USER, "cannot read %s: %s", b->name,
			strerror(errno));
	return n;
}

/* Read from the file until the block has want bytes, or the file ends. */
static int fill_block(struct capture_bytes *b, size_t want)
{
	if (b->fd < 0) {
		b->in_end = true; /* in memory everything is there from the start */
		return 0;
	}
	if (b->in_left)
		memmove(b->block, b->in, b->in_left);
	b->in = b->block;
	while (b->in_left < want && !b->in_end) {
		ssize_t n = read_some(b, b->block + b->in_left, b->block_size - b->in_left);

		if (n < 0)
			return -1;
		if (!n)
			b->in_end = true;
		b->in_left += (size_t)n;
	}
	return 0;
}

static ssize_t read_plain(struct capture_bytes *b, uint8_t *buf, size_t size)
{
	size_t done = size < b->in_left ? size : b->in_left;
	ssize_t n;

	if (done) {
		memcpy(buf, b->in, done);
		b->in += done;
		b->in_left -= done;
		return (ssize_t)done;
	}
	if (b->fd < 0 || b->in_end)
		return 0;
	n = read_some(b, buf, size);
	b->in_end = !n;
	return n;
}

static void zstd_failed(struct capture_bytes *b, size_t code)
{
	const char *why = ZSTD_getErrorName(code);

	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_memory_allocation:
		ct_user_error(&b->error,
			      "%s: no memory to decompress it; its zstd window takes up to 2 GiB",
			      b->name);
		break;
	case ZSTD_error_frameParameter_windowTooLarge:
		ct_user_error(
			&b->error,
			"%s: its zstd window is larger than 2 GiB, or the data is damaged (%s)",
			b->name, why);
		break;
	case ZSTD_error_dictionary_wrong:
		ct_user_error(
			&b->error,
			"%s was compressed with a dictionary: decompress it with zstd -D and that",
			b->name);
		break;
	default:
		ct_user_error(&b->error, "%s: the zstd data is damaged (%s)", b->name, why);
	}
}

static ssize_t read_zstd(struct capture_bytes *b, uint8_t *buf, size_t size)
{
	ZSTD_outBuffer out = { .dst = buf, .size = size };

	while (out.pos < size) {
		ZSTD_inBuffer in;
		size_t before = out.pos;
		size_t left;

		if (!b->in_left && out.pos)
			break; /* before waiting for more */
		if (!b->in_left && !b->in_end && fill_block(b, 1))
			break;
		if (!b->in_left && !b->in_frame)
			break;
		in = (ZSTD_inBuffer){ .src = b->in, .size = b->in_left };
		left = ZSTD_decompressStream(b->zstd, &out, &in);
		if (ZSTD_isError(left)) {
			zstd_failed(b, left);
			break;
		}
		b->in += in.pos;
		b->in_left -= in.pos;
		/* 0 where a frame has ended; another one may follow it */
		b->in_frame = left != 0;
		/* inside a frame without input, what is still in the decoder is flushed first */
		if (b->in_frame && !b->in_left && b->in_end && out.pos == before) {
			ct_user_error(&b->error,
				      "%s: the zstd data is cut off, its last frame has no end; "
				      "copy the file again",
				      b->name);
			break;
		}
	}
	/* return the bytes before an error first, the error at the next call */
	return !out.pos && b->error.status ? -1 : (ssize_t)out.pos;
}

ssize_t capture_bytes_read(struct capture_bytes *b, void *buf, size_t size)
{
	size_t n = b->first_end - b->first_at;

	if (n && size) {
		n = n < size ? n : size;
		memcpy(buf, b->first + b->first_at, n);
		b->first_at += (unsigned int)n;
		return (ssize_t)n;
	}
	if (b->error.status)
		return -1;
	return b->zstd ? read_zstd(b, buf, size) : read_plain(b, buf, size);
}

uint32_t capture_bytes_magic(struct capture_bytes *b)
{
	while (b->first_end < sizeof(b->first)) {
		uint8_t next[sizeof(b->first)];
		size_t want = sizeof(b->first) - b->first_end;
		ssize_t n = b->zstd ? read_zstd(b, next, want) : read_plain(b, next, want);

		if (n <= 0)
			return 0;
		memcpy(b->first + b->first_end, next, (size_t)n);
		b->first_end += (unsigned int)n;
	}
	return le32(b->first);
}

/* The first bytes of other compressed formats, so that errors can name them. */
static const struct {
	uint8_t magic[6];
	uint8_t length;
	const char *name, *unpack;
} packers[] = {
	{ { 0x1f, 0x8b }, 2, "gzip", "gzip -dc" },
	{ { 0x1f, 0x9d }, 2, "compress", "gzip -dc" },
	{ { 0xfd, '7', 'z', 'X', 'Z' }, 5, "xz", "xz -dc" },
	{ { 0x5d, 0, 0 }, 3, "lzma", "xz -dc" },
	{ { 'B', 'Z', 'h' }, 3, "bzip2", "bzip2 -dc" },
	{ { 0x04, 0x22, 0x4d, 0x18 }, 4, "lz4", "lz4 -dc" },
	{ { 'P', 'K', 3, 4 }, 4, "zip", "unzip -p" },
	{ { '7', 'z', 0xbc, 0xaf }, 4, "7z", "7z x -so" },
};

static int other_packer(const struct capture_bytes *b, const char *name, const char *unpack,
			struct ct_error *e)
{
	char command[COMMAND];

	capture_bytes_command(b, unpack, " > unpacked.pcap", command, sizeof(command));
	if (*command)
		return ct_user_error(e, "%s is compressed with %s; decompress it: %s", b->name,
				     name, command);
	return ct_user_error(e, "%s is compressed with %s; decompress it: %s | ctbench replay -",
			     b->name, name, unpack);
}

static int detect(struct capture_bytes *b, struct ct_error *e)
{
	uint32_t magic;

	if (fill_block(b, MAGIC))
		return ct_fail(e, -EIO, b->error.status, "%s", b->error.text);
	if (!b->in_left)
		return ct_user_error(e, "%s is empty: not a pcap or pcapng capture", b->name);
	for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (b->in_left >= packers[i].length &&
		    !memcmp(b->in, packers[i].magic, packers[i].length))
			return other_packer(b, packers[i].name, packers[i].unpack, e);
	if (b->in_left < 4)
		return 0;
	magic = le32(b->in);
	if (magic != ZSTD_FRAME && (magic & 0xfffffff0u) != ZSTD_SKIPPABLE)
		return 0;
	b->zstd = ZSTD_createDStream();
	if (!b->zstd ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(b->zstd, ZSTD_d_windowLogMax, WINDOW_LOG)))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to decompress it", b->name);
	return 0;
}

static int create(struct capture_bytes **out, const char *name, struct ct_error *e)
{
	struct capture_bytes *b = calloc(1, sizeof(*b));

	if (b)
		b->name = strdup(name);
	if (!b || !b->name) {
		free(b);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to read it", name);
	}
	b->fd = -1;
	*out = b;
	return 0;
}

int capture_bytes_open(struct capture_bytes **out, const char *path, struct ct_error *e)
{
	bool is_stdin = !strcmp(path, "-");
	struct capture_bytes *b;
	struct stat st;
	int err;

	*out = NULL;
	err = create(&b, is_stdin ? "standard input" : path, e);
	if (err)
		return err;
	b->fd = is_stdin ? STDIN_FILENO : built_in_open(path);
	b->close_fd = b->is_file = !is_stdin;
	if (b->fd < 0 || fstat(b->fd, &st)) {
		err = ct_fail(e, -errno, CT_EXIT_USER, "cannot open %s: %s", b->name,
			      strerror(errno));
		goto out_close;
	}
	if (S_ISDIR(st.st_mode)) {
		err = ct_fail(e, -EISDIR, CT_EXIT_USER, "%s is a directory, not a capture",
			      b->name);
		goto out_close;
	}
	if (is_stdin && isatty(b->fd)) {
		err = ct_user_error(e, "standard input is a terminal: pipe a capture into it "
				       "(tcpdump -w - -c 1000 | ctbench replay -)");
		goto out_close;
	}
	b->block_size = ZSTD_DStreamInSize();
	b->block = malloc(b->block_size);
	if (!b->block) {
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to read it", b->name);
		goto out_close;
	}
	b->in = b->block;
	err = detect(b, e);
	if (err)
		goto out_close;
	*out = b;
	return 0;

out_close:
	capture_bytes_close(b);
	return err;
}

int capture_bytes_memory(struct capture_bytes **out, const void *data, size_t size,
			 const char *name, struct ct_error *e)
{
	struct capture_bytes *b;
	int err;

	*out = NULL;
	err = create(&b, name, e);
	if (err)
		return err;
	b->in = data;
	b->in_left = size;
	err = detect(b, e);
	if (err) {
		capture_bytes_close(b);
		return err;
	}
	*out = b;
	return 0;
}

const char *capture_bytes_name(const struct capture_bytes *b)
{
	return b->name;
}

double capture_bytes_share(const struct capture_bytes *b)
{
	struct stat st;
	off_t at;

	if (b->fd < 0 || fstat(b->fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return NAN;
	at = lseek(b->fd, 0, SEEK_CUR);
	return at < 0 ? NAN : fmin(1, (double)at / (double)st.st_size);
}

char *capture_bytes_command(const struct capture_bytes *b, const char *before, const char *behind,
			    char *buf, size_t size)
{
	char name[COMMAND];

	int n = 0;

	if (b->is_file)
		n = snprintf(buf, size, "%s %s%s", before,
			     escaped(name, sizeof(name), escape_shell_path, b->name), behind);
	if (n <= 0 || n >= (int)size)
		buf[0] = '\0'; /* an incomplete command is useless */
	return buf;
}

const struct ct_error *capture_bytes_error(const struct capture_bytes *b)
{
	return b->error.status ? &b->error : NULL;
}

void capture_bytes_close(struct capture_bytes *b)
{
	if (!b)
		return;
	ZSTD_freeDStream(b->zstd);
	if (b->close_fd && b->fd >= 0)
		close(b->fd);
	free(b->block);
	free(b->name);
	free(b);
}
