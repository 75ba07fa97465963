/* SPDX-License-Identifier: MIT */
/*
 * The parsers and printers of single values, for the table in workload_keys.c.
 * Meanings of arguments and results: struct workload_key.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_VALUES_H
#define CTBENCH_HARNESS_WORKLOAD_VALUES_H

#include "harness/workload/internal.h"
#include "variants/variant.h"

/* The most buckets a value may ask for. */
#define BUCKETS_MAX (UINT64_C(1) << 32)

#define VALUE_TEXT(field) \
	const char *parse_##field(struct cell *cell, const char *text); \
	int text_##field(const struct cell *cell, char *buf, size_t size)
#define VALUE_NUMBER(field) \
	VALUE_TEXT(field); \
	double number_##field(const struct cell *cell)

VALUE_TEXT(variant);
VALUE_TEXT(level);
VALUE_TEXT(kind);
VALUE_NUMBER(threads);
VALUE_TEXT(pin);
VALUE_TEXT(oversubscribe);
VALUE_TEXT(capture);
VALUE_NUMBER(copies);
VALUE_TEXT(split);
VALUE_NUMBER(flows);
VALUE_NUMBER(ipv6_share);
VALUE_NUMBER(buckets);
VALUE_NUMBER(load_factor);
VALUE_TEXT(popularity);
VALUE_NUMBER(hit_share);
VALUE_NUMBER(reply_share);
VALUE_TEXT(mix);
VALUE_TEXT(refcount);
VALUE_NUMBER(duration);
VALUE_NUMBER(warmup);
VALUE_TEXT(resize);
VALUE_TEXT(pages);
VALUE_TEXT(latency);
VALUE_TEXT(open_rate);
VALUE_TEXT(arrivals);
VALUE_TEXT(events);
VALUE_TEXT(timeline);
VALUE_NUMBER(repeats);
VALUE_NUMBER(seed);

/* BUCKETS or xFACTOR of the buckets at the start; false if it is neither. */
bool parse_resize_target(const char *text, uint64_t buckets, uint64_t *out);
/* A share of the window (25%) or a time (50ms). */
bool parse_moment(const char *text, double window, double *out);

#endif
