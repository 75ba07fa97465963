/* SPDX-License-Identifier: MIT */
/* Prints what a replay counted. */
#include <netinet/in.h>

#include "harness/replay/replay.h"

enum {
	COL_NEW,
	COL_ESTABLISHED,
	COL_ESTABLISHED_REPLY,
	COL_RELATED,
	COL_RELATED_REPLY,
	COL_INVALID,
	COL_UNTRACKED,
	COL_DROPPED,
	COL_HELD,
};
_Static_assert(COL_HELD + 1 == REPLAY_COLUMNS,
	       "a column for everything that can become of a packet");

static const char *const column_names[REPLAY_COLUMNS] = {
	"NEW",	   "ESTABLISHED", "EST_REPLY", "RELATED", "REL_REPLY",
	"invalid", "untracked",	  "dropped",   "held",
};

#define ROWS 12 /* protocols shown by name */

static int column_of(const struct replay_result *res)
{
	static const int by_ctinfo[] = {
		[IP_CT_NEW] = COL_NEW,
		[IP_CT_ESTABLISHED] = COL_ESTABLISHED,
		[IP_CT_ESTABLISHED_REPLY] = COL_ESTABLISHED_REPLY,
		[IP_CT_RELATED] = COL_RELATED,
		[IP_CT_RELATED_REPLY] = COL_RELATED_REPLY,
	};

	if (res->verdict == REPLAY_DROP || res->verdict == REPLAY_DROP_CONFIRM)
		return COL_DROPPED;
	if (res->verdict == REPLAY_STOLEN || res->verdict == REPLAY_HELD)
		return COL_HELD;
	if (res->state == REPLAY_INVALID)
		return COL_INVALID;
	if (res->state == REPLAY_UNTRACKED)
		return COL_UNTRACKED;
	return by_ctinfo[res->ctinfo];
}

void replay_count(struct replay_summary *s, const struct replay *r, const struct replay_result *res)
{
	uint32_t connections = replay_connections(r);

	if (connections > s->peak)
		s->peak = connections;
	s->made += res->made;
	s->killed += res->killed;
	if (res->released)
		return; /* counted when it was held */
	s->packets++;
	if (res->verdict == REPLAY_NOT_IP)
		s->not_ip++;
	else if (res->verdict == REPLAY_UNSEEN)
		s->unseen++;
	else if (res->protocol < 0)
		s->no_transport[column_of(res)]++;
	else
		s->by_protocol[res->protocol][column_of(res)]++;
}

static const char *protocol_name(unsigned int protocol, char *buf, size_t size)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	case IPPROTO_UDPLITE:
		return "udplite";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_DCCP:
		return "dccp";
	case IPPROTO_GRE:
		return "gre";
	case IPPROTO_ESP:
		return "esp";
	case IPPROTO_IGMP:
		return "igmp";
	case IPPROTO_IPIP:
		return "ipip";
	case IPPROTO_IPV6:
		return "6in4";
	default:
		snprintf(buf, size, "protocol %u", protocol);
		return buf;
	}
}

/* Sum of a row; prints the row to out (NULL: does not) if it is not zero. */
static uint64_t row(const char *name, const uint64_t *columns, const bool *shown, FILE *out)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < REPLAY_COLUMNS; i++)
		sum += columns[i];
	if (!sum || !out)
		return sum;
	fprintf(out, "  %-14s %10llu", name, (unsigned long long)sum);
	for (unsigned int i = 0; i < REPLAY_COLUMNS; i++)
		if (shown[i])
			fprintf(out, " %11llu", (unsigned long long)columns[i]);
	fputc('\n', out);
	return sum;
}

/* Empty columns are left out, except for the usual ones. */
static void choose_columns(const struct replay_summary *s, bool *shown)
{
	for (unsigned int i = 0; i < REPLAY_COLUMNS; i++) {
		shown[i] = i <= COL_ESTABLISHED_REPLY || i == COL_INVALID || s->no_transport[i];
		for (unsigned int p = 0; p < 256; p++)
			shown[i] |= s->by_protocol[p][i] != 0;
	}
}

static void print_notes(const struct capture_notes *notes, FILE *out)
{
	unsigned int at = 0;
	char text[256];

	while (capture_notes_text(notes, &at, text, sizeof(text)))
		fprintf(out, "note: %s\n", text);
}

static void print_packets(const struct replay_summary *s, FILE *out)
{
	uint64_t others[REPLAY_COLUMNS] = { 0 };
	bool shown[REPLAY_COLUMNS];
	uint8_t order[256];
	char name[32];

	choose_columns(s, shown);
	fprintf(out, "  %-14s %10s", "", "packets");
	for (unsigned int i = 0; i < REPLAY_COLUMNS; i++)
		if (shown[i])
			fprintf(out, " %11s", column_names[i]);
	fputc('\n', out);

	/* the most frequent first */
	for (unsigned int p = 0; p < 256; p++) {
		unsigned int at = p;

		for (; at && row("", s->by_protocol[order[at - 1]], NULL, NULL) <
				     row("", s->by_protocol[p], NULL, NULL);
		     at--)
			order[at] = order[at - 1];
		order[at] = (uint8_t)p;
	}
	for (unsigned int i = 0; i < 256; i++) {
		const uint64_t *columns = s->by_protocol[order[i]];

		if (i < ROWS)
			row(protocol_name(order[i], name, sizeof(name)), columns, shown, out);
		for (unsigned int c = 0; i >= ROWS && c < REPLAY_COLUMNS; c++)
			others[c] += columns[c];
	}
	row("others", others, shown, out);
	row("no transport", s->no_transport, shown, out);
	if (s->unseen)
		fprintf(out, "  %-14s %10llu  (they reach no hook)\n", "broken",
			(unsigned long long)s->unseen);
	if (s->not_ip)
		fprintf(out, "  %-14s %10llu\n", "not IP", (unsigned long long)s->not_ip);
}

void replay_print(const struct replay_summary *s, const struct replay *r, const char *name,
		  double seconds, FILE *out)
{
	uint32_t left = replay_connections(r);
	struct nf_ct_stat_sum sum;
	uint64_t known, ended;

	fprintf(out,
		"%s: %llu packets, %.1f s of traffic, replayed in %.2f s (%.2f million packets a "
		"second)\n",
		name, (unsigned long long)s->packets, (double)r->elapsed / NF_CT_HZ, seconds,
		seconds > 0 ? (double)s->packets / seconds / 1e6 : 0);
	fprintf(out, "on %s, %llu buckets\n\n", r->options.variant->name,
		(unsigned long long)r->core->ops->buckets(r->core));
	print_packets(s, out);
	fprintf(out, "\nconnections: %llu made, at most %u at once, %u left at the end\n",
		(unsigned long long)s->made, s->peak, left);
	nf_ct_stat_sum(r->net, &sum);
	known = r->expired + s->killed + sum.early_drop + left;
	ended = s->made > known ? s->made - known : 0;
	fprintf(out,
		"  ended: %llu expired, %llu when a packet found them expired or a SYN reopened "
		"them,\n"
		"         %llu by a reset instead of an answer, %llu dropped early\n",
		(unsigned long long)r->expired, (unsigned long long)ended,
		(unsigned long long)s->killed, (unsigned long long)sum.early_drop);
	print_notes(&r->notes, out);
	fputs("statistics:", out);
#define CT_STAT_FIELD(field) fprintf(out, " %s=%llu", #field, (unsigned long long)sum.field);
	CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
	fputc('\n', out);
}
