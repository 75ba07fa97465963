/* SPDX-License-Identifier: MIT */
/* Shared by measurements of both levels: see measure.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>

#include "harness/measure/events.h"
#include "harness/measure/latency.h"
#include "harness/measure/timeline.h"
#include "harness/measure/void.h"
#include "harness/machine/distance.h"
#include "harness/machine/env.h"
#include "harness/measure/bench.h"
#include "harness/machine/memory_limit.h"
#include "harness/machine/memstat.h"
#include "harness/machine/pages.h"
#include "harness/numbers/random.h"
#include "harness/machine/topology.h"
#include "harness/machine/tsc.h"
#include "harness/base/seconds.h"

/*
 * Does the table take memory while it is measured?  If not, filling touches all its memory, and
 * touching it before would double that time.
 */
static bool takes_memory(const struct cell *c)
{
	return c->kind != KIND_STEADY || c->insert > 0 || c->capture[0] || c->nr_events;
}

/* Checks that there is enough memory, also from the host. */
static int claim_memory(struct bench *b, uint64_t connections, uint64_t stream_bytes)
{
	const struct cell *c = b->cell;
	uint64_t other = 0; /* buckets of the second table during a resize */
	double need;
	uint64_t have = memory_limit();

	for (uint32_t i = 0; i < c->nr_events; i++) {
		const struct cell_event *event = &c->events[i];

		if (event->kind == EVENT_RESIZE && event->count > other)
			other = event->count;
		if (event->kind == EVENT_FLOOD)
			connections += (uint64_t)((double)event->count * event->seconds);
	}
	need = (double)b->v->table_bytes(c->buckets, connections) +
	       (other ? (double)b->v->table_bytes(other, connections) : 0) +
	       (double)connections * sizeof(struct nf_conn) + (double)stream_bytes;
	if (need <= (double)have) {
		uint64_t begin = tsc_now();

		if (takes_memory(c) && env_gives_memory_back())
			memory_back((uint64_t)need);
		b->r->build_seconds = tsc_to_seconds(tsc_now() - begin);
		return 0;
	}
	return ct_fail(b->e, -ENOMEM, CT_EXIT_USER,
		       "%s with %llu buckets and %llu connections needs %.2f GiB of memory, %.2f "
		       "GiB are free: ask for fewer",
		       b->v->name, (unsigned long long)c->buckets, (unsigned long long)connections,
		       need / (1 << 30), (double)have / (1 << 30));
}

/* The same for huge pages, which only the administrator can add. */
static int check_pool(struct bench *b, uint64_t connections)
{
	const struct cell *c = b->cell;
	uint64_t need =
		ct_mem_size(b->v->table_bytes(c->buckets, connections), CT_PAGES_HUGETLB) /
			CT_HUGE_PAGE +
		1 +
		ct_mem_size(connections * sizeof(struct nf_conn), CT_PAGES_HUGETLB) / CT_HUGE_PAGE;

	return pages_check_pool(need, b->v->name, b->e);
}

/* Most machines have no quota, so later checks are not needed. */
static void find_quota(struct bench *b)
{
	b->cgroups = cgroups_find("");
	if (!b->cgroups || cgroups_cpus(b->cgroups) > 0)
		return;
	cgroups_free(b->cgroups);
	b->cgroups = NULL;
}

struct cgroup_throttled bench_throttled(const struct bench *b, struct cgroup_throttled *before)
{
	struct cgroup_throttled since = { 0 }, now;

	if (!b->cgroups)
		return since;
	now = cgroups_throttled(b->cgroups);
	since.times = now.times - before->times;
	since.seconds = now.seconds - before->seconds;
	*before = now;
	return since;
}

int bench_open(struct bench *b, uint64_t connections, uint64_t stream_bytes)
{
	const struct cell *c = b->cell;
	uint64_t seed = c->seed ^ (uint64_t)c->repeat << 32;
	struct ct_config config = {
		.buckets = c->buckets,
		.connections = connections,
		.threads = bench_cpus(c),
		.workers = c->threads,
		.pages = c->pages == PAGES_4K	     ? CT_PAGES_4K
			 : c->pages == PAGES_HUGETLB ? CT_PAGES_HUGETLB
						     : CT_PAGES_THP,
	};
	unsigned int *cpus;
	const char *rule;
	int err;

	b->v = ct_variant_find(c->variant);
	if (!b->v)
		return ct_user_error(b->e, "unknown variant '%s': `ctbench list` prints all",
				     c->variant);
	rule = b->v->bucket_rule(c->buckets);
	if (rule)
		return ct_user_error(b->e, "%s cannot have %llu buckets: %s", c->variant,
				     (unsigned long long)c->buckets, rule);
	err = claim_memory(b, connections, stream_bytes);
	if (!err && c->pages == PAGES_HUGETLB)
		err = check_pool(b, connections);
	if (err)
		return err;
	/*
	 * Each repeat hashes with new keys, so that one unlucky key is not measured nine times.
	 */
	config.hash_key[0] = splitmix64(&seed);
	config.hash_key[1] = splitmix64(&seed);

	cpus = calloc(c->threads, sizeof(*cpus));
	b->worker = aligned_alloc(CT_CACHE_LINE, c->threads * sizeof(*b->worker));
	if (!cpus || !b->worker) {
		free(cpus);
		return ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory");
	}
	memset((void *)b->worker, 0, c->threads * sizeof(*b->worker));
	err = topology_plan(c->pin, c->cpus, c->threads, c->oversubscribe, cpus, b->e);
	if (!err)
		err = pool_create(&b->pool, cpus, c->threads, b->e);
	if (!err)
		topology_cpus_text(b->r->cpus, sizeof(b->r->cpus), cpus, c->threads);
	free(cpus);
	if (err)
		return err;

	if (c->threads > 1 && !c->oversubscribe && !c->sliced)
		b->distance = distance_create(); /* without memory the distance is just unknown */
	find_quota(b);
	if (c->sliced) {
		err = bench_slices_start(b);
		if (err)
			return err;
	}
	b->r->allocated_bytes = memstat_allocated(); /* bench_result() makes it a difference */
	err = b->v->create(&b->core, &config);
	if (err == -EOPNOTSUPP)
		return ct_fail(b->e, err, CT_EXIT_SKIP,
			       "%s needs an instruction that this CPU does not have", c->variant);
	if (err)
		return ct_fail(b->e, err, CT_EXIT_USER,
			       "no memory for %s with %llu buckets: ask for fewer", c->variant,
			       (unsigned long long)c->buckets);
	b->v->thread_begin(b->core, 0);
	err = net_create(&b->net, b->core);
	if (err)
		return ct_fail(b->e, err, CT_EXIT_USER, "no memory for a namespace");
	b->v->thread_offline(b->core);
	b->clock_tsc = tsc_now();
	return 0;
}

static int every(struct nf_conn *ct __maybe_unused, void *arg __maybe_unused)
{
	return 1;
}

/*
 * A process that is about to end need not delete eight million connections.
	 * Only leak checks need that.
 */
static bool tidy(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return getenv("CTBENCH_TIDY") != NULL;
#endif
}

void bench_close(struct bench *b)
{
	if (b->core && b->net && tidy()) {
		b->v->thread_online(b->core);
		b->v->ops->iterate(b->core, every, NULL);
		net_destroy(b->net);
		b->v->thread_end(b->core);
		b->v->destroy(b->core);
	}
	pool_destroy(b->pool);
	bench_events_free(b->events);
	bench_timeline_free(b);
	bench_slices_free(b);
	distance_free(b->distance);
	free(b->worker);
	bench_latency_free(b);
	cgroups_free(b->cgroups);
}

/* plant_delay: a known delay, to test how measurements are judged (run --plant). */
void bench_run_until(struct bench *b, const struct pool_worker *w,
		     void (*run)(struct bench *b, void *work), void *work, uint64_t end)
{
	uint64_t begun, now;

	if (b->cell->plant_delay <= 0)
		while (bench_tick(b, w) < end)
			run(b, work);
	while ((begun = bench_tick(b, w)) < end) {
		run(b, work);
		now = tsc_now();
		now += (uint64_t)((double)(now - begun) * b->cell->plant_delay);
		while (tsc_now() < now)
			;
	}
}

/* Records the distance between the CPUs, which a window cannot choose. */
static void note_distance(struct bench *b, struct pool_worker *w, int when)
{
	double ns;

	if (!b->distance)
		return;
	ns = distance_measure(b->distance, w, b->cell->threads, (uint64_t)when);
	if (w->index == 0)
		b->apart[when] = ns;
}

void bench_window(struct bench *b, struct pool_worker *w, void (*run)(struct bench *b, void *work),
		  void *work, const uint64_t *done, void *before, size_t size)
{
	uint64_t end;

	if (b->slices) {
		memcpy(before, work, size);
		bench_slices_run(b, w, run, work, done);
		return;
	}
	end = tsc_now() + tsc_from_seconds(b->cell->warmup);
	inside_prepare(b, w);
	if (b->latency)
		bench_latency_opens(b, w, tsc_now(), end);
	while (bench_tick(b, w) < end)
		run(b, work);
	if (b->latency)
		bench_latency_clear(b, w);
	memcpy(before, work, size);
	note_distance(b, w, 0);
	/* After the warm-up: a core adapts its frequency to its load within some milliseconds. */
	b->worker[w->index].speed_before = window_speed();
	if (w->index == 0) {
		b->stolen = env_steal_seconds();
		bench_throttled(b, &b->throttled);
		b->process_cpu = seconds_by(CLOCK_PROCESS_CPUTIME_ID);
	}
	bench_meet(b, w);
	pool_start(w);
	end = w->start_tsc + tsc_from_seconds(b->cell->seconds);
	if (b->latency)
		bench_latency_opens(b, w, w->start_tsc, end);
	if (w->index == 0)
		store_release(&b->window_opens, w->start_tsc); /* pairs with bench_wait_window() */
	inside_opens(b, w);
	if (b->timeline)
		bench_timeline_run(b, w, run, work, end);
	bench_run_until(b, w, run, work, end);
	inside_closes(b, w);
	inside_ends(b, w);
	if (b->latency)
		bench_latency_drain(b, w, run, work);
	pool_stop(w);
	b->worker[w->index].speed_after = window_speed();
	if (w->index == 0) {
		b->process_cpu = seconds_by(CLOCK_PROCESS_CPUTIME_ID) - b->process_cpu;
		b->stolen = env_steal_seconds() - b->stolen;
		b->throttled = bench_throttled(b, &b->throttled);
	}
	note_distance(b, w, 1);
	/* Last: at too high a rate it counts millions, which must not load the window. */
	if (b->latency)
		bench_latency_unfinished(b, w);
}

/* Slices have been added up already. */
static void take_sections(struct bench *b, const uint64_t *done)
{
	for (unsigned int i = 0; i < b->cell->threads && !b->slices; i++) {
		const struct pool_worker *w = pool_worker(b->pool, i);

		b->worker[i].all = (struct bench_section){
			.seconds = tsc_to_seconds(w->ended_tsc - w->began_tsc),
			.done = done[i],
			.cpu_ns = w->cpu_ns,
			.involuntary = w->involuntary,
			.allocated = w->allocated_known ? w->allocated : 0,
		};
	}
}

static void sum_rates(struct bench *b, double window)
{
	struct cell_result *r = b->r;
	double rate = 0, cpu = 0, all = 0;

	for (unsigned int i = 0; i < b->cell->threads; i++) {
		const struct bench_section *s = &b->worker[i].all;
		double mine = s->seconds > 0 ? (double)s->done / s->seconds : 0;

		rate += mine;
		cpu += (double)s->cpu_ns;
		all += (double)s->done;
		r->involuntary_switches += s->involuntary;
		r->window_allocs += s->allocated;
		if (!i || mine < r->min_thread_ops)
			r->min_thread_ops = mine;
		if (!i || mine > r->max_thread_ops)
			r->max_thread_ops = mine;
	}
	/* A fill ends when the last worker is done, so the whole span counts. */
	if (b->cell->kind == KIND_FILL)
		rate = window > 0 ? all / window : 0;
	r->window = window;
	r->ops = (uint64_t)(rate * window + 0.5);
	r->ns_per_op = rate > 0 ? b->cell->threads / rate * 1e9 : 0;
	r->cpu_ns_per_op = all > 0 ? cpu / all : 0;
}

/* Void if the threads lost too much of the window. */
static void judge_window(struct bench *b, const struct pool_sum *s)
{
	struct window_facts f = { .window = s->window,
				  .threads = b->cell->threads,
				  .open = b->cell->rate,
				  .involuntary = s->involuntary,
				  .stolen = b->stolen,
				  .throttled = b->throttled.times,
				  .throttled_for = b->throttled.seconds,
				  .speed = 1 };
	/* Threads that share a CPU, also with an event's thread, are off it by design. */
	bool shares = b->cell->oversubscribe || b->cell->nr_events;
	char reason[sizeof(b->r->void_reason)];

	f.own = b->process_cpu;
	for (unsigned int i = 0; i < b->cell->threads; i++)
		f.own -= (double)pool_worker(b->pool, i)->cpu_ns * 1e-9;
	for (unsigned int i = 0; i < b->cell->threads; i++) {
		const struct bench_worker *worker = &b->worker[i];
		const struct pool_worker *w = pool_worker(b->pool, i);
		double speed = 1, lost;

		lost = tsc_to_seconds(w->ended_tsc - w->began_tsc) - (double)w->cpu_ns * 1e-9;
		if (!shares && lost > f.lost)
			f.lost = lost;
		if (worker->speed_before && worker->speed_after)
			speed = (double)worker->speed_after / (double)worker->speed_before;
		if (!shares && fabs(log(speed)) > fabs(log(f.speed)))
			f.speed = speed;
	}
	window_judge(reason, sizeof(reason), &f);
	if (reason[0])
		bench_void(b, "%s", reason);
}

/* Window, skew, rates, memory, statistics, and whether the measurement is void. */
static void bench_result(struct bench *b, const uint64_t *done)
{
	struct cell_result *r = b->r;
	struct nf_ct_stat_sum stat;
	struct ct_memory m;
	struct pool_sum s;

	pool_sum(b->pool, &s);
	take_sections(b, done);
	sum_rates(b, b->slices			  ? bench_slices_seconds(b)
		     : b->cell->kind == KIND_FILL ? s.span
						  : s.window);
	r->skew = s.skew;
	b->v->ops->memory(b->core, &m);
	r->node_bytes = m.node_bytes;
	r->bucket_bytes = m.bucket_bytes + m.lock_bytes;
	r->connections = nf_conntrack_count(b->net);
	nf_ct_stat_sum(b->net, &stat);
	r->search_restart = stat.search_restart;
	r->early_drop = stat.early_drop;
	r->drop = stat.drop;
	r->rss_bytes = memstat_rss();
	memstat_allocator(r->allocator, sizeof(r->allocator));
	if (b->timeline && r->window > 0)
		json_object_set_new(b->details, "timeline", bench_timeline_json(b));
	else if (b->events)
		json_object_set_new(b->details, "events", bench_events_json(b));
	if (b->apart[0] > 0)
		bench_metric(b, "cpu_distance_ns", b->apart[0]);
	if (b->apart[1] > 0)
		bench_metric(b, "cpu_distance_after_ns", b->apart[1]);
	if (!s.memory_local)
		bench_metric(b, "memory_not_local", 1);
	if (b->slices)
		return; /* judged one by one (slice_judge()) */
	if (s.migrated_cpu >= 0)
		bench_void(b, "a thread did not stay on CPU %d", s.migrated_cpu);
	if (!r->ops)
		bench_void(b, "no operation was finished inside the window");
	if (s.window <= 0 && b->cell->kind == KIND_STEADY)
		bench_void(b, "the threads never worked at the same time");
	/* Threads that share a CPU cannot start together. */
	if (b->cell->kind == KIND_STEADY && !b->cell->oversubscribe &&
	    s.skew > 0.05 * b->cell->seconds)
		bench_void(b, "the threads started %.1f ms apart", s.skew * 1e3);
	if (b->cell->kind == KIND_STEADY)
		judge_window(b, &s);
}

int bench_run(struct bench *b, pool_fn *worker, void *arg, bench_count_fn *count, size_t size)
{
	struct bench_events *events = NULL;
	int err = bench_timeline_start(b, count, size);

	if (!err)
		err = bench_latency_start(b);
	if (!err)
		err = bench_events_start(b, &events);
	if (err)
		return err;
	pool_run(b->pool, worker, arg);
	err = bench_events_finish(b, events);
	return err ? err : load_relaxed(&b->failed);
}

int bench_finish(struct bench *b, const uint64_t *done, int (*sum_up)(void *arg), void *arg)
{
	int err;

	bench_result(b, done);
	bench_latency_report(b);
	err = sum_up(arg);
	return err ? err : inside_details(b, b->r->ops);
}
