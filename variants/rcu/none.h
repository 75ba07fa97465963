/* SPDX-License-Identifier: MIT */
/* No RCU: for tables whose readers hold a lock. */
#define CT_RCU_NAME    "none"
#define CT_RCU_IS_NONE 1

static __always_inline void ct_read_lock(void)
{
}
static __always_inline void ct_read_unlock(void)
{
}
static inline void ct_synchronize(void)
{
}

struct rcu_head {
	char none;
};

/*
 * Calls fn at once: readers hold a lock, so none reads what the caller removed under it
 * (variants/rcu/urcu.inc.h has the contract).
 */
static inline void ct_defer(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	fn(head);
}

static inline void ct_deferred(void)
{
}
static inline void ct_rcu_register(void)
{
}
static inline void ct_rcu_unregister(void)
{
}
static inline void ct_rcu_barrier(void)
{
}
static inline void ct_rcu_quiescent(void)
{
}
static inline void ct_rcu_offline(void)
{
}
static inline void ct_rcu_online(void)
{
}
