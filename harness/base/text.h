/* SPDX-License-Identifier: MIT */
/* Texts that are put together piece by piece. */
#ifndef CTBENCH_HARNESS_BASE_TEXT_H
#define CTBENCH_HARNESS_BASE_TEXT_H

#include <stddef.h>

/*
 * Print at offset *at of buf and move *at on by the whole length, as snprintf() counts it: what
 * does not fit is cut off, and in the end *at is the room that the text would have needed.
 */
__attribute__((format(printf, 4, 5))) void
text_add(char *buf, size_t size, size_t *at, const char *fmt, ...);

#endif
