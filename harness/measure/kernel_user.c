/* SPDX-License-Identifier: MIT */
/* The same operations on a table of this program; see kernel.h. */
#include "harness/measure/kernel_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>

#include "harness/machine/pages.h"
#include "harness/base/files.h"
#include "variants/variant.h"
#include "variants/work.h"

#define BATCH 4096u
#define DAY   (24u * 3600 * NF_CT_HZ)

static const uint8_t inserts = CT_OP_INSERT, deletes = CT_OP_DELETE;

/* The table on pages of each kind, and one that stores nothing, for the cost of the loop. */
static struct kernel_side table[KERNEL_HERE], nothing;
static const enum ct_pages pages[KERNEL_HERE] = { CT_PAGES_THP, CT_PAGES_4K };
static struct ct_key4 *keys; /* as kernel_tuples.list */
static uint64_t flows;

int kernel_side_open(struct kernel_side *s, uint64_t buckets, uint64_t nr_flows,
		     unsigned int threads, enum ct_pages pages)
{
	const struct ct_config config = {
		.buckets = buckets,
		.connections = nr_flows,
		.hash_key = { 0x9e3779b97f4a7c15, 0xf39cc0605cedc834 },
		.threads = threads + 1,
		.pages = pages,
	};
	int err = s->v->create(&s->core, &config);

	if (err)
		return err;
	s->v->thread_begin(s->core, threads);
	err = net_create(&s->net, s->core);
	s->v->thread_end(s->core);
	return err;
}

int kernel_user_open(const struct kernel_tuples *t, const struct kernel_request *q,
		     uint64_t buckets, struct ct_error *e)
{
	const unsigned int threads = (unsigned int)q->threads;
	const struct ct_variant *v = ct_variant_find(q->table);
	int err;

	flows = t->flows;
	nothing.v = ct_variant_find("null");
	if (!v || !nothing.v)
		return ct_fail(e, -ENOENT, CT_EXIT_USER,
			       "this ctbench has no variant %s, or not null: ctbench list",
			       q->table);
	keys = calloc(3 * (size_t)flows, sizeof(*keys));
	err = keys ? kernel_side_open(&nothing, 1, flows, threads, CT_PAGES_THP) : -ENOMEM;
	for (unsigned int i = 0; i < KERNEL_HERE && !err; i++) {
		table[i].v = v;
		err = kernel_side_open(&table[i], buckets, flows, threads, pages[i]);
	}
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "no memory for %s: ask for fewer --flows",
			       q->table);
	for (uint64_t i = 0; i < 3 * flows; i++)
		keys[i] = (struct ct_key4){ .saddr = t->list[i].saddr,
					    .daddr = t->list[i].daddr,
					    .sport = t->list[i].sport,
					    .dport = t->list[i].dport,
					    .protonum = IPPROTO_UDP };
	return 0;
}

static struct ct_ops_work
work_of(const struct kernel_side *s, enum kernel_step step, const struct kernel_pass *p)
{
	const size_t nr = (size_t)p->mask + 1;
	struct ct_ops_work w = {
		.net = s->net,
		.keys = keys + p->first,
		.nr_keys = nr,
		.key_pos = p->start & p->mask,
		.compact = true,
		.refcount = true,
		.churn = keys + p->first,
		.nr_churn = nr,
		.timeout = DAY,
	};

	if (step == STEP_INSERT || step == STEP_DELETE) {
		w.ops = step == STEP_INSERT ? &inserts : &deletes;
		w.nr_ops = 1;
		w.head = step == STEP_DELETE ? nr : 0;
	}
	return w;
}

double kernel_user_huge(unsigned int which)
{
	struct pages_ranges ranges = { 0 };
	struct pages_seen seen = { 0 };
	FILE *smaps = file_fact("/proc/self/smaps");

	table[which].v->ops->ranges(table[which].core, pages_add, &ranges);
	if (smaps)
		pages_scan(smaps, &ranges, 0, &seen);
	if (smaps)
		fclose(smaps);
	free(ranges.list);
	return seen.resident ? (double)(seen.thp + seen.hugetlb) / (double)seen.resident : 0;
}

int kernel_user_pass(unsigned int which, unsigned int thread, enum kernel_step step,
		     struct kernel_pass *p)
{
	const struct kernel_side *s = step == STEP_EMPTY ? &nothing : &table[which];
	struct ct_ops_work w = work_of(s, step, p);
	struct timespec begin, end;

	s->v->thread_begin(s->core, thread);
	/* CPU time, because other threads may interrupt this loop, but not the kernel's. */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	while (w.done < p->count) {
		w.batch = p->count - w.done < BATCH ? p->count - w.done : BATCH;
		s->v->run_ops(s->core, &w);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	p->ns = (uint64_t)(1000000000 * (end.tv_sec - begin.tv_sec) + end.tv_nsec - begin.tv_nsec);
	s->v->thread_end(s->core);
	p->done = (uint32_t)w.done;
	p->hits = (uint32_t)(step == STEP_INSERT   ? w.inserts - w.insert_failed
			     : step == STEP_DELETE ? w.deletes - w.delete_failed
			     : step == STEP_EMPTY  ? w.done
						   : w.hits);
	return 0;
}
