/* SPDX-License-Identifier: MIT */
/*
 * Locks like nf_conntrack_locks: 1024 of them, bucket b under lock b mod 1024, 16 per
 * cache line as in the kernel.  Taking all of them sets a flag and takes and releases
 * every lock once (nf_conntrack_all_lock).
 */
#define CT_LOCK_NAME	  "striped"
#define CT_LOCK_IN_BUCKET 0
#define CONNTRACK_LOCKS	  1024u

struct ct_bucket {
	_Atomic uintptr_t first;
};

struct ct_locks {
	spinlock_t lock[CONNTRACK_LOCKS] __cacheline_aligned;
	spinlock_t all_lock __cacheline_aligned;
	_Atomic bool all;
};

static __always_inline uint32_t lock_index(uint32_t bucket)
{
	return bucket % CONNTRACK_LOCKS;
}

static __cold void lock_slowly(struct ct_locks *l, uint32_t i)
{
	spin_unlock(&l->lock[i]);
	/* The thread that has taken all of them holds this until it is done. */
	spin_lock(&l->all_lock, CT_LOCK_ALL);
	spin_lock(&l->lock[i], CT_LOCK_BUCKET);
	spin_unlock(&l->all_lock);
}

static __always_inline void
lock_one(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t i)
{
	spin_lock(&l->lock[i], CT_LOCK_BUCKET);
	/*
	 * If lock_all() has taken and released this lock already, the acquire in
	 * spin_lock() saw that release, and with it the flag; if not, lock_all()
	 * waits for us.  Acquire: pairs with unlock_all(), whose changes we rely on.
	 */
	if (unlikely(load_acquire(&l->all)))
		lock_slowly(l, i);
}

/*
 * Takes a second lock, of a higher index, while holding a first
 * (nf_conntrack_double_lock).  lock_all() cannot pass the first until both are released,
 * so the flag need not be checked; waiting for all_lock here would be a deadlock.
 */
static __always_inline void
lock_second(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t i)
{
	spin_lock(&l->lock[i], CT_LOCK_BUCKET);
}

static __always_inline void
unlock_one(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t i)
{
	spin_unlock(&l->lock[i]);
}

static void
lock_all(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t size __maybe_unused)
{
	spin_lock(&l->all_lock, CT_LOCK_ALL);
	store_relaxed(&l->all, true);
	for (uint32_t i = 0; i < CONNTRACK_LOCKS; i++) {
		spin_lock(&l->lock[i], CT_LOCK_BUCKET);
		spin_unlock(&l->lock[i]);
	}
}

static void
unlock_all(struct ct_locks *l, struct ct_bucket *b __maybe_unused, uint32_t size __maybe_unused)
{
	/*
	 * Release: threads that see false must also see the changes made under lock_all(); pairs
	 * with the acquire in lock_one().
	 */
	store_release(&l->all, false);
	spin_unlock(&l->all_lock);
}

static inline uint64_t lock_bytes(void)
{
	return sizeof(struct ct_locks);
}
