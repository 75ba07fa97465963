/* SPDX-License-Identifier: MIT */
/* Shared by the readers of lines and of XML; see conntrack_text.h. */
#ifndef CTBENCH_HARNESS_TRAFFIC_CONNTRACK_INTERNAL_H
#define CTBENCH_HARNESS_TRAFFIC_CONNTRACK_INTERNAL_H

#include "harness/traffic/conntrack_text.h"

/* A connection while it is read. */
struct conntrack_parse {
	struct conntrack_entry *entry;
	unsigned int dir; /* which tuple comes now; XML: 2 behind both */
	unsigned int seen[2];
	uint16_t family;
	uint8_t protonum;
	bool xml;
};

void conntrack_begin(struct conntrack_parse *p, struct conntrack_entry *entry);
/* Stores a field, or ignores one that is not needed.  NULL, or the error as a clause. */
const char *conntrack_set(struct conntrack_parse *p, const char *name, const char *value);
/* Is it complete?  NULL, or the missing part as a clause. */
const char *conntrack_end(struct conntrack_parse *p);

/* Has it any type, code or id of ICMP? */
bool conntrack_has_icmp(const struct conntrack_parse *p);

/* The text up to a delimiter: 1, 0 at the end, or a negative errno with a sentence. */
int conntrack_read(struct conntrack_text *t, int delimiter, struct ct_error *e);
int conntrack_wrong(struct conntrack_text *t, struct ct_error *e, const char *what);

int conntrack_xml_next(struct conntrack_text *t, struct conntrack_entry *entry, struct ct_error *e);

#endif
