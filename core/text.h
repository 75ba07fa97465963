/* SPDX-License-Identifier: MIT */
/* Appends pieces of text to a buffer that may be too small. */
#ifndef CTBENCH_CORE_TEXT_H
#define CTBENCH_CORE_TEXT_H

#include <stdarg.h>
#include <stdio.h>

/* len also counts characters that did not fit, like snprintf(). */
struct ct_text {
	char *buf;
	size_t size;
	int len;
};

/* Where the next piece goes, and the room left. */
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
