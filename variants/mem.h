/* SPDX-License-Identifier: MIT */
/*
 * Memory for bucket arrays and node slabs, through the process's allocator or from the pool of huge
 * pages.
 */
#ifndef CTBENCH_VARIANTS_MEM_H
#define CTBENCH_VARIANTS_MEM_H

#include <stdlib.h>
#include <sys/mman.h>

#include "core/compiler.h"

#define CT_HUGE_PAGE ((size_t)2 << 20)

/* The pages requested for a table's memory. */
enum ct_pages {
	CT_PAGES_4K,	  /* not huge */
	CT_PAGES_THP,	  /* huge if the kernel has some */
	CT_PAGES_HUGETLB, /* huge pages that the administrator set aside, or no memory */
};

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_HUGE_2MB
#define MAP_HUGE_2MB (21 << 26)
#endif

/* From the size of one huge page, and always with hugetlb, memory is in whole huge pages. */
static inline size_t ct_mem_size(size_t bytes, enum ct_pages pages)
{
	size_t align = bytes >= CT_HUGE_PAGE || pages == CT_PAGES_HUGETLB ? CT_HUGE_PAGE
									  : 2UL * CT_CACHE_LINE;

	return (bytes + align - 1) & ~(align - 1);
}

/*
 * Allocates bytes of memory (not cleared), aligned to two cache lines (as struct nf_conn
 * needs), from the size of one huge page to a huge page.  The kind of pages is only a
 * request, except with hugetlb.  NULL without memory.
 */
static inline void *ct_mem_alloc(size_t bytes, enum ct_pages pages)
{
	size_t size = ct_mem_size(bytes, pages);
	void *p;

	if (size < bytes)
		return NULL;
	if (pages == CT_PAGES_HUGETLB) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);
		return p == MAP_FAILED ? NULL : p;
	}
	p = aligned_alloc(size >= CT_HUGE_PAGE ? CT_HUGE_PAGE : 2UL * CT_CACHE_LINE, size);
	if (p && size >= CT_HUGE_PAGE)
		madvise(p, size, pages == CT_PAGES_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return p;
}

/* bytes and pages as in ct_mem_alloc(); NULL is accepted. */
static inline void ct_mem_free(void *p, size_t bytes, enum ct_pages pages)
{
	if (p && pages == CT_PAGES_HUGETLB)
		munmap(p, ct_mem_size(bytes, pages));
	else
		free(p);
}

/*
 * Reserves address space without memory; and puts memory into it (cleared; from the size of one
 * huge page with the requested pages): NULL or false if there is none.  bytes is a result of
 * ct_mem_size().
 */
static inline char *ct_mem_reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline bool ct_mem_commit(char *at, size_t bytes, enum ct_pages pages)
{
	const int huge = pages == CT_PAGES_HUGETLB ? MAP_HUGETLB | MAP_HUGE_2MB : 0;

	if (mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | huge,
		 -1, 0) == MAP_FAILED) {
		/* It may have left a hole, which is not to become anybody else's memory. */
		void *p = mmap(at, bytes, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE,
			       -1, 0);

		if (p != MAP_FAILED && p != at) /* before Linux 4.17 */
			munmap(p, bytes);
		return false;
	}
	if (bytes >= CT_HUGE_PAGE && !huge)
		madvise(at, bytes, pages == CT_PAGES_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return true;
}

#endif
