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

FILE *memory_stream(char **text, size_t *len)
{
	FILE *stream;

	*text = NULL;
	*len = 0;
	stream = open_memstream(text, len);
	if (!stream)
		memory_end();
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

	/* glibc loses the text if it cannot shrink its buffer to the text's size. */
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
