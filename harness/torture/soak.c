/* SPDX-License-Identifier: MIT */
/* Soak: detects growth of memory, entries and deferred memory.  See torture_soak(). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/ticks.h"
#include "harness/machine/memstat.h"
#include "harness/base/progress.h"
#include "harness/numbers/trend.h"
#include "harness/torture/internal.h"

#define SAMPLES_MIN 16u /* also where threads take long to come back */
#define WARMING	    4u	/* the first of so many parts of the time is not judged */
#define SURE	    4.0 /* Mann and Kendall's z */

/* The quantities that must not grow, and the tolerance: a share of the median plus an amount. */
static const struct {
	const char *name, *what;
	double share, more;
} figures[] = {
	{ "entries", "the number of entries", 0.1, 200 },
	{ "live_bytes", "memory of live entries", 0.1, 1 << 16 },
	{ "pool_bytes", "memory of the pool of entries", 0.1, 1 << 18 },
	{ "waiting_bytes", "what waits for grace periods", 0.5, 1 << 20 },
	{ "rss", "resident memory", 0.05, 4 << 20 },
};
_Static_assert(ARRAY_SIZE(figures) == SOAK_FIGURES, "internal.h says how many there are");

struct soak {
	FILE *out;
	struct timespec begin;
	unsigned int nr;
	double values[ARRAY_SIZE(figures)][SOAK_SAMPLES_MAX];
};

/* ---- a flood ---- */

/* New keys as fast as possible, for a while; then a pause. */
static void flood(struct actor *a)
{
	static const struct timespec pause = { 0, 20000000 };
	struct scene *s = a->scene;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		for (unsigned int n = 0;
		     n < 4096 && !atomic_load_explicit(&s->stop, memory_order_relaxed); n++) {
			const uint64_t r = rng_next(&a->rng);

			a->counts.inserts +=
				!torture_insert(s, SHORT, (uint32_t)(r >> 32) % s->keys[SHORT],
						(uint32_t)r % SHORT_TICKS);
		}
		s->variant->thread_offline(s->core);
		nanosleep(&pause, NULL);
		s->variant->thread_online(s->core);
	}
}

/* ---- figures ---- */

/* Reads them while all threads work. */
static void sample(struct scene *s, void *arg)
{
	struct soak *k = arg;
	struct ct_memory m;

	s->variant->thread_online(s->core);
	s->variant->ops->memory(s->core, &m);
	s->variant->thread_offline(s->core);
	if (k->nr == SOAK_SAMPLES_MAX)
		return;
	k->values[0][k->nr] = atomic_load(&s->net->count);
	/* Without what waits, which grows while others use the CPUs and has a limit of its own. */
	k->values[1][k->nr] = (double)m.node_bytes - (double)m.waiting_bytes;
	k->values[2][k->nr] = (double)m.pool_bytes;
	k->values[3][k->nr] = (double)m.waiting_bytes;
	k->values[4][k->nr] = (double)memstat_rss();
	fprintf(k->out, "%.1f", torture_seconds_since(&k->begin));
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		fprintf(k->out, "\t%.0f", k->values[i][k->nr]);
	fputc('\n', k->out);
	fflush(k->out);
	k->nr++;
}

int torture_soak_judge(const double (*values)[SOAK_SAMPLES_MAX], unsigned int nr, char *says,
		       size_t size)
{
	const unsigned int first = nr / WARMING, n = nr - first;

	*says = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(figures) && !*says; i++) {
		struct trend t;
		int err = trend_of(values[i] + first, n, &t);
		const double grown = err ? 0 : t.slope * (n - 1);

		if (err)
			return err;
		if (t.z > SURE && grown > figures[i].share * t.median + figures[i].more)
			snprintf(says, size, "%s grows: by %.0f from about %.0f in %u samples",
				 figures[i].what, grown, t.median, n);
	}
	return 0;
}

static int judge(struct scene *s, const struct soak *k)
{
	char says[160];
	const int err = torture_soak_judge(k->values, k->nr, says, sizeof(says));

	if (!err && *says)
		torture_fault(s, "%s", says);
	return err;
}

int torture_soak(const struct torture *t, FILE *out, struct torture_counts *counts,
		 struct ct_error *e)
{
	static const struct scene_plan plan = { "soak", 256, KEYS_MAX, true, true, EVERYTHING };
	static torture_role *const roles[] = { torture_reader, torture_writer,	torture_writer,
					       torture_bursts, torture_manager, flood };
	const double step = t->seconds / SOAK_SAMPLES_MAX;
	static struct scene s;
	static struct soak k;
	struct progress progress;
	int err = torture_keeps(t, e);

	*counts = (struct torture_counts){ 0 };
	if (err)
		return err;
	k = (struct soak){ .out = out };
	clock_gettime(CLOCK_MONOTONIC, &k.begin);
	fprintf(out, "seconds");
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		fprintf(out, "\t%s", figures[i].name);
	fputc('\n', out);
	err = torture_open(&s, t, &plan, e);
	progress_begin(&progress, "soak", t->seconds);
	while (!err && !atomic_load(&s.faults) && k.nr < SOAK_SAMPLES_MAX &&
	       (k.nr < SAMPLES_MIN || torture_seconds_since(&k.begin) < t->seconds)) {
		err = torture_act(&s, roles, ARRAY_SIZE(roles), step > 0.1 ? step : 0.1, sample, &k,
				  counts);
		if (!err)
			torture_compare(&s);
		counts->quiet++;
		progress_update(&progress, torture_seconds_since(&k.begin), NULL);
	}
	progress_end(&progress);
	if (!err && !atomic_load(&s.faults))
		err = judge(&s, &k);
	torture_close(&s);
	if (err && !e->status)
		ct_fail(e, err, CT_EXIT_USER, "cannot start a thread or get memory: %s",
			strerror(-err));
	return err ? err : torture_verdict(&s, plan.name, e);
}
