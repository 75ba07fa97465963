/* SPDX-License-Identifier: MIT */
/* One lock for the whole table. */
#define CT_LOCK_NAME	  "global"
#define CT_LOCK_IN_BUCKET 0

struct ct_bucket {
	_Atomic uintptr_t first;
};

struct ct_locks {
	spinlock_t lock __cacheline_aligned;
};

static __always_inline uint32_t lock_index(uint32_t bucket __maybe_unused)
{
	return 0;
}

static __always_inline void
lock_one(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t i __maybe_unused)
{
	spin_lock(&l->lock, CT_LOCK_BUCKET);
}

static __always_inline void lock_second(struct ct_locks *l, struct ct_bucket *b, uint32_t i)
{
	lock_one(l, b, i);
}

static __always_inline void
unlock_one(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t i __maybe_unused)
{
	spin_unlock(&l->lock);
}

static void
lock_all(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t size __maybe_unused)
{
	spin_lock(&l->lock, CT_LOCK_BUCKET);
}

static void
unlock_all(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t size __maybe_unused)
{
	spin_unlock(&l->lock);
}

static inline uint64_t lock_bytes(void)
{
	return sizeof(struct ct_locks);
}
