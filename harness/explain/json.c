/* SPDX-License-Identifier: MIT */
/* The facts of explain.h about a packet as one JSON object, under the same names. */
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

static json_t *ct_json(const struct explain_ct *ct)
{
	json_t *o = json_object();

	set_number(o, "ct", ct->number);
	json_object_set_new(o, "status", replay_status_json(ct->status));
	json_object_set_new(o, "timeout", json_real(ct->timeout / (double)NF_CT_HZ));
	set_number(o, "references", ct->use);
	json_object_set_new(o, "zone", zone_json(&ct->zone));
	set_tuple(o, "original", &ct->tuple[IP_CT_DIR_ORIGINAL]);
	set_tuple(o, "reply", &ct->tuple[IP_CT_DIR_REPLY]);
	if (*ct->state)
		set_text(o, "proto_state", ct->state);
	if (ct->tuple[0].dst.protonum == IPPROTO_TCP) {
		json_object_set_new(o, "client", side_json(&ct->proto.tcp.seen[0]));
		json_object_set_new(o, "server", side_json(&ct->proto.tcp.seen[1]));
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

static void set_ct(json_t *o, const char *key, const struct explain_ct *ct)
{
	if (ct->there)
		json_object_set_new(o, key, ct_json(ct));
}

/* --- Walks --- */

static json_t *node_json(const struct explain_node *n)
{
	json_t *o = json_pack("{s:i, s:s, s:s, s:b}", "ct", (int)n->number, "node",
			      n->dir == IP_CT_DIR_ORIGINAL ? "original" : "reply", "look",
			      explain_look(n->look), "looked_at", !n->beyond);

	set_tuple(o, "tuple", &n->tuple);
	set_number(o, "zone", n->zone_id);
	json_object_set_new(o, "left", json_real(n->left / (double)NF_CT_HZ));
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
	set_hex(o, "hash", w->told.hash);
	if (w->told.table)
		set_hex(o, "table", (uintptr_t)w->told.table);
	set_number(o, "buckets", (int64_t)w->told.size);
	if (w->told.bucket != CT_WALK_NONE)
		set_number(o, "bucket", (int64_t)w->told.bucket);
	set_number(o, "generation", w->told.generation);
	set_text(o, "shown", shown[w->told.shown]);
	for (size_t i = 0; i < w->nr; i++)
		json_array_append_new(chain, node_json(&w->nodes[i]));
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

static void set_in(json_t *o, const struct explain_hook *h)
{
	const enum ip_conntrack_info ctinfo = h->nfct_after & NFCT_INFOMASK;

	json_object_set_new(o, "zone", zone_json(&h->zone));
	set_number(o, "connections", h->count);
	set_number(o, "nf_conntrack_max", h->max);
	if (h->protonum >= 0)
		set_number(o, "protocol", h->protonum);
	if (h->quoting && h->has_tuple)
		set_tuple(o, "quoted", &h->quoted);
	if (h->has_tuple)
		set_tuple(o, "tuple", &h->tuple);
	set_ct(o, "found", &h->found);
	set_ct(o, "found_after", &h->found_after);
	if (h->after.there)
		set_text(o, "ctinfo", replay_ctinfo_names[ctinfo]);
	else if (h->nfct_after)
		set_text(o, "ctinfo", "UNTRACKED");
	if (explain_ctinfo_why(h))
		set_text(o, "ctinfo_why", explain_ctinfo_why(h));
}

static json_t *hook_json(const struct explain *x, const struct explain_step *s)
{
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
	if (h->kind == EXPLAIN_IN)
		set_in(o, h);
	set_ct(o, "before", &h->before);
	set_ct(o, "after", &h->after);
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
				    json_pack("{s:s, s:I, s:I, s:I, s:i, s:I}", "flags",
					      explain_tcp_flags(flags, sizeof(flags), p->tcp.flags),
					      "seq", (json_int_t)p->tcp.seq, "ack",
					      (json_int_t)p->tcp.ack, "end", (json_int_t)p->tcp.end,
					      "win", p->tcp.win, "data", (json_int_t)p->tcp.data));
	if (p->fragment.family)
		json_object_set_new(
			o, "fragment",
			json_pack("{s:I, s:I, s:I, s:b}", "id", (json_int_t)p->fragment.id,
				  "offset", (json_int_t)p->fragment.offset, "len",
				  (json_int_t)p->fragment.len, "more", p->fragment.more));
	return o;
}

int explain_json(const struct explain *x, FILE *out)
{
	json_t *o = json_object(), *list = json_array();
	int err;

	if (!o || !list || x->failed) {
		json_decref(o);
		json_decref(list);
		return -ENOMEM;
	}
	set_number(o, "i", (int64_t)x->packet.index);
	set_text(o, "variant", x->replay->options.variant->name);
	json_object_set_new(o, "packet", packet_json(&x->packet));
	for (size_t i = 0; i < x->nr; i++)
		json_array_append_new(list, step_json(x, &x->steps[i]));
	json_object_set_new(o, "steps", list);
	set_text(o, "end", explain_end(x));
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
	errno = 0;
	err = json_dumpf(o, out, 0) || fputc('\n', out) == EOF || fflush(out) ? -1 : 0;
	if (err)
		err = errno ? -errno : -EIO;
	json_decref(o);
	return err;
}
