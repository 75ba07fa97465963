/* SPDX-License-Identifier: MIT */
/*
 * Connections from the text of a kernel's table: `conntrack -L`, plain, `-o extended` or `-o xml`,
 * and /proc/net/nf_conntrack; and from the key sets that ctbench import writes, which have lines
 * of the same form.
 *
 * Nothing in a file can be trusted: each line is checked where it is read, and an error names the
 * line.  Only tuples and zones are kept.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_CONNTRACK_TEXT_H
#define CTBENCH_HARNESS_TRAFFIC_CONNTRACK_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/nf_conntrack_tuple.h"
#include "core/nf_conntrack_zones.h"
#include "harness/base/error.h"

struct conntrack_entry {
	union ct_tuple_words tuple[2]; /* original, reply */
	struct nf_conntrack_zone zone;
	uint64_t line;
};

/* Characters of a line, or of a piece of XML. */
#define CONNTRACK_LINE_MAX 4096

struct conntrack_text {
	FILE *in;	  /* given, and the name for errors */
	const char *name; /* "-" is called standard input */
	/* Preserved between calls; zero at first. */
	uint64_t line;
	uint64_t icmp_left_out; /* in XML, which has neither their types nor their ids */
	bool begun, xml, ended; /* XML: its last tag was read */
	char text[CONNTRACK_LINE_MAX];
};

/* 1: an entry, 0: the end, or -EINVAL with a sentence: FILE:LINE, what is wrong, what to do. */
int conntrack_text_next(struct conntrack_text *t, struct conntrack_entry *entry,
			struct ct_error *e);

/* A line for a key set, as conntrack_text_next() reads it: 0 or -EIO. */
int conntrack_text_write(FILE *out, const struct conntrack_entry *entry);

#endif
