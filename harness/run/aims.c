/* SPDX-License-Identifier: MIT */
/* The aims of a run's workloads, and whether they were reached (aims.h). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/workload/aims.h"
#include "harness/numbers/quartiles.h"
#include "harness/run/run.h"
#include "harness/show/table/table.h"

static double figure(const struct aim *aim, const struct cell *c, const struct cell_result *r)
{
	switch (aim->measure) {
	case AIM_NS_PER_OP:
		return r->ns_per_op;
	case AIM_RATE:
		return result_mops(r);
	case AIM_CONN_BYTES:
		return r->connections ? (double)r->node_bytes / (double)r->connections : 0;
	case AIM_BUCKET_BYTES:
		return c->buckets ? (double)r->bucket_bytes / (double)c->buckets : 0;
	case AIM_SECONDS:
		return r->window;
	case AIM_NR_MEASURES:
		break;
	}
	return 0;
}

static struct quartiles figures(const struct aim *aim, const struct run_cell *c)
{
	double *values = calloc(c->repeats ? c->repeats : 1, sizeof(*values));
	struct quartiles q = { 0 };
	size_t n = 0;

	for (uint32_t k = 0; values && k < c->repeats; k++)
		if (run_repeat_good(&c->list[k]))
			values[n++] = figure(aim, &c->cell, &c->list[k].result);
	if (n)
		q = quartiles_of(values, n);
	free(values);
	return q;
}

/* The cell of another variant at the same point of the workload. */
static const struct run_cell *
same_point(const struct run *run, const struct run_cell *c, const char *variant)
{
	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *other = &run->cells[i];

		if (other->workload == c->workload && !other->cell.control &&
		    !strcmp(other->cell.variant, variant) &&
		    other->cell.threads == c->cell.threads && other->cell.flows == c->cell.flows &&
		    other->cell.buckets == c->cell.buckets)
			return other;
	}
	return NULL;
}

static void
print_one(FILE *out, const struct run *run, const struct aim *aim, const struct run_cell *c)
{
	struct quartiles q = figures(aim, c), base;
	const struct run_cell *other = aim->times[0] ? same_point(run, c, aim->times) : NULL;
	char is[24], low[24], high[24], range[64], limit[160], point[96];
	double bound = aim->bound;

	if (!q.n)
		return;
	snprintf(limit, sizeof(limit), "%s %g", aim->at_least ? ">=" : "<=", aim->bound);
	if (aim->times[0]) {
		base = other ? figures(aim, other) : (struct quartiles){ 0 };
		if (!base.n)
			return;
		bound *= base.median;
		table_number(is, sizeof(is), base.median);
		snprintf(limit, sizeof(limit), "%s %g x %s of %s",
			 aim->at_least ? ">=" : "<=", aim->bound, is, aim->times);
	}
	if (c->cell.flows)
		snprintf(point, sizeof(point), "%" PRIu64 " connections, %u thread%s",
			 c->cell.flows, c->cell.threads, c->cell.threads == 1 ? "" : "s");
	else
		snprintf(point, sizeof(point), "a capture, %u thread%s", c->cell.threads,
			 c->cell.threads == 1 ? "" : "s");
	table_number(is, sizeof(is), q.median);
	table_number(low, sizeof(low), q.q1);
	table_number(high, sizeof(high), q.q3);
	snprintf(range, sizeof(range), "%s..%s", low, high);
	fprintf(out, "  %-32s %-30s %6s %-8s %-14s %-28s %s\n", aim->variant, point, is,
		aim_measures[aim->measure], range, limit,
		(aim->at_least ? q.median >= bound : q.median <= bound) ? "reached" : "MISSED");
}

void run_print_aims(FILE *out, const struct run *run)
{
	bool any = false;

	for (size_t i = 0; i < run->nr_cells; i++) {
		const struct run_cell *c = &run->cells[i];

		for (size_t a = 0; a < c->workload->nr_aims; a++) {
			const struct aim *aim = &c->workload->aims[a];

			if (c->cell.control || strcmp(c->cell.variant, aim->variant))
				continue;
			if (!any)
				fprintf(out, "\nAims, and the medians and quartiles that were "
					     "measured:\n");
			any = true;
			print_one(out, run, aim, c);
		}
	}
}
