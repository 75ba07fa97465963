/* SPDX-License-Identifier: MIT */
/* The facts about a packet as text. */
#include "harness/explain/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "core/text.h"
#include "harness/base/escape.h"

/* --- The packet --- */

static void tell_transport(const struct telling *t)
{
	const struct explain_packet *p = &t->x->packet;
	const char *name = explain_protocol(p->protonum);
	char flags[64];

	if (p->fragment.family)
		tell(t, "fragment", "of datagram %u: %u bytes from %u on, %s", p->fragment.id,
		     p->fragment.len, p->fragment.offset,
		     p->fragment.more ? "more to come" : "the last");
	if (p->protonum == IPPROTO_TCP && p->whole_header)
		tell(t, "tcp", "%s, seq %u, ack %u, win %u, %u bytes of data",
		     explain_tcp_flags(flags, sizeof(flags), p->tcp.flags), p->tcp.seq, p->tcp.ack,
		     p->tcp.win, p->tcp.data);
	else if ((p->protonum == IPPROTO_ICMP || p->protonum == IPPROTO_ICMPV6) && p->whole_header)
		tell(t, name, "type %u, code %u, id %u", p->icmp_type, p->icmp_code, p->icmp_id);
	else if (name)
		tell(t, "protocol", "%s (%d)", name, p->protonum);
	else if (p->protonum >= 0)
		tell(t, "protocol", "%d: identified by addresses only (the generic tracker)",
		     p->protonum);
}

static void tell_packet(const struct telling *t)
{
	const struct explain_packet *p = &t->x->packet;

	fprintf(t->out, "%sPacket %" PRIu64 " of ", tone_on(t, TONE_HEAD), p->index);
	escape_line(t->out, t->x->file);
	fprintf(t->out, "%s\n\n", tone_off(t, TONE_HEAD));
	if (!p->has_ip)
		tell(t, "from", "no complete IP header");
	else if (p->sport >= 0)
		tell(t, "from", "%s port %d to %s port %d", p->src, p->sport, p->dst, p->dport);
	else
		tell(t, "from", "%s to %s", p->src, p->dst);
	tell_transport(t);
	tell(t, "length", "%u bytes%s", p->len,
	     p->headlen < p->len ? ", of which the capture has only the beginning" : "");
	tell(t, "time", "%.6f s after the first packet, %.6f s after the one before",
	     (double)p->since_start_ns / 1e9, (double)p->since_last_ns / 1e9);
	if (p->expired)
		tell(t, "gc", "removed %" PRIu64 " expired %s since the packet before", p->expired,
		     p->expired == 1 ? "entry" : "entries");
}

/* --- Hooks --- */

static const char *status_text(char *buf, size_t size, uint32_t status)
{
	size_t at = 0;

	snprintf(buf, size, "none");
	for (unsigned int i = 0; i < 16 && at < size; i++)
		if (status & 1u << i)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? " " : "",
					       replay_status_names[i]);
	return buf;
}

static void tell_counters(const struct telling *t, const struct explain_hook *h)
{
	char text[256];
	struct ct_text words = { text, sizeof(text), 0 };

#define CT_STAT_FIELD(name) \
	if (h->counters.name) \
		ct_text_add(&words, "%s%s +%" PRIu64, words.len ? ", " : "", #name, \
			    h->counters.name);
	CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
	if (words.len)
		tell(t, "counters", "%s", text);
}

static const char *seconds_text(char *buf, size_t size, const struct explain_ct *ct)
{
	if (ct->status & IPS_CONFIRMED && ct->expired)
		snprintf(buf, size, "expired");
	else
		snprintf(buf, size, "%u.%03u s%s", ct->timeout / NF_CT_HZ, ct->timeout % NF_CT_HZ,
			 ct->status & IPS_CONFIRMED ? " left" : " from confirm on");
	return buf;
}

/* Status and timeout; as "from -> to" where they changed. */
static void
tell_changes(const struct telling *t, const struct explain_ct *from, const struct explain_ct *to)
{
	char a[160], b[160];

	if (!to->there)
		return;
	status_text(b, sizeof(b), to->status);
	if (from->there && from->status != to->status)
		tell(t, "status", "%s -> %s", status_text(a, sizeof(a), from->status), b);
	else
		tell(t, "status", "%s", b);
	seconds_text(b, sizeof(b), to);
	if (from->there &&
	    (from->timeout != to->timeout || (from->status ^ to->status) & IPS_CONFIRMED))
		tell(t, "timeout", "%s -> %s", seconds_text(a, sizeof(a), from), b);
	else
		tell(t, "timeout", "%s", b);
}

/* Did the packet get the connection that the lookup found? */
static bool is_found(const struct explain_hook *h)
{
	return h->found.there && h->after.address == h->found.address &&
	       h->after.number == h->found.number;
}

static void tell_zone(const struct telling *t, const struct explain_hook *h)
{
	if (h->zone.dir != NF_CT_DEFAULT_ZONE_DIR)
		tell(t, "zone", "%u in the %s direction, 0 in the other", h->zone.id,
		     h->zone.dir == NF_CT_ZONE_DIR_ORIG ? "original" : "reply");
	else
		tell(t, "zone", "%u%s", h->zone.id, h->zone.id ? "" : ", the default");
}

static void tell_in(const struct telling *t, const struct explain_hook *h)
{
	const enum ip_conntrack_info ctinfo = h->nfct_after & NFCT_INFOMASK;
	const struct explain_ct *ct = &h->after;
	char text[256];

	if (h->skipped)
		return;
	if (h->quoting && h->has_tuple) {
		tell(t, "quotes", "%s", tuple_text(text, sizeof(text), &h->quoted));
		if (h->has_answer)
			tell(t, "answer", "%s: the error belongs to this direction",
			     tuple_text(text, sizeof(text), &h->tuple));
	} else if (h->has_tuple) {
		tell(t, "tuple", "%s (protocol %u)", tuple_text(text, sizeof(text), &h->tuple),
		     h->tuple.dst.protonum);
	}
	if (h->nr_walks)
		tell_zone(t, h);
	for (unsigned int i = 0; i < h->nr_walks; i++)
		tell_walk(t, &h->walks[i]);
	if (ct->there && !is_found(h) && h->verdict == NF_ACCEPT && !h->quoting) {
		tell(t, "made", "connection %u, answers will be %s", ct->number,
		     tuple_text(text, sizeof(text), &ct->tuple[IP_CT_DIR_REPLY]));
	}
	if (ct->there)
		tell(t, "ctinfo", "%s%s%s: %s", tone_on(t, TONE_HEAD), replay_ctinfo_names[ctinfo],
		     tone_off(t, TONE_HEAD), explain_ctinfo_why(h));
	else if (!h->nfct_after && h->verdict == NF_ACCEPT)
		tell(t, "ctinfo", "none: the packet continues without a connection (INVALID)");
	/* the reason of an invalid packet was printed already */
	for (unsigned int i = 0; i < h->nr_reasons && (ct->there || i + 1 < h->nr_reasons); i++)
		tell(t, i ? "" : "tracker", "%s%s%s", tone_on(t, TONE_NOTE), h->reasons[i],
		     tone_off(t, TONE_NOTE));
	tell_protocol(t, h);
	if (ct->there && is_found(h))
		tell_changes(t, &h->found, ct);
	else if (ct->there)
		tell_changes(t, &(struct explain_ct){ 0 }, ct);
	else if (h->found.there)
		tell_changes(t, &h->found, &h->found_after);
	if (ct->master)
		tell(t, "master", "connection %u", ct->master);
}

static void tell_confirm(const struct telling *t, const struct explain_hook *h)
{
	for (unsigned int i = 0; i < h->nr_walks; i++)
		tell_walk(t, &h->walks[i]);
	if (h->nr_walks)
		tell_changes(t, &h->before, &h->after);
}

static void tell_parts(const struct telling *t, const struct explain_hook *h)
{
	const struct explain *x = t->x;

	if (h->whole && x->nr_parts) {
		fprintf(t->out, "%*s%s%-*s%spackets", COLUMN, "", tone_on(t, TONE_DIM),
			FACTS - COLUMN, "together", tone_off(t, TONE_DIM));
		for (size_t i = 0; i < x->nr_parts; i++)
			fprintf(t->out, "%s %" PRIu64, i ? "," : "", x->parts[i]);
		fputs(" and this one\n", t->out);
	}
	if (h->verdict != NF_STOLEN || !x->look_ahead)
		return;
	if (x->completed_by >= 0)
		tell(t, "later",
		     "packet %" PRId64
		     " completes the datagram, which then continues as one packet",
		     x->completed_by);
	else
		tell(t, "later", "no packet of this capture completes the datagram");
}

static void tell_events(const struct telling *t, const struct explain_hook *h)
{
	char text[128];

	for (unsigned int i = 0; i < h->nr_events; i++)
		tell(t, i ? "" : "events", "%s, connection %u%s",
		     explain_events(text, sizeof(text), &h->events[i]), h->events[i].number,
		     h->events[i].expectation ? "'s expectation" : "");
}

static void tell_hook(const struct telling *t, const struct explain_hook *h)
{
	const enum tone tone = h->verdict == NF_ACCEPT ? TONE_GOOD
			       : h->verdict == NF_DROP ? TONE_BAD
						       : TONE_NOTE;
	char text[512], priority[16];

	snprintf(priority, sizeof(priority), h->priority == INT32_MAX ? "max" : "%d", h->priority);
	fprintf(t->out, "%6s  %s%-30s%s%s%s%s\n", priority, tone_on(t, TONE_HEAD), h->name,
		tone_off(t, TONE_HEAD), tone_on(t, tone), explain_verdict(h->verdict),
		tone_off(t, tone));
	explain_outcome(t->x, h, text, sizeof(text));
	*text = (char)toupper((unsigned char)*text);
	if (*text)
		fprintf(t->out, "%*s%s.\n", COLUMN, "", text);
	switch (h->kind) {
	case EXPLAIN_IN:
		tell_in(t, h);
		break;
	case EXPLAIN_CONFIRMS:
		tell_confirm(t, h);
		break;
	case EXPLAIN_DEFRAG:
		tell_parts(t, h);
		break;
	default:
		break;
	}
	tell_events(t, h);
	tell_counters(t, h);
}

static void tell_place(const struct telling *t, const struct explain_step *s)
{
	static const char *const what[NF_INET_NUMHOOKS] = {
		[NF_INET_PRE_ROUTING] = "on arrival",
		[NF_INET_LOCAL_IN] = "to this host itself",
		[NF_INET_FORWARD] = "from one device to another",
		[NF_INET_POST_ROUTING] = "before it leaves",
	};
	const unsigned int place = s->state.hook;

	fprintf(t->out, "\n%s%s%s, %s", tone_on(t, TONE_HEAD), explain_place(place),
		tone_off(t, TONE_HEAD), what[place]);
	if (place == NF_INET_PRE_ROUTING)
		fprintf(t->out, " at device %u", s->state.in);
	fputs(s->hooks ? "\n" : ": no hooks\n", t->out);
}

static void tell_step(const struct telling *t, const struct explain_step *s)
{
	switch (s->what) {
	case EXPLAIN_PLACE:
		tell_place(t, s);
		break;
	case EXPLAIN_HOOK:
		tell_hook(t, s->hook);
		break;
	case EXPLAIN_HELPER:
		fprintf(t->out, "\nThe scenario's rule gives the connection the helper %s.\n",
			s->helper);
		break;
	case EXPLAIN_HELD:
		fputs("\nThe scenario holds the packet here.\n", t->out);
		break;
	case EXPLAIN_RELEASED:
		fprintf(t->out, "It is released after packet %" PRIu64 ".\n", s->packet);
		break;
	case EXPLAIN_LOST:
		fputs("\nThe router does not forward it: its TTL is used up, its addresses cannot "
		      "be routed, or\nits IP options are not allowed. A new connection is then "
		      "never confirmed.\n",
		      t->out);
		break;
	}
}

static void tell_end(const struct telling *t)
{
	const struct explain *x = t->x;
	const enum tone tone = x->verdict == REPLAY_ACCEPT ? TONE_GOOD : TONE_BAD;

	if (x->steps && !(x->replay->options.variant->flags & CT_V_NULL))
		fputc('\n', t->out);
	if (x->replay->options.variant->flags & CT_V_NULL)
		fprintf(t->out,
			"\nThe variant %s registers no hooks and stores no connections, so there "
			"is nothing to explain.\n",
			x->replay->options.variant->name);
	fprintf(t->out, "%sResult: %s%s%s%s%s\n", tone_on(t, TONE_HEAD), tone_off(t, TONE_HEAD),
		tone_on(t, tone), explain_end(x), tone_off(t, tone),
		x->verdict == REPLAY_ACCEPT && x->state == REPLAY_INVALID &&
				!(x->replay->options.variant->flags & CT_V_NULL)
			? " (a firewall's rules decide whether INVALID packets are dropped)"
			: "");
	if (x->untold)
		fputs("Linux's trace does not show what happens to such a packet. replay --json "
		      "reports what the\ntrace would show, so it differs from this result.\n",
		      t->out);
	for (size_t i = 0; i < x->nr; i++) {
		const struct explain_hook *h = x->steps[i].hook;

		if (h && h->nr_reasons &&
		    strstr(h->reasons[h->nr_reasons - 1], "checksum is wrong")) {
			fputs("If the capture was taken where the network card computes checksums, "
			      "its checksums are\nwrong; use --loose to ignore them.\n",
			      t->out);
			break;
		}
	}
}

int explain_text(const struct explain *x, bool all, bool colour, FILE *out)
{
	const struct telling t = { .x = x, .out = out, .all = all, .colour = colour };

	tell_packet(&t);
	for (size_t i = 0; i < x->nr; i++)
		tell_step(&t, &x->steps[i]);
	tell_end(&t);
	if (x->failed)
		return -ENOMEM;
	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}
