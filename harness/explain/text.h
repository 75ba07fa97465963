/* SPDX-License-Identifier: MIT */
/* What the parts of the telling share: where it goes, how wide it is, and its colours. */
#ifndef CTBENCH_HARNESS_EXPLAIN_TEXT_H
#define CTBENCH_HARNESS_EXPLAIN_TEXT_H

#include <stdio.h>

#include "harness/base/terminal.h"
#include "harness/explain/explain.h"

#define COLUMN 8  /* of labels */
#define FACTS  18 /* of what they label */

struct telling {
	const struct explain *x;
	FILE *out;
	bool all, colour;
};

/* Escape sequences; "" where there are no colours. */
const char *tone_on(const struct telling *t, enum tone tone);
const char *tone_off(const struct telling *t, enum tone tone);

/* The column of facts: a label in front of the first line, nothing in front of others. */
void tell(const struct telling *t, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "src=10.0.0.1 dst=... " without the space at the end. */
const char *tuple_text(char *buf, size_t size, const struct nf_conntrack_tuple *tuple);

/* A walk along a chain. */
void tell_walk(const struct telling *t, const struct explain_walk *w);
/* What the protocol thinks of the connection, before and after. */
void tell_protocol(const struct telling *t, const struct explain_hook *h);

#endif
