/* SPDX-License-Identifier: MIT */
/*
 * Statistics that a measurement gathers in addition to its times.  They are in the
 * details (details.h), each if it applies:
 *
 *	chains	lengths of up to CHAINS_SAMPLE chains against Poisson's (chains.h)
 *	locks	{waits, wait_s, resize_waits, resize_wait_s, threads_s}: locks that were taken
 *		when asked for, and (table, size) read while it was being replaced; how
 *		long all threads together waited, of how many seconds; in the window
 *	grace	{periods, mean_s, longest_s, waiting_bytes, waiting_peak_bytes}: grace
 *		periods that a thread waited for, since the table was made (every 64th
 *		deferred connection, each resize), and what waited for them
 *	stat	conntrack's counters that are not 0: clash_resolve, early_drop, ...
 *	perf	{NAME_per_op..., shared, absent: {NAME: why}} (perf.h); in the window
 *	pace_ns	(only a metric) a step of the chain of window_speed() right after the window,
 *		on the slowest core: shows its frequency under this load
 *	pages	{asked, bytes, resident_bytes, thp_bytes, hugetlb_bytes} of buckets and nodes,
 *		from smaps after the window
 *
 * All of it is gathered after the window, or counted by threads that wait anyway.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/void.h"
#include "harness/numbers/chains.h"
#include "harness/measure/bench.h"
#include "harness/machine/pages.h"
#include "harness/machine/tsc.h"
#include "harness/base/files.h"

/* ---- in the worker ---- */

void inside_prepare(struct bench *b, const struct pool_worker *w)
{
	struct bench_worker *mine = &b->worker[w->index];

	if (mine->counted)
		perf_close(&mine->perf);
	perf_open(&mine->perf);
	mine->counted = true;
	memset(&mine->waits, 0, sizeof(mine->waits));
	memset(&mine->counts, 0, sizeof(mine->counts));
	for (int i = 0; i < NR_PERF; i++)
		mine->counts.known[i] = true;
}

/* Counts of an interval are added in two steps: minus the value before, plus the value after. */
static void count(struct bench_worker *mine, int sign)
{
	struct perf_values now;
	uint64_t step = (uint64_t)sign;

	perf_read(&mine->perf, &now);
	for (int i = 0; i < NR_PERF; i++) {
		mine->counts.known[i] &= now.known[i];
		mine->counts.count[i] += sign * now.count[i];
	}
	mine->counts.shared |= now.shared;
	mine->waits.locks += step * ct_waits.locks;
	mine->waits.lock_ticks += step * ct_waits.lock_ticks;
	mine->waits.resizes += step * ct_waits.resizes;
	mine->waits.resize_ticks += step * ct_waits.resize_ticks;
}

void inside_opens(struct bench *b, const struct pool_worker *w)
{
	count(&b->worker[w->index], -1);
}

void inside_closes(struct bench *b, const struct pool_worker *w)
{
	count(&b->worker[w->index], 1);
}

void inside_ends(struct bench *b, const struct pool_worker *w)
{
	struct bench_worker *mine = &b->worker[w->index];

	perf_close(&mine->perf);
	mine->counted = false;
}

/* ---- after it ---- */

static void tell_chains(struct bench *b)
{
	uint64_t buckets = b->v->ops->buckets(b->core);
	struct ct_chains chains = { .limit = CHAINS_SAMPLE };
	struct chains_test test;
	int err;

	b->v->thread_online(b->core);
	err = b->v->ops->chains(b->core, &chains);
	b->v->thread_offline(b->core);
	if (err || !chains.buckets || b->v->flags & CT_V_NULL)
		return;
	if (b->cell->land_share > 0)
		chains.kind = CT_BUCKET_SLOTS; /* two equal entries share a bucket */
	/* two entries per connection, each in one bucket; other tables use the sample's mean */
	chains_judge(&chains,
		     chains.kind == CT_BUCKET_CHAIN
			     ? 2.0 * nf_conntrack_count(b->net) / (double)buckets
			     : 0,
		     &test);
	json_object_set_new(b->details, "chains", chains_json(&chains, &test));
	bench_metric(b, "chain_longest", (double)chains.longest);
	bench_metric(b, "chain_poisson_p",
		     test.p); /* NaN, and so left out, if Poisson does not apply */
}

static void tell_locks(struct bench *b, uint64_t ops)
{
	struct ct_waits sum = { 0 };
	double seconds = 0;

	for (uint32_t i = 0; i < b->cell->threads; i++) {
		const struct ct_waits *w = &b->worker[i].waits;

		sum.locks += w->locks;
		sum.lock_ticks += w->lock_ticks;
		sum.resizes += w->resizes;
		sum.resize_ticks += w->resize_ticks;
		seconds += b->worker[i].all.seconds;
	}
	json_object_set_new(b->details, "locks",
			    json_pack("{s:I, s:f, s:I, s:f, s:f}", "waits", (json_int_t)sum.locks,
				      "wait_s", tsc_to_seconds(sum.lock_ticks), "resize_waits",
				      (json_int_t)sum.resizes, "resize_wait_s",
				      tsc_to_seconds(sum.resize_ticks), "threads_s", seconds));
	if (seconds <= 0 || !ops)
		return;
	bench_metric(b, "lock_waits_per_million_ops", 1e6 * (double)sum.locks / (double)ops);
	bench_metric(b, "lock_wait_percent", 100 * tsc_to_seconds(sum.lock_ticks) / seconds);
	if (sum.locks)
		bench_metric(b, "lock_wait_mean_ns",
			     1e9 * tsc_to_seconds(sum.lock_ticks) / (double)sum.locks);
	if (sum.resizes)
		bench_metric(b, "resize_wait_percent",
			     100 * tsc_to_seconds(sum.resize_ticks) / seconds);
}

static void tell_pace(struct bench *b)
{
	uint64_t slowest = 0;

	for (uint32_t i = 0; i < b->cell->threads; i++)
		if (b->worker[i].speed_after > slowest)
			slowest = b->worker[i].speed_after;
	if (slowest)
		bench_metric(b, "pace_ns", 1e9 * tsc_to_seconds(slowest) / WINDOW_SPEED_STEPS);
}

static void tell_grace(struct bench *b)
{
	struct ct_memory m;
	double mean;

	b->v->ops->memory(b->core, &m);
	if (!m.grace_periods)
		return;
	mean = tsc_to_seconds(m.grace_ticks) / (double)m.grace_periods;
	json_object_set_new(b->details, "grace",
			    json_pack("{s:I, s:f, s:f, s:I, s:I}", "periods",
				      (json_int_t)m.grace_periods, "mean_s", mean, "longest_s",
				      tsc_to_seconds(m.grace_longest), "waiting_bytes",
				      (json_int_t)m.waiting_bytes, "waiting_peak_bytes",
				      (json_int_t)m.waiting_peak_bytes));
	bench_metric(b, "grace_mean_us", 1e6 * mean);
	bench_metric(b, "grace_longest_us", 1e6 * tsc_to_seconds(m.grace_longest));
	bench_metric(b, "waiting_peak_bytes", (double)m.waiting_peak_bytes);
}

static void tell_stat(struct bench *b)
{
	json_t *json = json_object();
	struct nf_ct_stat_sum stat;

	nf_ct_stat_sum(b->net, &stat);
#define CT_STAT_FIELD(name) \
	if (stat.name) \
		json_object_set_new(json, #name, json_integer((json_int_t)stat.name));
	CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
	if (json_object_size(json))
		json_object_set(b->details, "stat", json);
	json_decref(json);
	if (stat.clash_resolve)
		bench_metric(b, "clash_resolve", (double)stat.clash_resolve);
	if (stat.early_drop)
		bench_metric(b, "early_drop", (double)stat.early_drop);
}

static void tell_perf(struct bench *b, uint64_t ops)
{
	json_t *json = json_object(), *absent = json_object();
	bool shared = false;

	for (int c = 0; c < NR_PERF && ops; c++) {
		double sum = 0;
		bool known = true;
		char name[64], why[160];
		int error = 0;

		for (uint32_t i = 0; i < b->cell->threads; i++) {
			const struct bench_worker *w = &b->worker[i];

			known &= w->counts.known[c];
			shared |= w->counts.shared;
			sum += w->counts.count[c];
			error = w->perf.error[c] ? w->perf.error[c] : error;
		}
		snprintf(name, sizeof(name), "%s_per_op", perf_name(c));
		if (known) {
			json_object_set_new(json, name, json_real(sum / (double)ops));
			bench_metric(b, name, sum / (double)ops);
		} else {
			json_object_set_new(absent, perf_name(c),
					    json_string(error ? perf_reason(error, why, sizeof(why))
							      : "the kernel never scheduled it"));
		}
	}
	if (shared)
		json_object_set_new(json, "shared", json_true());
	if (json_object_size(absent))
		json_object_set(json, "absent", absent);
	json_decref(absent);
	json_object_set_new(b->details, "perf", json);
}

/* ---- pages ---- */

static const char *const asked[] = {
	[PAGES_AUTO] = "auto",
	[PAGES_THP] = "thp",
	[PAGES_4K] = "4k",
	[PAGES_HUGETLB] = "hugetlb",
};

static bool thp_is_off(void)
{
	FILE *f = file_fact("/sys/kernel/mm/transparent_hugepage/enabled");
	char text[64] = "";
	bool off = !f || !fgets(text, sizeof(text), f) || strstr(text, "[never]");

	if (f)
		fclose(f);
	return off;
}

/* Are these the requested pages? */
static int check_pages(struct bench *b, const struct pages_seen *seen)
{
	double all = (double)(seen->resident ? seen->resident : 1);
	double huge = 100 * (double)(seen->thp + seen->hugetlb) / all;

	if (!seen->resident)
		return 0; /* a table smaller than a huge page */
	switch (b->cell->pages) {
	case PAGES_THP:
		if (huge >= 90)
			break;
		if (thp_is_off())
			return ct_fail(
				b->e, -EOPNOTSUPP, CT_EXIT_SKIP,
				"pages: thp is impossible while transparent huge pages are off: "
				"echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, or "
				"measure with pages: 4k");
		bench_void(
			b,
			"pages: thp was asked for, but only %.0f %% of the table has huge pages: "
			"memory is fragmented (echo 1 > /proc/sys/vm/compact_memory)",
			huge);
		break;
	case PAGES_4K:
		if (huge > 1)
			bench_void(
				b,
				"pages: 4k was asked for, but %.0f %% of the table has huge pages",
				huge);
		break;
	case PAGES_HUGETLB:
		if (seen->hugetlb < seen->bytes)
			bench_void(
				b,
				"pages: hugetlb was asked for, but %llu of %llu bytes of the table "
				"are on other pages",
				(unsigned long long)(seen->bytes - seen->hugetlb),
				(unsigned long long)seen->bytes);
		break;
	case PAGES_AUTO:
		break;
	}
	return 0;
}

static int tell_pages(struct bench *b)
{
	struct pages_ranges ranges = { 0 };
	struct pages_seen all, large;
	FILE *smaps = file_fact("/proc/self/smaps");
	int err = 0;

	b->v->ops->ranges(b->core, pages_add, &ranges);
	if (!smaps || pages_scan(smaps, &ranges, 0, &all))
		goto out;
	rewind(smaps);
	/* A table smaller than a huge page cannot be on one, except on pages of the pool. */
	pages_scan(smaps, &ranges, b->cell->pages == PAGES_HUGETLB ? 0 : CT_HUGE_PAGE, &large);
	json_object_set_new(b->details, "pages",
			    json_pack("{s:s, s:I, s:I, s:I, s:I}", "asked", asked[b->cell->pages],
				      "bytes", (json_int_t)all.bytes, "resident_bytes",
				      (json_int_t)all.resident, "thp_bytes", (json_int_t)all.thp,
				      "hugetlb_bytes", (json_int_t)all.hugetlb));
	if (all.resident)
		bench_metric(b, "huge_pages_percent",
			     100 * (double)(all.thp + all.hugetlb) / (double)all.resident);
	err = check_pages(b, &large);
out:
	if (smaps)
		fclose(smaps);
	free(ranges.list);
	return err;
}

int inside_details(struct bench *b, uint64_t ops)
{
	if (b->cell->kind == KIND_STEADY) {
		tell_pace(b);
		tell_locks(b, ops);
		tell_perf(b, ops);
	}
	tell_chains(b);
	tell_grace(b);
	tell_stat(b);
	return tell_pages(b);
}
