/* SPDX-License-Identifier: MIT */
/*
 * Names and values that all of conntrack uses: ctinfo, status bits, directions,
 * protocol numbers.  Values are the kernel's
 * (include/uapi/linux/netfilter/nf_conntrack_common.h), so that dumps and
 * traces can be compared bit by bit.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_COMMON_H
#define CTBENCH_CORE_NF_CONNTRACK_COMMON_H

/* How a packet relates to its connection; stored in the low 3 bits of skb->_nfct. */
enum ip_conntrack_info {
	IP_CT_ESTABLISHED = 0, /* part of a connection seen in both directions */
	IP_CT_RELATED = 1,     /* like NEW, but related to another connection, or an ICMP error */
	IP_CT_NEW = 2,	       /* starts a connection, or belongs to one without an answer so far */
	IP_CT_IS_REPLY = 3,    /* >= this: in the reply direction */

	IP_CT_ESTABLISHED_REPLY = IP_CT_ESTABLISHED + IP_CT_IS_REPLY,
	IP_CT_RELATED_REPLY = IP_CT_RELATED + IP_CT_IS_REPLY,
	IP_CT_NUMBER,
	IP_CT_UNTRACKED = 7,
};

#define NFCT_INFOMASK 7UL
#define NFCT_PTRMASK  (~NFCT_INFOMASK)

enum ip_conntrack_dir {
	IP_CT_DIR_ORIGINAL,
	IP_CT_DIR_REPLY,
	IP_CT_DIR_MAX,
};

#define CTINFO2DIR(ctinfo) ((ctinfo) >= IP_CT_IS_REPLY ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL)

enum ip_conntrack_status_bit {
	IPS_EXPECTED_BIT = 0,	/* an expectation matched it; it has a master */
	IPS_SEEN_REPLY_BIT = 1, /* packets were seen in both directions; never cleared */
	IPS_ASSURED_BIT = 2,	/* not a candidate for early drop */
	IPS_CONFIRMED_BIT = 3,	/* in the table */
	IPS_SRC_NAT_BIT = 4,
	IPS_DST_NAT_BIT = 5,
	IPS_SEQ_ADJUST_BIT = 6,
	IPS_SRC_NAT_DONE_BIT = 7,
	IPS_DST_NAT_DONE_BIT = 8,
	IPS_DYING_BIT = 9, /* being removed or removed from the table; never cleared */
	IPS_FIXED_TIMEOUT_BIT = 10,
	IPS_TEMPLATE_BIT = 11,
	IPS_NAT_CLASH_BIT = 12,
	IPS_HELPER_BIT = 13,
	IPS_OFFLOAD_BIT = 14,
	IPS_HW_OFFLOAD_BIT = 15,
	/*
	 * Ours, above the kernel's 16: how often the memory was reused, if the table's recheck
	 * axis counts that (12 bits).
	 */
	CT_INCARNATION_BIT = 16,
	/* Ours: its events are sent (it has NF_CT_EXT_ECACHE). */
	CT_ECACHE_BIT = 28,
	/* Has a helper, from a rule (IPS_HELPER) or an expectation. */
	CT_HELP_BIT = 29,
	/*
	 * Also ours: the directions in which the entry's zone
	 * holds.  Neither set: both (the kernel's struct nf_conntrack_zone.dir).
	 */
	CT_ZONE_ORIG_ONLY_BIT = 30,
	CT_ZONE_REPLY_ONLY_BIT = 31,
};

#define IPS_EXPECTED	   (1u << IPS_EXPECTED_BIT)
#define IPS_SEEN_REPLY	   (1u << IPS_SEEN_REPLY_BIT)
#define IPS_ASSURED	   (1u << IPS_ASSURED_BIT)
#define IPS_CONFIRMED	   (1u << IPS_CONFIRMED_BIT)
#define IPS_DYING	   (1u << IPS_DYING_BIT)
#define IPS_FIXED_TIMEOUT  (1u << IPS_FIXED_TIMEOUT_BIT)
#define IPS_TEMPLATE	   (1u << IPS_TEMPLATE_BIT)
#define IPS_NAT_CLASH	   (1u << IPS_NAT_CLASH_BIT)
#define IPS_HELPER	   (1u << IPS_HELPER_BIT)
#define IPS_OFFLOAD	   (1u << IPS_OFFLOAD_BIT)
#define IPS_KERNEL_MASK	   0xffffu /* the bits that the kernel has */
#define CT_INCARNATION_ONE (1u << CT_INCARNATION_BIT)
#define CT_INCARNATION	   (CT_INCARNATION_ONE * 0xfffu)
#define CT_ECACHE	   (1u << CT_ECACHE_BIT)
#define CT_HELP		   (1u << CT_HELP_BIT)
#define CT_ZONE_ORIG_ONLY  (1u << CT_ZONE_ORIG_ONLY_BIT)
#define CT_ZONE_REPLY_ONLY (1u << CT_ZONE_REPLY_ONLY_BIT)

/* The kernel's address family and protocol numbers, under its names. */
#define NFPROTO_IPV4 2
#define NFPROTO_IPV6 10
#ifndef ETH_P_IP
#define ETH_P_IP   0x0800
#define ETH_P_IPV6 0x86dd
#endif

#endif
