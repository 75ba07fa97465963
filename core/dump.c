/* SPDX-License-Identifier: MIT */
/*
 * The table as text, in the format of /proc/net/nf_conntrack: field for field
 * what the kernel's ct_seq_show() prints, so that tools that read the one can
 * read the other.
 */
#include <errno.h>

#include "core/conntrack.h"
#include "core/text.h"

static void add_tuple(struct ct_text *t, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	t->len += nf_ct_tuple_snprint(ct_text_at(t), ct_text_room(t), nf_ct_tuple(ct, dir));
}

/* A zone is shown where it counts: behind one direction's tuple, or at the end for both. */
static void add_zone(struct ct_text *t, const struct nf_conn *ct, uint8_t dir)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	if (zone.dir != dir)
		return;
	ct_text_add(t, "%s=%u ", dir == NF_CT_ZONE_DIR_ORIG ? "zone-orig" :
		    dir == NF_CT_ZONE_DIR_REPL ? "zone-reply" : "zone", zone.id);
}

static void add_acct(struct ct_text *t, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);

	if (acct)
		ct_text_add(t, "packets=%llu bytes=%llu ",
			    (unsigned long long)load_relaxed(&acct->counter[dir].packets),
			    (unsigned long long)load_relaxed(&acct->counter[dir].bytes));
}

/* Seconds since the connection began, if it was written down. */
static void add_age(struct ct_text *t, const struct nf_conn *ct)
{
	struct nf_conn_tstamp *ts = nf_ct_ext_find(ct, NF_CT_EXT_TSTAMP);
	uint64_t start;

	if (!ts)
		return;
	start = load_relaxed(&ts->start);
	ct_text_add(t, "delta-time=%u ",
		    (nfct_time_stamp(ct->net->core) - (uint32_t)start) / NF_CT_HZ);
}

static const char *l3_name(const struct nf_conn *ct)
{
	const struct nf_conntrack_l3proto *l3 = nf_ct_l3proto_find(nf_ct_l3num(ct));

	return l3 ? l3->name : "unknown";
}

int nf_ct_snprint(char *buf, size_t size, const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	uint32_t status = nf_ct_status(ct);
	struct ct_text t = { buf, size, 0 };

	ct_text_add(&t, "%-8s %u %-8s %u ", l3_name(ct), nf_ct_l3num(ct), l4->name,
		    nf_ct_protonum(ct));
	if (!(status & IPS_OFFLOAD))
		ct_text_add(&t, "%u ",
			    nf_ct_expires(ct, nfct_time_stamp(ct->net->core)) / NF_CT_HZ);
	/* who handles an offloaded connection's packets knows its state; we don't */
	if (l4->state_name && !(status & IPS_OFFLOAD))
		ct_text_add(&t, "%s ", l4->state_name(ct));
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

	if (status & IPS_OFFLOAD)
		ct_text_add(&t, "[OFFLOAD] ");
	else if (status & IPS_ASSURED)
		ct_text_add(&t, "[ASSURED] ");
	ct_text_add(&t, "mark=%u ", load_relaxed(&ct->mark));
	add_zone(&t, ct, NF_CT_DEFAULT_ZONE_DIR);
	add_age(&t, ct);
	ct_text_add(&t, "use=%u\n", load_relaxed(&ct->use.refs));
	return t.len;
}

struct dump {
	FILE *out;
	long lines;
};

static int dump_one(struct nf_conn *ct, void *arg)
{
	struct dump *d = arg;
	char line[1024];	/* an IPv6 entry with everything is below 500 */

	nf_ct_snprint(line, sizeof(line), ct);
	if (fputs(line, d->out) == EOF)
		return errno ? -errno : -EIO;
	d->lines++;
	return 0;
}

long nf_ct_dump(struct ct_core *core, FILE *out)
{
	struct dump d = { out, 0 };
	long ret = core->ops->iterate(core, dump_one, &d);

	return ret < 0 ? ret : d.lines;
}
