/* SPDX-License-Identifier: MIT */
/* Which kind of pages memory uses: see pages.h. */
#include "harness/machine/pages.h"

#include "harness/base/array.h"
#include "harness/base/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void pages_add(const struct ct_range *range, void *arg)
{
	struct pages_ranges *r = arg;

	if (array_room(r->list, r->nr))
		r->list[r->nr++] = *range;
}

/* One mapping: its place, and its figures from smaps, in KiB. */
struct mapping {
	uint64_t start, end;
	uint64_t rss, thp, hugetlb, page;
};

static void account(const struct mapping *m, const struct pages_ranges *r, size_t min_bytes,
		    struct pages_seen *seen)
{
	double size = (double)(m->end - m->start);

	for (size_t i = 0; i < r->nr && size > 0; i++) {
		uint64_t from = r->list[i].start, to = from + r->list[i].bytes;
		double share;

		if (r->list[i].bytes < min_bytes)
			continue;
		from = from > m->start ? from : m->start;
		to = to < m->end ? to : m->end;
		if (from >= to)
			continue;
		share = 1024 * (double)(to - from) / size;
		seen->bytes += to - from;
		/* smaps does not count huge pages of the pool as resident, but they are. */
		if (m->page > 4) {
			seen->hugetlb += to - from;
			seen->resident += to - from;
		} else {
			seen->resident += (uint64_t)(share * (double)m->rss);
			seen->thp += (uint64_t)(share * (double)m->thp);
		}
	}
}

int pages_scan(FILE *smaps, const struct pages_ranges *r, size_t min_bytes, struct pages_seen *seen)
{
	struct mapping m = { 0 };
	bool any = false;
	char *line = NULL;
	size_t size = 0;

	memset(seen, 0, sizeof(*seen));
	while (file_line(smaps, &line, &size) > 0) {
		uint64_t start, end, kib;

		/* "7f12...-7f13... rw-p ..." begins a mapping; keys begin with a capital letter */
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
			account(&m, r, min_bytes, seen);
			m = (struct mapping){ .start = start, .end = end };
			any = true;
		} else if (sscanf(line, "Rss: %" SCNu64 " kB", &kib) == 1) {
			m.rss = kib;
		} else if (sscanf(line, "AnonHugePages: %" SCNu64 " kB", &kib) == 1) {
			m.thp = kib;
		} else if (sscanf(line, "KernelPageSize: %" SCNu64 " kB", &kib) == 1) {
			m.page = kib;
		}
	}
	account(&m, r, min_bytes, seen);
	free(line);
	return any ? 0 : -EIO;
}

int pages_check_pool(uint64_t need, const char *what, struct ct_error *e)
{
	FILE *f = file_fact("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
	unsigned long long nr_free = 0;

	if (f && fscanf(f, "%llu", &nr_free) != 1)
		nr_free = 0;
	if (f)
		fclose(f);
	if (need <= nr_free)
		return 0;
	return ct_fail(e, -ENOMEM, CT_EXIT_SKIP,
		       "pages: hugetlb needs %llu huge pages of 2 MiB for %s, and %llu are free: "
		       "`sysctl vm.nr_hugepages=%llu` as root sets them aside",
		       (unsigned long long)need, what, nr_free, (unsigned long long)need);
}
