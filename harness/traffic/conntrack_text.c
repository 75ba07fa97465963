/* SPDX-License-Identifier: MIT */
/* See conntrack_text.h; conntrack_xml.c reads the XML form. */
#include "harness/traffic/conntrack_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/nf_conntrack_proto.h"
#include "harness/traffic/conntrack_internal.h"

int conntrack_wrong(struct conntrack_text *t, struct ct_error *e, const char *what)
{
	return ct_user_error(
		e,
		"%.300s:%llu: %s; expected is the output of 'conntrack -L', 'conntrack "
		"-L -o extended' or '-o xml', or /proc/net/nf_conntrack",
		!strcmp(t->name, "-") ? "standard input" : t->name, (unsigned long long)t->line,
		what);
}

int conntrack_read(struct conntrack_text *t, int delimiter, struct ct_error *e)
{
	size_t len = 0;
	int c;

	while ((c = getc_unlocked(t->in)) != EOF && c != delimiter) {
		if (c == '\n')
			t->line++;
		if (!c || len + 1 == sizeof(t->text))
			return conntrack_wrong(t, e, c ? "the line is too long" : "a zero byte");
		t->text[len++] = (char)c;
	}
	t->text[len] = '\0';
	if (ferror(t->in))
		return ct_fail(e, -EIO, CT_EXIT_USER, "%.300s cannot be read: %s", t->name,
			       strerror(errno));
	return c == EOF && !len ? 0 : 1;
}

/* A decimal number, or with base 0 also 0x...; false beyond most. */
static bool number(const char *text, int base, unsigned long most, unsigned long *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoul(text, &end, base);
	return !*end && !errno && *out <= most;
}

/* ---- one connection, put together from names and values ---- */

static const char *set_address(struct conntrack_parse *p, const char *value, bool source)
{
	struct nf_conntrack_tuple *t = &p->entry->tuple[p->dir].tuple;
	union nf_inet_addr *a = source ? &t->src.u3 : &t->dst.u3;
	uint16_t family = strchr(value, ':') ? NFPROTO_IPV6 : NFPROTO_IPV4;

	if (inet_pton(family == NFPROTO_IPV6 ? AF_INET6 : AF_INET, value, a) != 1)
		return "an invalid address";
	if (p->family && p->family != family)
		return "addresses of two families in one connection";
	p->family = family;
	return NULL;
}

static const char *set_zone(struct conntrack_parse *p, unsigned long id, uint8_t dir)
{
	p->entry->zone.id = (uint16_t)id;
	p->entry->zone.dir = id ? dir : NF_CT_DEFAULT_ZONE_DIR;
	return NULL;
}

/* The fields of a tuple; the rest of a line is not needed. */
enum field { SRC, DST, SPORT, DPORT, TYPE, CODE, ID, SRCKEY, DSTKEY, NR_FIELDS };
static const char *const fields[NR_FIELDS] = { "src",  "dst", "sport",	"dport", "type",
					       "code", "id",  "srckey", "dstkey" };

const char *conntrack_set(struct conntrack_parse *p, const char *name, const char *value)
{
	struct nf_conntrack_tuple *t;
	unsigned int f = 0;
	unsigned long n;

	if (!strncmp(name, "zone", 4)) {
		if (!number(value, 10, UINT16_MAX, &n))
			return "a zone that is not a number up to 65535";
		return set_zone(p, n,
				!strcmp(name, "zone-orig")    ? NF_CT_ZONE_DIR_ORIG
				: !strcmp(name, "zone-reply") ? NF_CT_ZONE_DIR_REPL
							      : NF_CT_DEFAULT_ZONE_DIR);
	}
	while (f < NR_FIELDS && strcmp(fields[f], name))
		f++;
	if (f == NR_FIELDS)
		return NULL;
	/* 'conntrack -L -o id' ends a line with the entry's own id, which is not ICMP's. */
	if (f == ID && !p->xml &&
	    ((p->protonum != IPPROTO_ICMP && p->protonum != IPPROTO_ICMPV6) ||
	     (p->dir == 1 && p->seen[1] & 1u << ID)))
		return NULL;
	/* In text the second src= begins the reply; XML marks the direction. */
	if (f == SRC && !p->xml && p->seen[p->dir] & 1u << SRC)
		p->dir++;
	if (p->dir > 1 || p->seen[p->dir] & 1u << f)
		return "more than two tuples";
	p->seen[p->dir] |= 1u << f;
	if (f == SRC || f == DST)
		return set_address(p, value, f == SRC);
	if (!number(value, 0, f == TYPE || f == CODE ? UINT8_MAX : UINT16_MAX, &n)) {
		/* Linux's table has no GRE keys of 32 bits, but the text may have 0x0. */
		return "a port, type, code, id or key that is not a number or is too large";
	}
	t = &p->entry->tuple[p->dir].tuple;
	if (f == TYPE)
		t->dst.u.icmp.type = (uint8_t)n;
	else if (f == CODE)
		t->dst.u.icmp.code = (uint8_t)n;
	else if (f == DPORT || f == DSTKEY)
		t->dst.u.all = htons((uint16_t)n);
	else
		t->src.u.all = htons((uint16_t)n);
	return NULL;
}

void conntrack_begin(struct conntrack_parse *p, struct conntrack_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->zone.dir = NF_CT_DEFAULT_ZONE_DIR;
	*p = (struct conntrack_parse){ .entry = entry };
}

bool conntrack_has_icmp(const struct conntrack_parse *p)
{
	return (p->seen[0] | p->seen[1]) & (1u << TYPE | 1u << CODE | 1u << ID);
}

const char *conntrack_end(struct conntrack_parse *p)
{
	const unsigned int both = 1u << SRC | 1u << DST, ports = 1u << SPORT | 1u << DPORT,
			   icmp = 1u << TYPE | 1u << CODE | 1u << ID;
	unsigned int needed = both;

	if (!p->protonum)
		return "a connection without its protocol";
	if (p->protonum == IPPROTO_TCP || p->protonum == IPPROTO_UDP ||
	    p->protonum == IPPROTO_UDPLITE || p->protonum == IPPROTO_SCTP ||
	    p->protonum == IPPROTO_DCCP)
		needed |= ports;
	else if (p->protonum == IPPROTO_ICMP || p->protonum == IPPROTO_ICMPV6)
		needed |= icmp;
	for (int dir = 0; dir < 2; dir++) {
		if ((p->seen[dir] & needed) != needed)
			return dir ? "a connection whose reply tuple lacks an address, port or type"
				   : "a connection whose original tuple lacks an address, port or "
				     "type";
		p->entry->tuple[dir].tuple.src.l3num = p->family;
		p->entry->tuple[dir].tuple.dst.protonum = p->protonum;
		/* For unknown protocols the kernel's tuples have only addresses. */
		if (needed == both && p->protonum != IPPROTO_GRE)
			p->entry->tuple[dir].tuple.src.u.all =
				p->entry->tuple[dir].tuple.dst.u.all = 0;
	}
	return NULL;
}

/* ---- lines ---- */

/* Is it this protocol's name?  Programs that know fewer protocols than we do write "unknown". */
static bool is_name_of(const char *name, unsigned long protonum)
{
	const char *known = nf_ct_l4proto_find((uint8_t)protonum)->name;

	return !strcmp(name, "unknown") || !strcmp(name, known) ||
	       (!strcmp(known, "unknown") && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")]);
}

/*
 * The words before the first src=: [ipv4 2] tcp 6 [seconds] [STATE]; NULL or what is wrong.
 * Strict, because a misread first word would make another protocol of the line, without its ports.
 */
static const char *protocol(struct conntrack_parse *p, char *words[4], unsigned int nr)
{
	unsigned int at = 0;
	unsigned long n;

	if (nr >= 2 && ((!strcmp(words[0], "ipv4") && !strcmp(words[1], "2")) ||
			(!strcmp(words[0], "ipv6") && !strcmp(words[1], "10"))))
		at = 2;
	if (nr < at + 2 || !number(words[at + 1], 10, UINT8_MAX, &n) || !n)
		return "no protocol with its number at the beginning of the line";
	if (!is_name_of(words[at], n))
		return "a protocol's name that is not that of its number";
	if (nr > at + 2 && *words[at + 2] >= 'a' && *words[at + 2] <= 'z')
		return "neither seconds nor a state behind the protocol's number";
	p->protonum = (uint8_t)n;
	return NULL;
}

static const char *parse_line(struct conntrack_parse *p, char *line)
{
	char *words[4], *word, *rest = line;
	unsigned int nr = 0;
	const char *why = NULL;

	while (!why && (word = strsep(&rest, " \t\r"))) {
		char *value = strchr(word, '=');

		if (!*word)
			continue;
		if (!value) {
			if (nr < 4)
				words[nr++] = word;
			continue;
		}
		*value++ = '\0';
		if (!p->protonum)
			why = protocol(p, words, nr);
		if (!why)
			why = conntrack_set(p, word, value);
	}
	return why ? why : conntrack_end(p);
}

/* Skips comments, and the summary that conntrack writes to standard error. */
static bool is_remark(const char *line)
{
	line += strspn(line, " \t\r");
	return !*line || *line == '#' || !strncmp(line, "conntrack v", 11);
}

static int next_line(struct conntrack_text *t, struct conntrack_entry *entry, struct ct_error *e)
{
	struct conntrack_parse p;
	const char *why;
	int ret;

	do {
		t->line++;
		ret = conntrack_read(t, '\n', e);
	} while (ret > 0 && is_remark(t->text));
	if (ret <= 0)
		return ret;
	conntrack_begin(&p, entry);
	entry->line = t->line;
	why = parse_line(&p, t->text);
	return why ? conntrack_wrong(t, e, why) : 1;
}

int conntrack_text_next(struct conntrack_text *t, struct conntrack_entry *entry, struct ct_error *e)
{
	if (!t->begun) {
		int c = getc(t->in);

		t->begun = true;
		t->xml = c == '<';
		if (c != EOF)
			ungetc(c, t->in);
		t->line = t->xml;
	}
	return t->xml ? conntrack_xml_next(t, entry, e) : next_line(t, entry, e);
}

int conntrack_text_write(FILE *out, const struct conntrack_entry *entry)
{
	const struct nf_conntrack_tuple *t = &entry->tuple[0].tuple;
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(t->dst.protonum);
	bool ipv6 = t->src.l3num == NFPROTO_IPV6;

	fprintf(out, "%s %s %u", ipv6 ? "ipv6 10" : "ipv4 2", l4->name, t->dst.protonum);
	for (int dir = 0; dir < 2; dir++) {
		char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], ports[128] = "";

		t = &entry->tuple[dir].tuple;
		inet_ntop(ipv6 ? AF_INET6 : AF_INET, &t->src.u3, src, sizeof(src));
		inet_ntop(ipv6 ? AF_INET6 : AF_INET, &t->dst.u3, dst, sizeof(dst));
		if (t->dst.protonum == IPPROTO_DCCP)
			snprintf(ports, sizeof(ports), "sport=%u dport=%u", ntohs(t->src.u.all),
				 ntohs(t->dst.u.all));
		else
			l4->print_tuple(ports, sizeof(ports), t);
		if (*ports && ports[strlen(ports) - 1] == ' ')
			ports[strlen(ports) - 1] = '\0';
		fprintf(out, " src=%s dst=%s%s%s", src, dst, *ports ? " " : "", ports);
		if (dir == 0 && entry->zone.id && entry->zone.dir == NF_CT_ZONE_DIR_ORIG)
			fprintf(out, " zone-orig=%u", entry->zone.id);
	}
	if (entry->zone.id && entry->zone.dir != NF_CT_ZONE_DIR_ORIG)
		fprintf(out, " %s=%u",
			entry->zone.dir == NF_CT_ZONE_DIR_REPL ? "zone-reply" : "zone",
			entry->zone.id);
	fputc('\n', out);
	return ferror(out) ? -EIO : 0;
}
