/* SPDX-License-Identifier: MIT */
#include "harness/base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

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

static unsigned int columns_of(const char *text, size_t len)
{
	unsigned int n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80; /* a byte that begins a character */
	return n;
}

unsigned int text_columns(const char *text)
{
	return columns_of(text, strlen(text));
}

void text_wrap(FILE *out, const char *text, unsigned int column, unsigned int indent,
	       unsigned int width)
{
	bool first = true;

	text += strspn(text, " \n");
	while (*text) {
		size_t len = strcspn(text, " \n");
		unsigned int columns = columns_of(text, len);

		if (!first && column + 1 + columns > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, len, out);
		column += columns;
		first = false;
		text += len;
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}
