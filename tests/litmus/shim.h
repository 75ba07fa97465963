/* SPDX-License-Identifier: MIT */
/*
 * C11 atomics over relacy's (Vyukov, "Relacy Race Detector"): a verifier of the C++ memory model
 * that executes the threads of a test in many interleavings and lets each relaxed load return
 * every value that the model allows.  The code under test is the project's own headers, in which
 * transform.sed has written litmus_atomic<T> for _Atomic T.
 */
#ifndef CTBENCH_TESTS_LITMUS_SHIM_H
#define CTBENCH_TESTS_LITMUS_SHIM_H

/* Included first: relacy's macros would change the names in the standard's header. */
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>

#include <relacy/relacy.hpp>

#define memory_order_relaxed rl::mo_relaxed
#define memory_order_acquire rl::mo_acquire
#define memory_order_release rl::mo_release
#define memory_order_acq_rel rl::mo_acq_rel
#define memory_order_seq_cst rl::mo_seq_cst

/* Begins as zero, like the memory of tables and nodes.  relacy identifies it by its address. */
template <typename T> class litmus_atomic
{
      public:
	litmus_atomic()
	{
		a.store(T(), rl::mo_relaxed, RL_INFO);
	}
	mutable rl::atomic<T> a;
};

template <typename T> T atomic_load_explicit(const litmus_atomic<T> *p, rl::memory_order mo)
{
	return p->a.load(mo, RL_INFO);
}

template <typename T, typename U>
void atomic_store_explicit(litmus_atomic<T> *p, U v, rl::memory_order mo)
{
	p->a.store((T)v, mo, RL_INFO);
}

template <typename T, typename U>
T atomic_exchange_explicit(litmus_atomic<T> *p, U v, rl::memory_order mo)
{
	return p->a.rmw(rl::rmw_type_t<rl::rmw_type_swap>(), (T)v, mo, RL_INFO);
}

template <typename T, typename U>
T atomic_fetch_add_explicit(litmus_atomic<T> *p, U v, rl::memory_order mo)
{
	return p->a.rmw(rl::rmw_type_t<rl::rmw_type_add>(), (T)v, mo, RL_INFO);
}

template <typename T, typename U>
T atomic_fetch_sub_explicit(litmus_atomic<T> *p, U v, rl::memory_order mo)
{
	return p->a.rmw(rl::rmw_type_t<rl::rmw_type_sub>(), (T)v, mo, RL_INFO);
}

template <typename T, typename U>
T atomic_fetch_or_explicit(litmus_atomic<T> *p, U v, rl::memory_order mo)
{
	return p->a.rmw(rl::rmw_type_t<rl::rmw_type_or>(), (T)v, mo, RL_INFO);
}

template <typename T, typename U>
T atomic_fetch_and_explicit(litmus_atomic<T> *p, U v, rl::memory_order mo)
{
	return p->a.rmw(rl::rmw_type_t<rl::rmw_type_and>(), (T)v, mo, RL_INFO);
}

template <typename T, typename U>
bool atomic_compare_exchange_weak_explicit(litmus_atomic<T> *p, T *old, U v, rl::memory_order mo,
					   rl::memory_order failed)
{
	return p->a.compare_exchange(rl::bool_t<true>(), *old, (T)v, mo, failed, RL_INFO);
}

inline void atomic_thread_fence(rl::memory_order mo)
{
	rl::atomic_thread_fence(mo, RL_INFO);
}

/* The parts of core/compiler.h that the headers use. */
#define __always_inline inline
#define __cold
#define __maybe_unused __attribute__((unused))
#define likely(x)      (x)
#define unlikely(x)    (x)
#define __cacheline_aligned
#define CT_CACHE_LINE	    64
#define load_relaxed(p)	    atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p)	    atomic_load_explicit((p), memory_order_acquire)
#define store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define add_relaxed(p, v)   atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define sub_relaxed(p, v)   atomic_fetch_sub_explicit((p), (v), memory_order_relaxed)

/* Threads share what these change. */
#define CT_UNSHARED	       0
#define fetch_add(p, v, order) atomic_fetch_add_explicit((p), (v), (order))
#define fetch_sub(p, v, order) atomic_fetch_sub_explicit((p), (v), (order))
#define fetch_or(p, v, order)  atomic_fetch_or_explicit((p), (v), (order))
/* A waiting thread yields, because the verifier's schedules are not fair. */
#define cpu_relax() rl::yield(1, RL_INFO)
#define CT_TSAN	    0
#define FL_SCALAR   /* flowline.h: one load for each tag */

#endif
