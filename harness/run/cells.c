/* SPDX-License-Identifier: MIT */
#include "harness/measure/measure.h"
#include "harness/run/enough.h"
#include "harness/run/run.h"

#include "harness/results/figures.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double result_mops(const struct cell_result *r)
{
	return figure_find(FIGURE_CELL, "mops")->of(r);
}

const char *cell_unit(const struct cell *cell)
{
	if (cell->kind == KIND_FILL)
		return "Mconn/s";
	if (cell->kind == KIND_DECODE || cell->level == LEVEL_PACKETS)
		return "Mpkt/s";
	return "Mops/s";
}

/* FNV-1a: short, and good enough to distinguish two lists of parameters. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	while (*text++);
	return hash;
}

uint64_t run_cell_fingerprint(const struct run_cell *c)
{
	uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), c->name);
	char text[1024];

	for (unsigned int i = 0; i < cell_nr_params(); i++) {
		cell_param_text(&c->cell, i, text, sizeof(text));
		hash = hash_text(hash, cell_param_name(i));
		hash = hash_text(hash, text);
	}
	snprintf(text, sizeof(text), "%" PRIu64, c->cell.seed);
	return hash_text(hash, text);
}

/* Do some of its cells have events? */
static bool has_events(const struct workload *w)
{
	for (size_t i = 0; i < w->nr_cells; i++)
		if (w->cells[i].nr_events)
			return true;
	return false;
}

static int make_cell(struct run_cell *c, const struct workload *w, const struct cell *cell,
		     bool control, const char *program, unsigned int repetitions)
{
	char name[CELL_NAME_MAX];

	c->workload = w;
	c->cell = *cell;
	c->cell.control = control;
	snprintf(c->cell.program, sizeof(c->cell.program), "%s", program);
	c->repeats = repetitions ? repetitions : w->repeats;
	c->likely = c->repeats;
	c->undivided = has_events(w);
	/* It stops as soon as it is known well enough. */
	if (!repetitions && (cell->precision > 0 || cell->budget > 0) && !c->undivided &&
	    measure_in_slices(cell) && c->repeats < ENOUGH_INSTANCES) {
		c->repeats = ENOUGH_INSTANCES;
		c->likely = (uint32_t)fmin(c->repeats, workload_expected_repeats(w) + 0.5);
	}
	c->cell.repeats = c->repeats;
	cell_name(w, &c->cell, name, sizeof(name));
	c->name = strdup(name);
	c->repeats_most = c->repeats;
	c->list = calloc(c->repeats, sizeof(*c->list));
	if (!c->name || !c->list)
		return -ENOMEM;
	c->fingerprint = run_cell_fingerprint(c);
	return 0;
}

int run_make_cells(struct run *run, unsigned int repetitions, struct ct_error *e)
{
	const char *const programs[] = { run->other ? run->other->name : "", RUN_THIS };
	const unsigned int sides = run->other ? 2 : 1;
	size_t nr = run->set.nr;

	for (size_t i = 0; i < run->set.nr; i++)
		nr += run->set.list[i].nr_cells;
	nr *= sides;
	run->cells = calloc(nr, sizeof(*run->cells));
	if (!run->cells)
		goto no_memory;
	for (size_t i = 0; i < run->set.nr; i++) {
		const struct workload *w = &run->set.list[i];

		for (size_t j = 0; j < sides * (w->nr_cells + 1); j++) {
			bool control = j / sides == w->nr_cells;

			/* Counted first, so that freeing also sees a partly made cell. */
			if (make_cell(&run->cells[run->nr_cells++], w,
				      &w->cells[control ? w->control : j / sides], control,
				      programs[j % sides], repetitions))
				goto no_memory;
		}
	}
	return 0;
no_memory:
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the results of %zu cells", nr);
}

void run_free_cells(struct run *run)
{
	for (size_t i = 0; i < run->nr_cells; i++) {
		for (uint32_t k = 0; run->cells[i].list && k < run->cells[i].repeats_most; k++)
			json_decref(run->cells[i].list[k].slices);
		free(run->cells[i].name);
		free(run->cells[i].list);
		free(run->cells[i].rates);
		json_decref(run->cells[i].saturation);
	}
	free(run->cells);
	free(run->gbench);
	run->gbench = NULL;
	run->cells = NULL;
	run->nr_cells = 0;
}

void run_count_cost(struct run *run, const struct run_cell *c, const struct cell_result *r)
{
	if (r->status)
		return;
	run->cost.elapsed += r->elapsed_seconds;
	run->cost.windows += r->window;
	/* In a fill, filling the table is the measurement itself. */
	if (c->cell.kind == KIND_STEADY) {
		run->cost.warmups += c->cell.warmup;
		run->cost.builds += r->build_seconds;
	}
}

/* Was the run resumed between the last measurement and that one? */
static bool gone_on_before(const struct run *run, uint64_t seq)
{
	json_t *last;
	size_t i;

	json_array_foreach(json_object_get(run->start, "resumed"), i, last)
		if ((uint64_t)json_integer_value(last) >= run->pass_seq &&
		    (uint64_t)json_integer_value(last) < seq && run->pass_seq)
			return true;
	return false;
}

void run_keep(struct run *run, struct run_cell *c, const struct measurement *m)
{
	struct run_repeat *r = &c->list[m->repeat];

	if (m->repeat < run->pass_block || gone_on_before(run, m->seq))
		run->pass++;
	run->pass_block = m->repeat;
	run->pass_seq = m->seq;
	r->pass = run->pass;
	if (m->result.void_reason[0])
		c->voids++;
	r->done = true;
	r->seq = m->seq;
	r->result = m->result;
}

int run_take_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	struct run *run = arg;
	struct run_cell *c = NULL;

	for (size_t i = 0; i < run->nr_cells && !c; i++)
		if (!strcmp(run->cells[i].name, m->name))
			c = &run->cells[i];
	if (!c)
		return ct_user_error(e,
				     "this row is of '%.300s', which the workload no longer has: "
				     "measure again under another --name",
				     m->name);
	if (c->fingerprint != m->fingerprint)
		return ct_user_error(e,
				     "'%.300s' was measured with other parameters than the "
				     "workload has now: measure again under another --name",
				     m->name);
	if (m->seq > run->seq)
		run->seq = m->seq;
	if (m->repeat >= c->repeats)
		return 0;
	run_keep(run, c, m);
	run_count_cost(run, c, &m->result);
	/* Void and failed repeats are measured again; their old rows stay in cells.tsv. */
	if (run->measure && !run_repeat_good(&c->list[m->repeat]))
		c->list[m->repeat].done = false;
	return 0;
}
