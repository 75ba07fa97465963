/* SPDX-License-Identifier: MIT */
/*
 * Chains like hlist under RCU: readers hold no lock, the chain ends with NULL, and a
 * node is freed only after a grace period.  So a reader can never follow a node into
 * another chain, except while a resize moves live nodes.  Therefore a reader that finds
 * nothing checks whether a resize has begun meanwhile.
 */
#define CT_CHAIN_NAME		 "plain_rcu"
#define CT_CHAIN_READERS_LOCK	 0
#define CT_CHAIN_NEEDS_TYPESAFE	 0
#define CT_CHAIN_NEEDS_DEFERRED	 1 /* a grace period before a node is reused */
#define CT_CHAIN_RECHECKS_RESIZE 1

#include "variants/chain/null_end.inc.h"
