/* SPDX-License-Identifier: MIT */
/* Prints a line of the text: its label and colours. */
#include <stdarg.h>

#include "harness/explain/text.h"

const char *tone_on(const struct telling *t, enum tone tone)
{
	return t->colour && tone != TONE_PLAIN ? terminal_tone(tone) : "";
}

const char *tone_off(const struct telling *t, enum tone tone)
{
	return t->colour && tone != TONE_PLAIN ? terminal_tone(TONE_PLAIN) : "";
}

void tell(const struct telling *t, const char *label, const char *fmt, ...)
{
	va_list ap;

	fprintf(t->out, "%*s%s%-*s%s", COLUMN, "", tone_on(t, TONE_DIM), FACTS - COLUMN, label,
		tone_off(t, TONE_DIM));
	va_start(ap, fmt);
	vfprintf(t->out, fmt, ap);
	va_end(ap);
	fputc('\n', t->out);
}

const char *tuple_text(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	int n = nf_ct_tuple_snprint(buf, size, tuple);

	while (n > 0 && (size_t)n < size && buf[n - 1] == ' ')
		buf[--n] = '\0';
	return buf;
}
