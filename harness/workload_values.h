/* SPDX-License-Identifier: MIT */
/*
 * The parsers and printers of single values, for the table in workload_keys.c.
 * Meanings of arguments and results: struct workload_key.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_VALUES_H
#define CTBENCH_HARNESS_WORKLOAD_VALUES_H

#include "harness/workload_internal.h"
#include "variants/variant.h"

#define VALUE_TEXT(field)							\
	const char *parse_##field(struct cell *cell, const char *text);		\
	int text_##field(const struct cell *cell, char *buf, size_t size)
#define VALUE_NUMBER(field)							\
	VALUE_TEXT(field);							\
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
VALUE_NUMBER(repeats);
VALUE_NUMBER(seed);

#endif
