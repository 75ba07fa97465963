/* SPDX-License-Identifier: MIT */
/*
 * The table as text in the kernel's format, so that the same tools can read it:
 * field for field like ct_seq_show() in /proc/net/nf_conntrack, or like
 * "conntrack -L -o extended" (libnetfilter_conntrack, snprintf_default.c).
 */
#include <arpa/inet.h>
#include <errno.h>

#include "core/conntrack.h"
#include "core/nf_conntrack_extend_print.h"
#include "core/text.h"

static void add_tuple(struct ct_text *t, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	t->len += nf_ct_tuple_snprint(ct_text_at(t), ct_text_room(t), nf_ct_tuple(ct, dir));
}

/* A zone for one direction is shown after that direction's tuple, one for both at the end. */
static void add_zone(struct ct_text *t, const struct nf_conn *ct, uint8_t dir)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	if (zone.dir != dir)
		return;
	ct_text_add(t, "%s=%u ",
		    dir == NF_CT_ZONE_DIR_ORIG	 ? "zone-orig"
		    : dir == NF_CT_ZONE_DIR_REPL ? "zone-reply"
						 : "zone",
		    zone.id);
}

static void add_acct(struct ct_text *t, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);

	if (acct)
		ct_text_add(t, "packets=%llu bytes=%llu ",
			    (unsigned long long)load_relaxed(&acct->counter[dir].packets),
			    (unsigned long long)load_relaxed(&acct->counter[dir].bytes));
}

/* Seconds since the connection began, if that was recorded. */
static void add_age(struct ct_text *t, const struct nf_conn *ct)
{
	struct nf_conn_tstamp *ts = nf_conn_tstamp_find(ct);
	uint64_t start;

	if (!ts)
		return;
	start = load_relaxed(&ts->start);
	ct_text_add(t, "delta-time=%u ",
		    (nfct_time_stamp(ct->net->core) - (uint32_t)start) / NF_CT_HZ);
}

/* The texts of users' extensions. */
static void add_extensions(struct ct_text *t, const struct nf_conn *ct)
{
	char text[NF_CT_EXT_TEXT_MAX];

	if (nf_ct_ext_snprint(text, ct))
		ct_text_add(t, "%s", text);
}

static const char *l3_name(const struct nf_conn *ct)
{
	const struct nf_conntrack_l3proto *l3 = nf_ct_l3proto_find(nf_ct_l3num(ct));

	return l3 ? l3->name : "unknown";
}

static void add_timeout(struct ct_text *t, const struct nf_conn *ct)
{
	if (!(nf_ct_status(ct) & IPS_OFFLOAD))
		ct_text_add(t, "%u ", nf_ct_expires(ct, nfct_time_stamp(ct->net->core)) / NF_CT_HZ);
}

/* The state of an offloaded connection is known only where its packets are handled. */
static void add_state(struct ct_text *t, const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));

	if (l4->state_name && !(nf_ct_status(ct) & IPS_OFFLOAD))
		ct_text_add(t, "%s ", l4->state_name(ct));
}

static void add_flag(struct ct_text *t, uint32_t status)
{
	if (status & (1u << IPS_HW_OFFLOAD_BIT))
		ct_text_add(t, "[HW_OFFLOAD] ");
	else if (status & IPS_OFFLOAD)
		ct_text_add(t, "[OFFLOAD] ");
	else if (status & IPS_ASSURED)
		ct_text_add(t, "[ASSURED] ");
}

/* --- As in /proc/net/nf_conntrack --- */

int nf_ct_snprint(char *buf, size_t size, const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	uint32_t status = nf_ct_status(ct);
	struct ct_text t = { buf, size, 0 };

	ct_text_add(&t, "%-8s %u %-8s %u ", l3_name(ct), nf_ct_l3num(ct), l4->name,
		    nf_ct_protonum(ct));
	add_timeout(&t, ct);
	add_state(&t, ct);
	if (l4->print_conntrack)
		t.len += l4->print_conntrack(ct_text_at(&t), ct_text_room(&t), ct);

	add_tuple(&t, ct, IP_CT_DIR_ORIGINAL);
	add_zone(&t, ct, NF_CT_ZONE_DIR_ORIG);
	add_acct(&t, ct, IP_CT_DIR_ORIGINAL);
	if (!(status & IPS_SEEN_REPLY))
		ct_text_add(&t, "[UNREPLIED] ");

	add_tuple(&t, ct, IP_CT_DIR_REPLY);
	add_zone(&t, ct, NF_CT_ZONE_DIR_REPL);
	add_acct(&t, ct, IP_CT_DIR_REPLY);

	add_flag(&t, status);
	ct_text_add(&t, "mark=%u ", load_relaxed(&ct->mark));
	add_zone(&t, ct, NF_CT_DEFAULT_ZONE_DIR);
	add_age(&t, ct);
	add_extensions(&t, ct);
	ct_text_add(&t, "use=%u\n", load_relaxed(&ct->use.refs));
	return t.len;
}

/* --- As the conntrack program prints it --- */

/*
 * Protocols have the names that the program knows, whether or not the kernel tracks
 * them; if it does not, DCCP's ports are zero.
 */
static const char *tool_name(const struct nf_conn *ct)
{
	return nf_ct_protonum(ct) == IPPROTO_DCCP ? "dccp"
						  : nf_ct_l4proto_find(nf_ct_protonum(ct))->name;
}

static void add_tool_tuple(struct ct_text *t, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_tuple *tuple = nf_ct_tuple(ct, dir);
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(tuple->dst.protonum);
	const int family = nf_ct_l3num(ct) == NFPROTO_IPV4 ? AF_INET : AF_INET6;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	inet_ntop(family, &tuple->src.u3, src, sizeof(src));
	inet_ntop(family, &tuple->dst.u3, dst, sizeof(dst));
	ct_text_add(t, "src=%s dst=%s ", src, dst);
	if (tuple->dst.protonum == IPPROTO_DCCP)
		ct_text_add(t, "sport=0 dport=0 ");
	else
		t->len += l4->print_tuple(ct_text_at(t), ct_text_room(t), tuple);
}

/* The default zone is not printed. */
static void add_tool_zone(struct ct_text *t, const struct nf_conn *ct, uint8_t dir)
{
	if (load_relaxed(&ct->zone_id) != NF_CT_DEFAULT_ZONE_ID)
		add_zone(t, ct, dir);
}

int nf_ct_snprint_extended(char *buf, size_t size, const struct nf_conn *ct)
{
	const struct nf_conntrack_helper *helper = nf_ct_helper_of(ct);
	uint32_t status = nf_ct_status(ct);
	struct ct_text t = { buf, size, 0 };

	ct_text_add(&t, "%-8s %u %-8s %u ", l3_name(ct), nf_ct_l3num(ct), tool_name(ct),
		    nf_ct_protonum(ct));
	add_timeout(&t, ct);
	add_state(&t, ct);

	add_tool_tuple(&t, ct, IP_CT_DIR_ORIGINAL);
	add_tool_zone(&t, ct, NF_CT_ZONE_DIR_ORIG);
	add_acct(&t, ct, IP_CT_DIR_ORIGINAL);
	if (!(status & IPS_SEEN_REPLY))
		ct_text_add(&t, "[UNREPLIED] ");

	add_tool_tuple(&t, ct, IP_CT_DIR_REPLY);
	add_tool_zone(&t, ct, NF_CT_ZONE_DIR_REPL);
	add_acct(&t, ct, IP_CT_DIR_REPLY);

	add_flag(&t, status);
	ct_text_add(&t, "mark=%u ", load_relaxed(&ct->mark));
	add_tool_zone(&t, ct, NF_CT_DEFAULT_ZONE_DIR);
	add_age(&t, ct);
	if (helper)
		ct_text_add(&t, "helper=%s ", helper->name);
	add_extensions(&t, ct);
	/* the kernel's reader needs no reference, because it holds the bucket's lock */
	ct_text_add(&t, "use=%u\n", load_relaxed(&ct->use.refs) - 1);
	return t.len;
}

/* --- The whole table --- */

struct dump {
	int (*snprint)(char *buf, size_t size, const struct nf_conn *ct);
	FILE *out;
	long lines;
};

static int dump_one(struct nf_conn *ct, void *arg)
{
	struct dump *d = arg;
	char line[1024]; /* an IPv6 entry with all fields has less than 500 + NF_CT_EXT_TEXT_MAX */

	if (nf_ct_status(ct) &
	    IPS_NAT_CLASH) /* it has no ORIGINAL node, and only these are listed */
		return 0;
	d->snprint(line, sizeof(line), ct);
	if (fputs(line, d->out) == EOF)
		return errno ? -errno : -EIO;
	d->lines++;
	return 0;
}

long nf_ct_dump(struct ct_core *core, enum nf_ct_dump_format format, FILE *out)
{
	struct dump d = { format == NF_CT_DUMP_PROC ? nf_ct_snprint : nf_ct_snprint_extended, out,
			  0 };
	long ret = core->ops->iterate(core, dump_one, &d);

	return ret < 0 ? ret : d.lines;
}
