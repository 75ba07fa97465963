/* SPDX-License-Identifier: MIT */
/*
 * The facts of explain.h about a packet as one JSON object, under the same names.  The text
 * (text.c) is made from this object.  A key that is false or empty is mostly left out.
 */
#include <errno.h>

#include "core/l4_tcp.h"
#include "harness/explain/text.h"

static void set_number(json_t *o, const char *key, int64_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

static void set_text(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, value ? json_string(value) : json_null());
}

static void set_hex(json_t *o, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%08llx", (unsigned long long)value);
	set_text(o, key, text);
}

static void set_tuple(json_t *o, const char *key, const struct nf_conntrack_tuple *tuple)
{
	char text[256];

	set_text(o, key, tuple_text(text, sizeof(text), tuple));
}

/* Only what is true is mentioned. */
static void set_if(json_t *o, const char *key, bool is)
{
	if (is)
		json_object_set_new(o, key, json_true());
}

/* Ticks of the core's clock, as seconds. */
static void set_seconds(json_t *o, const char *key, int32_t ticks)
{
	json_object_set_new(o, key, json_real(ticks / (double)NF_CT_HZ));
}

static json_t *zone_json(const struct nf_conntrack_zone *zone)
{
	return json_pack("{s:i, s:s}", "id", zone->id, "dir",
			 zone->dir == NF_CT_DEFAULT_ZONE_DIR ? "both"
			 : zone->dir == NF_CT_ZONE_DIR_ORIG  ? "original"
							     : "reply");
}

static json_t *side_json(const struct ip_ct_tcp_state *s)
{
	char flags[128];

	return json_pack("{s:I, s:I, s:I, s:I, s:i, s:s}", "td_end", (json_int_t)s->td_end,
			 "td_maxend", (json_int_t)s->td_maxend, "td_maxwin",
			 (json_int_t)s->td_maxwin, "td_maxack", (json_int_t)s->td_maxack, "scale",
			 s->td_scale, "flags",
			 explain_tcp_side_flags(flags, sizeof(flags), s->flags));
}

static json_t *ct_json(const struct explain *x, const struct explain_ct *ct)
{
	json_t *o = json_object();

	set_number(o, "ct", ct->number);
	json_object_set_new(o, "status", replay_status_json(ct->status));
	set_if(o, "nat_clash", ct->status & IPS_NAT_CLASH);
	json_object_set_new(o, "timeout", json_real(ct->timeout / (double)NF_CT_HZ));
	set_if(o, "expired", ct->expired);
	set_number(o, "references", ct->use);
	json_object_set_new(o, "zone", zone_json(&ct->zone));
	set_tuple(o, "original", &ct->tuple[IP_CT_DIR_ORIGINAL]);
	set_tuple(o, "reply", &ct->tuple[IP_CT_DIR_REPLY]);
	if (*ct->state)
		set_text(o, "proto_state", ct->state);
	if (ct->tuple[0].dst.protonum == IPPROTO_TCP) {
		json_object_set_new(o, "client", side_json(&ct->proto.tcp.seen[0]));
		json_object_set_new(o, "server", side_json(&ct->proto.tcp.seen[1]));
	} else if (ct->tuple[0].dst.protonum == IPPROTO_UDP) {
		set_seconds(o, "stream_in",
			    (int32_t)(load_relaxed(&ct->proto.udp.stream_ts) - x->packet.ticks));
	} else if (ct->tuple[0].dst.protonum == IPPROTO_SCTP) {
		json_object_set_new(o, "vtag",
				    json_pack("[I, I]", (json_int_t)ct->proto.sctp.vtag[0],
					      (json_int_t)ct->proto.sctp.vtag[1]));
	}
	if (ct->helper)
		set_text(o, "helper", ct->helper);
	if (ct->master)
		set_number(o, "master", ct->master);
	return o;
}

static void set_ct(json_t *o, const char *key, const struct explain *x, const struct explain_ct *ct)
{
	if (ct->there)
		json_object_set_new(o, key, ct_json(x, ct));
}

/* --- Walks --- */

/* A walk removes at most CT_EXPIRED_MAX expired entries (ct_find_expired()). */
static bool is_removed(const struct explain_walk *w, size_t i)
{
	unsigned int before = 0;

	for (size_t k = 0; k < i; k++)
		before += w->nodes[k].look == CT_LOOK_EXPIRED;
	return before < CT_EXPIRED_MAX;
}

static json_t *node_json(const struct explain_walk *w, size_t i)
{
	const struct explain_node *n = &w->nodes[i];
	json_t *o = json_pack("{s:i, s:s, s:s, s:b}", "ct", (int)n->number, "node",
			      n->dir == IP_CT_DIR_ORIGINAL ? "original" : "reply", "look",
			      explain_look(n->look), "looked_at", !n->beyond);

	set_tuple(o, "tuple", &n->tuple);
	set_number(o, "zone", n->zone_id);
	set_number(o, "net", n->net_id);
	set_seconds(o, "left", n->left);
	set_if(o, "removed", n->look == CT_LOOK_EXPIRED && !n->beyond && is_removed(w, i));
	return o;
}

static json_t *walk_json(const struct explain_walk *w)
{
	static const char *const purposes[] = {
		[EXPLAIN_LOOKUP] = "lookup",
		[EXPLAIN_LOOKUP_AGAIN] = "lookup in the reply zone",
		[EXPLAIN_QUOTED] = "lookup of the quoted packet's answer",
		[EXPLAIN_CONFIRM] = "confirm",
	};
	static const char *const shown[] = { "nothing", "same hash", "chain" };
	json_t *o = json_object(), *chain = json_array();

	set_text(o, "for", purposes[w->purpose]);
	if (w->purpose == EXPLAIN_CONFIRM)
		set_text(o, "direction", w->dir == IP_CT_DIR_ORIGINAL ? "original" : "reply");
	set_tuple(o, "tuple", &w->tuple);
	set_number(o, "zone", w->zone_id);
	set_if(o, "zone_in_hash", w->zone_in_hash);
	set_hex(o, "hash", w->told.hash);
	if (w->told.table)
		set_hex(o, "table", (uintptr_t)w->told.table);
	set_number(o, "buckets", (int64_t)w->told.size);
	if (w->told.bucket != CT_WALK_NONE)
		set_number(o, "bucket", (int64_t)w->told.bucket);
	set_number(o, "generation", w->told.generation);
	set_text(o, "shown", shown[w->told.shown]);
	for (size_t i = 0; i < w->nr; i++)
		json_array_append_new(chain, node_json(w, i));
	json_object_set_new(o, "chain", chain);
	if (w->told.end_bucket != CT_WALK_NONE)
		set_number(o, "end_bucket", (int64_t)w->told.end_bucket);
	if (w->match >= 0)
		set_number(o, "match", w->match);
	if (w->purpose == EXPLAIN_CONFIRM) {
		if (w->inserted_at >= 0)
			set_number(o, "inserted_at", w->inserted_at);
		set_number(o, "nodes_after", (int64_t)w->nr_after);
	}
	return o;
}

/* Did the packet get the connection that the lookup found? */
static bool is_found(const struct explain_hook *h)
{
	return h->found.there && h->after.there && h->after.address == h->found.address &&
	       h->after.number == h->found.number;
}

/* --- TCP's windows --- */

#define ACK_LAG 66000u /* MAXACKWINCONST of l4_tcp_window.c */

static void add_rule(json_t *rules, const char *rule, const char *what, uint32_t is,
		     const char *relation, uint32_t bound, const char *why, bool holds)
{
	json_array_append_new(rules,
			      json_pack("{s:s, s:s, s:I, s:s, s:I, s:b, s:s}", "rule", rule, "what",
					what, "is", (json_int_t)is, "relation", relation, "bound",
					(json_int_t)bound, "holds", holds, "why", why));
}

/* The direction of the packet: that of the node found, or of a new connection. */
static enum ip_conntrack_dir direction(const struct explain_hook *h)
{
	enum ip_conntrack_dir dir = IP_CT_DIR_ORIGINAL;

	for (unsigned int i = 0; i < h->nr_walks; i++)
		if (h->walks[i].match >= 0)
			dir = h->walks[i].nodes[h->walks[i].match].dir;
	return dir;
}

/* The four conditions of l4_tcp_window.c, for a segment that is checked against known windows. */
static json_t *rules_json(const struct explain_packet *p, const struct ip_ct_tcp_state *sender,
			  const struct ip_ct_tcp_state *receiver)
{
	uint32_t lag = sender->td_maxwin > ACK_LAG ? sender->td_maxwin : ACK_LAG;
	uint32_t ack = p->tcp.ack;
	json_t *rules = json_array();

	if (!(p->tcp.flags & TCPHDR_ACK) || (p->tcp.flags & TCPHDR_RST && !ack))
		ack = receiver->td_end;
	add_rule(rules, "I", "seq", p->tcp.seq, "<=", sender->td_maxend,
		 "not beyond what the receiver allows", !tcp_after(p->tcp.seq, sender->td_maxend));
	if (receiver->td_maxwin)
		add_rule(rules, "II", "end", p->tcp.end, ">=", sender->td_end - receiver->td_maxwin,
			 "not older than a window of the receiver",
			 tcp_after(p->tcp.end, sender->td_end - receiver->td_maxwin - 1));
	add_rule(rules, "III", "ack", ack, "<=", receiver->td_end, "acknowledges only sent data",
		 !tcp_after(ack, receiver->td_end));
	add_rule(rules, "IV", "ack", ack, ">=", receiver->td_end - lag, "not too old",
		 tcp_after(ack, receiver->td_end - lag - 1));
	return rules;
}

/* in_window: the rules by which this packet was accepted or refused, where they apply. */
static void set_windows(json_t *o, const struct explain *x, const struct explain_hook *h)
{
	const enum ip_conntrack_dir dir = direction(h);
	const struct explain_packet *p = &x->packet;
	const struct explain_ct *from = is_found(h) || !h->after.there ? &h->found : NULL;
	const struct ip_ct_tcp_state *sender;

	if (h->quoting || h->protonum != IPPROTO_TCP || !from || !from->there)
		return;
	sender = &from->proto.tcp.seen[dir];
	if (!p->whole_header || p->tcp.flags & TCPHDR_SYN || !sender->td_maxwin ||
	    p->fragment.family)
		return;
	json_object_set_new(o, "in_window",
			    json_pack("{s:s, s:o}", "sender", dir ? "server" : "client", "rules",
				      rules_json(p, sender, &from->proto.tcp.seen[!dir])));
}

/* --- Steps --- */

static json_t *counters_json(const struct nf_ct_stat_sum *sum)
{
	json_t *o = json_object();

#define CT_STAT_FIELD(name) \
	if (sum->name) \
		set_number(o, #name, (int64_t)sum->name);
	CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
	return o;
}

static void set_in(json_t *o, const struct explain *x, const struct explain_hook *h)
{
	const enum ip_conntrack_info ctinfo = h->nfct_after & NFCT_INFOMASK;

	set_if(o, "skipped", h->skipped);
	set_if(o, "quoting", h->quoting);
	set_if(o, "has_answer", h->has_answer);
	set_if(o, "is_found", is_found(h));
	json_object_set_new(o, "zone", zone_json(&h->zone));
	set_number(o, "connections", h->count);
	set_number(o, "nf_conntrack_max", h->max);
	if (h->protonum >= 0)
		set_number(o, "protocol", h->protonum);
	if (h->quoting && h->has_tuple)
		set_tuple(o, "quoted", &h->quoted);
	if (h->has_tuple)
		set_tuple(o, "tuple", &h->tuple);
	set_ct(o, "found", x, &h->found);
	set_ct(o, "found_after", x, &h->found_after);
	set_windows(o, x, h);
	if (h->after.there)
		set_text(o, "ctinfo", replay_ctinfo_names[ctinfo]);
	else if (h->nfct_after)
		set_text(o, "ctinfo", "UNTRACKED");
	if (explain_ctinfo_why(h))
		set_text(o, "ctinfo_why", explain_ctinfo_why(h));
}

static json_t *hook_json(const struct explain *x, const struct explain_step *s)
{
	static const char *const kinds[] = {
		[EXPLAIN_DEFRAG] = "defrag",
		[EXPLAIN_MARK] = "mark",
		[EXPLAIN_IN] = "in",
		[EXPLAIN_HELP] = "help",
		[EXPLAIN_CONFIRMS] = "confirm",
		[EXPLAIN_OTHER] = "other",
	};
	const struct explain_hook *h = s->hook;
	json_t *o = json_object(), *list;
	char text[512];

	set_text(o, "hook", h->name);
	set_text(o, "place", explain_place(s->state.hook));
	set_number(o, "priority", h->priority);
	set_text(o, "verdict", explain_verdict(h->verdict));
	set_text(o, "outcome", explain_outcome(x, h, text, sizeof(text)));
	list = json_array();
	for (unsigned int i = 0; i < h->nr_reasons; i++)
		json_array_append_new(list, json_string(h->reasons[i]));
	json_object_set_new(o, "reasons", list);
	set_text(o, "kind", kinds[h->kind]);
	if (h->kind == EXPLAIN_IN)
		set_in(o, x, h);
	set_if(o, "whole", h->whole);
	set_ct(o, "before", x, &h->before);
	set_ct(o, "after", x, &h->after);
	list = json_array();
	for (unsigned int i = 0; i < h->nr_walks; i++)
		json_array_append_new(list, walk_json(&h->walks[i]));
	json_object_set_new(o, "walks", list);
	list = json_array();
	for (unsigned int i = 0; i < h->nr_events; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:b}", "events",
						explain_events(text, sizeof(text), &h->events[i]),
						"ct", (int)h->events[i].number, "expectation",
						h->events[i].expectation));
	json_object_set_new(o, "events", list);
	json_object_set_new(o, "counters", counters_json(&h->counters));
	return o;
}

static json_t *step_json(const struct explain *x, const struct explain_step *s)
{
	switch (s->what) {
	case EXPLAIN_PLACE:
		return json_pack("{s:s, s:i, s:i}", "place", explain_place(s->state.hook), "in",
				 s->state.in, "hooks", (int)s->hooks);
	case EXPLAIN_HOOK:
		return hook_json(x, s);
	case EXPLAIN_HELPER:
		return json_pack("{s:s}", "helper", s->helper);
	case EXPLAIN_HELD:
		return json_pack("{s:b}", "held", 1);
	case EXPLAIN_RELEASED:
		return json_pack("{s:I}", "released_behind", (json_int_t)s->packet);
	case EXPLAIN_LOST:
		return json_pack("{s:b}", "not_forwarded", 1);
	}
	return json_null();
}

static json_t *packet_json(const struct explain_packet *p)
{
	json_t *o = json_object();
	char flags[64];

	set_number(o, "len", p->len);
	set_number(o, "captured", p->headlen);
	set_number(o, "time_ns", (int64_t)p->time_ns);
	set_number(o, "since_start_ns", (int64_t)p->since_start_ns);
	set_number(o, "since_last_ns", (int64_t)p->since_last_ns);
	set_number(o, "expired_before", (int64_t)p->expired);
	if (p->has_ip) {
		set_text(o, "src", p->src);
		set_text(o, "dst", p->dst);
	}
	if (p->protonum >= 0)
		set_number(o, "protocol", p->protonum);
	if (p->sport >= 0) {
		set_number(o, "sport", p->sport);
		set_number(o, "dport", p->dport);
	}
	if (p->protonum == IPPROTO_TCP && p->whole_header)
		json_object_set_new(o, "tcp",
				    json_pack("{s:s, s:I, s:I, s:I, s:i, s:I, s:b}", "flags",
					      explain_tcp_flags(flags, sizeof(flags), p->tcp.flags),
					      "seq", (json_int_t)p->tcp.seq, "ack",
					      (json_int_t)p->tcp.ack, "end", (json_int_t)p->tcp.end,
					      "win", p->tcp.win, "data", (json_int_t)p->tcp.data,
					      "sack", p->tcp.sack));
	if ((p->protonum == IPPROTO_ICMP || p->protonum == IPPROTO_ICMPV6) && p->whole_header)
		json_object_set_new(o, "icmp",
				    json_pack("{s:i, s:i, s:i}", "type", p->icmp_type, "code",
					      p->icmp_code, "id", p->icmp_id));
	if (p->fragment.family)
		json_object_set_new(
			o, "fragment",
			json_pack("{s:I, s:I, s:I, s:b}", "id", (json_int_t)p->fragment.id,
				  "offset", (json_int_t)p->fragment.offset, "len",
				  (json_int_t)p->fragment.len, "more", p->fragment.more));
	return o;
}

json_t *explain_facts(const struct explain *x)
{
	const struct ct_variant *variant = x->replay->options.variant;
	json_t *o = json_object(), *list = json_array();

	if (!o || !list || x->failed) {
		json_decref(o);
		json_decref(list);
		return NULL;
	}
	set_number(o, "i", (int64_t)x->packet.index);
	set_text(o, "variant", variant->name);
	json_object_set_new(o, "axes",
			    json_pack("{s:s, s:s, s:s}", "hash", variant->axes.hash, "bucket",
				      variant->axes.bucket, "resize", variant->axes.resize));
	set_if(o, "no_hooks", variant->flags & CT_V_NULL);
	json_object_set_new(o, "packet", packet_json(&x->packet));
	for (size_t i = 0; i < x->nr; i++)
		json_array_append_new(list, step_json(x, &x->steps[i]));
	json_object_set_new(o, "steps", list);
	set_text(o, "end", explain_end(x));
	set_if(o, "accepted", x->verdict == REPLAY_ACCEPT);
	set_if(o, "trace_differs", x->untold);
	set_text(o, "state",
		 x->state == REPLAY_INVALID	? "invalid"
		 : x->state == REPLAY_UNTRACKED ? "untracked"
		 : x->state == REPLAY_TRACKED	? replay_ctinfo_names[x->ctinfo]
						: NULL);
	if (x->number)
		set_number(o, "ct", x->number);
	if (x->nr_parts) {
		list = json_array();
		for (size_t i = 0; i < x->nr_parts; i++)
			json_array_append_new(list, json_integer((json_int_t)x->parts[i]));
		json_object_set_new(o, "together_with", list);
	}
	if (x->look_ahead && x->packet.fragment.family)
		json_object_set_new(o, "completed_by",
				    x->completed_by < 0 ? json_null()
							: json_integer(x->completed_by));
	return o;
}

int explain_json(const struct explain *x, FILE *out)
{
	json_t *o = explain_facts(x);
	int err;

	if (!o)
		return -ENOMEM;
	errno = 0;
	err = json_dumpf(o, out, 0) || fputc('\n', out) == EOF || fflush(out) ? -1 : 0;
	if (err)
		err = errno ? -errno : -EIO;
	json_decref(o);
	return err;
}
