/* SPDX-License-Identifier: MIT */
/* The cold part of flowline.h: memory, and resizes line by line. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "flowline.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FL_HUGE ((size_t)2 << 20)
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17; before, a hint */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14 */
#endif

static size_t fl_bytes(uint32_t depth)
{
	return sizeof(struct fl_line) << depth;
}

static size_t fl_round(const struct flowline *t, size_t bytes)
{
	size_t page = t->pages == FL_PAGES_HUGETLB ? FL_HUGE : (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) & ~(page - 1);
}

/*
 * Reserve addresses again that could not be mapped.  An mmap(MAP_FIXED) that fails (no huge pages
 * left) may leave a hole, in which the process's next mapping would be overwritten by the next
 * resize, or unmapped with the table.
 */
static int fl_refill(char *start, size_t bytes)
{
	char *p = mmap(start, bytes, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);

	if (p != MAP_FAILED && p != start)
		munmap(p, bytes);
	return -ENOMEM;
}

/*
 * Make the lines in [begin, end), offsets in bytes, usable: zero, so not active yet.  The resizing
 * thread touches them here, so that no reader waits for the kernel to clear a page.
 */
static int fl_commit(struct flowline *t, size_t begin, size_t end)
{
	const int huge = t->pages == FL_PAGES_HUGETLB ? MAP_HUGETLB | MAP_HUGE_2MB : 0;
	char *start = (char *)t->lines + fl_round(t, begin);
	size_t bytes = fl_round(t, end) - fl_round(t, begin);

	if (!bytes)
		return 0;
	if (mmap(start, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | huge, -1, 0) == MAP_FAILED)
		return fl_refill(start, bytes);
	if (bytes >= FL_HUGE && !huge)
		madvise(start, bytes, t->pages == FL_PAGES_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (madvise(start, bytes, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno == ENOMEM || errno == EFAULT || errno == EHWPOISON)
		return -ENOMEM;
	for (size_t i = 0; i < bytes; i += 4096) /* a kernel before 5.14 */
		((volatile char *)start)[i] = 0;
	return 0;
}

/* The reverse; no thread accesses them any more. */
static void fl_uncommit(struct flowline *t, size_t begin, size_t end)
{
	char *start = (char *)t->lines + fl_round(t, begin);
	size_t bytes = fl_round(t, end) - fl_round(t, begin);

	if (bytes)
		(void)mmap(start, bytes, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

/* Address space only, aligned to a huge page. */
static struct fl_line *fl_reserve(size_t bytes)
{
	char *p = mmap(NULL, bytes + FL_HUGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		return NULL;
	before = (FL_HUGE - ((uintptr_t)p & (FL_HUGE - 1))) & (FL_HUGE - 1);
	if (before)
		munmap(p, before);
	munmap(p + before + bytes, FL_HUGE - before);
	return (struct fl_line *)(p + before);
}

static size_t fl_reserved(const struct flowline *t)
{
	size_t bytes = fl_bytes(t->max_depth);

	return bytes < FL_HUGE ? FL_HUGE : bytes;
}

int fl_init(struct flowline *t, uint32_t depth, uint32_t max_depth, void *objects,
	    enum fl_pages pages, const void *owner)
{
	int ret;

	memset((void *)t, 0, sizeof(*t));
	t->owner = owner;
	if (depth > FL_MAX_DEPTH)
		return -ENOMEM;
	if (max_depth > FL_MAX_DEPTH) /* a line's meta has no bits for more */
		max_depth = FL_MAX_DEPTH;
	t->pages = pages;
	t->origin = (char *)objects - FL_OBJECT_SIZE;
	/* If address space is short, a table that can grow less is better than none. */
	for (t->max_depth = max_depth < depth ? depth : max_depth;; t->max_depth--) {
		t->lines = fl_reserve(fl_reserved(t));
		if (t->lines)
			break;
		if (t->max_depth == depth)
			return -ENOMEM;
	}
	ret = fl_commit(t, 0, fl_bytes(depth));
	if (ret) {
		fl_destroy(t);
		return ret;
	}
	for (uint32_t i = 0; i < 1u << depth; i++)
		atomic_store_explicit(&t->lines[i].meta, (depth + 1) << FL_DEPTH_SHIFT,
				      memory_order_relaxed);
	atomic_store_explicit(&t->depth, depth, memory_order_release);
	return 0;
}

void fl_destroy(struct flowline *t)
{
	if (t->lines)
		munmap(t->lines, fl_reserved(t));
	memset((void *)t, 0, sizeof(*t));
}

static void fl_set_depth(struct fl_line *line, uint32_t field)
{
	uint32_t meta = atomic_load_explicit(&line->meta, memory_order_relaxed);

	atomic_store_explicit(&line->meta, (meta & ~FL_DEPTH_MASK) | field << FL_DEPTH_SHIFT,
			      memory_order_release);
}

/* Reverses the chain, so that its oldest comes first.  The line is moving. */
static uint32_t fl_reverse(struct flowline *t, uint32_t ref)
{
	uint32_t before = 0;

	while (ref) {
		_Atomic uintptr_t *link = fl_link(fl_at(t, ref), ref & FL_KIND_MASK);
		uint32_t next = (uint32_t)atomic_load_explicit(link, memory_order_relaxed);

		/* release: a reader on this object goes to one that it may not have seen yet */
		atomic_store_explicit(link, before, memory_order_release);
		before = ref;
		ref = next;
	}
	return before;
}

/*
 * Distribute the references in `from`: hashes with that bit (all, if it is 0) go to `to`, the
 * others stay.  Both lines are locked or not active yet, and from is moving.  In the order of age,
 * the oldest first, because fl_add() treats each new one as the youngest.
 */
static void fl_deal(struct flowline *t, struct fl_line *from, struct fl_line *to, uint32_t bit)
{
	uint32_t slot[FL_SLOTS], ref, next, hash;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < FL_SLOTS; i++) {
		if (!atomic_load_explicit(&from->tag[i], memory_order_relaxed))
			continue;
		slot[nr++] = atomic_load_explicit(&from->ref[i], memory_order_relaxed);
		atomic_store_explicit(&from->tag[i], 0, memory_order_relaxed);
	}
	ref = fl_reverse(t, atomic_load_explicit(&from->chain, memory_order_relaxed));
	atomic_store_explicit(&from->chain, 0, memory_order_relaxed);
	atomic_store_explicit(&from->filter, 0, memory_order_relaxed);
	for (; ref; ref = next) {
		fl_object *o = fl_at(t, ref);

		next = (uint32_t)atomic_load_explicit(fl_link(o, ref & FL_KIND_MASK),
						      memory_order_relaxed);
		hash = fl_hash_of(t, o, ref & FL_KIND_MASK);
		fl_add(t, bit && !(hash & bit) ? from : to, hash, ref, false);
	}
	for (unsigned int i = 0; i < nr; i++) {
		hash = fl_hash_of(t, fl_at(t, slot[i]), slot[i] & FL_KIND_MASK);
		fl_add(t, bit && !(hash & bit) ? from : to, hash, slot[i], false);
	}
}

/* Prefetch the objects that a split will read some lines later, for their hashes. */
static void fl_look_ahead(const struct flowline *t, const struct fl_line *line)
{
	for (unsigned int i = 0; i < FL_SLOTS; i++)
		if (atomic_load_explicit(&line->tag[i], memory_order_relaxed)) {
			uint32_t ref = atomic_load_explicit(&line->ref[i], memory_order_relaxed);
			const char *o = (const char *)fl_at(t, ref);

			__builtin_prefetch(o);
			__builtin_prefetch(o + 64);
		}
}

#define FL_AHEAD 8u

/*
 * Doubles the number of lines.  Lookups begin at the new half as soon as it exists and is empty: a
 * line that is not active sends them to its parent, which serves until it is split.
 */
static int fl_grow(struct flowline *t)
{
	const uint32_t depth = atomic_load_explicit(&t->depth, memory_order_relaxed);
	const uint32_t half = 1u << depth;
	int ret = fl_commit(t, fl_bytes(depth), fl_bytes(depth + 1));

	if (ret)
		return ret;
	atomic_store_explicit(&t->depth, depth + 1, memory_order_release);
	for (uint32_t i = 0; i < half; i++) {
		struct fl_line *parent, *child = &t->lines[i + half];

		if (i + FL_AHEAD < half)
			fl_look_ahead(t, &t->lines[i + FL_AHEAD]);
		parent = fl_lock_at(t, i);
		fl_move_begin(parent);
		fl_deal(t, parent, child, half);
		/* The child first: lookups for references that moved must not be sent back here. */
		fl_set_depth(child, depth + 2);
		FL_POINT(FL_CHILD_SPLIT);
		fl_set_depth(parent, depth + 2);
		fl_move_end(parent);
		fl_unlock(parent);
	}
	return 0;
}

/* Halves the number of lines. */
static void fl_shrink(struct flowline *t)
{
	const uint32_t depth = atomic_load_explicit(&t->depth, memory_order_relaxed) - 1;
	const uint32_t half = 1u << depth;

	for (uint32_t i = 0; i < half; i++) {
		struct fl_line *parent, *child;

		if (i + FL_AHEAD < half)
			fl_look_ahead(t, &t->lines[i + half + FL_AHEAD]);
		parent = fl_lock_at(t, i);
		child = fl_lock_at(t, i + half);
		fl_move_begin(parent);
		fl_move_begin(child);
		fl_deal(t, child, parent, 0);
		fl_set_depth(parent, depth + 1);
		FL_POINT(FL_CHILD_JOINED);
		/* Still moving: an empty child must not be mistaken for a miss. */
		fl_set_depth(child, 0); /* from now on lookups go to the parent and wait there */
		fl_move_end(child);
		fl_unlock(child);
		fl_move_end(parent);
		fl_unlock(parent);
	}
	atomic_store_explicit(&t->depth, depth, memory_order_release);
	/* Readers may still read the upper half, which sends them to the parents. */
	fl_grace(t);
	fl_uncommit(t, fl_bytes(depth), fl_bytes(depth + 1));
}

int fl_resize(struct flowline *t, uint32_t depth)
{
	int ret = 0;

	if (depth > t->max_depth)
		return -EINVAL;
	while (!ret && atomic_load_explicit(&t->depth, memory_order_relaxed) < depth)
		ret = fl_grow(t);
	while (atomic_load_explicit(&t->depth, memory_order_relaxed) > depth)
		fl_shrink(t);
	return ret;
}
