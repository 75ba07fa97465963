/* SPDX-License-Identifier: MIT */
/*
 * Labels: 128 bits per connection, for uses that need more than the one number of
 * a mark (include/net/netfilter/nf_conntrack_labels.h).  New connections have space
 * for them while there are users of labels.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_LABELS_H
#define CTBENCH_CORE_NF_CONNTRACK_LABELS_H

#include "core/nf_conntrack_extend.h"

#define XT_CONNLABEL_MAXBIT 127
#define NF_CT_LABEL_WORDS   4

/* A connection's part: extension NF_CT_EXT_LABELS. */
struct nf_conn_labels {
	_Atomic uint32_t bits[NF_CT_LABEL_WORDS]; /* label i: bit i % 32 of word i / 32 */
};

static inline struct nf_conn_labels *nf_ct_labels_find(const struct nf_conn *ct)
{
	return nf_ct_ext_find(ct, NF_CT_EXT_LABELS);
}

/*
 * Registers a user of labels up to that number: new connections have labels until
 * it unregisters.  0 or -ERANGE.  Any thread.
 */
int nf_connlabels_get(struct net *net, unsigned int highest);
void nf_connlabels_put(struct net *net);

/*
 * Sets the labels in mask to those of data and keeps the others (mask NULL: sets
 * all).  Only the given first words of both are used; labels after them are cleared.
 * Sends IPCT_LABEL if anything changed.  0, or -ENOSPC (the connection has no labels).
 * For holders of a reference.
 */
int nf_connlabels_replace(struct nf_conn *ct, const uint32_t *data, const uint32_t *mask,
			  unsigned int words);

/* One label: 0, or -ENOSPC, -ERANGE. */
int nf_connlabel_set(struct nf_conn *ct, unsigned int label);
bool nf_connlabel_match(const struct nf_conn *ct, unsigned int label); /* is it set? */

#endif
