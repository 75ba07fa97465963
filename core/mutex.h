/* SPDX-License-Identifier: MIT */
/* pthread_mutex_t, taken with its rank (core/lock_order.h). */
#ifndef CTBENCH_CORE_MUTEX_H
#define CTBENCH_CORE_MUTEX_H

#include <pthread.h>

#include "core/lock_order.h"

static inline void mutex_lock(pthread_mutex_t *m, enum ct_lock_rank rank)
{
	lock_order_take(m, rank);
	pthread_mutex_lock(m);
}

static inline void mutex_unlock(pthread_mutex_t *m)
{
	lock_order_drop(m);
	pthread_mutex_unlock(m);
}

#endif
