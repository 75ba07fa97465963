/* SPDX-License-Identifier: MIT */
/*
 * A lock in every bucket, in the cache line that the walk needs anyway; 16 bytes per
 * bucket.  The locks are freed with the bucket array, so a thread that waits for one
 * must keep the array valid: by an RCU section, or by excluding the resize.
 */
#define CT_LOCK_NAME	  "per_bucket"
#define CT_LOCK_IN_BUCKET 1

struct ct_bucket {
	_Atomic uintptr_t first;
	spinlock_t lock;
};

struct ct_locks {
	char none;
};

static __always_inline uint32_t lock_index(uint32_t bucket)
{
	return bucket;
}

static __always_inline void
lock_one(struct ct_locks *l __maybe_unused, struct ct_bucket *b, uint32_t i)
{
	spin_lock(&b[i].lock, CT_LOCK_BUCKET);
}

static __always_inline void lock_second(struct ct_locks *l, struct ct_bucket *b, uint32_t i)
{
	lock_one(l, b, i);
}

static __always_inline void
unlock_one(struct ct_locks *l __maybe_unused, struct ct_bucket *b, uint32_t i)
{
	spin_unlock(&b[i].lock);
}

static void lock_all(struct ct_locks *l __maybe_unused, struct ct_bucket *b, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		spin_lock(&b[i].lock, CT_LOCK_BUCKET);
}

static void unlock_all(struct ct_locks *l __maybe_unused, struct ct_bucket *b, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		spin_unlock(&b[i].lock);
}

static inline uint64_t lock_bytes(void)
{
	return 0; /* counted with the buckets */
}
