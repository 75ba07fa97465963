/* SPDX-License-Identifier: MIT */
#include "variants/peers/match.h"

#include "variants/peers/match_node.h"

bool peer_match(void *node, const struct peer_key *key)
{
	if (likely(key->how == PEER_LIVE))
		return peer_is_live(node, key->what);
	return node == key->what || (key->how == PEER_NEW && peer_is_taken(node, key->what));
}

void *peer_hold(void *node)
{
	struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(node);

	return likely(refcount_inc_not_zero(&ct->use)) ? node : NULL;
}
