/* SPDX-License-Identifier: MIT */
#define CT_ERROR_DEFINES
#include "harness/base/error.h"

#include "harness/base/escape.h"

#include <stdarg.h>
#include <stdio.h>

int ct_fail(struct ct_error *e, int code, enum ct_exit status, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->status)
		return code;
	e->status = status;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

int ct_error_print(const struct ct_error *e)
{
	char text[4 * sizeof(e->text)];

	fflush(stdout);
	/* Sentences quote text from files and arguments; a sentence must stay one line. */
	escaped(text, sizeof(text), escape_line,
		e->status ? e->text : "failed without giving a reason");
	fprintf(stderr, "ctbench: %s\n", text);
	return e->status ? e->status : CT_EXIT_INTERNAL;
}
