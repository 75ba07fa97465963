/* SPDX-License-Identifier: MIT */
/*
 * Deletion by filter: deletes those connections of a namespace that match, like
 * `conntrack -D` and a flush (ctnetlink's filter in
 * net/netfilter/nf_conntrack_netlink.c).
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_FILTER_H
#define CTBENCH_CORE_NF_CONNTRACK_FILTER_H

#include "core/conntrack.h"

/* The parts of a direction's tuple that must match. */
enum nf_ct_filter_fields {
	CT_FILTER_SRC = 1 << 0,
	CT_FILTER_DST = 1 << 1,
	CT_FILTER_PROTONUM = 1 << 2,
	CT_FILTER_SPORT = 1 << 3, /* src.u: a port, or an ICMP id */
	CT_FILTER_DPORT = 1 << 4, /* dst.u: a port, or ICMP's type and code */
	CT_FILTER_ZONE = 1 << 5,  /* the zone that counts for this direction */
};

/* All zero: everything matches. */
struct nf_ct_filter {
	uint16_t l3num; /* NFPROTO_*, 0: both */
	struct nf_ct_filter_dir {
		uint32_t fields; /* a set of CT_FILTER_* */
		struct nf_conntrack_tuple tuple;
		uint16_t zone_id;
	} dir[IP_CT_DIR_MAX];
	uint32_t mark, mark_mask;     /* matches if (mark & mark_mask) == mark */
	uint32_t status, status_mask; /* likewise, of IPS_* */
};

/* For holders of a reference. */
bool nf_ct_filter_match(const struct nf_ct_filter *filter, const struct nf_conn *ct);

/*
 * Deletes the confirmed connections of the namespace for which fn returns true, on
 * behalf of portid, with or without a report (struct nf_ct_event).  Returns their
 * number, or -ENOMEM.  Unconfirmed ones are skipped, as in kernels since 4.13.
 * Any registered thread outside read-side sections.
 */
long nf_ct_iterate_cleanup_net(struct net *net, bool (*fn)(struct nf_conn *ct, void *arg),
			       void *arg, uint32_t portid, bool report);

/* The same for those that match the filter; NULL: all (a flush). */
long nf_ct_flush_net(struct net *net, const struct nf_ct_filter *filter, uint32_t portid,
		     bool report);

#endif
