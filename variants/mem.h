/* SPDX-License-Identifier: MIT */
/* Memory for bucket arrays and node slabs, through the process's allocator. */
#ifndef CTBENCH_VARIANTS_MEM_H
#define CTBENCH_VARIANTS_MEM_H

#include <stdlib.h>
#include <sys/mman.h>

#include "core/compiler.h"

#define CT_HUGE_PAGE ((size_t)2 << 20)

/*
 * bytes of memory (not cleared), aligned to two cache lines (as struct nf_conn
 * needs); from one huge page upwards to a huge page, with the page size asked
 * for.  NULL without memory.  Freed with free().
 */
static inline void *ct_mem_alloc(size_t bytes, bool huge)
{
	size_t align = bytes >= CT_HUGE_PAGE ? CT_HUGE_PAGE : 2 * CT_CACHE_LINE;
	size_t size = (bytes + align - 1) & ~(align - 1);
	void *p;

	if (size < bytes)
		return NULL;
	p = aligned_alloc(align, size);
	if (p && align == CT_HUGE_PAGE)
		madvise(p, size,
			huge ? MADV_HUGEPAGE
			     : MADV_NOHUGEPAGE); /* a wish; the result says what came of it */
	return p;
}

#endif
