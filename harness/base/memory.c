/* SPDX-License-Identifier: MIT */
#include "harness/base/memory.h"

#include "harness/base/error.h"
#include "harness/base/files.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void __attribute__((noreturn)) end_with(const char *sentence)
{
	scratch_remove_all();
	/* stdio may need memory. */
	file_write_all(STDERR_FILENO, sentence, strlen(sentence));
	_exit(CT_EXIT_USER);
}

void memory_end(void)
{
	end_with("ctbench: out of memory: end other programs, or ask for less\n");
}

void memory_end_if(int err)
{
	if (err == ENOMEM)
		memory_end();
	if (err == EMFILE || err == ENFILE)
		end_with("ctbench: too many open files: raise 'ulimit -n', or end other "
			 "programs\n");
}

void *memory_array(size_t nr, size_t size)
{
	void *p = calloc(nr ? nr : 1, size);

	if (!p)
		memory_end();
	return p;
}

/*
 * Not open_memstream(): if glibc's cannot grow, the piece that is written is missing from the text,
 * and neither ferror() nor fclose() tells.
 */
struct growing {
	char **text;
	size_t *len, room;
};

static ssize_t grow(void *cookie, const char *data, size_t n)
{
	struct growing *g = cookie;

	if (*g->len + n >= g->room) {
		const size_t room = 2 * (*g->len + n) + BUFSIZ;
		char *more = realloc(*g->text, room);

		if (!more)
			memory_end();
		*g->text = more;
		g->room = room;
	}
	memcpy(*g->text + *g->len, data, n);
	*g->len += n;
	(*g->text)[*g->len] = '\0';
	return (ssize_t)n;
}

static int grown(void *cookie)
{
	free(cookie);
	return 0;
}

FILE *memory_stream(char **text, size_t *len)
{
	const cookie_io_functions_t functions = { .write = grow, .close = grown };
	struct growing *g = malloc(sizeof(*g));
	FILE *stream = g ? fopencookie(g, "w", functions) : NULL;

	*text = calloc(1, 1);
	*len = 0;
	if (!stream || !*text)
		memory_end();
	*g = (struct growing){ .text = text, .len = len, .room = 1 };
	return stream;
}

void memory_stream_flush(FILE *stream)
{
	if (fflush(stream) || ferror(stream))
		memory_end();
}

void memory_stream_close(FILE *stream, char *const *text)
{
	const bool failed = ferror(stream);

	if (fclose(stream) || failed || !*text)
		memory_end();
}

static void *allocate(size_t size)
{
	void *p = malloc(size);

	if (!p)
		memory_end();
	return p;
}

void memory_guard(void)
{
	json_set_alloc_funcs(allocate, free);
}
