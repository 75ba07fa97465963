/* SPDX-License-Identifier: MIT */
/*
 * Labels: 128 bits a connection, for whoever wants to mark connections with
 * more than the one number of a mark (include/net/netfilter/nf_conntrack_labels.h).
 * New connections have room for them while somebody has asked for labels.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_LABELS_H
#define CTBENCH_CORE_NF_CONNTRACK_LABELS_H

#include "core/nf_conntrack_extend.h"

#define XT_CONNLABEL_MAXBIT 127
#define NF_CT_LABEL_WORDS   4

/* What a connection has: extension NF_CT_EXT_LABELS. */
struct nf_conn_labels {
	_Atomic uint32_t bits[NF_CT_LABEL_WORDS]; /* label i: bit i % 32 of word i / 32 */
};

static inline struct nf_conn_labels *nf_ct_labels_find(const struct nf_conn *ct)
{
	return nf_ct_ext_find(ct, NF_CT_EXT_LABELS);
}

/*
 * A user of labels up to that number comes: new connections have them until it
 * goes.  0 or -ERANGE.  Any thread.
 */
int nf_connlabels_get(struct net *net, unsigned int highest);
void nf_connlabels_put(struct net *net);

/*
 * Where mask has ones the labels become data's; the others stay (mask NULL: all
 * change).  The first words of both count, the labels behind them are cleared.
 * Tells IPCT_LABEL if that changed anything.  0, or -ENOSPC (no room for
 * labels).  Holders of a reference.
 */
int nf_connlabels_replace(struct nf_conn *ct, const uint32_t *data, const uint32_t *mask,
			  unsigned int words);

/* One label: 0, or -ENOSPC, -ERANGE. */
int nf_connlabel_set(struct nf_conn *ct, unsigned int label);
bool nf_connlabel_match(const struct nf_conn *ct, unsigned int label);

#endif
