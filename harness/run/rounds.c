/* SPDX-License-Identifier: MIT */
/*
 * Cells that are compared, measured side by side in slices.
 *
 * A group is the cells of a workload at one point (threads, flows, ...), its control among them. An
 * instance of it is one process per cell, all alive at the same time; it is one repeat of each of
 * these cells. In each round every cell has one slice, in a newly drawn order. Changes of the
 * machine that last a second then affect all cells alike, and effects are taken within rounds.
 *
 * If memory cannot hold all cells of a group at once, they are split into sessions.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/machine/distance.h"
#include "harness/machine/memory_limit.h"
#include "harness/machine/memstat.h"
#include "harness/measure/measure.h"
#include "harness/numbers/random.h"
#include "harness/numbers/stats.h"
#include "harness/run/enough.h"
#include "harness/run/rounds.h"
#include "harness/run/slices.h"
#include "harness/base/seconds.h"

#define SLICE_SECONDS  0.010
#define WARMUP_SHARE   0.2  /* of a slice: the shortest warm-up before it */
#define WARMUP_MOST    20.0 /* slices */
#define ATTEMPTS       3    /* at a slice */
#define LONGER_MOST    3    /* doublings */
#define ALONE_SLICES   5    /* length of the window that has the machine to itself, in slices */
#define ALONE_EVERY    4    /* instances */
#define ALONE_LEAST    0.05 /* seconds of a repeat: shorter ones are meaningless */
#define NEAR_NAP       0.05 /* seconds between two checks of the distance of CPUs */
#define NEAR_PATIENCE  20.0 /* seconds of an instance */
#define SIDE_BY_SIDE   64   /* processes */
#define SEED_ROUNDS    0x726f756e64730a21ull
#define MEMORY_RESERVE 1.3 /* memory for the next process, as a multiple of the largest so far */

struct member {
	struct run_cell *cell;
	struct measure_child child;
	struct slice_list slices;
	struct ct_error e;	/* status not 0: no result, with the reason */
	double elapsed, warmup; /* seconds: in its turns; of them warming up */
	double opening;		/* of them until it was ready */
	bool opened;
	bool drifts; /* never steady: another attempt will not help */
	char started[40];
};

struct session {
	struct run *run;
	struct member *list;
	size_t nr; /* that are alive at the same time */
	uint32_t repeat, attempt;
	struct rng rng;
	double slice;	  /* seconds */
	double allowance; /* seconds that may still be spent on repeated slices */
	uint32_t rounds;
	double patience; /* seconds that it may still wait for near CPUs */
};

/* ---- groups ---- */

bool run_same_group(const struct run_cell *a, const struct run_cell *b)
{
	struct cell x = a->cell, y = b->cell;

	if (a->workload != b->workload)
		return false;
	memset(y.variant, 0, sizeof(y.variant));
	memcpy(y.variant, x.variant, sizeof(y.variant));
	/*
	 * Some variants take powers of two only, so points are compared by the requested load
	 * factor.
	 */
	y.buckets = x.buckets;
	y.buckets_rounded = x.buckets_rounded;
	if (a->cell.buckets_rounded || b->cell.buckets_rounded)
		y.load_factor = x.load_factor;
	else if (b->cell.buckets != a->cell.buckets)
		return false;
	y.pin = x.pin;
	memcpy(y.cpus, x.cpus, sizeof(y.cpus));
	y.refcount = x.refcount;
	y.burst = x.burst;
	y.pages = x.pages;
	y.control = x.control;
	memcpy(y.program, x.program, sizeof(y.program));
	y.plant_delay = x.plant_delay;
	y.plant_cold = x.plant_cold;
	return !memcmp(&x, &y, sizeof(x));
}

bool run_in_slices(const struct run *run, const struct run_cell *c)
{
	return run->measure == measure_cell && !c->rates && !c->undivided &&
	       measure_in_slices(&c->cell);
}

static bool takes_part(const struct run *run, const struct run_cell *c, const struct run_cell *like,
		       uint32_t repeat)
{
	return c->selected && !c->gave_up && repeat < c->repeats && !c->list[repeat].done &&
	       run_in_slices(run, c) == run_in_slices(run, like) && run_same_group(like, c);
}

void run_group_windows(struct run *run, struct run_cell *c, uint32_t repeat,
		       void (*measure)(struct run *run, struct run_cell *c, uint32_t repeat))
{
	uint8_t order[SIDE_BY_SIDE];
	struct run_cell *list[SIDE_BY_SIDE];
	size_t nr = 0;
	struct rng rng;

	for (size_t i = 0; i < run->nr_cells && nr < SIDE_BY_SIDE; i++) {
		if (!takes_part(run, &run->cells[i], c, repeat))
			continue;
		order[nr] = (uint8_t)nr;
		list[nr++] = &run->cells[i];
	}
	rng_seed(&rng, c->cell.seed ^ SEED_ROUNDS ^ repeat ^ (uint64_t)(c - run->cells) << 32);
	rng_shuffle(&rng, order, nr);
	for (size_t i = 0; i < nr; i++)
		measure(run, list[order[i]], repeat);
}

/* ---- a slice ---- */

/* The smallest distance of CPUs in this run with that number of threads; NULL: not kept. */
static double *nearest(struct run *run, const struct cell *cell)
{
	return cell->threads > 1 && cell->threads < RUN_NEAREST ? &run->nearest[cell->threads]
								: NULL;
}

static void note_distance(struct run *run, const struct cell *cell, double ns)
{
	double *least = nearest(run, cell);

	if (least && ns > 0 && (*least <= 0 || ns < *least))
		*least = ns;
}

/* False if the run is to end: interrupted, or no memory. */
static bool
take_slice(struct session *s, struct member *m, const struct slice *like, struct slice_order *order)
{
	struct slice *slice = slices_add(&m->slices);
	double begin = seconds_now();

	if (!slice) {
		ct_fail(&s->run->fatal, -ENOMEM, CT_EXIT_USER, "no memory for slices");
		return false;
	}
	slice->round = like->round;
	slice->position = like->position;
	slice->attempt = like->attempt;
	slice->alone = like->alone;
	/* A failed cell has its sentence in m->e, and gets no more slices. */
	measure_slice(&m->child, order, &slice->told, &m->e);
	m->elapsed += seconds_now() - begin;
	m->warmup += slice->told.warmup;
	note_distance(s->run, &m->cell->cell, slice->told.distance_before);
	if (m->child.over || m->e.status)
		m->slices.nr--;
	return !ct_interrupted;
}

static bool is_alive(const struct member *m)
{
	return m->opened && !m->child.over && !m->e.status;
}

/* `distance: near`: wait until the CPUs are near; if they never are, the slice is refused. */
static bool take_near_slice(struct session *s, struct member *m, const struct slice *like,
			    struct slice_order *order)
{
	for (;;) {
		struct slice_told *told;

		if (!take_slice(s, m, like, order))
			return false;
		if (!is_alive(m))
			return true;
		told = &m->slices.list[m->slices.nr - 1].told;
		if (!told->far)
			return true;
		if (s->patience <= 0) {
			snprintf(told->why, sizeof(told->why),
				 "the CPUs were %.0f ns apart, and %.0f ns when they are near",
				 told->distance_before, order->nearest);
			return true;
		}
		m->slices.nr--;
		usleep((useconds_t)(1e6 * NEAR_NAP));
		s->patience -= NEAR_NAP;
	}
}

/*
 * Repeat a slice that was disturbed; a longer one if it was not steady. The repeats are limited: on
 * a machine that others keep busy every slice is refused.
 */
static bool take_round(struct session *s, struct member *m, uint32_t round, uint32_t position)
{
	const struct cell *cell = &m->cell->cell;
	struct slice like = { .round = round, .position = position };

	double length = ldexp(s->slice, (int)m->cell->longer);

	for (like.attempt = 1; like.attempt <= ATTEMPTS && is_alive(m); like.attempt++) {
		const struct slice_told *told;
		struct slice_order order = {
			.what = SLICE_TAKE,
			.plant_cold = like.attempt == 1 && cell->plant_cold == round + 1,
			.seconds = length,
			.warmup_least =
				fmax(m->slices.nr ? 0 : cell->warmup, WARMUP_SHARE * length),
			.warmup_most = WARMUP_MOST * length,
		};

		order.warmup_most = fmax(order.warmup_most, order.warmup_least);
		if (cell->distance == DISTANCE_NEAR && nearest(s->run, cell))
			order.nearest = *nearest(s->run, cell);
		if (!take_near_slice(s, m, &like, &order))
			return false;
		if (!is_alive(m))
			break;
		told = &m->slices.list[m->slices.nr - 1].told;
		if (told->unsteady && !slices_uneven(&m->slices, m->slices.nr - 1))
			break;
		length *= told->unsteady ? 2 : 1;
		if (!told->why[0] || s->allowance < length)
			break;
		s->allowance -= length;
	}
	/* Longer from now on, in the next instances too. */
	if (m->cell->longer < LONGER_MOST && slices_drift(&m->slices)) {
		slices_refuse_drift(&m->slices);
		m->cell->longer++;
	}
	return true;
}

/* A window without other cells' turns, for the absolute figure. */
static bool take_alone(struct session *s, struct member *m)
{
	const struct slice like = { .round = s->rounds, .attempt = 1, .alone = true };
	double length = ALONE_SLICES * s->slice;
	struct slice_order order = {
		.what = SLICE_TAKE,
		.seconds = length,
		.warmup_least = length,
		.warmup_most = WARMUP_MOST * length,
	};

	return !is_alive(m) || take_slice(s, m, &like, &order);
}

static bool take_rounds(struct session *s)
{
	uint8_t order[SIDE_BY_SIDE];

	for (size_t i = 0; i < s->nr; i++)
		order[i] = (uint8_t)i;
	s->allowance = s->slice * s->rounds * (double)s->nr;
	s->patience = NEAR_PATIENCE;
	for (uint32_t round = 0; round < s->rounds; round++) {
		rng_shuffle(&s->rng, order, s->nr);
		for (size_t i = 0; i < s->nr; i++)
			if (!take_round(s, &s->list[order[i]], round, (uint32_t)i))
				return false;
	}
	if (s->repeat % ALONE_EVERY || s->slice * s->rounds < ALONE_LEAST)
		return true;
	for (size_t i = 0; i < s->nr; i++)
		if (!take_alone(s, &s->list[i]))
			return false;
	return true;
}

/* ---- a session ---- */

static bool open_one(struct session *s, struct member *m)
{
	struct cell cell = m->cell->cell;
	double begin = seconds_now();

	cell.repeat = s->repeat;
	cell.sliced = true;
	results_time(m->started, sizeof(m->started));
	m->opened = true;
	measure_open(&m->child, &cell, &m->e);
	m->opening = seconds_now() - begin;
	m->elapsed += m->opening;
	return !ct_interrupted;
}

/* Are they one cell, measured by two programs? */
static bool are_partners(const struct run_cell *a, const struct run_cell *b)
{
	return strcmp(a->cell.program, b->cell.program) != 0 &&
	       !strcmp(a->cell.variant, b->cell.variant) && a->cell.control == b->cell.control &&
	       a->cell.pages == b->cell.pages && a->cell.refcount == b->cell.refcount &&
	       a->cell.pin == b->cell.pin && a->cell.buckets == b->cell.buckets;
}

/* Two cells that are compared stay together: the first of them waits too. */
static bool keep_partners(struct session *s, size_t nr)
{
	struct member *last = &s->list[s->nr - 1];

	if (s->nr < 2 || s->nr == nr || !are_partners(last->cell, s->list[s->nr].cell))
		return true;
	measure_end(&last->child);
	*last = (struct member){ .cell = last->cell };
	s->nr--;
	return true;
}

/* False if the run is to end. */
static bool open_in_order(struct session *s, const uint8_t *order, size_t nr)
{
	uint64_t largest = 0;

	for (s->nr = 0; s->nr < nr; s->nr++) {
		struct member *m = &s->list[order[s->nr]];

		if (s->nr && (double)memory_limit() < MEMORY_RESERVE * (double)largest)
			break;
		if (!open_one(s, m))
			return false;
		if (m->child.pid > 0) {
			uint64_t rss = memstat_rss_of(m->child.pid);

			largest = rss > largest ? rss : largest;
		}
	}
	return true;
}

/*
 * Start as many as fit into memory; the others are left for another session. The order is random:
 * the first process gets other memory than the last, which makes it some percent faster or slower
 * in every instance.
 */
static bool open_all(struct session *s, size_t nr)
{
	struct run_cell *first = s->list[0].cell;
	size_t all = nr < SIDE_BY_SIDE ? nr : SIDE_BY_SIDE;
	uint8_t order[SIDE_BY_SIDE];

	for (size_t i = 0; i < all; i++)
		order[i] = (uint8_t)i;
	if (first->memory_is_short)
		return open_in_order(s, order, all) && keep_partners(s, nr);
	rng_shuffle(&s->rng, order, all);
	if (!open_in_order(s, order, all))
		return false;
	if (s->nr == all)
		return keep_partners(s, nr);
	first->memory_is_short = true;
	for (size_t i = 0; i < all; i++) {
		struct member *m = &s->list[i];

		if (m->opened)
			measure_end(&m->child);
		*m = (struct member){ .cell = m->cell };
	}
	return open_all(s, nr);
}

/* A distance that was near until the CPUs came nearer. */
static void refuse_far(struct session *s, struct member *m)
{
	const struct cell *cell = &m->cell->cell;
	const double *least = nearest(s->run, cell);

	for (size_t i = 0; i < m->slices.nr && cell->distance == DISTANCE_NEAR && least; i++) {
		struct slice_told *told = &m->slices.list[i].told;

		if (!told->why[0] && distance_moved(told->distance_before, *least))
			snprintf(told->why, sizeof(told->why),
				 "the CPUs were %.0f ns apart, and %.0f ns when they are near",
				 told->distance_before, *least);
	}
}

/* Its ratio to the session's first cell, to decide when to stop (enough.h). */
static void note_effect(const struct session *s, const struct member *m, struct run_repeat *r)
{
	double sum = 0, squares = 0, n = 0;

	slices_ratio(&m->slices, &s->list[0].slices, &n, &sum, &squares);
	r->rounds = (uint32_t)n;
	r->effect = n > 0 ? sum / n : 0;
	r->variance = n > 1 ? fmax(0, (squares - sum * sum / n) / (n - 1)) : 0;
	r->opening = m->opening;
	r->round = m->slices.nr ? (m->elapsed - m->opening) / (double)m->slices.nr : 0;
}

static void keep(struct session *s, struct member *m, uint64_t session)
{
	struct measurement *row = calloc(1, sizeof(*row));
	struct run *run = s->run;
	struct cell_result *r;

	if (!row) {
		ct_fail(&run->fatal, -ENOMEM, CT_EXIT_USER, "no memory to continue measuring");
		return;
	}
	r = &row->result;
	snprintf(row->name, sizeof(row->name), "%s", m->cell->name);
	snprintf(row->started, sizeof(row->started), "%s", m->started);
	row->fingerprint = m->cell->fingerprint;
	row->seq = run->seq + 1;
	row->repeat = s->repeat;
	row->attempt = s->attempt;
	if (m->e.status || !m->child.over) {
		r->status = m->e.status ? m->e.status : CT_EXIT_INTERNAL;
		snprintf(r->error, sizeof(r->error), "%.*s", (int)sizeof(r->error) - 1,
			 m->e.status ? m->e.text : "a fault of ctbench");
	} else {
		*r = m->child.result;
		refuse_far(s, m);
		slices_judge_halves(&m->slices);
		m->drifts = slices_drift(&m->slices);
		slices_sum(&m->slices, &m->cell->cell, r);
		if (m->child.details)
			slices_details(&m->slices, session, m->child.details);
	}
	r->elapsed_seconds = m->elapsed;
	run_keep_measurement(run, m->cell, row, m->child.details);
	json_decref(m->cell->list[s->repeat].slices);
	m->cell->list[s->repeat].slices = json_incref(json_object_get(m->child.details, "slices"));
	if (m != s->list)
		note_effect(s, m, &m->cell->list[s->repeat]);
	run->cost.warmups += r->status ? 0 : m->warmup - m->cell->cell.warmup;
	free(row);
}

static void close_all(struct session *s)
{
	const uint64_t session = s->run->seq + 1;

	for (size_t i = 0; i < s->nr && !ct_interrupted; i++) {
		struct member *m = &s->list[i];
		double begin = seconds_now();

		if (is_alive(m))
			measure_close(&m->child, &m->e);
		m->elapsed += seconds_now() - begin;
	}
	for (size_t i = 0; i < s->nr && !ct_interrupted && !s->run->fatal.status; i++)
		keep(s, &s->list[i], session);
}

/* Measures the first of nr members side by side; returns how many, 0 if the run is to end. */
static size_t measure_session(struct session *s, size_t nr)
{
	const struct cell *cell = &s->list[0].cell->cell;

	s->slice = fmin(SLICE_SECONDS, cell->seconds);
	s->rounds = enough_rounds(s->run, s->list[0].cell,
				  (uint32_t)fmax(1, floor(cell->seconds / s->slice + 0.5)));
	rng_seed(&s->rng, cell->seed ^ SEED_ROUNDS ^ ((uint64_t)s->repeat << 32 | s->attempt));
	if (open_all(s, nr) && take_rounds(s))
		close_all(s);
	for (size_t i = 0; i < nr; i++) {
		if (s->list[i].opened)
			measure_end(&s->list[i].child);
		free(s->list[i].slices.list);
	}
	return ct_interrupted || s->run->fatal.status ? 0 : s->nr;
}

/* ---- an instance ---- */

static size_t
find_members(struct run *run, const struct run_cell *like, uint32_t repeat, struct member *list)
{
	size_t nr = 0;

	for (size_t i = 0; i < run->nr_cells; i++)
		if (takes_part(run, &run->cells[i], like, repeat))
			list[nr++] = (struct member){ .cell = &run->cells[i] };
	return nr;
}

/*
 * Can a cell do without this repeat? Yes, if the others suffice for a verdict. All others are
 * compared with the baseline and its control, so these cannot.
 */
static bool can_spare(const struct run_cell *c, uint32_t repeat)
{
	const struct workload *w = c->workload;
	uint32_t good = 0;

	if (c->cell.control || !strcmp(c->cell.variant, w->cells[w->control].variant))
		return false;
	/* With a budget, as many are likely to follow as it holds. */
	for (uint32_t k = 0; k < c->repeats; k++)
		good += k < repeat ? run_repeat_good(&c->list[k]) : k > repeat && k < c->likely;
	return good >= STATS_LEAST;
}

/*
 * A void cell that cannot be spared is measured again together with those that it is compared with:
 * only rounds of both sides are pairs.
 */
static void again_if_void(const struct session *s, size_t nr)
{
	bool any = false;

	for (size_t i = 0; i < nr; i++) {
		const struct run_repeat *r = &s->list[i].cell->list[s->repeat];

		any |= r->done && !r->result.status && r->result.void_reason[0] &&
		       !s->list[i].drifts && !can_spare(s->list[i].cell, s->repeat);
	}
	for (size_t i = 0; i < nr && any; i++) {
		struct run_repeat *r = &s->list[i].cell->list[s->repeat];

		r->done &= r->result.status != 0;
	}
}

unsigned int run_measure_group(struct run *run, struct run_cell *c, uint32_t repeat)
{
	struct member *list = calloc(run->nr_cells, sizeof(*list));
	struct run_cell **members = calloc(run->nr_cells, sizeof(struct run_cell *));
	unsigned int done = 0;
	size_t nr, all;

	if (!list || !members) {
		ct_fail(&run->fatal, -ENOMEM, CT_EXIT_USER, "no memory to continue measuring");
		goto out;
	}
	all = find_members(run, c, repeat, list);
	for (size_t i = 0; i < all; i++)
		members[i] = list[i].cell;
	for (uint32_t attempt = 1; attempt <= 1 + RUN_RETRIES; attempt++) {
		struct session s = { .run = run, .repeat = repeat, .attempt = attempt };
		size_t taken;

		nr = find_members(run, c, repeat, list);
		for (s.list = list; nr; s.list += taken, nr -= taken) {
			taken = measure_session(&s, nr);
			if (!taken)
				goto end;
			if (attempt <= RUN_RETRIES)
				again_if_void(&s, taken);
		}
	}
end:
	for (size_t i = 0; i < all; i++) {
		struct run_repeat *r = &members[i]->list[repeat];

		r->done = r->done || r->seq; /* void after all attempts */
		done += r->done;
	}
out:
	free(list);
	free(members);
	return done;
}
