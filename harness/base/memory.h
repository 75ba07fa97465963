/* SPDX-License-Identifier: MIT */
/*
 * For libraries that lose data without memory.  jansson silently omits values that it cannot add to
 * an object, and most callers could only exit.  So its allocator ends the program, with a sentence
 * and exit status 2.  Measurements so far are on the disk, and run --resume continues.
 */
#ifndef CTBENCH_HARNESS_BASE_MEMORY_H
#define CTBENCH_HARNESS_BASE_MEMORY_H

#include <stddef.h>
#include <stdio.h>

/* For main(), before anything else uses jansson. */
void memory_guard(void);

/* Ends the program like that; temporary folders are removed. Any thread. */
void memory_end(void) __attribute__((noreturn));
/* calloc() that ends the program instead: for figures, which must not be missing without a word. */
void *memory_array(size_t nr, size_t size);
/*
 * Ends it, if that is the error of a call which opened something: the machine ran out of memory or
 * of descriptors.  Then it is not known whether the file exists.
 */
void memory_end_if(int err);

/*
 * A text that grows as it is printed; free() *text after the close.  All three end the program
 * without memory.  fclose() alone does not report an earlier failed write, so an incomplete text
 * would go unnoticed.
 */
FILE *memory_stream(char **text, size_t *len);
/* *text and *len are up to date. */
void memory_stream_flush(FILE *stream);
void memory_stream_close(FILE *stream, char *const *text);

#endif
