/* SPDX-License-Identifier: MIT */
/* Which connections give way in a full map of BPF: an LRU evicts, a hash refuses; see kernel.h. */
#include "harness/measure/kernel_internal.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "harness/base/progress.h"

/*
 * Of the tuples from `first` on, `count` beginning with number `start`: the share that succeeded.
 */
static int share_of(unsigned int table, enum kernel_step step, uint64_t flows, uint64_t first,
		    uint64_t start, uint64_t count, double *share, struct ct_error *e)
{
	struct kernel_pass p = {
		.first = (uint32_t)first,
		.start = (uint32_t)start,
		.mask = (uint32_t)flows - 1,
		.count = (uint32_t)count,
	};
	int err = kernel_bpf_pass(table, step, &p, e);

	*share = (double)p.hits / (double)count;
	return err;
}

static int fill_and_flood(unsigned int table, uint64_t flows, struct kernel_full *full,
			  unsigned int round, struct ct_error *e)
{
	const uint64_t shuffled = flows, absent = 2 * flows, half = KERNEL_FRESH / 2,
		       flood = KERNEL_FLOOD(flows);
	double ignored, inserted = 0, fresh = 0, answered = 0, old = 0;
	const struct {
		enum kernel_step step;
		uint64_t first, start, count;
		double *share;
	} steps[] = {
		{ STEP_INSERT, 0, 0, flows, &ignored },
		{ STEP_LOOKUP, shuffled, 0, flows, &ignored },
		{ STEP_INSERT, absent, 0, KERNEL_FRESH, &inserted },
		{ STEP_LOOKUP, absent, half, half, &ignored },
		{ STEP_INSERT, absent, KERNEL_FRESH, flood, &ignored },
		{ STEP_LOOKUP, absent, 0, half, &fresh },
		{ STEP_LOOKUP, absent, half, half, &answered },
		{ STEP_LOOKUP, shuffled, 0, flows, &old },
		{ STEP_DELETE, shuffled, 0, flows, &ignored },
		{ STEP_DELETE, absent, 0, KERNEL_FRESH + flood, &ignored },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !err; i++)
		err = share_of(table, steps[i].step, flows, steps[i].first, steps[i].start,
			       steps[i].count, steps[i].share, e);
	full->refused[round] = 1 - inserted;
	full->fresh_lost[round] = 1 - fresh;
	full->answered_lost[round] = 1 - answered;
	full->old_lost[round] = 1 - old;
	return err;
}

/* A list per CPU must be that of one CPU. */
static int stay_here(struct ct_error *e)
{
	const int cpu = sched_getcpu();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)(cpu < 0 ? 0 : cpu), &one);
	if (cpu >= 0 && !sched_setaffinity(0, sizeof(one), &one))
		return 0;
	return ct_fail(e, -errno, CT_EXIT_SKIP, "this process cannot stay on one CPU");
}

int kernel_full_measure(const struct kernel_request *q, struct kernel_result *r, struct ct_error *e)
{
	struct kernel_tuples tuples = { .flows = q->flows };
	struct progress progress;
	int err = stay_here(e);

	if (!err)
		err = kernel_bpf_open(&tuples, q->flows, e);
	if (err)
		return err;
	kernel_make_tuples(tuples.list, q->flows);
	progress_begin(&progress, "measuring", (double)q->rounds);
	for (unsigned int round = 0; round < q->rounds && !err; round++) {
		progress_update(&progress, round, NULL);
		for (unsigned int table = 1; table < KERNEL_THERE && !err; table++)
			err = fill_and_flood(table, q->flows, &r->full[table], round, e);
	}
	progress_end(&progress);
	for (unsigned int table = 1; table < KERNEL_THERE; table++)
		snprintf(r->row[table].name, sizeof(r->row[table].name), "%s",
			 kernel_bpf_name(table));
	return err;
}
