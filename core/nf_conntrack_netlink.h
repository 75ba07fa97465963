/* SPDX-License-Identifier: MIT */
/*
 * ctnetlink: connections as netlink attributes and back, and the requests that
 * list, look up, create, change and delete them, in the form and with the checks
 * of net/netfilter/nf_conntrack_netlink.c of Linux 6.18.  Programs for the kernel's
 * table, such as libnetfilter_conntrack, can read ours.
 *
 * There is no socket: requests and answers are bytes in memory.
 *
 * Left out, because the core does not have them: NAT, sequence adjustment,
 * synproxy, security contexts.  Requests to set them are refused with -EOPNOTSUPP.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_NETLINK_H
#define CTBENCH_CORE_NF_CONNTRACK_NETLINK_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "core/conntrack.h"
#include "core/nf_conntrack_ecache.h"
#include "core/nlattr.h"

#define NF_CT_HELPER_NAME_LEN 16
#define NF_CT_LABELS_MAX_SIZE 16 /* bytes */

/* Newer than some systems' headers. */
#define CT_CTA_TIMESTAMP_EVENT (CTA_STATUS_MASK + 1)
#define CT_CTA_MAX	       CT_CTA_TIMESTAMP_EVENT

/*
 * An attribute that the kernel does not have: the texts of extensions (nf_ct_ext_set_printer()), as
 * one string.  Its type is far above the kernel's; programs for the kernel skip unknown types.
 */
#define CTA_EXT_TEXT 200

/* The parts of a tuple that must match; values as in the kernel's CTA_FILTER_*_FLAGS. */
enum ctnetlink_filter_flags {
	CTA_FILTER_F_CTA_IP_SRC = 1 << 0,
	CTA_FILTER_F_CTA_IP_DST = 1 << 1,
	CTA_FILTER_F_CTA_TUPLE_ZONE = 1 << 2,
	CTA_FILTER_F_CTA_PROTO_NUM = 1 << 3,
	CTA_FILTER_F_CTA_PROTO_SRC_PORT = 1 << 4,
	CTA_FILTER_F_CTA_PROTO_DST_PORT = 1 << 5,
	CTA_FILTER_F_CTA_PROTO_ICMP_TYPE = 1 << 6,
	CTA_FILTER_F_CTA_PROTO_ICMP_CODE = 1 << 7,
	CTA_FILTER_F_CTA_PROTO_ICMP_ID = 1 << 8,
	CTA_FILTER_F_CTA_PROTO_ICMPV6_TYPE = 1 << 9,
	CTA_FILTER_F_CTA_PROTO_ICMPV6_CODE = 1 << 10,
	CTA_FILTER_F_CTA_PROTO_ICMPV6_ID = 1 << 11,
	CTA_FILTER_F_ALL = (1 << 12) - 1,
	CTA_FILTER_F_ALL_CTA_PROTO = CTA_FILTER_F_ALL & ~0xf,
};

/* --- Out --- */

/* CTA_TUPLE_IP and CTA_TUPLE_PROTO of a tuple: 0 or -EMSGSIZE. */
int ctnetlink_dump_tuples(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple);

/* The id of an entry (nf_ct_get_id), constant for its lifetime; in network byte order. */
uint32_t nf_ct_get_id(const struct nf_conn *ct);

/* How to write an entry's message. */
struct ctnetlink_how {
	uint32_t portid,
		seq;	/* of the answer's header; a portid makes it one of several (NLM_F_MULTI) */
	uint16_t flags; /* more of the header's flags */
	bool zero_counters; /* also reset them to 0 (IPCTNL_MSG_CT_GET_CTRZERO) */
	bool own_reference; /* do not count one of its references, the caller's */
};

/*
 * Writes the entry as one message, IPCTNL_MSG_CT_NEW with all its attributes
 * (ctnetlink_fill_info): 0; or -EMSGSIZE, and msg is unchanged.  The caller holds a
 * reference or the entry's bucket lock.
 */
int ctnetlink_fill_info(struct nl_buf *msg, struct nf_conn *ct, const struct ctnetlink_how *how);

/*
 * Writes events of a connection (a set of 1 << IPCT_*) as the kernel sends them to
 * listeners of the conntrack groups: 0 or -EMSGSIZE.  For a subscriber's ct_event
 * (nf_conntrack_ecache.h).
 */
int ctnetlink_fill_event(struct nl_buf *msg, unsigned int events, const struct nf_ct_event *item);

/* A size that is enough for both. */
size_t ctnetlink_nlmsg_size(const struct nf_conn *ct);

/* --- In --- */

/* The kernel's checks of a message's attributes, cda[CT_CTA_MAX + 1]. */
extern const struct nla_policy ct_nla_policy[CT_CTA_MAX + 1];

/*
 * Reads cda[type] as a tuple of family l3num.  A zone inside it is stored in *zone
 * with its direction; *zone must be the default before.  0; -EINVAL, -ERANGE
 * (missing or malformed), -EOPNOTSUPP (another family).
 */
int ctnetlink_parse_tuple(const struct nla *cda, struct nf_conntrack_tuple *tuple,
			  unsigned int type, uint8_t l3num, struct nf_conntrack_zone *zone);
/* The same for the parts in flags (CTA_FILTER_F_*) only. */
int ctnetlink_parse_tuple_filter(const struct nla *cda, struct nf_conntrack_tuple *tuple,
				 unsigned int type, uint8_t l3num, struct nf_conntrack_zone *zone,
				 uint32_t flags);

/* CTA_ZONE: 0. */
int ctnetlink_parse_zone(struct nla attr, struct nf_conntrack_zone *zone);

/* The entries of a dump or a flush. */
struct ctnetlink_filter {
	uint8_t family; /* 0: any */
	bool zone_filter;
	uint32_t orig_flags, reply_flags;
	struct nf_conntrack_tuple orig, reply;
	struct nf_conntrack_zone zone;
	struct {
		uint32_t val, mask;
	} mark, status;
};

/* 0; -EINVAL, -ERANGE, -EOPNOTSUPP. */
int ctnetlink_parse_filter(struct ctnetlink_filter *filter, const struct nla *cda, uint8_t family);
bool ctnetlink_filter_match(const struct ctnetlink_filter *filter, const struct nf_conn *ct);

/* An answer: one message. */
typedef int ctnetlink_reply_fn(const void *msg, size_t len, void *arg);

/*
 * Executes a request in the format of a netlink socket: IPCTNL_MSG_CT_NEW (create or
 * change an entry), _GET and _GET_CTRZERO (one entry, or with NLM_F_DUMP all that
 * match the request's filter, ending with NLMSG_DONE), _DELETE (one entry, or all
 * that match).  Calls reply for each message of the answer; a negative result ends
 * the answer and is returned.  reply may not resize the table, which is being
 * walked.  NULL: no replies.
 *
 * 0, or the error that the kernel would acknowledge: -EINVAL, -ERANGE, -ENOENT, -EEXIST,
 * -EBUSY, -EOPNOTSUPP, -ENOMEM.  Any registered thread, outside read-side sections.
 */
int ctnetlink_rcv(struct net *net, const void *msg, size_t len, ctnetlink_reply_fn *reply,
		  void *arg);

/* Parts of that, in nf_conntrack_netlink_new.c: creating or changing an entry. */
int ctnetlink_new_conntrack(struct net *net, const struct nlmsghdr *nlh, uint8_t family,
			    const struct nla *cda);

#endif
