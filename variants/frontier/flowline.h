/* SPDX-License-Identifier: MIT */
/*
 * flowline: a hash table of connections whose bucket is one cache line.
 *
 * The idea.  A line holds nine tags (16 bits of the hash) and nine references (32 bits) to objects
 * outside the table.  One comparison of all tags at once says which objects to read, so a hit
 * costs two lines of memory (bucket, object) and a miss costs one.  An object that does not fit
 * into its line is on a chain through the objects themselves; a small filter in the line says
 * which tags cannot be on that chain.  Objects never move; references move only between slots and
 * chains of neighbouring depth.
 *
 *	tags in the bucket	Fan, Andersen, Kaminsky, "MemC3", NSDI 2013; Swiss tables
 *   one line per bucket	David, Guerraoui, Trigonakis, "CLHT", ASPLOS 2015
 *	doubling by splitting	Fagin et al., "Extendible hashing", ACM TODS 1979
 *   a miss checks a version	seqlocks; here only readers that found nothing check it
 *
 * Guarantees.
 *   - Readers take no lock and write nothing.  A reader that finds its object is done.  A reader
 *     that finds nothing searches again if references moved meanwhile (fl_miss_is_sure()), so an
 *     object that is in the table all the time is never missed, not even during a resize.
 *   - A hit never waits.  A miss waits while references of its line move, so also for a writer that
 *     has lost its CPU then.
 *   - Writers lock one line (two for an object with two hashes, in ascending order).
 *   - A resize doubles or halves line by line.  It locks two lines at a time, each for less than
 *     a microsecond, and does not stop other threads.
 *
 * Requirements.  Readers and writers are inside a read-side section of an RCU flavour, and an
 * object that was removed keeps its memory and its key until a grace period has passed (or see
 * FL_REUSES).  Objects have one size and are in one reserved range of addresses (at most 2^30 - 1
 * objects).
 *
 * Thread-safety: fl_find() and its parts, fl_lock() and all functions that need a locked line: any
 * thread inside a read-side section.  fl_init(), fl_destroy(): while no other thread uses the
 * table.  fl_resize(): one thread at a time, outside of read-side sections.
 *
 * The adapter.  FL_ADAPTER names a header that this one includes.  It defines
 *	fl_object		the type of an object
 *	FL_OBJECT_SIZE		bytes from one object to the next
 *	fl_link(o, kind)	the object's word for a chain: _Atomic uintptr_t *
 *	fl_hash_of(t, o, kind)	the hash under which the object is in the table
 *	fl_grace(t)		waits for a grace period
 * variants/frontier/README.md shows one of 40 lines.
 */
#ifndef CTBENCH_VARIANTS_FRONTIER_FLOWLINE_H
#define CTBENCH_VARIANTS_FRONTIER_FLOWLINE_H

#ifdef __cplusplus
#error "flowline is C11, whose _Atomic C++ lacks: call it through functions of a C file of yours"
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ThreadSanitizer must see the load of each tag and does not know fences.  Its builds load tags
 * with acquire instead.
 */
#ifdef __SANITIZE_THREAD__
#define FL_SCALAR
#define FL_TAG_ORDER	memory_order_acquire
#define fl_fence(order) ((void)0)
#else
#define FL_TAG_ORDER	memory_order_relaxed
#define fl_fence(order) atomic_thread_fence(order)
#endif
#if defined(__SSE2__) && !defined(FL_SCALAR)
#include <emmintrin.h>
#define FL_SSE2 1
#else
#define FL_SSE2 0
#endif

#define FL_INLINE      static inline __attribute__((__always_inline__))
#define FL_LIKELY(x)   __builtin_expect(!!(x), 1)
#define FL_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define FL_SLOTS     9
#define FL_MAX_DEPTH 29

/*
 * A reference: the object's number, from 1, and two bits for the adapter (the kind).  0: none.
 */
#define FL_KIND_BITS 2u
#define FL_KIND_MASK 3u

/*
 * One bucket.  Tags and the filter are read together; meta, the chain and the references follow.
 * A tag of 0 is a free slot.
 */
struct fl_line {
	_Atomic uint16_t tag[FL_SLOTS];
	_Atomic uint16_t filter; /* bit (tag % 16) of each object on the chain */
	/*
	 * Bit 0: locked.  Bits 1 to 5: depth + 1, where 2^depth lines share the hashes; 0 if the
	 * line is not active (yet, or any more) and its parent serves.  From bit 6: a count, odd
	 * while references move.
	 */
	_Atomic uint32_t meta;
	_Atomic uint32_t chain; /* the first reference without a slot */
	_Atomic uint32_t ref[FL_SLOTS];
};
_Static_assert(sizeof(struct fl_line) == 64, "a bucket is one cache line");

#define FL_LOCKED      1u
#define FL_DEPTH_SHIFT 1u
#define FL_DEPTH_MASK  (31u << FL_DEPTH_SHIFT)
#define FL_MOVE	       (1u << 6)

enum fl_pages { FL_PAGES_4K, FL_PAGES_THP, FL_PAGES_HUGETLB };

struct flowline {
	struct fl_line *lines; /* reserved for 2^max_depth, of which 2^depth are usable */
	char *origin;	       /* the address that an object with the number 0 would have */
	_Atomic uint32_t depth;
	uint32_t max_depth;
	enum fl_pages pages;
	const void *owner; /* the adapter's */
};

#include FL_ADAPTER

/* An adapter may check the order in which a thread takes the locks of lines. */
#ifndef FL_TAKES
#define FL_TAKES(line) ((void)0) /* it is about to wait for that line's lock */
#define FL_DROPS(line) ((void)0) /* it releases it, or has not got it */
#endif
/*
 * 1: the memory of a removed object may become another object's within a read-side section.  Then a
 * match is sure only once the reader has a reference and has made sure that the object is the same.
 */
#ifndef FL_REUSES
#define FL_REUSES 0
#endif
/* A test may run another thread at these steps (tests/variants/test_interleave_flowline.c). */
#ifndef FL_POINT
#define FL_POINT(name) ((void)0)
#endif

/*
 * Creates a table of 2^depth lines that may grow to 2^max_depth (address space is reserved, memory
 * is not; at most FL_MAX_DEPTH, and less where addresses are short: t->max_depth) for objects from
 * address `objects` on.  0 or -ENOMEM.
 */
int fl_init(struct flowline *t, uint32_t depth, uint32_t max_depth, void *objects,
	    enum fl_pages pages, const void *owner);
void fl_destroy(struct flowline *t); /* accepts a table that fl_init() could not create */
/*
 * Resizes to 2^depth lines, while others read and write.  0, -ENOMEM (the table is valid, perhaps
 * with another power of two between the two sizes), -EINVAL (beyond max_depth).
 */
int fl_resize(struct flowline *t, uint32_t depth);

FL_INLINE fl_object *fl_at(const struct flowline *t, uint32_t ref)
{
	return (fl_object *)(t->origin + (size_t)(ref >> FL_KIND_BITS) * FL_OBJECT_SIZE);
}

FL_INLINE uint32_t fl_ref(const struct flowline *t, const fl_object *o, uint32_t kind)
{
	return (uint32_t)((size_t)((const char *)o - t->origin) / FL_OBJECT_SIZE) << FL_KIND_BITS |
	       kind;
}

/* The upper half: the lower bits choose the line. */
FL_INLINE uint16_t fl_tag(uint32_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 16);

	return tag ? tag : 1;
}

FL_INLINE uint32_t fl_mask(uint32_t depth)
{
	return (1u << depth) - 1;
}

FL_INLINE uint32_t fl_depth_of(uint32_t meta)
{
	return ((meta & FL_DEPTH_MASK) >> FL_DEPTH_SHIFT) - 1;
}

FL_INLINE void fl_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* --- Reading --- */

/*
 * A set of slots has two bits for each: as SSE2 compares bytes, and the address of a reference
 * follows from the number of a bit without a shift.
 */
#define FL_SLOT(i) (3u << 2 * (i))

FL_INLINE unsigned int fl_first(uint32_t slots)
{
	return (unsigned int)__builtin_ctz(slots) >> 1;
}

/* 31 ^ n, not 31 - n: one instruction of x86. */
FL_INLINE unsigned int fl_last(uint32_t slots)
{
	return (31u ^ (unsigned int)__builtin_clz(slots)) >> 1;
}

/* The slots with that tag. */
FL_INLINE uint32_t fl_match_tags(const struct fl_line *line, uint16_t tag)
{
#if FL_SSE2
	const __m128i eight = _mm_load_si128((const __m128i *)(const void *)line->tag);
	const __m128i same = _mm_cmpeq_epi16(eight, _mm_set1_epi16((short)tag));
	const uint16_t last = atomic_load_explicit(&line->tag[8], memory_order_relaxed);

	return (uint32_t)_mm_movemask_epi8(same) | (last == tag ? FL_SLOT(8) : 0);
#else
	uint32_t slots = 0;

	for (unsigned int i = 0; i < FL_SLOTS; i++)
		if (atomic_load_explicit(&line->tag[i], FL_TAG_ORDER) == tag)
			slots |= FL_SLOT(i);
	return slots;
#endif
}

/*
 * The line that serves the hash, and its meta.  Acquire: pairs with the release by which a split
 * or a join (flowline.c) publishes the line.
 */
FL_INLINE struct fl_line *fl_home(const struct flowline *t, uint32_t hash, uint32_t *meta)
{
	uint32_t depth = atomic_load_explicit(&t->depth, memory_order_acquire);

	for (;; depth--) {
		struct fl_line *line = &t->lines[hash & fl_mask(depth)];

		*meta = atomic_load_explicit(&line->meta, memory_order_acquire);
		if (FL_LIKELY(*meta & FL_DEPTH_MASK))
			return line;
	}
}

/* Does a line with that meta serve that hash?  After a split it serves half of its hashes. */
FL_INLINE bool
fl_serves(const struct flowline *t, const struct fl_line *line, uint32_t meta, uint32_t hash)
{
	return (hash & fl_mask(fl_depth_of(meta))) == (uint32_t)(line - t->lines);
}

/*
 * After a search without a match; meta is the line's from before it.  True if the miss is certain,
 * false if a reference may have moved past the reader.  The fence keeps the loads of tags,
 * references and links before that of meta; it pairs with the one in fl_move_begin().
 */
FL_INLINE bool
fl_miss_is_sure(const struct flowline *t, const struct fl_line *line, uint32_t meta, uint32_t hash)
{
	uint32_t now;

	fl_fence(memory_order_acquire);
	now = atomic_load_explicit(&line->meta, memory_order_relaxed);
	return !((now ^ meta) & ~FL_LOCKED) && !(meta & FL_MOVE) && fl_serves(t, line, meta, hash);
}

/* Does the object match?  kind: as stored in the reference. */
typedef bool fl_match_fn(void *arg, fl_object *o, uint32_t kind);

/* The matching reference on the line's chain, or 0. */
static inline uint32_t
fl_find_chained(const struct flowline *t, const struct fl_line *line, fl_match_fn *match, void *arg)
{
	uint32_t ref = atomic_load_explicit(&line->chain, memory_order_acquire);

	while (ref) {
		fl_object *o = fl_at(t, ref);

		if (match(arg, o, ref & FL_KIND_MASK))
			break;
		FL_POINT(FL_CHAIN_STEP);
		ref = (uint32_t)atomic_load_explicit(fl_link(o, ref & FL_KIND_MASK),
						     memory_order_acquire);
	}
	return ref;
}

FL_INLINE bool fl_may_be_chained(const struct fl_line *line, uint16_t tag)
{
	return atomic_load_explicit(&line->filter, memory_order_relaxed) >> (tag & 15) & 1;
}

/* The matching reference in one line, or 0.  Callers check the line's meta. */
FL_INLINE uint32_t fl_find_in(const struct flowline *t, const struct fl_line *line, uint16_t tag,
			      fl_match_fn *match, void *arg)
{
	uint32_t slots = fl_match_tags(line, tag);

	/* Pairs with the release in fl_add(), which stores a tag after its reference. */
	fl_fence(memory_order_acquire);
	FL_POINT(FL_TAGS_READ);
	/* The youngest first: see fl_add(). */
	for (; slots; slots &= ~FL_SLOT(fl_last(slots))) {
		/* acquire: the slot may have been given to another object with the same tag */
		uint32_t ref =
			atomic_load_explicit(&line->ref[fl_last(slots)], memory_order_acquire);

		if (FL_LIKELY(match(arg, fl_at(t, ref), ref & FL_KIND_MASK)))
			return ref;
	}
	return FL_UNLIKELY(fl_may_be_chained(line, tag)) ? fl_find_chained(t, line, match, arg) : 0;
}

/* The matching reference, or 0.  *again counts repeated searches. */
FL_INLINE uint32_t fl_find(const struct flowline *t, uint32_t hash, fl_match_fn *match, void *arg,
			   uint32_t *again)
{
	const uint16_t tag = fl_tag(hash);

	for (;;) {
		uint32_t meta, ref;
		const struct fl_line *line = fl_home(t, hash, &meta);

		FL_POINT(FL_READER_HAS_LINE);
		ref = fl_find_in(t, line, tag, match, arg);
		if (FL_LIKELY(ref || fl_miss_is_sure(t, line, meta, hash)))
			return ref;
		++*again;
		fl_relax();
	}
}

/*
 * For bursts, in three passes over the keys: fl_prefetch() for each, then fl_guess(), which
 * prefetches the object, then fl_find() if the guess does not match.
 */
#define FL_UNSURE UINT32_MAX

FL_INLINE void fl_prefetch(const struct flowline *t, uint32_t hash)
{
	uint32_t depth = atomic_load_explicit(&t->depth, memory_order_relaxed);

	__builtin_prefetch(&t->lines[hash & fl_mask(depth)], 0, 3);
}

/* The first reference with the hash's tag; 0: certainly none; FL_UNSURE: call fl_find(). */
FL_INLINE uint32_t fl_guess(const struct flowline *t, uint32_t hash, const bool write)
{
	const uint16_t tag = fl_tag(hash);
	uint32_t meta, slots, ref;
	const struct fl_line *line = fl_home(t, hash, &meta);

	slots = fl_match_tags(line, tag);
	fl_fence(memory_order_acquire); /* as in fl_find_in() */
	FL_POINT(FL_TAGS_READ);
	if (FL_LIKELY(slots)) {
		ref = atomic_load_explicit(&line->ref[fl_last(slots)], memory_order_acquire);
		/* The second argument must be a constant; clang does not accept a parameter. */
		if (write)
			__builtin_prefetch(fl_at(t, ref), 1, 3);
		else
			__builtin_prefetch(fl_at(t, ref), 0, 3);
		return ref;
	}
	if (FL_UNLIKELY(fl_may_be_chained(line, tag) || !fl_miss_is_sure(t, line, meta, hash)))
		return FL_UNSURE;
	return 0;
}

/* --- Writing: under the line's lock --- */

/*
 * Locks the line, or returns false if it does not serve the hash (any more).  Acquire: pairs with
 * fl_unlock().  A waiting thread spins: a line is held for less than a microsecond.
 */
static inline bool fl_hold(const struct flowline *t, struct fl_line *line, uint32_t hash)
{
	FL_TAKES(line);
	for (;;) {
		uint32_t meta = atomic_load_explicit(&line->meta, memory_order_relaxed);

		if (FL_UNLIKELY(!(meta & FL_DEPTH_MASK) || !fl_serves(t, line, meta, hash)))
			break;
		if (FL_LIKELY(!(meta & FL_LOCKED)) &&
		    atomic_compare_exchange_weak_explicit(&line->meta, &meta, meta | FL_LOCKED,
							  memory_order_acquire,
							  memory_order_relaxed))
			return true;
		fl_relax();
	}
	FL_DROPS(line);
	return false;
}

/* Lock the line that serves the hash. */
static inline struct fl_line *fl_lock(struct flowline *t, uint32_t hash)
{
	for (;;) {
		uint32_t meta;
		struct fl_line *line = fl_home(t, hash, &meta);

		FL_POINT(FL_WRITER_HAS_LINE);
		if (FL_LIKELY(fl_hold(t, line, hash)))
			return line;
		fl_relax();
	}
}

/* Release: the next holder or reader sees all changes of the line. */
static inline void fl_unlock(struct fl_line *line)
{
	uint32_t meta = atomic_load_explicit(&line->meta, memory_order_relaxed);

	FL_DROPS(line);
	atomic_store_explicit(&line->meta, meta & ~FL_LOCKED, memory_order_release);
}

/*
 * Locks the lines of two hashes, which may be the same, in ascending order of their addresses;
 * fl_resize() uses the same order.  If a line stops serving meanwhile, its successor may be below a
 * lock that is held already.  So both are looked up again.
 */
static inline void fl_lock_two(struct flowline *t, uint32_t hash_a, uint32_t hash_b,
			       struct fl_line **a, struct fl_line **b)
{
	for (;; fl_relax()) {
		uint32_t meta;
		struct fl_line *first, *second;
		bool swap;

		*a = fl_home(t, hash_a, &meta);
		*b = fl_home(t, hash_b, &meta);
		FL_POINT(FL_WRITER_HAS_LINE);
		swap = *b < *a;
		first = swap ? *b : *a;
		second = swap ? *a : *b;
		if (FL_UNLIKELY(!fl_hold(t, first, swap ? hash_b : hash_a)))
			continue;
		FL_POINT(FL_WRITER_HAS_ONE);
		if (first != second) {
			if (FL_LIKELY(fl_hold(t, second, swap ? hash_a : hash_b)))
				return;
		} else {
			/* Do both still serve?  A locked line keeps the hashes that it serves. */
			meta = atomic_load_explicit(&first->meta, memory_order_relaxed);
			if (FL_LIKELY(fl_serves(t, first, meta, hash_b)))
				return;
		}
		fl_unlock(first);
	}
}

/*
 * From here to fl_move_end() references may be missing from the line although their objects are in
 * the table: a reader that finds nothing searches again.  The fence keeps the store of the count
 * before those that move references; it pairs with the one in fl_miss_is_sure().
 */
static inline void fl_move_begin(struct fl_line *line)
{
	uint32_t meta = atomic_load_explicit(&line->meta, memory_order_relaxed);

	atomic_store_explicit(&line->meta, meta + FL_MOVE, memory_order_relaxed);
	fl_fence(memory_order_release);
}

static inline void fl_move_end(struct fl_line *line)
{
	uint32_t meta = atomic_load_explicit(&line->meta, memory_order_relaxed);

	atomic_store_explicit(&line->meta, meta + FL_MOVE, memory_order_release);
}

/* Adds to the chain, at its head. */
static inline void fl_chain(struct flowline *t, struct fl_line *line, uint16_t tag, uint32_t ref)
{
	uint32_t first = atomic_load_explicit(&line->chain, memory_order_relaxed);
	uint16_t filter = atomic_load_explicit(&line->filter, memory_order_relaxed);

	/*
	 * release, twice: pairs with fl_find_chained(), which may be on this very object, if it was
	 * in the line before
	 */
	atomic_store_explicit(fl_link(fl_at(t, ref), ref & FL_KIND_MASK), first,
			      memory_order_release);
	atomic_store_explicit(&line->chain, ref, memory_order_release);
	atomic_store_explicit(&line->filter, (uint16_t)(filter | 1u << (tag & 15)),
			      memory_order_release);
}

/*
 * Stores ref in slot i (or, if there is no slot i, replaces another, which is returned) so that
 * slots with one tag stay in the order of age: the youngest is the highest.  The line is moving.
 */
static inline uint32_t
fl_keep_order(struct fl_line *line, uint32_t same, int i, uint16_t tag, uint32_t ref, bool oldest)
{
	uint32_t v[FL_SLOTS + 1], slots = same | (i < 0 ? 0 : FL_SLOT(i)), out = 0;
	unsigned int nr = 0;

	if (oldest)
		v[nr++] = ref;
	for (uint32_t s = same; s; s &= ~FL_SLOT(fl_first(s)))
		v[nr++] = atomic_load_explicit(&line->ref[fl_first(s)], memory_order_relaxed);
	if (!oldest)
		v[nr++] = ref;
	nr = 0;
	if (i < 0)
		out = v[nr++];
	for (uint32_t s = slots; s; s &= ~FL_SLOT(fl_first(s)))
		atomic_store_explicit(&line->ref[fl_first(s)], v[nr++], memory_order_release);
	if (i >= 0)
		atomic_store_explicit(&line->tag[i], tag, memory_order_release);
	return out;
}

/*
 * Adds to a free slot, or to the chain.  Among references with one tag a search finds the youngest
 * first, as in a chain with insertion at its head.  oldest: ref comes from the chain and is older
 * than those in slots, of which one is free.
 */
static inline void
fl_add(struct flowline *t, struct fl_line *line, uint32_t hash, uint32_t ref, bool oldest)
{
	const uint16_t tag = fl_tag(hash);
	const uint32_t unused = fl_match_tags(line, 0), same = fl_match_tags(line, tag);
	const int i = unused ? (int)fl_first(unused) : -1;

	if (FL_LIKELY(unused && !same)) {
		/* release: pairs with fl_find_in(), which may have read the same tag here before */
		atomic_store_explicit(&line->ref[i], ref, memory_order_release);
		atomic_store_explicit(&line->tag[i], tag, memory_order_release);
		return;
	}
	if (same) {
		const bool moving =
			atomic_load_explicit(&line->meta, memory_order_relaxed) & FL_MOVE;

		if (!moving)
			fl_move_begin(line);
		ref = fl_keep_order(line, same, i, tag, ref, oldest);
		if (ref) /* replaced: older than the slots, younger than the chain */
			fl_chain(t, line, tag, ref);
		if (!moving)
			fl_move_end(line);
	} else {
		fl_chain(t, line, tag, ref);
	}
}

/*
 * Removes ref from the line's chain; 0 removes the first.  Readers on the object can still
 * continue, because its own link stays.  Returns the removed reference, or 0.
 */
static inline uint32_t fl_unchain(struct flowline *t, struct fl_line *line, uint32_t ref)
{
	uint32_t at = atomic_load_explicit(&line->chain, memory_order_relaxed);
	_Atomic uintptr_t *before = NULL;
	uint32_t next;

	while (at && ref && at != ref) {
		before = fl_link(fl_at(t, at), at & FL_KIND_MASK);
		at = (uint32_t)atomic_load_explicit(before, memory_order_relaxed);
	}
	if (!at)
		return 0;
	next = (uint32_t)atomic_load_explicit(fl_link(fl_at(t, at), at & FL_KIND_MASK),
					      memory_order_relaxed);
	/* release: preserves the order in which the next object became reachable */
	if (before)
		atomic_store_explicit(before, next, memory_order_release);
	else
		atomic_store_explicit(&line->chain, next, memory_order_release);
	if (!before && !next)
		atomic_store_explicit(&line->filter, 0, memory_order_relaxed);
	return at;
}

/* Removes from the line; false if it is not in it. */
static inline bool fl_del(struct flowline *t, struct fl_line *line, uint32_t ref)
{
	for (unsigned int i = 0; i < FL_SLOTS; i++) {
		uint32_t chained;

		if (atomic_load_explicit(&line->ref[i], memory_order_relaxed) != ref ||
		    !atomic_load_explicit(&line->tag[i], memory_order_relaxed))
			continue;
		atomic_store_explicit(&line->tag[i], 0, memory_order_relaxed);
		if (FL_LIKELY(!atomic_load_explicit(&line->chain, memory_order_relaxed)))
			return true;
		/* A slot is free: move one from the chain into it. */
		fl_move_begin(line);
		chained = fl_unchain(t, line, 0);
		fl_add(t, line, fl_hash_of(t, fl_at(t, chained), chained & FL_KIND_MASK), chained,
		       true);
		fl_move_end(line);
		return true;
	}
	/* A reader on a reused object may be carried into another chain and miss the rest. */
	if (FL_REUSES)
		fl_move_begin(line);
	ref = fl_unchain(t, line, ref);
	if (FL_REUSES)
		fl_move_end(line);
	return ref;
}

/* Visits every reference of a locked line. */
typedef void fl_visit_fn(void *arg, fl_object *o, uint32_t kind);

static inline void
fl_visit(const struct flowline *t, const struct fl_line *line, fl_visit_fn *visit, void *arg)
{
	uint32_t ref;

	for (unsigned int i = 0; i < FL_SLOTS; i++) {
		if (!atomic_load_explicit(&line->tag[i], memory_order_relaxed))
			continue;
		ref = atomic_load_explicit(&line->ref[i], memory_order_relaxed);
		visit(arg, fl_at(t, ref), ref & FL_KIND_MASK);
	}
	for (ref = atomic_load_explicit(&line->chain, memory_order_relaxed); ref;) {
		fl_object *o = fl_at(t, ref);
		const uint32_t kind = ref & FL_KIND_MASK;

		ref = (uint32_t)atomic_load_explicit(fl_link(o, kind), memory_order_relaxed);
		visit(arg, o, kind);
	}
}

/* The number of lines that exist or may exist: positions of a walk. */
FL_INLINE uint32_t fl_lines(const struct flowline *t)
{
	return 1u << atomic_load_explicit(&t->depth, memory_order_acquire);
}

/* Locks the line at a walk's position: NULL if it is not active and its parent serves. */
static inline struct fl_line *fl_lock_at(struct flowline *t, uint32_t position)
{
	struct fl_line *line = &t->lines[position];
	uint32_t meta = atomic_load_explicit(&line->meta, memory_order_acquire);

	FL_TAKES(line);
	while (meta & FL_DEPTH_MASK) {
		if (!(meta & FL_LOCKED) && atomic_compare_exchange_weak_explicit(
						   &line->meta, &meta, meta | FL_LOCKED,
						   memory_order_acquire, memory_order_relaxed))
			return line;
		fl_relax();
		meta = atomic_load_explicit(&line->meta, memory_order_acquire);
	}
	FL_DROPS(line);
	return NULL;
}

#endif
