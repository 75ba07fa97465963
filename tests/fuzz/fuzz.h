/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target is one file, fuzz_NAME.c, that defines LLVMFuzzerTestOneInput().  `make fuzz` links
 * it with libFuzzer; every other build links corpus.c, which runs the inputs kept in corpus/NAME. 
 * A fault is a sanitizer's report, an abort() of fuzz_check(), or a hang.
 */
#ifndef CTBENCH_TESTS_FUZZ_FUZZ_H
#define CTBENCH_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* The first size bytes of an input, taken off its front; fewer where it ends. */
static inline const uint8_t *fuzz_take(const uint8_t **data, size_t *size, size_t *want)
{
	const uint8_t *at = *data;

	if (*want > *size)
		*want = *size;
	*data += *want;
	*size -= *want;
	return at;
}

/* A number of two bytes; 0 at the end. */
static inline unsigned int fuzz_u16(const uint8_t **data, size_t *size)
{
	size_t two = 2;
	const uint8_t *at = fuzz_take(data, size, &two);

	return two == 2 ? at[0] | (unsigned int)at[1] << 8 : 0;
}

/* A copy in a block of just that size, so that a sanitizer sees a step beyond; free() it. */
static inline void *fuzz_exact(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	fuzz_check(copy);
	memcpy(copy, data, size);
	return copy;
}

/* A folder for files of this process, which is removed at its end. */
const char *fuzz_folder(void);
void fuzz_write(const char *under, const char *name, const void *data, size_t size);

/* The output of the tested code goes there. */
FILE *fuzz_nowhere(void);

#endif
