/* SPDX-License-Identifier: MIT */
/* A replay's answers in the format of the conformance tests (JSON lines). */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "harness/replay/replay.h"

#include "harness/base/array.h"

static const char *const verdicts[REPLAY_VERDICTS] = {
	[REPLAY_ACCEPT] = "accept", [REPLAY_DROP] = "drop", [REPLAY_DROP_CONFIRM] = "drop_confirm",
	[REPLAY_STOLEN] = "stolen", [REPLAY_HELD] = "held", [REPLAY_UNSEEN] = "unseen",
	[REPLAY_NOT_IP] = "unseen",
};

const char *const replay_ctinfo_names[] = {
	"ESTABLISHED", "RELATED", "NEW", "ESTABLISHED_REPLY", "RELATED_REPLY",
};
static const char *const states[] = { "established", "related", "new", "established", "related" };

const char *const replay_status_names[16] = {
	"expected",   "seen_reply",   "assured",      "confirmed",  "src_nat",	     "dst_nat",
	"seq_adjust", "src_nat_done", "dst_nat_done", "dying",	    "fixed_timeout", "template",
	"nat_clash",  "helper",	      "offload",      "hw_offload",
};

json_t *replay_status_json(uint32_t status)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < 16; i++)
		if (status & ~IPS_NAT_CLASH & 1u << i) /* the kernel does not show it */
			json_array_append_new(list, json_string(replay_status_names[i]));
	return list;
}

static json_t *pair(uint32_t orig, uint32_t reply)
{
	return json_pack("[I, I]", (json_int_t)orig, (json_int_t)reply);
}

static void set_number(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static json_t *protocol_json(uint8_t protonum)
{
	switch (protonum) {
	case IPPROTO_ICMP:
		return json_string("icmp");
	case IPPROTO_TCP:
		return json_string("tcp");
	case IPPROTO_UDP:
		return json_string("udp");
	case IPPROTO_DCCP:
		return json_string("dccp");
	case IPPROTO_GRE:
		return json_string("gre");
	case IPPROTO_ICMPV6:
		return json_string("icmpv6");
	case IPPROTO_SCTP:
		return json_string("sctp");
	case IPPROTO_UDPLITE:
		return json_string("udplite");
	default:
		return json_integer(protonum);
	}
}

static json_t *tuple_json(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_tuple *t = nf_ct_tuple(ct, dir);
	int family = t->src.l3num == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	json_t *o = json_object();

	inet_ntop(family, &t->src.u3, src, sizeof(src));
	inet_ntop(family, &t->dst.u3, dst, sizeof(dst));
	json_object_set_new(o, "l4", protocol_json(t->dst.protonum));
	json_object_set_new(o, "src", json_string(src));
	json_object_set_new(o, "dst", json_string(dst));
	switch (t->dst.protonum) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		set_number(o, "id", ntohs(t->src.u.icmp.id));
		set_number(o, "type", t->dst.u.icmp.type);
		set_number(o, "code", t->dst.u.icmp.code);
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_GRE:
		set_number(o, "sport", ntohs(t->src.u.all));
		set_number(o, "dport", ntohs(t->dst.u.all));
		break;
	}
	return o;
}

/* With the zone, if it holds for this direction only; a master's tuple is written without it. */
static json_t *zoned_tuple_json(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	json_t *o = tuple_json(ct, dir);

	if (zone.dir == (1 << dir) && zone.id)
		set_number(o, "zone", zone.id);
	return o;
}

/* The present state of an entry: its protocol's state and its remaining time. */
static void set_entry(json_t *o, const struct replay *r, struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;

	if (l4->state_name)
		json_object_set_new(o, "proto_state", json_string(l4->state_name(ct)));
	if (l4 == &nf_conntrack_l4proto_tcp) {
		json_object_set_new(o, "wscale",
				    pair(tcp->seen[0].td_scale, tcp->seen[1].td_scale));
		json_object_set_new(o, "tcp_flags", pair(tcp->seen[0].flags, tcp->seen[1].flags));
	} else if (l4 == &nf_conntrack_l4proto_sctp) {
		json_object_set_new(o, "vtag",
				    pair(ct->proto.sctp.vtag[0], ct->proto.sctp.vtag[1]));
	}
	set_number(o, "timeout", nf_ct_expires(ct, nfct_time_stamp(r->core)) / NF_CT_HZ);
}

static int print(json_t *o, FILE *out)
{
	int err;

	errno = 0;
	err = json_dumpf(o, out, 0) || fputc('\n', out) == EOF ? -(errno ? errno : EIO) : 0;

	json_decref(o);
	return err;
}

static void set_state(json_t *o, const struct replay_result *res)
{
	switch (res->state) {
	case REPLAY_NO_STATE:
		break;
	case REPLAY_INVALID:
		json_object_set_new(o, "state", json_string("invalid"));
		break;
	case REPLAY_UNTRACKED:
		json_object_set_new(o, "state", json_string("untracked"));
		break;
	case REPLAY_TRACKED:
		json_object_set_new(o, "state", json_string(states[res->ctinfo]));
		json_object_set_new(o, "dir",
				    json_string(res->ctinfo >= IP_CT_IS_REPLY ? "reply" : "orig"));
		json_object_set_new(o, "ctinfo", json_string(replay_ctinfo_names[res->ctinfo]));
		set_number(o, "ct", res->number);
		json_object_set_new(o, "status_in", replay_status_json(res->status_in));
		break;
	}
}

/* With the oracle's names; empty if there was no event. */
static void set_events(json_t *o, const struct replay *r)
{
	static const char *const names[] = { "NEW", "UPDATE", "DESTROY" };
	json_t *list;

	if (!r->nr_events)
		return;
	list = json_array();
	for (size_t i = 0; i < r->nr_events; i++)
		json_array_append_new(list, json_string(names[r->events[i]]));
	json_object_set_new(o, "events", list);
}

int replay_json_packet(const struct replay *r, const struct replay_result *res, FILE *out)
{
	json_t *o = json_object();

	if (!o)
		return -ENOMEM;
	set_number(o, "i", res->i);
	if (res->released)
		json_object_set_new(o, "released", json_true());
	json_object_set_new(o, "verdict",
			    json_string(res->released && res->verdict == REPLAY_DROP_CONFIRM
						? "drop"
						: verdicts[res->verdict]));
	set_state(o, res);
	if (res->verdict == REPLAY_ACCEPT) {
		if (res->number_after && res->number_after != res->number)
			set_number(o, "ct_after", res->number_after);
		json_object_set_new(o, "status", replay_status_json(res->status));
	}
	if (res->ct &&
	    (res->state == REPLAY_TRACKED || (res->released && res->verdict == REPLAY_ACCEPT)) &&
	    (nf_ct_status(res->ct) & (IPS_CONFIRMED | IPS_DYING)) == IPS_CONFIRMED &&
	    replay_found(r, res->ct))
		set_entry(o, r, res->ct);
	set_events(o, r);
	return print(o, out);
}

int replay_json_action(const struct replay *r, const char *what, FILE *out)
{
	json_t *o = json_pack("{s:s}", "do", what);

	if (!o)
		return -ENOMEM;
	set_events(o, r);
	return print(o, out);
}

/* --- The end --- */

struct rows {
	const struct replay *replay;
	struct numbered {
		uint32_t number;
		json_t *row;
	} * v;
	size_t nr;
};

/* Packets and bytes, of each direction. */
static json_t *acct_json(struct nf_conn_acct *acct)
{
	json_t *o = json_array();

	for (unsigned int d = 0; d < IP_CT_DIR_MAX; d++)
		json_array_append_new(
			o, json_pack("[I, I]", (json_int_t)load_relaxed(&acct->counter[d].packets),
				     (json_int_t)load_relaxed(&acct->counter[d].bytes)));
	return o;
}

static json_t *row_json(const struct replay *r, struct nf_conn *ct)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	json_t *o = json_object();

	json_object_set_new(o, "orig", zoned_tuple_json(ct, IP_CT_DIR_ORIGINAL));
	json_object_set_new(o, "reply", zoned_tuple_json(ct, IP_CT_DIR_REPLY));
	json_object_set_new(o, "status", replay_status_json(nf_ct_status(ct)));
	set_entry(o, r, ct);
	if (zone.dir == NF_CT_DEFAULT_ZONE_DIR && zone.id)
		set_number(o, "zone", zone.id);
	if (nf_ct_helper_of(ct))
		json_object_set_new(o, "helper", json_string(nf_ct_helper_of(ct)->name));
	if (nf_conn_acct_find(ct))
		json_object_set_new(o, "acct", acct_json(nf_conn_acct_find(ct)));
	if (ct->master)
		json_object_set_new(o, "master", tuple_json(ct->master, IP_CT_DIR_ORIGINAL));
	set_number(o, "ct", replay_number(r, ct));
	return o;
}

static int add_row(struct nf_conn *ct, void *arg)
{
	struct rows *rows = arg;

	if (nf_ct_status(ct) &
	    IPS_NAT_CLASH) /* it has no ORIGINAL node, and only these are listed */
		return 0;
	if (!array_room(rows->v, rows->nr))
		return -ENOMEM;
	rows->v[rows->nr++] =
		(struct numbered){ replay_number(rows->replay, ct), row_json(rows->replay, ct) };
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static json_t *stats_json(const struct replay *r)
{
	struct nf_ct_stat_sum sum;

	nf_ct_stat_sum(r->net, &sum);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "entries",
			 (json_int_t)replay_connections(r), "found", (json_int_t)sum.found,
			 "invalid", (json_int_t)sum.invalid, "insert", (json_int_t)sum.insert,
			 "insert_failed", (json_int_t)sum.insert_failed, "drop",
			 (json_int_t)sum.drop, "early_drop", (json_int_t)sum.early_drop,
			 "icmp_error", (json_int_t)sum.error, "search_restart",
			 (json_int_t)sum.search_restart, "clashres", (json_int_t)sum.clash_resolve,
			 "chaintoolong", (json_int_t)sum.chaintoolong);
}

int replay_json_final(const struct replay *r, FILE *out)
{
	struct rows rows = { .replay = r };
	long ret = r->core->ops->iterate(r->core, add_row, &rows);
	json_t *o, *table = json_array();

	if (rows.nr)
		qsort(rows.v, rows.nr, sizeof(*rows.v), by_number);
	for (size_t i = 0; i < rows.nr; i++)
		json_array_append_new(table, rows.v[i].row);
	free(rows.v);
	o = json_pack("{s:b, s:o, s:o}", "final", 1, "stats", stats_json(r), "table", table);
	if (ret < 0 || !o) {
		json_decref(o);
		return ret < 0 ? (int)ret : -ENOMEM;
	}
	return print(o, out);
}
