/* SPDX-License-Identifier: MIT */
/* Lines of cells.tsv. A line holds the whole measurement: reading it back gives the same bytes. */
#include "harness/results/results.h"

#include "harness/base/escape.h"
#include "harness/base/names.h"
#include "harness/results/figures.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *measurement_header(void)
{
	static char header[2048];
	size_t at = 0;

	if (header[0])
		return header;
	for (size_t i = 0; i < nr_result_columns; i++)
		at += (size_t)snprintf(header + at, sizeof(header) - at, "%s%s", i ? "\t" : "",
				       result_columns[i].name);
	return header;
}

static int print_field(const struct result_column *c, const void *p, char *buf, size_t size)
{
	char text[1024];

	switch (c->type) {
	case COLUMN_U32:
		return snprintf(buf, size, "%" PRIu32, *(const uint32_t *)p);
	case COLUMN_U64:
		return snprintf(buf, size, "%" PRIu64, *(const uint64_t *)p);
	case COLUMN_HEX:
		return snprintf(buf, size, "%016" PRIx64, *(const uint64_t *)p);
	case COLUMN_INT:
		return snprintf(buf, size, "%d", *(const int *)p);
	case COLUMN_DOUBLE:
		return snprintf(buf, size, "%.17g", *(const double *)p);
	case COLUMN_TEXT:
		break;
	}
	/* An error may quote any bytes, but a row must stay on one line and be readable. */
	escaped(text, c->size < sizeof(text) ? c->size : sizeof(text), escape_line, p);
	return snprintf(buf, size, "%s", text);
}

int measurement_to_line(const struct measurement *m, char *buf, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < nr_result_columns; i++) {
		if (i && at + 1 < size)
			buf[at++] = '\t';
		at += (size_t)print_field(&result_columns[i],
					  (const char *)m + result_columns[i].offset, buf + at,
					  size - at);
		if (at >= size)
			return -ENOSPC;
	}
	return (int)at;
}

/* strtoull() would accept blanks and signs, and read -1 as a large number. */
static bool scan_unsigned(uint64_t *value, uint64_t most, const char *text, int base)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, base);
	return end != text && !*end && !errno && *value <= most;
}

static bool scan_field(const struct result_column *c, void *p, const char *text)
{
	char *end = NULL;
	uint64_t value;

	errno = 0;
	switch (c->type) {
	case COLUMN_U32:
		if (!scan_unsigned(&value, UINT32_MAX, text, 10))
			return false;
		*(uint32_t *)p = (uint32_t)value;
		return true;
	case COLUMN_U64:
		return scan_unsigned(p, UINT64_MAX, text, 10);
	case COLUMN_HEX:
		return scan_unsigned(p, UINT64_MAX, text, 16);
	case COLUMN_INT:
		*(int *)p = (int)strtol(text, &end, 10);
		break;
	case COLUMN_DOUBLE:
		*(double *)p = strtod(text, &end);
		errno = 0; /* a denormal is fine */
		break;
	case COLUMN_TEXT:
		if (strlen(text) >= c->size || !text_is_plain(text))
			return false;
		memcpy(p, text, strlen(text) + 1);
		return true;
	}
	return end != text && !*end && !errno;
}

/*
 * Could this be a measurement? Times, amounts and rates are not negative, and in a good measurement
 * they are numbers.
 */
static bool makes_sense(const struct measurement *m)
{
	static const int ours[] = { CT_EXIT_OK, CT_EXIT_INTERNAL, CT_EXIT_USER, CT_EXIT_SKIP };
	bool known = false;

	if (!name_fits_cell(m->name))
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		known |= m->result.status == ours[i];
	for (size_t i = 0; i < nr_result_columns && known; i++) {
		double value;

		if (result_columns[i].type != COLUMN_DOUBLE)
			continue;
		memcpy(&value, (const char *)m + result_columns[i].offset, sizeof(value));
		if (value < 0 || (!isfinite(value) && measurement_good(m)))
			return false;
	}
	return known;
}

/* The last column of the first version. */
#define OLDEST_LAST "elapsed_s"

size_t measurement_columns(const char *header)
{
	const char *ours = measurement_header();
	size_t len = strlen(header), columns = 1;
	const char *last = strrchr(header, '\t');

	if (strncmp(header, ours, len) || (ours[len] && ours[len] != '\t'))
		return 0;
	if (ours[len] && !strstr(header, "\t" OLDEST_LAST "\t") &&
	    (!last || strcmp(last, "\t" OLDEST_LAST)))
		return 0;
	for (; *header; header++)
		columns += *header == '\t';
	return columns;
}

bool measurement_from_line(struct measurement *m, char *line, size_t columns)
{
	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < columns; i++) {
		char *text = strsep(&line, "\t");

		if (!text ||
		    !scan_field(&result_columns[i], (char *)m + result_columns[i].offset, text))
			return false;
	}
	return !line && makes_sense(m);
}
