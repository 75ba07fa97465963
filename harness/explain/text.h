/* SPDX-License-Identifier: MIT */
/* Output stream, columns and colours, shared by the files that print the text. */
#ifndef CTBENCH_HARNESS_EXPLAIN_TEXT_H
#define CTBENCH_HARNESS_EXPLAIN_TEXT_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/base/terminal.h"
#include "harness/explain/explain.h"

#define COLUMN 8  /* where labels start */
#define FACTS  18 /* where the labelled facts start */

struct telling {
	const char *file;    /* the capture */
	const json_t *facts; /* explain_facts() */
	FILE *out;
	bool all, colour;
};

/* Escape sequences; "" without colours. */
const char *tone_on(const struct telling *t, enum tone tone);
const char *tone_off(const struct telling *t, enum tone tone);

/* Prints a line of facts.  label: "" for all lines but the first. */
void tell(const struct telling *t, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "src=10.0.0.1 dst=... " without the space at the end. */
const char *tuple_text(char *buf, size_t size, const struct nf_conntrack_tuple *tuple);

/* 0 if there is no such number. */
static inline int64_t integer_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static inline bool has(const json_t *o, const char *key)
{
	return json_object_get(o, key);
}

static inline bool is_text(const json_t *o, const char *key, const char *text)
{
	return !strcmp(text_of(o, key), text);
}

/* Prints a walk along a chain. */
void tell_walk(const struct telling *t, const json_t *walk);
/* Prints the protocol's state of the connection, before and after a call of conntrack's hook. */
void tell_protocol(const struct telling *t, const json_t *hook);

#endif
