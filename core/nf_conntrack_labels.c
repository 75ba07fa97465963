/* SPDX-License-Identifier: MIT */
/* Labels: see nf_conntrack_labels.h. */
#include <errno.h>

#include "core/conntrack.h"
#include "core/nf_conntrack_labels.h"

int nf_connlabels_get(struct net *net, unsigned int highest)
{
	if (highest > XT_CONNLABEL_MAXBIT)
		return -ERANGE;
	add_relaxed(&net->labels_used, 1);
	nf_ct_new_ext_update(net);
	return 0;
}

void nf_connlabels_put(struct net *net)
{
	sub_relaxed(&net->labels_used, 1);
	nf_ct_new_ext_update(net);
}

/* Sets the bits in mask to those of data; true if one changed. */
static bool replace(_Atomic uint32_t *word, uint32_t mask, uint32_t data)
{
	uint32_t old = load_relaxed(word), new;

	do {
		new = (old & ~mask) | (data & mask);
		if (new == old)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(word, &old, new, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

int nf_connlabels_replace(struct nf_conn *ct, const uint32_t *data, const uint32_t *mask,
			  unsigned int words)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	bool changed = false;

	if (!labels)
		return -ENOSPC;
	for (unsigned int i = 0; i < NF_CT_LABEL_WORDS; i++)
		changed |= i < words ? replace(&labels->bits[i], mask ? mask[i] : ~0u, data[i])
				     : replace(&labels->bits[i], ~0u, 0);
	if (changed)
		nf_conntrack_event_cache(ct, IPCT_LABEL);
	return 0;
}

int nf_connlabel_set(struct nf_conn *ct, unsigned int label)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	uint32_t bit = 1u << label % 32;

	if (label > XT_CONNLABEL_MAXBIT)
		return -ERANGE;
	if (!labels)
		return -ENOSPC;
	if (replace(&labels->bits[label / 32], bit, bit))
		nf_conntrack_event_cache(ct, IPCT_LABEL);
	return 0;
}

bool nf_connlabel_match(const struct nf_conn *ct, unsigned int label)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	return labels && label <= XT_CONNLABEL_MAXBIT &&
	       load_relaxed(&labels->bits[label / 32]) & 1u << label % 32;
}
