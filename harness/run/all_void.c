/* SPDX-License-Identifier: MIT */
/* A run in which nothing can be measured; see run.h. */
#include "harness/run/run.h"

#include <limits.h>
#include <string.h>

#include "harness/base/escape.h"
#include "harness/base/interrupt.h"

/*
 * The run is given up after this many void attempts without a good one. If one attempt in eight
 * were good, 24 attempts would all be void in 4 % of cases ((7 / 8)^24). If fewer are good, less
 * than a third of the repeats, which have three attempts each, are good: about three of nine, and a
 * verdict needs STATS_LEAST.
 */
#define ATTEMPTS 24
/*
 * Void repeats of every cell before a run is given up: two attempts at different times, because
 * disturbances are rarely that long.
 */
#define REPEATS 2

struct count {
	unsigned int cells, attempts, good;
	unsigned int least; /* void repeats of the cell with the fewest */
	const char *reason; /* the reason of the last void one */
};

/* Only of cells that were tried: a failed or impossible one is not void. */
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
	char name[600], folder[PATH_MAX];

	ct_fail(&run->fatal, -EBUSY, CT_EXIT_VOID,
		"all %u measurements were void, such as: %.200s; stop what else uses this machine "
		"('ctbench env' says what disturbs it), or measure again with fewer --threads; to "
		"continue: ctbench %s --resume %s%s%s",
		all->attempts, all->reason, run_start_command(run->start),
		escaped(name, sizeof(name), escape_shell, run->name),
		elsewhere ? " --results " : "",
		elsewhere ? escaped(folder, sizeof(folder), escape_shell, run->parent) : "");
}

void run_give_up_if_void(struct run *run, bool ended)
{
	const struct count all = count_voids(run);

	if (run->fatal.status || ct_interrupted || !all.reason || all.good)
		return;
	if (ended || (all.attempts >= ATTEMPTS && all.least >= REPEATS))
		give_up(run, &all);
}
