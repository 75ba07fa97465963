/* SPDX-License-Identifier: MIT */
/* A line of text put together piece by piece in a buffer that may be too small. */
#ifndef CTBENCH_CORE_TEXT_H
#define CTBENCH_CORE_TEXT_H

#include <stdarg.h>
#include <stdio.h>

/* len counts all that was written, also what found no room, as snprintf() does. */
struct ct_text {
	char *buf;
	size_t size;
	int len;
};

/* Where the next piece goes, and how much room it has there. */
static inline char *ct_text_at(const struct ct_text *t)
{
	return (size_t)t->len < t->size ? t->buf + t->len : NULL;
}

static inline size_t ct_text_room(const struct ct_text *t)
{
	return (size_t)t->len < t->size ? t->size - (size_t)t->len : 0;
}

__attribute__((format(printf, 2, 3))) static inline void
ct_text_add(struct ct_text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	t->len += vsnprintf(ct_text_at(t), ct_text_room(t), fmt, args);
	va_end(args);
}

#endif
