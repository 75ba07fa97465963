/* SPDX-License-Identifier: MIT */
/* Plain chains that readers also walk under the bucket's lock. */
#define CT_CHAIN_NAME		 "locked"
#define CT_CHAIN_READERS_LOCK	 1
#define CT_CHAIN_NEEDS_TYPESAFE	 0
#define CT_CHAIN_NEEDS_DEFERRED	 0
#define CT_CHAIN_RECHECKS_RESIZE 0

#include "variants/chain/null_end.inc.h"
