/* SPDX-License-Identifier: MIT */
#include "harness/base/error.h"

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
