/* SPDX-License-Identifier: MIT */
/* What a walk needs of the table, consistent in itself: these buckets, so many. */
struct ct_view {
	struct ct_bucket *buckets;
	uint32_t size;
	uint32_t generation;
};
