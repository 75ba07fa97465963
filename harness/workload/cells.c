/* SPDX-License-Identifier: MIT */
/*
 * From words to cells.  First each value is read separately, so that every wrong one is found.
 * Then the product of all lists is made, and check.c checks whether the values of each cell fit
 * together.
 */
#include "harness/machine/topology.h"
#include "harness/workload/internal.h"
#include "harness/workload/key_set_file.h"
#include "harness/workload/size.h"
#include "variants/variant.h"

#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 16384

static int no_memory(struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the workload's cells");
}

static int expand_variants(struct words *out, const struct words *in, struct ct_error *e)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	const struct word *from[256] = { NULL }; /* which word chose it, for later errors */
	char place[WORD_PLACE];
	int err = 0;

	if (!chosen)
		return no_memory(e);
	for (size_t i = 0; i < in->nr && !err; i++) {
		err = variant_select(chosen, in->list[i].text, word_place(&in->list[i], place), e);
		for (size_t v = 0; v < ct_nr_variants && v < 256; v++)
			if (chosen[v] && !from[v])
				from[v] = &in->list[i];
	}
	/* in the register's order, which begins with the baseline */
	for (size_t v = 0; v < ct_nr_variants && !err; v++) {
		const struct word *w = v < 256 && from[v] ? from[v] : &in->list[0];
		const char *name = ct_variants[v]->name;

		if (chosen[v] && words_add(out, name, strlen(name), w->line, w->source))
			err = no_memory(e);
	}
	free(chosen);
	return err;
}

static int add_threads(struct words *out, unsigned int n, const struct word *w)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	return words_add(out, text, (size_t)len, w->line, w->source);
}

/*
 * `threads: all`: the maximum that every pinning policy of the file has CPUs for, which is one
 * thread per CPU unless a policy has one thread per core or cache.
 */
static unsigned int all_threads(const struct words *pinning)
{
	const struct parameter *p = &parameters[PARAM_PINNING];
	unsigned int cpus[CT_MAX_THREADS], n = topology_nr_cpus();

	n = n < CT_MAX_THREADS ? n : CT_MAX_THREADS;
	for (size_t i = 0; i < pinning->nr; i++) {
		struct cell cell = { .pin = PIN_COMPACT };
		struct ct_error ignored = { 0 };

		if (p->type->parse(p, &cell, pinning->list[i].text))
			continue; /* reported where it is applied */
		while (n > 1 && topology_plan(cell.pin, cell.cpus, n, false, cpus, &ignored))
			n--;
	}
	return n;
}

static int expand_threads(struct words *out, const struct words *in, unsigned int cpus)
{
	int err = 0;

	for (size_t i = 0; i < in->nr && !err; i++) {
		const struct word *w = &in->list[i];
		bool powers = !strcmp(w->text, "powers");

		for (unsigned int n = 1; powers && n < cpus && !err; n *= 2)
			err = add_threads(out, n, w);
		if (err)
			break;
		if (powers || !strcmp(w->text, "all"))
			err = add_threads(out, cpus, w);
		else
			err = words_add(out, w->text, strlen(w->text), w->line, w->source);
	}
	return err;
}

/* A path is relative to the file that names it, or else to the current folder. */
static int expand_path(struct words *out, const struct word *w)
{
	bool as_is = !w->line || !strcmp(w->text, "none");
	char *path = as_is ? strdup(w->text) : workload_relative(w->source, w->text);
	int err = path ? words_add(out, path, strlen(path), w->line, w->source) : -ENOMEM;

	free(path);
	return err;
}

static int expand_flows(struct words *out, const struct words *in)
{
	for (size_t i = 0; i < in->nr; i++) {
		const struct word *w = &in->list[i];
		uint64_t flows = size_resolve(w->text);
		int err;

		if (flows) {
			char text[32];

			print_count(text, sizeof(text), flows);
			err = words_add(out, text, strlen(text), w->line, w->source);
		} else if (key_set_is_file(w->text)) {
			err = expand_path(out, w);
		} else {
			err = words_add(out, w->text, strlen(w->text), w->line, w->source);
		}
		if (err)
			return err;
	}
	return 0;
}

static int expand_capture(struct words *out, const struct words *in)
{
	int err = 0;

	for (size_t i = 0; i < in->nr && !err; i++)
		err = expand_path(out, &in->list[i]);
	return err;
}

static int expand_key(struct workload_product *p, const struct workload *w,
		      const struct workload_text *t, int id)
{
	const struct words *in = &t->keys[id];
	struct words *out = &p->keys[id];
	const char *fallback = parameters[id].fallback;
	int err;

	if (id == PARAM_VARIANTS && in->nr)
		return expand_variants(out, in, p->e);
	if (!in->nr)
		err = fallback ? words_add(out, fallback, strlen(fallback), 0, w->path) : 0;
	else if (id == PARAM_THREADS)
		err = expand_threads(out, in, all_threads(&t->keys[PARAM_PINNING]));
	else if (id == PARAM_FLOWS)
		err = expand_flows(out, in);
	else if (id == PARAM_CAPTURE)
		err = expand_capture(out, in);
	else
		err = words_copy(out, in);
	return err ? no_memory(p->e) : 0;
}

/* Some keys exclude each other, and some values are filled in. */
static int
choose_keys(struct workload_product *p, const struct workload *w, const struct workload_text *t)
{
	bool capture = false, all_decode = t->keys[PARAM_KIND].nr > 0;
	const struct words *flows = &t->keys[PARAM_FLOWS], *load = &t->keys[PARAM_LOAD_FACTOR];
	const struct words *buckets = &t->keys[PARAM_BUCKETS];
	char place[WORD_PLACE], allowed[ALLOWED_MAX];

	for (size_t i = 0; i < t->keys[PARAM_CAPTURE].nr; i++)
		capture |= strcmp(t->keys[PARAM_CAPTURE].list[i].text, "none") != 0;
	for (size_t i = 0; i < t->keys[PARAM_KIND].nr; i++)
		all_decode &= !strcmp(t->keys[PARAM_KIND].list[i].text, "decode");

	if (capture && flows->nr)
		return ct_user_error(p->e,
				     "%s: flows does not go with a capture, which has its own "
				     "flows; use copies to multiply them",
				     word_place(&flows->list[0], place));
	if (capture && load->nr)
		return ct_user_error(
			p->e,
			"%s: load_factor does not go with a capture, because its flows "
			"are counted only when it is read; give buckets instead",
			word_place(&load->list[0], place));
	if (buckets->nr && load->nr)
		return ct_user_error(p->e,
				     "%s: both buckets and load_factor are given, and one follows "
				     "from the other; remove one of them",
				     word_place(&load->list[0], place));
	if (!buckets->nr && !load->nr) {
		/* Decoding has no table, but the field needs a number. */
		if (!all_decode)
			return ct_user_error(
				p->e,
				"%s: neither buckets nor load_factor is given; add one, as "
				"in 'load_factor: 1'",
				w->path);
		if (words_add(&p->keys[PARAM_BUCKETS], "1", 1, 0, w->path))
			return no_memory(p->e);
	}
	if (!t->keys[PARAM_VARIANTS].nr) {
		const char *name = ct_variants[0]->name;

		if (!all_decode)
			return ct_user_error(
				p->e, "%s: variants is missing: %s", w->path,
				parameter_allowed(&parameters[PARAM_VARIANTS], allowed));
		if (words_add(&p->keys[PARAM_VARIANTS], name, strlen(name), 0, w->path))
			return no_memory(p->e);
	}
	return 0;
}

static int
set_value(struct cell *cell, int id, const char *text, const char *place, struct ct_error *e)
{
	const struct parameter *p = &parameters[id];
	const char *why = p->type->parse(p, cell, text);
	char allowed[ALLOWED_MAX];

	if (!why)
		return 0;
	return ct_user_error(e, "%s: %s is '%.64s'%s%s, but must be %s", place, p->name, text,
			     *why ? ": " : "", why, parameter_allowed(p, allowed));
}

int cell_param_set(struct cell *cell, const char *column, const char *text, const char *place,
		   struct ct_error *e)
{
	return set_value(cell, PARAM_FIRST_OF_CELL + cell_param_find(column), text, place, e);
}

static int apply(struct workload_product *p, struct cell *cell, int id)
{
	const struct word *word = &p->keys[id].list[p->at[id]];
	char place[WORD_PLACE];

	return set_value(cell, id, word->text, word_place(word, place), p->e);
}

/* Each value separately, with the defaults of all others. */
static int check_values(struct workload_product *p)
{
	struct cell cell = { .buckets = 1, .seconds = 1, .flows = 1 };

	for (int id = PARAM_FIRST_OF_CELL; id < NR_PARAMS; id++) {
		for (p->at[id] = 0; p->at[id] < p->keys[id].nr; p->at[id]++) {
			int err = apply(p, &cell, id);

			if (err)
				return err;
		}
		p->at[id] = 0;
	}
	return 0;
}

static int make_cell(struct workload_product *p, struct cell *cell)
{
	int err = 0;

	for (int id = PARAM_FIRST_OF_CELL; id < NR_PARAMS && !err; id++)
		if (p->keys[id].nr)
			err = apply(p, cell, id);
	/* With one thread every split is the same. */
	if (!err && cell->threads == 1 && !cell->capture[0] && p->keys[PARAM_SPLIT].nr > 1)
		err = set_value(cell, PARAM_SPLIT, p->keys[PARAM_SPLIT].list[0].text, "", p->e);
	if (cell->capture[0])
		memset(cell->key_set, 0, sizeof(cell->key_set));
	/* A capture's flows are known only when it has been read. */
	if (cell->capture[0])
		cell->flows = 0;
	cell->load_factor = (double)cell->flows / (double)cell->buckets;
	return err ? err : workload_check_cell(p, cell);
}

/*
 * Is this cell possible?  If threads share no connection, a lookup finds one only on its own
 * thread.  Packets of another thread's connection can be handed over, except with latencies or a
 * capture; and no other thread may walk the table.
 */
static bool is_possible(const struct cell *cell)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);

	if (!v || !(v->flags & CT_V_UNSHARED) || cell->threads == 1 || cell->kind != KIND_STEADY)
		return true;
	for (uint32_t i = 0; i < cell->nr_events; i++)
		if (cell->events[i].kind != EVENT_FLOOD)
			return false;
	return cell->split == SPLIT_FLOW || (cell->level == LEVEL_PACKETS && !cell->capture[0] &&
					     cell_latency(cell) == LATENCY_NONE);
}

/* The next combination; the last key changes fastest. */
static bool advance(struct workload_product *p)
{
	for (int id = NR_PARAMS - 1; id >= PARAM_FIRST_OF_CELL; id--) {
		if (p->keys[id].nr && ++p->at[id] < p->keys[id].nr)
			return true;
		p->at[id] = 0;
	}
	return false;
}

static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;
	int differs = memcmp(x, y, sizeof(*x));

	/* equal cells in the order in which they were made */
	return differs ? differs : x < y ? -1 : 1;
}

/*
 * Different words can mean the same value (threads 2 and all on two CPUs, two load factors rounded
 * to one number of buckets) and make equal cells; keep the first of them.
 */
static int drop_duplicates(struct workload *w)
{
	const struct cell **sorted = calloc(w->nr_cells, sizeof(*sorted));
	bool *again = calloc(w->nr_cells, sizeof(*again));
	size_t kept = 0;

	if (!sorted || !again) {
		free(sorted);
		free(again);
		return -ENOMEM;
	}
	for (size_t i = 0; i < w->nr_cells; i++)
		sorted[i] = &w->cells[i];
	qsort(sorted, w->nr_cells, sizeof(*sorted), compare_cells);
	for (size_t i = 1; i < w->nr_cells; i++)
		again[sorted[i] - w->cells] =
			!memcmp(sorted[i], sorted[i - 1], sizeof(struct cell));
	for (size_t i = 0; i < w->nr_cells; i++)
		if (!again[i] && kept++ != i)
			memcpy(&w->cells[kept - 1], &w->cells[i], sizeof(struct cell));
	w->nr_cells = kept;
	free(sorted);
	free(again);
	return 0;
}

/* once: what is the same in all cells. */
static int make_product(struct workload *w, struct workload_product *p, const struct cell *once)
{
	size_t nr = 1;
	int err;

	for (int id = PARAM_FIRST_OF_CELL; id < NR_PARAMS; id++)
		if (p->keys[id].nr && __builtin_mul_overflow(nr, p->keys[id].nr, &nr))
			nr = SIZE_MAX;
	if (nr > CELLS_MAX)
		return ct_user_error(
			p->e, "%s: the product of its lists has more than %d cells; shorten a list",
			w->path, CELLS_MAX);
	w->cells = calloc(nr, sizeof(*w->cells));
	if (!w->cells)
		return no_memory(p->e);
	do {
		struct cell *cell = &w->cells[w->nr_cells++];

		*cell = *once;
		err = make_cell(p, cell);
		if (!err && !is_possible(cell))
			w->nr_cells--;
	} while (!err && advance(p));
	if (!err && !w->nr_cells)
		err = ct_user_error(p->e,
				    "%s: threads of this variant share no connection: set "
				    "`split: flow` or `threads: 1`, and no events",
				    w->path);
	if (!err && drop_duplicates(w))
		err = no_memory(p->e);
	return err;
}

/* The baseline (or else the first variant) with the most threads, where noise is worst. */
static size_t choose_control(const struct workload *w)
{
	const char *name = w->cells[0].variant;
	size_t best = w->nr_cells;

	for (size_t i = 0; i < w->nr_cells; i++)
		if (!strcmp(w->cells[i].variant, ct_variants[0]->name))
			name = ct_variants[0]->name;
	for (size_t i = 0; i < w->nr_cells; i++)
		if (!strcmp(w->cells[i].variant, name) &&
		    (best == w->nr_cells || w->cells[i].threads > w->cells[best].threads))
			best = i;
	return best;
}

static uint64_t find_varying(const struct workload *w, const struct workload_product *p)
{
	uint64_t varying = 0;
	char first[1024], other[1024];

	for (unsigned int i = 0; i < cell_nr_params(); i++) {
		/* A value that follows from other parameters is not part of a name. */
		if (!p->keys[PARAM_FIRST_OF_CELL + i].nr)
			continue;
		cell_param_text(&w->cells[0], i, first, sizeof(first));
		for (size_t c = 1; c < w->nr_cells && !(varying >> i & 1); c++) {
			cell_param_text(&w->cells[c], i, other, sizeof(other));
			if (strcmp(first, other))
				varying |= UINT64_C(1) << i;
		}
	}
	return varying;
}

int workload_make_cells(struct workload *w, const struct workload_text *t, struct ct_error *e)
{
	struct workload_product p = { .e = e };
	struct cell once = { 0 };
	int err = 0;

	for (int id = PARAM_FIRST_FIELD; id < NR_PARAMS && !err; id++)
		err = expand_key(&p, w, t, id);
	for (int id = PARAM_FIRST_FIELD; id < PARAM_FIRST_OF_CELL && !err; id++) {
		if (p.keys[id].nr > 1) {
			char place[WORD_PLACE];

			err = ct_user_error(
				e, "%s: %s is one value for all cells and cannot be a list",
				word_place(&p.keys[id].list[1], place), parameters[id].name);
		} else {
			err = apply(&p, &once, id);
		}
	}
	strcpy(once.suite, w->name);
	w->repeats = once.repeats;
	w->seed = once.seed;
	if (!err)
		err = check_values(&p);
	if (!err)
		err = choose_keys(&p, w, t);
	if (!err)
		err = make_product(w, &p, &once);
	if (!err) {
		w->varying = find_varying(w, &p);
		w->control = choose_control(w);
	}
	for (int id = 0; id < NR_PARAMS; id++)
		words_free(&p.keys[id]);
	return err;
}
