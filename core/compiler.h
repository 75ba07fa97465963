/* SPDX-License-Identifier: MIT */
/*
 * Small definitions that the whole project uses: branch hints, container_of, the
 * cache line, and short names for C11 atomics with the memory order in the name.
 *
 * Every field that two threads may access is _Atomic and is read and written
 * through these, so that the memory order is visible where it is used.
 */
#ifndef CTBENCH_CORE_COMPILER_H
#define CTBENCH_CORE_COMPILER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif
#define __cold	       __attribute__((cold, noinline))
#define __maybe_unused __attribute__((unused))

#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* The cache line: the unit of coherence between cores, on every CPU we build for. */
#define CT_CACHE_LINE	    64
#define __cacheline_aligned __attribute__((aligned(CT_CACHE_LINE)))

#define load_relaxed(p)	    atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p)	    atomic_load_explicit((p), memory_order_acquire)
#define store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define add_relaxed(p, v)   atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define sub_relaxed(p, v)   atomic_fetch_sub_explicit((p), (v), memory_order_relaxed)

/*
 * For a counter that one thread writes and others may read at any time: needs no
 * locked instruction, and readers never see a torn value.
 */
#define count_own(p, v) store_relaxed((p), load_relaxed(p) + (v))

/*
 * A variant whose threads share no connection defines CT_UNSHARED as 1 before its first include.
 * Only its owner changes a connection then, so the following are a load and a store.  In all other
 * units they are atomic operations.
 * The result is the value before.
 */
#ifndef CT_UNSHARED
#define CT_UNSHARED 0
#endif
#if CT_UNSHARED
#define ct_owned_(p, op, v) \
	__extension__({ \
		__auto_type was_ = load_relaxed(p); \
		store_relaxed((p), was_ op(v)); \
		was_; \
	})
#define fetch_add(p, v, order) ct_owned_(p, +, v)
#define fetch_sub(p, v, order) ct_owned_(p, -, v)
#define fetch_or(p, v, order)  ct_owned_(p, |, v)
#else
#define fetch_add(p, v, order) atomic_fetch_add_explicit((p), (v), (order))
#define fetch_sub(p, v, order) atomic_fetch_sub_explicit((p), (v), (order))
#define fetch_or(p, v, order)  atomic_fetch_or_explicit((p), (v), (order))
#endif

/* The line will be read soon; any address is allowed. */
#define ct_prefetch(p) __builtin_prefetch(p)

/* Tell the CPU that this is a spin loop. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

#if defined(__SANITIZE_THREAD__)
#define CT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CT_TSAN 1
#endif
#endif
#ifndef CT_TSAN
#define CT_TSAN 0
#endif

#endif
