/* SPDX-License-Identifier: MIT */
/*
 * Events while the window is open: resizes, flushes, dumps, passes of gc, a limit on the
 * connections, floods, planted stalls, probes (probes.c).
 *
 * A separate thread sleeps until each event's time and executes it.  Floods continue while other
 * events happen, so they have another thread (flood.c).  Neither thread is pinned: on a fully
 * loaded machine they take CPU time from a worker, as ip link, conntrack -L or a SYN would.
 *
 * The actual begin and end of each event are recorded in the details, key "timeline".
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/measure/events.h"
#include "harness/machine/tsc.h"

/* ---- a planted stall: stops the workers as a hypervisor stops a guest ---- */

/* Of the one process that measures. */
static struct {
	_Atomic uint64_t ticks;	      /* how long each worker stops */
	_Atomic uint64_t begin, end;  /* when the first one stopped and the last one continued */
	_Atomic unsigned int through; /* workers that continue again */
} stall;

static void stand_still(int signal __maybe_unused)
{
	uint64_t begin = tsc_now(), none = 0, end;

	while ((end = tsc_now()) - begin < load_relaxed(&stall.ticks))
		cpu_relax();
	atomic_compare_exchange_strong(&stall.begin, &none, begin);
	store_relaxed(&stall.end, end);
	/* release: pairs with plant_stall(), which reads the times after it */
	atomic_fetch_add_explicit(&stall.through, 1, memory_order_release);
}

/*
 * A signal stops each worker wherever it is, so the measured loops need no code for stalls.  The
 * event's times are those of the workers: this thread may have to wait for a CPU before it sends.
 */
static int plant_stall(struct bench *b, struct bench_event *e)
{
	const struct sigaction action = { .sa_handler = stand_still, .sa_flags = SA_RESTART };
	const struct timespec nap = { .tv_nsec = 200000 };
	unsigned int sent = 0;

	if (sigaction(SIGUSR1, &action, NULL))
		return -errno;
	store_relaxed(&stall.through, 0);
	store_relaxed(&stall.begin, 0);
	store_relaxed(&stall.ticks, tsc_from_seconds(e->what.seconds));
	for (unsigned int i = 0; i < b->cell->threads; i++)
		sent += !pthread_kill(b->worker[i].thread, SIGUSR1);
	while (load_acquire(&stall.through) < sent)
		nanosleep(&nap, NULL);
	e->begin = load_relaxed(&stall.begin);
	e->end = load_relaxed(&stall.end);
	return 0;
}

/* ---- all kinds ---- */

static int kill_it(struct nf_conn *ct __maybe_unused, void *arg __maybe_unused)
{
	return 1;
}

static int dump(struct bench *b)
{
	FILE *out = fopen("/dev/null", "we");
	long lines;

	if (!out)
		return -errno;
	lines = nf_ct_dump(b->core, NF_CT_DUMP_PROC, out);
	fclose(out);
	return lines < 0 ? (int)lines : 0;
}

static int carry_out(struct bench *b, struct bench_event *e)
{
	const struct cell_event *event = &e->what;
	long n;

	switch ((enum cell_event_kind)event->kind) {
	case EVENT_RESIZE:
		return b->v->ops->resize(b->core, event->count);
	case EVENT_FLUSH:
		n = b->v->ops->iterate(b->core, kill_it, NULL);
		return n < 0 ? (int)n : 0;
	case EVENT_DUMP:
		return dump(b);
	case EVENT_GC:
		b->v->ops->gc(b->core, (unsigned long)b->v->ops->buckets(b->core));
		return 0;
	case EVENT_LIMIT:
		store_relaxed(&b->core->max, (uint32_t)event->count);
		return 0;
	case EVENT_STALL:
		return plant_stall(b, e);
	case EVENT_ZONES:
		return bench_zones_fill(b, e);
	case EVENT_FLUSH_ZONE:
		return bench_zones_flush(b, e);
	case EVENT_FRESH:
		return bench_fresh(b, e);
	case EVENT_FLOOD: /* bench_flood() */
	case NR_EVENT_KINDS:
		break;
	}
	return 0;
}

static void *run_events(void *arg)
{
	struct bench_events *events = arg;
	struct bench *b = events->b;
	uint64_t opens;

	b->v->thread_begin(b->core, b->cell->threads + 1);
	b->v->thread_offline(b->core);
	opens = bench_wait_window(b);
	for (uint32_t i = 0; i < events->nr && opens; i++) {
		struct bench_event *e = &events->list[i];

		if (e->what.kind == EVENT_FLOOD)
			continue;
		bench_sleep_until(opens + tsc_from_seconds(e->what.at));
		b->v->thread_online(b->core);
		e->begin = tsc_now();
		events->err = carry_out(b, e);
		if (e->what.kind != EVENT_STALL)
			e->end = tsc_now();
		b->v->thread_offline(b->core);
		if (events->err)
			break;
		e->done = true;
	}
	b->v->thread_online(b->core);
	b->v->thread_end(b->core);
	return NULL;
}

/* ---- begin and end ---- */

static void collect(struct bench_events *events)
{
	const struct cell *c = events->b->cell;

	for (uint32_t i = 0; i < c->nr_events; i++)
		events->list[events->nr++].what = c->events[i];
	events->floods = cell_nr_events(c, EVENT_FLOOD);
}

static int check(struct bench_events *events)
{
	struct bench *b = events->b;

	for (uint32_t i = 0; i < events->nr; i++)
		if (events->list[i].what.kind == EVENT_RESIZE && !(b->v->flags & CT_V_RESIZE))
			return ct_user_error(b->e,
					     "%s cannot be resized: take it out of a workload with "
					     "resize events",
					     b->v->name);
	return 0;
}

int bench_events_start(struct bench *b, struct bench_events **out)
{
	struct bench_events *events;
	int err;

	*out = NULL;
	if (!b->cell->nr_events)
		return 0;
	events = calloc(1, sizeof(*events));
	if (!events)
		return ct_fail(b->e, -ENOMEM, CT_EXIT_USER, "no memory");
	events->b = b;
	collect(events);
	err = check(events);
	if (err)
		goto err_free;
	err = pthread_create(&events->thread, NULL, run_events, events);
	if (err)
		goto err_thread;
	if (events->floods) {
		err = pthread_create(&events->flood_thread, NULL, bench_flood, events);
		if (err)
			goto err_flood;
	}
	*out = events;
	return 0;

err_flood:
	store_relaxed(&b->failed, -err); /* so that no thread waits for a window */
	pthread_join(events->thread, NULL);
err_thread:
	err = ct_fail(b->e, -err, CT_EXIT_USER, "cannot start a thread for the events: %s",
		      strerror(err));
err_free:
	free(events);
	return err;
}

static int failed(struct bench *b, int err)
{
	if (err == -ENOMEM)
		return ct_fail(b->e, err, CT_EXIT_USER,
			       "no memory to resize the table while both sizes exist: ask for "
			       "fewer buckets");
	if (err == -EINVAL || err == -EOPNOTSUPP)
		return ct_user_error(b->e, "%s cannot be resized to that many buckets", b->v->name);
	return bench_wrong(b, "an event ended with %s", strerror(-err));
}

int bench_events_finish(struct bench *b, struct bench_events *events)
{
	int err;

	if (!events)
		return 0;
	pthread_join(events->thread, NULL);
	if (events->floods)
		pthread_join(events->flood_thread, NULL);
	for (uint32_t i = 0; i < events->nr; i++) {
		const struct bench_event *e = &events->list[i];

		if (e->done)
			bench_probe_metrics(b, e);
		if (e->what.kind != EVENT_RESIZE || !e->done)
			continue;
		b->r->resize_seconds += tsc_to_seconds(e->end - e->begin);
		b->r->resizes_done++;
	}
	err = events->err ? failed(b, events->err) : 0;
	if (err) {
		free(events);
		return err;
	}
	b->events = events; /* bench_timeline_details() writes them, bench_close() frees them */
	return 0;
}

void bench_events_free(struct bench_events *events)
{
	free(events);
}

json_t *bench_events_json(const struct bench *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; b->events && i < b->events->nr; i++) {
		const struct bench_event *e = &b->events->list[i];
		char name[96];
		json_t *one;

		if (!e->done)
			continue;
		cell_event_text(&e->what, name, sizeof(name));
		one = json_pack("{s:s, s:s, s:f, s:f}", "name", name, "kind",
				cell_event_name(&e->what), "begin_s", bench_since_open(b, e->begin),
				"end_s", bench_since_open(b, e->end));
		if (e->made || e->refused) {
			json_object_set_new(one, "connections", json_integer((json_int_t)e->made));
			json_object_set_new(one, "refused", json_integer((json_int_t)e->refused));
		}
		json_array_append_new(list, one);
	}
	return list;
}
