/* SPDX-License-Identifier: MIT */
/*
 * conntrack -L -o xml: a <flow> for each connection, with a <meta direction="..."> for each tuple
 * and one for the rest.  Read tag by tag, with as much of XML as that program writes: no entities
 * but in texts that are not needed, no comments, no CDATA.  It writes neither types nor ids of
 * ICMP, so such flows have no tuple that could be known.
 */
#include "harness/traffic/conntrack_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* The value of NAME="..." in a tag, cut out of it; NULL if it has none. */
static char *attribute(char *tag, const char *name)
{
	char *at = strstr(tag, name), *end;
	size_t len = strlen(name);

	if (!at || strncmp(at + len, "=\"", 2))
		return NULL;
	at += len + 2;
	end = strchr(at, '"');
	if (!end)
		return NULL;
	*end = '\0';
	return at;
}

static const char *open_tag(struct conntrack_parse *p, char *tag)
{
	char *value;
	char *end;
	unsigned long n;

	if (!strncmp(tag, "meta ", 5)) {
		value = attribute(tag, "direction");
		p->dir = !value				 ? 3
			 : !strcmp(value, "original")	 ? 0
			 : !strcmp(value, "reply")	 ? 1
			 : !strcmp(value, "independent") ? 2
							 : 3;
		return p->dir == 3 ? "a meta element without a known direction" : NULL;
	}
	if (strncmp(tag, "layer4 ", 7))
		return NULL;
	value = attribute(tag, "protonum");
	n = value ? strtoul(value, &end, 10) : 0;
	if (!n || n > UINT8_MAX || *end || (p->protonum && p->protonum != n))
		return "a layer4 element without a protocol's number, or with another than before";
	p->protonum = (uint8_t)n;
	return NULL;
}

/* </NAME> behind a text. */
static const char *close_tag(struct conntrack_parse *p, const char *name, const char *text)
{
	if (!strcmp(name, "zone"))
		return conntrack_set(p,
				     p->dir == 0   ? "zone-orig"
				     : p->dir == 1 ? "zone-reply"
						   : "zone",
				     text);
	return p->dir < 2 ? conntrack_set(p, name, text) : NULL;
}

static bool is_icmp_without_id(const struct conntrack_parse *p)
{
	return (p->protonum == IPPROTO_ICMP || p->protonum == IPPROTO_ICMPV6) && p->family &&
	       !conntrack_has_icmp(p);
}

int conntrack_xml_next(struct conntrack_text *t, struct conntrack_entry *entry, struct ct_error *e)
{
	struct conntrack_parse p = { 0 };
	const char *why = NULL;
	bool inside = false;
	int ret;

	while ((ret = conntrack_read(t, '>', e)) > 0) {
		char *tag = strchr(t->text, '<'), *name;

		/* After the last tag only white space may follow, else the file is cut off. */
		if (!tag) {
			if (t->text[strspn(t->text, " \t\r\n")])
				return conntrack_wrong(t, e, "text without a tag");
			continue;
		}
		*tag++ = '\0';
		tag[strcspn(tag, "\r\n")] = '\0';
		name = tag + (*tag == '/');
		if (!strncmp(tag, "flow ", 5))
			return conntrack_wrong(t, e, "an event, not an entry of the table");
		t->ended |= !strcmp(tag, "/conntrack");
		if (!strcmp(tag, "flow")) {
			if (inside)
				return conntrack_wrong(t, e, "a flow inside a flow");
			inside = true;
			conntrack_begin(&p, entry);
			p.xml = true;
			p.dir = 3;
			entry->line = t->line;
		} else if (!strcmp(tag, "/flow") && inside && is_icmp_without_id(&p)) {
			t->icmp_left_out++;
			inside = false;
		} else if (!strcmp(tag, "/flow") && inside) {
			why = conntrack_end(&p);
			return why ? conntrack_wrong(t, e, why) : 1;
		} else if (inside) {
			why = *tag == '/' ? close_tag(&p, name, t->text) : open_tag(&p, tag);
		}
		if (why)
			return conntrack_wrong(t, e, why);
	}
	if (!ret && inside)
		return conntrack_wrong(t, e, "the file ends inside a flow");
	/* Cut off between two flows it would only be a smaller table. */
	if (!ret && !t->ended)
		return conntrack_wrong(t, e, "the file ends before </conntrack>");
	return ret;
}
