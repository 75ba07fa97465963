/* SPDX-License-Identifier: MIT */
/*
 * Helpers: functions that read the packets of a connection, such as the control
 * connection of a protocol that announces other connections, and create
 * expectations for these (include/net/netfilter/nf_conntrack_helper.h).
 *
 * A connection gets its helper from a hook between conntrack's and confirm's, on its
 * first packet, as a firewall rule assigns it in the kernel, or from the expectation
 * that it matches.  Its packets pass the helper at priority 300.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_HELPER_H
#define CTBENCH_CORE_NF_CONNTRACK_HELPER_H

#include "core/netfilter.h"
#include "core/nf_conntrack_expect.h"
#include "core/nf_conntrack_extend.h"

#define NF_CT_HELPER_DATA 32

struct nf_conntrack_helper {
	const char *name;
	uint8_t protonum;	  /* of the connections it can read */
	uint8_t expect_class_max; /* the highest class it uses, below NF_CT_MAX_EXPECT_CLASSES */
	const struct nf_conntrack_expect_policy *expect_policy; /* [expect_class_max + 1] */
	/*
	 * Called for a packet of the connection, whose state (confirmed or not) does
	 * not change meanwhile; protoff is the offset of its layer 4 header.  Returns
	 * a verdict: NF_DROP if the expectation that it needs could not be created.
	 */
	unsigned int (*help)(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			     enum ip_conntrack_info ctinfo);
};

/* The part of a connection with a helper: extension NF_CT_EXT_HELPER. */
struct nf_conn_help {
	/* set while unconfirmed; after that it can only be removed, under net->expect.lock
	 * (nf_ct_helper_remove) */
	_Atomic(const struct nf_conntrack_helper *) helper;
	struct nf_conntrack_expect *expectations;    /* the newest first; under net->expect.lock */
	uint8_t expecting[NF_CT_MAX_EXPECT_CLASSES]; /* how many; under net->expect.lock */
	_Alignas(8)
		uint8_t data[NF_CT_HELPER_DATA]; /* the helper's own; under the connection's lock */
};

/* The helper of that name ("ftp"), or NULL. */
const struct nf_conntrack_helper *nf_conntrack_helper_find(const char *name);

/*
 * Assigns the helper to an unconfirmed connection; for the owner of its packet.
 * 0, or -ENOMEM, -EBUSY (confirmed, or it has one), -EPROTONOSUPPORT.
 */
int nf_ct_helper_assign(struct nf_conn *ct, const struct nf_conntrack_helper *helper);

/* The same without IPS_HELPER, which marks helpers of rules (nf_ct_helper_ext_add): 0, -ENOMEM. */
int nf_ct_helper_ext_add(struct nf_conn *ct, const struct nf_conntrack_helper *helper);

/* Removes the helper and its expectations.  For holders of a reference to a connection in the
 * table. */
void nf_ct_helper_remove(struct nf_conn *ct);

/* The connection's helper, or NULL.  For holders of a reference. */
const struct nf_conntrack_helper *nf_ct_helper_of(const struct nf_conn *ct);

/* Called by the hook for a connection with CT_HELP. */
unsigned int nf_ct_helper(struct sk_buff *skb, struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			  const struct nf_hook_state *state);

extern const struct nf_conntrack_helper nf_conntrack_helper_ftp;

#endif
