/* SPDX-License-Identifier: MIT */
/* A run in which nothing can be measured; see run.h. */
#include "harness/run/run.h"

#include <string.h>

#include "harness/base/interrupt.h"

/*
 * Void attempts without a good one after which a run is given up.  If one attempt in eight were
 * good, 24 of them would show none in 4 % of cases ((7 / 8)^24).  If fewer are good, a repeat,
 * which has three attempts, is good less than once in three times: of nine repeats three, and a
 * verdict needs STATS_LEAST.
 */
#define ATTEMPTS 24
/* Of every cell, so that it was tried at two times: disturbances are rarely that long. */
#define REPEATS 2

struct count {
	unsigned int cells, attempts, good;
	unsigned int least; /* void repeats of the cell with the fewest */
	const char *reason; /* of the last void one that is found */
};

/* Of cells that were tried: one that failed, or that this machine cannot run, is not void. */
static struct count count_voids(const struct run *run)
{
	struct count all = { .least = UINT32_MAX };

	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];
		unsigned int voids = 0;

		if (!c->selected || c->gave_up)
			continue;
		for (uint32_t k = 0; k < c->repeats; k++) {
			const struct run_repeat *r = &c->list[k];

			all.good += run_repeat_good(r);
			if (!r->done || r->result.status || !r->result.void_reason[0])
				continue;
			voids++;
			all.reason = r->result.void_reason;
		}
		all.cells++;
		all.attempts += c->voids;
		all.least = voids < all.least ? voids : all.least;
	}
	return all;
}

static void give_up(struct run *run, const struct count *all)
{
	bool elsewhere = strcmp(run->parent, RESULTS_DEFAULT_DIR) != 0;

	ct_fail(&run->fatal, -EBUSY, CT_EXIT_VOID,
		"all %u measurements were void, such as: %.200s; stop what else uses this machine "
		"('ctbench env' says what disturbs it) and continue with 'ctbench %s --resume "
		"%.127s%s%.300s', or measure again with fewer --threads",
		all->attempts, all->reason, run_start_command(run->start), run->name,
		elsewhere ? " --results " : "", elsewhere ? run->parent : "");
}

void run_give_up_if_void(struct run *run, bool ended)
{
	const struct count all = count_voids(run);

	if (run->fatal.status || ct_interrupted || !all.reason || all.good)
		return;
	if (ended || (all.attempts >= ATTEMPTS && all.least >= REPEATS))
		give_up(run, &all);
}
