/* SPDX-License-Identifier: MIT */
/* Prints hash, bucket, the walk along a chain, and the protocol's state. */
#include <inttypes.h>

#include "core/l4_tcp.h"
#include "harness/explain/text.h"

#define SHOWN_NODES 4	   /* of a long chain, in addition to those that matter */
#define ACK_LAG	    66000u /* MAXACKWINCONST of l4_tcp_window.c */

/* --- Walks --- */

static const char *purpose_text(const struct explain_walk *w)
{
	switch (w->purpose) {
	case EXPLAIN_LOOKUP:
		return "lookup";
	case EXPLAIN_LOOKUP_AGAIN:
		return "again";
	case EXPLAIN_QUOTED:
		return "lookup";
	case EXPLAIN_CONFIRM:
		return w->dir == IP_CT_DIR_ORIGINAL ? "original" : "reply";
	}
	return "";
}

static void tell_hash(const struct telling *t, const struct explain_walk *w)
{
	const struct ct_axes *axes = &t->x->replay->options.variant->axes;
	const struct ct_walk *told = &w->told;
	char tuple[256];

	if (w->purpose == EXPLAIN_LOOKUP_AGAIN)
		tell(t, "again",
		     "the zone counts in one direction only: the entry may be under the other "
		     "direction's hash");
	if (w->purpose == EXPLAIN_CONFIRM)
		tell(t, purpose_text(w), "%s", tuple_text(tuple, sizeof(tuple), &w->tuple));
	if (!strcmp(axes->hash, "constant"))
		tell(t, "hash", "0x%08x   the same for every tuple", told->hash);
	else
		tell(t, "hash", "0x%08x   %s of the tuple and the table's secret%s", told->hash,
		     axes->hash,
		     w->zone_in_hash ? ", with the zone"
		     : w->zone_id    ? "; the zone is not part of it"
				     : "");
	if (told->bucket == CT_WALK_NONE) {
		tell(t, "table", "%" PRIu64 " buckets; this table does not say which one is used",
		     told->size);
		return;
	}
	if (w->purpose == EXPLAIN_CONFIRM && w->dir == IP_CT_DIR_REPLY)
		; /* printed for the original direction already */
	else if (told->table && !strcmp(axes->resize, "seqcount"))
		tell(t, "table",
		     "%" PRIu64
		     " buckets at %p, read under sequence count %u (even: no resize is under way)",
		     told->size, told->table, told->generation);
	else if (told->table)
		tell(t, "table", "%" PRIu64 " buckets at %p, read under a %s", told->size,
		     told->table, axes->resize);
	else
		tell(t, "table", "%" PRIu64 " buckets (%s resize)", told->size, axes->resize);
	if (!strcmp(axes->bucket, "reciprocal_scale"))
		tell(t, "bucket", "%" PRIu64 " = 0x%08x * %" PRIu64 " >> 32", told->bucket,
		     told->hash, told->size);
	else
		tell(t, "bucket", "%" PRIu64 " = 0x%08x & 0x%" PRIx64 " (%s)", told->bucket,
		     told->hash, told->size - 1, axes->bucket);
}

/* A walk removes at most CT_EXPIRED_MAX expired entries (ct_find_expired()). */
static bool is_removed(const struct explain_walk *w, size_t i)
{
	unsigned int before = 0;

	for (size_t k = 0; k < i; k++)
		before += w->nodes[k].look == CT_LOOK_EXPIRED;
	return before < CT_EXPIRED_MAX;
}

static void tell_node(const struct telling *t, const struct explain_walk *w, size_t i)
{
	const struct explain_node *n = &w->nodes[i];
	const enum tone tone = n->beyond			? TONE_DIM
			       : n->look == CT_LOOK_MATCH	? TONE_GOOD
			       : n->look == CT_LOOK_OTHER_TUPLE ? TONE_PLAIN
								: TONE_NOTE;
	char tuple[256], more[64] = "";

	if (n->look == CT_LOOK_EXPIRED)
		snprintf(more, sizeof(more), " %u.%03u s ago%s", (uint32_t)-n->left / NF_CT_HZ,
			 (uint32_t)-n->left % NF_CT_HZ,
			 n->beyond	    ? ""
			 : is_removed(w, i) ? ", removed by this walk"
					    : ", left for the next walk");
	else if (n->look == CT_LOOK_OTHER_ZONE)
		snprintf(more, sizeof(more), " (%u)", n->zone_id);
	else if (n->look == CT_LOOK_OTHER_NET)
		snprintf(more, sizeof(more), " (%u)", n->net_id);
	if (n->look == CT_LOOK_OTHER_TUPLE || n->look == CT_LOOK_EXPIRED)
		tuple_text(tuple, sizeof(tuple), &n->tuple);
	else
		*tuple = '\0';
	tell(t, i ? "" : "chain", "%s%3zu  connection %-5u %-8s  %s%s%s%s%s%s", tone_on(t, tone),
	     i + 1, n->number, n->dir == IP_CT_DIR_ORIGINAL ? "original" : "reply",
	     n->beyond ? "not examined: " : "", explain_look(n->look), more, *tuple ? ": " : "",
	     tuple, tone_off(t, tone));
}

static bool matters(const struct explain_walk *w, size_t i)
{
	return !w->nodes[i].beyond && w->nodes[i].look != CT_LOOK_OTHER_TUPLE;
}

static void tell_chain(const struct telling *t, const struct explain_walk *w)
{
	size_t left_out = 0;

	for (size_t i = 0; i < w->nr; i++) {
		if (!t->all && w->nr > SHOWN_NODES + 2 && i >= SHOWN_NODES && !matters(w, i)) {
			left_out++;
			continue;
		}
		if (left_out)
			tell(t, "", "     ... %zu others", left_out);
		left_out = 0;
		tell_node(t, w, i);
	}
	if (left_out)
		tell(t, "", "     ... %zu others (--all shows them)", left_out);
}

/* Prints how the walk ended, and what that means. */
static void tell_chain_end(const struct telling *t, const struct explain_walk *w)
{
	const char *label = w->nr ? "" : "chain";
	const struct ct_walk *told = &w->told;

	if (told->shown == CT_WALK_SAME_HASH)
		tell(t, label,
		     w->nr ? "     the library does not show nodes with other hashes"
			   : "no node has this hash; the library does not show others");
	if (told->shown != CT_WALK_CHAIN || (w->match >= 0 && w->purpose != EXPLAIN_CONFIRM))
		return;
	if (told->end_bucket == CT_WALK_NONE)
		tell(t, label, "%s", w->nr ? "  -  its end" : "empty");
	else
		tell(t, label, "%s marker of bucket %" PRIu64 ": %s",
		     w->nr ? "  -  nulls" : "empty; nulls", told->end_bucket,
		     told->end_bucket == told->bucket
			     ? "ours, so the walk stayed in its chain"
			     : "another chain's, so the lookup would start again");
}

void tell_walk(const struct telling *t, const struct explain_walk *w)
{
	tell_hash(t, w);
	if (w->told.shown == CT_WALK_NOTHING)
		return;
	tell_chain(t, w);
	tell_chain_end(t, w);
	if (w->purpose != EXPLAIN_CONFIRM) {
		if (w->match >= 0)
			tell(t, "found", "connection %u by its %s node", w->nodes[w->match].number,
			     w->nodes[w->match].dir == IP_CT_DIR_ORIGINAL ? "original" : "reply");
		else
			tell(t, "found", "nothing");
	} else if (w->inserted_at == 0) {
		tell(t, "inserted", "at the head%s%" PRIu64 "%s",
		     w->told.bucket == CT_WALK_NONE ? "; " : " of bucket ",
		     w->told.bucket == CT_WALK_NONE ? (uint64_t)w->nr_after : w->told.bucket,
		     w->told.bucket == CT_WALK_NONE ? " nodes now" : "");
	} else if (w->inserted_at > 0) {
		tell(t, "inserted", "as node %d of the chain, behind its own reply node",
		     w->inserted_at + 1);
	} else {
		tell(t, "inserted", "no");
	}
}

/* --- TCP --- */

static void tell_side(const struct telling *t, const char *label, const char *who,
		      const struct ip_ct_tcp_state *s)
{
	char flags[128];

	explain_tcp_side_flags(flags, sizeof(flags), s->flags);
	tell(t, label, "%-9s %10u %10u %9u %5u  %s", who, s->td_end, s->td_maxend, s->td_maxwin,
	     s->td_scale, *flags ? flags : "-");
}

static bool same_side(const struct ip_ct_tcp_state *a, const struct ip_ct_tcp_state *b)
{
	return a->td_end == b->td_end && a->td_maxend == b->td_maxend &&
	       a->td_maxwin == b->td_maxwin && a->td_scale == b->td_scale && a->flags == b->flags;
}

static void
tell_windows(const struct telling *t, const struct explain_ct *from, const struct explain_ct *to)
{
	static const char *const who[] = { "client", "server" };

	tell(t, "windows", "%-9s %10s %10s %9s %5s  %s", "", "td_end", "td_maxend", "td_maxwin",
	     "scale", "flags");
	for (unsigned int dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		if (from->there) {
			tell_side(t, "", who[dir], &from->proto.tcp.seen[dir]);
			if (!to->there ||
			    same_side(&from->proto.tcp.seen[dir], &to->proto.tcp.seen[dir]))
				continue;
		}
		if (to->there)
			tell_side(t, "", from->there ? "     ->" : who[dir],
				  &to->proto.tcp.seen[dir]);
	}
}

static void tell_rule(const struct telling *t, const char *rule, const char *what, uint32_t is,
		      const char *relation, uint32_t bound, const char *why, bool holds)
{
	const enum tone tone = holds ? TONE_GOOD : TONE_BAD;

	tell(t, "", "%-4s %-5s%10u %s %10u  %s%-3s%s  %s", rule, what, is, relation, bound,
	     tone_on(t, tone), holds ? "yes" : "NO", tone_off(t, tone), why);
}

/* The four conditions of l4_tcp_window.c, for a segment that is checked against known windows. */
static void
tell_rules(const struct telling *t, const struct explain_hook *h, enum ip_conntrack_dir dir)
{
	const struct explain_packet *p = &t->x->packet;
	const struct ip_ct_tcp_state *sender = &h->found.proto.tcp.seen[dir];
	const struct ip_ct_tcp_state *receiver = &h->found.proto.tcp.seen[!dir];
	uint32_t lag = sender->td_maxwin > ACK_LAG ? sender->td_maxwin : ACK_LAG;
	uint32_t ack = p->tcp.ack;

	if (!p->whole_header || p->tcp.flags & TCPHDR_SYN || !sender->td_maxwin ||
	    p->fragment.family)
		return;
	if (!(p->tcp.flags & TCPHDR_ACK) || (p->tcp.flags & TCPHDR_RST && !ack))
		ack = receiver->td_end;
	tell(t, "in window", "the %s sends; checked against the state before this packet",
	     dir ? "server" : "client");
	tell_rule(t, "I", "seq", p->tcp.seq, "<=", sender->td_maxend,
		  "not beyond what the receiver allows", !tcp_after(p->tcp.seq, sender->td_maxend));
	if (receiver->td_maxwin)
		tell_rule(t, "II", "end", p->tcp.end, ">=", sender->td_end - receiver->td_maxwin,
			  "not older than a window of the receiver",
			  tcp_after(p->tcp.end, sender->td_end - receiver->td_maxwin - 1));
	tell_rule(t, "III", "ack", ack, "<=", receiver->td_end, "acknowledges only sent data",
		  !tcp_after(ack, receiver->td_end));
	tell_rule(t, "IV", "ack", ack, ">=", receiver->td_end - lag, "not too old",
		  tcp_after(ack, receiver->td_end - lag - 1));
	if (p->tcp.sack)
		tell(t, "", "(a SACK block counts as an acknowledgment too, and may be above ack)");
}

/* --- All protocols --- */

static void tell_udp(const struct telling *t, const struct explain_ct *ct)
{
	int32_t left = (int32_t)(load_relaxed(&ct->proto.udp.stream_ts) - t->x->packet.ticks);

	if (left > 0)
		tell(t, "udp", "counts as a stream in %d.%03d s, if answered", left / 1000,
		     left % 1000);
	else
		tell(t, "udp", "counts as a stream since %d.%03d s, if answered", -left / 1000,
		     -left % 1000);
}

void tell_protocol(const struct telling *t, const struct explain_hook *h)
{
	const struct explain_ct none = { 0 };
	bool mine = h->after.there && h->found.there && h->after.address == h->found.address &&
		    h->after.number == h->found.number;
	const struct explain_ct *to = h->after.there ? &h->after : &h->found_after;
	const struct explain_ct *from = mine || !h->after.there ? &h->found : &none;
	enum ip_conntrack_dir dir = IP_CT_DIR_ORIGINAL;

	if (h->quoting || (!from->there && !to->there))
		return;
	for (unsigned int i = 0; i < h->nr_walks; i++)
		if (h->walks[i].match >= 0)
			dir = h->walks[i].nodes[h->walks[i].match].dir;
	if (*to->state && from->there && !strcmp(from->state, to->state))
		tell(t, "state", "%s, as before", to->state);
	else if (*to->state || *from->state)
		tell(t, "state", "%s -> %s", *from->state ? from->state : "NONE",
		     *to->state ? to->state : "gone");
	switch (h->protonum) {
	case IPPROTO_TCP:
		tell_windows(t, from, to);
		if (from->there)
			tell_rules(t, h, dir);
		break;
	case IPPROTO_UDP:
		if (to->there)
			tell_udp(t, to);
		break;
	case IPPROTO_SCTP:
		if (to->there)
			tell(t, "vtags", "0x%08x original, 0x%08x reply", to->proto.sctp.vtag[0],
			     to->proto.sctp.vtag[1]);
		break;
	}
}
