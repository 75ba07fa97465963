/* SPDX-License-Identifier: MIT */
/* A consistent pair for a walk: the buckets and their number. */
struct ct_view {
	struct ct_bucket *buckets;
	uint32_t size;
	uint32_t generation;
};
