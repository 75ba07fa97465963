/* SPDX-License-Identifier: MIT */
/* Plain chains that only one thread walks and changes. */
#define CT_CHAIN_NAME		 "unshared"
#define CT_CHAIN_READERS_LOCK	 0
#define CT_CHAIN_NEEDS_TYPESAFE	 0
#define CT_CHAIN_NEEDS_DEFERRED	 0
#define CT_CHAIN_RECHECKS_RESIZE 0

#include "variants/chain/null_end.inc.h"
