/* SPDX-License-Identifier: MIT */
/*
 * Zones: a number in addition to the tuple, so that equal tuples from different
 * networks are different connections; for both directions or for one
 * (include/net/netfilter/nf_conntrack_zones.h).
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_ZONES_H
#define CTBENCH_CORE_NF_CONNTRACK_ZONES_H

#include <stdint.h>

#include "core/nf_conntrack_common.h"

#define NF_CT_DEFAULT_ZONE_ID  0
#define NF_CT_ZONE_DIR_ORIG    (1 << IP_CT_DIR_ORIGINAL)
#define NF_CT_ZONE_DIR_REPL    (1 << IP_CT_DIR_REPLY)
#define NF_CT_DEFAULT_ZONE_DIR (NF_CT_ZONE_DIR_ORIG | NF_CT_ZONE_DIR_REPL)

struct nf_conntrack_zone {
	uint16_t id;
	uint8_t flags;
	uint8_t dir; /* NF_CT_ZONE_DIR_* */
};

extern const struct nf_conntrack_zone nf_ct_zone_dflt;

/* The zone's id in that direction. */
static inline uint16_t
nf_ct_zone_id(const struct nf_conntrack_zone *zone, enum ip_conntrack_dir dir)
{
	return zone->dir & (1 << dir) ? zone->id : NF_CT_DEFAULT_ZONE_ID;
}

#endif
