/* SPDX-License-Identifier: MIT */
/* Connection helpers: see nf_conntrack_helper.h. */
#include "core/conntrack.h"

#include <errno.h>
#include <string.h>

static const struct nf_conntrack_helper *const helpers[] = {
	&nf_conntrack_helper_ftp,
};

const struct nf_conntrack_helper *nf_conntrack_helper_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (!strcmp(helpers[i]->name, name))
			return helpers[i];
	return NULL;
}

int nf_ct_helper_ext_add(struct nf_conn *ct, const struct nf_conntrack_helper *helper)
{
	struct nf_conn_help *help = nf_ct_ext_add(ct, NF_CT_EXT_HELPER);

	if (!help)
		return -ENOMEM;
	store_relaxed(&help->helper, helper);
	nf_ct_status_set(ct, CT_HELP);
	return 0;
}

int nf_ct_helper_assign(struct nf_conn *ct, const struct nf_conntrack_helper *helper)
{
	int err;

	if (nf_ct_status(ct) & (IPS_CONFIRMED | IPS_TEMPLATE | IPS_HELPER))
		return -EBUSY;
	if (nf_ct_protonum(ct) != helper->protonum)
		return -EPROTONOSUPPORT;
	err = nf_ct_helper_ext_add(ct, helper);
	if (!err)
		nf_ct_status_set(ct, IPS_HELPER);
	return err;
}

void nf_ct_helper_remove(struct nf_conn *ct)
{
	struct nf_conn_help *help = nf_ct_ext_find(ct, NF_CT_EXT_HELPER);

	if (!help)
		return;
	/* first, so that a packet that is in the helper now cannot leave an expectation */
	spin_lock(&ct->net->expect.lock, CT_LOCK_EXPECT);
	store_relaxed(&help->helper, NULL);
	spin_unlock(&ct->net->expect.lock);
	nf_ct_remove_expectations(ct);
}

const struct nf_conntrack_helper *nf_ct_helper_of(const struct nf_conn *ct)
{
	const struct nf_conn_help *help = nf_ct_ext_find(ct, NF_CT_EXT_HELPER);

	/* relaxed: helpers are constant and never freed */
	return help ? load_relaxed(&help->helper) : NULL;
}

unsigned int nf_ct_helper(struct sk_buff *skb, struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			  const struct nf_hook_state *state)
{
	const struct nf_conntrack_helper *helper = nf_ct_helper_of(ct);
	unsigned int protoff;
	uint8_t protonum;

	/* An ICMP error about the connection is not a packet of its protocol. */
	if (!helper || get_l4proto(skb, 0, state->pf, &protoff, &protonum) ||
	    protonum != nf_ct_protonum(ct))
		return NF_ACCEPT;
	return helper->help(skb, protoff, ct, ctinfo);
}
