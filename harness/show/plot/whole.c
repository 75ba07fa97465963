/* SPDX-License-Identifier: MIT */
/*
 * gnuplot exits with status 0 even on a full disk: only the file shows whether a picture is
 * complete.
 */
#include "harness/show/plot/internal.h"

#include "harness/base/files.h"
#include "harness/base/memory.h"

#include <stdlib.h>
#include <string.h>

static bool svg_whole(const char *text, size_t len)
{
	static const char end[] = "</svg>";

	while (len && strchr(" \n", text[len - 1]))
		len--;
	return len > sizeof(end) && !memcmp(text, "<?xml", 5) && strstr(text, "<svg") &&
	       !memcmp(text + len - strlen(end), end, strlen(end));
}

/* Chunks, each with its length in front and four bytes of checksum at its end, up to IEND. */
static bool png_whole(const char *data, size_t len)
{
	static const char signature[] = "\x89PNG\r\n\x1a\n";
	const unsigned char *p = (const unsigned char *)data;
	size_t at = strlen(signature);

	if (len < at || memcmp(data, signature, at))
		return false;
	while (len - at >= 12) {
		size_t chunk = (size_t)p[at] << 24 | (size_t)p[at + 1] << 16 |
			       (size_t)p[at + 2] << 8 | p[at + 3];

		if (chunk > len - at - 12)
			return false;
		if (!memcmp(p + at + 4, "IEND", 4))
			return at + 12 + chunk == len;
		at += 12 + chunk;
	}
	return false;
}

bool picture_whole(const char *path)
{
	FILE *in = file_read(path, PICTURE_MAX);
	const char *dot = strrchr(path, '.');
	off_t size = in && !fseeko(in, 0, SEEK_END) ? ftello(in) : -1;
	char *data = size >= 0 ? memory_array((size_t)size + 1, 1) : NULL;
	bool whole = false;
	size_t len;

	if (data && dot) {
		rewind(in);
		len = fread(data, 1, (size_t)size, in);
		data[len] = '\0';
		whole = !strcmp(dot, ".svg") ? svg_whole(data, len) : png_whole(data, len);
	}
	free(data);
	if (in)
		fclose(in);
	return whole;
}
