/* SPDX-License-Identifier: MIT */
/* The same operations on a table of this program; see kernel.h. */
#include "harness/measure/kernel_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>

#include "variants/variant.h"
#include "variants/work.h"

#define BATCH 4096u
#define DAY   (24u * 3600 * NF_CT_HZ)

static const uint8_t inserts = CT_OP_INSERT, deletes = CT_OP_DELETE;

/* The table, and the one that stores nothing, for the cost of the loop. */
static struct side {
	const struct ct_variant *v;
	struct ct_core *core;
	struct net *net;
} table, nothing;
static struct ct_key4 *keys; /* as kernel_tuples.list */
static uint64_t flows;

const char *kernel_user_name(void)
{
	return table.v ? table.v->name : "linux_6_18";
}

static int open_side(struct side *s, uint64_t buckets, unsigned int threads)
{
	const struct ct_config config = {
		.buckets = buckets,
		.connections = flows,
		.hash_key = { 0x9e3779b97f4a7c15, 0xf39cc0605cedc834 },
		.threads = threads + 1,
		.pages = CT_PAGES_THP,
	};
	int err = s->v->create(&s->core, &config);

	if (err)
		return err;
	s->v->thread_begin(s->core, threads);
	err = net_create(&s->net, s->core);
	s->v->thread_end(s->core);
	return err;
}

int kernel_user_open(const struct kernel_tuples *t, uint64_t buckets, unsigned int threads,
		     struct ct_error *e)
{
	int err;

	flows = t->flows;
	table.v = ct_variant_find("linux_6_18");
	nothing.v = ct_variant_find("null");
	if (!table.v || !nothing.v)
		return ct_fail(e, -ENOENT, CT_EXIT_SKIP,
			       "this ctbench was built without linux_6_18 or null");
	keys = calloc(3 * (size_t)flows, sizeof(*keys));
	err = keys ? open_side(&table, buckets, threads) : -ENOMEM;
	if (!err)
		err = open_side(&nothing, 1, threads);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "no memory for %s: ask for fewer --flows",
			       table.v->name);
	for (uint64_t i = 0; i < 3 * flows; i++)
		keys[i] = (struct ct_key4){ .saddr = t->list[i].saddr,
					    .daddr = t->list[i].daddr,
					    .sport = t->list[i].sport,
					    .dport = t->list[i].dport,
					    .protonum = IPPROTO_UDP };
	return 0;
}

static struct ct_ops_work
work_of(const struct side *s, enum kernel_step step, const struct kernel_pass *p)
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

int kernel_user_pass(unsigned int thread, enum kernel_step step, struct kernel_pass *p)
{
	const struct side *s = step == STEP_EMPTY ? &nothing : &table;
	struct ct_ops_work w = work_of(s, step, p);
	struct timespec begin, end;

	s->v->thread_begin(s->core, thread);
	/* CPU time: the kernel's loop is not interrupted by other threads, and this one may be. */
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
