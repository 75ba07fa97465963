/* SPDX-License-Identifier: MIT */
/* flowline's adapter for litmus.cc.  Memory is never reused there, so grace periods end at once. */
typedef struct flow fl_object;
#define FL_OBJECT_SIZE sizeof(struct flow)

static inline litmus_atomic<uintptr_t> *fl_link(struct flow *f, uint32_t)
{
	return &f->link;
}

static inline uint32_t fl_hash_of(const struct flowline *, const struct flow *f, uint32_t)
{
	return f->hash;
}

static inline void fl_grace(const struct flowline *)
{
}
