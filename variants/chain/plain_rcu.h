/* SPDX-License-Identifier: MIT */
/*
 * Chains in the manner of hlist under RCU: readers hold no lock, the chain ends
 * with NULL, and a node is freed only after a grace period, so a reader can
 * never follow it elsewhere, except while a resize moves living nodes: a
 * reader that finds nothing therefore asks whether one began meanwhile.
 */
#define CT_CHAIN_NAME		 "plain_rcu"
#define CT_CHAIN_READERS_LOCK	 0
#define CT_CHAIN_NEEDS_TYPESAFE	 0
#define CT_CHAIN_NEEDS_DEFERRED	 1 /* a grace period before a node is used again */
#define CT_CHAIN_RECHECKS_RESIZE 1

#include "variants/chain/null_end.inc.h"
