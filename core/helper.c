/* SPDX-License-Identifier: MIT */
/* Connection helpers: see nf_conntrack_helper.h. */
#include "core/nf_conntrack_helper.h"

#include <errno.h>

int nf_ct_helper_assign(struct nf_conn *ct, const struct nf_conntrack_helper *helper)
{
	struct nf_conn_help *help;

	if (nf_ct_is_confirmed(ct))
		return -EBUSY;
	help = nf_ct_ext_add(ct, NF_CT_EXT_HELPER);
	if (!help)
		return -ENOMEM;
	help->helper = helper;
	nf_ct_status_set(ct, IPS_HELPER);
	return 0;
}

unsigned int nf_ct_helper(struct sk_buff *skb, struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			  const struct nf_hook_state *state)
{
	const struct nf_conn_help *help = nf_ct_ext_find(ct, NF_CT_EXT_HELPER);

	return help && help->helper ? help->helper->help(skb, ct, ctinfo, state) : NF_ACCEPT;
}
