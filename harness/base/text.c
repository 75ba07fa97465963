/* SPDX-License-Identifier: MIT */
#include "harness/base/text.h"

#include <stdarg.h>
#include <stdio.h>

void text_add(char *buf, size_t size, size_t *at, const char *fmt, ...)
{
	size_t from = *at < size ? *at : size;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(size ? buf + from : buf, size - from, fmt, args);
	va_end(args);
	if (len > 0)
		*at += (size_t)len;
}
