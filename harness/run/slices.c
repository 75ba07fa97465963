/* SPDX-License-Identifier: MIT */
/* The results of slices; see slices.h. */
#include "harness/run/slices.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/measure/void.h"
#include "harness/results/details.h"
#include "harness/numbers/quartiles.h"
#include "harness/measure/measure.h"

/* Below this total, shares mean little, so all slices are used (void.h). */
#define JUDGED_LEAST VOID_SPEED_LEAST

#define ROUNDS_LEAST   3 /* of the final length */
#define CHANCE_LEAST   5 /* slices, for an estimate of chance */
#define CHANCES	       4 /* standard deviations: one slice in 16,000 by chance */
#define NORMAL_PER_MAD 1.4826

struct slice *slices_add(struct slice_list *l)
{
	if (l->nr == l->room) {
		size_t room = l->room ? 2 * l->room : 32;
		struct slice *list = realloc(l->list, room * sizeof(*list));

		if (!list)
			return NULL;
		l->list = list;
		l->room = room;
	}
	memset(&l->list[l->nr], 0, sizeof(*l->list));
	return &l->list[l->nr++];
}

/* ---- halves ---- */

/*
 * Logarithms of the second half's rate over the first's, of slices that are not refused for another
 * reason: their median, and their standard deviation by chance (from the median deviation, on which
 * slices that began cold have little influence).
 */
struct halves {
	size_t nr;
	double median, chance;
};

static double middle(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static bool has_halves(const struct slice *s)
{
	return !s->alone && s->told.halves > 0 && (!s->told.why[0] || s->told.unsteady);
}

static struct halves halves_of(const struct slice_list *l)
{
	double *values = calloc(l->nr + 1, sizeof(*values));
	struct halves h = { 0 };

	for (size_t i = l->since; i < l->nr && values; i++)
		if (has_halves(&l->list[i]))
			values[h.nr++] = log(l->list[i].told.halves);
	if (h.nr) {
		h.median = middle(values, h.nr);
		for (size_t i = 0; i < h.nr; i++)
			values[i] = fabs(values[i] - h.median);
		h.chance = h.nr < CHANCE_LEAST ? 0 : NORMAL_PER_MAD * middle(values, h.nr);
	}
	free(values);
	return h;
}

static bool is_uneven(const struct halves *h, const struct slice *s)
{
	return !(fabs(log(s->told.halves)) <= fmax(log1p(SLICE_HALVES), CHANCES * h->chance));
}

bool slices_uneven(const struct slice_list *l, size_t i)
{
	const struct halves h = halves_of(l);

	return has_halves(&l->list[i]) && is_uneven(&h, &l->list[i]);
}

void slices_judge_halves(struct slice_list *l)
{
	const struct halves h = halves_of(l);

	for (size_t i = l->since; i < l->nr; i++)
		if (has_halves(&l->list[i]) && !is_uneven(&h, &l->list[i])) {
			l->list[i].told.why[0] = '\0';
			l->list[i].told.unsteady = false;
		}
}

/* The median of n normal values has 1.25 times the standard error of their mean. */
static bool drifts(const struct halves *h)
{
	double chance = h->nr ? 1.2533 * h->chance / sqrt((double)h->nr) : 0;

	return h->nr >= CHANCE_LEAST &&
	       fabs(h->median) > fmax(log1p(SLICE_HALVES), CHANCES * chance);
}

bool slices_drift(const struct slice_list *l)
{
	const struct halves h = halves_of(l);

	return drifts(&h);
}

void slices_refuse_drift(struct slice_list *l)
{
	const struct halves h = halves_of(l);

	for (size_t i = l->since; i < l->nr; i++) {
		struct slice_told *told = &l->list[i].told;

		if (!l->list[i].alone && (!told->why[0] || told->unsteady))
			snprintf(told->why, sizeof(told->why),
				 "too short: second halves ran at %.3f times the rate of first "
				 "halves",
				 exp(h.median));
		told->unsteady = false;
	}
	l->since = l->nr;
}

/* ---- the result ---- */

/* The last attempt of a round counts. */
static bool is_last(const struct slice_list *l, size_t i)
{
	const struct slice *s = &l->list[i];

	return !s->alone &&
	       (i + 1 == l->nr || l->list[i + 1].alone || l->list[i + 1].round != s->round);
}

static const char *choose(struct slice_list *l)
{
	size_t rounds = 0, good = 0;
	const struct slice *worst = NULL; /* name a CPU quota before its effects */

	for (size_t i = 0; i < l->nr; i++) {
		struct slice *s = &l->list[i];

		if (!is_last(l, i) || i < l->since)
			continue;
		rounds++;
		s->used = !s->told.why[0];
		good += s->used;
		if (!s->used && (!worst || s->told.throttled >= worst->told.throttled))
			worst = s;
	}
	/* If shorter slices were refused, there are only few rounds of longer ones. */
	if (2 * good >= rounds && good >= (l->since ? ROUNDS_LEAST : 1))
		return NULL;
	for (size_t i = 0; i < l->nr; i++)
		if (is_last(l, i))
			l->list[i].used = l->list[i].told.ops > 0 && l->list[i].told.seconds > 0;
	if (worst)
		return worst->told.why;
	return rounds ? "they were too short" : NULL;
}

void slices_sum(struct slice_list *l, const struct cell *cell, struct cell_result *r)
{
	double ops = 0, seconds = 0, cpu = 0, slowest = 0, fastest = 0, skew = 0;
	const struct halves halves = halves_of(l);
	const char *why;

	if (r->status)
		return;
	why = choose(l);
	for (size_t i = 0; i < l->nr; i++) {
		const struct slice_told *t = &l->list[i].told;

		if (!l->list[i].used)
			continue;
		ops += t->ops;
		seconds += t->seconds + t->charged;
		cpu += t->cpu;
		slowest += t->slowest * t->seconds;
		fastest += t->fastest * t->seconds;
		skew = fmax(skew, t->skew);
	}
	r->window = seconds;
	r->ops = (uint64_t)(ops + 0.5);
	r->skew = skew;
	r->ns_per_op = ops > 0 ? 1e9 * cell->threads * seconds / ops : 0;
	r->cpu_ns_per_op = ops > 0 ? 1e9 * cpu / ops : 0;
	r->min_thread_ops = seconds > 0 ? slowest / seconds : 0;
	r->max_thread_ops = seconds > 0 ? fastest / seconds : 0;
	if (!r->ops && !r->void_reason[0])
		snprintf(r->void_reason, sizeof(r->void_reason),
			 "no operation was finished inside a slice");
	if (cell->seconds < JUDGED_LEAST || r->void_reason[0])
		return;
	if (why)
		snprintf(r->void_reason, sizeof(r->void_reason),
			 "more than half of the slices were refused; one reason: %s", why);
	else if (drifts(&halves))
		snprintf(r->void_reason, sizeof(r->void_reason),
			 "never steady: second halves of slices ran at %.3f times the rate of "
			 "first halves",
			 exp(halves.median));
}

/* ---- columns ---- */

static const struct column {
	const char *name;
	size_t offset; /* of a double in struct slice_told */
} columns[] = {
#define COLUMN(name, field) \
	{ \
		name, offsetof(struct slice_told, field) \
	}
	COLUMN("ops", ops),
	COLUMN("seconds", seconds),
	COLUMN("charged_s", charged),
	COLUMN("halves", halves),
	COLUMN("distance_before_ns", distance_before),
	COLUMN("distance_after_ns", distance_after),
	COLUMN("chase_ns", chase),
	COLUMN("warmup_s", warmup),
	COLUMN("touched_bytes", touched),
	COLUMN("drain_s", drain),
	COLUMN("lost_s", lost),
#undef COLUMN
};
#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *const counts[] = { "round", "position", "attempt", "alone", "used" };
#define NR_COUNTS (sizeof(counts) / sizeof(counts[0]))

static double value_of(const struct slice *s, size_t column)
{
	return *(const double *)((const char *)&s->told + columns[column].offset);
}

static double rate(const struct slice_told *t)
{
	return t->ops / (t->seconds + t->charged);
}

/* The median over slices of a column, or of the rate if column < 0; NAN without slices. */
static double median(const struct slice_list *l, int column, bool alone)
{
	double *values = calloc(l->nr + 1, sizeof(*values)), result = NAN;
	size_t n = 0;

	for (size_t i = 0; i < l->nr && values; i++) {
		const struct slice *s = &l->list[i];

		if (alone ? s->alone && !s->told.why[0] : s->used)
			values[n++] = column < 0 ? rate(&s->told) : value_of(s, (size_t)column);
	}
	if (n)
		result = middle(values, n);
	free(values);
	return result;
}

static int column_named(const char *name)
{
	for (size_t i = 0; i < NR_COLUMNS; i++)
		if (!strcmp(columns[i].name, name))
			return (int)i;
	return -1;
}

static void tell_metrics(const struct slice_list *l, json_t *details)
{
	double distance = median(l, column_named("distance_before_ns"), false);
	double chase = median(l, column_named("chase_ns"), false);
	double alone = median(l, -1, true), slices = median(l, -1, false);
	size_t again = 0, first = 0;

	for (size_t i = 0; i < l->nr; i++) {
		first += !l->list[i].alone && l->list[i].attempt == 1;
		again += !l->list[i].alone && l->list[i].attempt > 1;
	}
	if (distance > 0)
		measure_metric(details, "cpu_distance_ns", distance);
	if (chase > 0)
		measure_metric(details, "chase_ns", chase);
	if (first)
		measure_metric(details, "slices_again_percent",
			       100 * (double)again / (double)first);
	if (alone > 0 && slices > 0)
		measure_metric(details, "slices_vs_alone_percent", 100 * (slices / alone - 1));
}

void slices_ratio(const struct slice_list *a, const struct slice_list *b, double *n, double *sum,
		  double *squares)
{
	for (size_t i = 0; i < a->nr; i++)
		for (size_t k = 0; k < b->nr && a->list[i].used; k++) {
			double ratio;

			if (!b->list[k].used || a->list[i].round != b->list[k].round)
				continue;
			ratio = log(rate(&b->list[k].told) / rate(&a->list[i].told));
			*n += 1;
			*sum += ratio;
			*squares += ratio * ratio;
		}
}

void slices_details(const struct slice_list *l, uint64_t session, json_t *details)
{
	json_t *json = json_pack("{s:I}", "session", (json_int_t)session);

	for (size_t k = 0; k < NR_COUNTS + NR_COLUMNS + 1; k++) {
		json_t *list = json_array();

		for (size_t i = 0; i < l->nr; i++) {
			const struct slice *s = &l->list[i];
			uint32_t count[NR_COUNTS] = { s->round, s->position, s->attempt, s->alone,
						      s->used };

			if (k < NR_COUNTS)
				json_array_append_new(list, json_integer(count[k]));
			else if (k < NR_COUNTS + NR_COLUMNS)
				json_array_append_new(list, json_real(value_of(s, k - NR_COUNTS)));
			else
				json_array_append_new(list, s->told.why[0]
								    ? json_string(s->told.why)
								    : json_null());
		}
		json_object_set_new(json,
				    k < NR_COUNTS		 ? counts[k]
				    : k < NR_COUNTS + NR_COLUMNS ? columns[k - NR_COUNTS].name
								 : "why",
				    list);
	}
	json_object_set_new(details, "slices", json);
	tell_metrics(l, details);
}

/* ---- what was kept ---- */

static double at(const json_t *slices, const char *column, size_t i)
{
	return json_number_value(json_array_get(json_object_get(slices, column), i));
}

json_t *slices_report(const json_t *repeats, uint32_t threads)
{
	json_t *all = NULL, *repeat;
	size_t k;

	json_array_foreach((json_t *)repeats, k, repeat) {
		json_t *slices = json_object_get(repeat, "slices");
		json_t *round = json_array(), *ns = json_array(), *distance = json_array();

		for (size_t i = 0; i < json_array_size(json_object_get(slices, "used")); i++) {
			double seconds = at(slices, "seconds", i) + at(slices, "charged_s", i);
			double ops = at(slices, "ops", i);

			if (at(slices, "used", i) <= 0 || ops <= 0)
				continue;
			json_array_append_new(round,
					      json_integer((json_int_t)at(slices, "round", i)));
			json_array_append_new(ns, json_real(1e9 * threads * seconds / ops));
			json_array_append_new(distance,
					      json_real(at(slices, "distance_before_ns", i)));
		}
		if (!all)
			all = json_array();
		json_array_append_new(all, json_pack("{s:O?, s:O?, s:o, s:o, s:o}", "repeat",
						     json_object_get(repeat, "repeat"), "session",
						     json_object_get(slices, "session"), "round",
						     round, "ns", ns, "distance_ns", distance));
	}
	return all;
}

static void print_rows(FILE *out, const char *name, const json_t *repeat)
{
	const json_t *slices = json_object_get(repeat, "slices");
	const json_t *why = json_object_get(slices, "why");

	for (size_t i = 0; i < json_array_size(why); i++) {
		const char *reason = json_string_value(json_array_get(why, i));

		fprintf(out, "%s\t%lld\t%lld", name,
			(long long)json_integer_value(json_object_get(repeat, "repeat")),
			(long long)json_integer_value(json_object_get(slices, "session")));
		for (size_t k = 0; k < NR_COUNTS; k++)
			fprintf(out, "\t%.0f", at(slices, counts[k], i));
		for (size_t k = 0; k < NR_COLUMNS; k++)
			fprintf(out, "\t%.6g", at(slices, columns[k].name, i));
		fprintf(out, "\t%s\n", reason ? reason : "-");
	}
}

int slices_write_tsv(const char *dir, struct ct_error *e)
{
	json_t *all = details_read(dir, "slices", e), *repeats, *repeat;
	char *text = NULL;
	size_t len, i;
	const char *name;
	FILE *out;
	int err = 0;

	if (!all)
		return -EIO;
	if (!json_object_size(all))
		goto out;
	out = memory_stream(&text, &len);
	fputs("name\tinstance\tsession", out);
	for (size_t k = 0; k < NR_COUNTS; k++)
		fprintf(out, "\t%s", counts[k]);
	for (size_t k = 0; k < NR_COLUMNS; k++)
		fprintf(out, "\t%s", columns[k].name);
	fputs("\twhy\n", out);
	json_object_foreach(all, name, repeats)
		json_array_foreach(repeats, i, repeat)
			print_rows(out, name, repeat);
	memory_stream_close(out, &text);
	err = results_write_text(dir, "slices.tsv", text, len, e);
out:
	free(text);
	json_decref(all);
	return err;
}
