/* SPDX-License-Identifier: MIT */
/*
 * Lines of cells.tsv: all of a measurement, so that reading one back gives
 * the same bytes that the measuring process sent.
 */
#include "harness/results/results.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum type { U32, U64, HEX, INT, DOUBLE, TEXT };

static const struct field {
	const char *name; /* with its unit */
	enum type type;
	size_t offset;
	size_t size;
} fields[] = {
#define FIELD(name, type, member) \
	{ \
		name, type, offsetof(struct measurement, member), \
			sizeof(((struct measurement *)0)->member) \
	}
	FIELD("seq", U64, seq),
	FIELD("started", TEXT, started),
	FIELD("name", TEXT, name),
	FIELD("fingerprint", HEX, fingerprint),
	FIELD("repeat", U32, repeat),
	FIELD("attempt", U32, attempt),
	FIELD("status", INT, result.status),
	FIELD("error", TEXT, result.error),
	FIELD("void_reason", TEXT, result.void_reason),
	FIELD("window_s", DOUBLE, result.window),
	FIELD("skew_s", DOUBLE, result.skew),
	FIELD("ops", U64, result.ops),
	FIELD("lookups", U64, result.lookups),
	FIELD("hits", U64, result.hits),
	FIELD("expected_hits", U64, result.expected_hits),
	FIELD("inserts", U64, result.inserts),
	FIELD("insert_failed", U64, result.insert_failed),
	FIELD("deletes", U64, result.deletes),
	FIELD("checksum", HEX, result.checksum),
	FIELD("ns_per_op", DOUBLE, result.ns_per_op),
	FIELD("cpu_ns_per_op", DOUBLE, result.cpu_ns_per_op),
	FIELD("min_thread_ops_per_s", DOUBLE, result.min_thread_ops),
	FIELD("max_thread_ops_per_s", DOUBLE, result.max_thread_ops),
	FIELD("build_s", DOUBLE, result.build_seconds),
	FIELD("connections", U64, result.connections),
	FIELD("node_bytes", U64, result.node_bytes),
	FIELD("bucket_bytes", U64, result.bucket_bytes),
	FIELD("allocated_bytes", U64, result.allocated_bytes),
	FIELD("rss_bytes", U64, result.rss_bytes),
	FIELD("window_allocated_bytes", U64, result.window_allocs),
	FIELD("search_restart", U64, result.search_restart),
	FIELD("early_drop", U64, result.early_drop),
	FIELD("drop", U64, result.drop),
	FIELD("involuntary_switches", U64, result.involuntary_switches),
	FIELD("resize_s", DOUBLE, result.resize_seconds),
	FIELD("resizes_done", U32, result.resizes_done),
	FIELD("latency_p50_ns", DOUBLE, result.latency_p50_ns),
	FIELD("latency_p99_ns", DOUBLE, result.latency_p99_ns),
	FIELD("latency_p999_ns", DOUBLE, result.latency_p999_ns),
	FIELD("latency_max_ns", DOUBLE, result.latency_max_ns),
	FIELD("unfinished", U64, result.unfinished),
	FIELD("allocator", TEXT, result.allocator),
	FIELD("cpus", TEXT, result.cpus),
	FIELD("elapsed_s", DOUBLE, result.elapsed_seconds),
#undef FIELD
};
#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

const char *measurement_header(void)
{
	static char header[1024];
	size_t at = 0;

	if (header[0])
		return header;
	for (size_t i = 0; i < NR_FIELDS; i++)
		at += (size_t)snprintf(header + at, sizeof(header) - at, "%s%s", i ? "\t" : "",
				       fields[i].name);
	return header;
}

static int print_field(const struct field *f, const void *p, char *buf, size_t size)
{
	int len;

	switch (f->type) {
	case U32:
		return snprintf(buf, size, "%" PRIu32, *(const uint32_t *)p);
	case U64:
		return snprintf(buf, size, "%" PRIu64, *(const uint64_t *)p);
	case HEX:
		return snprintf(buf, size, "%016" PRIx64, *(const uint64_t *)p);
	case INT:
		return snprintf(buf, size, "%d", *(const int *)p);
	case DOUBLE:
		return snprintf(buf, size, "%.17g", *(const double *)p);
	case TEXT:
		break;
	}
	len = snprintf(buf, size, "%.*s", (int)f->size, (const char *)p);
	/* An error may quote anything; a row stays one row. */
	for (char *c = buf; c < buf + size && *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return len;
}

int measurement_to_line(const struct measurement *m, char *buf, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < NR_FIELDS; i++) {
		if (i && at + 1 < size)
			buf[at++] = '\t';
		at += (size_t)print_field(&fields[i], (const char *)m + fields[i].offset, buf + at,
					  size - at);
		if (at >= size)
			return -ENOSPC;
	}
	return (int)at;
}

/* strtoul() and its like would take blanks and signs, and make a large number of -1. */
static bool scan_unsigned(uint64_t *value, uint64_t most, const char *text, int base)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, base);
	return end != text && !*end && !errno && *value <= most;
}

static bool scan_field(const struct field *f, void *p, const char *text)
{
	char *end = NULL;
	uint64_t value;

	errno = 0;
	switch (f->type) {
	case U32:
		if (!scan_unsigned(&value, UINT32_MAX, text, 10))
			return false;
		*(uint32_t *)p = (uint32_t)value;
		return true;
	case U64:
		return scan_unsigned(p, UINT64_MAX, text, 10);
	case HEX:
		return scan_unsigned(p, UINT64_MAX, text, 16);
	case INT:
		*(int *)p = (int)strtol(text, &end, 10);
		break;
	case DOUBLE:
		*(double *)p = strtod(text, &end);
		errno = 0; /* a denormal is fine */
		break;
	case TEXT:
		if (strlen(text) >= f->size)
			return false;
		memcpy(p, text, strlen(text) + 1);
		return true;
	}
	return end != text && !*end && !errno;
}

/*
 * Can a measurement have said that?  All numbers are times, amounts and rates.  Of one that
 * failed or is void they need not be numbers.
 */
static bool makes_sense(const struct measurement *m)
{
	static const int ours[] = { CT_EXIT_OK, CT_EXIT_INTERNAL, CT_EXIT_USER, CT_EXIT_SKIP };
	bool known = false;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		known |= m->result.status == ours[i];
	for (size_t i = 0; i < NR_FIELDS && known; i++) {
		double value;

		if (fields[i].type != DOUBLE)
			continue;
		memcpy(&value, (const char *)m + fields[i].offset, sizeof(value));
		if (value < 0 || (!isfinite(value) && measurement_good(m)))
			return false;
	}
	return known;
}

bool measurement_from_line(struct measurement *m, char *line)
{
	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < NR_FIELDS; i++) {
		char *text = strsep(&line, "\t");

		if (!text || !scan_field(&fields[i], (char *)m + fields[i].offset, text))
			return false;
	}
	return !line && makes_sense(m);
}
